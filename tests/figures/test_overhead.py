"""Costs that nobody is charged for: the bytes that a walk finds, the shares of facts 2.7; picture, words, command alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.slub_admin import slabs_of
from kmemlab.figures import overhead_figure, overhead_text, room_for
from kmemlab.figures.overhead import PARTS, overhead_parts
from kmemlab.overhead import CONTAINERS, PAGE_POINTERS, overhead_rows
from kmemlab.records import OverheadRow
from kmemlab.scenarios import play
from kmemlab.shell import Machine

CACHES = ("filp", "anon_vma", "vm_area_struct", "dentry", "sighand_cache")


def worked(seed: int) -> Session:
    """A session whose slabs are full, partial and empty by chance."""
    chance = Random(seed)
    session = Session(memory="4M", cpus=2)
    session.run(
        "mount -t container -o kmem none /containers", "mkdir /containers/a", "open 9", "fork 3", "echo 2 > /containers/a/tasks"
    )
    session.run(*(f"echo 1 > /sys/slab/{name}/cache_account" for name in CACHES if chance.random() < 0.8))
    for _ in range(60):
        pid = chance.randrange(1, 5)
        verb = chance.choice(("open 30", "open 5", "close all", "mmap 40", "touch 9", "munmap 20", "stat 25", "fork"))
        session.run(f"as {pid}@{chance.randrange(2)} {verb}")
    session.run("prune all")
    return session


def rows_of(session: Session) -> list[OverheadRow]:
    rows = session.records("overhead")
    assert all(isinstance(row, OverheadRow) for row in rows)
    return [row for row in rows if isinstance(row, OverheadRow)]


@pytest.mark.parametrize(
    ("cache", "array", "percent"),
    [("anon_vma", 1024, 25.0), ("dentry", 192, 4.7), ("filp", 128, 3.1), ("mm_struct", 96, 1.2), ("fasync_cache", 2048, 50.0)],
)
def test_owner_arrays_take_the_shares_of_facts_2_7(cache: str, array: int, percent: float) -> None:
    (row,) = (each for each in overhead_rows(Machine(), every=True) if each.what == cache)
    assert (row.array, row.array_percent) == (array, percent)


def test_an_array_takes_of_kmalloc_what_its_row_says() -> None:
    machine = Machine(memory="4M")
    machine.run("echo 1 > /sys/slab/anon_vma/cache_account")
    machine.run("mmap 1")
    before = sum(
        slab.live() * slab.cache.size for slab in {id(s): s for s in machine.slub.slab_of if s}.values() if slab.cache.family
    )
    machine.run("touch 1")
    after = sum(
        slab.live() * slab.cache.size for slab in {id(s): s for s in machine.slub.slab_of if s}.values() if slab.cache.family
    )
    (row,) = (each for each in overhead_rows(machine) if each.what == "anon_vma")
    assert after - before == row.array == row.arrays == 1024


@pytest.mark.parametrize("seed", range(4))
def test_the_parts_are_what_the_cost_records_and_a_walk_of_the_slabs_find(seed: int) -> None:
    session = worked(seed)
    costs = {str(row.to_dict()["cache"]): row.to_dict() for row in session.records("cost")}
    rows = rows_of(session)
    caches = [row for row in rows if not row.beside]
    assert {row.what for row in caches} == set(costs)
    for row in caches:
        cost = costs[row.what]
        assert (row.slabs, row.bytes) == (cost["slabs"], cost["bytes"])
        assert row.reserve_bytes + row.free + row.tail == cost["free"]
        slabs = [each.to_dict() for each in session.records("slabs", row.what)]
        assert row.reserve == sum(each["inuse"] == 0 for each in slabs)
        assert row.partial == sum(each["where"].startswith("partial") and each["inuse"] > 0 for each in slabs)
        assert row.arrays == row.array * sum(each["array"] for each in slabs)
    assert sum(row.arrays for row in caches) == sum(cost["arrays"] for cost in costs.values())
    assert any(row.reserve for row in caches)
    assert seed > 1 or any(row.partial for row in caches)
    beside = {row.what: row.beside for row in rows if row.beside}
    assert beside == {PAGE_POINTERS: 8 * 1024, CONTAINERS: 2 * 64}


def test_a_container_more_is_a_state_more_and_one_removed_is_one_less() -> None:
    session = Session(memory="2M")
    sizes = []
    for line in ("mount -t container -o kmem none /containers", "mkdir /containers/a /containers/b", "rmdir /containers/a"):
        session.run(line)
        sizes.append(next(row.beside for row in rows_of(session) if row.what == CONTAINERS))
    assert sizes == [64, 192, 128]


@pytest.mark.parametrize(
    "more", [{}, {"off": "walk"}, {"off": "drain"}, {"off": "charged-list"}, {"allocator": "slab"}], ids=str
)
def test_arrays_cost_what_kmalloc_gave_for_them_with_the_header_of_a_design(more: dict[str, Any]) -> None:
    session = Session(memory="2M", **more)
    session.run("echo 1 > /sys/slab/filp/cache_account", "echo 1 > /sys/slab/dentry/cache_account", "open 40", "stat 60")
    machine = session.machine
    for row in overhead_rows(machine):
        if not row.beside:
            cache = machine.find_cache(row.what)
            homes = [machine.slub.slab_of[slab.array // 4096] for slab in slabs_of(machine.slub, cache) if slab.has_owners]
            given = [int(home.cache.size) for home in homes if home is not None]
            assert row.arrays == sum(given)
            assert bool(given) == row.accounted


def test_arrays_that_cost_nothing_are_no_cost() -> None:
    machine = Machine(memory="2M", arrays="free")
    machine.run("echo 1 > /sys/slab/filp/cache_account")
    machine.run("open 5")
    (row,) = (each for each in overhead_rows(machine) if each.what == "filp")
    assert (row.array, row.array_percent, row.arrays) == (0, 0.0, 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_picture_and_words_say_the_same_bytes(theme: str) -> None:
    rows = rows_of(worked(1))
    figure = overhead_figure(rows, "dark" if theme == "dark" else "light", room_for("M", 560))
    assert [trace.name for trace in figure.data] == list(PARTS)
    drawn = [sum(size for _, size, _ in trace.customdata) for trace in figure.data]
    assert drawn == [sum(column) for column in zip(*(overhead_parts(row) for row in rows), strict=True)]
    total = sum(row.unpaid for row in rows)
    assert sum(drawn) == total
    said = overhead_text(rows)
    assert said.splitlines()[-1] == f"Beside the objects, nobody is charged for {total:,} bytes."
    sums = next(line for line in said.splitlines() if line.startswith("all ")).split()
    assert int(sums[-1]) == total - sum(row.beside for row in rows)
    for row in rows:
        assert any(line.startswith(row.what) for line in said.splitlines())
    scale = {
        round(x / size, 9) for trace in figure.data for x, (_, size, _) in zip(trace.x, trace.customdata, strict=True) if size
    }
    assert len(scale) == 1  # all bars share one scale


def test_without_a_slab_there_is_what_was_taken_at_boot() -> None:
    rows = rows_of(Session(memory="2M"))
    assert [row.what for row in rows] == [PAGE_POINTERS, CONTAINERS]
    assert [sum(size for _, size, _ in trace.customdata) for trace in overhead_figure(rows).data] == [0, 0, 0, 0, 512 * 8 + 64]
    assert overhead_figure([]).layout.annotations[0].text == "No slab yet. The first object makes one."
    assert overhead_text(rows).splitlines()[0] == "No slab yet. The first object makes one."


def kmemlab(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "kmemlab", *arguments], capture_output=True, text=True, check=False)


def test_the_command_says_what_the_records_say(tmp_path: Path) -> None:
    session = play("rss")
    expected = overhead_text(rows_of(session))
    assert kmemlab("cost", "--scenario", "rss").stdout == expected + "\n"
    session.save(tmp_path / "s.json")
    assert kmemlab("cost", "--session", str(tmp_path / "s.json")).stdout == expected + "\n"
    found = json.loads(kmemlab("cost", "--scenario", "rss", "--every", "--json").stdout)
    assert found["unpaid"] == sum(row.unpaid for row in rows_of(session))
    assert {"what": "mm_struct", "array_percent": 1.2}.items() <= next(
        r for r in found["rows"] if r["what"] == "mm_struct"
    ).items()
    wrong = kmemlab("cost", "--scenario", "rss", "--session", str(tmp_path / "s.json"))
    assert (wrong.returncode, "leave one out" in wrong.stderr) == (2, True)
    assert kmemlab("cost", "--scenario", "nothing").returncode == 2


def test_the_terminal_says_it_too_and_changes_nothing() -> None:
    session = worked(2)
    before = session.machine.state_hash()
    said = session.run("cost")[0]
    assert (said.out, said.errno) == (overhead_text(rows_of(session)), 0)
    every = session.run("cost all")[0].out
    assert every == overhead_text(overhead_rows(session.machine, every=True))
    assert "fasync_cache" in every
    assert "fasync_cache" not in said.out
    assert session.run("cost filp")[0].status == 2
    assert session.machine.state_hash() == before
