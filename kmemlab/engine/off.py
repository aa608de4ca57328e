"""Turning accounting off with objects in use: what every working design shares. The letter's own rule is not one of them.

The letter refuses: a full slab is on no list, so its objects cannot be found and uncharged. Each design here finds them, or
waits for them, and somebody pays for that: `off_lists.py`, `off_walk.py`, `off_drain.py`. All are kmemlab's choice.

Off and a free may both reach for the same object. Whoever *claims* it (reads the owner and clears it, in one step) pays the
container back; the other finds nobody. A charge in flight looks again before it stores the owner: if accounting was switched
off behind it, it gives back what it charged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .errors import invalid
from .events import UNCHARGED
from .hierarchy import css_put
from .kmem import PUT, KmemContainer, KmemController
from .kmem_cache import KMALLOC
from .notify import SlabListener
from .types import NONE, POINTER, i32, i64, vec

if TYPE_CHECKING:
    from .kmem_cache import KmemCache, Slab
    from .notify import SlabNotifier
    from .slub import Slub

EMPTY: Final = "empty"  # the letter's: only a cache without objects can be switched off
FULL_LIST: Final = "full-list"
WALK: Final = "walk"
DRAIN: Final = "drain"
CHARGED_LIST: Final = "charged-list"
WORKING: Final = (FULL_LIST, WALK, DRAIN, CHARGED_LIST)
DESIGNS: Final = (EMPTY, *WORKING)
LIST_HEAD: Final = 16  # bytes of a struct list_head: two pointers
NUMBER: Final = 8  # bytes of a generation number, a long


class Off:
    """One time that accounting was switched off: what it took, and when it was done.

    Attributes:
        cache: name of the cache. generation: which time this is for it, from 1.
        asked: event at which it was asked for; done: event at which nothing was charged any more, NONE before.
        visited: slabs, or page records where it has only those, that were looked at to find the charged ones.
        found: slabs with an owner array among them; pointers: of their arrays, that were looked at.
        uncharged: objects that off itself paid back.
        list_ops: slabs that off itself took off a list.
        left: objects that were still charged when it was asked for and that it does not pay back itself (drain).
    """

    __slots__ = ("asked", "cache", "done", "found", "generation", "left", "list_ops", "pointers", "uncharged", "visited")

    def __init__(self, cache: str, generation: int, asked: i64) -> None:
        self.cache = cache
        self.generation = generation
        self.asked: i64 = asked
        self.done: i64 = NONE
        self.visited: i64 = 0
        self.found: i64 = 0
        self.pointers: i64 = 0
        self.uncharged: i64 = 0
        self.list_ops: i64 = 0
        self.left: i64 = 0

    def state(self) -> list[Any]:
        """Return it as plain values."""
        return [
            self.cache, self.generation, self.asked, self.done, self.visited, self.found, self.pointers, self.uncharged,
            self.list_ops, self.left,
        ]  # fmt: skip


def off_of(saved: list[Any]) -> Off:
    """Make what `Off.state()` said."""
    off = Off(saved[0], saved[1], saved[2])
    off.done, off.visited, off.found, off.pointers, off.uncharged, off.list_ops, off.left = saved[3:]
    return off


class Closer(SlabListener):
    """Hears of frees, and of slabs that go, after the controller hears no more of the cache and before off is through."""

    def __init__(self, kmem: OffController) -> None:
        super().__init__()
        self.kmem = kmem

    def free(self, slab: Slab, number: i64) -> None:
        """Pay the owner back, as ever."""
        if slab.has_owners and not self.kmem.charges(slab):
            self.kmem.pay_back(slab, number)
            self.kmem.paid_back(slab, self.kmem.current.cpu)

    def freepage(self, slab: Slab, cpu: i64) -> None:
        """Let an array go with its slab."""
        self.kmem.freepage(slab, cpu)


class OffController(KmemController):
    """A controller that can be switched off under its objects. A design says how it finds the slabs.

    Attributes:
        offs: every time that a cache was switched off, oldest first.
        header: bytes that the design adds to an owner array; head: to a struct kmem_cache.
        slub, notifier: of the machine.
        closer: who hears of frees in slabs that are not charged any more.
    """

    def __init__(self, parts: KmemController, slub: Slub, notifier: SlabNotifier) -> None:
        super().__init__(parts.subsystem, parts.current, parts.kzalloc, parts.kfree)
        self.slub = slub
        self.notifier = notifier
        self.header = 0
        self.head = 0
        self.offs: list[Off] = []
        self.closer = Closer(self)

    # -- what a design overrides

    def charged_slabs(self, cache: KmemCache, off: Off) -> list[Slab]:
        """Find every slab of a cache that has an owner array; note in `off` what was looked at."""
        raise NotImplementedError

    def list_ops(self) -> int:
        """Return the list operations so far that an alloc or a free had to do for this design."""
        return 0

    def design_state(self) -> dict[str, Any]:
        """Return what the design knows besides, as plain values."""
        return {}

    def restore_design(self, saved: dict[str, Any]) -> None:
        """Become what `design_state` said, once the caches are there."""

    def charges(self, slab: Slab) -> bool:
        """Say whether objects of a slab are charged: it has an array, and accounting is on."""
        return slab.has_owners and self in slab.cache.listeners

    # -- slabs

    def newpage(self, slab: Slab, cpu: i64) -> bool:
        """Give a new slab its owner array, with what the design keeps in front of it."""
        objects = slab.cache.objects
        if self.kzalloc is not None:
            array = self.kzalloc(objects * POINTER + self.header, cpu)
            if array == NONE:
                return False
            slab.array = array
        slab.owners = vec[i32]([NONE] * objects)
        slab.has_owners = True
        return True

    # -- objects

    def alloc(self, slab: Slab, number: i64) -> bool:
        """Charge an object, or refuse it, as v3 does; only the last step looks twice."""
        if not self.charges(slab):
            return True
        if self.tracing:
            self.steps = []
        group = self.find()
        self.get(group)
        if not self.charge(group, slab.cache.size):
            self.unwind(group)
            return False
        self.settle(slab, number, group)
        return True

    def settle(self, slab: Slab, number: i64, group: KmemContainer) -> bool:
        """Write the owner down, or give back what was charged if accounting was switched off meanwhile. One step."""
        if self.charges(slab):
            self.store(slab, number, group)
            return True
        self.uncharge(group, slab.cache.size)
        self.drop(group)
        return False

    def free(self, slab: Slab, number: i64) -> None:
        """Pay back whoever owns the object: three steps, called in turn."""
        if self.charges(slab):
            self.pay_back(slab, number)

    def pay_back(self, slab: Slab, number: i64) -> bool:
        """Claim an object, uncharge its owner, drop its reference. False if nobody owned it."""
        if self.tracing:
            self.steps = []
        group = self.claim(slab, number)
        if group is None:
            return False
        self.uncharge(group, slab.cache.size)
        self.drop(group)
        return True

    def claim(self, slab: Slab, number: i64) -> KmemContainer | None:
        """Read an object's owner and clear it in one step: whoever does this pays back, and nobody else can."""
        group = self.owner(slab, number)
        slab.owners[number] = NONE
        return group

    def drop(self, group: KmemContainer) -> None:
        """Drop the reference that came with a claim."""
        css_put(group)
        if self.tracing:
            self.steps.append((PUT, group.refs + 1, group.refs))

    # -- the switch

    def may_switch(self, cache: KmemCache, on: bool, live: int) -> None:
        """Refuse kmalloc caches only, as ever.

        Raises:
            KernelError: EINVAL for a kmalloc cache.
        """
        if cache.family & KMALLOC:
            raise invalid("kmalloc caches cannot be accounted: their callers are not known by cache.")

    def switched(self, cache: KmemCache, on: bool) -> None:
        """Take every charge back, then the arrays. Nothing is charged any more: the listener is gone already."""
        if on:
            return
        off = self.stop(cache)
        for slab in self.charged_slabs(cache, off):
            self.take_back(slab, off)
        self.leave(cache, off)

    def stop(self, cache: KmemCache) -> Off:
        """Charge no more. Frees, and slabs that go, are still heard of until off is through."""
        self.notifier.switch(cache, self.closer, True)
        return Off(cache.name, self.times(cache.name) + 1, self.next_event())

    def leave(self, cache: KmemCache, off: Off) -> None:
        """Hear of nothing any more."""
        self.notifier.switch(cache, self.closer, False)
        off.done = self.next_event()
        self.offs.append(off)

    def take_back(self, slab: Slab, off: Off) -> None:
        """Uncharge every owner of a slab's objects and take the array away, under the slab's lock: one step.

        The objects stay in use, and are nobody's.
        """
        cache = slab.cache
        log = self.slub.log
        off.found += 1
        number: i64 = 0
        while number < cache.objects:
            off.pointers += 1
            owner: int = slab.owners[number]
            if self.pay_back(slab, number):
                off.uncharged += 1
                if log is not None:
                    log.add(UNCHARGED, cache.name, slab.pfn, slab.number, number, owner, cache.size, 0, NONE)
            number += 1
        self.freepage(slab, self.current.cpu)

    def paid_back(self, slab: Slab, cpu: i64) -> None:
        """Hear that an object of a slab that is not charged any more was paid back by its free."""

    def times(self, name: str) -> int:
        """Count how often a cache was switched off."""
        return sum(off.cache == name for off in self.offs)

    def next_event(self) -> i64:
        """Return the number of the event that comes next, 0 on a machine without a log."""
        return self.slub.log.length + 1 if self.slub.log is not None else 0

    # -- back and forth

    def state(self) -> dict[str, Any]:
        """Return what is known about offs, as plain values."""
        return {"offs": [off.state() for off in self.offs], **self.design_state()}

    def restore(self, saved: dict[str, Any]) -> None:
        """Become what `state` said, once the caches are there."""
        self.offs = [off_of(each) for each in saved.get("offs", [])]
        self.restore_design(saved)
