"""Begin anew: a lab is as its cell made it, for the next who sit before it. What was there comes back by undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..session import Session
from .walking import Walker


class Beginner(Walker):
    """Remembers how the lab began, and what was put aside when it began anew. All of this is kmemlab's choice."""

    def __init__(self) -> None:
        super().__init__()
        self._begun: tuple[Session, dict[str, Any]] | None = None
        self._aside: tuple[Session, int, dict[str, Any]] | None = None  # what was shown, the history it holds for, what it was

    def remember(self, session: Session) -> None:
        """Hear which session the lab was made with: it, and nothing that comes later, is what the lab begins with again."""
        self._begun = session, session.to_dict()

    def do_anew(self) -> None:
        """Give the session of the lab's cell back, with the commands it had then, where it stood."""
        if self._begun is None:
            return
        session, first = self._begun
        if self.session is session and {**session.to_dict(), "view": {}} == {**first, "view": {}}:
            self.look.notice = ("info", "The lab is as its cell made it.")
            return
        shown, left = self.session, self.session.to_dict()
        session.become(Session.from_dict(first, Path("the lab's beginning")))
        self.open(session)
        self._aside = shown, session.history, left
        self.look.notice = ("info", "The lab is as its cell made it. Undo (Ctrl Z) brings back what was here.")

    def brought_back(self) -> bool:
        """Undo the beginning, if nothing was done since but to walk about; say whether it was so."""
        aside, self._aside = self._aside, None
        if aside is None or self._begun is None or self.session is not self._begun[0] or self.session.history != aside[1]:
            return False
        shown, _, left = aside
        shown.become(Session.from_dict(left, Path("what was here")))
        self.open(shown)
        self.look.notice = ("info", f"Back again: {len(shown.commands):,} commands.")
        return True
