"""`kmemlab progress`: which exercises a learner has solved, checked again here."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from ..lessons import grading, hands
from ..lessons.progress import file, read
from ..recordings import ForeignFileError

ABOUT = """Check again what is kept in progress files: which exercises a learner has solved, and in how many tries.
Values are compared with a machine's here, sessions are run again here; a function or a class is text in
the file and is not run: "not run" is neither right nor wrong, whatever the file says of it.
--predicted counts instead what a class has predicted, without names: ! marks a wrong answer that one in three or more gave.
Exit 0; 2 if a file is no progress file, after the others were looked at."""

STATES = grading.RIGHT, grading.NOT_YET, grading.NOT_RUN, grading.OTHER_SEED, grading.UNREADABLE


def add(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options."""
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="progress.json of learners; by default your own")
    parser.add_argument("--seed", type=int, metavar="N", help="sessions that were made with another seed do not count")
    parser.add_argument("--predicted", action="store_true", help="count predictions instead")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what is asked for of each file that can be read, and a line for each that cannot; 2 if there is one of those."""
    own = file()
    paths = arguments.files or ([own] if own is not None else [])
    if not paths:
        print("kmemlab: no progress is kept here: name a progress file", file=sys.stderr)
        return 2
    found: dict[Path, dict[str, Any]] = {}
    for path in paths:
        try:
            found[path] = read(path)
        except ValueError as error:
            print(f"kmemlab: {ForeignFileError(path, 1, 'a progress file', without(str(error), path))}", file=sys.stderr)
        except OSError as error:
            print(f"kmemlab: {ForeignFileError(path, 1, 'a progress file', str(error.strerror))}", file=sys.stderr)
    if found:
        (predicted if arguments.predicted else checked)(found, arguments)
    return 0 if len(found) == len(set(paths)) else 2


def without(words: str, path: Path) -> str:
    """Return what is wrong with a file, without its name and without what was expected."""
    return words.removeprefix(f"{path} ").removeprefix("is no progress file: ")


def checked(found: dict[Path, dict[str, Any]], arguments: argparse.Namespace) -> None:
    """Print a line for each answer, of several files one more for each of them, and the sum."""
    rows = [(path, list(grading.graded(saved, arguments.seed))) for path, saved in found.items()]
    every = [each for _, answers in rows for each in answers]
    right = sum(each.state == grading.RIGHT for each in every)
    unrun = sum(each.state == grading.NOT_RUN for each in every)
    if arguments.json:
        told = [
            {"file": str(path), "number": each.number, "state": each.state, "tries": each.tries}
            for path, answers in rows for each in answers
        ]  # fmt: skip
        say(answers=told, right=right, not_run=unrun)
        return
    for path, answers in rows:
        for each in answers:
            tries = f"{each.tries:,} {'try' if each.tries == 1 else 'tries'}"
            print(f"{path}  {each.number:<6} {each.state:<11} {tries:>9}  {each.words}".rstrip())
    for path, answers in rows if len(rows) > 1 else []:
        counted = Counter(each.state for each in answers)
        print(f"{path}  together: {', '.join(f'{counted[state]} {state}' for state in STATES if counted[state]) or 'nothing'}")
    rest = f", {unrun} not run (code: run the notebooks)" if unrun else ""
    print(f"progress: {files(found)}, {len(every)} answers, {right} right{rest}")


def predicted(found: dict[Path, dict[str, Any]], arguments: argparse.Namespace) -> None:
    """Print for each question what was answered, and how often."""
    counted = hands.hands(found.values())
    if arguments.json:
        told = [
            {"number": each.number, "answer": answer, "count": count, "right": right}
            for each in counted for answer, count, right in each.answers
        ]  # fmt: skip
        say(predicted=told)
        return
    for each in counted:
        print(each.number)
        for answer, count, right in each.answers:
            mark = "!" if each.shared(count, right) else "=" if right else " "
            print(f"  {mark} {count:>3}  {answer}")
    print(f"predicted: {files(found)}, {len(counted)} questions; = is the machine's answer, ! is wrong and shared by many")


def say(**keys: Any) -> None:
    """Print one JSON object."""
    from .main import envelope

    print(json.dumps({**envelope(), **keys}))


def files(found: dict[Path, dict[str, Any]]) -> str:
    """Return how many files there are, in words."""
    return f"{len(found)} file{'' if len(found) == 1 else 's'}"
