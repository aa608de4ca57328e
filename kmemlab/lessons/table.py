"""The rows of a lesson's table: what is asked, how a machine is asked for the answer, and what is said to foreseen wrong ones.

No row holds an answer. It holds a function that boots a machine, runs commands, and looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..engine.errors import invalid
from ..engine.events import ALLOC
from ..session import Session
from . import guarded
from .comparing import COUNTS, alike, sentence, so_far, spelled
from .reading import plain
from .verdict import Verdict, broken, not_yet, right

Kind = Literal["number", "choice", "order", "point"]


@dataclass(frozen=True)
class Case:
    """What an answer is computed for.

    Attributes:
        number: of the question, "02.8".
        session: the learner's own session, None if the question has none.
        seed: theirs, 0 without one.
    """

    number: str
    session: Session | None = None
    seed: int = 0


Answer = Callable[[Case], Any]


@dataclass(frozen=True)
class Say:
    """A foreseen wrong answer, and what is said to it.

    Attributes:
        when: an answer that is equal; of choices and orders a phrase of a line that was taken; or a function of (given,
            wanted) that says whether it is meant.
        words: a question or a fact to look at. Never the solution: a test reads them.
    """

    when: Any
    words: str

    def meant(self, given: Any, wanted: Any, lines: Sequence[str] = ()) -> bool:
        """Say whether an answer is the one that is foreseen here; `lines` are the words that were taken."""
        if callable(self.when):
            return bool(self.when(given, wanted))
        if lines:
            return any(plain(str(self.when)) in plain(line) for line in lines)
        return type(self.when) is type(given) and bool(self.when == given)


@dataclass(frozen=True)
class Prediction:
    """A question that is asked before the run. Nothing is scored.

    Attributes:
        kind: number, choice, order or point.
        answer: asks a machine. A number; a phrase that one of the choices has; phrases, one for each line of the order; a
            cell as "slab:cell".
        says: foreseen wrong answers.
    """

    kind: Kind
    answer: Answer
    says: tuple[Say, ...] = ()

    def wanted(self, case: Case, lines: Sequence[str]) -> Any:
        """Return the machine's answer as somebody would give it: a number, a place among the lines, places, a cell.

        Raises:
            KernelError: EINVAL, if a phrase is not of exactly one line: the notebook and the table do not fit.
        """
        found = self.answer(case)
        if self.kind == "choice":
            return place_of(found, lines, case.number)
        if self.kind == "order":
            return tuple(place_of(each, lines, case.number) for each in found)
        return found

    def told(self, given: Any, wanted: Any, lines: Sequence[str]) -> str:
        """Return what is said to an answer beside the machine's; "" for nothing."""
        if given == wanted:
            return ""
        taken = [lines[given]] if self.kind == "choice" else [lines[n] for n in given] if self.kind == "order" else []
        return next((say.words for say in self.says if say.meant(given, wanted, taken)), "")


def place_of(phrase: str, lines: Sequence[str], number: str) -> int:
    """Return the place of the line that has a phrase; words that are all of a line are that line."""
    found = [n for n, line in enumerate(lines) if plain(line) == plain(phrase)]
    found = found or [n for n, line in enumerate(lines) if plain(phrase) in plain(line)]
    if len(found) != 1:
        raise invalid(f"question {number}: {len(found)} lines say {phrase!r}, and the machine's answer is exactly one")
    return found[0]


@dataclass(frozen=True)
class Values:
    """An exercise that is answered by a value: a number, a text, a cell, or a list of such.

    Attributes:
        answer: asks a machine; its type decides what is read ("2:8" as a cell, wherever it stands).
        look: which fact to look at, for a wrong answer that nobody foresaw.
        says: foreseen wrong answers.
        praise: what is said to a right one; {answer} is put in.
        session: name of the notebook's variable that has the session, "" for none.
    """

    answer: Answer
    look: str
    says: tuple[Say, ...] = ()
    praise: str = ""
    session: str = ""

    def judge(self, case: Case, given: Any) -> Verdict:
        """Compare an answer with the machine's."""
        wanted = self.answer(case)
        try:
            read = alike(given, wanted)
        except OSError as error:
            return not_yet(sentence(error))
        if read == wanted:
            return right(self.praise.format(answer=spelled(wanted)))
        meant = next((say.words for say in self.says if say.meant(read, wanted)), "")
        return not_yet(so_far(read, wanted), meant or self.look)


