"""What each command prints, and what it says when it says no: the shell's words, one quiet line of ours, errno, status."""

from __future__ import annotations

import errno

import pytest

from kmemlab import Machine, Result
from kmemlab.commands import USAGE, VERBS
from kmemlab.man import PAGES
from kmemlab.verbs_tasks import RUNS_SHOWN

READY = [
    "mount -t container -o kmem none /containers",
    "mkdir /containers/web /containers/bomb",
    "echo 1 > /sys/slab/filp/cache_account",
    "fork",
    "echo 2 > /containers/bomb/tasks",
]


@pytest.fixture
def machine() -> Machine:
    """kmem mounted, filp accounted, task 2 in bomb."""
    ready = Machine(memory="1M")
    for line in READY:
        assert ready.run(line).status == 0
    return ready


# command -> out
PRINTS = [
    ("", ""),
    ("   ", ""),
    ("# a comment", ""),
    ("echo", ""),
    ("echo a  b", "a b"),
    ("echo 'a  b' \"c\"", "a  b c"),
    ("echo -n x", "x"),
    ("echo $$", "1"),
    ("as 2 echo $$", "2"),
    ("echo a#b", "a#b"),
    ("open 1", "fd 0: slab 0 cell 0"),
    ("open 3", "fd 0-2: slab 0 cells 0-2"),
    ("open 18", "fd 0-15: slab 0 cells 0-f\nfd 16-17: slab 1 cells 0-1"),
    ("as 2@0 open 2", "fd 0-1: slab 0 cells 0-1"),
    ("fork", "3"),
    ("fork 3", "3\n4\n5"),
    ("as 2 fork", "3"),
    ("kill 2", ""),
    ("as 2 exit", ""),
    ("close all", ""),
    ("ls /", "containers\ndev\nproc\nsys\ntmp"),
    ("ls", "containers\ndev\nproc\nsys\ntmp"),
    ("ls /containers", "tasks\nnotify_on_release\nreleasable\nrelease_agent\nkmem.usage\nkmem.limit\nkmem.failcnt\nweb\nbomb"),
    ("ls /proc/version", "/proc/version"),
    ("cat /containers/bomb/tasks", "2"),
    ("cat /containers/bomb/kmem.usage /containers/bomb/kmem.limit", "0\n9223372036854775807"),
    ("cat /sys/slab/filp/cache_account", "1"),
    ("cat /proc/2/cgroup", "kmem:/bomb"),
    ("echo -n 4096 > /containers/web/kmem.limit", ""),
    ("echo nginx > /proc/2/comm", ""),
    ("echo 0 > /containers/web/tasks", ""),
    ("echo $$ > /containers/web/tasks", ""),
    ("echo 1 > /sys/slab/filp/shrink", ""),
    ("cat /sys/slab/filp/shrink", ""),
    ("echo 1 > /sys/slab/filp/validate", ""),
    ("cat /sys/slab/filp/validate", ""),
    ("dmesg", ""),
    ("mkdir /containers/db", ""),
    ("rmdir /containers/web", ""),
    ("mount -t container -o kmem none /tmp", ""),
    ("umount /containers", ""),
    (
        "mount",
        "proc on /proc type proc (rw)\nsysfs on /sys type sysfs (rw)\nnone on /containers type container (rw,kmem)",
    ),
    (
        "ps",
        "  PID  PPID COMMAND          FILES CONTAINER\n"
        "    1     0 init                 0 /\n"
        "    2     1 init                 0 /bomb",
    ),
]


@pytest.mark.parametrize(("line", "out"), PRINTS, ids=[row[0] for row in PRINTS])
def test_a_command_that_goes_well_prints_its_output_and_nothing_else(machine: Machine, line: str, out: str) -> None:
    result = machine.run(line)
    assert (result.out, result.err, result.hint, result.errno, result.status) == (out, "", "", 0, 0)
    assert result.events >= 1
    machine.check()


