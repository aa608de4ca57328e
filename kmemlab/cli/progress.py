"""`kmemlab progress`: which exercises a learner has solved, checked again here."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..lessons import grading
from ..lessons.progress import file
from ..recordings import ForeignFileError

ABOUT = """Check again what is kept in progress files: which exercises a learner has solved, and in how many tries.
Values are compared with a machine's here, sessions are run again here; a function is text in the file, and is not run.
Exit 0; 2 for a file that is no progress file."""


def add(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options."""
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="progress.json of learners; by default your own")
    parser.add_argument("--seed", type=int, metavar="N", help="sessions that were made with another seed do not count")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line for each answer of each file; without files, of the reader's own.

    Raises:
        ForeignFileError: for a file that is no progress file.
    """
    own = file()
    paths = arguments.files or ([own] if own is not None else [])
    if not paths:
        print("kmemlab: no progress is kept here: name a progress file", file=sys.stderr)
        return 2
    found: list[tuple[str, grading.Graded]] = []
    for path in paths:
        try:
            found += [(str(path), each) for each in grading.graded(path, arguments.seed)]
        except ValueError as error:
            raise ForeignFileError(path, 1, "a progress file", str(error).removeprefix(f"{path} ")) from None
        except OSError as error:
            raise ForeignFileError(path, 1, "a progress file", str(error.strerror)) from None
    right = sum(each.state == grading.RIGHT for _, each in found)
    if arguments.json:
        from .main import envelope

        answers = [{"file": name, "number": each.number, "state": each.state, "tries": each.tries} for name, each in found]
        print(json.dumps({**envelope(), "answers": answers, "right": right}))
        return 0
    for name, each in found:
        tries = f"{each.tries:,} {'try' if each.tries == 1 else 'tries'}"
        print(f"{name}  {each.number:<6} {each.state:<11} {tries:>9}  {each.words}".rstrip())
    print(f"progress: {len(paths)} file{'' if len(paths) == 1 else 's'}, {len(found)} answers, {right} right")
    return 0
