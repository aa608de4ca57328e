"""What the buttons do. No widget here: a test drives it as the page does, with actions in and frames out."""

from __future__ import annotations

import json
import re
import traceback
from bisect import bisect_right
from pathlib import Path
from typing import Any

from ..engine.errors import CheckError, KernelError
from ..figures import assign_owners, room_for
from ..recordings import ForeignFileError
from ..records import SlabRow
from ..scenarios import SCENARIOS, play
from ..session import Session
from ..survey import container_rows
from .autosave import Autosave
from .binder import binder_address
from .complete import completions
from .eventlog import LONGEST_FILTER
from .frame import build, moment_of, report_of
from .look import Look, owners_of, saved_owners
from .pictures import TABS
from .predict import Predictor
from .rival import Rivalry
from .still import still


class Controller(Rivalry, Predictor):
    """A session and what is looked at: all that the page can ask for."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.autosave: Autosave | None = None
        self.look = Look()
        self.open(session)

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

    def do_binder(self) -> None:
        """Hand an address over that opens this moment on Binder; say what is missing, where there is none."""
        self.keep_view()
        try:
            address = binder_address(self.session.to_link())
        except KernelError as error:
            self.look.notice = ("info", error.strerror or str(error))
            return
        self.look.given = {
            "kind": "link",
            "text": address,
            "words": "Binder link copied. It opens this machine in any browser.",
        }

    def do_picture(self) -> None:
        """Hand the whole lab over as a picture, an SVG."""
        self.look.given = {"kind": "picture", "text": still(self.frame(), self.look.theme)}

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

    def do_reopen(self) -> None:
        """Open the session that is offered: what this lab held before the Jupyter kernel was restarted."""
        if self.autosave is not None and self.autosave.offer:
            self.do_open(self.autosave.take())

    def do_forget(self) -> None:
        """Offer that session no more."""
        if self.autosave is not None:
            self.autosave.forget()

    def keep_view(self) -> None:
        """Note in the session what is looked at: it goes into links and files."""
        look = self.look
        looked: dict[str, Any] = {
            "scenario": look.scenario, "cache": look.cache, "selected": look.selected, "tab": look.tab,
            "letters": self.own_letters(),
        }  # fmt: skip
        kept = {name: value for name, value in self.session.view.items() if name not in looked}
        self.session.view = kept | {name: value for name, value in looked.items() if value}

    def own_letters(self) -> dict[str, list[Any]]:
        """Return the letters that whoever opens this moment would not give by himself; {} for none, as a rule."""
        owners = self.look.owners
        paths = [row.path for row in container_rows(self.session.machine)]
        return {} if assign_owners(paths) == owners else saved_owners(owners)

    def do_commands(self, id: int) -> None:  # noqa: A002 (the contract's name)
        """Hand over the commands so far that name a container's directory, or something in it."""
        session, machine = self.session, self.session.machine
        path = machine.kmem_subsystem.paths[int(id)].rstrip("/")
        points = [point for point, hierarchy in machine.tree.mounts.items() if hierarchy is machine.kmem_subsystem.hierarchy]
        named = re.compile("|".join(rf"{re.escape(point + path)}(?![^/\s'\"])" for point in points) or "(?!)")
        done = session.commands[: bisect_right(session.ends, session.position)]
        lines = [line for line in done if named.search(line)]
        count = f"{len(lines)} command{'' if len(lines) == 1 else 's'}"
        name = path.rpartition("/")[2] or "root"
        if lines:
            self.look.given = {"kind": "text", "text": "\n".join(lines), "words": f"{count} of {name} copied."}
        else:
            self.look.notice = ("info", f"No command so far names {name}.")

    def do_events(self, filter: str | None = None) -> None:  # noqa: A002 (the contract's name)
        """Show the event log with a filter in the timeline's place; without one the timeline comes back."""
        self.look.events = None if filter is None else str(filter)[:LONGEST_FILTER]

    def do_cache(self, name: str) -> None:
        """Draw the slabs of another cache."""
        self.session.machine.find_cache(name)
        self.look.cache = name
        self.look.object = None
        self.look.page = -1

    def do_select(self, id: int | None = None) -> None:  # noqa: A002 (the contract's name)
        """Select a container, or none."""
        paths = self.session.machine.kmem_subsystem.paths
        self.look.selected = "" if id is None else paths[int(id)]

    def do_object(self, slab: int | None = None, slot: int | None = None) -> None:
        """Choose an object of the drawn cache, or none."""
        self.look.object = None if slab is None or slot is None else (int(slab), int(slot))
        rows = self.session.records("slabs", self.look.cache) if self.look.object is not None else ()
        self.look.page = next((row.pfn for row in rows if isinstance(row, SlabRow) and row.number == slab), -1)

    def do_page(self, pfn: int | None = None) -> None:
        """Choose a page, or none; if a slab has it, its cache is drawn."""
        slub = self.session.machine.slub
        page = -1 if pfn is None else int(pfn)
        if page >= slub.pages.nr_pages:
            raise ValueError(f"there is no page {page}: this machine has {slub.pages.nr_pages:,}")
        slab = slub.slab_of[page] if page >= 0 else None
        if slab is not None and slab.cache.name != self.look.cache:
            self.do_cache(slab.cache.name)
        self.look.page = page

    def do_tab(self, name: str, size: str = "", width: int = 0) -> None:
        """Show another picture, drawn for the stage's size, if the page says it."""
        if name not in dict(TABS):
            raise ValueError(f"there is no tab {name!r}")
        self.look.tab = name
        if size:
            self.do_room(size, width)

    def do_draw(self) -> None:
        """Draw again: where a play stops, the picture may be an older one."""

    def do_room(self, size: str, width: int) -> None:
        """Lay figures out for the lab's size (L, M or S) and the stage's width in pixels."""
        self.look.room = room_for(str(size), int(width))

    def do_tip(self, slab: int, slot: int) -> None:
        """Say where an object of the drawn cache is and who took it."""
        self.look.tip = (int(slab), int(slot))

    def do_twin(self, on: bool) -> None:
        """Tell the slab pages in text, too, or no longer; a figure always comes with its twin."""
        self.look.twin = bool(on)

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
