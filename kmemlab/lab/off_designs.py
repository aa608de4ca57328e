"""Four machines side by side on the same commands: what each design of off keeps, does on the fast path, and looks at."""

from __future__ import annotations

from typing import Any

from ..figures import Room, off_figure, off_text
from ..figures.off import QUESTION
from ..session import Session
from ..turning_off import CACHE, off_row, with_designs
from .panel import Picture
from .pictures import without_null


class OffDesigns(Picture):
    """The designs of off on a session's commands, the letter's refusal above them.

    Args:
        session: whose commands are run again, on a machine of each design; it stays as it is. Each stands at the same event as
            this one, at its end if this one does.
        cache: whose accounting is switched off.

    Raises:
        KernelError: ENOENT for a cache that there is not.

    Attributes:
        sessions: the five sessions, by design.

    Example:
        >>> OffDesigns(session).sessions["drain"].run("as 4 close all")
    """

    def __init__(self, session: Session, cache: str = CACHE) -> None:
        session.machine.find_cache(cache)
        self.sessions = {each.machine.profile.off: each for each in with_designs(session)}
        rows = [off_row(each.machine, cache, each.position) for each in self.sessions.values()]

        def drawn(theme: Any, room: Room) -> dict[str, Any]:
            return {
                "figure": without_null(off_figure(rows, theme, room).to_plotly_json()),
                "twin": off_text(rows),
                "question": QUESTION,
            }

        self._show(session, drawn, f"Designs of off, event {session.position:,} of {session.length:,}")
