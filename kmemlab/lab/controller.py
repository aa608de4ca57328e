"""What the buttons do. No widget here: a test drives it as the page does, with actions in and frames out."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

from ..engine.errors import CheckError, KernelError
from ..recordings import ForeignFileError
from ..scenarios import SCENARIOS, play
from ..session import Session
from .complete import completions
from .frame import Look, build, moment_of
from .history import History
from .moment import resting_step
from .pictures import TABS


class Controller:
    """A session and what is looked at.

    Attributes:
        session: the machine and its commands.
        look: step, selection, tab and the rest that is not the machine's.
    """

    def __init__(self, session: Session) -> None:
        self.look = Look()
        self.open(session)

    def open(self, session: Session) -> None:
        """Show a session, where it stands, with the view that was saved with it."""
        self.session = session
        theme = self.look.theme
        self.look = Look()
        self.look.theme = theme
        view = session.view
        self.look.scenario = view.get("scenario", "") if view.get("scenario") in SCENARIOS else ""
        self.look.cache = str(view.get("cache", "filp"))
        self.look.selected = str(view.get("selected", ""))
        tab = view.get("tab", "slabs")
        self.look.tab = tab if tab in dict(TABS) else "slabs"
        self._history: History | None = None
        self._seen = -1
        self.rest()

    def history(self) -> History:
        """Return the lines of all that happened, computed again only when something did."""
        if self._history is None or self._seen != self.session.history:
            # While one stands inside a command the log is cut off there; its rows beyond are still the recorded ones.
            self._history = History(self.session.log, self.session.length)
            self._seen = self.session.history
        return self._history

    def frame(self) -> dict[str, Any]:
        """Return the newest frame."""
        return build(self.session, self.look, self.history())

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

    # -- actions

    def do(self, action: dict[str, Any]) -> None:
        """Do what the page asks for. What goes wrong is shown as a notice; nothing is raised."""
        self.look.notice = None
        self.look.given = None
        name = action.get("action")
        handler = getattr(self, f"do_{name}", None) if isinstance(name, str) else None
        try:
            if handler is None:
                raise ValueError(f"the lab does not know the action {name!r}")
            handler(**{key: value for key, value in action.items() if key not in ("op", "action")})
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{last.filename.rpartition('/')[2]}, line {last.lineno}"
            self.look.notice = ("error", f"{type(error).__name__}: {error} ({where}). The machine is unharmed.")

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

    def do_event(self, by: int) -> None:
        """Go some events on or back."""
        self.seek(self.session.position + int(by))

    def do_seek(self, n: int) -> None:
        """Go to event n."""
        self.seek(int(n))

    def do_first(self) -> None:
        """Go to boot."""
        self.seek(0)

    def do_last(self) -> None:
        """Go to the last event."""
        self.seek(self.session.length)

    def do_mark(self, by: int) -> None:
        """Go to the next (previous) refusal."""
        here = self.session.position
        refusals = self.history().refusals
        ahead = [n for n in refusals if n > here] if by > 0 else [n for n in reversed(refusals) if n < here]
        if ahead:
            self.seek(ahead[0])
        else:
            way = "further" if by > 0 else "earlier"
            self.look.notice = ("info", f"No {way} refusal in these {self.session.length:,} events.")

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
        """Take the last command back; standing elsewhere in a story, say where undo begins."""
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

    def do_share(self) -> None:
        """Hand a link over; a file, where the history is too long for one."""
        self.keep_view()
        try:
            link = self.session.to_link()
        except KernelError:
            self.do_save()
            self.look.notice = ("info", "Saved as a file: the link would be too long.")
            return
        self.look.given = {
            "kind": "link", "text": link, "words": f"Link copied. It opens this machine at event {self.session.position:,}.",
        }  # fmt: skip

    def do_save(self) -> None:
        """Hand a session file over."""
        self.keep_view()
        self.look.given = {"kind": "file", "text": json.dumps(self.session.to_dict(), indent=1)}

    def do_open(self, text: str) -> None:
        """Open a link, or what a session file holds. What is neither is refused, and the session stays."""
        text = str(text).strip()
        try:
            session = from_file(text) if text.startswith("{") else Session.from_link(text)
        except KernelError as error:
            self.look.notice = ("error", error.strerror or str(error))
        except (ForeignFileError, ValueError, RecursionError) as error:
            self.look.notice = ("error", f"This is no session file: {error}.")
        else:
            self.open(session)

    def keep_view(self) -> None:
        """Note in the session what is looked at: it goes into links and files."""
        look = self.look
        looked = {"scenario": look.scenario, "cache": look.cache, "selected": look.selected, "tab": look.tab}
        kept = {name: value for name, value in self.session.view.items() if name not in looked}
        self.session.view = kept | {name: value for name, value in looked.items() if value}

    def do_cache(self, name: str) -> None:
        """Draw the slabs of another cache."""
        self.session.machine.find_cache(name)
        self.look.cache = name
        self.look.object = None

    def do_select(self, id: int | None = None) -> None:  # noqa: A002 (the contract's name)
        """Select a container, or none."""
        paths = self.session.machine.kmem_subsystem.paths
        self.look.selected = "" if id is None else paths[int(id)]

    def do_object(self, slab: int | None = None, slot: int | None = None) -> None:
        """Choose an object of the drawn cache, or none."""
        self.look.object = None if slab is None or slot is None else (int(slab), int(slot))

    def do_tab(self, name: str) -> None:
        """Show another picture."""
        if name not in dict(TABS):
            raise ValueError(f"there is no tab {name!r}")
        self.look.tab = name

    def do_theme(self, name: str) -> None:
        """Draw figures for a light or a dark page."""
        self.look.theme = "dark" if name == "dark" else "light"

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


def from_file(text: str) -> Session:
    """Make the session of what a session file holds."""
    return Session.from_dict(json.loads(text), Path("the file"))
