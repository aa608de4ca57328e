"""Off by a list that was kept for it: of all full slabs, or of all charged ones. Whoever allocates pays, off or no off.

*full-list* is what SLUB_DEBUG does for caches that track their users (`add_full`, mm/slub.c 2.6.24), for every cache: the
links are in struct page, where a full slab does not use them, so memory pays a list head a cache; each slab that fills up or
is full no longer pays a list operation under the list's lock. The allocator has to be changed for it.

*charged-list* is the controller's own: a slab joins when it gets its owner array and leaves with it. The links are in front
of the array (struct page's are taken by the partial list); the allocator does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .off import LIST_HEAD, Off, OffController
from .types import i64

if TYPE_CHECKING:
    from .kmem import KmemController
    from .kmem_cache import KmemCache, Slab
    from .notify import SlabNotifier
    from .slub import Slub


class FullListController(OffController):
    """Walks cpu slabs, the partial list and the full list."""

    def __init__(self, parts: KmemController, slub: Slub, notifier: SlabNotifier) -> None:
        super().__init__(parts, slub, notifier)
        self.head = LIST_HEAD
        slub.full_lists = True
        for cache in slub.caches:
            cache.full = []

    def charged_slabs(self, cache: KmemCache, off: Off) -> list[Slab]:
        """Find them where the cache can."""
        slabs = cache.reachable()
        off.visited = len(slabs)
        return [slab for slab in slabs if slab.has_owners]

    def list_ops(self) -> int:
        """Count slabs that filled up or were full no longer, of any cache, accounted or not."""
        return sum(int(cache.full_ops) for cache in self.slub.caches)

    def design_state(self) -> dict[str, Any]:
        """Return the operations of each cache that had any."""
        return {"full_ops": {cache.name: int(cache.full_ops) for cache in self.slub.caches if cache.full_ops}}

    def restore_design(self, saved: dict[str, Any]) -> None:
        """Count on from there."""
        known = saved.get("full_ops", {})
        for cache in self.slub.caches:
            cache.full_ops = known.get(cache.name, 0)


class ChargedListController(OffController):
    """Walks the list of a cache's charged slabs, and nothing else.

    Attributes:
        charged: by name of a cache its charged slabs by number, the newest last.
        ops: slabs that joined or left on the way of an alloc or a free.
    """

    def __init__(self, parts: KmemController, slub: Slub, notifier: SlabNotifier) -> None:
        super().__init__(parts, slub, notifier)
        self.header = LIST_HEAD
        self.head = LIST_HEAD
        self.charged: dict[str, dict[int, Slab]] = {}
        self.ops: i64 = 0

    def newpage(self, slab: Slab, cpu: i64) -> bool:
        """Join with the array."""
        if not super().newpage(slab, cpu):
            return False
        self.charged.setdefault(slab.cache.name, {})[int(slab.number)] = slab
        self.ops += 1
        return True

    def freepage(self, slab: Slab, cpu: i64) -> None:
        """Leave with it."""
        if not slab.has_owners:
            return
        del self.charged[slab.cache.name][int(slab.number)]
        self.ops += 1
        super().freepage(slab, cpu)

    def take_back(self, slab: Slab, off: Off) -> None:
        """Pay a slab back; that it leaves the list is off's own work."""
        super().take_back(slab, off)
        self.ops -= 1
        off.list_ops += 1

    def charged_slabs(self, cache: KmemCache, off: Off) -> list[Slab]:
        """Go through the list, newest first."""
        slabs = list(self.charged.get(cache.name, {}).values())
        off.visited = len(slabs)
        slabs.reverse()
        return slabs

    def list_ops(self) -> int:
        """Count slabs that joined or left."""
        return int(self.ops)

    def design_state(self) -> dict[str, Any]:
        """Return the lists that have slabs, and the operations."""
        return {"charged": {name: list(slabs) for name, slabs in self.charged.items() if slabs}, "ops": int(self.ops)}

    def restore_design(self, saved: dict[str, Any]) -> None:
        """Put the slabs on their lists."""
        self.ops = saved.get("ops", 0)
        self.charged = {}
        lists: dict[str, list[int]] = saved.get("charged", {})
        there: dict[str, dict[int, Slab]] = {name: {} for name in lists}
        for slab in self.slub.slab_of:
            if slab is not None and slab.cache.name in there:
                there[slab.cache.name][int(slab.number)] = slab
        for name, numbers in lists.items():
            self.charged[name] = {number: there[name][number] for number in numbers}
