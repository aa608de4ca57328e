"""SLUB, what an administrator starts: create, flush, shrink, destroy, and a cpu that dies. mm/slub.c 2.6.23/24, facts 2.5."""

from __future__ import annotations

import errno
from typing import Final

from .allocator import Allocator
from .errors import KernelError, invalid
from .geometry import ACCOUNT, OrderLimits, calculate_sizes
from .kmem_cache import KmemCache, Slab
from .merge import add_alias, find_mergeable
from .slub import Slub
from .types import MAX_OBJECT, NONE, i64

LARGEST_DEBUGGED: Final = 65535 * 8  # page->offset had 16 bits, counted in words: larger objects are not debugged
LIST_HEAD: Final = 16  # bytes of a struct list_head: what shrink sorts slabs into


def kmem_cache_create(
    slub: Slub,
    name: str,
    size: int,
    align: int = 0,
    flags: int = 0,
    ctor: bool = False,
    limits: OrderLimits | None = None,
    family: int = 0,
    cpu: i64 = 0,
) -> KmemCache:
    """Make a cache of objects of `size` bytes, or find the one it merges with (its name is then another).

    It takes no page until its first object; where records are simulated memory, one for its own record.

    Raises:
        KernelError: EINVAL for a bad name, for a size that is not in 1 .. 4 MiB, or one that no order of slab can hold;
            EEXIST for a name that is taken; ENOMEM for no record. The kernel panics or returns NULL here.
    """
    if not name or "/" in name or "\n" in name or "\0" in name:
        raise invalid(f"a cache cannot be called {name!r}: no slash, newline or empty name")
    if any(cache.name == name or name in cache.aliases for cache in slub.caches):
        raise KernelError(errno.EEXIST, f"there is a cache called {name} already")
    if size < 1 or size > MAX_OBJECT or align < 0:
        raise invalid(f"objects of {size} bytes, aligned to {align}: the size must be 1 to {MAX_OBJECT}")
    if name in slub.account:
        flags |= ACCOUNT
    if family == 0:
        twin = find_mergeable(slub, size, align, flags, ctor)
        if twin is not None:
            add_alias(twin, name, size)
            return twin
    if slub.debug and name.startswith(slub.debug_cache) and size < LARGEST_DEBUGGED:
        flags |= slub.debug_flags
    geometry = calculate_sizes(size, flags, align, ctor, limits or OrderLimits(), slub.debug)
    if geometry.objects == 0:
        raise invalid(f"no slab of any order holds an object of {geometry.size} bytes")
    cache = KmemCache(name, geometry, flags, align, ctor, slub.nr_cpus, family, slub.debug)
    if slub.full_lists:
        cache.full = []
    if slub.kmalloc is not None and family == 0:
        cache.metadata = slub.kmalloc(slub.record_size, cpu)
        if cache.metadata == NONE:
            raise KernelError(errno.ENOMEM, f"no memory for the record of {name}")
    slub.caches.insert(0, cache)
    return cache


def deactivate(slub: Slub, cache: KmemCache, cpu: i64, caller: i64) -> None:
    """Make a cpu let go of its slab (`deactivate_slab`, called from `flush_slab`).

    The cpu's own list goes back object by object, so it ends up reversed and in front of what others freed. Then: a slab
    with objects and room goes to the *head* of the partial list; a full one on no list; an empty one to the *tail* while
    the list has fewer than MIN_PARTIAL slabs, else its pages go back.
    """
    c = cache.cpu_slab[cpu]
    slab = c.slab
    if slab is None:
        return
    number = c.freelist
    while number != NONE:
        after: int = slab.link[number]
        before: int = slab.freelist
        slab.link[number] = before
        slab.freelist = number
        slab.inuse -= 1
        number = after
    c.freelist = NONE
    c.slab = None
    slab.frozen = False
    if slab.inuse == 0:
        if cache.nr_partial < slub.min_partial:
            cache.add_partial(slab, True)
        else:
            slub.discard(slab, caller)
    elif slab.freelist != NONE:
        cache.add_partial(slab, False)
    else:
        cache.add_full(slab)


