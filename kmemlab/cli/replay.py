"""`kmemlab replay`: what a real kernel's trace costs under the controller of 2007."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ..commands import is_number
from ..recordings import ForeignFileError
from ..traces.linux import read_trace
from ..traces.replay import Plan, machine_for, prepare, report
from ..traces.replay import run as run_trace


def run(arguments: argparse.Namespace) -> int:
    """Replay a trace and print what it charged."""
    trace = read_trace(arguments.trace, arguments.meta)
    if trace.filtered and not arguments.allow_filtered:
        raise ForeignFileError(
            arguments.trace, 1, "a trace of all pids (or --allow-filtered)", "one of some pids, whose frees are missing"
        )
    plan = Plan(
        assigned(arguments.assign),
        tuple(rooted(path) for path in arguments.container),
        arguments.limit,
        tuple(arguments.account.split(",")),
    )
    homes = {trace.container_of(pid, plan.assigned) for pid in trace.pids}
    for path in plan.containers:
        if path not in homes:
            print(f"kmemlab: no task of this trace is in {path}; there is {', '.join(sorted(homes))}", file=sys.stderr)
    for pid in plan.assigned:
        if pid not in trace.pids:
            print(f"kmemlab: --assign {pid}: no such task in this trace", file=sys.stderr)
    if plan.limit is not None and not (homes & set(plan.containers) if plan.containers else homes - {"/"}):
        print(
            "kmemlab: the limit holds for nobody: put tasks into containers with --assign PID=PATH or --meta", file=sys.stderr
        )
    machine = machine_for(trace, arguments.slub)
    batch = prepare(machine, trace, plan)
    markers = run_trace(trace, batch)
    found = report(trace, batch, plan, markers)
    if arguments.json:
        from .main import envelope

        print(json.dumps({**envelope(), **found}))
        return 0
    show(found)
    if found["no_memory"]:
        print(f"{found['no_memory']} of the refusals are no limit's: the simulated machine ran out of pages.")
    print(f"replayed {found['events']['rows']} events, {len(found['containers'])} containers, {batch.refused} refused")
    return 0


def assigned(pairs: list[str]) -> dict[int, str]:
    """Read PID=PATH options.

    Raises:
        ForeignFileError: for anything else.
    """
    found = {}
    for pair in pairs:
        pid, equals, path = pair.partition("=")
        if not equals or not is_number(pid) or not path:
            raise ForeignFileError(Path("--assign"), 1, "PID=PATH", repr(pair))
        found[int(pid)] = rooted(path)
    return found


def rooted(path: str) -> str:
    """Return a container path with its slash in front."""
    return "/" + path.strip("/")


def show(found: dict[str, Any]) -> None:
    """Print two tables: who paid, and which caches hold what."""
    print(f"{found['trace']}: Linux {found['kernel']}, replayed on SLUB {found['slub']}; charged for: "
          f"{', '.join(found['accounted']) or 'nothing'}")  # fmt: skip
    print(f"{'container':<16} {'usage':>12} {'peak':>12} {'limit':>12} {'charges':>9} {'failcnt':>9}  first refusal")
    for path, row in found["containers"].items():
        limit = "none" if row["limit"] is None else str(row["limit"])
        first = row["first_refused"]
        where = f"line {first['row']}: {first['comm']} wanted {first['size']} bytes of {first['cache']}" if first else ""
        numbers = f"{row['usage']:>12} {row['peak']:>12} {limit:>12} {row['charges']:>9} {row['failcnt']:>9}"
        print(f"{path:<16} {numbers}  {where}".rstrip())
    print(f"{'cache':<22} {'size':>6} {'allocs':>8} {'frees':>8} {'live':>7} {'slabs':>6} {'peak':>6} {'kernel':>6}")
    for name, row in found["caches"].items():
        if row["allocs"]:
            mark = "*" if row["accounted"] else " "
            print(
                f"{name:<21}{mark} {row['size']:>6} {row['allocs']:>8} {row['frees']:>8} {row['live']:>7} "
                f"{row['slabs']:>6} {row['peak_slabs']:>6} {row['kernel_slabs']:>6}"
            )
    print("* charged. kernel: the traced kernel's own slabs, gained over the trace.")
    print(f"{found['open_loop'][0].upper()}{found['open_loop'][1:]}.")
