"""`check()` notices: a machine is broken in every way the rules name, and each time CheckError says which rule.

The machine: 2.6.24, two cpus. filp has a full slab, two partial ones and a cpu's; web owns files; task 2 runs in web.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kmemlab.engine.buddy import KMALLOC_LARGE, SLAB, STACK, Zone
from kmemlab.engine.errors import CheckError
from kmemlab.engine.kmem_cache import CpuSlab, KmemCache, Slab
from kmemlab.engine.slub import Slub
from kmemlab.engine.slub_admin import deactivate
from kmemlab.engine.tasks import Task
from kmemlab.engine.types import IN_USE, NONE, i32, vec

from .machines import Checked


class Victim(Checked):
    """What the corruptions below take hold of."""

    def __init__(self) -> None:
        super().__init__(cpus=2)
        self.mount()
        self.mkdir("web")
        self.mkdir("db")
        self.fork()
        self.attach(2, "web")
        self.account("filp")
        for _ in range(70):
            self.open(2, cpu=0)
        for fd in (16, 17, 32, 48):
            self.close(2, fd, cpu=1)
        self.close(2, 68, cpu=1)  # on the cpu slab's page list
        self.open(1, cpu=1)

    @property
    def zone(self) -> Zone:
        pages = self.machine.slub.pages
        assert isinstance(pages, Zone)
        return pages

    @property
    def filp(self) -> KmemCache:
        return self.machine.find_cache("filp")

    @property
    def cpu(self) -> CpuSlab:
        return self.filp.cpu_slab[0]

    @property
    def mine(self) -> Slab:
        slab = self.cpu.slab
        assert slab is not None
        return slab

    @property
    def full(self) -> Slab:
        return self.slab(self.task.files[0])

    @property
    def first(self) -> Slab:
        slab = self.filp.partial
        assert slab is not None
        return slab

    @property
    def last(self) -> Slab:
        slab = self.filp.last_partial
        assert slab is not None
        return slab

    @property
    def task(self) -> Task:
        return self.machine.tasks.find(2)

    def free_block(self, order: int) -> int:
        return next(pfn for pfn in self.zone.free_blocks()[order])


def split_a_free_block(v: Victim) -> None:
    order, blocks = next((order, blocks) for order, blocks in enumerate(v.zone.free_blocks()) if order and blocks)
    v.zone.unlink(blocks[0], order)
    v.zone.push(blocks[0], order - 1)
    v.zone.push(blocks[0] + (1 << (order - 1)), order - 1)


def lose_a_free_block(v: Victim) -> None:
    order, blocks = next((order, blocks) for order, blocks in enumerate(v.zone.free_blocks()) if blocks)
    v.zone.unlink(blocks[0], order)


def free_block_forgets_its_order(v: Victim) -> None:
    order, blocks = next((order, blocks) for order, blocks in enumerate(v.zone.free_blocks()) if blocks)
    v.zone.free_order[blocks[0]] = order + 1


def misalign_a_run(v: Victim) -> None:
    order, blocks = next((order, blocks) for order, blocks in enumerate(v.zone.free_blocks()) if order > 2 and blocks)
    v.zone.unlink(blocks[0], order)
    v.zone.used_order[blocks[0] + 1] = 1
    v.zone.user[blocks[0] + 1] = STACK
    v.zone.nr_free -= 2


def swap_partial_before(v: Victim) -> None:
    v.last.before = None


def list_a_full_slab(v: Victim) -> None:
    v.filp.add_partial(v.full, True)


def list_a_cpu_slab(v: Victim) -> None:
    v.filp.add_partial(v.mine, True)


def drop_a_partial_slab(v: Victim) -> None:
    v.filp.remove_partial(v.first)


def hand_one_slab_to_two_cpus(v: Victim) -> None:
    assert isinstance(v.machine.slub, Slub)
    deactivate(v.machine.slub, v.filp, 1, 0)
    v.filp.cpu_slab[1].slab = v.mine


def unfreeze(v: Victim) -> None:
    v.mine.frozen = False


def mark_listed(v: Victim) -> None:
    v.full.listed = True


def ring(v: Victim) -> None:
    v.first.link[v.first.freelist] = int(v.first.freelist)


def leave_the_range(v: Victim) -> None:
    v.first.link[v.first.freelist] = 99


def both_in_use_and_free(v: Victim) -> None:
    numbers = v.mine.chain(v.cpu.freelist)
    v.mine.link[numbers[-1]] = IN_USE


def lose_a_free_object(v: Victim) -> None:
    v.cpu.freelist = int(v.mine.link[v.cpu.freelist])


def free_on_two_lists(v: Victim) -> None:
    v.mine.freelist = v.cpu.freelist


def object_freed_behind_the_list(v: Victim) -> None:
    v.mine.inuse -= 1


def full_slab_that_is_not(v: Victim) -> None:
    v.full.inuse -= 1


def owner_of_a_free_object(v: Victim) -> None:
    v.mine.owners[v.cpu.freelist] = int(v.group("web").ident)


def forget_an_owner(v: Victim) -> None:
    v.full.owners[0] = NONE


def change_an_owner(v: Victim) -> None:
    v.full.owners[0] = int(v.group("db").ident)


def owner_that_is_removed(v: Victim) -> None:
    v.machine.kmem_subsystem.owners[v.group("web").ident] = None


def owner_that_never_was(v: Victim) -> None:
    v.full.owners[0] = 99


def array_too_short(v: Victim) -> None:
    v.full.owners = vec[i32]([NONE] * 3)


def array_that_is_denied(v: Victim) -> None:
    v.full.has_owners = False


def array_of_another_slab(v: Victim) -> None:
    v.full.array = v.mine.array


def array_freed_too_early(v: Victim) -> None:
    v.machine.kmalloc.kfree(v.full.array, 0)


def array_inside_its_slab_freed_too_early(v: Victim) -> None:
    arrays = [int(slab.array) for slab in v.filp.partial_list()] + [int(v.mine.array)]
    inside = next(array for array in arrays if v.place(array)[1])  # not the first object of its own slab
    v.machine.kmalloc.kfree(inside, 0)


def slab_pages_of_another_user(v: Victim) -> None:
    v.zone.user[v.full.pfn] = KMALLOC_LARGE


def usage_too_high(v: Victim) -> None:
    v.group("web").res.usage += 1


def usage_below_zero(v: Victim) -> None:
    v.group("db").res.usage = -1


def uncharged_twice(v: Victim) -> None:
    v.group("db").res.uncharge(1)


def one_reference_too_many(v: Victim) -> None:
    v.group("web").refs += 1


def child_not_referenced(v: Victim) -> None:
    v.group("").refs -= 1


def task_in_no_container(v: Victim) -> None:
    container = v.group("web").container
    assert container is not None
    del container.tasks[2]


def task_in_two_containers(v: Victim) -> None:
    container = v.group("db").container
    assert container is not None
    container.tasks[2] = v.task


def task_listed_where_it_does_not_pay(v: Victim) -> None:
    task_in_no_container(v)
    task_in_two_containers(v)


def task_with_a_freed_object(v: Victim) -> None:
    v.machine.slub.kmem_cache_free(v.task.objects[-1][1], 0)


def task_with_a_strange_object(v: Victim) -> None:
    v.task.objects[-1] = ("pid", v.task.objects[0][1])


def stack_that_is_a_slab(v: Victim) -> None:
    v.task.stack = v.full.pfn


def next_fd_too_high(v: Victim) -> None:
    v.task.next_fd = 33


def next_fd_one_too_high(v: Victim) -> None:
    v.task.next_fd += 1


def file_that_is_not_counted(v: Victim) -> None:
    v.machine.tasks.find(1).files.append(v.task.files[0])


def file_that_is_counted_twice(v: Victim) -> None:
    v.machine.tasks.shared[v.task.files[0]] = 2


def wrong_nr_free(v: Victim) -> None:
    v.zone.nr_free -= 1


def run_of_nobody(v: Victim) -> None:
    v.zone.user[v.task.stack] = 0


def page_in_two_runs(v: Victim) -> None:
    v.zone.push(v.full.pfn, 0)


def one_slab_too_many(v: Victim) -> None:
    v.filp.nr_slabs += 1


def page_of_a_slab_forgotten(v: Victim) -> None:
    v.machine.slub.slab_of[v.full.pfn] = None


def one_partial_too_many(v: Victim) -> None:
    v.filp.nr_partial += 1


def tail_forgotten(v: Victim) -> None:
    v.filp.last_partial = v.first


def pages_of_no_slab(v: Victim) -> None:
    v.zone.alloc_pages(0, SLAB)


def stack_of_no_task(v: Victim) -> None:
    v.zone.alloc_pages(1, STACK)


CORRUPTIONS: list[tuple[Callable[[Victim], None], str]] = [
    (wrong_nr_free, "free pages = all pages - pages in use"),
    (run_of_nobody, "a run in use has a user"),
    (misalign_a_run, "is aligned"),
    (free_block_forgets_its_order, "a free block knows its order"),
    (split_a_free_block, "two free buddies have merged"),
    (page_in_two_runs, "no page is in two runs"),
    (lose_a_free_block, "every page is free or in use"),
    (pages_of_no_slab, "slab pages belong to a slab"),
    (stack_of_no_task, "stack pages belong to a task"),
    (one_slab_too_many, "nr_slabs is the number of slabs in memory"),
    (page_of_a_slab_forgotten, "nr_slabs is the number of slabs in memory"),
    (one_partial_too_many, "nr_partial counts the partial list"),
    (swap_partial_before, "the partial list is linked both ways"),
    (list_a_full_slab, "a partial slab has room"),
    (tail_forgotten, "the tail is the last partial slab"),
    (list_a_cpu_slab, "a slab is on one list at most"),
    (hand_one_slab_to_two_cpus, "a slab is on one list at most"),
    (unfreeze, "a slab knows its list"),
    (mark_listed, "a slab knows its list"),
    (drop_a_partial_slab, "only a full slab is on no list"),
    (full_slab_that_is_not, "only a full slab is on no list"),
    (slab_pages_of_another_user, "a slab has its pages"),
    (ring, "free lists are acyclic"),
    (free_on_two_lists, "free lists are acyclic and apart"),
    (leave_the_range, "free lists stay in range"),
    (both_in_use_and_free, "in use + free = objects"),
    (lose_a_free_object, "in use + free = objects"),
    (object_freed_behind_the_list, "inuse counts all but the page's own list"),
    (array_that_is_denied, "no array, no owners"),
    (array_too_short, "an owner array has a pointer for each object"),
    (array_of_another_slab, "every slab has an array of its own"),
    (array_freed_too_early, "an owner array is memory in use"),
    (array_inside_its_slab_freed_too_early, "an owner array is memory in use"),
    (owner_of_a_free_object, "only an object in use has an owner"),
    (owner_that_is_removed, "an owner exists"),
    (owner_that_never_was, "an owner exists"),
    (forget_an_owner, "usage = the sum of its objects' charges"),
    (change_an_owner, "usage = the sum of its objects' charges"),
    (usage_too_high, "usage = the sum of its objects' charges"),
    (usage_below_zero, "nothing is uncharged twice"),
    (uncharged_twice, "nothing is uncharged twice"),
    (one_reference_too_many, "references = owned objects + tasks + children"),
    (child_not_referenced, "references = owned objects + tasks + children"),
    (task_in_no_container, "every task is in one container"),
    (task_in_two_containers, "every task is in one container"),
    (task_listed_where_it_does_not_pay, "a task pays where it is listed"),
    (task_with_a_freed_object, "an object is in its cache, and in use"),
    (task_with_a_strange_object, "an object is in its cache"),
    (stack_that_is_a_slab, "a stack has its pages"),
    (next_fd_too_high, "no descriptor below next_fd is free"),
    (next_fd_one_too_high, "no descriptor below next_fd is free"),
    (file_that_is_not_counted, "f_count is the number of descriptors"),
    (file_that_is_counted_twice, "f_count is the number of descriptors"),
]


@pytest.mark.parametrize(("corrupt", "rule"), CORRUPTIONS, ids=[row[0].__name__ for row in CORRUPTIONS])
def test_a_broken_machine_is_noticed_and_the_rule_is_named(corrupt: Callable[[Victim], None], rule: str) -> None:
    victim = Victim()
    victim.machine.check()
    corrupt(victim)
    with pytest.raises(CheckError) as noticed:
        victim.machine.check()
    words = str(noticed.value).splitlines()
    assert rule in words[0]
    assert len(words) > 1, "the state around is printed"


@pytest.mark.parametrize("order", range(10))
def test_two_free_buddies_of_any_order_that_merges_are_noticed(order: int) -> None:
    machine = Checked(memory="8M").machine
    zone = machine.slub.pages
    assert isinstance(zone, Zone)
    block = zone.free_blocks()[10][0]
    zone.unlink(block, 10)
    for above in range(order + 1, 10):
        zone.push(block + (1 << above), above)
    zone.push(block, order)
    zone.push(block + (1 << order), order)
    with pytest.raises(CheckError, match="two free buddies have merged"):
        machine.check()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fail a test that hangs."""

    def give_up(*_: object) -> None:
        pytest.fail("check() hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def ring_of_partial_slabs(v: Victim) -> None:
    v.last.after = v.first


def ring_of_free_blocks(v: Victim) -> None:
    blocks = next(blocks for blocks in v.zone.free_blocks() if blocks)
    v.zone.after[blocks[-1]] = blocks[0]


RINGS = [(ring_of_partial_slabs, "nr_partial counts the partial list"), (ring_of_free_blocks, "no page is in two runs")]


@pytest.mark.parametrize(("corrupt", "rule"), RINGS, ids=[row[0].__name__ for row in RINGS])
def test_a_list_that_became_a_ring_is_reported_and_does_not_hang(corrupt: Callable[[Victim], None], rule: str) -> None:
    victim = Victim()
    corrupt(victim)
    with at_most(0.5), pytest.raises(CheckError, match=rule):
        victim.machine.check()
