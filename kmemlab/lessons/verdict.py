"""What a check says: right, not yet, not answered, or broken; in words, and never the solution."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass, replace
from typing import Final

GRADING: Final = "KMEMLAB_GRADING"
RIGHT: Final = "right"
NOT_YET: Final = "not yet"
BLANK: Final = "not answered yet"
BROKEN: Final = "broken"

MARKS: Final = {RIGHT: "✓", NOT_YET: "✗", BLANK: "…", BROKEN: "!"}
STYLE: Final = "border-left:4px solid {};padding:2px 0 2px 12px;margin:4px 0;max-width:60em;line-height:1.45"
COLOURS: Final = {RIGHT: "#009e73", NOT_YET: "#d55e00", BLANK: "#8e9197", BROKEN: "#d55e00"}


@dataclass(frozen=True)
class Verdict:
    """The answer of a check. It is true if the exercise is solved.

    Attributes:
        state: right, not yet, not answered yet, or broken (the answer could not be tried).
        words: one to four sentences.
        number: of the exercise, "02.8".
        note: about the progress file, "" for nothing.
    """

    state: str
    words: str
    number: str = ""
    note: str = ""

    def of(self, number: str, note: str = "") -> Verdict:
        """Return the verdict on an exercise."""
        return replace(self, number=number, note=note)

    def __bool__(self) -> bool:
        return self.state == RIGHT

    def __repr__(self) -> str:
        head = f"{MARKS[self.state]} {self.number} {self.state}".replace("  ", " ")
        return "\n".join(line for line in (f"{head}. {self.words}".rstrip(), self.note) if line)

    def _ipython_display_(self) -> None:
        """Print it where nbgrader grades: there what a checking cell returns is read as a number of points.

        Raises:
            NotImplementedError: elsewhere; IPython goes on with `_repr_html_` then.
        """
        if not os.environ.get(GRADING):
            raise NotImplementedError
        print(self)

    def _repr_html_(self) -> str:
        """Return the same for a notebook. Nothing in the words is HTML."""
        head = f"<b>{MARKS[self.state]} {html.escape(self.number)} {self.state}.</b>"
        note = f'<br><span style="opacity:.8">{html.escape(self.note)}</span>' if self.note else ""
        style = STYLE.format(COLOURS[self.state])
        return f'<div role="status" data-state="{self.state}" style="{style}">{head} {html.escape(self.words)}{note}</div>'


def not_yet(*sentences: str) -> Verdict:
    """Return the verdict on a wrong answer; empty sentences are left out."""
    return Verdict(NOT_YET, " ".join(each for each in sentences if each))


def right(words: str) -> Verdict:
    """Return the verdict on a right answer."""
    return Verdict(RIGHT, words)


def blank(words: str = "Put your answer in place of the dots.") -> Verdict:
    """Return the verdict where there is no answer."""
    return Verdict(BLANK, words)


def broken(words: str) -> Verdict:
    """Return the verdict on an answer that could not be tried."""
    return Verdict(BROKEN, words)
