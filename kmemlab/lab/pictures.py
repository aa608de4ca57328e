"""The stage: which tab shows which figure, and its text twin. A broken picture never takes the others with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from ..engine.events import NEWPAGE
from ..engine.kmem_cache import KmemCache
from ..engine.machine import Machine
from ..figures import (
    Newborn,
    Owner,
    Room,
    Theme,
    buddy_figure,
    buddy_text,
    cost_figure,
    cost_text,
    flow_figure,
    flow_text,
    found_text,
    graph_figure,
    graph_text,
    hierarchy_figure,
    hierarchy_text,
    machine_graph,
    overhead_figure,
    overhead_text,
    path_figure,
    path_text,
    slabs_figure,
    slabs_text,
    timeline_figure,
    timeline_text,
)
from ..overhead import overhead_rows
from ..records import SlabRow
from ..session import Session
from ..survey import all_slab_rows, container_rows, event_rows, page_rows, slab_rows
from ..survey_bytes import cost_rows, flow_rows, state_of_slab
from .look import Look
from .moment import Moment
from .turned import cost_at, flow_at, is_call, more_at

TABS = (
    ("slabs", "Slab pages"),
    ("flow", "Charge flow"),
    ("memory", "Memory"),
    ("cost", "Cost"),
    ("overhead", "Overhead"),
    ("graph", "Graph"),
)
TWIN_SLABS = 60  # slabs in the lab's text twin; lists come first, so what is left out is full
# The lab has path and timeline in places of their own, and no tree: 2007's counters are flat, and lines between containers
# would suggest sums. On their own all of them are figures.
QUESTIONS = {
    "slabs": "Whose are the objects on this page, and which slot is next?",
    "flow": "Where do the bytes go, and which are refused or paid by nobody?",
    "memory": "Which pages hold it, and could a larger order still be served?",
    "cost": "How much memory is not in anyone's usage?",
    "overhead": "What does it cost to have these objects, beside the objects?",
    "graph": "Why is this page held?",
    "tree": "Who is near the limit, and what keeps each alive?",
    "path": "Where did the charge stop, and what is undone in what order?",
    "timeline": "When did it get close, and does the limit count what memory counts?",
}
PICTURES = (*dict(TABS), "tree", "path", "timeline")


def picture(
    session: Session,
    moment: Moment,
    tab: str,
    cache: str,
    selected: str,
    owners: Mapping[str, Owner],
    theme: str,
    room: Room | None = None,
    page: int = -1,
    lab: bool = True,
) -> dict[str, Any]:
    """Return `twin`, `figure` and its `question`; in the lab the slab pages are a canvas of its own, and have no figure."""
    machine = session.machine
    shown = cast("Theme", theme)
    chosen = selected or None
    space = room or Room()
    if tab == "flow":
        touched = machine.caches.get(moment.event.cache) if moment.event is not None else None
        state = state_of_slab(touched, moment.slab) if touched is not None else ""
        flow = flow_at(moment, flow_rows(machine, session.log), state)
        figure, twin = flow_figure(flow, owners, chosen, shown, space), flow_text(flow)
    elif tab == "memory":
        pages, born = page_rows(machine), newborn(session, cache)
        figure = buddy_figure(pages, chosen, owners, shown, room=space, born=born, page=page)
        twin = buddy_text(pages, born, page)
    elif tab == "cost":
        cost = cost_at(moment, cost_rows(machine), home_of(session, moment))
        figure, twin = cost_figure(cost, owners, chosen, shown, space), cost_text(cost)
    elif tab == "overhead":
        beside = overhead_rows(machine, more=more_at(moment))
        figure, twin = overhead_figure(beside, shown, space), overhead_text(beside)
    elif tab == "graph":
        rows = tuple(moment.container(row)[0] for row in container_rows(machine))
        slabs = tuple(moment.slab_row(row) for row in all_slab_rows(machine))
        graph = machine_graph(rows, slabs, page_rows(machine))
        shown_page = page if page >= 0 else first_page(slabs, cache)
        figure = graph_figure(graph, shown_page, owners, chosen, shown, space)
        twin = graph_text(graph, shown_page, chosen)
    elif tab == "timeline":
        events = tuple(event_rows(machine, session.log, last=session.length))
        limits = {row.path: row.limit for row in container_rows(machine) if row.limit is not None}
        figure = timeline_figure(events, session.position, owners, shown, chosen, limits)
        twin = timeline_text(events, session.position)
    elif tab == "tree":
        rows = tuple(moment.container(row)[0] for row in container_rows(machine))
        figure, twin = hierarchy_figure(rows, owners, chosen, shown), hierarchy_text(rows)
    elif tab == "path":
        figure, twin = path_figure(moment.steps, moment.step, shown), path_text(moment.steps, moment.step)
    else:
        found = machine.caches.get(cache)
        first = slab_rows(machine, found, TWIN_SLABS if lab else None) if found is not None else ()
        slabs = tuple(moment.slab_row(row) for row in first)
        if lab:
            mark = moment.mark(cache)
            taken = (mark["slab"], mark["slot"]) if mark is not None and mark["kind"] == "taken" else None
            twin = slabs_text(slabs, owners, cache, taken)
            left = (int(found.nr_slabs) if found is not None else 0) - len(slabs)
            return {"twin": f"{twin}\n... and {left:,} more, all full" if left > 0 else twin}
        figure, twin = slabs_figure(slabs, owners, chosen, shown, cache), slabs_text(slabs, owners, cache)
    return {"figure": without_null(figure.to_plotly_json()), "twin": twin, "question": QUESTIONS[tab]}


def found_twin(moment: Moment, cache: KmemCache, machine: Machine, owners: Mapping[str, Owner]) -> str:
    """Return the twin of a small widget's slab pages: each slab, and through what the kernel finds it."""
    slabs = tuple(moment.slab_row(row) for row in slab_rows(machine, cache, TWIN_SLABS))
    return found_text(slabs, int(cache.size), int(cache.order), owners, int(cache.nr_slabs) - len(slabs))


