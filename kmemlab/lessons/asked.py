"""A prediction: asked, answered once, then shown beside what the machine says. No widget here; the lab has one for it.

Until it is answered the pictures that are made after it stay curtained: the machine runs, the view waits. The curtain is
down only where somebody sits before the notebook; KMEMLAB_CURTAIN=on or off decides it otherwise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol
from weakref import WeakSet

from ..engine.errors import invalid
from ..notebook import attended
from ..records import SlabRow
from ..session import Session
from . import progress
from .reading import LETTERS, cell_of, choice_of, number_of, order_of
from .table import Case, Kind, Prediction

CURTAIN: Final = "KMEMLAB_CURTAIN"
PLURAL: Final = re.compile(r"^((?!of |in )(?:\w+ )??\w+?)s\b")
NOTHING: Final = "nothing"  # leads to a full slab


class Pointed(Protocol):
    """A picture whose cells can be pointed at: a SlabView, say."""

    @property
    def session(self) -> Session:
        """Whose slabs it shows."""
        ...

    @property
    def cache(self) -> str:
        """The cache that it shows."""
        ...


class Asked:
    """One question and, once it is given, its answer.

    Attributes:
        number: of the question, "02.1".
        kind: number, choice, order or point.
        unit: of a number: "bytes".
        lines: the choices, or the lines to be put in order.
        picture: of a point: {"cache", "rows": [{"slab", "cells", "live", "found"}]}, as it was when it was asked.
        given: what was answered: a number, a place, places, or "slab:cell"; None while it is open.
        behind: an open question before this one, whose answer this one's picture would tell; None for none.
        trouble: a sentence about the progress file.
    """

    def __init__(
        self, number: str, row: Prediction, case: Case, unit: str, lines: Sequence[str], point: Pointed | None
    ) -> None:
        if len(lines) > len(LETTERS):
            raise invalid(f"question {number}: at most {len(LETTERS)} lines can be shown")
        self.number, self.row, self.case, self.unit, self.lines = number, row, case, unit, tuple(lines)
        self.kind: Kind = row.kind
        self.picture: dict[str, Any] | None = None if point is None else picture_of(point)
        self.given: Any = None
        self.trouble = ""
        self.behind = last_open() if point is not None else None
        self._watchers: list[Callable[[], None]] = []
        # A table and a notebook that do not fit are to be found when the cell is run, not when somebody answers.
        self.wanted = row.wanted(case, self.lines)
        self._remember()
        _ASKED.add(self)
        global _LAST
        _LAST = self

    def _remember(self) -> None:
        """Take the answer that was given before, if it still is one."""
        row, self.trouble = progress.kept("predicted", self.number)
        before = _GIVEN.get(self.number) if progress.file() is None else row.get("answer")
        if before is None:
            return
        try:
            self.given = self.read(before)
        except OSError:
            self.given = None

    @property
    def open(self) -> bool:
        """Whether nobody has answered."""
        return self.given is None

    def read(self, typed: Any) -> Any:
        """Read an answer; clicked or typed, it is the same.

        Raises:
            KernelError: EINVAL with one sentence, for what is none.
        """
        if self.kind == "number":
            return number_of(typed)
        if self.kind == "choice":
            return choice_of(typed, self.lines)
        if self.kind == "order":
            return order_of(typed, self.lines)
        rows = self.picture["rows"] if self.picture else []
        return cell_of(typed, {row["slab"]: len(row["cells"]) for row in rows})

    def answer(self, typed: Any) -> Asked:
        """Answer, and lock the answer. The first one counts.

        Raises:
            KernelError: EINVAL with one sentence, for what is no answer; the question stays open.
        """
        if self.open:
            self.given = self.read(typed)
            if progress.file() is None:
                _GIVEN[self.number] = self.spelled(self.given)
            else:
                row = {"answer": self.spelled(self.given), **({"seed": self.case.seed} if self.case.seed else {})}
                self.trouble = progress.note("predicted", self.number, row)
            self._tell()
            for other in self._others():
                other._follow(self.spelled(self.given))
        return self

    def again(self) -> None:
        """Ask again: forget the answer."""
        if not self.open:
            self.given = None
            _GIVEN.pop(self.number, None)
            self.trouble = progress.forget("predicted", self.number)
            self._tell()
            for other in self._others():
                other._follow(None)

    def _others(self) -> list[Asked]:
        """Return the same question as it was asked before, or since: its cell was run twice, and pictures wait for each."""
        return [other for other in _ASKED if other.number == self.number and other is not self]

    def _follow(self, answer: str | None) -> None:
        """Take over the answer of the same question, or forget it; one that is none here is left alone."""
        try:
            self.given = None if answer is None else self.read(answer)
        except OSError:
            return
        self._tell()

    def spelled(self, answer: Any) -> str:
        """Return an answer as it is shown and kept: `read` takes it again."""
        if self.kind == "number":
            return f"{answer:,} {singular(self.unit) if answer == 1 else self.unit}".strip()
        if self.kind == "choice":
            return str(self.lines[answer])
        if self.kind == "order":
            return " ".join(LETTERS[place] for place in answer)
        return str(answer)

    @property
    def told(self) -> str:
        """What is said to the answer, beside the machine's; "" for nothing."""
        return "" if self.open else self.row.told(self.given, self.wanted, self.lines)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call somebody whenever the question is answered, or asked again."""
        self._watchers.append(watcher)

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()

    def section(self) -> dict[str, Any]:
        """Return what a page draws, as plain JSON. The machine's answer is not in it while the question is open."""
        made: dict[str, Any] = {"number": self.number, "kind": self.kind, "lines": list(self.lines)}
        if self.unit:
            made["unit"] = self.unit
        if self.behind is not None and self.behind.open:
            return {**made, "behind": self.behind.number}
        if self.picture is not None:
            made["picture"] = self.picture
        if not self.open:
            made |= {"given": self.spelled(self.given), "machine": self.spelled(self.wanted), "same": self.given == self.wanted}
            places = {"choice": lambda each: [each], "order": list}.get(self.kind)
            if places is not None:
                made |= {"mine": places(self.given), "right": places(self.wanted)}
            made["told"] = self.told
        if self.trouble:
            made["trouble"] = self.trouble
        return made

    def __repr__(self) -> str:
        if not self.open:
            says = f"You: {self.spelled(self.given)}. The machine: {self.spelled(self.wanted)}."
            return f"Prediction {self.number}. {says} {self.told}".rstrip()
        lines = [f"  {LETTERS[place]}  {line}" for place, line in enumerate(self.lines)]
        number = f"a number ({self.unit})" if self.unit else "a number"
        how = {"number": number, "choice": "a letter", "order": "letters in your order", "point": "slab:cell"}
        rows = [picture_text(self.picture)] if self.picture else []
        return "\n".join([f"Prediction {self.number}: answer with {how[self.kind]}.", *lines, *rows])


