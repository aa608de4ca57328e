"""SLAB, what an administrator or a timer starts: create, drain, reap, shrink, destroy, a cpu that dies, accounting off.

mm/slab.c 2.6.23/24, from recollection. `account_off` is kmemlab's own: what the letter says SLUB cannot do.
"""

from __future__ import annotations

import errno
from typing import Final

from .container_input import plural
from .errors import KernelError, invalid
from .kmem_cache import KMALLOC, KmemCache
from .notify import SlabListener, SlabNotifier
from .slab import SlabAllocator
from .slab_cache import ArrayCache, ListedSlab, SlabCache
from .slab_geometry import layout_2_6
from .types import IN_USE, MAX_OBJECT, i64

MOST_LIMIT: Final = 8192  # objects an array may be tuned to hold; the kernel's end is what kmalloc can give


def slab_caches(allocator: SlabAllocator) -> list[SlabCache]:
    """List the caches as what they are, newest first."""
    return [cache for cache in allocator.caches if isinstance(cache, SlabCache)]


def kmem_cache_create(
    allocator: SlabAllocator, name: str, size: int, align: int = 0, flags: int = 0, ctor: bool = False, family: int = 0
) -> SlabCache:
    """Make a cache of objects of `size` bytes; SLAB never merges. It takes no page until its first object.

    Raises:
        KernelError: EINVAL for a bad name, for a size that is not in 1 .. 4 MiB, or an alignment below 0 or above a page;
            EEXIST for a name that is taken. The kernel dies here (BUG).
    """
    if not name or "/" in name or "\n" in name or "\0" in name:
        raise invalid(f"a cache cannot be called {name!r}: no slash, newline or empty name")
    if any(cache.name == name for cache in allocator.caches):
        raise KernelError(errno.EEXIST, f"there is a cache called {name} already")
    if size < 1 or size > MAX_OBJECT or align < 0 or align & (align - 1) or align > 4096:
        raise invalid(
            f"objects of {size} bytes, aligned to {align}: 1 to {MAX_OBJECT} bytes, aligned to a power of two to 4096"
        )
    layout = layout_2_6(size, align, flags)
    if layout.objects == 0:
        raise invalid(f"no slab of any order holds an object of {size} bytes")
    cache = SlabCache(name, size, layout, flags, align, ctor, allocator.nr_cpus, family)
    allocator.caches.insert(0, cache)
    return cache


def drain_cpu_caches(allocator: SlabAllocator, cache: SlabCache, cpu: i64) -> None:
    """Put what every array holds back into slabs: cpus in ascending order, then the shared array (`drain_cpu_caches`)."""
    for array in cache.all_arrays():
        allocator.free_block(cache, array, array.avail, cpu)


def drain_freelist(allocator: SlabAllocator, cache: SlabCache, most: int, cpu: i64) -> int:
    """Give up to `most` slabs of the free list back, the last first (`drain_freelist`); returns how many."""
    freed = 0
    while freed < most and cache.slabs_free.tail is not None:
        slab = allocator.slab_of[cache.slabs_free.tail.pfn]
        assert isinstance(slab, ListedSlab)
        cache.slabs_free.remove(slab)
        allocator.destroy(cache, slab, cpu)
        freed += 1
    return freed


def kmem_cache_shrink(allocator: SlabAllocator, cache: SlabCache, cpu: i64) -> bool:
    """Empty the arrays and give every free slab back (`__cache_shrink`). True if slabs are left: objects are in use."""
    drain_cpu_caches(allocator, cache, cpu)
    drain_freelist(allocator, cache, cache.nr_slabs, cpu)
    return cache.nr_slabs > 0


def drain_array(allocator: SlabAllocator, cache: SlabCache, array: ArrayCache, cpu: i64) -> None:
    """Take a fifth of its limit away from an array that was idle since the last time, the oldest first (`drain_array`)."""
    if array.touched:
        array.touched = False
    elif array.avail:
        count = (array.limit + 4) // 5
        if count > array.avail:
            count = (array.avail + 1) // 2
        allocator.free_block(cache, array, count, cpu)


