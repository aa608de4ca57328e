"""The memory of what a subsystem keeps for a container: whether it can be had, and what ->create says where it cannot.

It is asked for and not taken. That is kmemlab's choice: so a container's own record moves no slab of any lesson, and `create`
can fail all the same, by failslab, by fail_page_alloc, or because memory is out.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .kmalloc import Kmalloc
    from .tasks import Current

STATE_SIZE: Final = 56  # bytes of a container_subsys_state (24) and a res_counter (32) of then, x86-64: added up by hand


class StateMemory:
    """What `kzalloc(sizeof(struct kmem_container))` comes to.

    Attributes:
        null: where there is no memory `create` returns NULL, as v1's did (patchset.py); else an error pointer.
    """

    __slots__ = ("current", "kmalloc", "null")

    def __init__(self, kmalloc: Kmalloc, current: Current, null: bool) -> None:
        self.kmalloc = kmalloc
        self.current = current
        self.null = null

    def could(self) -> bool:
        """Say whether the memory could be had on the current cpu. Injected faults hit, and are counted."""
        return self.kmalloc.could(STATE_SIZE, self.current.cpu)

    def failure(self) -> int | None:
        """Return what `create` does where it could not: -ENOMEM (the letter's ERR_PTR), or None (NULL)."""
        return None if self.null else -errno.ENOMEM
