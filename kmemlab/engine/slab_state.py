"""SLAB as plain JSON values, and back: lists in their order, arrays in theirs, every chain."""

from __future__ import annotations

from typing import Any

from .slab import SlabAllocator
from .slab_admin import kmem_cache_create, slab_caches
from .slab_cache import FREE, FULL, PARTIAL, ListedSlab, SlabCache
from .types import NONE, i16, i32, vec


def slab_allocator_state(allocator: SlabAllocator) -> dict[str, Any]:
    """Describe pages, caches, arrays, lists, slabs and owners. Who listens is the notifier's, not told here."""
    return {
        "zone": {"free": allocator.pages.free_blocks(), "used": allocator.pages.runs_in_use()},
        "caches": [cache_state(allocator, cache) for cache in slab_caches(allocator)],
    }


def cache_state(allocator: SlabAllocator, cache: SlabCache) -> dict[str, Any]:
    """Describe one cache."""
    return {
        "name": cache.name,
        "objsize": cache.objsize,
        "align": cache.align,
        "flags": cache.flags,
        "ctor": cache.ctor,
        "family": cache.family,
        "births": int(cache.births),
        "colour_next": int(cache.colour_next),
        "free_objects": int(cache.free_objects),
        "free_touched": cache.free_touched,
        "tunables": list(cache.tunables()),
        "arrays": [[array.held(), array.touched] for array in cache.all_arrays()],
        "lists": [
            [slab_state(allocator, int(slab.pfn)) for slab in cache.list_of(which).slabs()] for which in (FULL, PARTIAL, FREE)
        ],
    }


def slab_state(allocator: SlabAllocator, pfn: int) -> dict[str, Any]:
    """Describe the slab that starts at a page."""
    slab = allocator.slab_of[pfn]
    assert isinstance(slab, ListedSlab)
    described: dict[str, Any] = {
        "number": int(slab.number),
        "pfn": pfn,
        "s_mem": int(slab.s_mem),
        "descriptor": int(slab.descriptor),
        "link": [int(link) for link in slab.link],
        "free": int(slab.freelist),
    }
    if slab.has_owners:
        described["owners"] = [int(owner) for owner in slab.owners]
        described["array"] = int(slab.array)
    return described


def restore_slab_allocator(allocator: SlabAllocator, saved: dict[str, Any]) -> None:
    """Become what `slab_allocator_state` said of an allocator with as many pages and cpus.

    Caches that are there stay the objects they are, with their listeners; others are made, and what is not named goes.
    """
    allocator.pages.restore(saved["zone"]["free"], saved["zone"]["used"])
    allocator.slab_of = [None] * allocator.pages.nr_pages
    there = {cache.name: cache for cache in slab_caches(allocator)}
    allocator.caches = []
    for each in reversed(saved["caches"]):  # a new cache goes in front
        kept = there.get(each["name"])
        kind = (each["objsize"], each["align"], each["flags"], each["ctor"])
        if kept is not None and (kept.objsize, kept.align, kept.flags, kept.ctor) == kind:
            cache = kept
            allocator.caches.insert(0, cache)
        else:
            cache = kmem_cache_create(allocator, each["name"], *kind, each["family"])
        restore_cache(allocator, cache, each)


def restore_cache(allocator: SlabAllocator, cache: SlabCache, saved: dict[str, Any]) -> None:
    """Fill a cache."""
    cache.births = saved["births"]
    cache.colour_next = saved["colour_next"]
    cache.free_objects = saved["free_objects"]
    cache.free_touched = saved["free_touched"]
    if list(cache.tunables()) != saved["tunables"]:
        limit, batchcount, factor = saved["tunables"]
        cache.tune(limit, batchcount, factor)
    for array, (held, touched) in zip(cache.all_arrays(), saved["arrays"], strict=True):
        array.avail = 0
        array.touched = touched
        for address in held:
            array.push(address)
    cache.nr_slabs = 0
    for which, slabs in zip((FULL, PARTIAL, FREE), saved["lists"], strict=True):
        on_list = cache.list_of(which)
        for old in on_list.slabs():
            old.after = old.before = None  # neighbours point at each other: taken apart, they go at once
        on_list.head = on_list.tail = None
        on_list.count = 0
        for each in slabs:
            slab = restore_slab(cache, each)
            cache.nr_slabs += 1
            allocator.claim(slab, slab)
            on_list.add(slab, True)


def restore_slab(cache: SlabCache, saved: dict[str, Any]) -> ListedSlab:
    """Make a slab as it was described."""
    slab = ListedSlab(cache, saved["pfn"])
    slab.number = saved["number"]
    slab.s_mem = saved["s_mem"]
    slab.descriptor = saved["descriptor"]
    slab.link = vec[i16](saved["link"])
    slab.freelist = saved["free"]
    slab.inuse = sum(1 for link in saved["link"] if link < NONE)
    if "owners" in saved:
        slab.owners = vec[i32](saved["owners"])
        slab.has_owners = True
        slab.array = saved["array"]
    return slab