# commands before, command -> err, hint, errno, status
ENFILE = "Too many open files in system"
REFUSED: list[tuple[list[str], str, str, str, int, int]] = [
    # design/lab.md 9, row by row
    (
        ["as 2 open 227"],
        "echo 0 > /sys/slab/filp/cache_account",
        "sh: write error: Device or resource busy",
        "filp has 227 objects in use. Full slabs are on no list, so they cannot be uncharged.",
        errno.EBUSY,
        1,
    ),
    (
        [],
        "echo 1 > /sys/slab/kmalloc-256/cache_account",
        "sh: write error: Invalid argument",
        "kmalloc caches cannot be accounted: their callers are not known by cache.",
        errno.EINVAL,
        1,
    ),
    (
        ["as 2 fork", "as 2 open 152"],
        "rmdir /containers/bomb",
        "rmdir: 'bomb': Device or resource busy",
        "2 tasks and 152 objects still refer to bomb.",
        errno.EBUSY,
        1,
    ),
    (
        [],
        "mount -t container -o kmm none /c",  # there is no /c either: the kernel looks there first, and says the same
        "mount: No such file or directory",
        "No subsystem is called kmm. Did you mean kmem?",
        errno.ENOENT,
        1,
    ),
    (
        [],
        "echo 8192 > /containers/bomb/kmem.limit",
        "sh: write error: Invalid argument",
        "The newline counts as junk here: use `echo -n`.",
        errno.EINVAL,
        1,
    ),
    ([], "opne", "sh: opne: not found", "Did you mean open? `help` lists all.", errno.ENOENT, 127),
    # the others
    ([], "mount -t container none /c", "mount: No such file or directory", "there is no /c", errno.ENOENT, 1),
    ([], "frobnicate", "sh: frobnicate: not found", "`help` lists all commands.", errno.ENOENT, 127),
    (
        ["echo -n 600 > /containers/bomb/kmem.limit"],
        "as 2 open 5",
        f"open: {ENFILE} (3 of 5 refused)",
        "There was no struct file to be had: no memory, or the container's limit.",
        errno.ENFILE,
        1,
    ),
    (
        ["echo -n 0 > /containers/bomb/kmem.limit"],
        "as 2 open 1",
        f"open: {ENFILE}",
        "There was no struct file to be had: no memory, or the container's limit.",
        errno.ENFILE,
        1,
    ),
    ([], "close 0", "close: 0: Bad file descriptor", "Task 1 has no open file 0; nothing was closed.", errno.EBADF, 1),
    (
        ["open 2"],
        "close 0 0",
        "close: 0: Bad file descriptor",
        "Task 1 has no open file 0; nothing was closed.",
        errno.EBADF,
        1,
    ),
    (
        ["open 2"],
        "close 0-5",
        "close: 2: Bad file descriptor",
        "Task 1 has no open file 2; nothing was closed.",
        errno.EBADF,
        1,
    ),
    (
        [],
        "kill 1",
        "sh: can't kill pid 1: Operation not permitted",
        "init may not exit: the kernel would panic",
        errno.EPERM,
        1,
    ),
    ([], "kill 9", "sh: can't kill pid 9: No such process", "there is no task 9: `ps` lists them", errno.ESRCH, 1),
    ([], "exit", "exit: Operation not permitted", "init may not exit: the kernel would panic", errno.EPERM, 1),
    ([], "as 9 open 1", "sh: as 9: No such process", "there is no task 9: `ps` lists them", errno.ESRCH, 1),
    ([], "as 2@7 open 1", "sh: as 2@7: Invalid argument", "there is no cpu 7: this machine has 1", errno.EINVAL, 1),
    ([], "as x open 1", "sh: as: x: not a pid", "`ps` lists the tasks.", errno.EINVAL, 2),
    ([], "as 2", "sh: usage: as PID[@CPU] COMMAND", "as 7 open 3: task 7 opens three files.", errno.EINVAL, 2),
    (
        [],
        "cat /nope",
        "cat: can't open '/nope': No such file or directory",
        "there is no /nope",
        errno.ENOENT,
        1,
    ),
    ([], "cat /proc", "cat: /proc: Is a directory", "/proc is a directory: `ls` lists it", errno.EISDIR, 1),
    ([], "ls /nope", "ls: /nope: No such file or directory", "there is no /nope", errno.ENOENT, 1),
    (
        [],
        "mkdir /containers/web",
        "mkdir: can't create directory '/containers/web': File exists",
        "there is a web already",
        errno.EEXIST,
        1,
    ),
    (
        [],
        "echo x > /containers/notes",
        "sh: can't create /containers/notes: Permission denied",
        "No file can be created here: these trees hold what the kernel shows.",
        errno.EACCES,
        1,
    ),
    ([], "echo x > /proc/version", "sh: write error: Input/output error", "this file can only be read", errno.EIO, 1),
    (
        [],
        "mount -t cgroup -o kmem none /tmp",
        "mount: unknown filesystem type 'cgroup'",
        "The file system of 2007 is called container; it became cgroup with 2.6.24.",
        errno.ENODEV,
        1,
    ),
    ([], "mount -t ext3 none /tmp", "mount: unknown filesystem type 'ext3'", "", errno.ENODEV, 1),
    (
        [],
        "umount /tmp",
        "umount: can't unmount /tmp: Invalid argument",
        "nothing is mounted on /tmp",
        errno.EINVAL,
        1,
    ),
    ([], "echo 'x", "sh: syntax error: unterminated quoted string", "", errno.EINVAL, 2),
    (
        [],
        "cat /proc/version > /tmp",
        "sh: only echo can be redirected here",
        "`echo TEXT > FILE` writes to a file.",
        errno.EINVAL,
        2,
    ),
    ([], "ls | cat", 'sh: syntax error: unexpected "|"', "One command a line; only `echo TEXT > FILE`.", errno.EINVAL, 2),
    ([], "ls ; ls", 'sh: syntax error: unexpected ";"', "One command a line; only `echo TEXT > FILE`.", errno.EINVAL, 2),
    ([], "open 1 &", 'sh: syntax error: unexpected "&"', "One command a line; only `echo TEXT > FILE`.", errno.EINVAL, 2),
    ([], "> /tmp", 'sh: syntax error: unexpected ">"', "One command a line; only `echo TEXT > FILE`.", errno.EINVAL, 2),
]


