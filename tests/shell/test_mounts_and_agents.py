"""Mounting, renaming and release agents, as one types them."""

from __future__ import annotations

import errno

import pytest

from kmemlab import Machine

KMEM = "mount -t container -o kmem none /containers"
BUSY = "Device or resource busy"
DENIED = "Permission denied"
USER = [KMEM, "fork", "echo 7 > /proc/2/uid"]


def after(*lines: str) -> Machine:
    """A machine on which these commands went well."""
    machine = Machine(memory="1M")
    for line in lines:
        result = machine.run(line)
        assert (result.status, result.hint) == (0, ""), line
    return machine


WATCHED = [
    KMEM,
    "echo /sbin/agent > /containers/release_agent",
    "mkdir /containers/web",
    "echo 1 > /containers/web/notify_on_release",
    "fork",
    "echo 2 > /containers/web/tasks",
]


@pytest.mark.parametrize("line", ["kill 2", "as 2 exit", "echo 2 > /containers/tasks", "as 2 echo 0 > /containers/tasks"])
def test_the_command_that_empties_a_container_says_that_its_agent_would_run(line: str) -> None:
    machine = after(*WATCHED)
    assert machine.run("cat /containers/release_agent").out == "/sbin/agent"
    result = machine.run(line)
    assert (result.hint, result.err, result.status) == ("release agent /sbin/agent would run with /web", "", 0)
    assert machine.run("ls").hint == ""
    machine.check()


def test_closing_the_last_file_of_an_empty_container_runs_its_agent() -> None:
    machine = after(*WATCHED, "echo 1 > /sys/slab/filp/cache_account", "as 2 open 3", "echo 2 > /containers/tasks")
    assert machine.run("as 2 close 0 1").hint == ""
    assert machine.run("as 2 close 2").hint == "release agent /sbin/agent would run with /web"


def test_a_command_that_is_refused_in_part_tells_both() -> None:
    machine = after(*WATCHED, "mkdir /containers/web/x", "echo 2 > /containers/tasks")
    result = machine.run("rmdir /containers/web/x /containers/tasks")
    assert result.errno == errno.ENOTDIR
    assert result.hint == "there is no container tasks here; release agent /sbin/agent would run with /web"


def test_two_containers_that_empty_at_once_are_told_of_in_one_line() -> None:
    machine = after(
        *WATCHED,
        "mount -t container -o memory,release_agent=/b none /tmp",
        "mkdir /tmp/x",
        "echo 1 > /tmp/x/notify_on_release",
        "echo 2 > /tmp/x/tasks",
    )
    assert machine.run("kill 2").hint == "release agent /b would run with /x; release agent /sbin/agent would run with /web"


# before, command -> err, errno
SAYS_NO: list[tuple[list[str], str, str, int]] = [
    ([KMEM], "mount -t container -o kmem,memory none /tmp", f"mount: {BUSY}", errno.EBUSY),
    ([KMEM], "mount -t container none /tmp", f"mount: {BUSY}", errno.EBUSY),
    ([KMEM, "mkdir /containers/x"], "mount -o remount,kmem /containers", f"mount: {BUSY}", errno.EBUSY),
    ([KMEM], "mount -o remount,kmem,noprefix /containers", "mount: Invalid argument", errno.EINVAL),
    ([KMEM], "mount -o remount,kmem /tmp", "mount: Invalid argument", errno.EINVAL),
    ([KMEM], "mv /containers/tasks /containers/x", "mv: can't rename '/containers/tasks': Not a directory", errno.ENOTDIR),
    (
        [KMEM, "mkdir /containers/a /containers/b"],
        "mv /containers/a /containers/b",
        "mv: can't rename '/containers/a': File exists",
        errno.EEXIST,
    ),
    (
        [KMEM, "mkdir /containers/a /containers/b"],
        "mv /containers/a /containers/b/a",
        "mv: can't rename '/containers/a': Input/output error",
        errno.EIO,
    ),
    (USER, "as 2 mkdir /tmp/../containers/x", "mkdir: can't create directory '/tmp/../containers/x': " + DENIED, errno.EACCES),
    (USER, "as 2 echo 0 > /containers/tasks", "sh: can't create /containers/tasks: " + DENIED, errno.EACCES),
    ([KMEM], "chown 7 /tmp", "chown: /tmp: Operation not permitted", errno.EPERM),
    ([KMEM], "echo 1 > /containers/releasable", "sh: write error: Invalid argument", errno.EINVAL),
]


@pytest.mark.parametrize(("before", "line", "err", "number"), SAYS_NO, ids=[row[1] for row in SAYS_NO])
def test_what_is_refused_is_refused_in_the_shells_words_and_changes_nothing(
    before: list[str], line: str, err: str, number: int
) -> None:
    machine = after(*before)
    state = machine.state_hash()
    result = machine.run(line)
    assert (result.err, result.errno, result.status) == (err, number, 1)
    assert result.hint
    assert machine.state_hash() == state
    machine.check()


def test_mount_without_options_takes_all_four_and_mount_alone_lists_them_highest_first() -> None:
    machine = after("mount -t container none /containers")
    assert machine.run("mount").out.splitlines()[-1] == "none on /containers type container (rw,memory,kmem,cpuacct,cpuset)"
    assert machine.run("cat /proc/1/cgroup").out == "memory,kmem,cpuacct,cpuset:/"


@pytest.mark.parametrize("line", ["mount -o remount,kmem,memory,release_agent=/a /containers",
                                  "mount -t container -o kmem,remount,memory,release_agent=/a none /containers"])  # fmt: skip
def test_a_remount_is_typed_as_mount_takes_it(line: str) -> None:
    machine = after(KMEM, line)
    shown = machine.run("mount").out.splitlines()[-1]
    assert shown == "none on /containers type container (rw,memory,kmem,release_agent=/a)"


def test_remount_alone_asks_for_all() -> None:
    machine = after(KMEM, "mount -o remount /containers")
    assert machine.run("cat /proc/1/cgroup").out == "memory,kmem,cpuacct,cpuset:/"


def test_noprefix_is_shown() -> None:
    machine = after("mount -t container -o kmem,noprefix none /tmp")
    assert machine.run("mount").out.endswith("(rw,kmem,noprefix)")


def test_a_container_is_renamed_and_given_away() -> None:
    machine = after(
        KMEM,
        "mkdir /containers/a",
        "mv /containers/a /containers/b",
        "fork",
        "echo 1000 > /proc/2/uid",
        "chown 1000 /containers/b",
        "as 2 echo 0 > /containers/b/tasks",
        "as 2 mkdir /containers/b/own",
    )
    assert machine.run("cat /proc/2/cgroup").out == "kmem:/b"
    assert machine.run("cat /proc/2/uid").out == "1000 1000 1000"


@pytest.mark.parametrize("topic", ["releasable", "/containers/release_agent", "/proc/2/uid", "/proc/cgroups", "/proc/1/cgroup"])
def test_man_knows_the_new_files(topic: str) -> None:
    assert "No manual entry" not in after().run(f"man {topic}").out
