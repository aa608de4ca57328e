"""How many objects fit into a slab of SLAB, where its descriptor stands, and what is left for colours.

Two forms. `layout_6_1` is facts 2.10, which every recorded row of kind slab-geometry pins: there an object's number takes a
byte of a free list. `layout_2_6` is mm/slab.c of 2.6.23 and 2.6.24 (cache_estimate, calculate_slab_order,
kmem_cache_create), on which there is no recording: a `struct slab` and four bytes an object (kmem_bufctl_t). It is
recollection, all of it. Limits of the array caches are the same in both (enable_cpucache).
"""

from __future__ import annotations

from typing import Final

from .geometry import DESTROY_BY_RCU, HWCACHE_ALIGN, RECLAIM_ACCOUNT, round_up
from .types import CACHE_LINE, MAX_ORDER, PAGE_SIZE, POINTER

INSIDE: Final = "inside"  # the free list stands in an object that is free itself (6.1)
OFF_SLAB: Final = "off"  # in memory of its own, from kmalloc
ON_SLAB: Final = "on"  # in the slab's own pages

BREAK_ORDER: Final = 1  # slab_break_gfp_order where there are more than 32 MiB: higher only if nothing fits
STRUCT_SLAB: Final = 48  # bytes of struct slab on x86-64: list, colouroff, s_mem, inuse, free, nodeid
BUFCTL: Final = 4  # bytes of kmem_bufctl_t
SHARED: Final = 8  # batches that the shared array holds where there is more than one cpu


class SlabLayout:
    """What a cache of SLAB is created with.

    Attributes:
        size: bytes from object to object, what one is charged.
        order: a slab is 2**order pages; objects: how many it holds, 0 if no order will do.
        where: INSIDE, OFF_SLAB or ON_SLAB.
        descriptor: bytes of descriptor and free list, in front of the objects (ON_SLAB) or in kmalloc (OFF_SLAB).
        left_over: bytes of a slab that nothing uses.
        colour, colour_off: how many offsets slabs begin at in turn, and the bytes between two.
    """

    __slots__ = ("colour", "colour_off", "descriptor", "left_over", "objects", "order", "size", "where")

    def __init__(
        self, size: int, order: int, objects: int, where: str, descriptor: int, left_over: int, colour_off: int
    ) -> None:
        self.size = size
        self.order = order
        self.objects = objects
        self.where = where
        self.descriptor = descriptor
        self.left_over = left_over
        self.colour_off = colour_off
        self.colour = left_over // colour_off


def buffer_size(objsize: int, align: int, flags: int) -> tuple[int, int]:
    """Return an object's bytes with padding, and its alignment: halves of a cache line for small objects (recollection)."""
    ralign = POINTER
    if flags & HWCACHE_ALIGN:
        ralign = CACHE_LINE
        while objsize <= ralign // 2:
            ralign //= 2
    ralign = max(ralign, align, POINTER)
    return round_up(round_up(objsize, POINTER), ralign), ralign


def array_limits(size: int, nr_cpus: int) -> tuple[int, int, int]:
    """Return limit, batchcount and shared of the array caches for objects of `size` bytes (enable_cpucache, facts 2.10)."""
    if size > 131072:
        limit = 1
    elif size > PAGE_SIZE:
        limit = 8
    elif size > 1024:
        limit = 24
    elif size > 256:
        limit = 54
    else:
        limit = 120
    return limit, (limit + 1) // 2, SHARED if size <= PAGE_SIZE and nr_cpus > 1 else 0