@pytest.mark.parametrize(("before", "line", "err", "hint", "number", "status"), REFUSED, ids=[row[1] for row in REFUSED])
def test_a_command_that_says_no_says_it_in_the_shells_words_and_one_line_of_ours(
    machine: Machine, before: list[str], line: str, err: str, hint: str, number: int, status: int
) -> None:
    for each in before:
        machine.run(each)
    result = machine.run(line)
    assert (result.err, result.hint, result.errno, result.status) == (err, hint, number, status)
    machine.check()


@pytest.mark.parametrize(
    "name", sorted(set(VERBS) - {"ls", "ps", "help", "echo", "mount", "fork", "exit", "rcu", "dmesg", "sites", "cost"})
)
def test_a_command_without_what_it_needs_prints_how_it_is_used(machine: Machine, name: str) -> None:
    result = machine.run(name)
    assert result.err == f"{name}: usage: {USAGE[name]}"
    assert (result.hint, result.errno, result.status) == (f"`man {name}` says more.", errno.EINVAL, 2)


def test_what_was_opened_before_a_refusal_is_printed_with_it(machine: Machine) -> None:
    machine.run("echo -n 600 > /containers/bomb/kmem.limit")
    assert machine.run("as 2 open 5").out == "fd 0-1: slab 0 cells 0-1"
    assert machine.run("cat /containers/bomb/kmem.failcnt").out == "3"


def test_a_redirection_takes_no_struct_file(machine: Machine) -> None:
    before = machine.find_cache("filp").nr_slabs
    machine.run("echo -n 5 > /containers/web/kmem.limit")
    assert machine.find_cache("filp").nr_slabs == before == 0


def test_every_command_is_an_event_and_the_number_is_right(machine: Machine) -> None:
    log = machine.log
    assert log is not None
    for line in ("ls", "open 3", "nope", "close all", "echo 1 > /sys/slab/filp/shrink"):
        before = log.length
        result: Result = machine.run(line)
        assert result.events == log.length - before >= 1


def test_after_each_command_init_runs(machine: Machine) -> None:
    for line in ("as 2 ls", "as 2 nope", "as 2 open 0", "as 2 exit"):
        machine.run(line)
        assert machine.current.task.pid == 1


def test_help_names_every_command_and_man_explains_each(machine: Machine) -> None:
    told = machine.run("help").out
    for name, usage in USAGE.items():
        assert usage in told
        page = machine.run(f"man {name}").out
        assert name in page
        assert page == machine.run(f"help {name}").out
    assert machine.run("man /containers/web/kmem.usage").out == PAGES["kmem.limit"]
    assert "No manual entry for nope" in machine.run("man nope").out


def test_cat_prints_what_it_could_read_before_it_fails(machine: Machine) -> None:
    result = machine.run("cat /containers/bomb/tasks /nope")
    assert (result.out, result.status) == ("2", 1)


def test_one_slab_is_one_slab_where_its_cells_go_back_and_forth() -> None:
    machine = Machine(memory="4M")
    machine.run("open 12")
    machine.run("close all")
    assert machine.run("open 12").out.splitlines()[-1] == "... to fd 11: 12 files on 1 slab"


def test_a_long_list_of_files_is_cut_and_summed_up() -> None:
    machine = Machine(memory="4M")
    lines = machine.run("open 800").out.splitlines()
    assert len(lines) == RUNS_SHOWN + 1
    assert lines[-1] == "... to fd 799: 800 files on 50 slabs"
