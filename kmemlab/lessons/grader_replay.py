"""A failing schedule once more, with the student's code in the student's own process, so that it can be stepped through."""

from __future__ import annotations

from typing import Any

from ..engine.errors import invalid
from ..races.scene import Scene
from .grader_bench import Bench
from .grader_child import load
from .grader_drain import DrainBench
from .grader_exercises import EXERCISES
from .grader_races import scenes
from .grader_run import maker
from .handed_in import job_of, read


def scenes_of(thing: Any, exercise: str) -> list[Scene]:
    """Return the scenes in which a class or function is explored, as `Failure.race` counts them.

    Args:
        thing: what was graded.
        exercise: "" for a controller.

    Raises:
        KernelError: EINVAL for a class that is no controller.
    """
    races = EXERCISES[exercise].races if exercise else None
    if races is not None:
        return races(thing)
    return [*scenes(maker(thing), DrainBench if exercise else Bench)]


def replay(thing: Any, race: int, *, exercise: str = "", name: str = "") -> Scene:
    """Return the scene of a schedule that the grader told, with your own code in it: `RaceView(replay(...), steps=...)`.

    Args:
        thing: a class or function, or the path of your own file, which is run here, in this process.
        race: which scene, as the grader's line has it.
        exercise: as in `grade`.
        name: of the class or function in a file, "" for the last one.

    Raises:
        KernelError: EINVAL, if it has no such scene, or as `grade` says of what cannot be graded.
        OSError: for a file that cannot be read.
    """
    if exercise and exercise not in EXERCISES:
        raise invalid(f"There is no exercise {exercise!r:.40}; there is {', '.join(EXERCISES)}.")
    found = scenes_of(load(job_of(read(thing, exercise, name), exercise)), exercise)
    if not 0 <= race < len(found):
        raise invalid(f"There is no race {race}: they are counted from 0 to {len(found) - 1}.")
    return found[race]