def cache_reap(allocator: SlabAllocator, cpu: i64) -> None:
    """Do what each cpu did every two seconds: drain its idle arrays and the shared ones, and a fifth of the free slabs."""
    for cache in slab_caches(allocator):
        drain_array(allocator, cache, cache.arrays[cpu], cpu)
        if cache.shared is not None:
            drain_array(allocator, cache, cache.shared, cpu)
        if cache.free_touched:
            cache.free_touched = False
        else:
            drain_freelist(allocator, cache, (cache.free_limit + 5 * cache.objects - 1) // (5 * cache.objects), cpu)


def kmem_cache_destroy(allocator: SlabAllocator, cache: SlabCache, cpu: i64) -> None:
    """End a cache.

    Raises:
        KernelError: EBUSY with objects in use: the kernel drains the arrays, says so and keeps the cache; kmemlab's choice is
            to change nothing. EINVAL for a kmalloc cache.
    """
    if cache.family & KMALLOC:
        raise invalid(f"{cache.name} is one of the kernel's own: it cannot be destroyed")
    live = live_objects(cache)
    if live:
        raise KernelError(errno.EBUSY, f"{cache.name} still has {live} objects in use")
    kmem_cache_shrink(allocator, cache, cpu)
    allocator.caches.remove(cache)


def cpu_dead(allocator: SlabAllocator, dead: i64, cpu: i64) -> None:
    """Put what a dead cpu's arrays hold back into slabs (`cpuup_callback`). Limits stay (kmemlab's choice)."""
    for cache in slab_caches(allocator):
        array = cache.arrays[dead]
        allocator.free_block(cache, array, array.avail, cpu)


def do_tune_cpucache(allocator: SlabAllocator, cache: SlabCache, limit: int, batchcount: int, factor: int, cpu: i64) -> None:
    """Give a cache arrays of another size; what the old ones held goes back into slabs (`do_tune_cpucache`).

    The memory of the arrays themselves is not modelled.

    Raises:
        KernelError: EINVAL for numbers out of range. The kernel of the era took such a line and did nothing (recollection);
            that it says so is kmemlab's choice, and so is the upper end.
    """
    if not 1 <= batchcount <= limit <= MOST_LIMIT or not 0 <= factor * batchcount <= MOST_LIMIT:
        raise invalid(
            f"limit {limit}, batchcount {batchcount}, shared {factor}: batchcount is 1 to limit, limit and shared batches at "
            f"most {MOST_LIMIT:,} objects"
        )
    drain_cpu_caches(allocator, cache, cpu)
    cache.tune(limit, batchcount, factor)


def live_objects(cache: KmemCache) -> int:
    """Count the objects that somebody has; those in arrays nobody has."""
    return sum(slab.live() for slab in cache.reachable())


def off_slab(notifier: SlabNotifier, cache: SlabCache, listener: SlabListener, by_lists: bool) -> None:
    """Stop a listener's events, by the lists that SLAB has (Profile.off "full-list") or by the letter's rule ("empty").

    Raises:
        KernelError: EBUSY with objects in use, where the letter's rule holds, though its reason is SLUB alone.
    """
    live = live_objects(cache)
    if live and not by_lists:
        raise KernelError(
            errno.EBUSY,
            f"{cache.name} has {plural(live, 'object')} in use. SLAB could find them, since full slabs are on a list; the "
            "rule is the letter's: off only when the cache is empty (boot with off=full-list for the other way).",
        )
    account_off(notifier, cache, listener)


def account_off(notifier: SlabNotifier, cache: SlabCache, listener: SlabListener) -> int:
    """Stop a listener's events though objects are in use: it hears `free` of each, and then that it hears no more.

    SLAB can do this because full slabs are on a list; the rule "off only when empty" is SLUB's need (cover letter).
    kmemlab's own. Objects stay where they are, unpaid from now on; their later free tells nobody.

    Returns:
        How many objects in use the listener heard of; 0 if it did not listen.

    Raises:
        KernelError: ENOENT, if the listener never registered. Nothing has changed then.
    """
    if listener not in cache.listeners:
        notifier.switch(cache, listener, False)
        return 0
    told = 0
    for slab in cache.reachable():
        for number in range(cache.objects):
            if slab.link[number] == IN_USE:
                listener.free(slab, number)
                told += 1
    notifier.switch(cache, listener, False)
    return told