def kept_or(look: Look, build: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the picture; while a fast play is on, the one that was drawn last: nobody would see this one."""
    key = (look.tab, look.theme)
    if look.still and look.drawn is not None and look.drawn[0] == key:
        return look.drawn[1]
    made = build()
    look.drawn = (key, made)
    return made


def home_of(session: Session, moment: Moment) -> str:
    """Return the cache that the memory of a marked call is in: "" for pages and vmalloc, and for any other event."""
    pfn, slabs = moment.event.pfn if moment.event is not None else -1, session.machine.slub.slab_of
    slab = slabs[pfn] if is_call(moment) and 0 <= pfn < len(slabs) else None
    return slab.cache.name if slab is not None else ""


def first_page(slabs: Sequence[SlabRow], cache: str, number: int = -1) -> int:
    """Return the first page of slab `number` of a cache; without one, of its first slab, or of any."""
    mine = [row for row in slabs if row.cache == cache]
    return next((row.pfn for row in [*(row for row in mine if row.number == number), *mine, *slabs]), 0)


def newborn(session: Session, cache: str) -> Newborn | None:
    """Return the youngest slab of a cache, if it still lives; None for a cache without slabs."""
    found, log = session.machine.caches.get(cache), session.log
    if found is None or not found.nr_slabs:
        return None
    number, slab_of = log.numbers.get(found.name, -1), session.machine.slub.slab_of
    for n in range(session.position - 1, -1, -1):
        if log.kind[n] == NEWPAGE and log.cache[n] == number:
            slab = slab_of[int(log.pfn[n])]
            lives = slab is not None and slab.cache is found and slab.number == log.slab[n]
            return Newborn(int(log.slab[n]), int(log.pfn[n]), n + 1, int(log.order[n])) if lives else None
    return None


def without_null(value: Any) -> Any:
    """Return plain JSON without null: in an object the key is left out, in a list a gap becomes the word it means."""
    if isinstance(value, Mapping):
        return {str(key): without_null(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [without_null(each) for each in value]
    return value
