"""SLAB: arrays first, then lists of slabs; full slabs are on one."""

from __future__ import annotations

import errno
import json

import pytest

from kmemlab.engine.errors import CheckError
from kmemlab.engine.slab_admin import drain_cpu_caches, kmem_cache_create, kmem_cache_destroy
from kmemlab.engine.slab_cache import ArrayCache, ListedSlab
from kmemlab.engine.slab_check import check_slab_allocator
from kmemlab.engine.slab_geometry import OFF_SLAB, ON_SLAB
from kmemlab.engine.types import NONE

from .machines import errno_of
from .slab_rig import SlabRig, listed, numbers


def test_the_first_object_fills_the_array_with_16_of_the_slab_and_the_last_of_them_comes_first() -> None:
    rig = SlabRig()
    cache = rig.create("t", 128)
    first = rig.alloc(cache)
    slab = rig.slab(first)
    assert (int(slab.inuse), int(cache.arrays[0].avail)) == (16, 15)
    assert first == slab.s_mem + 15 * 128
    assert rig.alloc(cache) == first - 128


def test_an_array_that_is_used_is_filled_with_a_whole_batch() -> None:
    rig = SlabRig()
    cache = rig.create("t", 32)
    rig.take(cache, 16)
    assert cache.arrays[0].avail == 0
    rig.alloc(cache)
    assert cache.arrays[0].avail == cache.arrays[0].batchcount - 1 == 59


def test_what_was_freed_last_is_taken_first() -> None:
    rig = SlabRig()
    cache = rig.create("t", 256)
    taken = rig.take(cache, 5)
    for address in taken:
        rig.free(address)
    assert rig.take(cache, 5) == taken[::-1]


def test_a_full_slab_is_on_a_list_unlike_in_slub() -> None:
    rig = SlabRig()
    cache = rig.create("t", 1024)
    taken = rig.take(cache, 2 * cache.objects)
    assert listed(cache) == (2, 0, 0)
    assert {int(slab.number) for slab in cache.reachable()} == {0, 1}
    for address in taken:
        rig.free(address)
    assert listed(cache) == (2, 0, 0)  # to its slab an object in an array is in use
    rig.shrink(cache)
    assert listed(cache) == (0, 0, 0)


def test_a_full_array_gives_its_oldest_batch_back() -> None:
    rig = SlabRig()
    cache = rig.create("t", 1100)
    array = cache.arrays[0]
    assert (array.limit, array.batchcount) == (24, 12)
    taken = rig.take(cache, 30)
    parked = array.held()
    for address in taken[: 24 - len(parked)]:
        rig.free(address)
    held = array.held()
    assert len(held) == 24
    rig.free(taken[-1])
    assert array.held() == [*held[12:], taken[-1]]


def test_a_slab_that_becomes_free_goes_back_only_above_free_limit() -> None:
    rig = SlabRig()
    cache = rig.create("t", 1024)
    assert cache.free_limit == 2 * cache.arrays[0].batchcount + cache.objects
    taken = rig.take(cache, 40 * cache.objects)
    for address in taken:
        rig.free(address)
        assert cache.free_objects <= cache.free_limit
    assert listed(cache)[2] > 0


def test_freed_slabs_come_back_to_the_zone_and_descriptors_with_them() -> None:
    rig = SlabRig()
    caches = [rig.create(f"t{size}", size) for size in (24, 200, 512, 2048, 4096, 8192)]
    assert {cache.layout.where for cache in caches} == {ON_SLAB, OFF_SLAB}
    taken = [address for cache in caches for address in rig.take(cache, 20)]
    assert len(set(taken)) == len(taken) == 120
    for address in taken:
        rig.free(address)
    rig.shrink_all()
    assert [sorted(blocks) for blocks in rig.zone.free_blocks()] == [sorted(blocks) for blocks in rig.boot]


def test_colours_take_turns() -> None:
    rig = SlabRig()
    cache = rig.create("t", 320)
    layout = cache.layout
    assert layout.colour == 2
    taken = rig.take(cache, 5 * layout.objects)
    slabs = {int(rig.slab(address).number): rig.slab(address) for address in taken}
    offsets = [int(slabs[n].s_mem - slabs[n].base) - layout.descriptor for n in range(5)]
    assert offsets == [0, 64, 0, 64, 0]


