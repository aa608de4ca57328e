"""A failing schedule once more, with the student's code in the student's own process, so that it can be stepped through."""

from __future__ import annotations

from typing import Any

from ..races.scene import Scene
from .grader_bench import Bench
from .grader_drain import DrainBench
from .grader_exercises import EXERCISES
from .grader_races import scenes
from .grader_run import maker


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
