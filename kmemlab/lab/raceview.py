"""`RaceView`: two columns of steps, and whoever reads decides whose is next. For lessons, and for a race of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..lessons.asked import curtain
from ..races import Scene
from . import assets
from .framed import Framed
from .lifting import Lifting
from .predict import UNHELD, behind_the_curtain
from .steering import Steering
from .still import beside, twin_still


class RaceView(Framed):
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

    def __init__(self, scene: Scene | str = "v3", explored: bool = False, steps: Sequence[int] = ()) -> None:
        self.steering = Steering(scene)
        if steps:
            self.steering.do("go", path=tuple(steps))
        if explored:
            self.steering.do("explore")
        self.curtain = curtain()
        if self.curtain is not None:
            self.curtain.watch(Lifting(self))
        super().__init__()

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

    def _do(self, message: dict[str, Any]) -> None:
        """Do what a button does, if it may be done."""
        given = {str(key): value for key, value in message.items() if key not in ("op", "action")}
        action = str(message.get("action"))
        if not self._curtained or action in UNHELD:
            self.steering.do(action, **given)

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
