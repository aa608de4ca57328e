"""Two kinds of exercises about races: a schedule that is steered into a fault, and step functions that no schedule breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..races.run import Run
from ..races.scene import Scene
from ..races.story import in_words
from .grader import Graded, grade
from .table import Case, Say
from .three_steps import followed
from .verdict import Verdict, blank, broken, not_yet, right

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
        return right(self.praise.format(wrong=sentence(wrong)))


@dataclass(frozen=True)
class Raced:
    """An exercise that is answered by step functions: the explorer runs every schedule, in the grader's child process.

    Attributes:
        exercise: of the grader (grader_exercises.py).
        look: which fact to look at, for a fault that nobody foresaw.
        says: foreseen faults: a phrase of what is told of the fault.
        praise: {schedules} is how many were run.
    """

    exercise: str
    look: str
    says: tuple[Say, ...] = ()
    praise: str = "None of {schedules} schedules goes wrong."
    session: str = ""

    def judge(self, case: Case, given: Any) -> Verdict:
        """Have it explored."""
        if not callable(given) or isinstance(given, type):
            return not_yet("The name of your function is wanted, without brackets: a function, not what it returns.")
        return self.said(grade(given, exercise=self.exercise, seed=case.seed))

    def said(self, graded: Graded) -> Verdict:
        """Say what came of it."""
        trouble = graded.trouble
        if trouble.startswith("not answered yet"):
            return blank()
        if trouble:
            meant = self.meant(trouble)
            return not_yet(sentence(trouble), meant) if meant else broken(sentence(trouble))
        failure = graded.failure
        if failure is None:
            return right(self.praise.format(schedules=graded.parts[0].tried))
        steps = ", ".join(function for _, function, _ in failure.schedule)
        last = f"The shortest goes so: {steps}." if steps else ""
        return not_yet(sentence(failure.story), last, self.meant(failure.story) or self.look)

    def meant(self, told: str) -> str:
        """Return what is said to a fault that is foreseen, "" for others."""
        return next((say.words for say in self.says if say.meant(None, None, (told,))), "")


def rest(run: Run) -> list[str]:
    """Return the letters of the steps that a trap has cut off: somebody may have written them down as well."""
    left = {"charger": "FGC", "remover": "TKX"}
    return sorted("".join(left[actor.at.name][len(actor.done) :] for actor in run.actors))


def sentence(words: str) -> str:
    """Return words as a sentence; a rule of the machine's that is broken is called one."""
    words = in_words(words.rstrip("."))
    return f"{words[:1].upper()}{words[1:]}."
