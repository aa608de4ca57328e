"""Grace periods: what waits is allocated and paid for until one ends."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from kmemlab.engine.buddy import STACK, STACK_ORDER, Zone
from kmemlab.engine.errors import CheckError
from kmemlab.engine.rcu import Callback
from kmemlab.engine.sockets import sys_pipe
from kmemlab.engine.types import NONE

from .faulty import ends_as_it_began, ready, same_after_restore
from .machines import Checked, errno_of
from .test_faults import Failing

FILE = 256
TASK, PID = 1824, 64  # s->size of task_struct and pid, facts 2.7


def waiting(machine: Checked) -> list[str]:
    return [each.cache for each in machine.machine.rcu.queue]


def test_without_a_grace_period_nothing_waits() -> None:
    machine = ready()
    machine.close(2, machine.open(2))
    assert (waiting(machine), machine.counter("web")) == ([], (0, 0))
    assert machine.do(machine.machine.rcu.end_grace_period) == 0


def test_a_closed_file_is_paid_for_until_the_grace_period_ends() -> None:
    machine = ready(rcu="grace")
    for _ in range(3):
        machine.open(2)
    for fd in (2, 0, 1):
        machine.close(2, fd)
    assert (waiting(machine), machine.counter("web")) == (["filp"] * 3, (3 * FILE, 0))
    assert machine.do(machine.machine.rcu.end_grace_period) == 3
    assert (waiting(machine), machine.counter("web")) == ([], (0, 0))


def test_a_limit_counts_what_waits() -> None:
    machine = ready(rcu="grace")
    machine.limit("web", FILE)
    machine.close(2, machine.open(2))
    assert errno_of(machine.open, 2) == errno.ENFILE
    machine.do(machine.machine.rcu.end_grace_period)
    assert machine.open(2) == 0


def test_a_container_that_is_left_cannot_be_removed_until_then() -> None:
    machine = ready(rcu="grace")
    machine.open(2)
    machine.exit(2)
    assert errno_of(machine.rmdir, "web") == errno.EBUSY
    machine.do(machine.machine.rcu.end_grace_period)
    machine.rmdir("web")


def paid_from_the_start(**more: Any) -> Checked:
    """Task 2 in `web`; every task_struct and pid that there is has an owner."""
    machine = Checked(**more)
    machine.mount()
    machine.mkdir("web")
    machine.account("task_struct")
    machine.account("pid")
    machine.attach(machine.fork(), "web")
    return machine


def test_a_task_that_ended_is_paid_for_and_keeps_its_stack_until_then() -> None:
    machine = paid_from_the_start(rcu="grace")
    child = machine.fork(2)
    zone = machine.machine.slub.pages
    stack = machine.machine.tasks.find(child).stack
    machine.exit(child)
    assert waiting(machine) == ["pid", "task_struct"]
    assert machine.counter("web") == (TASK + PID, 0)
    assert (zone.used_order[stack], zone.user[stack]) == (STACK_ORDER, STACK)
    assert machine.do(machine.machine.rcu.end_grace_period) == 2
    assert machine.counter("web") == (0, 0)
    assert zone.used_order[stack] == NONE


def test_without_a_grace_period_a_task_goes_at_once_and_its_stack() -> None:
    machine = paid_from_the_start()
    child = machine.fork(2)
    stack = machine.machine.tasks.find(child).stack
    machine.exit(child)
    assert (waiting(machine), machine.counter("web")) == ([], (0, 0))
    assert machine.machine.slub.pages.used_order[stack] == NONE


def test_a_pid_may_be_used_again_while_the_old_one_waits() -> None:
    machine = paid_from_the_start(rcu="grace")
    machine.exit(machine.fork(2))
    machine.machine.tasks.last_pid = 2
    assert machine.fork(2) == 3
    assert machine.counter("web") == (2 * (TASK + PID), 0)


def test_nobody_has_seen_the_task_of_a_fork_that_failed_so_it_does_not_wait() -> None:
    machine = paid_from_the_start(rcu="grace")
    machine.limit("web", TASK)
    assert errno_of(machine.fork, 2) == errno.ENOMEM
    assert (waiting(machine), machine.counter("web")) == ([], (0, 1))


def test_a_stack_that_waits_is_part_of_the_state_and_checked() -> None:
    machine = ready(rcu="grace")
    machine.exit(machine.fork(2))
    same_after_restore(machine)
    rcu = machine.machine.rcu
    assert [len(row) for row in rcu.state()] == [4, 5]  # only a task_struct has a stack to speak of
    kept = rcu.queue[1].stack
    rcu.queue[1].stack = NONE
    with pytest.raises(CheckError, match="stack pages belong to a task"):
        machine.machine.check()
    rcu.queue[1].stack = machine.machine.tasks.find(2).stack
    with pytest.raises(CheckError, match="a stack is one task's"):
        machine.machine.check()
    rcu.queue[1].stack = kept
    machine.do(rcu.end_grace_period)


def test_accounting_is_not_switched_off_while_something_waits() -> None:
    machine = ready(rcu="grace")
    machine.close(2, machine.open(2))
    assert errno_of(machine.account, "filp", False) == errno.EBUSY
    machine.do(machine.machine.rcu.end_grace_period)
    machine.account("filp", False)


def test_a_shared_file_waits_only_after_the_last_close() -> None:
    machine = ready(rcu="grace")
    machine.open(2)
    child = machine.fork(2)
    machine.close(2, 0)
    assert waiting(machine) == []
    machine.close(child, 0)
    assert waiting(machine) == ["filp"]


def test_a_pipes_inode_and_dentry_do_not_wait_its_struct_files_do() -> None:
    machine = ready(rcu="grace")
    sys_pipe(machine.machine, machine.machine.current.task)
    machine.close(2, 0)
    machine.close(2, 1)
    assert (waiting(machine), machine.counter("web")) == (["filp"] * 2, (2 * FILE, 0))


def test_a_pruned_dentry_waits_and_its_name_with_it() -> None:
    machine = ready(rcu="grace")
    machine.machine.dcache.stat_missing(100)
    machine.do(machine.machine.dcache.prune, 1)
    assert [(each.cache, each.name != NONE) for each in machine.machine.rcu.queue] == [("dentry", True)]
    assert machine.counter("web") == (208, 0)
    machine.do(machine.machine.rcu.end_grace_period)
    assert machine.counter("web") == (0, 0)


def test_the_oldest_goes_first_each_on_the_cpu_that_queued_it() -> None:
    machine = ready(rcu="grace", cpus=2)
    filp = machine.machine.find_cache("filp")
    for cpu in (0, 1):
        machine.open(2, cpu)
    first, second = (each.freelist for each in filp.cpu_slab)
    machine.close(2, 1, 1)
    machine.close(2, 0, 0)
    assert [each.cpu for each in machine.machine.rcu.queue] == [1, 0]
    machine.do(machine.machine.rcu.end_grace_period)
    assert [each.freelist for each in filp.cpu_slab] == [first - 1, second - 1]  # on top of each cpu's own list


def test_what_waited_longest_is_freed_first_and_so_used_last() -> None:
    machine = ready(rcu="grace")
    files = [machine.machine.tasks.find(2).files[machine.open(2)] for _ in range(3)]
    for fd in (1, 0, 2):
        machine.close(2, fd)
    machine.do(machine.machine.rcu.end_grace_period)
    for _ in files:
        machine.open(2)
    assert machine.machine.tasks.find(2).files == [files[2], files[0], files[1]]


def test_a_dentry_that_was_never_hashed_does_not_wait() -> None:
    machine = ready(rcu="grace")
    machine.do(machine.machine.dcache.stat_missing)  # so that only the name needs a page
    zone = machine.machine.slub.pages
    assert isinstance(zone, Zone)
    machine.machine.slub.pages = Failing(zone, 1, True)
    number = errno_of(machine.machine.dcache.stat_missing, 100)
    machine.machine.slub.pages = zone
    machine.machine.check()
    assert (number, waiting(machine), machine.counter("web")) == (errno.ENOMEM, [], (208, 0))


def test_the_queue_is_part_of_the_state() -> None:
    machine = ready(rcu="grace", cpus=2)
    for cpu in (0, 1):
        machine.close(2, machine.open(2), cpu)
    machine.machine.dcache.stat_missing(100)
    machine.do(machine.machine.dcache.prune, 1)
    before = machine.machine.state_hash()
    same_after_restore(machine)
    machine.do(machine.machine.rcu.end_grace_period)
    assert machine.machine.state_hash() != before
    assert machine.counter("web") == (0, 0)


def test_check_sees_a_queue_that_holds_what_is_free_or_somebody_elses() -> None:
    machine = ready(rcu="grace")
    address = machine.machine.tasks.find(2).files[machine.open(2)]
    rcu = machine.machine.rcu
    rcu.queue.append(Callback("filp", address, NONE, 0))
    with pytest.raises(CheckError, match="nobody holds what another holds"):
        machine.machine.check()
    rcu.queue[-1] = Callback("filp", address + 256, NONE, 0)
    with pytest.raises(CheckError, match="in use"):
        machine.machine.check()
    rcu.queue.clear()
    machine.machine.check()


def test_check_sees_a_name_that_was_freed_before_its_dentry() -> None:
    machine = ready(rcu="grace")
    machine.machine.dcache.stat_missing(100)
    machine.do(machine.machine.dcache.prune, 1)
    machine.machine.kmalloc.kfree(machine.machine.rcu.queue[0].name, 0)
    with pytest.raises(CheckError, match="in use"):
        machine.machine.check()


def two_stacks_wait() -> Checked:
    machine = ready(rcu="grace")
    for child in (machine.fork(2), machine.fork(2)):
        machine.exit(child)
    assert [each.stack != NONE for each in machine.machine.rcu.queue] == [False, True, False, True]
    return machine


def test_check_sees_two_tasks_that_wait_with_one_stack() -> None:
    machine = two_stacks_wait()
    queue = machine.machine.rcu.queue
    machine.machine.slub.pages.free_pages(queue[3].stack, STACK_ORDER)
    queue[3].stack = queue[1].stack
    with pytest.raises(CheckError, match="a stack is one task's"):
        machine.machine.check()


def test_check_sees_a_stack_that_was_freed_before_its_task() -> None:
    machine = two_stacks_wait()
    machine.machine.slub.pages.free_pages(machine.machine.rcu.queue[1].stack, STACK_ORDER)
    with pytest.raises(CheckError, match="a stack that waits has its pages"):
        machine.machine.check()


@pytest.mark.parametrize("mode", ["later", "", 1, None])
def test_there_are_two_modes(mode: object) -> None:
    with pytest.raises((OSError, TypeError), match=r"rcu=|str object expected"):
        Checked(rcu=mode)


def test_after_all_is_freed_the_zone_is_as_at_boot() -> None:
    machine = Checked(rcu="grace")
    boot = machine.machine.slub.pages.free_blocks()
    machine.fork()
    for _ in range(20):
        machine.open(2)
    ends_as_it_began(machine, boot)
