"""Off that stops charging and waits: what is charged stays so until it is freed.

Off answers at once, and is done when the last object goes; one file kept open keeps it from ever being done.

Accounting may be on again by then. A slab belongs to the generation in which it got its array (1 from the first "on" to the
first "off", then 2 ...), and objects are charged in slabs of the present generation only: an old slab that still drains is, to
a new "on", a slab born before accounting. Without that test a new charge would be written into an array that goes when the
last *old* owner does.

The old generations have a listener of their own (`Closer`), which hears of frees after the controller hears no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .off import NUMBER, OffController
from .types import NONE, i64

if TYPE_CHECKING:
    from .kmem import KmemContainer, KmemController
    from .kmem_cache import KmemCache, Slab
    from .notify import SlabNotifier
    from .slub import Slub


class DrainController(OffController):
    """Stops, and drains.

    Attributes:
        arrays: by name of a cache, how many arrays of each generation there are; the last is the present one. [0] is no
            generation.
        charged: the same for objects that have an owner. An off is done when its generation has none.
    """

    def __init__(self, parts: KmemController, slub: Slub, notifier: SlabNotifier) -> None:
        super().__init__(parts, slub, notifier)
        self.header = NUMBER
        self.head = 2 * NUMBER  # the generation, and how many arrays of the old ones are left
        self.arrays: dict[str, list[int]] = {}
        self.charged: dict[str, list[int]] = {}

    def charges(self, slab: Slab) -> bool:
        """Say whether a slab is of the present generation, and accounting is on."""
        if not slab.has_owners or self not in slab.cache.listeners:
            return False
        return int(slab.generation) == len(self.arrays[slab.cache.name]) - 1

    def draining(self, name: str) -> int:
        """Count the arrays of old generations that a cache still has."""
        return sum(self.arrays.get(name, [0])[: self.times(name) + 1])

    # -- slabs

    def newpage(self, slab: Slab, cpu: i64) -> bool:
        """Give a new slab its array, of the present generation."""
        if not super().newpage(slab, cpu):
            return False
        generations = self.arrays[slab.cache.name]
        slab.generation = len(generations) - 1
        generations[-1] += 1
        return True

    def freepage(self, slab: Slab, cpu: i64) -> None:
        """Take an array away. With the last of an old generation nobody has to hear of the cache."""
        if not slab.has_owners:
            return
        cache = slab.cache
        generation = int(slab.generation)
        self.arrays[cache.name][generation] -= 1
        slab.generation = 0
        super().freepage(slab, cpu)
        if not self.draining(cache.name):
            self.notifier.switch(cache, self.closer, False)

    def paid_back(self, slab: Slab, cpu: i64) -> None:
        """Take the array of an old slab away if nobody owns an object of it any more."""
        if not slab.has_owners:
            return
        for owner in slab.owners:
            if owner != NONE:
                return
        self.freepage(slab, cpu)

    # -- objects, counted by generation

    def store(self, slab: Slab, number: i64, group: KmemContainer) -> None:
        """Write the owner down, and count it."""
        if group.ident != NONE:  # what is nobody's has no owner to wait for (irq.py)
            self.charged[slab.cache.name][int(slab.generation)] += 1
        super().store(slab, number, group)

    def claim(self, slab: Slab, number: i64) -> KmemContainer | None:
        """Claim an object. With the last one of an old generation, that off is done."""
        group = super().claim(slab, number)
        if group is not None:
            name, generation = slab.cache.name, int(slab.generation)
            self.charged[name][generation] -= 1
            if not self.charged[name][generation]:
                self.note_done(name)
        return group

    def note_done(self, name: str) -> None:
        """Note which offs of a cache are done."""
        for off in self.offs:
            if off.cache == name and off.done == NONE and self.charged[name][off.generation] == 0:
                off.done = self.next_event()

    # -- the switch

    def switched(self, cache: KmemCache, on: bool) -> None:
        """Begin a generation, or leave it to drain. What can be found and has no owner loses its array at once."""
        if on:
            self.arrays.setdefault(cache.name, [0]).append(0)
            self.charged.setdefault(cache.name, [0]).append(0)
            return
        off = self.stop(cache)
        off.left = self.charged[cache.name][-1]
        self.offs.append(off)
        for slab in cache.reachable():
            off.visited += 1
            if slab.has_owners:
                off.found += 1
                off.pointers += cache.objects
                self.paid_back(slab, self.current.cpu)
        self.note_done(cache.name)
        if not self.draining(cache.name):
            self.notifier.switch(cache, self.closer, False)

    # -- back and forth

    def design_state(self) -> dict[str, Any]:
        """Return how many generations each cache has begun; the slabs know which they are of."""
        return {"generations": {name: len(each) - 1 for name, each in self.arrays.items()}}

    def restore_design(self, saved: dict[str, Any]) -> None:
        """Count arrays and owners, and listen where an old generation drains."""
        self.arrays = {name: [0] * (last + 1) for name, last in saved.get("generations", {}).items()}
        self.charged = {name: [0] * len(each) for name, each in self.arrays.items()}
        seen: Slab | None = None
        for slab in self.slub.slab_of:
            if slab is not None and slab is not seen and slab.has_owners:
                self.arrays[slab.cache.name][int(slab.generation)] += 1
                owned = sum(owner != NONE for owner in slab.owners)
                self.charged[slab.cache.name][int(slab.generation)] += owned
            seen = slab
        for cache in self.slub.caches:
            if self.draining(cache.name):
                cache.listeners.append(self.closer)
