"""Three containers recorded on Linux 6.1, each with a limit of 1 MiB: what ships, replayed."""

from __future__ import annotations

from kmemlab.recordings import RECORDINGS
from kmemlab.traces.linux import read_trace
from kmemlab.traces.replay import Plan, machine_for, prepare, report, run

MIX = RECORDINGS / "trace-mix3.csv.gz"


def test_each_container_is_refused_at_its_own_limit() -> None:
    trace = read_trace(MIX)
    plan = Plan(limit=1 << 20)
    batch = prepare(machine_for(trace), trace, plan)
    found = report(trace, batch, plan, run(trace, batch))["containers"]
    assert {path: found[path]["failcnt"] for path in ("/cg/A", "/cg/B", "/cg/C")} == {
        "/cg/A": 1694,
        "/cg/B": 1233,
        "/cg/C": 1349,
    }
    assert all(found[path]["peak"] == 1048576 for path in ("/cg/A", "/cg/B", "/cg/C"))
    batch.machine.check()


def test_live_objects_are_the_recordings_own_balance_where_nobody_is_refused() -> None:
    trace = read_trace(MIX)
    plan = Plan()
    batch = prepare(machine_for(trace), trace, plan)
    caches = report(trace, batch, plan, run(trace, batch))["caches"]
    balance = trace.meta["reconciliation"]
    for name, row in caches.items():
        assert row["live"] - row["pretrace_frees"] == balance[name]["trace_net"], name


def test_what_ships_of_real_traces_stays_below_three_megabytes() -> None:
    assert sum(path.stat().st_size for path in RECORDINGS.glob("trace-*.csv.gz")) < 3_000_000
