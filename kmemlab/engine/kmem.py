"""The controller: who pays for an object of a slab cache. The whole patchset's core, alone in its file.

It hears what the allocator does (notify.py), finds the current task's container (containers.py) and charges its counter
(res_counter.py). It knows no allocator: with another one under the same notifier it works unchanged.

One charge is five steps, called in turn (facts 1.2, 1.3): find the container under the RCU read lock, get a reference,
charge, store the owner; or unwind. The order matters: were the owner stored first, the unwinding free would uncharge what
was never charged.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .container_input import plural
from .containers import Css, Subsystem
from .errors import KernelError, invalid
from .faults import Faults
from .hierarchy import css_put
from .kmem_cache import KMALLOC
from .notify import SlabListener
from .res_counter import NO_LIMIT, ResCounter, parse_decimal
from .state_memory import StateMemory
from .types import GFP_NOFAIL, NONE, POINTER, i32, i64, vec

if TYPE_CHECKING:
    from .containers import Container
    from .kmem_cache import KmemCache, Slab
    from .tasks import Current

FIND: Final = "find"
GET: Final = "get"
CHARGE: Final = "charge"
STORE: Final = "store"
UNWIND: Final = "unwind"
UNCHARGE: Final = "uncharge"
PUT: Final = "put"


class KmemContainer(Css):
    """What kmem keeps for a container: a counter, and the number that owner arrays store for it."""

    def __init__(self, ident: int) -> None:
        super().__init__()
        self.ident: i64 = ident
        self.res: ResCounter = ResCounter()


class KmemSubsystem(Subsystem):
    """kmem as containers see it: usage, limit, failcnt. Names are the sibling's of August 2007, facts 1.2 (recollection).

    `memory` says whether a container's state can be had, and what `create` says if not; None where it costs nothing.
    """

    def __init__(self) -> None:
        super().__init__("kmem")
        self.root: KmemContainer = KmemContainer(0)
        self.root_css = self.root
        self.owners: list[KmemContainer | None] = [self.root]
        self.paths: dict[int, str] = {0: "/"}  # of every container there ever was: the event log speaks of them
        self.memory: StateMemory | None = None

    def create(self, container: Container) -> Css | int | None:
        """Make the state of a new container. Numbers are never used again, so an owner array cannot mean another one."""
        if self.memory is not None and not self.memory.could():
            return self.memory.failure()
        css = KmemContainer(len(self.owners))
        self.owners.append(css)
        self.paths[css.ident] = container.path
        return css

    def destroy(self, css: Css) -> None:
        """Forget it: rmdir has seen that no object points here."""
        assert isinstance(css, KmemContainer)
        self.owners[css.ident] = None

    def renamed(self, css: Css, container: Container) -> None:
        """Speak of a container by its new path from now on."""
        assert isinstance(css, KmemContainer)
        self.paths[css.ident] = container.path

    def number(self, css: Css) -> int:
        """Return the number that owner arrays and events have for it."""
        assert isinstance(css, KmemContainer)
        return css.ident

    def files(self) -> list[str]:
        """Name the counter's members."""
        return ["usage", "limit", "failcnt"]

    def read(self, css: Css, name: str) -> str:
        """Return a member as a decimal line."""
        assert isinstance(css, KmemContainer)
        if name == "usage":
            return f"{css.res.usage}\n"
        if name == "limit":
            return f"{css.res.limit}\n"
        return f"{css.res.failcnt}\n"

    def write(self, css: Css, name: str, text: str) -> None:
        """Set limit or failcnt.

        Raises:
            KernelError: EINVAL for anything but digits (facts 4.3), and for usage: the counter of 2007 let anyone write
                it, which would part it from the objects; kmemlab's choice is a read-only file.
        """
        assert isinstance(css, KmemContainer)
        if name == "usage":
            raise invalid("kmem.usage is what objects add up to: it cannot be written.")
        value = parse_decimal(text)
        if name == "limit":
            css.res.limit = value
        else:
            css.res.failcnt = value


