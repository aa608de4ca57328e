"""The partial list: who joins it, where, and who is taken from it. Recorded (slub-2.6 5.3, 5.4); four objects a slab."""

from __future__ import annotations

import pytest

from .machines import Checked, held, partial


def full_slabs(machine: Checked, count: int) -> tuple[list[list[int]], list[int]]:
    """Slabs 0 .. count - 1 full, the next one the cpu's with one object. Returns the objects of each, and that one."""
    cache = machine.create("thing", 1024)
    slabs = [machine.take(cache, 4) for _ in range(count)]
    return slabs, machine.take(cache, 1)


@pytest.mark.parametrize(("slub", "order"), [("2.6.23", [2, 1, 0]), ("2.6.24", [0, 1, 2])])
def test_a_full_slab_that_loses_an_object_joins_the_head_in_23_and_the_tail_in_24(slub: str, order: list[int]) -> None:
    machine = Checked(slub=slub, caches=False)
    slabs, _ = full_slabs(machine, 3)
    for objects in slabs:
        machine.free(objects[0])
    assert partial(machine.machine.find_cache("thing")) == order


def test_a_slab_that_is_on_the_list_keeps_its_place_when_more_is_freed(bare: Checked) -> None:
    slabs, _ = full_slabs(bare, 3)
    cache = bare.machine.find_cache("thing")
    for objects in slabs:
        bare.free(objects[0])
    before = partial(cache)
    bare.free(slabs[1][1])
    assert partial(cache) == before


def test_the_first_of_the_list_is_taken_however_full_it_is(bare: Checked) -> None:
    slabs, _ = full_slabs(bare, 2)
    cache = bare.machine.find_cache("thing")
    bare.free(slabs[0][0])
    for address in slabs[1][:3]:
        bare.free(address)
    bare.take(cache, 3)  # the cpu's own slab is used up
    head = partial(cache)[0]
    assert bare.place(bare.alloc(cache))[0] == head
    assert held(cache)[0] == head
    assert head not in partial(cache)


def test_a_slab_from_the_list_hands_out_what_was_freed_last_first(bare: Checked) -> None:
    slabs, _ = full_slabs(bare, 1)
    cache = bare.machine.find_cache("thing")
    for slot in (2, 0, 3):
        bare.free(slabs[0][slot])
    bare.take(cache, 3)
    assert bare.places(bare.take(cache, 3)) == [(0, 3), (0, 0), (0, 2)]


def test_the_last_object_of_a_listed_slab_sends_its_pages_back_at_once(bare: Checked) -> None:
    slabs, _ = full_slabs(bare, 1)
    cache = bare.machine.find_cache("thing")
    free_pages = bare.machine.slub.pages.nr_free
    for address in slabs[0]:
        assert cache.nr_slabs == 2
        bare.free(address)
    assert (cache.nr_slabs, partial(cache)) == (1, [])
    assert bare.machine.slub.pages.nr_free == free_pages + 1


def test_a_slab_of_one_object_goes_back_without_ever_being_listed(bare: Checked) -> None:
    cache = bare.create("pages", 8192)
    first, _ = bare.take(cache, 2)
    bare.free(first)
    assert (cache.nr_slabs, partial(cache), held(cache)[0]) == (1, [], 1)


def test_a_slab_given_back_leaves_both_neighbours_on_the_list(bare: Checked) -> None:
    slabs, _ = full_slabs(bare, 3)
    cache = bare.machine.find_cache("thing")
    for objects in slabs:
        bare.free(objects[0])
    for address in slabs[1][1:]:
        bare.free(address)
    assert sorted(partial(cache)) == [0, 2]


def test_slab_numbers_are_never_used_again(bare: Checked) -> None:
    cache = bare.create("pages", 8192)
    first, _ = bare.take(cache, 2)
    bare.free(first)
    assert bare.place(bare.alloc(cache))[0] == 2
