"""The zoo in a cell: bombs go off when the widget is made, and their picture stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..figures import Room, zoo_figure, zoo_text
from ..figures.zoo import QUESTION
from ..zoo import Run, chosen, explode
from .panel import Picture
from .pictures import without_null

LIMIT = 1 << 20


class Zoo(Picture):
    """What bombs pin with a limit and without, by kind, how much of it is seen, and the neighbour's failed calls.

    Args:
        names: of bombs, as `kmemlab zoo --scenario` takes them; none for all twelve, which take about half a minute.
        limit: bytes that the bomb's container may use in the first of its two runs.
        kinds: what the machines charge, as `Profile.kinds`: with more than "cache" every call site of these kinds is marked.
        seed: of the neighbour.
        watch: is told each run as it ends.

    Raises:
        KernelError: EINVAL, for a bomb or kinds that there are not.

    Attributes:
        runs: what came of each, two for a bomb: with the limit, and without.

    Example:
        >>> Zoo("fd", "pipe").runs[0].pinned.accounted
    """

    def __init__(
        self,
        *names: str,
        limit: int = LIMIT,
        kinds: str = "cache",
        seed: int = 1,
        watch: Callable[[Run], None] = lambda run: None,
    ) -> None:
        self.runs: list[Run] = []
        for bomb in chosen(list(names)):
            for most in (limit, None):
                self.runs.append(explode(bomb, most, seed, kinds=kinds))
                watch(self.runs[-1])

        def drawn(theme: Any, room: Room) -> dict[str, Any]:
            return {
                "figure": without_null(zoo_figure(self.runs, limit, theme, room).to_plotly_json()),
                "twin": zoo_text(self.runs, limit),
                "question": QUESTION,
            }

        self._show(None, drawn, f"The zoo, limit {limit:,}, kinds={kinds}")
