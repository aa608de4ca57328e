"""Every schedule of a small scene as a row of letters: what a reader can look through, where counts do not say it."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Final

from ..engine.errors import KernelError
from .run import Run, Stage
from .scene import Scene

MOST: Final = 1000


@dataclass(frozen=True)
class Schedule:
    """One order of the steps.

    Attributes:
        path: who steps, by its number in the scene; -1 is the softirq.
        letters: the first letter of each step's name: "FTKGCX".
        wrong: what is wrong with it, "" for nothing.
    """

    path: tuple[int, ...]
    letters: str
    wrong: str


def every(scene: Scene, most: int = MOST) -> list[Schedule]:
    """Run every schedule of a scene, each to its end or to the trap.

    Args:
        scene: a small one; the counts of large ones are `explore`'s.
        most: schedules that are listed at most.

    Raises:
        KernelError: E2BIG for a scene with more; ETIMEDOUT for a step function that does not end.
    """
    stage = Stage(scene)
    found: list[Schedule] = []
    todo: list[tuple[tuple[int, ...], str]] = [((), "")]
    while todo:
        path, letters = todo.pop()
        run = stage.run(path)
        ready = run.enabled()
        if not ready:
            found.append(Schedule(path, letters, run.end()))
            if len(found) > most:
                raise KernelError(errno.E2BIG, f"More than {most:,} schedules: explore() counts them without a list.")
            continue
        todo += [((*path, who), letters + letter_of(run, who)) for who in reversed(ready)]
    return found


def letter_of(run: Run, who: int) -> str:
    """Return the letter of the step that is due: the first one that is a capital in its name, or its first."""
    due = run.actors[who].due if who >= 0 else None
    return letter(due.name if due is not None else "softirq")


def letter(name: str) -> str:
    """Return the letter of a step's name."""
    return next((each for each in name if each.isupper()), name[:1].upper())
