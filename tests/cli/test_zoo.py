"""`kmemlab zoo`: what bombs pin is counted again by hand, the neighbour works on, and the same bytes come every run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmemlab.engine.types import PAGE_SIZE
from kmemlab.shell import Machine
from kmemlab.zoo import BOMBS, Bomb, chosen, explode, pinned, prepare

from .test_contracts import as_json, kmemlab, one_line

SMALL = 64 << 10
QUICK = ("fd", "pipe", "socket")


def naive(machine: Machine) -> dict[str, int]:
    """Count what is in use from the machine's plain state alone."""
    state = machine.state()
    held = {"kmem_cache": 0, "kmalloc": 0, "pages": 0, "accounted": 0}
    slabs = 0
    for cache in state["caches"]:
        kind = "kmalloc" if cache["name"].startswith("kmalloc-") else "kmem_cache"
        real = machine.caches[cache["name"]]
        on_cpu = {each[0]: each[1] for each in cache["cpus"] if each}
        for slab in cache["slabs"]:
            free = {*slab["free"], *on_cpu.get(slab["number"], [])}
            held[kind] += (int(real.objects) - len(free)) * int(real.size)
            slabs += 1 << int(real.order)
    pages = sum(1 << order for _, order, _ in machine.slub.pages.runs_in_use())
    held["pages"] = (pages - slabs) * PAGE_SIZE
    for hierarchy in state["containers"]["hierarchies"]:
        held["accounted"] += sum(row["kmem"]["usage"] for row in hierarchy["containers"])
    return held


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.name)
def test_what_is_pinned_is_what_the_state_holds(bomb: Bomb) -> None:
    machine, _, _ = prepare(SMALL)
    before = naive(machine)
    ends: list[dict[str, int]] = []
    run = explode(bomb, SMALL, watch=lambda machine: ends.append(naive(machine)))
    # The neighbour's slabs and owner arrays are there before anything is counted; its objects are gone again.
    for kind in ("kmem_cache", "pages", "accounted"):
        assert getattr(run.pinned, kind) == ends[0][kind] - before[kind], kind
    assert 0 <= run.pinned.accounted <= run.pinned.total
    assert run.pinned.accounted <= SMALL
    assert run.pinned.vmalloc == 0


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.name)
def test_the_limit_holds_and_the_neighbour_works_on(bomb: Bomb) -> None:
    # A namespace grows by 500 mounts at a time: the small limit would refuse the first, and prove nothing.
    run = explode(bomb, 1 << 20 if bomb.growing else SMALL)
    assert run.ops_done > 0
    assert run.ops > 0, "the neighbour did something"
    assert (run.stopped_by, run.failcnt > 0) == ("limit", True)
    assert run.errno in ("ENFILE", "ENOMEM", "EAGAIN", "ENOLCK", "ENOBUFS")
    assert run.failed == 0
    free = explode(bomb, None)
    assert free.failcnt == 0
    assert free.pinned.total > run.pinned.total
    assert free.stopped_by == ("end" if free.ops_done == 20_000 else "memory")


def test_pipes_and_page_tables_escape_a_limit_of_a_mebibyte() -> None:
    escaped = {bomb.name for bomb in BOMBS if explode(bomb, 1 << 20).stopped_by != "limit"}
    assert escaped == {"pipe", "page-table"}
    for name in escaped:
        run = explode(chosen([name])[0], 1 << 20)
        assert run.pages_taken >= (16 << 20) // PAGE_SIZE
        assert run.pinned.accounted * 20 <= run.pinned.total
        assert run.pinned.pages * 10 >= run.pinned.total * 9


def test_with_every_call_site_marked_pipes_and_page_tables_are_stopped_too() -> None:
    """kmemlab's own extension: what the patchset could not see is on the bill, and the limit holds."""
    kinds = "cache,kmalloc,vmalloc,pages"
    for name in ("pipe", "page-table"):
        run = explode(chosen([name])[0], 1 << 20, kinds=kinds)
        assert (run.stopped_by, run.errno, run.failed) == ("limit", "ENOMEM", 0)
        assert (1 << 20) - run.pinned.accounted < 70_000, "nearly all of it"
        assert run.pinned.total < 1_100_000, "beside it only owner arrays"
    only = explode(chosen(["page-table"])[0], 1 << 20, kinds="cache,kmalloc")
    assert only.stopped_by == "memory"


