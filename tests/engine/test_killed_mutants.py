"""What mutants (tests/mutants) survived until these were written."""

from __future__ import annotations

from kmemlab.engine.buddy import SLAB, Zone
from kmemlab.engine.kmem_cache import KmemCache, Slab
from kmemlab.engine.notify import SlabListener
from kmemlab.engine.types import NONE

from .machines import Checked, partial


def blocks(zone: Zone) -> dict[int, list[int]]:
    """The free lists that are not empty."""
    return {order: [int(pfn) for pfn in pfns] for order, pfns in enumerate(zone.free_blocks()) if pfns}


def again(machine: Checked) -> Checked:
    """Another machine, restored from this one's state."""
    profile = machine.machine.profile
    fresh = Checked(slub=profile.slub, cpus=profile.cpus)
    fresh.do(fresh.machine.restore, machine.machine.state())
    assert fresh.machine.state() == machine.machine.state()
    return fresh


def thing(machine: Checked) -> KmemCache:
    """The cache of four objects a slab."""
    return machine.machine.find_cache("thing")


def test_neighbours_that_are_no_buddies_do_not_join_whichever_is_freed_first() -> None:
    for first, second in ((1, 2), (2, 1)):
        zone = Zone(4)
        for _ in range(4):
            zone.alloc_pages(0, SLAB)
        zone.free_pages(first, 0)
        zone.free_pages(second, 0)
        assert blocks(zone) == {0: [second, first]}


def test_a_block_of_which_only_the_lower_half_is_free_is_no_buddy() -> None:
    zone = Zone(4)
    pair, low, _ = zone.alloc_pages(1, SLAB), zone.alloc_pages(0, SLAB), zone.alloc_pages(0, SLAB)
    zone.free_pages(low, 0)
    zone.free_pages(pair, 1)
    assert blocks(zone) == {0: [2], 1: [0]}


def test_blocks_merge_up_to_order_ten_and_no_further() -> None:
    zone = Zone(2048)
    first, second = zone.alloc_pages(0, SLAB), zone.alloc_pages(10, SLAB)
    zone.free_pages(first, 0)
    zone.free_pages(second, 10)
    assert blocks(zone) == {10: [second, first]}


def test_a_listener_hears_of_a_slab_that_goes_while_it_still_has_its_pages(bare: Checked) -> None:
    pages = bare.machine.slub.pages
    orders: list[int] = []

    class Witness(SlabListener):
        def freepage(self, slab: Slab, cpu: int) -> None:
            orders.append(int(pages.used_order[slab.pfn]))

    cache = bare.create("thing", 1024)
    witness = Witness()
    bare.machine.notifier.register(witness)
    bare.machine.notifier.switch(cache, witness, True)
    for address in bare.take(cache, 5)[:4]:
        bare.free(address)
    assert orders == [0]
    assert pages.used_order[0] == NONE


def test_a_restored_cpu_hands_out_what_was_freed_last(bare: Checked) -> None:
    objects = bare.take(bare.create("thing", 1024), 3)
    bare.free(objects[0])
    bare.free(objects[2])
    fresh = again(bare)
    assert fresh.take(thing(fresh), 3) == [objects[2], objects[0], objects[2] + 1024]


def test_a_restored_partial_list_is_in_its_order(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    objects = bare.take(cache, 16)
    for address in (objects[8], objects[0], objects[4]):
        bare.free(address)
    fresh = again(bare)
    assert len(partial(cache)) == 3
    assert partial(thing(fresh)) == partial(cache)


def test_a_restored_cache_goes_on_counting_births_where_it_was(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    for address in bare.take(cache, 5)[:4]:
        bare.free(address)
    fresh = again(bare)
    assert fresh.places(fresh.take(thing(fresh), 4))[-1] == (2, 0)
