"""What holds of SLAB after every operation: lists, arrays and chains agree, and no object is in two of them."""

from __future__ import annotations

from .buddy import SLAB
from .errors import require
from .slab import SlabAllocator
from .slab_admin import slab_caches
from .slab_cache import FREE, FULL, LISTS, PARKED, PARTIAL, ListedSlab, SlabCache
from .types import IN_USE, NONE, PAGE_SHIFT, PAGE_SIZE


def check_slab_allocator(allocator: SlabAllocator) -> None:
    """Walk every cache, list, array and slab.

    Raises:
        CheckError: at the first invariant that does not hold.
    """
    seen = 0
    for cache in slab_caches(allocator):
        check_lists(allocator, cache)
        parked = check_arrays(allocator, cache)
        free = 0
        for slab in slabs(allocator, cache) + in_flight(allocator, cache):
            check_slab(allocator, slab, parked)
            free += cache.objects - int(slab.inuse)
            seen += 1 << cache.order
        require(free == cache.free_objects, "free_objects counts those in slabs", [cache.name, free, cache.free_objects])
    claimed = sum(each is not None for each in allocator.slab_of)
    require(claimed == seen, "every slab is on a list of a cache", [claimed, seen])


def slabs(allocator: SlabAllocator, cache: SlabCache) -> list[ListedSlab]:
    """List the slabs on the lists as what they are."""
    found = [allocator.slab_of[each.pfn] for each in cache.reachable()]
    return [each for each in found if isinstance(each, ListedSlab)]


def check_lists(allocator: SlabAllocator, cache: SlabCache) -> None:
    """Each slab is on one list, once, and on the one for what it holds."""
    listed: set[int] = set()
    for which in (FULL, PARTIAL, FREE):
        slabs_on = cache.list_of(which)
        on_list = slabs_on.slabs()
        around = [cache.name, LISTS[which], [int(slab.number) for slab in on_list]]
        require(len(on_list) == slabs_on.count, "a list counts its slabs", around)
        before = None
        for slab in on_list:
            require(slab.before is before, "a list is linked both ways", around)
            before = slab
            mine = allocator.slab_of[slab.pfn]
            require(mine is slab and slab.cache is cache, "a slab on a list has its pages", around)
            require(isinstance(mine, ListedSlab) and mine.which == which, "a slab knows its list", around)
            require(slab.pfn not in listed, "a slab is on one list", around)
            listed.add(int(slab.pfn))
            right = FREE if slab.inuse == 0 else FULL if slab.inuse == cache.objects else PARTIAL
            require(right == which, "a slab is on the list for what it holds", [*around, slab.inuse])
        require(slabs_on.tail is before, "a list ends at its tail", around)
    loose = in_flight(allocator, cache)
    require(
        len(listed) + len(loose) == cache.nr_slabs, "nr_slabs counts the slabs on lists", [cache.name, listed, cache.nr_slabs]
    )


def in_flight(allocator: SlabAllocator, cache: SlabCache) -> list[ListedSlab]:
    """List the slabs that are on no list: where the event log has stopped a command, those about to give their pages back."""
    log = allocator.log
    if log is None or not log.stopped:
        return []
    found: list[ListedSlab] = []
    for slab in allocator.slab_of:
        if not isinstance(slab, ListedSlab) or slab.cache is not cache or (found and found[-1] is slab):
            continue
        if slab.which == NONE and slab.inuse == 0:
            found.append(slab)
    return found


def check_arrays(allocator: SlabAllocator, cache: SlabCache) -> set[int]:
    """Arrays hold distinct objects that no slab has free; returns their addresses."""
    parked: set[int] = set()
    for array in cache.all_arrays():
        held = array.held()
        around = [cache.name, int(array.avail), int(array.limit), held]
        require(0 <= array.avail <= array.limit, "an array holds no more than its limit", around)
        for address in held:
            require(address not in parked, "an object is in one array, once", around)
            parked.add(address)
            slab = allocator.slab_of[address >> PAGE_SHIFT]
            require(slab is not None and slab.cache is cache, "an array holds objects of its cache", around)
            if slab is not None:
                number, rest = divmod(address - int(slab.s_mem), int(cache.size))
                good = rest == 0 <= number < cache.objects and slab.link[number] == PARKED
                require(good, "what an array holds is an object that is free, and not its slab's", around)
    return parked


def check_slab(allocator: SlabAllocator, slab: ListedSlab, parked: set[int]) -> None:
    """Each object is in use, in an array, or on the slab's chain once; the slab has its pages and fits into them."""
    cache = slab.cache
    around = [cache.name, int(slab.number), int(slab.pfn), list(map(int, slab.link)), int(slab.freelist), int(slab.inuse)]
    pages = allocator.pages
    stopped = allocator.log is not None and allocator.log.stopped
    require(pages.used_order[slab.pfn] == cache.order and pages.user[slab.pfn] == SLAB, "a slab has its pages", around)
    inside = slab.base <= slab.s_mem and slab.s_mem + cache.objects * cache.size <= slab.base + (PAGE_SIZE << cache.order)
    require(inside, "objects lie in the slab's pages", [*around, slab.s_mem])
    chain = slab.chain(slab.freelist)
    require(len(set(chain)) == len(chain) == cache.objects - slab.inuse, "inuse + free = num", around)
    for number in range(cache.objects):
        link = slab.link[number]
        address = int(slab.s_mem + number * cache.size)
        in_hand = stopped and link == PARKED and address not in parked  # stopped before it reached its array
        require(in_hand or (link == PARKED) == (address in parked), "what is parked is in an array", [*around, number])
        require((link >= NONE) == (number in chain), "what is free is on the chain", [*around, number])
        if slab.has_owners and slab.owners[number] != NONE:
            require(link == IN_USE, "only an object in use has an owner", [*around, number])