_ASKED: WeakSet[Asked] = WeakSet()
_LAST: Asked | None = None  # the question that was asked last, in this process
_GIVEN: dict[str, str] = {}  # answers, where no progress file is kept


def singular(unit: str) -> str:
    """Return a unit as it stands behind a 1: "slab on a list" of "slabs on a list"; what begins with a small word stays.

    Example:
        >>> [singular(unit) for unit in ("bytes", "free blocks", "of nine bombs", "percent")]
        ['byte', 'free block', 'of nine bombs', 'percent']
    """
    return PLURAL.sub(r"\1", unit, count=1)


def last_open() -> Asked | None:
    """Return the question that was asked last, if it is open."""
    return _LAST if _LAST is not None and _LAST.open else None


def curtain() -> Asked | None:
    """Return the open question that a picture made now has to wait for; None where there is none, or nobody to answer it."""
    wish = os.environ.get(CURTAIN, "").strip().lower()
    if wish in ("off", "no", "0") or (wish not in ("on", "yes", "1") and not attended()):
        return None
    return last_open()


def picture_of(point: Pointed) -> dict[str, Any]:
    """Return the slabs of a view as rows of cells: "#" live, "." free. Which cell is next is not told."""
    name = point.cache
    rows: list[SlabRow] = [row for row in point.session.records("slabs", name) if isinstance(row, SlabRow)]
    return {"cache": name, "rows": [row_of(row) for row in sorted(rows, key=lambda row: row.number)]}


def row_of(row: SlabRow) -> dict[str, Any]:
    """Return one slab of a picture."""
    free = set(row.freelist)
    cells = "".join("." if n in free else "#" for n in range(row.objects))
    return {"slab": row.number, "cells": cells, "live": row.inuse, "found": NOTHING if row.where == "full" else row.where}


def picture_text(picture: dict[str, Any]) -> str:
    """Return a picture as text."""
    wide = max((len(row["cells"]) for row in picture["rows"]), default=16)
    head = "slab  " + " ".join(f"{n:x}"[-1] for n in range(wide)) + "  live  found through"
    rows = [
        f"{row['slab']:>4}  {' '.join(row['cells']):<{2 * wide - 1}}  {row['live']:>4}  {row['found']}"
        for row in picture["rows"]
    ]
    return "\n".join([head, *rows])