def test_a_descriptor_off_the_slab_is_an_object_of_a_size_cache() -> None:
    rig = SlabRig()
    cache = rig.create("t", 512)
    address = rig.alloc(cache)
    home = rig.slab(int(rig.slab(address).descriptor))
    assert home.cache.name == "size-128"
    assert cache.layout.descriptor == 48 + 4 * 8


def test_the_shared_array_hands_objects_from_cpu_to_cpu() -> None:
    rig = SlabRig(cpus=2)
    cache = rig.create("t", 1024)
    shared = cache.shared
    assert shared is not None and shared.limit == 8 * 27
    taken = rig.take(cache, 60, cpu=0)
    for address in taken:
        rig.free(address, cpu=0)
    given = shared.held()
    assert given and not cache.arrays[1].avail
    assert rig.alloc(cache, cpu=1) == given[-1]
    assert cache.arrays[0].avail + cache.arrays[1].avail + shared.avail >= len(taken) - 1


def test_no_shared_array_with_one_cpu_or_above_a_page() -> None:
    assert SlabRig().create("t", 64).shared is None
    assert SlabRig(cpus=2).create("t", 5000).shared is None


def test_reap_leaves_what_was_touched_and_takes_a_fifth_of_what_was_idle() -> None:
    rig = SlabRig()
    cache = rig.create("t", 1024)
    for address in rig.take(cache, 40):
        rig.free(address)
    array = cache.arrays[0]
    before = int(array.avail)
    rig.reap()
    assert array.avail == before and not array.touched
    rig.reap()
    assert array.avail == before - (54 + 4) // 5


def test_reap_takes_half_of_an_idle_array_that_holds_less_than_a_fifth() -> None:
    rig = SlabRig()
    cache = rig.create("t", 1024)
    taken = rig.take(cache, 8)
    for address in taken[:5]:
        rig.free(address)
    assert cache.arrays[0].avail == 5
    rig.reap()
    rig.reap()
    assert cache.arrays[0].held() == taken[3:5]


def test_a_slab_that_loses_an_object_waits_at_the_end_of_the_partial_list() -> None:
    rig = SlabRig()
    cache = rig.create("t", 1024)
    assert cache.objects == 4
    taken = rig.take(cache, 12)
    rig.free(taken[0])
    rig.free(taken[4])
    rig.shrink(cache)
    assert numbers(cache.slabs_partial) == [0, 1]
    assert numbers(cache.slabs_full) == [2]


def test_a_slab_that_is_taken_from_stays_at_the_head_of_the_partial_list() -> None:
    rig = SlabRig()
    cache = rig.create("t", 32)
    taken = rig.take(cache, 2 * cache.objects)
    for slab in (0, 1):
        for address in [each for each in taken if rig.slab(each).number == slab][:70]:
            rig.free(address)
    rig.shrink(cache)
    assert numbers(cache.slabs_partial) == [0, 1]
    rig.alloc(cache)  # a batch of 60
    assert numbers(cache.slabs_partial) == [0, 1]
    assert cache.slabs_partial.head is not None and cache.slabs_partial.head.inuse == cache.objects - 10


def test_free_slabs_are_kept_up_to_free_limit_and_reap_takes_a_fifth_of_it_from_the_end() -> None:
    rig = SlabRig()
    cache = rig.create("t", 1024)
    assert cache.free_limit == 58
    taken = rig.take(cache, 64)
    for address in [*taken[56:58], *taken[:56], *taken[60:]]:
        rig.free(address)
    rig.do(drain_cpu_caches, rig.allocator, cache, 0)
    # The 14th free slab makes 58 free objects and stays; the one after it makes 62 and goes.
    assert numbers(cache.slabs_free) == list(range(13, -1, -1))
    assert (listed(cache), int(cache.free_objects)) == ((0, 1, 14), 58)
    cache.free_touched = False
    rig.reap()
    assert numbers(cache.slabs_free) == list(range(13, 2, -1))


def test_free_slabs_that_were_needed_lately_are_left_once() -> None:
    rig = SlabRig()
    cache = rig.create("t", 1024)
    address = rig.alloc(cache)
    assert cache.free_touched
    rig.free(address)
    rig.do(drain_cpu_caches, rig.allocator, cache, 0)
    rig.reap()
    assert listed(cache) == (0, 0, 1)
    rig.reap()
    assert listed(cache) == (0, 0, 0)


def test_a_dead_cpu_keeps_nothing() -> None:
    rig = SlabRig(cpus=2)
    cache = rig.create("t", 100)
    rig.free(rig.alloc(cache, cpu=1), cpu=1)
    assert cache.arrays[1].avail
    rig.cpu_dead(1)
    assert cache.arrays[1].avail == 0


