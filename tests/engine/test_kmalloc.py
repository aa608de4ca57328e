"""kmalloc: which cache serves which size, and what goes to the page allocator (facts 2.4)."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.types import NONE, PAGE_SHIFT, ZERO_SIZE_PTR

from .machines import Checked, errno_of


@pytest.mark.parametrize(
    ("size", "cache"),
    [
        (1, 8),
        (8, 8),
        (9, 16),
        (33, 64),
        (64, 64),
        (65, 96),
        (96, 96),
        (97, 128),
        (128, 128),
        (129, 192),
        (192, 192),
        (193, 256),
        (256, 256),
        (257, 512),
        (1025, 2048),
        (2048, 2048),
    ],
)
def test_a_size_is_served_by_the_smallest_cache_that_holds_it(bare: Checked, size: int, cache: int) -> None:
    assert bare.slab(bare.kmalloc(size)).cache.name == f"kmalloc-{cache}"


@pytest.mark.parametrize(("size", "order"), [(2049, 0), (4096, 0), (4097, 1), (65536, 4), (4 << 20, 10)])
def test_2_6_24_hands_more_than_2048_bytes_to_the_page_allocator(size: int, order: int) -> None:
    machine = Checked(memory="8M", caches=False)
    address = machine.kmalloc(size)
    pages = machine.machine.slub.pages
    assert pages.runs_in_use() == [[address >> PAGE_SHIFT, order, 2]]
    machine.kfree(address)
    assert pages.runs_in_use() == []


@pytest.mark.parametrize("size", [2049, 4097, 4 << 20])
def test_2_6_23_has_caches_up_to_four_megabytes(size: int) -> None:
    machine = Checked(slub="2.6.23", memory="16M", caches=False)
    assert machine.slab(machine.kmalloc(size)).cache.size == 1 << (size - 1).bit_length()


def test_no_bytes_give_the_pointer_that_nobody_may_look_behind(bare: Checked) -> None:
    before = bare.machine.state_hash()
    assert bare.kmalloc(0) == ZERO_SIZE_PTR
    bare.kfree(ZERO_SIZE_PTR)
    assert bare.machine.state_hash() == before


@pytest.mark.parametrize("size", [-1, -4096, (4 << 20) + 1, 1 << 62])
def test_a_size_that_no_order_holds_is_refused(bare: Checked, size: int) -> None:
    before = bare.machine.state_hash()
    assert errno_of(bare.kmalloc, size) == errno.EINVAL
    assert bare.machine.state_hash() == before


def test_memory_that_is_used_up_gives_null() -> None:
    machine = Checked(memory="64K", caches=False)
    assert [machine.kmalloc(32768) >= 0 for _ in range(3)] == [True, True, False]
    assert machine.kmalloc(2048) == NONE


@pytest.mark.parametrize("wrong", ["twice", "inside", "in the first page", "stack", "free"])
def test_what_kmalloc_never_gave_cannot_be_given_back(wrong: str) -> None:
    machine = Checked()
    large = machine.kmalloc(8192)
    task = machine.machine.tasks.find(machine.fork())
    gone = machine.kmalloc(8192)
    machine.kfree(gone)
    bad = {
        "twice": gone,
        "inside": large + 4096,
        "in the first page": large + 8,
        "stack": int(task.stack) << PAGE_SHIFT,
        "free": 255 << PAGE_SHIFT,
    }[wrong]
    before = machine.machine.state_hash()
    assert errno_of(machine.kfree, bad) == errno.EINVAL
    assert machine.machine.state_hash() == before


def test_96_and_192_are_made_before_the_powers_of_two(bare: Checked) -> None:
    names = [cache.name for cache in bare.machine.slub.caches][::-1]  # the newest is at the head of slab_caches
    assert names[:5] == ["kmalloc-96", "kmalloc-192", "kmalloc-8", "kmalloc-16", "kmalloc-32"]


def test_freeing_null_does_nothing(bare: Checked) -> None:
    before = bare.machine.state_hash()
    bare.kfree(NONE)  # kfree, mm/slub.c 2.6.24: ZERO_OR_NULL_PTR returns at once
    assert bare.machine.state_hash() == before
