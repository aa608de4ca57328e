"""`predict()` as a widget: a thin view of a question of a lesson (kmemlab/lessons/asked.py), which has all that is known."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from ..lessons.asked import Asked
from . import assets
from .patch import difference
from .still import beside, twin_still


class Ask(anywidget.AnyWidget):
    """A question of a lesson. It takes one answer, locks it, and shows it beside the machine's.

    Args:
        asked: the question.
    """

    _esm = assets.module("asking.js")
    _css = assets.style()
    frame = traitlets.Any().tag(sync=True, to_json=lambda value, ask: ask._sent)
    seq = traitlets.Int(0).tag(sync=True)

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._notice = ""
        self._answering = False
        self._awake = False  # no page is known to show it yet
        self._sent = self._made()
        super().__init__(frame=0)
        self.on_msg(self._heard)
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

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """Do what the page asks, and answer with what changed."""
        if not isinstance(message, dict):
            return
        self._awake = message.get("op") != "gone"
        if message.get("op") == "whole":
            self.send({"op": "whole", "seq": self.seq, "frame": self._sent})
        if message.get("op") not in ("do", "theme"):
            return
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
        self._draw()

    def _changed(self) -> None:
        """Draw again, because somebody else answered this question, or the one before it."""
        if not self._answering:
            self._draw(unasked=True)

    def _draw(self, unasked: bool = False) -> None:
        frame = self._made()
        patch = difference(self._sent, frame)
        self._sent = frame
        with self.hold_trait_notifications():
            self.set_trait("seq", self.seq + 1)
        if unasked and not self._awake:
            self.send_state("frame")  # a page that opens later would miss a patch
            return
        message: dict[str, Any] = {"op": "patch", "seq": self.seq, "patch": patch}
        if unasked:
            message["unasked"] = True
        self.send(message)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live card, and beside it its words for where it cannot run."""
        title, *rest = repr(self.asked).split("\n")
        return beside(super()._repr_mimebundle_(), lambda: twin_still(title, "\n".join(rest)))

    def __repr__(self) -> str:
        return repr(self.asked)
