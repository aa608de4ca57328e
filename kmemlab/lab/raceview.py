"""`RaceView`: two columns of steps, and whoever reads decides whose is next. For lessons, and for a race of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

from ..lessons.asked import curtain
from ..races import Scene
from . import assets
from .lifting import Lifting
from .patch import difference
from .predict import UNHELD, behind_the_curtain
from .steering import Steering
from .still import beside, twin_still


class RaceView(anywidget.AnyWidget):
    """A race in the reader's hands: each task has a button for its next step; the container turns grey when it is freed.

    Args:
        scene: "v2" or "v3" for a charge against an attach and an rmdir, or a `Scene` with step functions of your own.
        explored: run every schedule at once; else a button does it.
        steps: who has stepped already, in order: (0, 0, 1).

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

    def __init__(self, scene: Scene | str = "v3", explored: bool = False, steps: Sequence[int] = ()) -> None:
        self.steering = Steering(scene)
        if steps:
            self.steering.do("go", path=tuple(steps))
        if explored:
            self.steering.do("explore")
        self._awake = False  # no page is known to show it yet
        self.curtain = curtain()
        if self.curtain is not None:
            self.curtain.watch(Lifting(self))
        self._sent = self._made()
        super().__init__(frame=0)
        self.on_msg(self._heard)

    def do(self, action: str, **given: Any) -> None:
        """Do what a button does, from a cell: `do("let", who=1)`, `do("back")`, `do("reset")`, `do("explore")`.

        While a lesson's question is open that was asked before it was made, it does nothing.
        """
        if not self._curtained or action in UNHELD:
            self.steering.do(action, **given)
        self._answer(asked=False)

    @property
    def _curtained(self) -> bool:
        return self.curtain is not None and self.curtain.open

    def _made(self) -> dict[str, Any]:
        """Return the frame; behind the curtain next to nothing."""
        if self.curtain is not None and self.curtain.open:
            return behind_the_curtain({"position": 0}, self.curtain)
        return self.steering.frame()

    def lift(self) -> None:
        """Draw again: the question before it was answered, or is asked again."""
        self._answer(asked=False)

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """Do what the page asks and answer with what changed."""
        if not isinstance(message, dict):
            return
        self._awake = message.get("op") != "gone"
        if message.get("op") == "whole":
            self.send({"op": "whole", "seq": self.seq, "frame": self._sent})
        if message.get("op") == "theme":
            self._answer()
        if message.get("op") == "do":
            given = {str(key): value for key, value in message.items() if key not in ("op", "action")}
            action = str(message.get("action"))
            if not self._curtained or action in UNHELD:
                self.steering.do(action, **given)
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

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live widget, and beside it the text for where it cannot run."""
        return beside(
            super()._repr_mimebundle_(), lambda: twin_still("A race", str(self._sent.get("twin", self._sent["sentence"])))
        )

    def __repr__(self) -> str:
        if "curtain" in self._sent:
            return f"RaceView: {self._sent['sentence']}"
        found = self._sent.get("found")
        counted = f" All schedules: {found['violations']:,} of {found['schedules']:,} go wrong." if found else ""
        return f"RaceView after {len(self.steering.path)} steps: {self._sent['sentence']}{counted}"
