"""What one build does in the benchmark, in a process of its own: `python rounds.py TRACE ROUNDS`, a JSON line comes out.

Every round measures each thing once, one after the other, in CPU time.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from mix import CONTAINERS, Mix, batch_of, machine_for_mix
from yardstick import Reference, compile_c

from kmemlab.engine.events import EventLog
from kmemlab.engine.machine import Machine
from kmemlab.engine.replay import REFUSED, Batch
from kmemlab.engine.types import NONE, i64, vec
from kmemlab.traces.linux import read_trace
from kmemlab.traces.replay import Plan, machine_for, prepare

LIVE = (200, 50_000, 1_000_000)
CHURN = 200  # the youngest so many come and go, in the rows of growth
MEGA = 1_000_000


def loop(n: int) -> None:
    """Count, the emptiest loop there is."""
    i = 0
    while i < n:
        i += 1


def nothing(i: int) -> int:
    """Do nothing."""
    return i


def calls(n: int) -> None:
    """Call something empty each time."""
    i = 0
    while i < n:
        nothing(i)
        i += 1


def timed(call: Any, *arguments: Any) -> float:
    """Seconds of CPU time of a call."""
    start = time.process_time()
    call(*arguments)
    return time.process_time() - start


def recorded(trace: Any, log: bool) -> tuple[float, str]:
    """Replay the recorded fd bomb; seconds, and a hash of where everything is at the end."""
    machine = machine_for(trace)
    if log:
        machine.log = machine.slub.log = EventLog()
    batch = prepare(machine, trace, Plan(limit=1 << 20))
    total = len(trace.columns[0])
    spent = 0.0
    while batch.done < total:
        spent += timed(batch.run, total)
    return spent, hashed(addresses(batch))


def addresses(batch: Batch) -> list[int]:
    """Where every object is, -1 for nowhere."""
    return [NONE if at == REFUSED else int(at) for at in batch.address]


def hashed(value: object) -> str:
    """Hash a value's JSON."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def failcnts(machine: Machine) -> list[int]:
    """Refusals of each container of the mix."""
    groups = machine.kmem_subsystem.owners[1 : CONTAINERS + 1]  # numbered as they were made, after the root
    return [int(group.res.failcnt) for group in groups if group is not None]


def mixed(mix: Mix, live: int, library: Any) -> dict[str, Any]:
    """Replay the made trace here and in C, up to its middle, where most is alive; both must come to the same."""
    limits = mix.limits(live)
    machine = machine_for_mix("1G", limits)
    count = len(mix.thing) - live
    there = Reference(library, machine, mix, limits) if library is not None else None
    batch = batch_of(machine, mix)
    in_c = there.run(count) if there is not None else None
    spent = timed(batch.run, count)
    result = hashed((addresses(batch), failcnts(machine)))
    if there is not None:
        if hashed(there.result()) != result:
            raise SystemExit("bench: C and the engine come to different addresses")
        there.close()
    return {"mix": spent, "c": in_c, "count": count, "result": result}


class Steady:
    """A machine with so many objects alive, whose youngest come and go: one more slice of events each round."""

    def __init__(self, live: int, rounds: int, window: int, slice_: int, library: Any) -> None:
        self.slice = slice_
        growing = int(live * 1.8) + 1000
        mix = Mix(growing + rounds * slice_, live, window=window, down=False)
        limits = [10**12] * CONTAINERS
        machine = machine_for_mix("4G", limits)
        self.there = Reference(library, machine, mix, limits) if library is not None else None
        self.batch = batch_of(machine, mix)
        self.batch.run(growing)
        if self.there is not None:
            self.there.run(growing)

    def once(self) -> tuple[float, float]:
        """Seconds of a slice here and in C (0 without)."""
        return timed(self.batch.run, self.slice), self.there.run(self.slice) if self.there is not None else 0.0


def bytes_each(objects: int) -> float:
    """Resident bytes for each live struct file, its slabs, owners and share of the zone counted, not the caller's address."""
    address = vec[i64]([NONE] * objects)
    before = resident()
    machine = Machine(memory="4G", arrays="free", log=False)
    filp = machine.find_cache("filp")
    machine.account(filp, True)
    for n in range(objects):
        address[n] = machine.slub.kmem_cache_alloc(filp, 0)
    if NONE in (int(address[objects - 1]), int(address[0])):
        raise SystemExit("bench: the machine is too small for the objects")
    return (resident() - before) / objects


def resident() -> int:
    """Bytes of this process in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def main() -> None:
    """Measure and print."""
    trace = read_trace(Path(sys.argv[1]))
    rounds = int(sys.argv[2])
    objects = int(sys.argv[3])
    each = bytes_each(objects) if Path("/proc/self/statm").exists() else None
    library = compile_c()
    mix = Mix(MEGA, 100_000)
    steady = {
        (live, window): Steady(live, rounds, window, 100_000, library) for live in LIVE for window in (CHURN, 0)
    }  # fmt: skip
    done = []
    for _ in range(rounds):
        row: dict[str, Any] = {"loop": timed(loop, MEGA), "calls": timed(calls, MEGA)}
        row["bare"], result = recorded(trace, False)
        row["logged"], again = recorded(trace, True)
        made = mixed(mix, 100_000, library)
        row |= {"mix": made["mix"], "c": made["c"], "result": hashed((result, again, made["result"]))}
        row["growth"] = [[live, window, *which.once()] for (live, window), which in steady.items()]
        done.append(row)
    counts = {"recorded": len(trace.columns[0]), "mix": MEGA - 100_000, "slice": 100_000}
    print(json.dumps({"counts": counts, "bytes_each": each, "objects": objects, "rounds": done}))


if __name__ == "__main__":
    main()
