"""The child process of the grader: reads a job from standard input, grades, writes one JSON object, and is gone.

Whatever the student's code does happens here: standard output is a sink, memory and time are bounded, and the result goes out
by a descriptor of its own.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from dataclasses import asdict
from types import FunctionType
from typing import Any

from ..engine.errors import KernelError, invalid
from . import grader_words as words
from .grader_exercises import EXERCISES
from .grader_gate import WrongError
from .grader_guard import (
    STUDENT,
    ForbiddenError,
    OutOfBudgetError,
    Sink,
    bound_memory,
    fingerprint,
    guarded,
    refuse_the_world,
    replaced,
    tried,
)
from .grader_run import Failure, grade_all, listens, maker
from .grader_source import definition, plain_python

MEGABYTES = 512
SECONDS = 120


def load(job: dict[str, Any]) -> Any:
    """Run the definitions, and return what is to be graded.

    Raises:
        KernelError: EINVAL, if they raise.
    """
    space: dict[str, Any] = {"__name__": "student", "__builtins__": __builtins__}
    head = "\n".join([*job["imports"], *job["values"]])

    def define() -> None:
        exec(compile(head, f"{STUDENT}head>", "exec"), space)  # the student's own, in the student's own process
        for number, (text, name) in enumerate(job["parts"]):
            if name:
                body: list[ast.stmt] = [definition(text, name)] if "=" not in text.splitlines()[0] else ast.parse(text).body
            else:
                body = ast.parse(plain_python(text)).body
            exec(compile(ast.Module(body, []), f"{STUDENT}{number}>", "exec"), space)

    try:
        guarded(define)
    except OutOfBudgetError:
        raise invalid("The definition itself does not end.") from None
    except ForbiddenError as error:
        tried.clear()
        raise invalid(f"It {error} where it defines things. {words.APART}") from None
    except KernelError:
        raise
    except BaseException as error:
        raise invalid(f"The definition raised {type(error).__name__}: {str(error)[:200]}") from None
    if job["name"]:
        return space[job["name"]]
    return only_one(space, bool(job["exercise"]) and not EXERCISES[job["exercise"]].a_class)


def only_one(space: dict[str, Any], function: bool) -> Any:
    """Return the last class of a file that listens, or its last function.

    Raises:
        KernelError: EINVAL, where there is none.
    """
    if function:
        functions = [each for each in space.values() if isinstance(each, FunctionType) and each.__module__ == "student"]
        if not functions:
            raise invalid("There is no function here.")
        return functions[-1]
    found = [each for each in space.values() if isinstance(each, type) and each.__module__ == "student" and listens(each)]
    if not found:
        raise invalid("There is no class here that derives from SlabListener.")
    return found[-1]


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Grade; returns what the parent reads."""
    sink = Sink()
    sys.stdout = sys.stderr = sink
    before = fingerprint()
    parts = []
    trouble = ""
    try:
        thing = load(job)
        if job["exercise"]:
            parts = EXERCISES[job["exercise"]].grade(thing, job["seed"])
        else:
            parts = grade_all(maker(thing), job["stage"], job["seed"])
    except KernelError as error:
        trouble = error.strerror or str(error)
    except WrongError as wrong:
        trouble = f"{wrong.what}. {wrong.hint}"
    except MemoryError:
        trouble = f"It used up {MEGABYTES:,} MB. {words.MEMORY}"
    except RecursionError:
        trouble = "It called itself without end."
    name = replaced(before)
    if name:
        trouble = (
            f"It changed {name}: what is graded is your controller on the engine as it is. Nothing was kept of the change."
        )
        for part in parts:
            part.got, part.failure = 0, part.failure or Failure(trouble, "")
    return {"trouble": trouble, "parts": [asdict(part) for part in parts], "printed": sink.printed, "begins": sink.kept[:200]}


def main() -> None:
    """Read, grade, write."""
    out = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    job = json.loads(sys.stdin.buffer.read())
    for each in (0, 1, 2):
        os.dup2(null, each)
    bound_memory(MEGABYTES, SECONDS)
    refuse_the_world()
    try:
        told = json.dumps(answer(job))
    except BaseException as error:  # a fault of the grader's, or of someone who works against it
        told = json.dumps({"trouble": f"The grader broke off: {type(error).__name__}: {error}", "parts": []})
    with os.fdopen(out, "w") as stream:
        stream.write(told)
        stream.flush()
        os._exit(0)  # threads of abandoned schedules, or of the student's, are not waited for


if __name__ == "__main__":
    main()
