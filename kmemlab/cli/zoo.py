"""`kmemlab zoo`: what each bomb pins, what stops it, who else suffers, and how much of it v3 saw."""

from __future__ import annotations

import argparse
import json
import sys

from ..engine.errors import CheckError
from ..zoo import Run, chosen, explode


def run(arguments: argparse.Namespace) -> int:
    """Let every chosen bomb go off twice, with a limit and without, and print what came of it.

    Raises:
        KernelError: EINVAL, for a bomb or kinds that there are not.
    """
    bombs = chosen([name for name in arguments.scenario.split(",") if name])
    runs: list[Run] = []
    for bomb in bombs:
        for limit in (arguments.limit, None):
            try:
                runs.append(explode(bomb, limit, arguments.seed, kinds=arguments.kinds))
            except CheckError as error:
                print(f"kmemlab: {bomb.name}: an invariant is broken: {error}", file=sys.stderr)
                return 1
    held = sum(each.pinned.total for each in runs)
    seen = sum(each.pinned.accounted for each in runs)
    if arguments.json:
        from .main import envelope

        totals = {"pinned": held, "accounted": seen}
        print(json.dumps({**envelope(), "scenarios": [each.to_dict() for each in runs], "totals": totals}))
        return 0
    show(runs, arguments.limit)
    print(f"zoo: {len(runs)} runs, {held} bytes pinned, {seen} accounted")
    return 0


def show(runs: list[Run], limit: int) -> None:
    """Print one line a run, and then which bombs the limit did not stop."""
    print(f"{'bomb':<12} {'limit':>9} {'done':>6} {'stopped by':<15} {'pinned':>10} {'kmem_cache':>10} {'kmalloc':>9} "
          f"{'pages':>10} {'accounted':>10} {'seen':>5} {'failcnt':>7} {'neighbour':>12}")  # fmt: skip
    for each in runs:
        held = each.pinned
        stop = f"{each.stopped_by} {each.errno}".strip()
        calls = f"{each.failed} of {each.ops}"
        print(
            f"{each.name:<12} {limit if each.limited else 'none':>9} {each.ops_done:>6} {stop:<15} {held.total:>10} "
            f"{held.kmem_cache:>10} {held.kmalloc:>9} {held.pages:>10} {held.accounted:>10} "
            f"{share(each):>4}% {each.failcnt:>7} {calls:>12}"
        )
    print("neighbour: its calls that failed. kmalloc has the owner arrays in it. Free slots and page tails are nobody's.")
    blind = [f"{each.name} ({share(each)} % seen)" for each in runs if each.limited and each.stopped_by == "memory"]
    if blind:
        print(f"Not stopped by the limit, for most of what they pin is not in kmem caches: {', '.join(blind)}.")


def share(run: Run) -> int:
    """Return how much of what is pinned some container pays, in percent."""
    return round(100 * run.pinned.accounted / run.pinned.total) if run.pinned.total else 0
