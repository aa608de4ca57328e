"""`kmemlab zoo`: what each bomb pins, what stops it, who else suffers, and how much of it v3 saw."""

from __future__ import annotations

import argparse
import json
import sys

from ..engine.errors import CheckError
from ..zoo import Run, chosen, explode
from ..zoo_text import zoo_text


def run(arguments: argparse.Namespace) -> int:
    """Let every chosen bomb go off twice, with a limit and without, and print what came of it.

    Raises:
        KernelError: EINVAL, for a bomb or kinds that there are not.
    """
    bombs = chosen(arguments.scenario.split(",") if arguments.scenario is not None else [])
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
    print(zoo_text(runs, arguments.limit))
    print(f"zoo: {len(runs)} runs, {held} bytes pinned, {seen} accounted")
    return 0
