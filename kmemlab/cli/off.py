"""`kmemlab off`: the letter's refusal and four designs of off under live objects, on one workload."""

from __future__ import annotations

import argparse
import json

from ..engine.errors import invalid
from ..engine.off import DESIGNS
from ..turning_off import measure, off_lines

MOST_FILES = 10_000


def run(arguments: argparse.Namespace) -> int:
    """Measure each design and print one table.

    Raises:
        KernelError: EINVAL for a number of files that is not 1 to 10,000, or memory that cannot be booted.
    """
    if not 1 <= arguments.files <= MOST_FILES:
        raise invalid(f"--files {arguments.files}: choose 1 to {MOST_FILES:,}.")
    rows = [measure(design, arguments.files, arguments.memory) for design in DESIGNS]
    if arguments.json:
        from .main import envelope

        told = [{**row.to_dict(), "steps": row.steps, "refused": refused} for row, refused in rows]
        print(json.dumps({**envelope(), "files": arguments.files, "memory": arguments.memory, "designs": told}))
        return 0
    for line in off_lines(rows):
        print(line)
    print(
        "kept: bytes beside the owner arrays. list ops, compares: on the way of allocs and frees. looks at: slabs, of walk page"
    )
    print(f"records. answers, done: events. off: {len(rows)} designs, {arguments.files} files open, {rows[0][1]} by the letter")
    return 0
