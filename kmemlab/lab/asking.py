"""`predict()` as a widget: a thin view of a question of a lesson (kmemlab/lessons/asked.py), which has all that is known."""

from __future__ import annotations

from typing import Any

from ..lessons.asked import Asked
from . import assets
from .framed import Framed
from .still import beside, twin_still


class Ask(Framed):
    """A question of a lesson. It takes one answer, locks it, and shows it beside the machine's.

    Args:
        asked: the question.
    """

    _esm = assets.module("asking.js")
    _css = assets.style()

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._notice = ""
        self._answering = False
        super().__init__()
        asked.watch(self._changed)
        if asked.behind is not None:
            asked.behind.watch(self._changed)

    def answer(self, typed: Any) -> Ask:
        """Answer from a cell, as if it had been typed. EINVAL for what is no answer."""
        self.asked.answer(typed)
        return self

    def _made(self) -> dict[str, Any]:
        """Return the frame: the question, and what was wrong with what was typed."""
        frame: dict[str, Any] = {"position": 0, "length": 0, "asked": self.asked.section()}
        if self._notice:
            frame["notice"] = {"kind": "error", "text": self._notice}
        return frame

    def _do(self, message: dict[str, Any]) -> None:
        """Take an answer, or ask again."""
        action = message.get("action")
        self._answering = True
        try:
            if action == "commit":
                self._notice = ""
                self.asked.answer(str(message.get("answer", ""))[:200])
            elif action == "again":
                self._notice = ""
                self.asked.again()
        except OSError as error:
            words = str(error.strerror)
            self._notice = f"{words[:1].upper()}{words[1:]}."
        finally:
            self._answering = False

    def _changed(self) -> None:
        """Draw again, because somebody else answered this question, or the one before it."""
        if not self._answering:
            self._answer(asked=False)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live card, and beside it its words for where it cannot run."""
        title, *rest = repr(self.asked).split("\n")
        return beside(super()._repr_mimebundle_(), lambda: twin_still(title, "\n".join(rest)))

    def __repr__(self) -> str:
        return repr(self.asked)
