"""The same story without its limits, beside the lab's own: what the menu's Compare shows.

The other machine is made when it is asked for, and goes where the lab goes. It is gone as soon as the story is another one.
"""

from __future__ import annotations

from typing import Any

from ..engine.errors import invalid
from ..figures import assign_owners
from ..session import Session
from ..survey import container_rows
from ..variants import limits_of, variant
from .differs import Names, comparison, limit_named
from .look import Look
from .walking import Walker


class Rival(Walker):
    """The other session, where it is walked to.

    Attributes:
        told: the lab's session, and its history when this one was made.
        names: what the two are called.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.look = Look()
        limits = limits_of(session)
        if not limits:
            raise invalid("No container has a limit: there is nothing to take away, and nothing to compare with.")
        self.session = variant(session, limits=dict.fromkeys(limits))
        self.told = session, session.history
        only = next(iter(limits.values()))
        several: Names = ("Limits on", f"{len(limits)} limits"), ("Limits off", "no kmem.limit")
        self.names = several if len(limits) > 1 else limit_named(only, None)


class Rivalry(Walker):
    """The part of a controller that compares."""

    def __init__(self) -> None:
        super().__init__()
        self._rival: Rival | None = None

    def do_compare(self, on: bool = True) -> None:
        """Set the same story without its limits beside this one, or take it away."""
        self._rival = Rival(self.session) if on else None

    def compared(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Return a frame with the comparison in it, if there is one."""
        rival = self._rival
        if rival is None or rival.told != (self.session, self.session.history):
            self._rival = None
            return frame
        rival.look.cache, rival.look.selected = self.look.cache, self.look.selected
        rival.seek(self.session.position)
        paths = [row.path for each in (self, rival) for row in container_rows(each.session.machine)]
        self.look.owners = rival.look.owners = assign_owners(paths, self.look.owners)
        return {**frame, "compare": comparison(self, rival, self.session.position, rival.names)}
