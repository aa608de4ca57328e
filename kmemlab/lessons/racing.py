"""An exercise about races: a schedule that is steered into a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..races.run import Run
from ..races.scene import Scene
from .graded import schedule
from .table import Case
from .three_steps import followed
from .verdict import Verdict, not_yet, right

LONGEST = 60


@dataclass(frozen=True)
class Steered:
    """An exercise that is answered by a schedule, as letters: any that goes wrong is right.

    Attributes:
        scene: makes the race.
        sound: what is said to a schedule that ends well; given the letters.
        praise: {wrong} is what was trapped.
    """

    scene: Callable[[], Scene]
    sound: Callable[[str], str]
    praise: str = "{wrong}"
    session: str = ""

    def judge(self, case: Case, given: Any) -> Verdict:
        """Follow the schedule, and look where it ends."""
        letters = "".join(given.split()).upper() if isinstance(given, str) else ""
        if not letters or len(letters) > LONGEST:
            return not_yet('The letters of your steps are wanted, in quotes, as in "FGCTKX".')
        run, stuck = followed(self.scene(), letters)
        done = letters[: len(run.story)]
        if stuck and not (run.wrong and rest(run) == sorted(letters[len(done) :])):
            return not_yet(f"After {done or 'the beginning'} there is no step {stuck[:1]} to be taken.")
        if run.enabled():
            return not_yet(f"After {done} nothing has gone wrong yet, and there are steps left.")
        wrong = run.end()
        if not wrong:
            return not_yet("Every step is taken, and nothing has gone wrong.", self.sound(letters))
        return right(self.praise.format(wrong=schedule(wrong)))


def rest(run: Run) -> list[str]:
    """Return the letters of the steps that a trap has cut off: somebody may have written them down as well."""
    left = {"charger": "FGC", "remover": "TKX"}
    return sorted("".join(left[actor.at.name][len(actor.done) :] for actor in run.actors))
