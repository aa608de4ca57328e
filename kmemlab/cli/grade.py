"""`kmemlab grade FILE`: a student's controller on the real engine, the marks, and the shortest story that it fails in."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..engine.errors import KernelError
from ..lessons import handed_in
from ..lessons.grader import SECONDS, grade
from ..lessons.grader_exercises import EXERCISES
from ..lessons.grader_run import STAGES
from ..lessons.grader_source import plain_python
from ..recordings import ForeignFileError

ABOUT = """Grade the last class of a file that derives from SlabListener (for an exercise: its last function).
Of a notebook the definitions are taken, and the last class that has no dots left; what it runs is not run.
Stages: 1 charge without limit; 2 limit and unwind; 3 array failures, on and off, every nth fault; 4 all schedules.
The file runs in a child process with a budget of steps, memory and time.
Exit 0 if all of it is right; 1 if something is not, or not answered yet; 2 for a file that is neither Python nor a notebook, or
wrong use."""


def add(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options."""
    parser.description = ABOUT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, metavar="FILE", help="FILE.py, or a notebook")
    parser.add_argument("--stage", type=int, choices=list(STAGES), default=4, help="up to which stage; 4 if it is not given")
    parser.add_argument("--exercise", choices=list(EXERCISES), default="", help="a smaller thing than a controller")
    parser.add_argument("--name", default="", help="of the class or function; the last one if it is not given")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the stories by chance; 1")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="stop it after so long; 60")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Grade and tell.

    Raises:
        ForeignFileError: for a file that is not there, or no Python.
    """
    readable(arguments.file)
    graded = grade(
        arguments.file, arguments.stage, seed=arguments.seed, exercise=arguments.exercise, seconds=arguments.seconds,
        name=arguments.name,
    )  # fmt: skip
    if arguments.json:
        from .main import envelope

        print(json.dumps({**envelope(), "file": str(arguments.file), "name": graded.name, **graded.as_dict()}))
    else:
        if graded.name:
            print(f"{graded.name} of {arguments.file}")
        print(graded)
        of = sum(part.points for part in graded.parts)
        print(f"grade: {graded.points} of {of} points")
    return int(not graded.passed)


def readable(path: Path) -> None:
    """See that a file is Python, or a notebook.

    Raises:
        ForeignFileError: if it is not.
    """
    try:
        if path.suffix == ".ipynb":
            list(handed_in.cells(path))
            return
        compile(plain_python(path.read_text(encoding="utf-8")), str(path), "exec", dont_inherit=True)
    except KernelError as error:
        raise ForeignFileError(path, 1, "a notebook", (error.strerror or str(error)).removeprefix(f"{path.name} is ")) from None
    except OSError as error:
        raise ForeignFileError(path, 1, "a file of Python", error.strerror or "nothing that can be read") from None
    except SyntaxError as error:
        raise ForeignFileError(path, error.lineno or 1, "Python", error.msg) from None
    except ValueError:
        raise ForeignFileError(path, 1, "a text of Python", "other bytes") from None
