"""`kmemlab verify`: one line a recording, and a last line that counts."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..recordings import RECORDINGS
from ..verify import Checked, verify


def run(arguments: argparse.Namespace) -> int:
    """Check the paths; 0 if all is equal, 1 if not, 2 if there was nothing to check."""
    started = time.perf_counter()
    files: list[Checked] = []
    paths: list[Path] = arguments.paths or [RECORDINGS]
    for checked in verify(paths):
        files.append(checked)
        if not arguments.json:
            show(checked)
    rows = sum(each.rows for each in files)
    mismatches = sum(each.mismatches for each in files)
    skipped = sum(each.status == "skip" for each in files)
    compared = len(files) - skipped
    if arguments.json:
        totals = {
            "files": compared, "rows": rows, "mismatches": mismatches, "skipped": skipped,
            "seconds": round(time.perf_counter() - started, 3),
            "engine_s": round(sum(each.engine_s for each in files), 3),
        }  # fmt: skip
        from .main import envelope

        print(json.dumps({**envelope(), "files": [as_json(each) for each in files], "totals": totals}))
    else:
        if skipped:
            print(f"skipped {skipped} files")
        print(f"verified {compared} files, {rows} rows, {mismatches} mismatches")
    if not compared:
        found = "only what is skipped" if skipped else "none"
        print(f"kmemlab: {paths[0]}:1: expected a recording to compare with, found {found}", file=sys.stderr)
        return 2
    return 1 if mismatches or (skipped and arguments.strict) else 0


def show(checked: Checked) -> None:
    """Print the line of one file, and its first mismatch."""
    line = f"{checked.status} {checked.kind} {checked.path} rows={checked.rows} mismatches={checked.mismatches}"
    print(f"{line} [{checked.reason}]" if checked.reason else line, flush=True)
    if checked.first is not None:
        print(f"  expected row {checked.first.row} {checked.first.field}: {checked.first.expected}")
        print(f"  got      row {checked.first.row} {checked.first.field}: {checked.first.got}")


def as_json(checked: Checked) -> dict[str, Any]:
    """Return one file as the contract has it."""
    return {
        "path": str(checked.path),
        "kind": checked.kind,
        "kernel": checked.kernel,
        "status": checked.status,
        "rows": checked.rows,
        "mismatches": checked.mismatches,
        "reason": checked.reason,
        "first": asdict(checked.first) if checked.first is not None else None,
    }