def flush_all(slub: Slub, cache: KmemCache, caller: i64) -> None:
    """Make every cpu let go: the others in ascending order, the caller last (the recordings' order; hardware has none)."""
    for cpu in range(slub.nr_cpus):
        if cpu != caller:
            deactivate(slub, cache, cpu, caller)
    deactivate(slub, cache, caller, caller)


def kmem_cache_shrink(slub: Slub, cache: KmemCache, caller: i64) -> None:
    """Give empty slabs back and sort the partial list, fullest first (`kmem_cache_shrink`).

    Equal ones come out in reversed order, because each is put in *front* of those with as many objects.
    """
    buckets: i64 = NONE
    if slub.kmalloc is not None:
        buckets = slub.kmalloc(cache.objects * LIST_HEAD, caller)
        if buckets == NONE:
            raise KernelError(errno.ENOMEM, f"no memory to sort the slabs of {cache.name}")
    flush_all(slub, cache, caller)
    # A count that somebody's overwriting upset may be above the objects there are, by as many as there are at most.
    by_inuse: list[list[Slab]] = [[] for _ in range(2 * cache.objects + 1)]
    for slab in cache.partial_list():
        if slab.inuse == 0:
            cache.remove_partial(slab)
            slub.discard(slab, caller)
        else:
            by_inuse[slab.inuse].append(slab)
    for slabs in reversed(by_inuse):
        for slab in reversed(slabs):
            cache.remove_partial(slab)
            cache.add_partial(slab, True)
    if slub.kfree is not None:
        slub.kfree(buckets, caller)


def kmem_cache_destroy(slub: Slub, cache: KmemCache, caller: i64) -> int:
    """Drop a reference and, with the last one, the cache (`kmem_cache_destroy`). Returns the references left.

    Raises:
        KernelError: EBUSY, if it was the last one and objects are in use. The kernel prints a stack and leaks the slabs;
            kmemlab's choice is to refuse and change nothing. kmalloc caches are refused too (EINVAL).
    """
    if cache.family and cache.refcount == 1:
        raise invalid(f"{cache.name} is one of the kernel's own: it cannot be destroyed")
    if cache.refcount == 1:
        live = live_objects(slub, cache)
        if live:
            raise KernelError(errno.EBUSY, f"{cache.name} still has {live} objects in use")
        given_up = sum(len(slab.debug.lost) for slab in slabs_of(slub, cache) if slab.debug is not None)
        if given_up:
            raise KernelError(errno.EBUSY, f"SLUB_DEBUG has given up {given_up} objects of {cache.name}: their slabs cannot go")
    cache.refcount -= 1
    if cache.refcount == 0:
        slub.caches.remove(cache)
        flush_all(slub, cache, caller)
        for slab in cache.partial_list():
            cache.remove_partial(slab)
            slub.discard(slab, caller)
        if slub.kfree is not None:
            slub.kfree(cache.metadata, caller)
    return cache.refcount


def cpu_dead(slub: Slub, cpu: i64, caller: i64) -> None:
    """Take a dead cpu's slabs away, from every cache, the newest first (`slab_cpuup_callback`)."""
    for cache in slub.caches:
        deactivate(slub, cache, cpu, caller)


def slabs_of(slub: Allocator, cache: KmemCache) -> list[Slab]:
    """List every slab of a cache, by address. The kernel cannot do this: it walks all of memory to find full slabs."""
    found: list[Slab] = []
    pfn: i64 = 0
    left = cache.nr_slabs
    for slab in slub.slab_of:
        if left == 0:
            break
        if slab is not None and slab.cache is cache and slab.pfn == pfn:
            found.append(slab)
            left -= 1
        pfn += 1
    return found


def live_objects(slub: Allocator, cache: KmemCache) -> int:
    """Count the objects that somebody has, in slabs on and off lists."""
    return sum(slab.live() for slab in slabs_of(slub, cache))
