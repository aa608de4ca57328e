"""Debug flags of a cache that are switched while the machine runs: `red_zone`, `sanity_checks` and their like in /sys/slab."""

from __future__ import annotations

from .errors import invalid
from .geometry import OrderLimits, calculate_sizes
from .kmem_cache import DEBUGGED, KmemCache


def switch_flags(cache: KmemCache, flags: int) -> None:
    """Give a cache other flags, and lay its objects out anew where that makes them larger or smaller.

    Slabs that are there keep what they are: where the size changes there must be none.

    Raises:
        KernelError: EINVAL, if no slab can hold an object with them. Nothing has changed then.
    """
    geometry = calculate_sizes(cache.objsize, flags, cache.align, cache.ctor, OrderLimits(), True)
    if geometry.objects == 0:
        raise invalid(f"no slab of any order holds an object of {geometry.size} bytes")
    made = KmemCache(cache.name, geometry, flags, cache.align, cache.ctor, len(cache.cpu_slab), cache.family, True)
    cache.debug = cache.debug or bool(flags & DEBUGGED)  # slabs with the old flags may be left: each knows itself
    cache.flags = flags
    if (cache.full is None) != (made.full is None):
        cache.full = made.full
    cache.inuse = made.inuse
    cache.offset = made.offset
    cache.size = made.size
    cache.order = made.order
    cache.objects = made.objects
    cache.fresh_chain = made.fresh_chain


def any_slab_objects(cache: KmemCache) -> bool:
    """Say whether a cache has a slab, be it an empty one: then its layout cannot change (`any_slab_objects`)."""
    return cache.nr_slabs > 0
