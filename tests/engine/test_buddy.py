"""The zone of buddy blocks (mm/page_alloc.c 2.6.23, facts 3), against rules and against a set of pages."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab.engine.buddy import SLAB, STACK, PageSource, Zone
from kmemlab.engine.errors import KernelError
from kmemlab.engine.lowest_run import LowestRun
from kmemlab.engine.types import NONE

from .machines import errno_of


def blocks(zone: PageSource) -> dict[int, list[int]]:
    """The free lists that are not empty."""
    return {order: [int(pfn) for pfn in pfns] for order, pfns in enumerate(zone.free_blocks()) if pfns}


def test_memory_starts_as_the_largest_blocks_that_fit_the_highest_at_the_head() -> None:
    assert blocks(Zone(2048)) == {10: [1024, 0]}
    assert blocks(Zone(1024 + 4 + 1)) == {10: [0], 2: [1024], 0: [1028]}


def test_a_block_is_halved_until_it_fits_and_the_upper_halves_stay() -> None:
    zone = Zone(16)
    assert zone.alloc_pages(0, SLAB) == 0
    assert blocks(zone) == {0: [1], 1: [2], 2: [4], 3: [8]}
    assert zone.split_from == 4


def test_the_smallest_block_that_is_large_enough_is_taken_from_the_head_of_its_list() -> None:
    zone = Zone(16)
    a, b, c = (zone.alloc_pages(1, SLAB) for _ in range(3))
    zone.free_pages(a, 1)
    assert blocks(zone) == {1: [a, 6], 3: [8]}
    assert (zone.alloc_pages(1, SLAB), zone.split_from) == (a, 1)
    assert (b, c) == (2, 4)


def test_a_freed_block_joins_its_buddy_for_as_long_as_that_is_free_and_whole() -> None:
    zone = Zone(16)
    pages = [zone.alloc_pages(0, SLAB) for _ in range(3)]
    zone.free_pages(pages[0], 0)
    zone.free_pages(pages[2], 0)
    assert blocks(zone) == {0: [0], 1: [2], 2: [4], 3: [8]}
    zone.free_pages(pages[1], 0)
    assert blocks(zone) == {4: [0]}


@pytest.mark.parametrize(("order", "first", "second"), [(0, 1, 2), (0, 2, 1), (0, 5, 6), (0, 6, 5), (1, 2, 4), (1, 4, 2)])
def test_two_neighbours_that_are_no_buddies_do_not_join(order: int, first: int, second: int) -> None:
    zone = Zone(8)
    for _ in range(8 >> order):
        zone.alloc_pages(order, SLAB)
    zone.free_pages(first, order)
    zone.free_pages(second, order)
    assert blocks(zone) == {order: [second, first]}


@pytest.mark.parametrize("free_half", [0, 1])
@pytest.mark.parametrize("freed", [0, 2])
def test_a_buddy_that_is_free_at_a_lower_order_only_is_not_joined(freed: int, free_half: int) -> None:
    zone = Zone(4)
    pairs = [zone.alloc_pages(1, SLAB), zone.alloc_pages(1, SLAB)]
    assert pairs == [0, 2]
    other = 2 - freed
    zone.free_pages(other, 1)
    assert (zone.alloc_pages(0, SLAB), zone.alloc_pages(0, SLAB)) == (other, other + 1)
    half = other + free_half
    zone.free_pages(half, 0)
    zone.free_pages(freed, 1)
    assert blocks(zone) == {0: [half], 1: [freed]}


def test_memory_that_ends_in_the_middle_has_no_buddy_behind_its_end() -> None:
    zone = Zone(3)
    assert [zone.alloc_pages(0, SLAB) for _ in range(3)] == [2, 0, 1]
    zone.free_pages(2, 0)
    assert blocks(zone) == {0: [2]}


def test_what_is_left_over_cannot_serve_a_larger_order() -> None:
    zone = Zone(4)
    for _ in range(4):
        zone.alloc_pages(0, SLAB)
    for pfn in (1, 2):
        zone.free_pages(pfn, 0)
    before = (zone.free_blocks(), zone.runs_in_use())
    assert zone.alloc_pages(1, SLAB) == NONE
    assert (zone.free_blocks(), zone.runs_in_use(), zone.nr_free) == (*before, 2)


def test_an_order_above_ten_is_never_served() -> None:
    assert Zone(4096).alloc_pages(11, SLAB) == NONE


@pytest.mark.parametrize(("pfn", "order"), [(0, 1), (1, 0), (2, 0), (-1, 0), (16, 0), (99, 0)])
@pytest.mark.parametrize("source", [Zone, LowestRun])
def test_a_run_that_is_not_in_use_at_this_order_cannot_be_given_back(
    source: type[Zone] | type[LowestRun], pfn: int, order: int
) -> None:
    pages = source(16)
    pages.alloc_pages(0, SLAB)
    before = (pages.free_blocks(), pages.runs_in_use(), pages.nr_free)
    assert errno_of(pages.free_pages, pfn, order) == errno.EINVAL
    assert (pages.free_blocks(), pages.runs_in_use(), pages.nr_free) == before


def test_giving_a_run_back_twice_is_refused() -> None:
    zone = Zone(16)
    pfn = zone.alloc_pages(2, STACK)
    zone.free_pages(pfn, 2)
    with pytest.raises(KernelError, match="no run of order 2 in use starts at page 0"):
        zone.free_pages(pfn, 2)


def test_the_recordings_page_source_takes_the_lowest_aligned_run() -> None:
    pages = LowestRun(16)
    assert [pages.alloc_pages(order, SLAB) for order in (0, 1, 0, 2, 1)] == [0, 2, 1, 4, 8]
    pages.free_pages(2, 1)
    assert pages.alloc_pages(0, SLAB) == 2
    assert pages.alloc_pages(1, SLAB) == 10
    assert pages.alloc_pages(3, SLAB) == NONE


def test_buddyinfo_has_the_columns_of_the_kernel() -> None:
    zone = Zone(16)
    zone.alloc_pages(0, SLAB)
    assert zone.buddyinfo() == "Node 0, zone   Normal " + "".join(f"{n:6d} " for n in (1, 1, 1, 1, *[0] * 7)) + "\n"


STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 63)), min_size=10, max_size=80)


@pytest.mark.parametrize("source", [Zone, LowestRun])
@settings(max_examples=150)
@given(steps=STEPS)
def test_whatever_is_taken_and_given_back_pages_are_a_set(
    source: type[Zone] | type[LowestRun], steps: list[tuple[bool, int, int]]
) -> None:
    pages = source(61)
    free, runs = set(range(61)), dict[int, int]()
    for take, order, pick in steps:
        if take:
            pfn = int(pages.alloc_pages(order, SLAB))
            fits = [at for at in range(0, 61, 1 << order) if set(range(at, at + (1 << order))) <= free]
            assert (pfn in fits) if fits else pfn == NONE
            if fits:
                free -= set(range(pfn, pfn + (1 << order)))
                runs[pfn] = order
        elif runs:
            pfn = sorted(runs)[pick % len(runs)]
            pages.free_pages(pfn, runs[pfn])
            free |= set(range(pfn, pfn + (1 << runs.pop(pfn))))
        assert pages.nr_free == len(free)
        assert pages.runs_in_use() == [[pfn, runs[pfn], SLAB] for pfn in sorted(runs)]
    if source is Zone:
        listed = [page for order, pfns in blocks(pages).items() for pfn in pfns for page in range(pfn, pfn + (1 << order))]
        assert sorted(listed) == sorted(free)
    again = source(61)
    again.restore(pages.free_blocks(), pages.runs_in_use())
    assert (again.free_blocks(), again.runs_in_use(), again.nr_free) == (
        pages.free_blocks(),
        pages.runs_in_use(),
        pages.nr_free,
    )


@settings(max_examples=150)
@given(steps=STEPS)
def test_when_everything_is_given_back_the_zone_has_merged_to_what_it_was(steps: list[tuple[bool, int, int]]) -> None:
    zone = Zone(64)
    runs: list[tuple[int, int]] = []
    for take, order, pick in steps:
        if take:
            pfn = int(zone.alloc_pages(order, SLAB))
            if pfn != NONE:
                runs.append((pfn, order))
        elif runs:
            zone.free_pages(*runs.pop(pick % len(runs)))
    for pfn, order in runs:
        zone.free_pages(pfn, order)
    assert blocks(zone) == {6: [0]}
