"""Progress files, looked at by a teacher: every answer that is kept is given to its check again, on this machine.

What a learner's file claims counts for nothing where it can be checked: values are compared and sessions are run again here.
A function or a class is text in the file, and only the part that was handed to `check`, without what it uses; it is not run,
and its row says so: neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..recordings import ForeignFileError
from ..session import Session
from .checking import exercise_of, verdict_on
from .table import Story

RIGHT: Final = "right"
NOT_YET: Final = "not yet"
NOT_RUN: Final = "not run"  # a function or a class: neither right nor wrong, for it is not run here
OTHER_SEED: Final = "other seed"
UNREADABLE: Final = "unreadable"


@dataclass(frozen=True)
class Graded:
    """One answer of a file.

    Attributes:
        number: of the question.
        state: right, not yet, not run (of a function or a class, which is text here), other seed, or unreadable.
        tries: how often the learner checked it.
        words: what the check says, or why there is nothing to say.
    """

    number: str
    state: str
    tries: int
    words: str


def graded(saved: dict[str, Any], seed: int | None = None) -> Iterator[Graded]:
    """Yield the answers of somebody's progress, by number.

    Args:
        saved: as `progress.read` gives it.
        seed: the learner's; an answer whose session was made with another one does not count. None: any will do.
    """
    checked = saved["checked"]
    for number in sorted(checked, key=lambda each: [int(part) if part.isdigit() else 0 for part in each.split(".")]):
        row = checked[number]
        tries = row.get("tries")
        state, words = state_of(number, row, seed)
        yield Graded(number, state, tries if isinstance(tries, int) else 0, words)


def state_of(number: str, row: dict[str, Any], seed: int | None) -> tuple[str, str]:
    """Return the state of one answer, and the words for it."""
    try:
        exercise = exercise_of(number)
        session = Session.from_dict(row["session"], Path(number)) if "session" in row else None
    except (ForeignFileError, OSError, TypeError, ValueError) as error:
        return UNREADABLE, str(getattr(error, "strerror", None) or error)
    if seed is not None and session is not None and int(session.machine.profile.seed) != seed:
        return OTHER_SEED, f"The session was made with seed {int(session.machine.profile.seed)}."
    if "source" in row:
        said = "right" if row.get("right") is True else "not right yet"
        return NOT_RUN, f"Not checked here: its code is not run. The file says {said}; run the notebook to see."
    verdict = verdict_on(number, exercise, session if isinstance(exercise, Story) else row.get("answer"), session)
    return (RIGHT if verdict else NOT_YET), verdict.words
