"""What records say of SLAB and of no other allocator: the list a slab is on, and which free objects rest in an array."""

from __future__ import annotations

from .engine.slab_cache import FREE, FULL, LISTS, PARTIAL, ArrayCache, SlabCache
from .engine.types import PAGE_SHIFT
from .records import CountedSlab, SlabCacheRow

Rest = tuple[int, str, int]  # cell, whose array, its turn there

SHARED = "shared"


def listed_slabs(cache: SlabCache) -> dict[int, str]:
    """Map the birth number of every slab to its list and place there: "partial 1"."""
    return {
        int(slab.number): f"{LISTS[which]} {place}"
        for which in (FULL, PARTIAL, FREE)
        for place, slab in enumerate(cache.list_of(which).slabs(), 1)
    }


def named_arrays(cache: SlabCache) -> list[tuple[str, ArrayCache]]:
    """List the arrays with their names: "cpu 0", ..., "shared"."""
    named = [(f"cpu {cpu}", array) for cpu, array in enumerate(cache.arrays)]
    return named if cache.shared is None else [*named, (SHARED, cache.shared)]


def slab_cache_row(cache: SlabCache) -> SlabCacheRow:
    """Return a cache with its lists and what rests in its arrays."""
    full, partial, free = (
        [CountedSlab(int(slab.number), slab.live(), int(slab.inuse)) for slab in cache.list_of(which).slabs()]
        for which in (FULL, PARTIAL, FREE)
    )
    return SlabCacheRow(
        cache.name, [], list(partial), full, free, {name: int(array.avail) for name, array in named_arrays(cache)}
    )


def resting_cells(cache: SlabCache) -> dict[int, tuple[Rest, ...]]:
    """Map the first page of a slab to its objects that are in arrays, each array's next one first."""
    first = {}
    for slab in cache.reachable():
        for pfn in range(int(slab.pfn), int(slab.pfn) + (1 << int(cache.order))):
            first[pfn] = slab
    found: dict[int, list[Rest]] = {}
    for name, array in named_arrays(cache):
        for turn, address in enumerate(reversed(array.held()), 1):
            slab = first[address >> PAGE_SHIFT]
            cell = int((address - int(slab.s_mem)) // int(cache.size))
            found.setdefault(int(slab.pfn), []).append((cell, name, turn))
    return {pfn: tuple(cells) for pfn, cells in found.items()}
