"""A small widget's line to its page: the whole frame once, differences afterwards (docs/frame.md)."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from .patch import difference


class Framed(anywidget.AnyWidget):
    """A widget that shows a frame. Whoever derives from it says what is in it (`_made`), and does what is asked (`_do`)."""

    frame = traitlets.Any().tag(sync=True, to_json=lambda value, widget: widget._sent)
    seq = traitlets.Int(0).tag(sync=True)

    def __init__(self) -> None:
        self._awake = False  # no page is known to show it yet
        self._sent = self._made()
        super().__init__(frame=0)
        self.on_msg(self._heard)

    def _made(self) -> dict[str, Any]:
        """Return the frame as it is now."""
        raise NotImplementedError

    def _do(self, message: dict[str, Any]) -> None:
        """Do what the page asks for; it is answered afterwards."""
        raise NotImplementedError

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """Do what the page asks and answer with what changed."""
        if not isinstance(message, dict):
            return
        op = message.get("op")
        self._awake = op != "gone"
        if op == "whole":
            self.send({"op": "whole", "seq": self.seq, "frame": self._sent})
        if op == "do":
            self._do(message)
        if op in ("do", "theme"):
            self._answer()

    def _answer(self, asked: bool = True) -> None:
        """Send the difference to the last frame, even an empty one: the page waits for its answer."""
        frame = self._made()
        patch = difference(self._sent, frame)
        self._sent = frame
        with self.hold_trait_notifications():
            self.set_trait("seq", self.seq + 1)
        if not asked and not self._awake:
            self.send_state("frame")  # a page that opens later would miss a patch
            return
        message: dict[str, Any] = {"op": "patch", "seq": self.seq, "patch": patch}
        self.send(message if asked else {**message, "unasked": True})
