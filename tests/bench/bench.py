"""`make bench`: how fast the engine is, next to an empty loop and to C, in one run. Speed is reported here, tested nowhere.

Every round measures each thing once, one after the other, in CPU time (rounds.py); the median of the rounds counts.
Machines are noisy: read the ratios.
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
OBJECTS = 10_000_000
LEAST = "live objects, the youngest 200 of them come and go"
ANY = "live objects, any of them comes and goes"


def measure(home: Path, pure: bool, rounds: int) -> dict[str, Any]:
    """Run the rounds of one build in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(home), "PYTHONHASHSEED": "0"}
    environment.pop("KMEMLAB_PURE", None)
    if pure:
        environment["KMEMLAB_PURE"] = "1"
    script = Path(__file__).with_name("rounds.py")
    trace = ROOT / "kmemlab" / "data" / "trace-fd.csv.gz"
    command = [sys.executable, str(script), str(trace), str(rounds), str(OBJECTS // 10 if pure else OBJECTS)]
    done = subprocess.run(command, cwd=home, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compiled_home() -> Path | None:
    """Compile the engine; None where that cannot be done."""
    if what_is_missing():
        return None
    home = Path(tempfile.mkdtemp(prefix="kmemlab-bench-")) / "out"
    build(home)
    return home


def row_of(
    name: str, name_of_build: str, live: int, ops: int, seconds: list[float], found: dict[str, Any], c: Any
) -> dict[str, Any]:
    """Make one row: medians, and ratios to the loop, to empty calls and, where C did the same, to C."""
    speeds = [ops / each for each in seconds]
    median = statistics.median(speeds)
    loop = 1e6 / statistics.median(each["loop"] for each in found["rounds"])
    calls = 1e6 / statistics.median(each["calls"] for each in found["rounds"])
    in_c = ops / statistics.median(c) if c and all(c) else None
    return {
        "name": name, "build": name_of_build, "live": live, "ops": ops, "median_ops_s": round(median),
        "spread": round((max(speeds) - min(speeds)) / median, 3), "loop_ops_s": round(loop), "calls_ops_s": round(calls),
        "ratio_to_calls": round(calls / median, 2), "ratio_to_loop": round(loop / median, 2),
        "c_ops_s": None if in_c is None else round(in_c), "ratio_to_c": None if in_c is None else round(in_c / median, 2),
    }  # fmt: skip


def rows_of(name: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the rows of one build."""
    rounds, counts = found["rounds"], found["counts"]
    rows = [
        row_of(f"recorded fd bomb, {what}", name, 12003, counts["recorded"], [each[what] for each in rounds], found, None)
        for what in ("bare", "logged")
    ]
    in_c = [each["c"] for each in rounds]
    rows.append(row_of("made mix, bare", name, 100_000, counts["mix"], [each["mix"] for each in rounds], found, in_c))
    for n, (live, window, *_) in enumerate(rounds[0]["growth"]):
        here = [each["growth"][n][2] for each in rounds]
        there = [each["growth"][n][3] for each in rounds]
        rows.append(row_of(f"{live:,} {LEAST if window else ANY}", name, live, counts["slice"], here, found, there))
    for row in rows[3:]:
        first = next(each for each in rows[3:] if each["name"].endswith(row["name"].split(" ", 1)[1]))
        row["of_first"] = round(row["median_ops_s"] / first["median_ops_s"], 3)
        row["c_of_first"] = None if row["c_ops_s"] is None else round(row["c_ops_s"] / first["c_ops_s"], 3)
    return rows


def printed(row: dict[str, Any]) -> str:
    """Return a row of the table."""
    growth = f"{row['of_first']:.2f}" if "of_first" in row else ""
    in_c = "" if row["c_ops_s"] is None else f"{row['c_ops_s']:,}"
    c_growth = "" if row.get("c_of_first") is None else f"{row['c_of_first']:.2f}"
    ratio = "" if row["ratio_to_c"] is None else f"{row['ratio_to_c']}x"
    return (
        f"| {row['name']} | {row['build']} | {row['median_ops_s']:,} | {growth} | {in_c} | {c_growth} | {ratio} "
        f"| {row['ratio_to_loop']}x | {row['ratio_to_calls']}x | {row['spread']:.0%} |"
    )


def main() -> int:
    """Measure, write bench.json and bench.md; 1 if two builds, or one and C, came to different addresses."""
    rounds = int(os.environ.get("ROUNDS", "9"))
    builds = [("lists", ROOT, True), ("librt", ROOT, False)]
    home = compiled_home()
    if home is not None:
        builds.append(("compiled", home, False))
    results = {name: measure(where, pure, rounds) for name, where, pure in builds}
    rows = [row for name, found in results.items() for row in rows_of(name, found)]
    memory = [
        {"build": name, "objects": found["objects"], "bytes_each": round(found["bytes_each"], 1)}
        for name, found in results.items()
        if found["bytes_each"] is not None
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cpus, Python {platform.python_version()}"
    text = json.dumps({"machine": machine, "rounds": rounds, "rows": rows, "memory": memory}, indent=1)
    (OUT / "bench.json").write_text(text, encoding="utf-8")
    heads = [
        "what",
        "build",
        "events/s",
        "of the first",
        "C events/s",
        "of the first",
        "C is faster by",
        "a loop",
        "empty calls",
        "spread",
    ]
    lines = [f"{machine}; medians of {rounds} rounds", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [printed(row) for row in rows]
    lines += [
        "",
        *(f"{each['build']}: {each['bytes_each']} bytes for each of {each['objects']:,} live struct files" for each in memory),
    ]
    (OUT / "bench.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    print("bench: build/bench/bench.md")
    return 1 if len({found["rounds"][0]["result"] for found in results.values()}) > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
