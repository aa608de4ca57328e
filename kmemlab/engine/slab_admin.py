"""SLAB, what an administrator or a timer starts: create, drain, reap, shrink, destroy, a cpu that dies, accounting off.

mm/slab.c 2.6.23/24, from recollection. `account_off` is kmemlab's own: what the letter says SLUB cannot do.
"""

from __future__ import annotations

import errno

from .errors import KernelError, invalid
from .kmem_cache import KMALLOC
from .notify import SlabListener, SlabNotifier
from .slab import SlabAllocator
from .slab_cache import ArrayCache, SlabCache
from .slab_geometry import layout_2_6
from .types import IN_USE, MAX_OBJECT, NONE, i64


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
        assert slab is not None
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
    for cache in allocator.caches:
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
    for cache in allocator.caches:
        array = cache.arrays[dead]
        allocator.free_block(cache, array, array.avail, cpu)


def live_objects(cache: SlabCache) -> int:
    """Count the objects that somebody has; those in arrays nobody has."""
    return sum(slab.live() for slab in cache.reachable())


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


class SizeCaches:
    """The caches behind kmalloc, "size-32" and up (kmalloc_sizes.h for 64-byte lines: 192, and no 96).

    Attributes:
        caches: size of a cache -> the cache.
    """

    __slots__ = ("allocator", "caches")

    def __init__(self, allocator: SlabAllocator, largest: int = 131072) -> None:
        self.allocator = allocator
        self.caches: dict[int, SlabCache] = {}
        size = 32
        while size <= largest:
            self.caches[size] = kmem_cache_create(allocator, f"size-{size}", size, align=64, family=KMALLOC)
            if size == 128:
                self.caches[192] = kmem_cache_create(allocator, "size-192", 192, align=64, family=KMALLOC)
            size *= 2
        allocator.kmalloc = self.kmalloc
        allocator.kfree = self.kfree

    def kmalloc(self, size: int, cpu: int) -> int:
        """Take `size` bytes; the address, or NONE.

        Raises:
            KernelError: EINVAL for a size that no cache has.
        """
        for each in sorted(self.caches):
            if 1 <= size <= each:
                return self.allocator.kmem_cache_alloc(self.caches[each], cpu)
        raise invalid(f"kmalloc({size}): the size must be 1 to {max(self.caches)} bytes")

    def kfree(self, address: int, cpu: int) -> None:
        """Give back what kmalloc gave; NONE is nothing to give back.

        Raises:
            KernelError: EINVAL, as `SlabAllocator.find` says.
        """
        if address != NONE:
            self.allocator.kmem_cache_free(address, cpu)
