"""Knobs for lessons: a slider or a choice that changes a session, and says so where it cannot.

One helper, `Knob`, ties an ipywidgets control to a handler. What the handler raises is shown below the control, the control
goes back to its last good value, and the session is what it was before. The ready-made knobs tell the same story again with one
thing different: the limit of a container, the number of cpus, the era of SLUB.
"""

from __future__ import annotations

import html
import re
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Final

import ipywidgets

from ..engine.errors import KernelError, invalid
from ..engine.profiles import ERAS, MAX_CPUS
from ..session import Session
from ..shell import Result
from ..survey import container_rows
from ..transcript import Transcript
from ..variants import variant
from .hub import hub_of, refresh
from .views import path_of

WIDTH: Final = "400px"
STYLE: Final = {"description_width": "120px"}
LINE: Final = "font-size:13px;line-height:1.4;margin:0 0 4px 0;max-width:60em;overflow-wrap:anywhere"
AT_CPU: Final = re.compile(r"@(\d+)\b")

Handler = Callable[[Any], Any]


class RefusedError(Exception):
    """A command of a handler said no; the words are the shell's, and kmemlab's hint."""


class Knob(ipywidgets.VBox):  # type: ignore[misc]
    """A control and what it does.

    Args:
        control: an ipywidgets control with a `value`: a slider, a dropdown, a checkbox ...
        handler: called with the new value. What it returns is shown if it is text; a refused command in a Transcript that it
            returns counts as a failure.
        session: the session that the handler changes: its views are drawn again, and after a failure it is as before.

    Attributes:
        control: the control.
        good: the last value that the handler took without complaint.
        said: what is shown below the control, "" for nothing.
        error: what the handler raised at last, None if all went well.

    Example:
        >>> Knob(IntSlider(5, 1, 20), lambda n: session.run(f"open {n}"), session)
    """

    def __init__(self, control: Any, handler: Handler, session: Session | None = None) -> None:
        self.control = control
        self.handler = handler
        self.session = session
        self.good: Any = control.value
        self.said = ""
        self.error: Exception | None = None
        self._returning = False
        self._words = ipywidgets.HTML(layout={"display": "none", "margin": "0 0 0 126px"})
        super().__init__([control, self._words])
        control.observe(self._turned, "value")

    def _turned(self, change: dict[str, Any]) -> None:
        """Do what the control asks for. Nothing is raised into the widgets' machinery, where nobody would see it."""
        if self._returning:
            return
        before = None if self.session is None else (self.session.to_dict(), self.session.history, self.session.position)
        try:
            self._say("" if (told := answer_of(self.handler(change["new"]))) is None else told)
            self.good, self.error = change["new"], None
        except Exception as error:
            self.error = error
            self._say(sentence_of(error), details="".join(traceback.format_exception(error)))
            self._go_back()
            if before is not None and self.session is not None:
                put_back(self.session, *before)
        if self.session is not None:
            refresh(self.session)

    def _go_back(self) -> None:
        """Set the control to its last good value, without asking the handler again."""
        self._returning = True
        try:
            self.control.value = self.good
        finally:
            self._returning = False

    def _say(self, sentence: str, details: str = "") -> None:
        """Show a sentence below the control, and behind it what whoever mends the handler needs. Nothing in it is HTML."""
        self.said = sentence
        colour = "var(--jp-error-color1, #a84600)" if details else "inherit"
        role = "alert" if details else "status"
        shown = f'<p role="{role}" style="{LINE};color:{colour}">{html.escape(sentence)}</p>'
        if details:
            shown += f"<details><summary>Traceback</summary><pre>{html.escape(details)}</pre></details>"
        self._words.value = shown if sentence else ""
        self._words.layout.display = "" if sentence else "none"


def answer_of(returned: Any) -> str | None:
    """Return what a handler has to say.

    Raises:
        RefusedError: if a command of it was refused.
    """
    results = returned if isinstance(returned, Transcript) else (returned,) if isinstance(returned, Result) else ()
    for result in results:
        if result.err:
            raise RefusedError(f"{result.err}. {result.hint}" if result.hint else result.err)
    return returned if isinstance(returned, str) else None


