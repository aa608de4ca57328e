"""Sizes, orders, objects per slab. The recorded rows are checked in tests/verify; these say which rule is which (facts 2.2)."""

from __future__ import annotations

import pytest

from kmemlab.engine.geometry import (
    DESTROY_BY_RCU,
    HWCACHE_ALIGN,
    POISON,
    RED_ZONE,
    STORE_USER,
    OrderLimits,
    calculate_alignment,
    calculate_order,
    calculate_sizes,
    round_up,
)
from kmemlab.engine.machine import Machine

DEFAULT = OrderLimits()

# x86-64, compiled from the v2.6.23 headers: facts 2.7.
FACTS = [
    ("task_struct", 1824, 1824, 1, 4),
    ("sighand_cache", 2088, 2112, 1, 3),
    ("signal_cache", 704, 704, 1, 11),
    ("files_cache", 768, 768, 0, 5),
    ("fs_cache", 64, 64, 0, 64),
    ("mm_struct", 832, 832, 1, 9),
    ("vm_area_struct", 176, 176, 0, 23),
    ("anon_vma", 24, 32, 0, 128),
    ("filp", 216, 256, 0, 16),
    ("dentry", 208, 208, 0, 19),
    ("inode_cache", 536, 544, 0, 7),
    ("proc_inode_cache", 568, 576, 0, 7),
    ("ext3_inode_cache", 736, 744, 0, 5),
    ("shmem_inode_cache", 760, 768, 0, 5),
    ("sock_inode_cache", 616, 640, 0, 6),
    ("TCP", 1568, 1600, 1, 5),
    ("UDP", 760, 768, 0, 5),
    ("UNIX", 688, 704, 1, 11),
    ("skbuff_head_cache", 192, 192, 0, 21),
    ("mnt_cache", 208, 256, 0, 16),
    ("sigqueue", 160, 160, 0, 25),
    ("posix_timers_cache", 168, 168, 0, 24),
    ("file_lock_cache", 176, 184, 0, 22),
    ("fasync_cache", 24, 24, 0, 170),
    ("pid", 64, 64, 0, 64),
    ("buffer_head", 104, 104, 0, 39),
    ("uid_cache", 64, 64, 0, 64),
]


@pytest.mark.parametrize(("name", "objsize", "size", "order", "objects"), FACTS, ids=[row[0] for row in FACTS])
@pytest.mark.parametrize("slub", ["2.6.23", "2.6.24"])
def test_the_caches_of_the_machine_are_those_of_the_headers(
    slub: str, name: str, objsize: int, size: int, order: int, objects: int
) -> None:
    cache = Machine(slub=slub, memory="64K").find_cache(name)
    assert (cache.objsize, cache.size, cache.order, cache.objects) == (objsize, size, order, objects)


def test_no_cache_is_missing_from_the_table_above() -> None:
    made = {cache.name for cache in Machine(memory="64K").slub.caches if not cache.family}
    assert made == {row[0] for row in FACTS}


@pytest.mark.parametrize(
    ("objsize", "flags", "ctor", "offset", "size"),
    [
        (24, 0, False, 0, 24),  # the free pointer stands in the free object itself
        (24, 0, True, 24, 32),  # a constructor's work must not be overwritten
        (24, DESTROY_BY_RCU, False, 24, 32),  # nor what readers under RCU still look at
        (24, POISON, False, 24, 32),
        (20, 0, False, 0, 24),
        (1, 0, False, 0, 8),
    ],
)
def test_the_free_pointer_is_inside_or_behind_the_object(objsize: int, flags: int, ctor: bool, offset: int, size: int) -> None:
    made = calculate_sizes(objsize, flags, 0, ctor, DEFAULT)
    assert (made.offset, made.size, made.objsize) == (offset, size, objsize)


@pytest.mark.parametrize(
    ("flags", "align", "objsize", "effective"),
    [
        (HWCACHE_ALIGN, 0, 33, 64),
        (HWCACHE_ALIGN, 0, 32, 8),  # half a line or less: the wish is ignored in this era
        (HWCACHE_ALIGN, 128, 33, 128),
        (0, 0, 100, 8),
        (0, 4, 100, 8),
        (0, 12, 100, 16),
        (0, 16, 100, 16),
    ],
)
def test_the_alignment_that_counts(flags: int, align: int, objsize: int, effective: int) -> None:
    assert calculate_alignment(flags, align, objsize) == effective


def test_debug_fields_count_in_a_debug_build_only() -> None:
    flags = RED_ZONE | STORE_USER
    assert calculate_sizes(24, flags, 0, False, DEFAULT).size == 24
    assert calculate_sizes(24, flags, 0, False, DEFAULT, debug=True).size == 24 + 8 + 48 + 8
    assert calculate_sizes(20, RED_ZONE, 0, False, DEFAULT, debug=True).inuse == 24


def test_rounding_is_by_mask_so_an_odd_alignment_gives_odd_results() -> None:
    assert (round_up(13, 8), round_up(16, 8), round_up(25, 24)) == (16, 16, 48 & ~23)


@pytest.mark.parametrize(
    ("size", "order"),
    [
        (8, 0),
        (1024, 0),
        (1100, 1),  # three in a page would waste a fifth
        (2048, 1),
        (3000, 0),  # two in two pages would waste more than a quarter: one object, any waste
        (4096, 1),
        (5000, 1),
        (8192, 1),
        (8193, 2),
        (4 << 20, 10),
        ((4 << 20) + 1, 11),
        ((8 << 20) + 1, -1),
    ],
)
def test_the_order_of_a_slab(size: int, order: int) -> None:
    assert calculate_order(size, DEFAULT) == order


def test_boot_options_move_the_order() -> None:
    assert calculate_order(256, OrderLimits(min_order=1, max_order=3, min_objects=8)) == 1
    assert calculate_order(2048, OrderLimits(max_order=3, min_objects=8)) == 2
    assert calculate_order(2048, OrderLimits(max_order=0)) == 0


def test_what_no_order_can_hold_has_no_objects() -> None:
    assert calculate_sizes((8 << 20) + 1, 0, 0, False, DEFAULT).objects == 0
