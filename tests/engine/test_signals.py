"""Signals, timers, locks, mounts: what they take, who pays, when they end, what a refusal leaves (facts 2.7, 7)."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from kmemlab.engine.signals import kill, lock_file, queue_signal, timer_create, unshare_mounts
from kmemlab.engine.tasks import Task

from .faulty import (
    Call,
    allocated,
    ends_as_it_began,
    every_charge,
    every_page,
    freed,
    kept,
    ready,
    refused_with,
    same_after_restore,
)
from .machines import Checked

SIGQUEUE, TIMER, LOCK, MOUNT = 160, 168, 184, 256  # s->size, facts 2.7


def signal(machine: Checked) -> None:
    queue_signal(machine.machine, machine.machine.current.task)


def timer(machine: Checked) -> None:
    timer_create(machine.machine, machine.machine.current.task)


def open_one(machine: Checked) -> None:
    machine.machine.open(machine.machine.current.task)


def lock(machine: Checked) -> None:
    lock_file(machine.machine, machine.machine.current.task)


def mounts(machine: Checked) -> None:
    unshare_mounts(machine.machine, machine.machine.current.task, 3)


def one_of_each(machine: Checked) -> None:
    for call in (open_one, signal, timer, lock, mounts):
        call(machine)


def leave(machine: Checked) -> None:
    machine.machine.exit(machine.machine.current.task)


@pytest.mark.parametrize(
    ("call", "order", "cost"),
    [
        (signal, ["sigqueue"], SIGQUEUE),
        (timer, ["posix_timers_cache", "sigqueue"], TIMER + SIGQUEUE),
        (lock, ["file_lock_cache"] * 3, LOCK),
        (mounts, ["kmalloc-64", "kmalloc-64", *["mnt_cache", "kmalloc-8"] * 3], 3 * MOUNT),
    ],
)
def test_each_call_takes_its_objects_in_order_and_the_container_pays(call: Call, order: list[str], cost: int) -> None:
    machine = ready(one_of_each)
    before = machine.counter("web")[0]
    kept_before = 3 * MOUNT if call is mounts else 0  # the namespace it had is left
    assert allocated(machine, call) == order
    assert machine.counter("web") == (before + cost - kept_before, 0)


def test_exit_frees_timers_first_then_the_locks_of_a_file_and_the_file_then_mounts_then_signals_then_the_task() -> None:
    machine = ready(one_of_each)
    signal(machine)
    timer(machine)
    order = [name for name in freed(machine, leave) if not name.startswith("kmalloc")]
    assert order[:6] == ["sigqueue", "posix_timers_cache"] * 2 + ["file_lock_cache", "filp"]
    assert order[6:11] == ["mnt_cache"] * 3 + ["sigqueue"] * 2
    assert order[-1] == "task_struct"
    assert machine.counter("web") == (0, 0)


# what is made of each cache, oldest first -> the same in the order in which exit frees it
ORDERS: list[tuple[Call, str, Callable[[Task], list[int]], bool]] = [
    (signal, "sigqueue", lambda task: list(task.signals), True),
    (timer, "posix_timers_cache", lambda task: [timer for timer, _ in task.timers], False),
    (lock, "file_lock_cache", lambda task: [lock for _, lock in task.locks], True),
]


@pytest.mark.parametrize(("call", "cache", "made", "oldest_first"), ORDERS, ids=[row[1] for row in ORDERS])
def test_exit_frees_signals_and_locks_from_the_oldest_on_timers_from_the_newest_on(
    call: Call, cache: str, made: Callable[[Task], list[int]], oldest_first: bool
) -> None:
    machine = ready(open_one)
    for _ in range(3):
        machine.do(call, machine)
    order = made(machine.machine.tasks.find(2))
    machine.exit(2)
    used = [int(machine.do(machine.machine.kmem_cache_alloc, cache)) for _ in order]  # what was freed last comes first
    assert used == (order[::-1] if oldest_first else order)


def test_the_last_mount_of_a_namespace_is_freed_first() -> None:
    machine = ready(mounts)
    namespace = machine.machine.tasks.find(2).namespace
    assert namespace is not None
    order = [mount for mount, _ in namespace.mounts]
    machine.exit(2)
    assert [int(machine.do(machine.machine.kmem_cache_alloc, "mnt_cache")) for _ in order] == order


def test_a_locks_spare_goes_back_before_its_request_which_the_next_lock_takes() -> None:
    machine = ready(open_one)
    machine.do(lock, machine)
    machine.do(lock, machine)
    first, second = (machine.place(address)[1] for _, address in machine.machine.tasks.find(2).locks)
    assert (first, second) == (1, 2)  # request 0, lock 1, spare 2; then request 0, lock 2


def test_locks_end_when_their_owner_closes_the_file_though_a_child_has_it_open() -> None:
    machine = ready(one_of_each)
    child = machine.fork(2)
    machine.close(2, 0)
    assert machine.machine.tasks.find(2).locks == []
    assert len(machine.machine.tasks.find(child).open_files()) == 1


def test_a_child_inherits_the_mounts_and_neither_signals_timers_nor_locks() -> None:
    machine = ready(one_of_each)
    child = machine.machine.tasks.find(machine.fork(2))
    assert (child.signals, child.timers, child.locks) == ([], [], [])
    assert child.namespace is machine.machine.tasks.find(2).namespace
    same_after_restore(machine)
    machine.exit(2)
    assert machine.machine.find_cache("mnt_cache").nr_slabs == 1
    machine.exit(child.pid)
    assert machine.counter("web") == (0, 0)


def test_a_second_unshare_leaves_the_namespace_that_a_child_still_has() -> None:
    machine = ready(mounts)
    child = machine.machine.tasks.find(machine.fork(2))
    machine.as_task(2)
    machine.do(mounts, machine)
    task = machine.machine.current.task
    assert task.namespace is not None
    assert child.namespace is not None
    assert (task.namespace is child.namespace, task.namespace.users, child.namespace.users) == (False, 1, 1)
    same_after_restore(machine)


def test_locks_end_when_their_owner_closes_the_file_and_not_when_its_child_does() -> None:
    machine = ready(one_of_each)
    lock(machine)
    child = machine.fork(2)
    machine.close(child, 0)
    assert len(machine.machine.tasks.find(2).locks) == 2
    usage = machine.counter("web")[0]
    machine.close(2, 0)
    assert machine.machine.tasks.find(2).locks == []
    assert machine.counter("web")[0] == usage - 2 * LOCK - 256


def test_locks_of_another_file_stay() -> None:
    machine = ready(open_one)
    open_one(machine)
    machine.do(lock, machine)
    machine.close(2, 1)
    assert len(machine.machine.tasks.find(2).locks) == 1


def test_without_an_open_file_there_is_nothing_to_lock() -> None:
    machine = ready()
    before = kept(machine)
    assert refused_with(machine, lock) == errno.EBADF
    assert kept(machine) == before


# uid, euid of the sender; uid, euid, suid of the task; may it?
KILLS: list[tuple[tuple[int, int], tuple[int, int, int], bool]] = [
    ((0, 0), (7, 7, 7), True),
    ((7, 7), (7, 7, 7), True),
    ((7, 7), (8, 8, 8), False),
    ((7, 7), (0, 0, 0), False),
    ((7, 7), (8, 7, 8), False),  # what the task may do now says nothing
    ((7, 7), (8, 8, 7), True),
    ((7, 9), (7, 8, 8), True),  # the sender's real uid counts, too
    ((7, 9), (8, 8, 9), True),
    ((7, 9), (8, 9, 8), False),
    ((0, 7), (8, 8, 8), False),  # root that has put its rights away
    ((0, 7), (0, 0, 0), True),
    ((7, 0), (8, 8, 8), True),
]


@pytest.mark.parametrize(("sender", "uids", "may"), KILLS)
def test_a_task_is_ended_by_its_own_user_and_by_root(sender: tuple[int, int], uids: tuple[int, int, int], may: bool) -> None:
    machine = ready()
    pid = machine.fork(1)
    task = machine.machine.tasks.find(pid)
    task.uid, task.euid, task.suid = uids
    current = machine.machine.tasks.find(2)
    current.uid, current.euid = sender
    machine.as_task(2)
    before = machine.machine.state_hash()
    number = refused_with(machine, lambda machine: kill(machine.machine, task))
    assert (number, pid in machine.machine.tasks.by_pid) == ((0, False) if may else (errno.EPERM, True))
    assert may or machine.machine.state_hash() == before


def test_nobody_ends_init_not_even_root() -> None:
    machine = ready()
    before = machine.machine.state_hash()
    assert refused_with(machine, lambda machine: kill(machine.machine, machine.machine.tasks.find(1))) == errno.EPERM
    assert machine.machine.state_hash() == before


CALLS: list[tuple[Call, int, Call | None]] = [
    (signal, errno.EAGAIN, None),
    (timer, errno.EAGAIN, None),
    (lock, errno.ENOLCK, open_one),
    (mounts, errno.ENOMEM, mounts),
    (mounts, errno.ENOMEM, None),
]


@pytest.mark.parametrize(("call", "number", "prepare"), CALLS)
def test_whichever_page_cannot_be_had_nothing_is_left(call: Call, number: int, prepare: Call | None) -> None:
    errnos = every_page(call, prepare)
    if prepare is mounts:
        assert errnos == []  # every slab is there
        return
    # A device's name that cannot be had is done without.
    assert set(errnos) == ({number, 0} if call is mounts else {number})


def test_whichever_charge_does_not_fit_nothing_is_left_and_the_errno_is_the_kernels() -> None:
    assert every_charge(signal) == [("sigqueue", errno.EAGAIN)]
    assert every_charge(timer) == [("posix_timers_cache", errno.EAGAIN), ("sigqueue", errno.EAGAIN)]
    assert every_charge(mounts) == [("mnt_cache", errno.ENOMEM)] * 3
    assert every_charge(mounts, mounts) == [("mnt_cache", errno.ENOMEM)] * 3


def test_request_and_lock_are_needed_and_the_spare_is_not() -> None:
    needed = ("file_lock_cache", errno.ENOLCK)
    assert every_charge(lock, open_one) == [needed, needed, ("file_lock_cache", 0)]


def test_after_all_is_freed_the_zone_is_as_at_boot() -> None:
    machine = Checked()
    boot = machine.machine.slub.pages.free_blocks()
    machine.fork()
    for _ in range(2):
        machine.as_task(2)
        one_of_each(machine)
        machine.fork(2)
    ends_as_it_began(machine, boot)
