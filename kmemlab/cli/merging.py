"""`kmemlab merging`: which caches merge, and what `cache_account` then says, in three boots."""

from __future__ import annotations

import argparse
import json

from ..merging import TRAP, merging_lines, merging_rows


def run(arguments: argparse.Namespace) -> int:
    """Boot three machines, ask each for every cache, and print what they said."""
    rows = merging_rows(arguments.slub)
    refused = [row.cache for row in rows if row.plain != "1"]
    if arguments.json:
        from .main import envelope

        print(json.dumps({**envelope(), "slub": arguments.slub, "account": TRAP, "caches": [row.to_dict() for row in rows]}))
        return 0
    for line in merging_lines(rows):
        print(line)
    print(f"merging: {len(rows)} caches, {len(refused)} refused where caches merge: {', '.join(refused)}")
    return 0
