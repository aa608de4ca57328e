"""Builds a frame (docs/frame.md) from a session and what is being looked at. Reads everything, changes nothing."""

from __future__ import annotations

import traceback
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .. import __version__
from ..engine.events import OOPS
from ..explain import steps_of
from ..explain_story import name_of
from ..explain_table import TABLE
from ..explain_told import told
from ..explain_words import SOURCES
from ..figures import assign_owners
from ..records import ContainerRow
from ..scenarios import SCENARIOS
from ..session import Session
from ..shell import Result
from ..survey import container_rows, event_row
from . import breaks, eventlog
from .history import History
from .life import object_card, tip
from .look import HUE_NUMBERS, Look
from .moment import Moment, path_nodes
from .pictures import TABS, kept_or, picture
from .slabsection import slab_pages
from .switches import switches_of

LAST_COMMANDS = 60
LONGEST_OUTPUT = 20_000


def moment_of(session: Session, step: int) -> Moment:
    """Return the event at the session's position, with its steps."""
    if session.position == 0:
        return Moment(None, (), 0)
    event = event_row(session.machine, session.log, session.position)
    return Moment(event, steps_of(session), step, int(session.log.slab[session.position - 1]))


def build(session: Session, look: Look, history: History, stops: Sequence[int] = ()) -> dict[str, Any]:
    """Return the whole frame.

    Args:
        session: where it stands.
        look: what is looked at.
        history: of the session.
        stops: the events of the break point, in order.
    """
    machine = session.machine
    frame: dict[str, Any] = {
        "scenario": {"name": look.scenario, "title": SCENARIOS[look.scenario].title if look.scenario else "My session"},
        "scenarios": [{"name": each.name, "title": each.title} for each in SCENARIOS.values()],
        "position": session.position,
        "length": session.length,
        "tab": look.tab,
        "tabs": [list(tab) for tab in TABS],
    }
    moment = Moment(None, (), 0)
    with guarded(frame, look):
        moment = moment_of(session, look.step)
    frame |= {
        "step": moment.step,
        "steps": len(moment.walked),
        "refused": any(row.state == "refused" for row in moment.walked[: moment.step]),
    }
    with guarded(frame, look):
        frame |= words(moment)
    rows: tuple[ContainerRow, ...] = ()
    with guarded(frame, look):
        rows = container_rows(machine)
        # In the order of birth over the whole session: whoever begins in its middle gives the same letters.
        look.owners = assign_owners([*session.cast.containers.values(), *(row.path for row in rows)], look.owners)
        frame |= containers(moment, rows, look)
    with guarded(frame, look):
        frame["caches"] = [
            {"name": cache.name, "slabs": int(cache.nr_slabs), "accounted": machine.accounted(cache)}
            for cache in sorted(machine.slub.caches, key=lambda cache: cache.name)
        ]
    with guarded(frame, look):
        frame["timeline"] = history.drawn(look.cache)
    with guarded(frame, look):
        frame["terminal"] = terminal(session, look)
    cache = machine.caches.get(look.cache)
    if cache is not None:
        with guarded(frame, look):
            frame |= slab_pages(session, moment, cache, rows, look.pages)
        if look.tip is not None:
            with guarded(frame, look):
                told = tip(session, history, look.cache, *look.tip)
                if told is not None:
                    frame["tip"] = told
        if look.object is not None:
            with guarded(frame, look):
                card = object_card(session, history, look.cache, *look.object)
                if card is not None:
                    frame["object"] = card
    with guarded(frame, look):
        if look.tab != "slabs" or look.twin:
            at = (look.selected, look.owners, look.theme, look.room, look.page)
            frame |= kept_or(look, lambda: picture(session, moment, look.tab, look.cache, *at))
    with guarded(frame, look):
        nodes = path_nodes(moment)
        if nodes is not None:
            frame["path"] = nodes
    with guarded(frame, look):
        frame["break"] = break_point(session, look, stops)
    if look.events is not None:
        with guarded(frame, look):
            frame["log"] = eventlog.section(session, look.events, look.owners)
    if look.switches:
        with guarded(frame, look):
            frame["machine"] = switches_of(machine.profile)
    if machine.crash.halted:
        with guarded(frame, look):
            frame["oops"] = oops(session)
    if look.given is not None:
        frame["given"] = look.given
    if look.notice is not None:
        frame["notice"] = {"kind": look.notice[0], "text": look.notice[1]}
        if look.report:
            frame["notice"]["report"] = look.report
    return frame


@contextmanager
def guarded(frame: dict[str, Any], look: Look) -> Iterator[None]:
    """Leave a part that raises out of the frame, with a notice; the parts after it are still built."""
    try:
        yield
    except Exception as error:
        look.notice, look.report = broken(error)


