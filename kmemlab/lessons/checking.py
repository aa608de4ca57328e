"""`check("02.8", answer)`: an answer beside what the machine says."""

from __future__ import annotations

import inspect
import os
import sys
from importlib import import_module
from typing import Any

from ..engine.errors import invalid
from ..session import Session
from . import progress
from .blanks import is_blank
from .guarded import plain
from .table import Case, Exercise, Prediction, Row, Table
from .verdict import GRADING, Verdict, blank, broken


def table_of(lesson: str) -> Table:
    """Return the table of a lesson, "02".

    Raises:
        KernelError: EINVAL, if there is none.
    """
    name = f"{__package__}.lesson_{lesson}"
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise invalid(f"there is no table of questions for lesson {lesson!r}: kmemlab/lessons/lesson_{lesson}.py") from None
    table: Table = module.TABLE
    return table


def row_of(number: str) -> Row:
    """Return the row of a question, "02.8".

    Raises:
        KernelError: EINVAL, if there is none.
    """
    lesson, _, rest = str(number).partition(".")
    if not (lesson.isascii() and lesson.isdigit() and rest):
        raise invalid(f'a question is called by lesson and number, such as "02.8", not {number!r}')
    table = table_of(lesson)
    if number not in table:
        raise invalid(f"there is no question {number}: lesson {lesson} has {', '.join(table)}")
    return table[number]


def prediction_of(number: str) -> Prediction:
    """Return the row of a prediction. EINVAL for an exercise."""
    row = row_of(number)
    if not isinstance(row, Prediction):
        raise invalid(f"question {number} is an exercise: give your answer to check")
    return row


def exercise_of(number: str) -> Exercise:
    """Return the row of an exercise. EINVAL for a prediction."""
    row = row_of(number)
    if isinstance(row, Prediction):
        raise invalid(f"question {number} is a prediction: answer it with predict")
    return row


def check(question: str, answer: Any = ..., /, *, session: Session | None = None) -> Verdict:
    """Compare an answer with what the machine says, and say in words what is right, what is not, and what to look at.

    Args:
        question: lesson and number, "02.8".
        answer: a value, a function or a session, as the exercise wants it.
        session: the learner's own, where the exercise has one; by default the notebook's variable that the lesson names.

    Returns:
        The verdict: true if it is solved. It never raises for an answer, whatever that is, and never tells the solution.

    Raises:
        KernelError: EINVAL, for a question that there is not.
        AssertionError: where KMEMLAB_GRADING is set, for an answer that is not right: nbgrader gives points for a cell that
            does not raise.

    Example:
        >>> check("02.5", ["2:3", "2:5", ..., ...])
        … 02.5 not answered yet. Put your answer in place of the dots.
    """
    row = exercise_of(question)
    if session is None and row.session:
        found = sys._getframe(1).f_globals.get(row.session)
        session = found if isinstance(found, Session) else None
    if isinstance(answer, Session) and session is None:
        session = answer
    verdict = verdict_on(question, row, answer, session).of(question)
    if not verdict and os.environ.get(GRADING):
        raise AssertionError(str(verdict))
    return verdict.of(question, keep(question, verdict, answer, session))


def verdict_on(question: str, row: Exercise, answer: Any, session: Session | None) -> Verdict:
    """Judge an answer. What goes wrong in judging is a verdict, too."""
    try:
        if is_blank(answer):
            return blank()
        seed = int(session.machine.profile.seed) if session is not None else 0
        return row.judge(Case(question, session, seed), answer)
    except RecursionError:
        return broken("Your answer holds itself, or is nested too deeply to be read.")
    except Exception as error:
        return broken(f"Your answer could not be tried: {type(error).__name__}: {str(error)[:160]}")


def keep(question: str, verdict: Verdict, answer: Any, session: Session | None) -> str:
    """Note a verdict and the answer in the progress file; returns a sentence if that goes wrong."""
    if progress.file() is None or verdict.state == "not answered yet":
        return ""
    before, trouble = progress.kept("checked", question)
    tries = before.get("tries")
    row: dict[str, Any] = {
        "right": bool(verdict) or before.get("right") is True,
        "tries": (tries if isinstance(tries, int) else 0) + 1,
    }
    if before.get("right") is True and not verdict:
        row |= {key: before[key] for key in ("answer", "source", "session") if key in before}
    else:
        row |= answer_kept(answer, session)
    return progress.note("checked", question, row) or trouble


def answer_kept(answer: Any, session: Session | None) -> dict[str, Any]:
    """Return an answer as the progress file has it: a value, or the text of a function, and the session."""
    made: dict[str, Any] = {}
    if callable(answer):
        try:
            made["source"] = inspect.getsource(answer)[: progress.MOST_ANSWER]
        except (OSError, TypeError):
            made["source"] = ""
    elif not isinstance(answer, Session):
        value = plain(answer)
        made["answer"] = value if len(repr(value)) <= progress.MOST_ANSWER else repr(value)[: progress.MOST_ANSWER]
    if session is not None:
        made["session"] = session.to_dict()
    return made
