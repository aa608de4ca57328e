"""Owner arrays are simulated memory: taken with a new slab, freed before its pages (facts 1.2, 1.3, 2.7)."""

from __future__ import annotations

import pytest

from kmemlab.engine.types import NONE

from .machines import Checked, errno_of, without_failcnt

# cache -> the kmalloc cache its arrays land in: the column `arr` of facts 2.7
BUCKETS = {
    "task_struct": 32, "sighand_cache": 32, "signal_cache": 96, "files_cache": 64, "fs_cache": 512, "mm_struct": 96,
    "vm_area_struct": 192, "anon_vma": 1024, "filp": 128, "dentry": 192, "fasync_cache": 2048, "pid": 512,
    "sigqueue": 256, "buffer_head": 512,
}  # fmt: skip


@pytest.mark.parametrize(("name", "bucket"), BUCKETS.items())
def test_an_array_has_a_pointer_for_each_object_and_lands_in_the_kmalloc_cache_of_that_size(name: str, bucket: int) -> None:
    machine = Checked()
    machine.account(name)
    slab = machine.slab(machine.alloc(machine.machine.find_cache(name)))
    assert machine.slab(int(slab.array)).cache.name == f"kmalloc-{bucket}"
    assert len(slab.owners) == slab.cache.objects


def test_the_array_is_taken_after_the_pages_and_freed_before_them(machine: Checked) -> None:
    log = machine.machine.log
    assert log is not None
    machine.account("filp")
    before = log.length
    addresses = machine.take(machine.machine.find_cache("filp"), 17)
    born = [(log.names[log.cache[n]], int(log.kind[n])) for n in range(before, log.length)]
    assert born[:4] == [("kmalloc-128", 0), ("kmalloc-128", 2), ("filp", 0), ("filp", 2)]
    before = log.length
    for address in addresses[:16]:
        machine.free(address)
    gone = [(log.names[log.cache[n]], int(log.kind[n])) for n in range(before, log.length)]
    assert gone[-3:] == [("filp", 3), ("kmalloc-128", 3), ("filp", 1)]


def test_nobody_pays_for_an_array(kmem: Checked) -> None:
    kmem.open(2)
    assert sum(each.res.usage for each in kmem.machine.kmem_subsystem.owners if each is not None) == 256


def test_no_array_is_left_when_every_slab_is_gone(machine: Checked) -> None:
    machine.account("filp")
    cache = machine.machine.find_cache("filp")
    addresses = machine.take(cache, 40)
    arrays = sum(slab.live() for slab in machine.machine.kmalloc.caches[128].reachable())
    assert arrays == 3
    for address in addresses:
        machine.free(address, cpu=machine.machine.profile.cpus - 1)
    machine.shrink_all()
    assert machine.machine.slub.pages.nr_free == machine.machine.slub.pages.nr_pages


def test_switching_off_takes_the_arrays_of_empty_slabs_away(kmem: Checked) -> None:
    kmem.close(2, kmem.open(2))
    cache = kmem.machine.find_cache("filp")
    (slab,) = cache.reachable()
    array = int(slab.array)
    assert slab.has_owners
    kmem.account("filp", False)
    assert (slab.has_owners, slab.array, len(slab.owners)) == (False, NONE, 0)
    assert kmem.slab(array).live() == 0


def test_the_nth_array_that_cannot_be_had_sends_the_pages_back_and_moves_no_failcnt(kmem: Checked) -> None:
    cache = kmem.machine.find_cache("filp")
    plain = kmem.machine.kmem.kzalloc
    assert plain is not None
    for nth in range(1, 5):
        asked = 0

        def fails(size: int, cpu: int, nth: int = nth) -> int:
            nonlocal asked
            asked += 1
            return NONE if asked == nth else plain(size, cpu)

        kmem.machine.kmem.kzalloc = fails
        outcomes = [errno_of(kmem.open, 2) for _ in range(40)]  # three slabs of sixteen
        kmem.machine.kmem.kzalloc = plain
        assert outcomes.count(0) == (39 if nth <= 3 else 40)
        assert (outcomes.index(23) == 16 * (nth - 1)) if nth <= 3 else (asked == 3)
        assert kmem.counter("web") == (256 * outcomes.count(0), 0)
        assert cache.nr_slabs == 3
        for fd in range(outcomes.count(0)):
            kmem.close(2, fd)
        kmem.shrink_all()
        assert (cache.nr_slabs, kmem.counter("web")) == (0, (0, 0))


def test_a_new_slab_without_memory_for_its_array_leaves_the_state_as_it_was(kmem: Checked) -> None:
    plain = kmem.machine.kmem.kzalloc
    kmem.machine.kmem.kzalloc = lambda size, cpu: NONE
    kmem.as_task(2)
    before = kmem.machine.state()
    assert errno_of(kmem.open, 2) == 23
    assert kmem.machine.state() == before
    assert without_failcnt(before) == without_failcnt(kmem.machine.state())
    kmem.machine.kmem.kzalloc = plain
    assert errno_of(kmem.open, 2) == 0


def test_arrays_that_cost_nothing_take_no_memory() -> None:
    machine = Checked(arrays="free")
    machine.account("filp")
    slab = machine.slab(machine.alloc(machine.machine.find_cache("filp")))
    assert (slab.has_owners, slab.array) == (True, NONE)
    assert [cache.name for cache in machine.machine.slub.caches if cache.nr_slabs] == ["filp"]
