"""How one walks through a session: by function, by event, to an event, to a break point. Walking changes nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from ..figures.palette import name_of
from ..scenarios import SCENARIOS
from ..session import Session
from ..shell import Result
from .breaks import REFUSAL, Break, broken_invariant, events_of
from .frame import moment_of
from .history import History
from .look import Look, owners_of
from .moment import resting_step
from .pictures import TABS


class Walker:
    """Stands in a session.

    Attributes:
        session: the machine and its commands.
        look: step, selection, tab and the rest that is not the machine's.
    """

    session: Session
    look: Look

    def __init__(self) -> None:
        self._history: History | None = None
        self._seen = -1
        self._told: Result | None = None
        self._stops: tuple[Break, int, list[int]] | None = None

    def open(self, session: Session) -> None:
        """Show a session, where it stands, with the view that was saved with it."""
        self.session = session
        theme, room = self.look.theme, self.look.room
        self.look = Look()
        self.look.theme, self.look.room = theme, room
        view = session.view
        self.look.scenario = view.get("scenario", "") if view.get("scenario") in SCENARIOS else ""
        self.look.cache = str(view.get("cache", "filp"))
        self.look.selected = str(view.get("selected", ""))
        tab = view.get("tab", "slabs")
        self.look.tab = tab if tab in dict(TABS) else "slabs"
        self.look.owners = owners_of(view.get("letters"))
        self._history = None
        self._stops = None
        self.rest()

    def history(self) -> History:
        """Return the lines of all that happened: extended by what was run since, made anew where something was taken back."""
        session = self.session
        if self._history is not None and self._seen == session.history:
            return self._history
        # Results are only ever added and taken away at the end: where the last one that was seen stands, all before it do.
        known = self._history.commands if self._history is not None else 0
        kept = known <= len(session.results) and (not known or session.results[known - 1] is self._told)
        if self._history is None or not kept:
            self._history = History()
        # While one stands inside a command the log is cut off there; its rows beyond are still the recorded ones.
        self._history.extend(session.log, session.length, len(session.commands))
        self._told = session.results[-1] if session.results else None
        self._seen = session.history
        return self._history

    def rest(self) -> None:
        """Stand on the step that one came for."""
        self.look.looks = []
        self.look.step = resting_step(moment_of(self.session, 0).steps)

    def seek(self, n: int, step: int | None = None) -> None:
        """Go to an event; on its resting step, or a given one."""
        self.session.seek(n)
        self.rest()
        if step is not None:
            self.look.step = step

    def do_step(self) -> None:
        """One function on; past the last one, the next event."""
        moment = moment_of(self.session, self.look.step)
        if self.look.step < len(moment.walked):
            self.look.step += 1
        elif self.session.position < self.session.length:
            self.session.seek(self.session.position + 1)
            self.look.step = 1

    def do_back(self) -> None:
        """One function back; before the first one, the event before, at its end."""
        if self.look.step > 1:
            self.look.step -= 1
        elif self.session.position > 0:
            self.session.seek(self.session.position - 1)
            self.look.step = len(moment_of(self.session, 0).walked)

    def do_event(self, by: int, stop: bool = False) -> None:
        """Go some events on or back; with `stop` no further than the next break point, if one is to stop the play."""
        n = self.session.position + int(by)
        if stop and self.look.stop:
            after = self.next_stop(1)
            n = min(n, after) if after is not None else n
        self.seek(n)

    def do_seek(self, n: int) -> None:
        """Go to event n."""
        self.seek(int(n))

    def do_first(self) -> None:
        """Go to boot."""
        self.seek(0)

    def do_last(self) -> None:
        """Go to the last event."""
        self.seek(self.session.length)

    # -- break points

    def stops(self) -> list[int]:
        """Return the events that the break point stops at, in order."""
        point = self.look.point
        if point == REFUSAL:
            return self.history().refusals
        if self._stops is None or self._stops[:2] != (point, self.session.history):
            found = list(events_of(self.session.log, self.session.length, point))
            self._stops = (point, self.session.history, found)
        return self._stops[2]

    def next_stop(self, by: int) -> int | None:
        """Return the next (previous) event of the break point, None if there is none."""
        stops, here = self.stops(), self.session.position
        place = bisect_right(stops, here) if by > 0 else bisect_left(stops, here) - 1
        return stops[place] if 0 <= place < len(stops) else None

    def do_mark(self, by: int) -> None:
        """Go to the next (previous) break point."""
        point, length = self.look.point, self.session.length
        if point.kind == "invariant":
            self.look_for_broken(by)
            return
        n = self.next_stop(by)
        if n is not None:
            self.seek(n)
        else:
            way = "further" if by > 0 else "earlier"
            self.look.notice = ("info", f"No {way} {point.noun} in these {length:,} events.")

    def look_for_broken(self, by: int) -> None:
        """Go to the next (previous) command after which an invariant is broken, and say which."""
        before = self.session.position
        found = broken_invariant(self.session, by)
        if found.broken:
            self.look.notice = ("error", f"An invariant is broken here: {found.broken}")
        elif found.over:
            self.session.seek(before)
            way = "further" if by > 0 else "earlier"
            self.look.notice = ("info", f"No {way} broken invariant in these {self.session.length:,} events.")
            return
        else:
            self.look.notice = ("info", f"Every invariant holds from there to event {found.at:,}: N looks on.")
        self.rest()

    def do_break(self, kind: str, arg: str = "") -> None:
        """Choose what N goes to; the choice is no longer offered then."""
        arg = str(arg)
        name = ""
        if kind == "charge":
            name = name_of(self.session.cast.containers[int(arg)])
        elif kind == "slab":
            self.session.machine.find_cache(arg)
        known = kind in ("refusal", "command", "invariant") or (kind in ("slab", "charge", "errno") and arg)
        if not known:
            raise ValueError(f"there is no break point {kind!r}")
        self.look.point = Break(kind, arg, name)
        self.look.picking = False

    def do_breaks(self, open: bool = False) -> None:  # noqa: A002 (the contract's name)
        """Offer the break points, or no longer."""
        self.look.picking = bool(open)

    def do_stop(self, on: bool = False) -> None:
        """Let the play stop at the break point, or not."""
        self.look.stop = bool(on)
