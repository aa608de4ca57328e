"""`kmemlab races`: all schedules of a few operations, what goes wrong in them, and the shortest such schedule as a story."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from ..engine.errors import invalid
from ..engine.off import DESIGNS, EMPTY
from ..races.bugs import BUGS, PLANTED
from ..races.explorer import Explored, explore, reduced
from ..races.story import counts, plural, report
from ..races.versions import NAMES, THREE, TITLES, V2, V3, scene, version_of

ABOUT = f"""Run all schedules of a few operations on the real engine: every step of one may come between two of another.
Operations: {", ".join(NAMES)}.
A charge runs in /a, all else in /b; attach moves the first task to /b; rmdir removes /a; free gives back an object
that /a owns; off switches accounting off.
Exit 0 if v3 is clean, or if a fault is found where one is planted ({V2}, --bug); 1 if it is the other way round;
2 for wrong use."""
BUG_HELP = f"plant a bug into v3, in a scene of its own; all: each in turn. One of: {', '.join(BUGS)}"


def add(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options."""
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--version", choices=[V2, V3], help="v2 looks the container up outside an RCU section; v3 inside one")
    parser.add_argument("--tasks", metavar="OP,OP,...", help=f"one to four operations, {','.join(THREE)} if it is not given")
    parser.add_argument(
        "--off", choices=DESIGNS, default=EMPTY, help="what off does; all but empty know off+on too, off and then on again"
    )
    parser.add_argument("--bug", choices=[*BUGS, "all"], metavar="NAME", help=BUG_HELP)
    parser.add_argument(
        "--reduce", action="store_true", help="leave out orders that come to the same; counts ends, not schedules"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explore and tell.

    Raises:
        KernelError: EINVAL for options that do not go together, or for an operation that there is not.
    """
    search = reduced if arguments.reduce else explore
    if arguments.bug:
        if arguments.tasks or arguments.version or arguments.patchset or arguments.off != EMPTY:
            raise invalid(
                "--bug has tasks of its own and stands in v3: leave --tasks and --version out, and --patchset and --off."
            )
        if arguments.bug == "all":
            return run_all(arguments)
        bug = BUGS[arguments.bug]
        found, title, expected = search(bug.scene), f"{bug.name}: {bug.sentence}", True
    else:
        tasks = tuple(arguments.tasks.split(",")) if arguments.tasks is not None else THREE
        version = version_asked(arguments)
        called = f"patchset {arguments.patchset}" if arguments.patchset else version
        found, title = search(scene(version, tasks, off=arguments.off)), f"{called}, {TITLES[version]}"
        if arguments.off != EMPTY:
            title = f"off={arguments.off}"
        expected = version == V2 and can_race(tasks)
    if arguments.json:
        from .main import envelope

        told = {**envelope(), "version": version_asked(arguments), "bug": arguments.bug, "expected": expected, **as_json(found)}
        print(json.dumps(told))
    else:
        print(report(found, title))
        print(counts(found))
    return int(bool(found.faults) != expected)


def version_asked(arguments: argparse.Namespace) -> str:
    """Return which of the two charges is asked for, by its own name or by a machine's patchset; v3 if neither is.

    Raises:
        KernelError: EINVAL for both at once.
    """
    if arguments.version and arguments.patchset:
        raise invalid("--version and --patchset both say how to charge: leave one out.")
    version: str = version_of(arguments.patchset) if arguments.patchset else arguments.version or V3
    return version


def can_race(tasks: tuple[str, ...]) -> bool:
    """Say whether v2 has its fault in these: the first charges, alone in /a, and can be moved and /a removed."""
    return tasks[0] == "charge" and tasks.count("charge") == 1 and leaves(tasks)


def leaves(tasks: tuple[str, ...]) -> bool:
    """Say whether the first task is moved away and /a removed."""
    return "attach+rmdir" in tasks or ("attach" in tasks and "rmdir" in tasks)


def run_all(arguments: argparse.Namespace) -> int:
    """Plant each bug in turn, a line each; 1 if one is not found."""
    rows: list[dict[str, Any]] = []
    missed = 0
    for bug in PLANTED:
        found = reduced(bug.scene) if arguments.reduce else explore(bug.scene)
        worst = found.shortest()
        missed += worst is None
        rows.append({"bug": bug.name, "sentence": bug.sentence, **as_json(found)})
        if not arguments.json:
            what = f"{worst.what} ({plural(len(worst.path), 'step')})" if worst is not None else "NOT FOUND"
            print(f"{bug.name:<20} {what}")
    if arguments.json:
        from .main import envelope

        print(json.dumps({**envelope(), "bugs": rows, "missed": missed}))
    else:
        print(f"races: {plural(len(rows), 'bug')} planted, {len(rows) - missed} found")
    return int(missed > 0)


def as_json(found: Explored) -> dict[str, Any]:
    """Return what was found as plain values; a story's steps are [task, function, what it did]."""
    told = asdict(found)
    for fault in told["faults"]:
        del fault["path"]
    return {**told, "violations": found.violations}
