"""The commands of verbs_more.py: what each prints, what it says when it says no; a session goes to and fro over them."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from kmemlab import Machine, Session
from kmemlab.commands import USAGE, VERBS
from kmemlab.man_more import PAGES

CACHES = (
    "filp", "dentry", "inode_cache", "vm_area_struct", "anon_vma", "sock_inode_cache", "UNIX", "skbuff_head_cache",
    "sigqueue", "posix_timers_cache", "file_lock_cache", "mnt_cache",
)  # fmt: skip
READY = [
    "mount -t container -o kmem none /containers",
    "mkdir /containers/bomb",
    "fork",
    "echo 2 > /containers/bomb/tasks",
    *[f"echo 1 > /sys/slab/{cache}/cache_account" for cache in CACHES],
]
LIMIT = "echo -n {} > /containers/bomb/kmem.limit"


def made(**more: str) -> Machine:
    """Task 2 in bomb, everything it can ask for accounted."""
    machine = Machine(memory="2M", **more)
    for line in READY:
        assert machine.run(line).status == 0
    return machine


@pytest.fixture
def machine() -> Machine:
    return made()


def usage(machine: Machine) -> int:
    return int(machine.run("cat /containers/bomb/kmem.usage").out)


# commands before, command, what it prints, what the container pays for it
WELL: list[tuple[list[str], str, str, int]] = [
    ([], "stat 3", "", 3 * 208),
    ([], "stat -l 3", "", 3 * 208),
    (["as 2 stat 5"], "prune 2", "2 dentries pruned", -2 * 208),
    (["as 2 stat 5"], "prune all", "5 dentries pruned", -5 * 208),
    ([], "prune all", "0 dentries pruned", 0),
    ([], "rcu", "0 objects freed", 0),
    ([], "mmap 4", "", 4 * 176),
    (["as 2 mmap 4"], "touch 4", "", 4 * 32),
    (["as 2 mmap 4", "as 2 touch 2"], "munmap 3", "", -3 * 176 - 32),
    ([], "pipe 1", "fd 0-1", 2 * 256 + 544 + 208),
    ([], "pipe -f 2", "fd 0-3", 4 * 256 + 2 * 544 + 2 * 208),
    (["as 2 open 3", "as 2 close 1"], "pipe 1", "2 descriptors, fd 1 to 3", 2 * 256 + 544 + 208),
    ([], "socket 1", "fd 0", 640 + 704 + 256 + 208),
    ([], "socket -s 2", "fd 0-1", 2 * (640 + 704 + 256 + 208 + 192)),
    ([], "sigqueue 3", "", 3 * 160),
    ([], "timer 3", "", 3 * (168 + 160)),
    (["as 2 open 1"], "flock 3", "", 3 * 184),
    ([], "mountns 3", "", 3 * 256),
    ([], "softirq 3", "", 3 * 192),
    ([], "softirq 3 filp", "", 3 * 256),
    (["as 2 softirq 3"], "softirq -d 2", "2 objects freed", -2 * 192),
    ([], "kthread 3 filp", "", 0),
    (["as 2 kthread 3 filp"], "kthread -d 9", "3 objects freed", 0),
]


@pytest.mark.parametrize(("before", "line", "out", "cost"), WELL, ids=[row[1] for row in WELL])
def test_a_call_that_goes_well_prints_its_output_and_the_container_pays(
    machine: Machine, before: list[str], line: str, out: str, cost: int
) -> None:
    for each in before:
        machine.run(each)
    had = usage(machine)
    result = machine.run(f"as 2 {line}")
    assert (result.out, result.err, result.hint, result.errno, result.status) == (out, "", "", 0, 0)
    machine.check()
    assert usage(machine) - had == cost
    for each in ("as 2 exit", "prune all", "softirq -d 99", "kthread -d 99", "rcu"):
        machine.run(each)
    machine.check()
    assert usage(machine) == 0


NO_FILE = "Too many open files in system"
NO_MEMORY = "Cannot allocate memory"
# commands before, command, err, errno, status
REFUSED: list[tuple[list[str], str, str, int, int]] = [
    ([LIMIT.format(208)], "stat 3", f"stat: {NO_MEMORY} (2 of 3 refused)", errno.ENOMEM, 1),
    ([LIMIT.format(176)], "mmap 2", f"mmap: {NO_MEMORY} (1 of 2 refused)", errno.ENOMEM, 1),
    (["as 2 mmap 2", LIMIT.format(352)], "touch 1", f"touch: {NO_MEMORY}", errno.ENOMEM, 1),
    (["as 2 mmap 2"], "touch 3", "touch: 3: Bad address", errno.EFAULT, 1),
    ([], "munmap 1", "munmap: 1: Invalid argument", errno.EINVAL, 1),
    ([LIMIT.format(255)], "pipe 1", f"pipe: {NO_FILE}", errno.ENFILE, 1),
    ([LIMIT.format(256 + 544)], "pipe 1", f"pipe: {NO_MEMORY}", errno.ENOMEM, 1),
    ([LIMIT.format(640)], "socket 1", f"socket: {NO_MEMORY}", errno.ENOMEM, 1),
    ([LIMIT.format(1808)], "socket -s 1", "socket: No buffer space available", errno.ENOBUFS, 1),
    ([LIMIT.format(160)], "sigqueue 2", "sigqueue: Resource temporarily unavailable (1 of 2 refused)", errno.EAGAIN, 1),
    ([LIMIT.format(168)], "timer 1", "timer: Resource temporarily unavailable", errno.EAGAIN, 1),
    ([], "flock 1", "flock: Bad file descriptor", errno.EBADF, 1),
    (["as 2 open 1", LIMIT.format(256 + 184)], "flock 1", "flock: No locks available", errno.ENOLCK, 1),
    ([LIMIT.format(512)], "mountns 3", f"mountns: {NO_MEMORY}", errno.ENOMEM, 1),
    ([LIMIT.format(0)], "softirq 2", f"softirq: {NO_MEMORY} (2 of 2 refused)", errno.ENOMEM, 1),
    ([], "softirq 2 nope", "softirq: nope: No such file or directory", errno.ENOENT, 1),
    ([], "kthread 2", f"kthread: usage: {USAGE['kthread']}", errno.EINVAL, 2),
    ([], "softirq 1 a b", f"softirq: usage: {USAGE['softirq']}", errno.EINVAL, 2),
    ([], "rcu now", f"rcu: usage: {USAGE['rcu']}", errno.EINVAL, 2),
    ([], "pipe -f", f"pipe: usage: {USAGE['pipe']}", errno.EINVAL, 2),
    ([], "pipe -x", "pipe: -x: Invalid argument", errno.EINVAL, 2),
    ([], "mmap 0", "mmap: 0: Invalid argument", errno.EINVAL, 2),
    ([], "stat 1 2", "stat: 1 2: Invalid argument", errno.EINVAL, 2),
]


@pytest.mark.parametrize(("before", "line", "err", "number", "status"), REFUSED, ids=[row[1] for row in REFUSED])
def test_a_call_that_is_refused_says_it_in_the_kernels_words_and_pays_nothing(
    machine: Machine, before: list[str], line: str, err: str, number: int, status: int
) -> None:
    for each in before:
        machine.run(each)
    had = usage(machine)
    result = machine.run(f"as 2 {line}")
    assert (result.err, result.errno, result.status) == (err, number, status)
    assert result.hint
    machine.check()
    if "of" not in err.split("(")[-1].split():
        assert usage(machine) == had


def test_descriptors_that_came_before_a_refusal_are_printed_with_it(machine: Machine) -> None:
    machine.run(LIMIT.format(2 * 1264 + 100))
    result = machine.run("as 2 pipe 4")
    assert (result.out, result.err) == ("fd 0-3", f"pipe: {NO_FILE} (2 of 4 refused)")


def test_what_may_not_fail_goes_over_the_limit(machine: Machine) -> None:
    machine.run(LIMIT.format(0))
    assert machine.run("as 2 softirq -n 2").status == 0
    assert (usage(machine), machine.run("cat /containers/bomb/kmem.failcnt").out) == (384, "2")


@pytest.mark.parametrize(("payer", "cost"), [("current", 192), ("root", 0), ("none", 0)])
def test_who_pays_for_a_packet_is_how_the_machine_was_booted(payer: str, cost: int) -> None:
    machine = made(irq_payer=payer)
    machine.run("as 2 softirq 1")
    assert usage(machine) == cost


def test_a_closed_file_waits_for_the_command_that_ends_the_grace_period() -> None:
    machine = made(rcu="grace")
    machine.run("as 2 open 3")
    machine.run("as 2 close all")
    assert usage(machine) == 3 * 256
    assert machine.run("rcu").out == "3 objects freed"
    assert usage(machine) == 0


EVERYTHING = [
    "as 2 stat 3", "as 2 stat -l 2", "as 2 mmap 4", "as 2 touch 3", "as 2 fork", "as 2 munmap 1", "as 2 pipe 1",
    "as 2 pipe -f 1", "as 2 socket -s 2", "as 2 sigqueue 3", "as 2 timer 2", "as 2 flock 2", "as 2 mountns 3", "as 2 fork",
    "as 2 softirq 2", "as 2 softirq -n 1", "kthread 2 filp", "as 2 close 0", "prune 2", "rcu", LIMIT.format(9000),
    "as 2 pipe 3", "as 2 socket 3", "as 2 flock 9", "as 2 softirq -n 2", "softirq -d 2", "kill 2", "kill 3", "rcu", "prune all",
]  # fmt: skip


@pytest.mark.parametrize(
    "options", [{}, {"rcu": "grace", "irq_payer": "none"}, {"rcu": "grace", "irq_payer": "root", "cpus": 2}]
)
def test_a_session_goes_to_and_fro_over_every_command_and_each_event_is_explained(options: dict[str, Any]) -> None:
    session = Session(memory="2M", **options)
    session.run(*READY)
    hashes = {}
    for line in EVERYTHING:
        session.run(line)
        session.machine.check()
        hashes[session.position] = session.machine.state_hash()
    for position in sorted(hashes, reverse=True):
        session.seek(position)
        assert session.machine.state_hash() == hashes[position]
    for position in range(1, session.length + 1, 3):
        session.seek(position)
        session.machine.check()
        steps = session.records("steps")
        assert steps
        for each in steps:
            assert len(each.to_dict()["sentence"]) <= 64
    again = Session.from_dict(session.to_dict())
    assert again.machine.state_hash() == session.machine.state_hash()


@pytest.mark.parametrize("rcu", ["now", "grace"])
@pytest.mark.parametrize("last", ["kill 2", "as 2 fork", "as 2 mountns 2", "as 2 close all", "as 2 flock 2", "prune all"])
def test_the_machine_can_be_looked_at_after_every_event_of_a_command(last: str, rcu: str) -> None:
    session = Session(memory="2M", rcu=rcu)
    session.run(*READY, *EVERYTHING[:13], "as 2 mountns 1", "kill 3", last)
    assert session.results[-1].status == 0
    for position in range(session.ends[-2] + 1, session.length + 1):
        session.seek(position)
        session.machine.check()
        for name in ("steps", "pages", "flow", "containers"):
            assert session.records(name)


def said(session: Session) -> str:
    """Every sentence of the last event that is not a command's end."""
    session.seek(session.length - 1)
    return " ".join(str(each.to_dict()["sentence"]) for each in session.records("steps"))


