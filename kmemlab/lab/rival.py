"""The same story on another machine: beside the lab's own, or in its place.

What the menu's Compare shows has no limits; what the machine's card shows has other switches. The machine beside is made when
it is asked for, and goes where the lab goes. It is gone as soon as the story is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine.errors import KernelError, invalid
from ..figures import assign_owners
from ..session import Session
from ..survey import container_rows
from ..variants import limits_of, variant
from .differs import Names, comparison, limit_named, named
from .look import Look
from .switches import changed
from .walking import Walker


class Rival(Walker):
    """The other session, where it is walked to.

    Attributes:
        told: the lab's session, and its history when this one was made.
        names: what the two are called.
    """

    def __init__(self, session: Session, changes: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.look = Look()
        self.told = session, session.history
        if changes:
            self.session = changed(session, changes)
            self.names = named(session, self.session)
            return
        limits = limits_of(session)
        if not limits:
            raise invalid("No container has a limit: there is nothing to take away, and nothing to compare with.")
        self.session = variant(session, limits=dict.fromkeys(limits))
        only = next(iter(limits.values()))
        several: Names = ("Limits on", f"{len(limits)} limits"), ("Limits off", "no kmem.limit")
        self.names = several if len(limits) > 1 else limit_named(only, None)


class Rivalry(Walker):
    """The part of a controller that has to do with other machines."""

    def __init__(self) -> None:
        super().__init__()
        self._rival: Rival | None = None

    def do_compare(self, on: bool = True, changes: dict[str, Any] | None = None) -> None:
        """Set the same story beside this one, without its limits or on another machine; or take it away."""
        try:
            self._rival = Rival(self.session, changes) if on else None
            self.look.switches = False
        except KernelError as error:
            self.look.notice = ("error", error.strerror or str(error))

    def do_machine(self, open: bool = False) -> None:  # noqa: A002 (the contract's name)
        """Show the machine's switches, or no longer."""
        self.look.switches = bool(open)

    def do_become(self, changes: dict[str, Any]) -> None:
        """Tell the same story on another machine, in place of this one, up to the same event."""
        try:
            other = changed(self.session, changes)
        except KernelError as error:
            self.look.notice = ("error", error.strerror or str(error))
            return
        length = self.session.length
        self.session.become(other)
        self.look.switches = False
        self.look.object, self.look.page = None, -1
        if self.look.cache not in self.session.machine.caches:
            self.look.cache = "filp"
        self.rest()
        words = ", ".join(f"{name}={value or 'default'}" for name, value in changes.items())
        count = len(self.session.commands)
        told = f"The same {count} command{'' if count == 1 else 's'} with {words}: "
        self.look.notice = ("info", f"{told}{self.session.length:,} events, {length:,} before.")

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
