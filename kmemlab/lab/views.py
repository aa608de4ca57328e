"""Small widgets for lessons: one transport row, one sentence, one picture of the lab's. All of one session move together.

A view is the lab with all parts but one left away: the same Python below, the same drawing in the page, and frames that hold
no more than its picture needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import traitlets

from ..engine.errors import invalid
from ..engine.slab_cache import SlabCache
from ..figures import assign_owners, hierarchy_text, path_text
from ..records import ContainerRow
from ..session import Session
from ..survey import container_rows, page_rows
from . import assets, viewwords
from .controller import Controller
from .frame import containers, guarded, moment_of, words
from .moment import Moment, path_nodes
from .pictures import found_twin, kept_or, picture
from .questions import Question
from .slabsection import slab_pages
from .still import beside
from .still_views import view_still
from .widget import Lab

TITLES = {"flow": "Charge flow", "memory": "Memory"}


class ViewController(Controller):
    """A session of which one part is looked at.

    Attributes:
        part: slabs, containers, path, flow, memory, timeline or predict.
        task: what there is to do with it, "" for nothing.
    """

    def __init__(self, session: Session, part: str, cache: str, task: str = "") -> None:
        self.part = part
        self.task = task
        super().__init__(session)
        self.look.cache = cache

    def frame(self) -> dict[str, Any]:
        """Return the newest frame: what every view has, and what this one draws."""
        session, look = self.session, self.look
        moment = moment_of(session, look.step)
        rows = container_rows(session.machine)
        look.owners = assign_owners([row.path for row in rows], look.owners)
        line = self.history().drawn(look.cache)
        frame: dict[str, Any] = {
            "position": session.position,
            "length": session.length,
            "step": moment.step,
            "steps": len(moment.walked),
            "refused": any(row.state == "refused" for row in moment.walked[: moment.step]),
            "refusal": self.part == "path" and words(moment)["refusal"],
            "tab": self.part,
            "tabs": [[name, title] for name, title in TITLES.items() if name == self.part],
            "timeline": line if self.part == "timeline" else {name: line[name] for name in ("refusals", "births")},
            **containers(moment, rows, look),
        }
        with guarded(frame, look):
            frame |= self._drawn(frame, moment, rows)
        if self.task:
            frame["task"] = self.task
        if look.notice is not None:
            frame["notice"] = {"kind": look.notice[0], "text": look.notice[1]}
        return self.covered(frame)

    def _drawn(self, frame: dict[str, Any], moment: Moment, rows: tuple[ContainerRow, ...]) -> dict[str, Any]:
        """Return the part, its sentence and its twin."""
        session, look, machine = self.session, self.look, self.session.machine
        if self.part == "containers":
            needed = moment.event.bytes if moment.event is not None else 0
            twin = hierarchy_text(tuple(moment.container(row)[0] for row in rows))
            return {"sentence": viewwords.containers_sentence(frame, needed), "twin": twin}
        if self.part == "path":
            nodes = path_nodes(moment)
            drawn = {"sentence": words(moment)["sentence"], "twin": path_text(moment.steps, moment.step)}
            return drawn if nodes is None else {**drawn, "path": nodes}
        if self.part == "predict":
            return {"sentence": "" if self.card else "No question is open.", "twin": ""}
        if self.part == "timeline":
            refusals = self.history().refusals
            return {
                "sentence": viewwords.timeline_sentence(frame, refusals),
                "twin": viewwords.timeline_twin(frame, refusals),
            }
        at = (look.selected, look.owners, look.theme, look.room, look.page)
        part = kept_or(look, lambda: picture(session, moment, self.part, look.cache, *at))
        if self.part == "slabs":
            cache = machine.caches.get(look.cache)
            part = part | (slab_pages(session, moment, cache, rows, look.pages) if cache is not None else {})
            if cache is not None and not isinstance(cache, SlabCache):  # SLAB has all its slabs on lists
                part = part | {"twin": found_twin(moment, cache, machine, look.owners)}
            return {**part, "sentence": viewwords.slabs_sentence({**frame, **part})}
        if self.part == "flow":
            return {**part, "sentence": viewwords.flow_sentence(frame)}
        return {**part, "sentence": viewwords.memory_sentence(page_rows(machine))}


class View(Lab):
    """One picture of a session. Views and labs of one session share position, step and selected container.

    Args:
        session: what is shown; `refresh()` of any view draws all of them after a cell ran something.
        select: the container in full colour, by name or path; by default the one that other views have selected.
        at: event to go to; by default where the session stands.
        cache: whose slabs are drawn.
        task: what there is to do with the picture, one or two sentences above it.

    Raises:
        KernelError: EINVAL for a container that there is not, ENOENT for a cache that there is not.
    """

    _esm = assets.module("view.js")
    part = traitlets.Unicode("slabs").tag(sync=True)

    def __init__(
        self, session: Session, *, select: str | None = None, at: int | None = None, cache: str = "filp", task: str = ""
    ) -> None:
        session.machine.find_cache(cache)
        if at is not None:
            session.seek(at)
        wanted = None if select is None else path_of(select, (row.path for row in container_rows(session.machine)))
        self._begin(ViewController(session, type(self).part.default_value, cache, task), wanted)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live widget, and beside it a still picture and its text twin for where it cannot run."""
        frame = self._sent
        bundle = super(Lab, self)._repr_mimebundle_()
        return beside(bundle, lambda: view_still(frame), frame.get("twin", ""))

    def __repr__(self) -> str:
        frame = self._sent
        return f"{type(self).__name__} at event {frame['position']:,} of {frame['length']:,}: {frame.get('sentence', '')}"


