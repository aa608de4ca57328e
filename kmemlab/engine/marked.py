"""Marked calls: kmalloc, vmalloc and pages that carry an accounting flag are charged to the task's container.

kmemlab's own extension (`kinds=cache,kmalloc,vmalloc,pages`), not in the patchset of 2007: the letter charges objects of
caches that are switched on and nothing else, and so does a machine that is not told otherwise. docs/decisions/0012.

The steps are the controller's own: the memory is taken, then find, get and charge; the owner is stored, or all is undone and
the memory goes back. What is charged: `s->size` of the kmalloc cache, 4096 << order of pages (a large kmalloc too), the pages
of a vmalloc area without its guard page. Who pays is kept here by address, as kmalloc slabs have no owner arrays, and pays
until the memory is freed, by whomever: kfree and free_pages ask here.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final

from .errors import KernelError, invalid
from .events import CHARGED_CALL, REFUSED_CALL, UNCHARGED_CALL
from .hierarchy import css_put
from .kmalloc import large_order
from .kmem import PUT, STORE, KmemContainer
from .sites import KINDS, SITES, kind_of
from .types import GFP_ACCOUNT, NONE, PAGE_SHIFT, PAGE_SIZE, i64

if TYPE_CHECKING:
    from .machine import Machine

EXTENDED: Final = "kinds=cache,kmalloc,vmalloc,pages"


class Marked:
    """Which call sites are marked, and who pays for what they gave.

    Attributes:
        kinds: what this machine charges, "cache" first.
        on: call sites that are marked, in the order of SITES.
        paid: address -> (call site, owner's number, bytes).
        refused: the latest call got nothing because its charge was refused, not for want of memory.
    """

    __slots__ = ("kinds", "machine", "on", "paid", "refused")

    def __init__(self, machine: Machine, kinds: tuple[str, ...]) -> None:
        self.machine = machine
        self.kinds = kinds
        self.on: list[str] = []
        self.paid: dict[int, tuple[str, int, int]] = {}
        self.refused = False
        if len(kinds) > 1:
            machine.kmalloc.uncharge = self.uncharge
            machine.slub.pages.uncharge = self.uncharge

    # -- the marks

    def may_mark(self, kind: str) -> None:
        """See that calls of a kind can be charged on this machine.

        Raises:
            KernelError: EINVAL, where they cannot.
        """
        if kind not in self.kinds:
            with_it = ",".join(each for each in KINDS if each in self.kinds or each == kind)
            raise invalid(
                f"This machine charges kinds={','.join(self.kinds)}: boot it with kinds={with_it} to mark calls of {kind}."
            )

    def mark(self, site: str, on: bool) -> None:
        """Mark a call site, or no longer. What it gave before stays as it is: paid for or not, until it is freed.

        Raises:
            KernelError: ENOENT for no such site, EINVAL for a kind that this machine does not charge.
        """
        if site not in SITES:
            raise KernelError(errno.ENOENT, f"there is no call site {site}: `sites` lists them")
        self.may_mark(kind_of(site))
        self.on = [each for each in SITES if (on if each == site else each in self.on)]

    def marks(self, site: str) -> bool:
        """Say whether the call that is made now carries the flag."""
        return site in self.on or bool(self.machine.current.gfp & GFP_ACCOUNT)

    # -- the calls

    def kmalloc(self, site: str, size: int) -> i64:
        """Take `size` bytes at a call site, on the current cpu; charged if it is marked. The address, or NONE.

        An object that its cache charges already (recursion.py) is not charged twice; one of a slab born before that is.

        Raises:
            KernelError: EINVAL, as `Kmalloc.kmalloc`.
        """
        machine = self.machine
        before = self.failcnt()
        address = machine.kmalloc.kmalloc(size, machine.current.cpu)
        self.refused = address == NONE and self.failcnt() != before  # by a kmalloc cache that is charged itself
        if address < 0 or not self.marks(site):
            return address
        slab = machine.slub.slab_of[address >> PAGE_SHIFT]
        if slab is not None and slab.has_owners:
            return address
        taken = int(slab.cache.size) if slab is not None else PAGE_SIZE << large_order(size)
        if self.charge(site, address, taken):
            return address
        machine.kmalloc.kfree(address, machine.current.cpu)
        return NONE

    def alloc_pages(self, site: str, order: int, user: int) -> i64:
        """Take 2**order pages at a call site; charged if it is marked. The first page, or NONE."""
        pages = self.machine.slub.pages
        self.refused = False
        pfn = pages.alloc_pages(order, user)
        if pfn == NONE or not self.marks(site) or self.charge(site, pfn << PAGE_SHIFT, PAGE_SIZE << order):
            return pfn
        pages.free_pages(pfn, order)
        return NONE

    def failcnt(self) -> int:
        """Return how often the current task's container has refused a charge."""
        kmem = self.machine.kmem
        group = self.machine.current.task.css[kmem.subsystem.index]
        assert isinstance(group, KmemContainer)
        return group.res.failcnt

    def because(self) -> str:
        """Say why the latest call got nothing: what to end the sentence of a refused system call with."""
        return ", as its charge did not fit: the container's limit" if self.refused else ""

    # -- the steps

    def charge(self, site: str, address: i64, size: int) -> bool:
        """Charge memory that was taken to the current task's container and store who pays; False leaves nothing of it."""
        machine = self.machine
        kmem = machine.kmem
        if kmem.tracing:
            kmem.steps = []
        group = kmem.find()
        kmem.get(group)
        if not kmem.charge(group, size):
            kmem.unwind(group)
            self.refused = True
            self.note(REFUSED_CALL, site, address, int(kmem.refused_for), size, machine.slub.faults.take_charge_fault())
            return False
        self.paid[address] = (site, int(group.ident), size)
        if kmem.tracing:
            kmem.steps.append((STORE, address, int(group.ident)))
        self.note(CHARGED_CALL, site, address, int(group.ident), size, NONE)
        return True

    def uncharge(self, address: int) -> None:
        """Pay back whoever pays for memory that is about to be free; most of it is nobody's."""
        if address not in self.paid:
            return
        site, ident, size = self.paid.pop(address)
        kmem = self.machine.kmem
        if kmem.tracing:
            kmem.steps = []
        group = kmem.subsystem.owners[ident]
        assert group is not None
        kmem.uncharge(group, size)
        css_put(group)
        if kmem.tracing:
            kmem.steps.append((PUT, group.refs + 1, group.refs))
        self.note(UNCHARGED_CALL, site, address, ident, size, NONE)

    def note(self, event: i64, site: str, address: i64, owner: int, size: int, cause: i64) -> None:
        """Log an event: `cache` is the call site, `slot` its kind, `order` of a refusal the fault it came of.

        Raises Stopped where the log is to stop.
        """
        log = self.machine.log
        if log is not None:
            number = errno.ENOMEM if event == REFUSED_CALL else 0
            log.add(event, site, address >> PAGE_SHIFT, NONE, KINDS.index(kind_of(site)), owner, size, number, cause)

    # -- state

    def state(self) -> dict[str, Any]:
        """Return plain JSON values; nothing where nothing was marked and nothing is paid for."""
        if not self.on and not self.paid:
            return {}
        return {"on": list(self.on), "paid": [[address, *self.paid[address]] for address in sorted(self.paid)]}

    def restore(self, saved: dict[str, Any]) -> None:
        """Become what `state` said; {} is what it was at boot."""
        self.on = list(saved.get("on", []))
        self.paid = {row[0]: (row[1], row[2], row[3]) for row in saved.get("paid", [])}
        self.refused = False
