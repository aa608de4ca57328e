"""Somebody else's charge in the controller's place: everything else, arrays, frees and the switch, stays the controller's own.

For whoever wants to see what comes of another order of the five steps (kmem.py) on a machine that can go back in time. The
object of a refused charge goes back as any object does, by `free`, which looks for an owner (facts 1.3). The machine's own
charge stores none before it has charged, so nothing is left out by not calling it there.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from .errors import KernelError
from .kmem import KmemContainer, KmemController, KmemSubsystem
from .off import EMPTY
from .types import NONE, i64

if TYPE_CHECKING:
    from .kmem_cache import Slab
    from .machine import Machine
    from .tasks import Current


class OwnChargeController(KmemController):
    """The controller whose charge is a function.

    Attributes:
        how: called with this controller, the slab and the object's number. It answers whether the object may be handed out, and
            changes the books by `find`, `get`, `charge`, `store`, `unwind` and `uncharge` of the controller.
        asked: the number of the container that was found last.
    """

    def __init__(
        self,
        subsystem: KmemSubsystem,
        current: Current,
        kzalloc: Callable[[int, int], int] | None,
        kfree: Callable[[int, int], None] | None,
        how: Callable[[KmemController, Slab, int], bool],
    ) -> None:
        super().__init__(subsystem, current, kzalloc, kfree)
        self.how = how
        self.asked: i64 = NONE

    def find(self) -> KmemContainer:
        """Look the current task's container up, and remember whom a refusal is about."""
        group = super().find()
        self.asked = group.ident
        return group

    def alloc(self, slab: Slab, number: i64) -> bool:
        """Let the function charge an object; what it refuses is freed. The steps are those of both."""
        if not slab.has_owners:
            return True
        self.steps = []
        self.asked = NONE
        if self.how(self, slab, int(number)):
            return True
        charged = self.steps
        self.free(slab, number)
        freed = self.steps if self.steps is not charged else []
        self.steps = charged + freed
        self.refused_for = self.asked
        return False


def charge_by(machine: Machine, how: Callable[[KmemController, Slab, int], bool]) -> None:
    """Let a function charge on a machine from now on. It is no part of the machine's state: a restored one charges by it, too.

    Raises:
        KernelError: EBUSY where a cache is accounted already; ENOSYS before v3 (hooks are wired), and where "off" is another
            design than the letter's, or kmalloc caches can be accounted: those have controllers of their own.
    """
    plain = machine.kmem
    own = isinstance(plain, OwnChargeController)
    if any(plain in cache.listeners for cache in machine.slub.caches):
        raise KernelError(errno.EBUSY, "A cache is accounted already: give the machine its charge before cache_account.")
    if machine.profile.off != EMPTY or not (own or type(plain) is KmemController):
        raise KernelError(errno.ENOSYS, "This machine's controller charges in its own way: boot one with off=empty.")
    chosen = OwnChargeController(plain.subsystem, plain.current, plain.kzalloc, plain.kfree, how)
    chosen.faults, chosen.tracing = plain.faults, plain.tracing
    machine.notifier.unregister(plain, machine.slub.caches)
    machine.notifier.register(chosen)
    machine.kmem = chosen
