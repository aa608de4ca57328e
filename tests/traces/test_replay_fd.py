"""The shipped trace of a real kernel under the controller of 2007: numbers that follow from the trace, and nothing lost."""

from __future__ import annotations

import errno
import gzip
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.allocators import shrink_cache
from kmemlab.engine.errors import KernelError
from kmemlab.engine.kmem import KmemContainer
from kmemlab.engine.machine import Machine
from kmemlab.engine.replay import MARK, REFUSED, Batch
from kmemlab.engine.types import NONE
from kmemlab.recordings import RECORDINGS, ForeignFileError
from kmemlab.traces.linux import Trace, read_trace
from kmemlab.traces.replay import Plan, accounted_caches, machine_for, peak_bytes, prepare, report
from kmemlab.traces.replay import run as run_trace

FD = RECORDINGS / "trace-fd.csv.gz"
LIMITED = Plan(containers=("/cg/fd",), limit=1 << 20)
HEADER = "ts_ns,cpu,pid,comm,event,cache,ptr,bytes_req,bytes_alloc,accounted,order,pfn,gfp,migratetype,call_site"


@cache
def fd() -> Trace:
    return read_trace(FD)


def replayed(plan: Plan, slub: str = "2.6.24") -> tuple[Batch, dict[str, Any]]:
    """Take the whole trace through a machine; the batch and its report."""
    machine = machine_for(fd(), slub)
    batch = prepare(machine, fd(), plan)
    markers = run_trace(fd(), batch)
    machine.check()
    return batch, report(fd(), batch, plan, markers)


@pytest.fixture(scope="module", params=["2.6.23", "2.6.24"])
def free(request: pytest.FixtureRequest) -> tuple[Batch, dict[str, Any]]:
    """Without a limit."""
    return replayed(Plan(), request.param)


@pytest.fixture(scope="module")
def limited() -> tuple[Batch, dict[str, Any]]:
    """With one of a mebibyte."""
    return replayed(LIMITED)


def test_without_a_limit_the_bomb_peaks_at_three_megabytes_and_leaves_976_bytes(free: tuple[Batch, dict[str, Any]]) -> None:
    bomb = free[1]["containers"]["/cg/fd"]
    assert (bomb["peak"], bomb["usage"], bomb["charges"], bomb["failcnt"]) == (3072976, 976, 12003, 0)
    assert (bomb["limit"], bomb["first_refused"], free[1]["events"]["refused"]) == (None, None, 0)


def test_with_a_limit_of_a_mebibyte_the_first_refusal_is_where_it_must_be(limited: tuple[Batch, dict[str, Any]]) -> None:
    bomb = limited[1]["containers"]["/cg/fd"]
    assert (bomb["limit"], bomb["peak"], bomb["failcnt"]) == (1 << 20, 1048528, 7908)
    assert (bomb["first_refused"]["row"], bomb["first_refused"]["cache"]) == (16953, "filp")
    assert bomb["first_refused"]["usage"] + bomb["first_refused"]["size"] > 1 << 20 >= bomb["peak"]
    assert limited[1]["events"]["refused"] == 7908
    line = gzip.decompress(FD.read_bytes()).decode().splitlines()[16952]
    assert line.split(",")[4:6] == ["kmem_cache_alloc", "filp"]


def test_a_refusal_for_want_of_pages_is_blamed_on_no_limit() -> None:
    machine = Machine(cpus=fd().cpus, memory="2M", arrays="free", caches=False, log=False)
    batch = prepare(machine, fd(), Plan())
    told = report(fd(), batch, Plan(), run_trace(fd(), batch))
    machine.check()
    assert told["no_memory"] == told["events"]["refused"] > 0
    assert all(row["failcnt"] == 0 and row["first_refused"] is None for row in told["containers"].values())


@pytest.mark.parametrize(("short", "blamed"), [(0, {}), (1, {0: (7, 1000)})], ids=["fits exactly", "a byte too many"])
def test_a_limit_is_blamed_only_for_what_it_would_not_have_let_in(short: int, blamed: dict[int, tuple[int, int]]) -> None:
    batch = prepare(machine_for(fd()), fd(), Plan())
    group = KmemContainer(0)
    group.res.usage, group.res.limit = 1000, 1256 - short
    batch.note_refusal(group, 256, 7)
    assert batch.first_refused == blamed


