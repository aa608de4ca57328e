"""Memory taken by hand: one kmalloc, alloc_pages or vmalloc, marked or not, that stays until somebody gives it back.

What a module of a student's own would do, without a module (kmemlab's choice): the four kinds side by side. It belongs to no
task; a marked call is paid by the container of the task that made it, also after that task has ended.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final

from .buddy import PAGES
from .errors import KernelError, invalid
from .recursion import traps_of
from .types import GFP_ACCOUNT, GFP_KERNEL, MAX_ORDER, NONE, PAGE_SHIFT

if TYPE_CHECKING:
    from .machine import Machine

LARGEST: Final = 1 << 40  # bytes that a call may ask for: more than any machine here has


class ByHand:
    """What was taken so.

    Attributes:
        held: (address, call, how much) of each, oldest first. `call` is "kmalloc", "vmalloc" (bytes) or "pages" (order).
    """

    __slots__ = ("held", "machine")

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.held: list[tuple[int, str, int]] = []

    def take(self, call: str, much: int, account: bool) -> int:
        """Make a call on the current cpu for the current task; with `account` it carries GFP_ACCOUNT. Returns the address.

        Raises:
            KernelError: ENOMEM, without memory or where the charge does not fit. EINVAL for a size or an order that there
                is not, and for a mark on a machine that does not charge this kind; nothing has changed then.
        """
        machine = self.machine
        if account:
            machine.marked.may_mark(call)
        if call == "pages" and not 0 <= much <= MAX_ORDER:
            raise invalid(f"{much} is no order: 0 to {MAX_ORDER}, for 2**order pages")
        if not 0 <= much <= LARGEST:
            raise invalid(f"{call}({much}): that is more than there can be")
        traps = traps_of(machine)
        machine.current.gfp = GFP_ACCOUNT if account else GFP_KERNEL
        try:
            address = self.call(call, much)
        finally:
            machine.current.gfp = GFP_KERNEL
        if address == NONE:
            words = machine.marked.because() or ": there was no memory"
            if traps_of(machine) != traps:
                words = ": a slab's owner array needed a slab, whose array needed a slab ..."
            raise KernelError(errno.ENOMEM, f"{call} {much} got nothing{words}")
        if address >= 0:  # kmalloc(0) gives nothing that could be given back
            self.held.append((address, call, much))
        return address

    def call(self, call: str, much: int) -> int:
        """Make the call itself; the address, or NONE."""
        machine = self.machine
        if call == "kmalloc":
            return int(machine.marked.kmalloc(call, much))
        if call == "vmalloc":
            return int(machine.vmalloc.vmalloc(much))
        pfn = int(machine.marked.alloc_pages(call, much, PAGES))
        return NONE if pfn == NONE else pfn << PAGE_SHIFT

    def give(self, address: int) -> None:
        """Give back what `take` gave: kfree, free_pages or vfree. Whoever paid is paid back, whoever calls.

        Raises:
            KernelError: EINVAL, for any other address.
        """
        found = [each for each in self.held if each[0] == address]
        if not found:
            raise KernelError(
                errno.EINVAL, f"nothing that was taken by hand begins at {address:#x}: `sites` lists what is held"
            )
        machine = self.machine
        _, call, much = found[0]
        self.held.remove(found[0])
        if call == "kmalloc":
            machine.kmalloc.kfree(address, machine.current.cpu)
        elif call == "vmalloc":
            machine.vmalloc.vfree(address)
        else:
            machine.slub.pages.free_pages(address >> PAGE_SHIFT, much)

    def state(self) -> list[Any]:
        """Return plain JSON values."""
        return [list(each) for each in self.held]

    def restore(self, saved: list[Any]) -> None:
        """Become what `state` said."""
        self.held = [(row[0], row[1], row[2]) for row in saved]
