"""What the machine must do for the lessons to be true: each of these decides a number that a learner sees."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.lab import SlabView
from kmemlab.lessons import check
from kmemlab.lessons.lesson_02 import machine
from kmemlab.records import CacheRow, ListedSlab, SlabRow

BLUE = ("mount -t container -o kmem none /dev/container", "mkdir /dev/container/blue", "echo 0 > /dev/container/blue/tasks")


def rows(session: Session) -> dict[int, SlabRow]:
    return {row.number: row for row in session.records("slabs") if isinstance(row, SlabRow)}


def read(session: Session, file: str) -> str:
    return session.run(f"cat {file}")[0].out


def test_open_takes_the_lowest_free_descriptors_from_0_and_prints_them_with_their_cells() -> None:
    session = machine()
    assert session.run("open 3")[0].out == "fd 0-2: slab 0 cells 0-2"
    session.run("close 0-1")
    assert session.run("open 3")[0].out.splitlines() == ["fd 0: slab 0 cell 1", "fd 1: slab 0 cell 0", "fd 3: slab 0 cell 3"]
    assert session.run("close 0 2-3")[0].err == ""
    assert sum(row.inuse for row in rows(session).values()) == 1


def test_open_tries_all_its_files_even_after_a_refusal() -> None:
    session = machine(
        *BLUE, "echo 1 > /sys/slab/filp/cache_account", "echo -n 65536 > /dev/container/blue/kmem.limit", "open 400"
    )
    assert read(session, "/dev/container/blue/kmem.failcnt") == "144"
    assert sum(row.inuse for row in rows(session).values()) == 256


def test_the_shells_own_redirections_take_no_struct_file() -> None:
    session = machine(*BLUE, "echo 1 > /sys/slab/filp/cache_account", "echo -n 65536 > /dev/container/blue/kmem.limit")
    assert rows(session) == {}
    session.run("open 1")
    assert read(session, "/dev/container/blue/kmem.usage") == "256"


@pytest.mark.parametrize(("slub", "number"), [("2.6.23", errno.ENFILE), ("2.6.24", errno.ENFILE)])
def test_a_refused_struct_file_is_enfile_in_the_eras_of_2007(slub: str, number: int) -> None:
    session = Session(slub=slub, cpus=1, boot="slub_nomerge")
    session.run(*BLUE, "echo 1 > /sys/slab/filp/cache_account", "echo -n 256 > /dev/container/blue/kmem.limit")
    result = session.run("open 2")[0]
    assert result.errno == number
    assert "Too many open files in system" in result.err


def test_objects_counts_a_cpu_slab_as_wholly_used_and_off_asks_for_live_objects() -> None:
    session = machine("open 40")
    assert read(session, "/sys/slab/filp/objects") == "48"
    session.run("echo 1 > /sys/slab/filp/cache_account", "close 0-39")
    assert read(session, "/sys/slab/filp/objects") == "16"
    assert session.run("echo 0 > /sys/slab/filp/cache_account")[0].err == "", "a slab in a cpu's hand is no object"
    session.run("open 1", "echo 1 > /sys/slab/filp/cache_account")
    assert session.run("echo 0 > /sys/slab/filp/cache_account")[0].errno == errno.EBUSY


def test_slabs_partial_and_cpu_slabs_are_files_and_full_is_none() -> None:
    session = machine("open 40")
    assert [read(session, f"/sys/slab/filp/{name}") for name in ("slabs", "partial", "cpu_slabs")] == ["3", "0", "1"]
    assert session.run("cat /sys/slab/filp/full")[0].errno == errno.ENOENT


def test_a_cache_leads_to_cpu_slabs_and_the_partial_list_in_order_and_to_no_full_slab() -> None:
    session = machine("open 80", "close 20 3 40 41")
    cache = session.cache("filp")
    assert cache == CacheRow("filp", [ListedSlab(4, 16)], [ListedSlab(1, 15), ListedSlab(0, 15), ListedSlab(2, 14)])
    led = {slab.number for slab in cache.cpu_slabs + cache.partial}
    assert 3 not in led
    assert rows(session)[3].where == "full"
    assert set(CacheRow.__dataclass_fields__) == {"name", "cpu_slabs", "partial"}, "another field may be a way to a full slab"
    assert set(ListedSlab.__dataclass_fields__) == {"number", "live"}
    session.run("close all", "open 17")
    assert [slab.number for slab in session.cache("filp").cpu_slabs] == [5], "birth numbers are never used again"
    with pytest.raises(OSError, match="there is no cache"):
        session.cache("flip")


def test_a_freed_struct_file_returns_at_once_or_through_a_grace_period() -> None:
    at_once, later = machine("open 2", "close 0"), Session(cpus=1, boot="slub_nomerge", rcu="grace")
    later.run("open 2", "close 0")
    assert rows(at_once)[0].inuse == 1
    assert rows(later)[0].inuse == 2
    later.run("rcu")
    assert rows(later)[0].inuse == 1


def test_a_cache_that_tracks_its_users_has_its_full_slabs_on_a_list() -> None:
    session = Session(slub="2.6.24", cpus=1, boot="slub_nomerge slub_debug=U,filp")
    session.run("open 40")
    assert int(session.machine.find_cache("filp").size) == 320
    assert [(row.objects, row.inuse, row.where) for _, row in sorted(rows(session).items())] == [
        (12, 12, "full list"), (12, 12, "full list"), (12, 12, "full list"), (12, 4, "cpu 0"),
    ]  # fmt: skip


def test_the_text_twin_says_through_what_each_slab_is_found() -> None:
    assert SlabView(machine("open 40", "close 5"), cache="filp")._sent["twin"] == "\n".join(
        [
            "filp: 256 bytes, 16 per slab, order 0    files open: 39",
            "slab  0 1 2 3 4 5 6 7 8 9 a b c d e f  live  found through",
            "   0  # # # # # > # # # # # # # # # #    15  partial 1",
            "   1  # # # # # # # # # # # # # # # #    16  nothing",
            "   2  # # # # # # # # > . . . . . . .     8  cpu 0",
        ]
    )


def test_the_text_twin_has_letters_for_owners_and_no_lines_without_end() -> None:
    session = machine(*BLUE, "echo 1 > /sys/slab/filp/cache_account", "open 3")
    twin = SlabView(session, cache="filp")._sent["twin"].splitlines()
    assert twin[2] == "   0  B B B > . . . . . . . . . . . .     3  cpu 0"
    assert twin[3] == "B = /blue"
    twin = SlabView(machine("open 1600"), cache="filp")._sent["twin"].splitlines()
    assert twin[0].endswith("files open: 1,600")
    assert twin[-1] == "... and 40 more, all full"
    assert SlabView(machine(), cache="filp")._sent["twin"] == "No slab yet."


def test_dots_that_are_left_in_a_run_do_nothing_and_a_check_catches_them_in_a_function() -> None:
    session = machine("open 40")
    before = session.machine.state_hash()
    assert "not answered yet" in repr(session.run(...))  # type: ignore[arg-type]
    assert session.machine.state_hash() == before

    def reachable(cache: Any) -> int:
        return sum(slab.live for slab in ...)  # type: ignore[attr-defined]

    assert check("02.8", reachable).state == "not answered yet"