def test_an_event_of_a_replay_is_logged_as_the_task_that_asked() -> None:
    machine = Machine(cpus=fd().cpus, memory="16M", arrays="free", caches=False)
    batch = prepare(machine, fd(), Plan())
    log = machine.log
    assert log is not None
    before = int(log.length)
    while batch.done < 60_000:
        batch.run(60_000 - batch.done)
    ops = batch.operations
    asked = {batch.pids[ops.task[i]] for i in range(batch.done) if ops.op[i] != MARK}
    assert len(asked) == 3  # the bomb, its parent, a thread of the kernel
    assert {int(log.who[n]) for n in range(before, log.length)} == asked


def test_with_memory_enough_every_refusal_is_a_limits(limited: tuple[Batch, dict[str, Any]]) -> None:
    assert limited[1]["no_memory"] == 0


def test_the_machine_has_room_for_a_trace_of_any_size() -> None:
    large = replace(fd(), caches={name: 32 * size for name, size in fd().caches.items()})
    assert peak_bytes(fd()) > 3072976, "what is charged is alive"
    assert peak_bytes(large) << 2 > 256 << 20
    assert machine_for(large).slub.pages.nr_pages * 4096 >= peak_bytes(large) << 2


def test_live_objects_less_those_from_before_are_the_recordings_own_balance(free: tuple[Batch, dict[str, Any]]) -> None:
    balance = fd().meta["reconciliation"]
    for name, row in free[1]["caches"].items():
        if not name:
            continue
        net = row["live"] - row["pretrace_frees"]
        assert net == row["allocs"] - row["frees"] - row["pretrace_frees"]
        assert net == balance[name]["trace_net"], name
    assert {name for name, row in balance.items() if row["trace_net"]} <= set(free[1]["caches"])


def test_frees_of_nobody_knows_what_are_no_cache_without_a_name(free: tuple[Batch, dict[str, Any]]) -> None:
    assert "" not in free[1]["caches"]
    assert free[1]["events"]["pretrace_frees"] == fd().counts["pretrace_frees"] > 0


def test_usage_is_what_the_accounted_objects_add_up_to(free: tuple[Batch, dict[str, Any]]) -> None:
    caches = free[1]["caches"]
    paid = sum(row["live"] * row["size"] for row in caches.values() if row["accounted"])
    assert paid == sum(row["usage"] for row in free[1]["containers"].values())


def test_when_everything_is_freed_memory_is_as_it_was_at_boot(free: tuple[Batch, dict[str, Any]]) -> None:
    everything_goes(*replayed(Plan(), free[1]["slub"]))


def test_when_everything_is_freed_after_refusals_memory_is_as_it_was_at_boot() -> None:
    everything_goes(*replayed(LIMITED))


def everything_goes(batch: Batch, told: dict[str, Any]) -> None:
    machine = batch.machine
    boot = machine_for(fd(), told["slub"]).slub.pages.free_blocks()
    live = [int(at) for at in batch.address if at not in (NONE, REFUSED)]
    assert live
    for address in live:
        machine.kmalloc.kfree(address, 0)
    for each in machine.slub.caches:
        shrink_cache(machine.slub, each, 0)
    machine.check()
    assert [sorted(blocks) for blocks in machine.slub.pages.free_blocks()] == [sorted(blocks) for blocks in boot]
    assert all(group.res.usage == 0 for group in machine.kmem_subsystem.owners if group is not None)


def test_pieces_of_any_size_come_to_the_same(limited: tuple[Batch, dict[str, Any]]) -> None:
    machine = machine_for(fd())
    batch = prepare(machine, fd(), LIMITED)
    total = len(fd().columns[0])
    size = 1
    while batch.done < total:
        batch.run(size)
        size = size % 997 + 13
    assert report(fd(), batch, LIMITED, [])["containers"] == limited[1]["containers"]
    assert machine.state_hash() == limited[0].machine.state_hash()


