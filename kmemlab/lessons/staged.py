"""An exercise that is answered by a controller: its class is graded up to a stage, on the real engine in a child process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .grader import Graded, grade
from .mistakes import noted
from .table import Case
from .verdict import Verdict, blank, broken, not_yet, right


@dataclass(frozen=True)
class Staged:
    """A row of a lesson's table.

    Attributes:
        stage: of the grader, 1 to 4.
        praise: what is said to a right one; {runs} is how many stories and schedules were tried, {points} what it is worth.
        session: of the notebook; a controller has none.
    """

    stage: int
    praise: str = "{runs} stories, and the books are right in all of them: {points} points."
    session: str = ""

    def judge(self, case: Case, given: Any) -> Verdict:
        """Have it graded."""
        if not isinstance(given, type):
            return not_yet("The name of your class is wanted, without brackets: the class, not a controller made of it.")
        return self.said(grade(given, stage=self.stage, seed=case.seed or 1))

    def said(self, graded: Graded) -> Verdict:
        """Say what came of it, and note the mistake."""
        if graded.trouble.startswith("not answered yet"):
            return blank(f"{sentence(graded.trouble.partition(': ')[2])}")
        if graded.trouble:
            return broken(sentence(graded.trouble))
        failure = graded.failure
        if failure is None:
            runs = sum(part.tried for part in graded.parts)
            return right(self.praise.format(runs=f"{runs:,}", points=graded.points))
        noted(graded)
        return not_yet(sentence(failure.story), failure.hint, f"So far {graded.points} points.")


def sentence(told: str) -> str:
    """Return what was told with a capital letter and a full stop."""
    return f"{told[:1].upper()}{told[1:].rstrip('.')}."
