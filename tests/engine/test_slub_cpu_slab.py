"""A cpu's own slab: who hands out which object. Rules as recorded (slub-2.6 5.3, 5.4); 1,024 bytes: four objects a slab."""

from __future__ import annotations

from kmemlab.engine.types import IN_USE, NONE

from .machines import Checked, held, partial


def test_a_cache_takes_no_page_before_its_first_object(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    assert cache.nr_slabs == 0
    assert bare.machine.slub.pages.nr_free == bare.machine.slub.pages.nr_pages


def test_a_new_slab_hands_its_objects_out_in_address_order(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    assert bare.places(bare.take(cache, 5)) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)]


def test_what_was_freed_last_on_a_cpu_is_handed_out_first(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    first, second, third = bare.take(cache, 3)
    for address in (second, third, first):
        bare.free(address)
    assert bare.take(cache, 4)[:3] == [first, third, second]


def test_each_cpu_works_in_a_slab_of_its_own(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    here, there = bare.alloc(cache, 0), bare.alloc(cache, 1)
    assert bare.places([here, there]) == [(0, 0), (1, 0)]
    assert held(cache) == [0, 1]


def test_the_kernel_counts_every_object_of_a_cpu_slab_as_used(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    slab = bare.slab(bare.alloc(cache))
    assert (slab.inuse, slab.live()) == (4, 1)


def test_what_another_cpu_frees_is_found_when_the_own_list_is_used_up_last_freed_first(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    one, two, three = bare.take(cache, 3)
    bare.free(one, cpu=1)
    bare.free(two, cpu=1)
    assert bare.slab(three).inuse == 2
    assert bare.places(bare.take(cache, 3)) == [(0, 3), (0, 1), (0, 0)]
    assert held(cache) == [0, None]


def test_a_slab_that_another_cpu_empties_stays_with_the_cpu_that_holds_it(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    for address in bare.take(cache, 4):
        bare.free(address, cpu=1)
    assert (held(cache), partial(cache), cache.nr_slabs) == ([0, None], [], 1)


def test_a_full_slab_is_on_no_list_and_nothing_leads_to_it(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    full = bare.slab(bare.take(cache, 5)[0])
    assert full not in cache.reachable()
    assert (full.frozen, full.listed, cache.nr_slabs, partial(cache)) == (False, False, 2, [])


def test_without_pages_the_caller_gets_null_and_the_cpu_holds_nothing() -> None:
    small = Checked(memory="64K", caches=False)
    cache = small.create("thing", 2048)
    assert NONE not in small.take(cache, 32)
    assert small.alloc(cache) == NONE
    assert held(cache) == [None]
    assert small.machine.slub.pages.nr_free == 0


def test_an_object_in_use_has_no_free_link_and_its_address_is_slot_times_size(bare: Checked) -> None:
    cache = bare.create("thing", 200)
    address = bare.take(cache, 3)[2]
    slab = bare.slab(address)
    assert address == slab.base + 2 * cache.size == slab.base + 400
    assert [int(link) == IN_USE for link in slab.link].count(True) == 3


def test_what_memory_gives_back_whole_is_taken_again_by_another_cache(bare: Checked) -> None:
    first, second = bare.create("thing", 1024), bare.create("other", 512)
    taken = bare.take(first, 5)
    page = bare.slab(taken[0]).pfn
    for address in taken[:4]:
        bare.free(address)
    assert bare.slab(bare.alloc(second)).pfn == page