def layout_6_1(size: int, objsize: int, flags: int, ctor: bool) -> SlabLayout:
    """Lay out a slab as 6.1 does (facts 2.10).

    Args:
        size: bytes from object to object.
        objsize: bytes the caller asked for: the list is inside an object if that has so many.
        flags: RECLAIM_ACCOUNT takes the first order that fits; DESTROY_BY_RCU keeps the list out of objects.
        ctor: so does a constructor.
    """
    for order in range(MAX_ORDER + 1):
        slab_bytes = PAGE_SIZE << order
        found = fit_6_1(size, objsize, slab_bytes, not ctor and not flags & DESTROY_BY_RCU)
        if found is None:
            continue
        where, num, descriptor, left_over = found
        if flags & RECLAIM_ACCOUNT or order >= BREAK_ORDER or left_over * 8 <= slab_bytes:
            return SlabLayout(size, order, num, where, descriptor, left_over, CACHE_LINE)
    return SlabLayout(size, 0, 0, ON_SLAB, 0, 0, CACHE_LINE)


def fit_6_1(size: int, objsize: int, slab_bytes: int, inside: bool) -> tuple[str, int, int, int] | None:
    """Try the three places for a free list, best first: (where, objects, bytes of list in the slab or off it, left over)."""
    num = slab_bytes // size
    if num == 0:
        return None
    left_over = slab_bytes - num * size
    if inside and num <= objsize:
        return INSIDE, num, 0, left_over
    if kmalloc_bucket(num) <= size // 2 and left_over < num:
        return OFF_SLAB, num, num, left_over
    num = slab_bytes // (size + 1)
    if num == 0:
        return None
    return ON_SLAB, num, num, slab_bytes - num * (size + 1)


def kmalloc_bucket(size: int) -> int:
    """Return the bytes that kmalloc takes for `size`."""
    if 64 < size <= 96:
        return 96
    if 128 < size <= 192:
        return 192
    return max(8, 1 << (size - 1).bit_length())


def layout_2_6(objsize: int, align: int, flags: int) -> SlabLayout:
    """Lay out a slab as 2.6.23 and 2.6.24 do (recollection).

    Objects of 512 bytes and more have their descriptor off the slab, unless it fits in what is left over there. It is so
    small then that it comes from a cache whose own descriptors are on the slab.
    """
    size, ralign = buffer_size(objsize, align, flags)
    off = size >= PAGE_SIZE >> 3
    colour_off = max(CACHE_LINE, ralign)
    best: tuple[int, int, int] | None = None
    for order in range(MAX_ORDER + 1):
        slab_bytes = PAGE_SIZE << order
        num = estimate(size, ralign, slab_bytes, off)
        if num == 0:
            continue
        if off and num > (size - STRUCT_SLAB) // BUFCTL:
            break  # its descriptor would be larger than an object: kmalloc might come back to this very cache
        left_over = slab_bytes - num * size - (0 if off else descriptor_bytes(num, ralign))
        best = (order, num, left_over)
        if flags & RECLAIM_ACCOUNT or order >= BREAK_ORDER or left_over * 8 <= slab_bytes:
            break
    if best is None:
        return SlabLayout(size, 0, 0, ON_SLAB, 0, 0, colour_off)
    order, num, left_over = best
    if off and left_over >= descriptor_bytes(num, ralign):
        off = False
        left_over -= descriptor_bytes(num, ralign)
    descriptor = STRUCT_SLAB + num * BUFCTL if off else descriptor_bytes(num, ralign)
    return SlabLayout(size, order, num, OFF_SLAB if off else ON_SLAB, descriptor, left_over, colour_off)


def descriptor_bytes(num: int, align: int) -> int:
    """Return the bytes in front of the objects: struct slab and the bufctl array, aligned as objects are (slab_mgmt_size)."""
    return round_up(STRUCT_SLAB + num * BUFCTL, align)


def estimate(size: int, align: int, slab_bytes: int, off: bool) -> int:
    """Count the objects that fit (cache_estimate)."""
    if off:
        return slab_bytes // size
    num = max(0, slab_bytes - STRUCT_SLAB) // (size + BUFCTL)
    while num and descriptor_bytes(num, align) + num * size > slab_bytes:
        num -= 1
    return num
