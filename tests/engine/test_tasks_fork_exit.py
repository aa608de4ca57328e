"""Tasks: what fork takes and gives back, whose files are whose, which pid is next (facts 2.7, 4.2)."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.buddy import STACK_ORDER
from kmemlab.engine.errors import KernelError
from kmemlab.engine.tasks import FORK_CACHES, PID_MAX, Task
from kmemlab.engine.types import NONE

from .machines import Checked, errno_of, without_failcnt


def live(machine: Checked) -> dict[str, int]:
    """Objects in use by cache."""
    counts: dict[str, int] = {}
    for slab in {id(each): each for each in machine.machine.slub.slab_of if each is not None}.values():
        counts[slab.cache.name] = counts.get(slab.cache.name, 0) + slab.live()
    return {name: count for name, count in counts.items() if count}


def test_init_takes_no_memory(machine: Checked) -> None:
    assert machine.machine.slub.pages.runs_in_use() == []
    assert list(machine.machine.tasks.by_pid) == [1]


def test_a_fork_takes_seven_objects_and_a_stack(machine: Checked) -> None:
    child = machine.machine.tasks.find(machine.fork())
    assert live(machine) == dict.fromkeys(FORK_CACHES, 1)
    assert [name for name, _ in child.objects] == list(FORK_CACHES)
    assert machine.machine.slub.pages.used_order[child.stack] == STACK_ORDER


def test_an_exit_gives_everything_back(machine: Checked) -> None:
    before = machine.machine.slub.pages.free_blocks()
    child = machine.fork()
    machine.open(child)
    machine.exit(child)
    assert live(machine) == {}
    machine.shrink_all()
    assert machine.machine.slub.pages.free_blocks() == before


def test_a_child_shares_its_parents_files_until_both_have_closed_them(machine: Checked) -> None:
    machine.open()
    child = machine.fork()
    machine.open(child)
    assert live(machine)["filp"] == 2
    machine.close(1, 0)
    assert live(machine)["filp"] == 2
    machine.close(child, 0)
    assert live(machine)["filp"] == 1
    assert machine.machine.tasks.shared == {}


def test_three_share_a_file_and_exit_closes_what_nobody_else_has(machine: Checked) -> None:
    machine.open()
    one, two = machine.fork(), machine.fork()
    assert list(machine.machine.tasks.shared.values()) == [3]
    machine.exit(one)
    machine.exit(two)
    assert (live(machine), machine.machine.tasks.shared) == ({"filp": 1}, {})


def test_open_takes_the_lowest_descriptor_that_is_free(machine: Checked) -> None:
    assert [machine.open() for _ in range(4)] == [0, 1, 2, 3]
    for fd in (3, 1):
        machine.close(1, fd)
    assert [machine.open() for _ in range(3)] == [1, 3, 4]


def test_a_child_has_its_own_descriptors(machine: Checked) -> None:
    machine.open()
    machine.open()
    child = machine.fork()
    machine.close(1, 0)
    assert (machine.open(), machine.open(child)) == (0, 2)


@pytest.mark.parametrize("fd", [-1, 0, 1, 99])
def test_a_descriptor_that_is_not_open_cannot_be_closed(machine: Checked, fd: int) -> None:
    machine.close(1, machine.open())
    before = machine.machine.state_hash()
    assert errno_of(machine.close, 1, fd) == errno.EBADF
    assert machine.machine.state_hash() == before


def test_a_child_is_born_where_its_parent_is(kmem: Checked) -> None:
    child = kmem.fork(2)
    assert kmem.read("/containers/web/tasks") == f"2\n{child}\n"
    assert kmem.group("web").refs == 2


def test_an_exit_leaves_the_container(kmem: Checked) -> None:
    kmem.exit(2)
    assert kmem.read("/containers/web/tasks") == ""
    kmem.rmdir("web")
    assert "web" not in kmem.machine.tree.listdir("/containers")


def test_an_orphan_belongs_to_init(machine: Checked) -> None:
    grandparent = machine.fork()
    parent = machine.fork(grandparent)
    child = machine.fork(parent)
    machine.exit(parent)
    assert machine.machine.tasks.find(child).parent == 1  # not the grandparent, which is there still


def test_init_may_not_exit(machine: Checked) -> None:
    before = machine.machine.state_hash()
    assert errno_of(machine.exit, 1) == errno.EPERM
    assert machine.machine.state_hash() == before


def test_when_the_task_that_runs_ends_init_runs(machine: Checked) -> None:
    child = machine.fork()
    machine.exit(child)
    assert machine.machine.current.task.pid == 1


def test_pids_count_up_and_are_not_used_again_at_once(machine: Checked) -> None:
    first = machine.fork()
    machine.exit(first)
    assert (first, machine.fork()) == (2, 3)


def test_pids_come_around_after_32767_and_jump_over_those_in_use() -> None:
    machine = Checked()
    kept = machine.fork()
    machine.machine.tasks.last_pid = PID_MAX - 2
    assert (kept, machine.fork(), machine.fork()) == (2, PID_MAX - 1, 3)


def test_with_every_pid_taken_fork_says_try_again_and_takes_nothing() -> None:
    machine = Checked()
    tasks = machine.machine.tasks
    init = tasks.by_pid[1]
    tasks.by_pid = dict.fromkeys(range(1, PID_MAX), init)
    assert errno_of(tasks.fork, init) == errno.EAGAIN
    assert machine.machine.slub.pages.runs_in_use() == []


def test_a_pid_that_nobody_has_is_no_such_process(machine: Checked) -> None:
    assert errno_of(machine.as_task, 7) == errno.ESRCH


@pytest.mark.parametrize("cpu", [-1, 2, 64])
def test_a_cpu_that_is_not_there_cannot_run_anything(machine: Checked, cpu: int) -> None:
    before = machine.machine.state_hash()
    assert errno_of(machine.as_task, 1, cpu) == errno.EINVAL
    assert machine.machine.state_hash() == before


def test_a_task_runs_on_the_cpu_of_its_pid_unless_told_otherwise() -> None:
    machine = Checked(cpus=2)
    for pid, cpu, where in [(1, None, 1), (1, 0, 0), (1, 1, 1)]:
        machine.as_task(pid, cpu)
        assert machine.machine.current.cpu == where


def test_when_memory_runs_out_a_fork_gives_back_what_it_had() -> None:
    machine = Checked(memory="64K")
    forked = 0
    while True:
        before = without_failcnt(machine.machine.state())
        try:
            machine.fork()
        except KernelError as error:
            assert error.errno == errno.ENOMEM
            break
        forked += 1
    assert without_failcnt(machine.machine.state()) == before
    assert forked == 2  # 11 pages of slabs, and two for each stack
    assert live(machine) == dict.fromkeys(FORK_CACHES, 2)


def test_a_task_that_has_nothing_open_lists_nothing() -> None:
    task = Task(5, "x", 1)
    assert (task.open_files(), task.stack) == ([], NONE)