def broken(error: Exception) -> tuple[tuple[str, str], str]:
    """Say that one picture could not be drawn, the others are alive; and return the report to copy."""
    reason = f"{type(error).__name__}: {error}".partition("\n")[0]
    return ("error", f"This picture could not be drawn: {reason}. The machine is unharmed."), report_of(error)


def report_of(error: BaseException) -> str:
    """Return what went wrong and where, for whoever mends it: the rooms' names, no paths of this machine."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {each.filename.rpartition('/')[2]}, line {each.lineno}, in {each.name}" for each in frames]
    return "\n".join([f"kmemlab {__version__}", f"{type(error).__name__}: {error}", *lines])


def oops(session: Session) -> dict[str, Any]:
    """Return what a kernel that has crashed said, and the last position before it did."""
    log, crash = session.log, session.machine.crash
    crashed = next(n for n in range(session.position, 0, -1) if log.kind[n - 1] == OOPS)
    return {
        "text": f"The kernel has oopsed: {crash.subsystem}'s create returned NULL for {name_of(crash.path)}.",
        "trace": list(crash.trace),
        "before": crashed - 1,
    }


def break_point(session: Session, look: Look, stops: Sequence[int]) -> dict[str, Any]:
    """Return the break point, whether one is ahead, and what can be chosen while the choice is open.

    Whether an invariant is broken somewhere ahead is not known before somebody looks: there it is said to be.
    """
    point, here = look.point, session.position
    place = bisect_left(stops, here)
    at = place < len(stops) and stops[place] == here
    ahead = point.kind == "invariant" or (bool(stops) and stops[-1] > here)
    made: dict[str, Any] = {
        "kind": point.kind, "arg": point.arg, "label": point.label, "noun": point.noun, "at": at, "ahead": ahead,
        "behind": point.kind == "invariant" or (bool(stops) and stops[0] < here), "stop": look.stop,
    }  # fmt: skip
    if look.picking:
        made["choices"] = breaks.choices(session, look.cache)
    return made


def words(moment: Moment) -> dict[str, Any]:
    """Return sentence and source."""
    now = moment.now
    if now is None:
        row = TABLE["boot"]
        return {"sentence": told("boot", {}), "refusal": False, "source": source(row.source, row.model)}
    return {"sentence": now.sentence, "refusal": now.state == "refused", "source": source(now.source, now.model)}


def source(text: str, model: bool) -> dict[str, Any]:
    """Return where a rule comes from, short and in full; `model` marks what is kmemlab's own choice."""
    detail = SOURCES.get(text, text)
    if model:
        detail += ". The letter is silent here: this is kmemlab's choice."
    return {"text": text, "detail": detail, "model": model}


def containers(moment: Moment, rows: tuple[ContainerRow, ...], look: Look) -> dict[str, Any]:
    """Return the containers as they are at this step, their common scale, and the selected one."""
    drawn = []
    largest = 0
    chosen = None
    for row in rows:
        now, before = moment.container(row)
        owner = look.owners[row.path]
        one: dict[str, Any] = {
            "id": row.ident, "path": row.path, "name": owner.name, "letter": owner.letter, "hue": HUE_NUMBERS[owner.hue],
            "stripe": owner.stripe, "depth": row.path.rstrip("/").count("/"), "usage": now.usage, "failcnt": now.failcnt,
            "refs": now.css_refs, "tasks": [{"pid": pid, "comm": comm} for pid, comm in row.tasks],
        }  # fmt: skip
        largest = max(largest, now.usage, now.limit or 0)
        if now.limit is not None:
            one["limit"] = now.limit
        if before is not None:
            one["failcnt_before"] = before
        if row.path == look.selected:
            chosen = row.ident
        drawn.append(one)
    made: dict[str, Any] = {"containers": drawn, "scale": max(largest, 1)}
    if chosen is not None:
        made["selected"] = chosen
    return made


def terminal(session: Session, look: Look) -> dict[str, Any]:
    """Return the last commands up to the position, and what the line may become."""
    log = session.log
    complete = int(log.commands[session.position - 1]) if session.position else 0
    first = max(0, complete - LAST_COMMANDS)
    history = []
    for line, result in zip(session.commands[first:complete], session.results[first:complete], strict=True):
        history.append(said(line, result))
    if complete and session.position < session.ends[complete - 1]:
        history[-1] = {"cmd": session.commands[complete - 1], "out": "", "err": ""}  # it still runs: no answer yet
    history += [said(line, result) for line, result in look.looks]
    return {"history": history, "completions": look.completions, "ghost": look.ghost}


def said(line: str, result: Result) -> dict[str, str]:
    """Return one command of the terminal; a very long output is cut, and says so."""
    out = result.out
    if len(out) > LONGEST_OUTPUT:
        out = f"{out[:LONGEST_OUTPUT]}\n... {len(out) - LONGEST_OUTPUT:,} more characters"
    told = {"cmd": line, "out": out, "err": result.err}
    if result.hint:
        told["hint"] = result.hint
    return told
