"""What the buttons do. No widget here: a test drives it as the page does, with actions in and frames out."""

from __future__ import annotations

import traceback
from typing import Any

from ..engine.errors import CheckError
from ..scenarios import play
from ..session import Session
from .anew import Beginner
from .autosave import Autosave
from .choosing import Chooser
from .complete import completions
from .eventlog import LONGEST_FILTER
from .frame import build, moment_of, report_of
from .handing import Giver
from .look import Look
from .predict import Predictor
from .rival import Rivalry


class Controller(Giver, Chooser, Rivalry, Beginner, Predictor):
    """A session and what is looked at: all that the page can ask for."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.autosave: Autosave | None = None
        self.look = Look()
        self.open(session)
        self.remember(session)

    def frame(self) -> dict[str, Any]:
        """Return the newest frame."""
        frame = build(self.session, self.look, self.history(), self.stops())
        if self.autosave is not None:
            self.autosave.tell(frame)
        return self.covered(self.compared(frame))

    # -- actions

    def do(self, action: dict[str, Any]) -> None:
        """Do what the page asks for. What goes wrong is shown as a notice; nothing is raised."""
        # What a page says by itself, as it opens or where the pointer rests, takes away nothing that there is to read.
        if action.get("action") not in ("theme", "tip"):
            self.look.notice = None
            self.look.report = ""
        self.look.given = self.look.tip = None
        self.look.still = bool(action.get("still"))
        name = action.get("action")
        handler = getattr(self, f"do_{name}", None) if isinstance(name, str) else None
        if isinstance(name, str) and self.held(name):
            self.look.notice = ("info", "The future is hidden: commit to an answer, or put the question away.")
            return
        try:
            if handler is None:
                raise ValueError(f"the lab does not know the action {name!r}")
            handler(**{key: value for key, value in action.items() if key not in ("op", "action", "still")})
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{last.filename.rpartition('/')[2]}, line {last.lineno}"
            self.look.notice = ("error", f"{type(error).__name__}: {error} ({where}). The machine is unharmed.")
            self.look.report = report_of(error)

    def do_run(self, line: str) -> None:
        """Run a command. In the middle of a story one that only reads answers for the moment that is shown.

        Any other takes the place of what came after the last complete command; undo brings that back.
        """
        self.look.completions, self.look.ghost = [], ""
        session = self.session
        line = str(line)
        if not line.strip():
            return
        if session.position < session.length:
            with moment_of(session, self.look.step).counted(session.machine):
                result = session.look(line)
            if result is not None:
                self.look.looks.append((line, result))
                return
        left, before = session.length - session.position, session.position
        session.run(line)
        self.rest()
        if left:
            start = session.ends[-2] if len(session.ends) > 1 else 0
            moved = f"It ran from event {start:,}, the end of the last complete command. " if start != before else ""
            gone = f"{left:,} events that came after are gone: undo (Ctrl Z) brings them back."
            self.look.notice = ("info", moved + gone)

    def do_undo(self) -> None:
        """Take the last command back, or a new beginning; standing elsewhere in a story, say where undo begins."""
        if self.brought_back():
            return
        session = self.session
        last = session.ends[-2] if len(session.ends) > 1 else 0
        if session.position < last or (session.position == last and session.position < session.length):
            self.look.notice = ("info", "Undo takes back the last command of the story: End goes there.")
            return
        undone = session.undo()
        self.rest()
        self.look.notice = ("info", f"Taken back: {undone}" if undone else "Nothing to take back.")

    def do_scenario(self, name: str) -> None:
        """Open a scenario at its start."""
        session = play(name)
        session.seek(0)
        self.open(session)

    def do_events(self, filter: str | None = None) -> None:  # noqa: A002 (the contract's name)
        """Show the event log with a filter in the timeline's place; without one the timeline comes back."""
        self.look.events = None if filter is None else str(filter)[:LONGEST_FILTER]

    def do_complete(self, line: str) -> None:
        """Say what the line may become."""
        self.look.completions, self.look.ghost = completions(self.session.machine, str(line)[:1000])

    def do_check(self) -> None:
        """Check every invariant of the machine."""
        try:
            self.session.machine.check()
        except CheckError as error:
            self.look.notice = ("error", f"An invariant is broken: {error}")
        else:
            self.look.notice = ("info", "Every invariant holds: pages, lists, owners, counters, references.")