@dataclass(frozen=True)
class Trial:
    """One call of a learner's function.

    Attributes:
        told: what the call is about: "after `open 40`".
        arguments: of the call.
        wanted: what a machine says.
    """

    told: str
    arguments: tuple[Any, ...]
    wanted: Any


@dataclass(frozen=True)
class Function:
    """An exercise that is answered by a function; it is called in a child process, with a budget (guarded.py).

    Attributes:
        trials: makes machines and says what to call it with, the plainest first.
        look: as in `Values`.
        says: foreseen wrong results, of any trial.
        praise: {answer} is the first trial's result.
    """

    trials: Callable[[Case], Iterable[Trial]]
    look: str
    says: tuple[Say, ...] = ()
    praise: str = ""
    session: str = ""

    def judge(self, case: Case, given: Any) -> Verdict:
        """Call the function and compare, up to the first difference."""
        if not callable(given) or isinstance(given, type):
            return not_yet("The name of your function is wanted, without brackets: a function, not what it returns.")
        trials = list(self.trials(case))
        ran = guarded.run(given, [trial.arguments for trial in trials])
        for n, (trial, one) in enumerate(zip(trials, ran, strict=False)):
            told = trial.told[:1].upper() + trial.told[1:]
            if one.trouble:
                return broken(f"{told}: {one.trouble[:1].lower()}{one.trouble[1:]}")
            if one.value != trial.wanted or type(one.value) is not type(trial.wanted):
                start = (
                    ""
                    if n == 0
                    else f"Right for the first {COUNTS[n] if n < 10 else n}. "
                    if n > 1
                    else "Right for the first. "
                )
                meant = next((say.words for say in self.says if say.meant(one.value, trial.wanted)), "")
                return not_yet(f"{start}{told} it returns {shown(one.value)}.", meant or self.look)
        return right(self.praise.format(answer=spelled(trials[0].wanted)))


def shown(value: Any) -> str:
    """Return a foreign value in few letters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


@dataclass(frozen=True)
class Story:
    """An exercise that is answered by a session: what was run in it is the answer.

    Attributes:
        judge_story: looks at the session.
        session: name of the variable, for a check that is given nothing.
    """

    judge_story: Callable[[Case, Session], Verdict]
    session: str = ""

    def judge(self, case: Case, given: Any) -> Verdict:
        """Look at the session."""
        if not isinstance(given, Session):
            return not_yet("The session is wanted, the one that your commands ran in.")
        return self.judge_story(case, given)


class Judge(Protocol):
    """Any other row of an exercise: what a lesson needs for itself (racing.py)."""

    @property
    def session(self) -> str:
        """Name of the notebook's variable that has the session, "" for none."""
        ...

    def judge(self, case: Case, given: Any) -> Verdict:
        """Judge an answer."""
        ...


Exercise = Values | Function | Story | Judge
Row = Prediction | Values | Function | Story | Judge
Table = dict[str, Row]


def cells_of(session: Session, cache: str = "filp", command: int = -1) -> list[str]:
    """Return the cells that a command's objects of a cache got, as "slab:cell" in their order; by default the last one's."""
    log, number = session.log, range(len(session.commands))[command] + 1
    name = log.numbers.get(cache, -1)
    rows = range(session.ends[number - 2] if number > 1 else 0, session.ends[number - 1])
    return [f"{log.slab[n]}:{log.slot[n]:x}" for n in rows if log.kind[n] == ALLOC and log.cache[n] == name]


__all__ = [
    "Answer", "Case", "Exercise", "Function", "Judge", "Kind", "Prediction", "Row", "Say", "Story", "Table", "Trial", "Values",
    "cells_of",
]  # fmt: skip
