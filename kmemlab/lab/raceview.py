"""`RaceView`: two columns of steps, and whoever reads decides whose is next. For lessons, and for a race of one's own."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from ..races import Scene
from . import assets
from .patch import difference
from .steering import Steering
from .still import beside, twin_still


class RaceView(anywidget.AnyWidget):
    """A race in the reader's hands: each task has a button for its next step; the container turns grey when it is freed.

    Args:
        scene: "v2" or "v3" for a charge against an attach and an rmdir, or a `Scene` with step functions of your own.
        explored: run every schedule at once; else a button does it.

    Attributes:
        steering: the schedule so far: `steering.path`, and `steering.do("let", who=0)`.

    Raises:
        KernelError: EINVAL for a version that there is not; ETIMEDOUT for a step function that does not end.

    Example:
        >>> RaceView("v2")
    """

    _esm = assets.module("raceview.js")
    _css = assets.style()
    frame = traitlets.Any().tag(sync=True, to_json=lambda value, view: view._sent)
    seq = traitlets.Int(0).tag(sync=True)

    def __init__(self, scene: Scene | str = "v3", explored: bool = False) -> None:
        self.steering = Steering(scene)
        if explored:
            self.steering.do("explore")
        self._sent = self.steering.frame()
        super().__init__(frame=0)
        self.on_msg(self._heard)

    def do(self, action: str, **given: Any) -> None:
        """Do what a button does, from a cell: `do("let", who=1)`, `do("back")`, `do("reset")`, `do("explore")`."""
        self.steering.do(action, **given)
        self._answer(asked=False)

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """Do what the page asks and answer with what changed."""
        if not isinstance(message, dict):
            return
        if message.get("op") == "whole":
            self.send({"op": "whole", "seq": self.seq, "frame": self._sent})
        if message.get("op") == "theme":
            self._answer()
        if message.get("op") == "do":
            given = {str(key): value for key, value in message.items() if key not in ("op", "action")}
            self.steering.do(str(message.get("action")), **given)
            self._answer()

    def _answer(self, asked: bool = True) -> None:
        """Send the difference to the last frame, even an empty one: the page waits for its answer."""
        frame = self.steering.frame()
        patch = difference(self._sent, frame)
        self._sent = frame
        with self.hold_trait_notifications():
            self.set_trait("seq", self.seq + 1)
        message: dict[str, Any] = {"op": "patch", "seq": self.seq, "patch": patch}
        self.send(message if asked else {**message, "unasked": True})

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live widget, and beside it the text for where it cannot run."""
        return beside(super()._repr_mimebundle_(), lambda: twin_still("A race", str(self._sent["twin"])))

    def __repr__(self) -> str:
        return f"RaceView after {len(self.steering.path)} steps: {self._sent['sentence']}"