def path_of(name: str, paths: Iterable[str]) -> str:
    """Return the path of a container that is called by name or path.

    Raises:
        KernelError: EINVAL, if there is none, or if several are called so.
    """
    known = list(paths)
    if name in known:
        return name
    found = [path for path in known if (path.rstrip("/").rpartition("/")[2] or "root") == name.strip("/")]
    if len(found) == 1:
        return found[0]
    if found:
        raise invalid(f"several containers are called {name!r}: choose one of {', '.join(found)}")
    raise invalid(f"there is no container {name!r}: choose one of {', '.join(known)}")


class SlabView(View):
    """The slab pages of a cache: whose the objects on each page are, and which slot is next.

    Example:
        >>> SlabView(session, cache="filp")
    """

    part = traitlets.Unicode("slabs").tag(sync=True)

    @property
    def cache(self) -> str:
        """Name of the cache whose slabs are drawn."""
        return self.controller.look.cache


class ContainerView(View):
    """The containers: who is near the limit, and what keeps each alive.

    Example:
        >>> ContainerView(session, select="bomb")
    """

    part = traitlets.Unicode("containers").tag(sync=True)


class ChargePath(View):
    """The path of one charge: where it stopped, and what is undone in what order.

    Example:
        >>> ChargePath(session, at=318)
    """

    part = traitlets.Unicode("path").tag(sync=True)


class FlowView(View):
    """The charge flow: where the bytes go, and which are refused or paid by nobody."""

    part = traitlets.Unicode("flow").tag(sync=True)


class BuddyView(View):
    """The pages: which hold the selected container's objects, and whether a larger order could still be served."""

    part = traitlets.Unicode("memory").tag(sync=True)


class Timeline(View):
    """Usage, refusals and slab bytes over all events: when it got close."""

    part = traitlets.Unicode("timeline").tag(sync=True)


class Predict(View):
    """A question about the next event, without the lab around it: answered before it is seen.

    Args:
        session: what is asked about; it goes to the event before.
        question: your own; by default one about the next charge.

    Example:
        >>> Predict(session, Question("Who pays for the page?", ("blue", "nobody"), 1, "Only objects are charged."))
    """

    part = traitlets.Unicode("predict").tag(sync=True)

    def __init__(self, session: Session, question: Question | None = None, *, at: int | None = None) -> None:
        super().__init__(session, at=at)
        self.predict(question)
