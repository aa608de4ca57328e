"""One picture in a cell: an ordinary Plotly figure, drawn with the one plotly.js that the page has."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import plotly
import traitlets

from ..figures import Room
from ..lessons.asked import curtain
from ..session import Session
from . import assets
from .controller import Controller
from .frame import moment_of
from .lifting import Lifting, curtain_words
from .pictures import PICTURES, TABS, picture
from .still import beside, twin_still

LEAST_WIDTH = 240  # pixels


def plotly_js() -> bytes:
    """Return plotly.min.js, gzipped: for a page that has none."""
    file = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return gzip.compress(file.read_bytes(), 6)


class Picture(anywidget.AnyWidget):
    """A picture of a session where it stands now.

    Args:
        session: whose machine is drawn.
        name: slabs, flow, memory, cost, overhead, graph, tree, path or timeline.
        cache: for slabs, whose.
        selected: path of the container in full colour.
        page: for graph, the page it is about; by default the first one of the cache.

    A saved notebook shows its text twin, as a picture, where no page can draw.
    """

    _esm = assets.module("panel.js")
    _css = assets.style()
    pictures = traitlets.Dict().tag(sync=True)
    twin = traitlets.Unicode("").tag(sync=True)
    question = traitlets.Unicode("").tag(sync=True)
    curtain = traitlets.Unicode("").tag(sync=True)  # words in the picture's place, while a lesson's question is open

    def __init__(self, session: Session, name: str = "tree", cache: str = "filp", selected: str = "", page: int = -1) -> None:
        if name not in PICTURES:
            raise ValueError(f"there is no picture {name!r}: choose one of {', '.join(PICTURES)}")
        paths = [str(row.to_dict()["path"]) for row in session.records("containers")]
        if selected and selected not in paths:
            raise ValueError(f"there is no container {selected!r}: choose one of {', '.join(paths)}")
        controller = Controller(session)
        moment = moment_of(session, controller.look.step)
        controller.frame()  # gives the containers their letters
        owners = controller.look.owners

        def drawn(theme: str, room: Room) -> dict[str, Any]:
            return picture(session, moment, name, cache, selected, owners, theme, room, page, lab=False)

        title = f"{dict(TABS).get(name, 'Path of one charge')}, event {session.position:,} of {session.length:,}"
        self._show(session, drawn, title)

    def _show(self, session: Session | None, drawn: Callable[[str, Room], dict[str, Any]], title: str) -> None:
        """Begin with what `drawn` makes of a theme and a room: figure, twin and question. Some are of no session."""
        self._session, self._drawn, self._title = session, drawn, title
        self._at = self._stands()
        made = {theme: drawn(theme, Room()) for theme in ("light", "dark")}
        self._made = {theme: each["figure"] for theme, each in made.items()}
        self._twin = made["light"]["twin"]
        self._asked = curtain()
        anywidget.AnyWidget.__init__(self, question=made["light"]["question"], **self._shown())
        if self._asked is not None:
            self._asked.watch(Lifting(self))
        self.on_msg(self._heard)

    def _shown(self) -> dict[str, Any]:
        """Return what the page gets: the picture, or words in its place."""
        if self._asked is not None and self._asked.open:
            return {"pictures": {}, "twin": "", "curtain": curtain_words(self._asked)}
        return {"pictures": self._made, "twin": self._twin, "curtain": ""}

    def lift(self) -> None:
        """Show the picture, or curtain it again: the question that it waits for was answered, or is asked again."""
        with self.hold_sync():
            for name, value in self._shown().items():
                self.set_trait(name, value)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live picture, and beside it what a saved notebook shows where no page can draw."""
        return beside(super()._repr_mimebundle_(), lambda: twin_still(self._title, self.twin))

    def _stands(self) -> tuple[int, int] | None:
        """Return where the session stands; None without one."""
        return (self._session.history, self._session.position) if self._session is not None else None

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """Send plotly.js to a page that has none; lay the picture out for the page's width, while the session stands there."""
        if not isinstance(message, dict):
            return
        if message.get("op") == "need-plotly":
            self.send({"op": "plotly", "gz": True}, [plotly_js()])
        if message.get("op") == "room" and self._stands() == self._at:
            room = Room(max(LEAST_WIDTH, int(message.get("width", 0))))
            self._made = {theme: self._drawn(theme, room)["figure"] for theme in ("light", "dark")}
            self.pictures = self._shown()["pictures"]

    def __repr__(self) -> str:
        return self.twin or self.curtain