def test_refused_operations_change_nothing() -> None:
    rig = SlabRig()
    cache = rig.create("t", 100)
    address, other = rig.take(cache, 2)
    rig.free(other)
    before = rig.state_hash()
    free = rig.allocator.kmem_cache_free
    assert errno_of(free, other, 0) == errno.EINVAL  # in the array already
    assert errno_of(free, address + 4, 0) == errno.EINVAL
    assert errno_of(free, int(rig.slab(address).base), 0) == errno.EINVAL  # the descriptor
    assert errno_of(free, -8, 0) == errno.EINVAL
    assert errno_of(free, (1 << 20) - 8, 0) == errno.EINVAL
    assert errno_of(kmem_cache_destroy, rig.allocator, cache, 0) == errno.EBUSY
    assert errno_of(kmem_cache_destroy, rig.allocator, rig.sizes.caches[32], 0) == errno.EINVAL
    assert errno_of(kmem_cache_create, rig.allocator, "t", 100) == errno.EEXIST
    for wrong in (("a/b", 8, 0), ("", 8, 0), ("u", 0, 0), ("u", (4 << 20) + 1, 0), ("u", 8, 3), ("u", 8, -8)):
        assert errno_of(kmem_cache_create, rig.allocator, *wrong) == errno.EINVAL
    assert rig.state_hash() == before


def test_destroy_takes_the_cache_and_its_pages() -> None:
    rig = SlabRig()
    cache = rig.create("t", 100)
    rig.free(rig.alloc(cache))
    rig.do(kmem_cache_destroy, rig.allocator, cache, 0)
    assert cache not in rig.allocator.caches
    assert rig.zone.nr_free == rig.zone.nr_pages


def test_without_a_page_there_is_no_object_and_nothing_changes() -> None:
    rig = SlabRig(memory=1 << 16)
    cache = rig.create("t", 1024)
    taken = []
    while (address := rig.alloc(cache)) != NONE:
        taken.append(address)
    assert len(taken) >= 40
    before = rig.state_hash()
    assert rig.alloc(cache) == NONE
    assert rig.state_hash() == before
    rig.free(taken[0])
    assert rig.alloc(cache) == taken[0]


def test_a_state_taken_back_goes_on_as_the_first_time() -> None:
    rig = SlabRig(cpus=2)
    caches = [rig.create(f"t{size}", size) for size in (24, 320, 512, 5000)]
    for cache in caches:
        taken = rig.take(cache, 40, cpu=1)
        for address in taken[::3]:
            rig.free(address)
    saved = json.loads(json.dumps(rig.state()))

    def go_on() -> list[int]:
        found = [address for cache in caches for address in rig.take(cache, 35)]
        for address in found[::2]:
            rig.free(address, 1)
        rig.reap()
        return found

    first, then = go_on(), rig.state()
    late = rig.create("late", 64)
    rig.alloc(late)
    rig.restore(saved)
    assert rig.state() == saved
    assert late not in rig.allocator.caches
    assert (go_on(), rig.state()) == (first, then)


def test_a_cache_that_went_is_made_again_by_restore() -> None:
    rig = SlabRig()
    cache = rig.create("t", 100, align=128)
    rig.free(rig.alloc(cache))
    saved = rig.state()
    rig.do(kmem_cache_destroy, rig.allocator, cache, 0)
    rig.restore(saved)
    assert rig.state() == saved


@pytest.mark.parametrize("broken", ["twice", "foreign", "list", "count", "inuse", "tail"])
def test_the_check_bites(broken: str) -> None:
    rig = SlabRig()
    cache, other = rig.create("t", 100), rig.create("u", 100)
    rig.take(cache, 60)
    foreign = rig.alloc(other)
    array: ArrayCache = cache.arrays[0]
    check_slab_allocator(rig.allocator)
    if broken == "twice":
        array.push(array.entry[0])
    elif broken == "foreign":
        array.push(foreign)
    elif broken == "list":
        slab = rig.allocator.slab_of[cache.reachable()[0].pfn]
        assert isinstance(slab, ListedSlab)
        cache.slabs_full.remove(slab)
    elif broken == "count":
        cache.free_objects += 1
    elif broken == "tail":
        cache.slabs_full.tail = None
    else:
        cache.reachable()[0].inuse -= 1
    with pytest.raises(CheckError):
        check_slab_allocator(rig.allocator)
