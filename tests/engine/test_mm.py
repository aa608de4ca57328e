"""Maps and page faults: what they take, who pays, what a refusal leaves, what fork copies and exit frees (facts 2.7, 7)."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.mm import BUDDY_PAGE, MAX_MAP_COUNT, Map, mmap, munmap, touch
from kmemlab.engine.types import NONE

from .faulty import allocated, ends_as_it_began, every_charge, every_page, freed, kept, ready, refused_with, same_after_restore
from .machines import Checked

VMA, ANON = 176, 32  # bytes that an object costs: s->size, facts 2.7


def map_one(machine: Checked) -> None:
    mmap(machine.machine, machine.machine.current.task)


def touch_one(machine: Checked) -> None:
    touch(machine.machine, machine.machine.current.task)


def unmap_one(machine: Checked) -> None:
    munmap(machine.machine, machine.machine.current.task)


def fork_one(machine: Checked) -> None:
    machine.machine.fork(machine.machine.current.task)


def three_maps_two_touched(machine: Checked) -> None:
    for call in (map_one, map_one, map_one, touch_one, touch_one):
        machine.do(call, machine)


def one_touched(machine: Checked) -> None:
    map_one(machine)
    touch_one(machine)


def tables(machine: Checked) -> int:
    """Pages that are page tables."""
    return sum(user == BUDDY_PAGE for _, _, user in machine.machine.slub.pages.runs_in_use())


def test_a_map_costs_one_vm_area_struct() -> None:
    machine = ready()
    machine.do(map_one, machine)
    assert (machine.counter("web"), tables(machine)) == ((VMA, 0), 0)


def test_a_fault_takes_a_page_that_nobody_pays_and_an_anon_vma() -> None:
    machine = ready(map_one)
    assert allocated(machine, touch_one)[-1] == "anon_vma"
    assert (machine.counter("web"), tables(machine)) == ((VMA + ANON, 0), 1)


def test_a_task_that_touches_what_it_has_not_mapped_gets_a_bad_address_and_nothing_else() -> None:
    machine = ready()
    before = kept(machine)
    assert refused_with(machine, touch_one) == errno.EFAULT
    assert refused_with(machine, unmap_one) == errno.EINVAL
    assert kept(machine) == before


def test_maps_are_touched_from_the_oldest_on_and_unmapped_from_the_newest_on() -> None:
    machine = ready(three_maps_two_touched)
    task = machine.machine.current.task
    assert [each.anon != NONE for each in task.maps] == [True, True, False]
    machine.do(unmap_one, machine)
    machine.do(unmap_one, machine)
    assert (len(task.maps), task.touched, tables(machine)) == (1, 1, 1)
    assert machine.counter("web") == (VMA + ANON, 0)


def test_munmap_frees_the_anon_vma_before_the_vm_area_struct() -> None:
    machine = ready(one_touched)
    assert freed(machine, unmap_one) == ["anon_vma", "vm_area_struct"]


def test_exit_frees_maps_before_the_mm_and_every_anon_vma_before_the_first_vm_area_struct() -> None:
    machine = ready(three_maps_two_touched)
    order = freed(machine, lambda each: each.machine.exit(each.machine.current.task))
    mm = [name for name in order if name in ("anon_vma", "vm_area_struct", "mm_struct")]
    assert mm == ["anon_vma"] * 2 + ["vm_area_struct"] * 3 + ["mm_struct"]


def test_exit_unmaps_the_newest_map_first_so_the_oldest_ones_place_is_used_next() -> None:
    machine = ready(three_maps_two_touched)
    places = [each.vma for each in machine.machine.tasks.find(2).maps]
    machine.fork(1)
    machine.exit(2)
    machine.as_task(3)
    for _ in range(3):
        machine.do(map_one, machine)
    assert [each.vma for each in machine.machine.tasks.find(3).maps] == places


def test_a_child_has_copies_of_the_maps_and_shares_the_anon_vmas() -> None:
    machine = ready(three_maps_two_touched)
    child = machine.machine.tasks.find(machine.fork(2))
    parent = machine.machine.tasks.find(2)
    assert [each.anon for each in child.maps] == [each.anon for each in parent.maps]
    assert not {each.vma for each in child.maps} & {each.vma for each in parent.maps}
    assert (len(machine.machine.tasks.anon_shared), tables(machine)) == (2, 4)
    machine.exit(2)
    assert (machine.machine.tasks.anon_shared, tables(machine)) == ({}, 2)
    machine.as_task(child.pid)
    machine.do(touch_one, machine)
    same_after_restore(machine)
    machine.exit(child.pid)
    assert (tables(machine), machine.counter("web")) == (0, (0, 0))


def test_three_share_an_anon_vma_until_the_last_has_gone() -> None:
    machine = ready(one_touched)
    one, two = machine.fork(2), machine.fork(2)
    assert list(machine.machine.tasks.anon_shared.values()) == [3]
    same_after_restore(machine)
    for pid in (2, one):
        machine.exit(pid)
    assert machine.machine.find_cache("anon_vma").nr_slabs == 1
    machine.exit(two)
    assert machine.machine.tasks.anon_shared == {}


def test_a_task_may_have_65536_maps_and_one() -> None:
    machine = ready()
    task = machine.machine.current.task
    task.maps = [Map(NONE)] * (MAX_MAP_COUNT + 1)
    with pytest.raises(OSError, match="max_map_count") as caught:
        mmap(machine.machine, task)
    assert caught.value.errno == errno.ENOMEM
    task.maps = []


@pytest.mark.parametrize("slub", ["2.6.23", "2.6.24"])
@pytest.mark.parametrize(("call", "least"), [(map_one, 2), (touch_one, 3), (fork_one, 3)], ids=["mmap", "touch", "fork"])
def test_whichever_page_cannot_be_had_nothing_is_left_and_it_is_for_want_of_memory(call: object, least: int, slub: str) -> None:
    assert callable(call)
    prepare = map_one if call is touch_one else three_maps_two_touched if call is fork_one else None
    errnos = every_page(call, prepare, slub=slub)
    assert errnos == [errno.ENOMEM] * len(errnos)
    assert len(errnos) >= least


def test_whichever_charge_does_not_fit_nothing_is_left_and_failcnt_counts_it() -> None:
    assert every_charge(map_one) == [("vm_area_struct", errno.ENOMEM)]
    assert every_charge(touch_one, map_one) == [("anon_vma", errno.ENOMEM)]
    forked = every_charge(fork_one, three_maps_two_touched)
    assert [name for name, _ in forked].count("vm_area_struct") == 3
    assert {number for _, number in forked} == {errno.ENOMEM}


def test_after_all_is_freed_the_zone_is_as_at_boot() -> None:
    machine = Checked()
    boot = machine.machine.slub.pages.free_blocks()
    for _ in range(3):
        machine.fork()
    for pid in (2, 3, 4):
        machine.as_task(pid)
        three_maps_two_touched(machine)
    machine.fork(3)
    ends_as_it_began(machine, boot)
