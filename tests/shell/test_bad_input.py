"""What a tired person, or a hostile one, types: it is refused with a sentence, and nothing changes."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Machine

READY = [
    "mount -t container -o kmem none /containers",
    "mkdir /containers/a",
    "echo 1 > /sys/slab/filp/cache_account",
    "fork",
    "echo 2 > /containers/a/tasks",
    "as 2 open 3",
]


def ready() -> Machine:
    machine = Machine(memory="512K")
    for line in READY:
        assert machine.run(line).status == 0
    return machine


LIMIT = "/containers/a/kmem.limit"
REFUSED = [
    *[(f"open {n}", errno.EINVAL) for n in ("0", "-1", "1.5", "1e3", "0x10", "1000001", "9" * 30, "x", "''", "1 2", "\u0661")],
    *[(f"fork {n}", errno.EINVAL) for n in ("0", "-1", "x", "1000001", "1 2")],
    *[(f"close {n}", errno.EBADF) for n in ("0", "7", "0-3", "999999999")],
    *[(f"close {n}", errno.EINVAL) for n in ("x", "-1", "1-", "-", "9999999999", "0-9999999999", "all all")],
    *[(f"as 2 close {n}", errno.EBADF) for n in ("3", "0 0", "0-2 1", "2-3", "0 1 2 9")],
    *[(f"kill {n}", errno.ESRCH) for n in ("3", "0", "99999")],
    *[(f"kill {n}", errno.EINVAL) for n in ("", "-1", "x", "2 1")],
    *[(f"as {n} ls", errno.ESRCH) for n in ("3", "0")],
    *[(f"as {n} ls", errno.EINVAL) for n in ("-1", "x", "2@", "2@1", "2@-1", "2@x", "@1", "")],
    *[(f"echo -n '{text}' > {LIMIT}", errno.EINVAL) for text in ("1x", " 12", "-1", "1M", "+1", "0x10", "1 2", "\u0661")],
    (f"echo 8192 > {LIMIT}", errno.EINVAL),
    ("echo -n 5 > /containers/a/kmem.usage", errno.EINVAL),
    ("echo 1 > /sys/slab/nope/cache_account", errno.ENOENT),
    ("echo 1 > /sys/slab/kmalloc-8/cache_account", errno.EINVAL),
    ("echo 2 > /sys/slab/filp/cache_account", errno.EINVAL),
    ("echo 0 > /sys/slab/filp/cache_account", errno.EBUSY),
    ("echo 0 > /sys/slab/filp/shrink", errno.EINVAL),
    ("echo 0 > /sys/slab/filp/validate", errno.EINVAL),
    ("cat /sys/slab/filp/alloc_calls", errno.ENOSYS),
    ("cat /no/such/path", errno.ENOENT),
    ("cat /proc/99/comm", errno.ENOENT),
    ("cat /proc/\u0661/comm", errno.ENOENT),
    ("echo 99 > /containers/a/tasks", errno.ESRCH),
    ("echo x > /containers/a/tasks", errno.EIO),
    ("mkdir /containers/a", errno.EEXIST),
    ("mkdir /containers/tasks", errno.EEXIST),
    ("mkdir /containers/b/c", errno.ENOENT),
    ("mkdir '/containers/b\nc'", errno.EINVAL),
    ("mkdir '/containers/b\0c'", errno.EINVAL),
    ("mkdir ''", errno.ENOENT),
    ("mkdir /", errno.EEXIST),
    ("mkdir /containers/..", errno.EEXIST),
    (f"mkdir /containers/{'x' * 256}", errno.ENAMETOOLONG),
    ("mkdir /containers/\ud800", errno.EINVAL),
    ("rmdir /containers/a", errno.EBUSY),
    ("rmdir /containers", errno.EBUSY),
    ("rmdir /containers/tasks", errno.ENOTDIR),
    ("mount -t container -o kmem none /containers", errno.EBUSY),
    ("mount -t container -o '' none /tmp", errno.EINVAL),
    ("mount -t container -o kmem, none /tmp", errno.EINVAL),
    ("mount -t container -o kmem none", errno.EINVAL),
    ("mount /tmp", errno.EINVAL),
    ("umount /proc", errno.EBUSY),
    ("nope", errno.ENOENT),
    ("echo 'open", errno.EINVAL),
    ("open 1 > /tmp", errno.EINVAL),
    ("echo 1 > /tmp > /tmp", errno.EINVAL),
    ("echo " + "x" * 10_000, errno.E2BIG),
    ("x" * 10_000, errno.E2BIG),
]


@pytest.mark.parametrize(("line", "number"), REFUSED, ids=[ascii(row[0])[:50] for row in REFUSED])
def test_it_is_refused_with_a_sentence_and_nothing_changes(line: str, number: int) -> None:
    machine = ready()
    before = machine.state_hash()
    result = machine.run(line)
    assert machine.state_hash() == before
    machine.check()
    assert result.errno == number
    assert result.status in (1, 2, 127)
    assert result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(("text", "value"), [(str(2**64), 0), ("0", 0), ("007", 7), (str(2**63 - 1), 2**63 - 1)])
def test_a_limit_of_nothing_or_too_much_is_taken_as_the_kernel_took_it(text: str, value: int) -> None:
    machine = ready()
    result = machine.run(f"echo -n '{text}' > {LIMIT}")
    assert (result.status, machine.run(f"cat {LIMIT}").out) == (0, str(value))
    machine.check()


@pytest.mark.parametrize("line", ["echo -n", "echo -n ''", "as 2 echo -n"])
@pytest.mark.parametrize("file", [LIMIT, "/containers/a/kmem.usage", "/sys/slab/filp/cache_account", "/sys/slab/filp/shrink"])
def test_nothing_to_write_is_no_write(line: str, file: str) -> None:
    machine = ready()
    machine.run(f"echo -n 4096 > {LIMIT}")
    before = machine.state_hash()
    assert (machine.run(f"{line} > {file}").status, machine.state_hash()) == (0, before)
    assert machine.run(f"cat {LIMIT}").out == "4096"


def test_a_write_of_no_bytes_is_a_limit_of_zero_as_the_kernel_took_it() -> None:
    machine = ready()
    machine.tree.write(LIMIT, "")
    assert machine.run(f"cat {LIMIT}").out == "0"


def test_a_file_that_nothing_is_written_to_is_opened_all_the_same() -> None:
    machine = ready()
    assert machine.run("echo -n > /no/where").errno == errno.ENOENT
    assert machine.run("echo -n > /containers").errno == errno.EISDIR


@pytest.mark.parametrize("text", ["1", "0x10", "1.5"])
def test_a_pid_is_the_first_number_of_what_is_written(text: str) -> None:
    machine = ready()
    assert machine.run(f"echo '{text}' > /containers/a/tasks").status == 0
    assert machine.run("cat /containers/a/tasks").out == "1\n2"


def test_a_line_of_4096_characters_is_the_longest() -> None:
    machine = ready()
    assert machine.run("echo " + "x" * 4091).status == 0
    assert machine.run("echo " + "x" * 4092).errno == errno.E2BIG


def test_a_range_that_runs_backwards_is_no_range() -> None:
    machine = ready()
    before = machine.state_hash()
    result = machine.run("as 2 close 2-0")
    assert machine.state_hash() == before
    assert result.status != 0, "nothing was closed, and nobody was told"


def test_when_memory_is_full_everything_still_says_so_and_nothing_breaks() -> None:
    machine = ready()
    machine.run("open 5000")
    for line, number in [
        ("open 1", errno.ENFILE),
        ("fork", errno.ENOMEM),
        ("mkdir /containers/b", errno.ENOMEM),
        ("mkdir /tmp/b", 0),
        ("ps", 0),
    ]:
        assert machine.run(line).errno == number
        machine.check()
    machine.run("close all")
    machine.run("echo 1 > /sys/slab/filp/shrink")
    assert machine.run("fork").status == 0
    machine.check()


WORDS = st.sampled_from(
    [
        *f"as 1 2 2@0 open close fork kill echo -n 0 > {LIMIT} cat mkdir rmdir ls /containers /containers/a /containers/b / .. "
        "'' \" \\ # $$ é & | all -1 mount umount -t -o kmem container none /tmp /sys/slab/filp/cache_account man ps".split(),
        "\n",
        "\x00",
    ]
)


@settings(max_examples=150)
@given(lines=st.lists(st.lists(st.one_of(WORDS, st.text(max_size=4)), max_size=6).map(" ".join), max_size=8))
def test_whatever_is_typed_the_shell_answers_and_the_machine_is_whole(lines: list[str]) -> None:
    machine = ready()
    for line in lines:
        result = machine.run(line)
        assert (result.err == "") == (result.status == 0)
        machine.check()
        again = machine.state()
        machine.restore(again)
        assert machine.state() == again