def sentence_of(error: Exception) -> str:
    """Return one sentence for an exception: kmemlab's own errors bring theirs along."""
    if isinstance(error, KernelError):
        return error.strerror or str(error)
    if isinstance(error, RefusedError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def put_back(session: Session, saved: dict[str, Any], history: int, position: int) -> None:
    """Make a session again what it was before a handler failed half-way."""
    if session.history != history:
        session.become(Session.from_dict(saved))
    session.seek(position)


def again(session: Session, **different: Any) -> None:
    """Tell the session's story again with something different; the session and its views show that."""
    session.become(variant(session, **different))


def limit_knob(session: Session, container: str, most: int | None = None, step: int = 256) -> Knob:
    """Return a slider for a container's limit: the story is told again with that limit, up to the same event.

    Args:
        session: whose story.
        container: name or path.
        most: bytes at the right end; by default twice what the container has, rounded to steps.
        step: bytes from one stop to the next: 256 is an open file.

    Raises:
        KernelError: EINVAL for a container that there is not at this event.
    """
    rows = {row.path: row for row in container_rows(session.machine)}
    path = path_of(container, rows)
    limit, usage = rows[path].limit, rows[path].usage
    most = most if most is not None else max(2 * (limit if limit is not None else usage), 16 * step)
    most = -(-most // step) * step
    name = path.rstrip("/").rpartition("/")[2] or "root"
    control = ipywidgets.IntSlider(
        min(limit if limit is not None else most, most), 0, most, step, description=f"{name}'s limit", readout_format=",d",
        continuous_update=False, style=STYLE, layout={"width": WIDTH},
    )  # fmt: skip
    return Knob(control, lambda value: again(session, limits={path: int(value)}), session)


def cpus_knob(session: Session, most: int = 4) -> Knob:
    """Return a slider for the number of cpus. It ends where a command of the story names a cpu."""
    named = [int(cpu) for line in session.commands for cpu in AT_CPU.findall(line.partition(" ")[2].partition(" ")[0])]
    least = min(max([*named, 0]) + 1, MAX_CPUS)
    now = session.machine.profile.cpus
    control = ipywidgets.IntSlider(
        now, min(least, now), max(most, now, least), description="cpus", continuous_update=False, style=STYLE,
        layout={"width": WIDTH},
    )  # fmt: skip
    return Knob(control, lambda value: again(session, cpus=int(value)), session)


def era_knob(session: Session) -> Knob:
    """Return a choice of the eras of SLUB."""
    control = ipywidgets.Dropdown(
        options=list(ERAS), value=session.machine.profile.slub, description="SLUB of", style=STYLE, layout={"width": "220px"}
    )
    return Knob(control, lambda value: again(session, slub=str(value)), session)


def size_knob(session: Session, caches: Sequence[str] = ()) -> Knob:
    """Return a slider over object sizes: every view of the session that draws slab pages shows the cache of that size.

    Args:
        session: whose views.
        caches: names to choose from; by default one for each size that has objects now.

    Raises:
        KernelError: EINVAL if there is none.
    """
    known = session.machine.caches
    names = [session.machine.find_cache(name).name for name in caches] or used_sizes(session)
    if not names:
        raise invalid("no cache has objects yet: name the caches that the slider is for")
    sizes = {name: int(known[name].size) for name in names}
    options = [(f"{sizes[name]:,} bytes ({name})", name) for name in sorted(names, key=lambda name: sizes[name])]
    value = "filp" if "filp" in sizes else options[0][1]
    control = ipywidgets.SelectionSlider(
        options=options, value=value, description="object size", continuous_update=False, style=STYLE, layout={"width": "520px"}
    )

    def draw(name: str) -> None:
        for view in hub_of(session).views:
            view.controller.do_cache(name)

    return Knob(control, draw, session)


def used_sizes(session: Session) -> list[str]:
    """Return one cache for each object size that has slabs now, filp for its own."""
    found: dict[int, str] = {}
    for cache in sorted(session.machine.slub.caches, key=lambda cache: (cache.name != "filp", cache.name)):
        if cache.nr_slabs:
            found.setdefault(int(cache.size), cache.name)
    return list(found.values())


def knob_row(
    session: Session, *, limit: str | Sequence[str] = (), cpus: bool = False, era: bool = False, size: bool = False
) -> ipywidgets.VBox:
    """Return the knobs that a lesson wants, one below the other.

    Args:
        session: what they change.
        limit: a container, or several: a slider for the limit of each.
        cpus: whether there is one for the number of cpus.
        era: whether there is one for the era of SLUB.
        size: whether there is one for the object size.

    Example:
        >>> knob_row(session, limit="bomb", era=True)
    """
    names = [limit] if isinstance(limit, str) else list(limit)
    knobs = [limit_knob(session, name) for name in names]
    knobs += [make(session) for wanted, make in ((cpus, cpus_knob), (era, era_knob), (size, size_knob)) if wanted]
    return ipywidgets.VBox(knobs)
