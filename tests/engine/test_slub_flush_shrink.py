"""Flush, shrink, destroy, cpu-dead: the only place where MIN_PARTIAL counts. Recorded (slub-2.6 5.5); four objects a slab."""

from __future__ import annotations

import errno

import pytest

from .machines import Checked, errno_of, held, partial

KEPT = {"2.6.23": 2, "2.6.24": 5}


def test_a_flushed_list_comes_back_reversed_in_front_of_what_others_freed(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    one, two = bare.take(cache, 2)  # the cpu's list is 2, 3
    bare.free(one, cpu=1)
    bare.flush(cache)
    slab = bare.slab(two)
    assert slab.chain(slab.freelist) == [3, 2, 0]
    assert (held(cache), partial(cache), slab.inuse) == ([None, None], [0], 1)


def test_a_flushed_slab_with_room_goes_to_the_head_of_the_list(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    first = bare.take(cache, 5)[0]
    bare.free(first)
    bare.flush(cache)
    assert partial(cache) == [1, 0]


def test_a_flushed_slab_without_room_goes_on_no_list(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    bare.take(cache, 4)
    bare.flush(cache)
    assert (held(cache), partial(cache), cache.nr_slabs) == ([None, None], [], 1)


def test_flushing_keeps_as_many_empty_slabs_as_min_partial_and_gives_the_others_back(bare: Checked) -> None:
    kept = KEPT[bare.machine.profile.slub]
    cache = bare.create("thing", 1024)
    loose = [bare.take(cache, 4) for _ in range(kept + 1)]
    for objects in loose:
        bare.free(objects[0])
    assert cache.nr_partial == kept  # all but the cpu's own
    for address in loose[kept][1:]:
        bare.free(address)
    bare.flush(cache)  # the cpu's slab is empty, and the list is as long as MIN_PARTIAL
    assert (cache.nr_partial, cache.nr_slabs) == (kept, kept)


def test_an_empty_slab_is_kept_at_the_tail_while_the_list_is_short(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    full = bare.take(cache, 4)
    mine = bare.alloc(cache)
    bare.free(full[0])
    bare.free(mine)
    bare.flush(cache)
    assert partial(cache) == [0, 1]
    assert [int(slab.inuse) for slab in cache.partial_list()] == [3, 0]


def test_shrinking_gives_empty_slabs_back_and_sorts_fullest_first(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    slabs = [bare.take(cache, 4) for _ in range(4)]
    for slab, freed in zip(slabs[:3], (2, 3, 1), strict=True):
        for address in slab[:freed]:
            bare.free(address)
    for address in slabs[3]:
        bare.free(address)
    bare.shrink(cache)
    assert partial(cache) == [2, 0, 1]
    assert cache.nr_slabs == 3


def test_shrinking_reverses_slabs_that_are_equally_full_each_time(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    slabs = [bare.take(cache, 4) for _ in range(3)]
    for objects in slabs:
        bare.free(objects[0])
    bare.flush(cache)
    before = partial(cache)
    bare.shrink(cache)
    assert partial(cache) == before[::-1]
    bare.shrink(cache)
    assert partial(cache) == before


def test_all_cpus_are_flushed_the_caller_last(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    bare.alloc(cache, 0)  # slab 0
    bare.alloc(cache, 1)  # slab 1
    bare.flush(cache, cpu=0)
    assert partial(cache) == [0, 1]  # each to the head: who went last stands first


def test_a_dead_cpu_loses_its_slab_of_every_cache_and_the_others_keep_theirs(bare: Checked) -> None:
    one, two = bare.create("thing", 1024), bare.create("other", 512)
    for cache in (one, two):
        bare.alloc(cache, 0)
        bare.alloc(cache, 1)
    bare.cpu_dead(1)
    assert [held(cache) for cache in (one, two)] == [[0, None], [0, None]]
    assert [partial(cache) for cache in (one, two)] == [[1], [1]]


def test_destroying_a_cache_gives_every_page_back(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    for address in bare.take(cache, 5):
        bare.free(address)
    assert bare.destroy(cache) == 0
    assert bare.machine.slub.pages.nr_free == bare.machine.slub.pages.nr_pages
    assert cache not in bare.machine.slub.caches


def test_a_cache_with_objects_in_use_is_busy_and_unchanged(bare: Checked) -> None:
    cache = bare.create("thing", 1024)
    bare.alloc(cache)
    before = bare.machine.state_hash()
    assert errno_of(bare.destroy, cache) == errno.EBUSY
    assert bare.machine.state_hash() == before


def test_a_kmalloc_cache_cannot_be_destroyed(bare: Checked) -> None:
    assert errno_of(bare.destroy, bare.machine.find_cache("kmalloc-64")) == errno.EINVAL


@pytest.mark.parametrize(
    ("name", "size", "number"),
    [
        ("", 64, errno.EINVAL),
        ("a/b", 64, errno.EINVAL),
        ("a\nb", 64, errno.EINVAL),
        ("thing", 0, errno.EINVAL),
        ("thing", -8, errno.EINVAL),
        ("thing", (4 << 20) + 1, errno.EINVAL),
        ("kmalloc-64", 64, errno.EEXIST),
    ],
)
def test_a_cache_with_a_bad_name_or_size_is_refused_and_nothing_changes(
    bare: Checked, name: str, size: int, number: int
) -> None:
    before = bare.machine.state_hash()
    assert errno_of(bare.create, name, size) == number
    assert bare.machine.state_hash() == before


def test_the_largest_object_is_one_block_of_the_largest_order() -> None:
    machine = Checked(memory="8M", caches=False)
    cache = machine.create("huge", 4 << 20)
    assert (cache.order, cache.objects) == (10, 1)
    assert machine.alloc(cache) >= 0


@pytest.mark.parametrize("wrong", ["outside", "below", "free page", "middle", "twice", "behind"])
def test_a_wrong_address_is_refused_before_anything_changes(bare: Checked, wrong: str) -> None:
    cache = bare.create("thing", 200)  # 20 objects, 96 bytes behind the last
    address = bare.alloc(cache)
    slab = bare.slab(address)
    gone = bare.alloc(cache)
    bare.free(gone)
    bad = {
        "outside": 1 << 30,
        "below": -8,
        "free page": int(slab.base) + (4096 if slab.pfn == 0 else -4096),
        "middle": address + 8,
        "twice": gone,
        "behind": int(slab.base) + 20 * 200,
    }[wrong]
    before = bare.machine.state_hash()
    assert errno_of(bare.free, bad) == errno.EINVAL
    assert bare.machine.state_hash() == before
