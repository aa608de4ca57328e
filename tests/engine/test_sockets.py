"""Pipes, sockets and negative dentries: what they take, in which order, who pays, what a refusal leaves (facts 2.7, 7)."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.dcache import INLINE_NAME, LONG_NAME
from kmemlab.engine.sockets import PIPE_BUFFERS, Pipe, Socket, sys_pipe, sys_socket
from kmemlab.engine.types import NONE, PAGE_SHIFT

from .faulty import Call, allocated, ends_as_it_began, every_charge, every_page, freed, kept, ready, same_after_restore
from .machines import Checked

PIPE = ["filp", "inode_cache", "kmalloc-1024", "dentry", "filp"]
SOCKET = ["sock_inode_cache", "UNIX", "filp", "dentry"]


def pipe(machine: Checked) -> None:
    sys_pipe(machine.machine, machine.machine.current.task)


def full_pipe(machine: Checked) -> None:
    sys_pipe(machine.machine, machine.machine.current.task, True)


def socket(machine: Checked) -> None:
    sys_socket(machine.machine, machine.machine.current.task)


def socket_with_message(machine: Checked) -> None:
    sys_socket(machine.machine, machine.machine.current.task, True)


def stat(machine: Checked) -> None:
    machine.machine.dcache.stat_missing()


def stat_long(machine: Checked) -> None:
    machine.machine.dcache.stat_missing(LONG_NAME)


def one_of_each(machine: Checked) -> None:
    for call in (pipe, full_pipe, socket, socket_with_message, stat, stat_long):
        call(machine)


def close_all(machine: Checked) -> None:
    task = machine.machine.current.task
    for fd in task.open_files():
        machine.machine.close(task, fd)


def warm(machine: Checked) -> None:
    """A slab of each cache is there, so that a call takes objects only and no owner arrays."""
    one_of_each(machine)
    close_all(machine)


@pytest.mark.parametrize(
    ("call", "order"),
    [
        (pipe, PIPE),
        (full_pipe, PIPE),
        (socket, SOCKET),
        (socket_with_message, [*SOCKET, "skbuff_head_cache", "kmalloc-1024"]),
        (stat, ["dentry"]),
        (stat_long, ["dentry", "kmalloc-128"]),
    ],
)
def test_each_call_takes_its_objects_in_the_kernels_order(call: Call, order: list[str]) -> None:
    assert allocated(ready(warm), call) == order


@pytest.mark.parametrize(
    ("call", "order"),
    [
        (pipe, ["filp", "kmalloc-1024", "filp", "inode_cache", "dentry"]),
        (full_pipe, ["filp", "kmalloc-1024", "filp", "inode_cache", "dentry"]),
        (socket, ["UNIX", "filp", "sock_inode_cache", "dentry"]),
        (socket_with_message, ["kmalloc-1024", "skbuff_head_cache", "UNIX", "filp", "sock_inode_cache", "dentry"]),
    ],
)
def test_the_last_close_frees_what_is_behind_a_file_in_the_kernels_order(call: Call, order: list[str]) -> None:
    machine = ready(one_of_each)
    close_all(machine)
    machine.do(call, machine)
    assert freed(machine, close_all) == order


@pytest.mark.parametrize(
    ("call", "cost"),
    [
        (pipe, 256 + 544 + 208 + 256),
        (full_pipe, 256 + 544 + 208 + 256),  # neither 16 pages nor kmalloc
        (socket, 640 + 704 + 256 + 208),
        (socket_with_message, 640 + 704 + 256 + 208 + 192),
        (stat, 208),
        (stat_long, 208),
    ],
)
def test_the_container_pays_for_objects_of_caches_and_for_nothing_else(call: Call, cost: int) -> None:
    machine = ready()
    machine.do(call, machine)
    assert machine.counter("web") == (cost, 0)


def test_a_full_pipe_holds_sixteen_pages_until_both_ends_are_closed() -> None:
    machine = ready()
    free = machine.machine.slub.pages.nr_free
    machine.do(pipe, machine)
    without = free - machine.machine.slub.pages.nr_free
    machine.do(full_pipe, machine)
    assert free - machine.machine.slub.pages.nr_free == without + PIPE_BUFFERS
    machine.close(2, 2)
    machine.close(2, 0)
    assert free - machine.machine.slub.pages.nr_free == without + PIPE_BUFFERS
    machine.close(2, 3)
    assert free - machine.machine.slub.pages.nr_free == without


def test_a_pipes_pages_are_freed_from_the_first_on_so_the_last_is_used_next() -> None:
    machine = ready()
    machine.do(pipe, machine)  # so that no slab is missing for the second one
    kernel = machine.machine
    large: list[int] = []
    while (address := machine.kmalloc(4096)) != NONE:
        large.append(address)
    for each in large[::2]:
        machine.kfree(each)  # single pages, none beside another
    machine.do(full_pipe, machine)
    behind = kernel.tasks.behind[kernel.tasks.find(2).files[2]]
    assert isinstance(behind, Pipe)
    pages = list(behind.pages)
    for fd in (2, 3):
        machine.close(2, fd)
    assert [machine.kmalloc(4096) >> PAGE_SHIFT for _ in pages] == pages[::-1]


def test_a_pipe_gives_two_descriptors_the_reading_end_first_and_the_lowest_that_are_free() -> None:
    machine = ready()
    task = machine.machine.current.task
    assert machine.open(2) == 0
    assert sys_pipe(machine.machine, task) == (1, 2)
    machine.close(2, 0)
    assert sys_socket(machine.machine, task) == 0
    assert sys_pipe(machine.machine, task) == (3, 4)
    machine.machine.check()


def test_a_child_keeps_a_pipe_and_a_socket_open() -> None:
    machine = ready(one_of_each)
    child = machine.fork(2)
    usage = machine.counter("web")[0]
    machine.exit(2)
    assert machine.counter("web")[0] == usage  # its own memory is older than the accounting
    kinds = [type(each) for each in machine.machine.tasks.behind.values()]
    assert (kinds.count(Pipe), kinds.count(Socket)) == (4, 2)
    machine.exit(child)
    assert machine.machine.tasks.behind == {}


def test_negative_dentries_survive_the_task_and_prune_frees_the_oldest_first() -> None:
    machine = ready()
    for call in (stat, stat_long, stat):
        machine.do(call, machine)
    same_after_restore(machine)
    machine.exit(2)
    assert machine.counter("web") == (3 * 208, 0)
    oldest = [dentry for dentry, _ in machine.machine.dcache.negative]
    assert machine.do(machine.machine.dcache.prune, 2) == 2
    assert [dentry for dentry, _ in machine.machine.dcache.negative] == oldest[2:]
    assert machine.do(machine.machine.dcache.prune, 9) == 1
    assert machine.counter("web") == (0, 0)


def test_a_name_is_kmalloced_from_36_characters_on() -> None:
    machine = ready()
    machine.machine.dcache.stat_missing(INLINE_NAME - 1)
    machine.machine.dcache.stat_missing(INLINE_NAME)
    assert [name >= 0 for _, name in machine.machine.dcache.negative] == [False, True]
    machine.machine.check()


def test_a_state_with_every_kind_of_file_is_restored() -> None:
    machine = ready(one_of_each)
    machine.fork(2)
    machine.close(2, 0)
    same_after_restore(machine)
    ends = sorted(each.ends for each in machine.machine.tasks.behind.values())
    machine.close(2, 1)
    assert ends == [1, 1, 2, 2, 2, 2]


ENFILE, ENOMEM, ENOBUFS = errno.ENFILE, errno.ENOMEM, errno.ENOBUFS
CALLS: list[tuple[Call, set[int]]] = [
    (pipe, {ENFILE, ENOMEM}),
    (full_pipe, {ENFILE, ENOMEM}),
    (socket, {ENFILE, ENOMEM}),
    (socket_with_message, {ENFILE, ENOMEM, ENOBUFS}),
    (stat, {ENOMEM}),
    (stat_long, {ENOMEM}),
]


@pytest.mark.parametrize("rcu", ["now", "grace"])
@pytest.mark.parametrize(("call", "errnos"), CALLS, ids=[call.__name__ for call, _ in CALLS])
def test_whichever_page_cannot_be_had_nothing_is_left(call: Call, errnos: set[int], rcu: str) -> None:
    found = every_page(call, rcu=rcu)
    assert set(found) == errnos
    if call is full_pipe:
        assert found[-PIPE_BUFFERS:] == [ENOMEM] * PIPE_BUFFERS


@pytest.mark.parametrize("rcu", ["now", "grace"])
def test_whichever_charge_does_not_fit_nothing_is_left_and_the_errno_is_the_kernels(rcu: str) -> None:
    piped = [("filp", ENFILE), ("inode_cache", ENFILE), ("dentry", ENOMEM), ("filp", ENFILE)]
    socketed = [("sock_inode_cache", ENFILE), ("UNIX", ENOMEM), ("filp", ENFILE), ("dentry", ENOMEM)]
    assert every_charge(pipe, rcu=rcu) == piped
    assert every_charge(full_pipe, rcu=rcu) == piped
    assert every_charge(socket, rcu=rcu) == socketed
    assert every_charge(socket_with_message, rcu=rcu) == [*socketed, ("skbuff_head_cache", ENOBUFS)]
    assert every_charge(stat_long, rcu=rcu) == [("dentry", ENOMEM)]


def test_closing_what_is_not_open_changes_nothing() -> None:
    machine = ready(one_of_each)
    before = kept(machine)
    with pytest.raises(OSError, match="no open file"):
        machine.close(2, 99)
    assert kept(machine) == before


@pytest.mark.parametrize("rcu", ["now", "grace"])
def test_after_all_is_freed_the_zone_is_as_at_boot(rcu: str) -> None:
    machine = Checked(rcu=rcu)
    boot = machine.machine.slub.pages.free_blocks()
    machine.fork()
    machine.as_task(2)
    for _ in range(3):
        one_of_each(machine)
    machine.fork(2)
    ends_as_it_began(machine, boot)