def test_a_run_that_is_restored_halfway_goes_on_the_same() -> None:
    machine = machine_for(fd())
    machine.guests["run"] = batch = prepare(machine, fd(), LIMITED)
    while batch.done < 20_000:
        batch.run(20_000 - batch.done)
    saved = json.loads(json.dumps(machine.state()))
    batch.run(5_000)
    later = machine.state_hash()
    machine.restore(saved)
    assert batch.done == 20_000
    assert machine.state() == saved
    batch.run(5_000)
    assert machine.state_hash() == later


@pytest.mark.parametrize(
    ("account", "names"),
    [(("none",), 0), (("filp",), 1), (("all",), None)],
)
def test_one_chooses_what_is_charged(account: tuple[str, ...], names: int | None) -> None:
    _, told = replayed(Plan(account=account))
    charged = [name for name, row in told["caches"].items() if row["accounted"]]
    assert len(charged) == (len(fd().caches) if names is None else names)
    assert (sum(row["charges"] for row in told["containers"].values()) > 0) == bool(charged)


def test_auto_charges_for_what_the_traced_kernel_accounts_and_never_for_kmalloc() -> None:
    names = accounted_caches(fd(), ("auto",))
    assert "filp" in names
    assert not [name for name in names if name.startswith("kmalloc")]


@pytest.mark.parametrize(("name", "number"), [("kmalloc-256", 22), ("nope", 2)])
def test_a_cache_that_cannot_be_charged_is_refused(name: str, number: int) -> None:
    with pytest.raises(KernelError) as refusal:
        accounted_caches(fd(), (name,))
    assert refusal.value.errno == number


def test_a_pid_is_where_it_was_assigned_or_recorded_or_where_its_parent_is() -> None:
    trace = Trace(Path("x"), {"pid_cgroup": {"10": "/cg/a"}})
    trace.parents = {11: 10, 12: 11, 20: 21, 21: 20}
    assert [trace.container_of(pid, {12: "/b"}) for pid in (10, 11, 12, 20, 99)] == ["/cg/a", "/cg/a", "/b", "/", "/"]


# -- reading


def row(event: str, cache: str = "filp", ptr: str = "0x1", req: str = "232", alloc: str = "256", **more: str) -> str:
    """One line of a trace."""
    cells = {"ts_ns": "1", "cpu": "0", "pid": "5", "comm": "x", "accounted": "true", "call_site": "", **more}
    cells.update(event=event, cache=cache, ptr=ptr, bytes_req=req, bytes_alloc=alloc)
    return ",".join(cells.get(name, "") for name in HEADER.split(","))


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "trace-x.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


BAD = [
    ("a column is missing", ["1,2"], "ts_ns,cpu", 1, "a column pid"),
    ("too few cells", ["1,0,5"], HEADER, 2, "15 cells"),
    ("no pid", [row("kmem_cache_alloc", pid="x")], HEADER, 2, "a number in pid"),
    ("no cpu", [row("kmem_cache_alloc", cpu="")], HEADER, 2, "a number in cpu"),
    ("no time", [row("kmem_cache_alloc", ts_ns="soon")], HEADER, 2, "a number in ts_ns"),
    (
        "no size",
        [row("kmem_cache_alloc"), row("kmem_cache_alloc", alloc="big", cache="y")],
        HEADER,
        3,
        "a number in bytes_alloc",
    ),
    ("size zero", [row("kmalloc", req="0")], HEADER, 2, "bytes_req of 1 to"),
    ("size negative", [row("kmalloc", req="-8")], HEADER, 2, "bytes_req of 1 to"),
    ("size huge", [row("kmalloc", req=str(1 << 23))], HEADER, 2, "bytes_req of 1 to"),
    ("a cache of no size", [row("kmem_cache_alloc_bulk", alloc="")], HEADER, 1, "the size of filp"),
    ("a cpu below zero", [row("kmem_cache_alloc", cpu="-1")], HEADER, 2, "cpu"),
    ("a cpu beyond all", [row("kmem_cache_alloc", cpu="1000000")], HEADER, 2, "cpu"),
]


