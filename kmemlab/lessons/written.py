"""An exercise that is answered by a function for the grader: lesson 05's `charge(obj)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .graded import Listening
from .grader import grade
from .table import Case
from .verdict import Verdict, not_yet


@dataclass(frozen=True)
class Written(Listening):
    """A row of a lesson's table.

    Attributes:
        without: names that the function may not use, each with what is said to it.
    """

    without: tuple[tuple[str, str], ...] = ()

    def judge(self, case: Case, given: Any) -> Verdict:
        """Have it graded."""
        if not callable(given) or isinstance(given, type):
            return not_yet("The name of your function is wanted, without brackets: a function, not what it returns.")
        names = getattr(getattr(given, "__code__", None), "co_names", ())
        for name, words in self.without:
            if name in names:
                return not_yet(words)
        return self.said(grade(given, exercise=self.exercise, seed=case.seed))
