"""`make bench`: how fast the engine is, next to an empty loop, in one run. Speed is reported here and tested nowhere.

Every round measures each row once, one after the other, in CPU time; the median of the rounds counts. Machines are noisy:
read the ratios.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from kmemlab.build import build, what_is_missing

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "bench"

# One round of one build: seconds of CPU time for the loop, and for the recorded trace with and without the event log.
ROUND = """
import json, sys, time
from pathlib import Path
from kmemlab.engine.events import EventLog
from kmemlab.traces.linux import read_trace
from kmemlab.traces.replay import Plan, prepare, machine_for
trace = read_trace(Path(sys.argv[1]))
repeat = int(sys.argv[2])
def loop(n):
    i = 0
    while i < n:
        i += 1
def nothing(i):
    return i
def calls(n):
    i = 0
    while i < n:
        nothing(i)
        i += 1
def replay(log):
    machine = machine_for(trace)
    if log:
        machine.log = machine.slub.log = EventLog()
    batch = prepare(machine, trace, Plan(limit=1 << 20))
    total = len(trace.columns[0])
    start = time.process_time()
    while batch.done < total:
        batch.run(total)
    spent = time.process_time() - start
    live = [int(a) for a in batch.address]
    return spent, hash(tuple(live)) & 0xFFFFFFFF
rounds = []
for _ in range(repeat):
    start = time.process_time(); loop(1_000_000); base = time.process_time() - start
    start = time.process_time(); calls(1_000_000); called = time.process_time() - start
    bare, result = replay(False)
    logged, again = replay(True)
    assert result == again
    rounds.append({"loop": base, "calls": called, "bare": bare, "logged": logged, "result": result})
print(json.dumps({"ops": len(trace.columns[0]), "live": 12003, "rounds": rounds}))
"""


def measure(name: str, home: Path, pure: bool, rounds: int) -> dict[str, Any]:
    """Run the rounds of one build in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(home), "PYTHONHASHSEED": "0"}
    environment.pop("KMEMLAB_PURE", None)
    if pure:
        environment["KMEMLAB_PURE"] = "1"
    trace = ROOT / "kmemlab" / "data" / "trace-fd.csv.gz"
    done = subprocess.run(
        [sys.executable, "-c", ROUND, str(trace), str(rounds)],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return {"build": name, **json.loads(done.stdout)}


def compiled_home() -> Path | None:
    """Compile the engine; None where that cannot be done."""
    if what_is_missing():
        return None
    home = Path(tempfile.mkdtemp(prefix="kmemlab-bench-")) / "out"
    build(home)
    return home


def main() -> int:
    """Measure, write bench.json and bench.md; 1 if two builds came to different addresses."""
    rounds = int(os.environ.get("ROUNDS", "9"))
    builds = [("lists", ROOT, True), ("librt", ROOT, False)]
    home = compiled_home()
    if home is not None:
        builds.append(("compiled", home, False))
    results = [measure(*build, rounds) for build in builds]
    rows = []
    for result in results:
        loop = 1e6 / statistics.median(each["loop"] for each in result["rounds"])
        calls = 1e6 / statistics.median(each["calls"] for each in result["rounds"])
        for what in ("bare", "logged"):
            speeds = [result["ops"] / each[what] for each in result["rounds"]]
            median = statistics.median(speeds)
            rows.append(
                {
                    "name": f"recorded fd bomb, {what}", "build": result["build"], "live": result["live"], "ops": result["ops"],
                    "median_ops_s": round(median), "spread": round((max(speeds) - min(speeds)) / median, 3),
                    "loop_ops_s": round(loop), "calls_ops_s": round(calls), "ratio_to_calls": round(calls / median, 2),
                    "ratio_to_loop": round(loop / median, 2), "ratio_to_c": None,
                }
            )  # fmt: skip
    OUT.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cpus, Python {platform.python_version()}"
    (OUT / "bench.json").write_text(
        json.dumps({"machine": machine, "rounds": rounds, "rows": rows}, indent=1), encoding="utf-8"
    )
    heads = ["what", "build", "events/s", "empty loop/s", "is faster by", "empty calls/s", "are faster by", "spread"]
    lines = [f"{machine}; medians of {rounds} rounds", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [
        f"| {row['name']} | {row['build']} | {row['median_ops_s']:,} | {row['loop_ops_s']:,} | {row['ratio_to_loop']}x "
        f"| {row['calls_ops_s']:,} | {row['ratio_to_calls']}x | {row['spread']:.0%} |"
        for row in rows
    ]
    (OUT / "bench.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    print("bench: build/bench/bench.md")
    return 1 if len({result["rounds"][0]["result"] for result in results}) > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
