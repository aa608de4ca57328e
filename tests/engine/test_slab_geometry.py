"""A slab of SLAB: which order, how many objects, where its descriptor stands, and how many colours are left."""

from __future__ import annotations

import pytest

from kmemlab.engine.geometry import DESTROY_BY_RCU, HWCACHE_ALIGN, RECLAIM_ACCOUNT
from kmemlab.engine.slab_geometry import INSIDE, OFF_SLAB, ON_SLAB, array_limits, descriptor_bytes, layout_2_6, layout_6_1
from kmemlab.engine.types import PAGE_SIZE


@pytest.mark.parametrize(
    ("size", "objsize", "flags", "ctor", "where", "order", "objects"),
    [
        (256, 256, 0, False, INSIDE, 0, 16),
        (64, 56, 0, False, ON_SLAB, 0, 63),  # fs_cache: 64 objects do not find room in 56 bytes
        (32, 32, 0, False, ON_SLAB, 0, 124),
        (704, 704, RECLAIM_ACCOUNT, True, ON_SLAB, 0, 5),  # sock_inode_cache takes the first order
        (704, 704, 0, True, ON_SLAB, 1, 11),  # shmem_inode_cache does not: 5 of 704 waste over an eighth of a page
        (2048, 2048, 0, True, OFF_SLAB, 0, 2),  # a page is two objects, and nothing is left for a list
        (2112, 2112, DESTROY_BY_RCU, True, ON_SLAB, 1, 3),
    ],
)
def test_the_layout_of_6_1(size: int, objsize: int, flags: int, ctor: bool, where: str, order: int, objects: int) -> None:
    made = layout_6_1(size, objsize, flags, ctor)
    assert (made.where, made.order, made.objects) == (where, order, objects)


@pytest.mark.parametrize(
    ("size", "limits"), [(8, (120, 60)), (256, (120, 60)), (257, (54, 27)), (1025, (24, 12)), (4097, (8, 4)), (131073, (1, 1))]
)
def test_larger_objects_have_shorter_array_caches(size: int, limits: tuple[int, int]) -> None:
    assert array_limits(size, 1) == (*limits, 0)
    assert array_limits(size, 2) == (*limits, 8 if size <= 4096 else 0)


@pytest.mark.parametrize("flags", [0, HWCACHE_ALIGN, RECLAIM_ACCOUNT])
def test_everything_in_a_slab_of_2_6_fits_and_the_rest_is_colours(flags: int) -> None:
    for objsize in range(1, 9000, 7):
        made = layout_2_6(objsize, 0, flags)
        on = made.descriptor if made.where == ON_SLAB else 0
        assert on + made.objects * made.size + made.left_over == PAGE_SIZE << made.order, objsize
        assert made.objects > 0 and made.left_over >= 0 and made.colour * made.colour_off <= made.left_over


def test_large_objects_have_their_descriptor_off_the_slab_unless_it_fits_in_what_is_left() -> None:
    assert layout_2_6(504, 0, 0).where == ON_SLAB
    off = layout_2_6(512, 0, 0)
    assert (off.where, off.objects, off.left_over) == (OFF_SLAB, 8, 0)
    moved = layout_2_6(960, 0, HWCACHE_ALIGN)
    assert (moved.where, moved.objects) == (ON_SLAB, 4)
    assert moved.descriptor == descriptor_bytes(4, 64)


def test_a_descriptor_off_the_slab_comes_from_a_cache_whose_own_are_on_it() -> None:
    off = [made for made in (layout_2_6(size, 0, 0) for size in range(8, 1 << 18, 8)) if made.where == OFF_SLAB]
    assert off
    assert all(layout_2_6(made.descriptor, 0, HWCACHE_ALIGN).where == ON_SLAB for made in off)