@pytest.mark.parametrize(("lines", "header", "line", "words"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_a_bad_row_is_refused_with_file_and_line(tmp_path: Path, lines: list[str], header: str, line: int, words: str) -> None:
    path = written(tmp_path, *lines, header=header)
    with pytest.raises(ForeignFileError) as refusal:
        read_trace(path)
    assert str(refusal.value).startswith(f"{path}:{line}: expected ")
    assert words in str(refusal.value)


def test_a_trace_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace-x.csv.gz"
    path.write_bytes(FD.read_bytes()[:100_000])
    with pytest.raises(ForeignFileError, match="more of the file"):
        read_trace(path)


def test_what_failed_in_the_traced_kernel_and_frees_from_before_are_counted_not_replayed(tmp_path: Path) -> None:
    lines = [row("kmem_cache_alloc", ptr="0x0"), row("kmem_cache_free", ptr="0x9"), row("kmem_cache_alloc"), row("kmalloc_dup")]
    trace = read_trace(written(tmp_path, *lines, row("kmem_cache_free")))
    assert dict(trace.counts) == {"rows": 5, "kernel_failed": 1, "pretrace_frees": 1, "allocs": 1, "frees": 1, "skipped": 1}
    assert [len(column) for column in trace.columns] == [2] * 7


def test_an_address_that_is_freed_twice_is_an_object_once(tmp_path: Path) -> None:
    lines = [row("kmem_cache_alloc"), row("kmem_cache_free"), row("kmem_cache_free"), row("kmem_cache_alloc"), row("kfree")]
    trace = read_trace(written(tmp_path, *lines))
    assert trace.columns[5] == [0, 0, 1, 1]
    assert (trace.counts["frees"], trace.counts["pretrace_frees"]) == (2, 1)


def test_a_trace_of_some_pids_only_is_told_by_its_meta_or_by_its_frees(tmp_path: Path) -> None:
    assert not fd().filtered
    path = written(tmp_path, row("kmem_cache_alloc"), row("kmem_cache_free"), row("kmem_cache_free", ptr="0x7"))
    assert read_trace(path).filtered
    path.with_suffix(".json").write_text(json.dumps({"meta": "name x\nfilter 0\n"}))
    assert not read_trace(path).filtered
    path.with_suffix(".json").write_text(json.dumps({"meta": "name x\nfilter 1\n"}))
    assert read_trace(path).filtered


# -- the command of a session


def test_the_command_takes_a_piece_at_a_time_and_says_where_it_is() -> None:
    session = Session(memory="64M")
    assert session.run("replay fd start")[0].out.endswith("82,043 operations")
    assert session.run("replay fd 500")[0].out.startswith("500 of 82,043 operations")
    assert session.run("cat /containers/cg/fd/kmem.usage")[0].out != "0"
    session.machine.check()


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("replay", 22),
        ("replay fd", 22),
        ("replay fd -1", 22),
        ("replay nope start", 2),
        ("replay fd 5", 22),
        ("replay fd x", 22),
    ],
)
def test_what_cannot_be_replayed_is_refused_and_changes_nothing(line: str, number: int) -> None:
    session = Session(memory="64M")
    before = session.machine.state_hash()
    assert session.run(line)[0].errno == number
    assert session.machine.state_hash() == before


def test_a_second_start_is_busy() -> None:
    session = Session(memory="64M")
    session.run("replay fd start", "replay fd 10")
    before = session.machine.state_hash()
    assert session.run("replay fd start")[0].errno == 16
    assert session.machine.state_hash() == before


@pytest.mark.parametrize(
    ("before", "number"),
    [("open 3", errno.EBUSY), ("mkdir /containers", 0), ("mount -t container -o kmem,noprefix none /containers", 0)],
)
def test_a_start_on_a_machine_that_is_in_use_works_or_is_refused_and_changes_nothing(before: str, number: int) -> None:
    session = Session(memory="64M")
    session.run(before)
    state = session.machine.state_hash()
    result = session.run("replay fd start")[0]
    session.machine.check()
    assert (result.errno, session.machine.state_hash() == state) == (number, bool(number))


def test_a_machine_that_is_too_small_says_no_object_and_stays_whole() -> None:
    session = Session(memory="256K")
    session.run("replay fd start")
    session.run("replay fd 4000")
    session.machine.check()
    kinds = {int(kind) for kind in session.log.kind[: int(session.log.length)]}
    assert 5 in kinds, "nothing was short: the machine was not too small"