def test_an_explanation_says_who_pays_for_an_interrupt_and_what_was_forced() -> None:
    session = Session(memory="2M", irq_payer="none")
    session.run(*READY, "as 2 softirq 1")
    assert "nobody asked for it, so nobody pays" in said(session)
    session = Session(memory="2M")
    session.run(*READY, LIMIT.format(10), "as 2 softirq -n 1")
    assert "pays over its limit" in said(session)


@pytest.mark.parametrize(
    ("before", "line", "word"),
    [
        (600, "pipe 1", "pipe() fails with ENFILE"),
        (900, "pipe 1", "pipe() fails with ENOMEM"),
        (0, "timer 1", "timer() fails with EAGAIN"),
        (0, "mmap 1", "mmap() fails with ENOMEM"),
    ],
)
def test_an_explanation_of_a_refusal_names_the_errno(before: int, line: str, word: str) -> None:
    session = Session(memory="2M")
    session.run(*READY, LIMIT.format(before), f"as 2 {line}")
    found = ""
    for position in range(session.ends[-2] + 1, session.length + 1):
        session.seek(position)
        found += " ".join(str(each.to_dict()["sentence"]) for each in session.records("steps"))
    assert word in found


def test_each_command_has_a_page() -> None:
    assert set(PAGES) <= set(VERBS)
    assert {"stat", "prune", "rcu", "mmap", "touch", "munmap", "pipe", "socket"} <= set(PAGES)
    for name, page in PAGES.items():
        assert page.startswith(USAGE[name])
