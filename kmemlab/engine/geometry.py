"""How big an object really is, and how many fit into a slab: `calculate_sizes` and `calculate_order`, mm/slub.c 2.6.23/24.

The rules are facts 2.2 and 2.3; oracle rows of kind slub-geometry pin every one of them.
"""

from __future__ import annotations

from typing import Final

from .types import CACHE_LINE, PAGE_SHIFT, PAGE_SIZE, POINTER

# Flags of a cache, with the kernel's own values (include/linux/slab.h, 2.6.23).
DEBUG_FREE: Final = 0x100
RED_ZONE: Final = 0x400
POISON: Final = 0x800
HWCACHE_ALIGN: Final = 0x2000
CACHE_DMA: Final = 0x4000
STORE_USER: Final = 0x10000
RECLAIM_ACCOUNT: Final = 0x20000
PANIC: Final = 0x40000
DESTROY_BY_RCU: Final = 0x80000
TRACE: Final = 0x200000
ACCOUNT: Final = (
    0x4000000  # SLAB_ACCOUNT of 4.5 (recollection); 2007 had no such flag: kmemlab's boot word slab_account sets it
)

TRACK: Final = 24  # bytes of one tracking record: who allocated, who freed
MIN_ALIGN: Final = 8  # alignof(unsigned long long)
LAST_ORDER: Final = 11  # the kernel's MAX_ORDER: accepted here although no zone can serve it


class Geometry:
    """What `calculate_sizes` computes.

    Attributes:
        size: bytes from one object to the next: what an object is charged (`s->size`).
        objsize: bytes that the caller asked for.
        offset: where the free pointer stands in a free object.
        inuse: bytes up to the metadata.
        align: alignment that counts.
        order: a slab is 2**order pages; NONE if no order will do.
        objects: objects in a slab; 0 if the cache cannot be.
    """

    __slots__ = ("align", "inuse", "objects", "objsize", "offset", "order", "size")

    def __init__(self, objsize: int, inuse: int, offset: int, align: int, size: int, order: int) -> None:
        self.objsize = objsize
        self.inuse = inuse
        self.offset = offset
        self.align = align
        self.size = size
        self.order = order
        self.objects = (PAGE_SIZE << order) // size if order >= 0 else 0


class OrderLimits:
    """The boot options slub_min_order, slub_max_order and slub_min_objects."""

    __slots__ = ("max_order", "min_objects", "min_order")

    def __init__(self, min_order: int = 0, max_order: int = 1, min_objects: int = 4) -> None:
        self.min_order = min_order
        self.max_order = max_order
        self.min_objects = min_objects


def calculate_alignment(flags: int, align: int, objsize: int) -> int:
    """Return the alignment that counts, from the *unrounded* object size.

    HWCACHE_ALIGN asks for a cache line, and gets it only for objects larger than half of one.
    """
    if flags & HWCACHE_ALIGN and objsize > CACHE_LINE // 2:
        return max(align, CACHE_LINE)
    if align < MIN_ALIGN:
        return MIN_ALIGN
    return round_up(align, POINTER)


def round_up(value: int, align: int) -> int:
    """Round as the kernel's ALIGN does: by mask, so an align that is no power of two gives odd results."""
    return (value + align - 1) & ~(align - 1)


def calculate_sizes(objsize: int, flags: int, align: int, ctor: bool, limits: OrderLimits, debug: bool = False) -> Geometry:
    """Lay out one object and choose the order of its slabs.

    Args:
        objsize: bytes that the caller wants, 1 or more.
        flags: the cache's flags; RED_ZONE and STORE_USER count in a SLUB_DEBUG build only.
        align: alignment that the caller wants, 0 for none.
        ctor: whether objects have a constructor, whose work a free pointer inside would spoil.
        limits: the boot options.
        debug: a kernel built with SLUB_DEBUG.

    Source: mm/slub.c 2.6.24, facts 2.2. 2.6.22 to 2.6.24 agree on every recorded row.
    """
    size = round_up(objsize, POINTER)
    if debug and flags & RED_ZONE and size == objsize:
        size += POINTER
    inuse = size
    offset = 0
    if ctor or flags & (DESTROY_BY_RCU | POISON):
        offset = size
        size += POINTER
    if debug and flags & STORE_USER:
        size += 2 * TRACK
    if debug and flags & RED_ZONE:
        size += POINTER
    effective = calculate_alignment(flags, align, objsize)
    size = round_up(size, effective)
    return Geometry(objsize, inuse, offset, effective, size, calculate_order(size, limits))


def calculate_order(size: int, limits: OrderLimits) -> int:
    """Choose the order of a slab: many objects first, little waste second, a small order third. -1: none will do.

    Source: mm/slub.c 2.6.24, facts 2.3. 2.6.23 also caps a slab at 65,535 objects, which no recorded row reaches.
    """
    min_objects = limits.min_objects
    while min_objects > 1:
        for fraction in (8, 4):
            order = slab_order(size, min_objects, limits.min_order, limits.max_order, fraction)
            if order <= limits.max_order:
                return order
        min_objects //= 2
    order = slab_order(size, 1, limits.min_order, limits.max_order, 1)
    if order <= limits.max_order:
        return order
    order = slab_order(size, 1, limits.min_order, LAST_ORDER, 1)
    return order if order <= LAST_ORDER else -1


def slab_order(size: int, min_objects: int, min_order: int, max_order: int, fraction: int) -> int:
    """Find the first order that holds min_objects and wastes at most 1/fraction; max_order + 1 if there is none."""
    order = max(min_order, (min_objects * size - 1).bit_length() - PAGE_SHIFT)
    while order <= max_order:
        slab_bytes = PAGE_SIZE << order
        if slab_bytes >= min_objects * size and (slab_bytes % size) * fraction <= slab_bytes:
            return order
        order += 1
    return max_order + 1
