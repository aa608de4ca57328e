"""Exercises that the grader judges: a class or a function that runs on the real engine, in its child process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..races.story import in_words
from .grader import Graded, grade
from .mistakes import noted
from .table import Case, Say
from .verdict import Verdict, blank, broken, not_yet, right


@dataclass(frozen=True)
class Handed:
    """A row of a lesson's table: what is handed to the grader.

    Attributes:
        exercise: of the grader (grader_exercises.py); "" for a controller, which is graded up to `stage`.
        stage: 1 to 4.
        function: a function is wanted, not a class.
        without: names that the function may not use, each with what is said to it.
        praise: what is said to a right one; {runs} is how many stories and schedules were tried, {points} what it is worth.
        session: of the notebook; nothing that is graded has one.
    """

    exercise: str = ""
    praise: str = "{runs} runs, and the books are right in all of them."
    stage: int = 0
    function: bool = False
    without: tuple[tuple[str, str], ...] = ()
    session: str = ""

    def judge(self, case: Case, given: Any) -> Verdict:
        """Have it graded."""
        if self.function and (not callable(given) or isinstance(given, type)):
            return not_yet("The name of your function is wanted, without brackets: a function, not what it returns.")
        if not self.function and not isinstance(given, type):
            return not_yet("The name of your class is wanted, without brackets: the class, not something made of it.")
        names = getattr(getattr(given, "__code__", None), "co_names", ())
        for name, words in self.without:
            if name in names:
                return not_yet(words)
        seed = case.seed or 1 if self.stage else case.seed
        return self.said(grade(given, stage=self.stage or 4, exercise=self.exercise, seed=seed))

    def said(self, graded: Graded) -> Verdict:
        """Say what came of it: the shortest story that fails, and where to look."""
        if graded.trouble.startswith("not answered yet"):
            return blank(sentence(graded.trouble.partition(": ")[2])) if self.stage else blank()
        if graded.trouble:
            return self.in_trouble(graded.trouble)
        if graded.failure is None:
            runs = sum(part.tried for part in graded.parts)
            return right(self.praise.format(runs=f"{runs:,}", points=graded.points))
        return self.failed(graded)

    def in_trouble(self, trouble: str) -> Verdict:
        """Say why nothing could be graded."""
        return broken(sentence(trouble))

    def failed(self, graded: Graded) -> Verdict:
        """Tell the failing story. Of a controller the mistake is noted, and what it is worth so far is said."""
        if not self.stage:
            return not_yet(sentence(graded.story), graded.hint)
        noted(graded)
        return not_yet(sentence(graded.story), graded.hint, f"So far {graded.points} points.")


@dataclass(frozen=True)
class Raced(Handed):
    """An exercise that is answered by step functions: the explorer runs every schedule.

    Attributes:
        look: which fact to look at, for a fault that nobody foresaw.
        says: foreseen faults: a phrase of what is told of the fault.
    """

    function: bool = True
    look: str = ""
    says: tuple[Say, ...] = ()

    def in_trouble(self, trouble: str) -> Verdict:
        """Say what is meant, where it was foreseen."""
        meant = self.meant(trouble)
        return not_yet(schedule(trouble), meant) if meant else broken(schedule(trouble))

    def failed(self, graded: Graded) -> Verdict:
        """Tell the shortest schedule, step by step."""
        assert graded.failure is not None
        steps = ", ".join(function for _, function, _ in graded.failure.schedule)
        last = f"The shortest goes so: {steps}." if steps else ""
        return not_yet(schedule(graded.story), last, self.meant(graded.story) or self.look)

    def meant(self, told: str) -> str:
        """Return what is said to a fault that is foreseen, "" for others."""
        return next((say.words for say in self.says if say.meant(None, None, (told,))), "")


def sentence(told: str) -> str:
    """Return what was told with a capital letter and a full stop."""
    return f"{told[:1].upper()}{told[1:].rstrip('.')}."


def schedule(told: str) -> str:
    """Return what was told of a race as a sentence; a rule of the machine's that is broken is called one."""
    return sentence(in_words(told.rstrip(".")))
