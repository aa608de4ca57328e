"""An exercise that is answered by a listener: its class runs on the real engine, in the grader's child process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .grader import Graded, grade
from .table import Case
from .verdict import Verdict, blank, broken, not_yet, right


@dataclass(frozen=True)
class Listening:
    """A row of a lesson's table.

    Attributes:
        exercise: of the grader (grader_exercises.py).
        praise: what is said to a right one; {runs} is how many stories, faults and schedules were tried.
        session: of the notebook; a listener has none.
    """

    exercise: str
    praise: str = "{runs} runs, and the books are right in all of them."
    session: str = ""

    def judge(self, case: Case, given: Any) -> Verdict:
        """Have it graded."""
        if not isinstance(given, type):
            return not_yet("The name of your class is wanted, without brackets: the class, not a listener made of it.")
        return self.said(grade(given, exercise=self.exercise, seed=case.seed))

    def said(self, graded: Graded) -> Verdict:
        """Say what came of it: the shortest story that fails, and where to look."""
        trouble = f"{graded.trouble[:1].upper()}{graded.trouble[1:].rstrip('.')}."
        if graded.trouble.startswith("not answered yet"):
            return blank()
        if graded.trouble:
            return broken(trouble)
        failure = graded.failure
        if failure is None:
            return right(self.praise.format(runs=f"{sum(part.tried for part in graded.parts):,}"))
        return not_yet(f"{failure.story[:1].upper()}{failure.story[1:].rstrip('.')}.", failure.hint)