def test_the_zoo_takes_kinds_and_says_them() -> None:
    rows = as_json("zoo", "--scenario", "pipe", "--kinds", "cache,kmalloc,vmalloc,pages")["scenarios"]
    assert [(row["kinds"], row["stopped_by"]) for row in rows] == [
        ("cache,kmalloc,vmalloc,pages", "limit"), ("cache,kmalloc,vmalloc,pages", "memory"),
    ]  # fmt: skip
    assert "kinds='pipes'" in one_line(kmemlab("zoo", "--kinds", "pipes"))


def test_the_same_bytes_come_every_run_and_the_seed_is_the_neighbours() -> None:
    first, second = (kmemlab("zoo", "--scenario", ",".join(QUICK), "--limit", "64K") for _ in range(2))
    assert first.returncode == 0
    assert first.stdout == second.stdout
    one, other = (explode(BOMBS[0], SMALL, seed) for seed in (1, 2))
    assert (one.ops_done, one.pinned.accounted) == (other.ops_done, other.pinned.accounted)
    assert one.ops != other.ops


def test_json_has_the_keys_that_others_rely_on_and_the_totals_are_sums() -> None:
    told: dict[str, Any] = as_json("zoo", "--scenario", "fd,pipe", "--limit", "64K")
    assert [(row["name"], row["limited"]) for row in told["scenarios"]] == [
        ("fd", True), ("fd", False), ("pipe", True), ("pipe", False),
    ]  # fmt: skip
    kinds = ("kmem_cache", "kmalloc", "vmalloc", "pages")
    for row in told["scenarios"]:
        assert set(row) >= {"name", "limited", "ops_done", "stopped_by", "errno", "pinned", "failcnt", "neighbour"}
        assert set(row["pinned"]) == {*kinds, "accounted"}
        assert set(row["neighbour"]) == {"ops", "failed"}
    total = sum(row["pinned"][kind] for row in told["scenarios"] for kind in kinds)
    assert told["totals"] == {"pinned": total, "accounted": sum(row["pinned"]["accounted"] for row in told["scenarios"])}
    last = kmemlab("zoo", "--scenario", "fd,pipe", "--limit", "64K").stdout.splitlines()[-1]
    assert last == f"zoo: 4 runs, {total} bytes pinned, {told['totals']['accounted']} accounted"
    json.dumps(told)


def test_a_bomb_that_there_is_not_and_a_limit_that_is_none_are_refused_in_one_line() -> None:
    assert "there is no bomb 'moon' in the zoo" in one_line(kmemlab("zoo", "--scenario", "fd,moon"))
    assert "there is no bomb ''" in one_line(kmemlab("zoo", "--scenario", ""))
    assert kmemlab("zoo", "--limit", "lots").returncode == 2
    assert "more than a res_counter holds: at most 9223372036854775807" in kmemlab("zoo", "--limit", str(1 << 64)).stderr
    assert kmemlab("zoo", "--seed", "x").returncode == 2


def test_a_broken_invariant_is_exit_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from kmemlab.cli.main import main
    from kmemlab.engine.errors import CheckError

    def wrong(_: Machine) -> None:
        raise CheckError("usage is what the objects sum up to")

    monkeypatch.setattr(Machine, "check", wrong)
    assert main(["zoo", "--scenario", "fd"]) == 1
    assert "fd: an invariant is broken: usage is what" in capsys.readouterr().err


def test_counting_changes_nothing() -> None:
    machine, bomber, _ = prepare(None)
    machine.run(f"as {bomber} open 40")
    before = machine.state_hash()
    assert pinned(machine).since(pinned(machine)).total == 0
    assert machine.state_hash() == before