class KmemController(SlabListener):
    """The listener that charges.

    Attributes:
        current: who runs, and on which cpu.
        kzalloc, kfree: take and give back simulated memory for owner arrays; None where arrays cost nothing.
        faults: who says whether a charge is to fail; None while fail_charge is off.
        steps: (step, before, after) of the latest event, noted while `tracing` is on.
    """

    def __init__(
        self,
        subsystem: KmemSubsystem,
        current: Current,
        kzalloc: Callable[[int, int], int] | None,
        kfree: Callable[[int, int], None] | None,
    ) -> None:
        super().__init__()
        self.subsystem = subsystem
        self.current = current
        self.kzalloc = kzalloc
        self.kfree = kfree
        self.faults: Faults | None = None
        self.tracing = False
        self.steps: list[tuple[str, int, int]] = []

    # -- slabs: an array of owners for each, one pointer for each object

    def newpage(self, slab: Slab, cpu: i64) -> bool:
        """Give a new slab its owner array. If there is no memory for it the slab goes back, and no limit was hit."""
        objects = slab.cache.objects
        if self.kzalloc is not None:
            array = self.kzalloc(objects * POINTER, cpu)
            if array == NONE:
                return False
            slab.array = array
        slab.owners = vec[i32]([NONE] * objects)
        slab.has_owners = True
        return True

    def freepage(self, slab: Slab, cpu: i64) -> None:
        """Free the array of a slab that goes. A slab born before accounting has none."""
        if not slab.has_owners:
            return
        slab.has_owners = False
        slab.owners = slab.cache.no_owners
        array = slab.array
        slab.array = NONE
        if self.kfree is not None:
            self.kfree(array, cpu)

    # -- objects

    def alloc(self, slab: Slab, number: i64) -> bool:
        """Charge an object to the current task's container, or refuse it.

        A slab without an array was born before accounting: its objects stay unowned (kmemlab's choice, facts 1.4).
        """
        if not slab.has_owners:
            return True
        if self.tracing:
            self.steps = []
        group = self.find()
        self.get(group)
        if not self.charge(group, slab.cache.size):
            self.unwind(group)
            return False
        self.store(slab, number, group)
        return True

    def find(self) -> KmemContainer:
        """Look the current task's container up; the caller is inside rcu_read_lock until it has a reference."""
        task = self.current.task
        group = task.css[self.subsystem.index]
        assert isinstance(group, KmemContainer)
        if self.tracing:
            self.steps.append((FIND, task.pid, group.ident))
        return group

    def get(self, group: KmemContainer) -> None:
        """Take a reference, so that the container outlives what it pays for (css_get)."""
        group.refs += 1
        if self.tracing:
            self.steps.append((GET, group.refs - 1, group.refs))

    def charge(self, group: KmemContainer, size: i64) -> bool:
        """Charge the container, and no other: charges never climb.

        An allocation that may not fail is charged over the limit, and failcnt counts it: the letter is silent, this is how
        6.x does it (try_charge; recollection), and kmemlab's choice. The step notes it: usage is above the limit after it.
        One that fits may be refused by fail_charge; nobody's never is.
        """
        before = group.res.usage
        fits = group.res.charge(size)
        if fits and self.faults is not None and group.ident != NONE and self.faults.should_fail_charge(size):
            group.res.usage = before
            group.res.failcnt += 1
            fits = False
        if not fits and self.current.gfp & GFP_NOFAIL:
            group.res.usage += size
            fits = True
        if self.tracing:
            self.steps.append((CHARGE, before, group.res.usage if fits else NONE))
        return fits

    def store(self, slab: Slab, number: i64, group: KmemContainer) -> None:
        """Write the owner down; from here on whoever frees the object pays this container back."""
        ident: int = group.ident
        slab.owners[number] = ident
        if self.tracing:
            self.steps.append((STORE, number, group.ident))

    def unwind(self, group: KmemContainer) -> None:
        """Undo `get` after a refused charge. No owner was stored, so the free that follows uncharges nothing."""
        css_put(group)
        self.refused_for = group.ident
        if self.tracing:
            self.steps.append((UNWIND, group.refs + 1, group.refs))

    def free(self, slab: Slab, number: i64) -> None:
        """Pay back whoever *owns* the object, whichever task frees it: three steps, called in turn."""
        if not slab.has_owners:
            return
        if self.tracing:
            self.steps = []
        group = self.owner(slab, number)
        if group is None:
            return
        self.uncharge(group, slab.cache.size)
        self.put(slab, number, group)

    def owner(self, slab: Slab, number: i64) -> KmemContainer | None:
        """Read who pays for an object of a slab with an array; None for nobody."""
        ident: int = slab.owners[number]
        if ident == NONE:
            return None
        group = self.subsystem.owners[ident]
        assert group is not None
        return group

    def uncharge(self, group: KmemContainer, size: i64) -> None:
        """Give the bytes back, while the reference still holds the container."""
        before = group.res.usage
        group.res.uncharge(size)
        if self.tracing:
            self.steps.append((UNCHARGE, before, group.res.usage))

    def put(self, slab: Slab, number: i64, group: KmemContainer) -> None:
        """Drop the object's reference (css_put); it has no owner any more."""
        css_put(group)
        slab.owners[number] = NONE
        if self.tracing:
            self.steps.append((PUT, group.refs + 1, group.refs))

    # -- the switch

    def may_switch(self, cache: KmemCache, on: bool, live: int) -> None:
        """Say whether accounting of a cache may be switched; `live` objects of it are in use.

        Raises:
            KernelError: EINVAL for a kmalloc cache (cover letter). EBUSY for "off" with live objects: off would mean to
                uncharge them all, and a full slab is on no list (the rule is the letter's, the errno is recollection).
        """
        if cache.family & KMALLOC:
            raise invalid("kmalloc caches cannot be accounted: their callers are not known by cache.")
        if not on and self in cache.listeners and live:
            raise KernelError(
                errno.EBUSY,
                f"{cache.name} has {plural(live, 'object')} in use. Full slabs are on no list, so they cannot be uncharged.",
            )

    def switched(self, cache: KmemCache, on: bool) -> None:
        """Take the arrays away when a cache is switched off: without objects every slab is a cpu's or partial, so found."""
        if not on:
            for slab in cache.reachable():
                self.freepage(slab, self.current.cpu)


def limit_or_none(group: KmemContainer) -> int | None:
    """Return the limit, None where none was set."""
    return None if group.res.limit == NO_LIMIT else group.res.limit
