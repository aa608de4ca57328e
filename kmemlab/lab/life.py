"""The life story of one object: each owner of a cell in turn, and what pins it now. From the event log alone."""

from __future__ import annotations

from typing import Any

from ..engine.events import ALLOC, FREE, NEWPAGE, REFUSED, UNCHARGED
from ..engine.kmem_cache import Slab
from ..engine.slub_admin import slabs_of
from ..engine.types import IN_USE, NONE, PAGE_OFFSET
from ..explain_story import short, title
from ..session import Session
from .history import History

MOST = 40


def object_card(session: Session, history: History, cache_name: str, number: int, slot: int) -> dict[str, Any] | None:
    """Return the frame's `object`; None if there is no such cell now."""
    machine = session.machine
    cache = machine.caches.get(cache_name)
    if cache is None:
        return None
    slab = next((each for each in slabs_of(machine.slub, cache) if each.number == number), None)
    if slab is None or not 0 <= slot < cache.objects:
        return None
    owner = owner_of(slab, slot)
    path = machine.kmem_subsystem.paths.get(owner) if owner >= 0 else None
    size = f"{int(cache.size):,} bytes"
    what = {-2: f"{size}, free", -1: f"{size}, charged to nobody"}.get(owner, f"{size}, charged to {title(path)}")
    return {
        "slab": number,
        "slot": slot,
        "title": f"slab {number}, slot {slot}",
        "what": what,
        "address": address_of(slab, slot),
        "owner": owner,
        "life": life(session, history, cache_name, number, slot, owner),
    }


def tip(session: Session, history: History, cache_name: str, number: int, slot: int) -> dict[str, Any] | None:
    """Return the frame's `tip`: where a cell is, and who took what is in it; None if there is no such cell now."""
    machine, log = session.machine, session.log
    cache = machine.caches.get(cache_name)
    events = history.events_of(log, log.numbers.get(cache.name, -1), number) if cache is not None else ()
    known = [event for event in events if event <= session.position]
    slab = machine.slub.slab_of[log.pfn[known[-1] - 1]] if known else None
    if cache is None or slab is None or slab.cache is not cache or slab.number != number or not 0 <= slot < cache.objects:
        return None
    told: dict[str, Any] = {"slab": number, "slot": slot, "address": address_of(slab, slot)}
    mine = [event for event in known if log.kind[event - 1] == ALLOC and log.slot[event - 1] == slot]
    if slab.link[slot] == IN_USE and mine:
        pid = int(log.who[mine[-1] - 1])
        task = machine.tasks.by_pid.get(pid)
        told["born"] = f"born at event {mine[-1]:,} by {short(task.comm) if task is not None else 'task'} {pid}"
    return told


def address_of(slab: Slab, slot: int) -> str:
    """Return an object's address as a person of 2007 would read it."""
    return f"0x{PAGE_OFFSET + int(slab.s_mem) + slot * int(slab.cache.size):x}"


def owner_of(slab: Slab, slot: int) -> int:
    """Return the owner's number; -1 in use without one, -2 free."""
    if slab.link[slot] != IN_USE:
        return -2
    ident = slab.owners[slot] if slab.has_owners else NONE
    return int(ident) if ident != NONE else -1


def life(session: Session, history: History, cache: str, number: int, slot: int, owner: int) -> list[dict[str, Any]]:
    """Tell what happened to a cell, up to the position."""
    log = session.log
    index = log.numbers.get(cache, -1)
    told: list[dict[str, Any]] = []
    for event in history.events_of(log, index, number):
        n = event - 1
        if n >= session.position:
            break
        kind = log.kind[n]
        if kind == NEWPAGE:
            told.append({"n": n + 1, "text": f"Page {int(log.pfn[n])} became {short(cache)} slab {number}", "owner": -1})
        elif log.slot[n] == slot and kind in (ALLOC, FREE, REFUSED, UNCHARGED):
            told.append({"n": n + 1, "text": sentence(session, n, kind), "owner": int(log.owner[n])})
    if len(told) > MOST:
        left_out = len(told) - MOST
        told[1 : 1 + left_out] = [{"n": told[left_out]["n"], "text": f"{left_out:,} earlier events", "owner": -1}]
    told.append({"n": session.position, "text": pinned(session, owner), "owner": owner, "now": True})
    return told


def sentence(session: Session, n: int, kind: int) -> str:
    """Say who did what to the cell at event n + 1."""
    log = session.log
    pid = int(log.who[n])
    task = session.machine.tasks.by_pid.get(pid)
    who = short(task.comm) if task is not None else f"task {pid}"
    owner = int(log.owner[n])
    where = title(session.machine.kmem_subsystem.paths.get(owner)) if owner >= 0 else "nobody"
    size = int(log.size[n])
    if kind == ALLOC:
        return f"{who} took it. {where} pays {size:,}" if owner >= 0 else f"{who} took it. Nobody pays"
    if kind == FREE:
        return f"{who} gave it back. {where} gets {size:,} back" if owner >= 0 else f"{who} gave it back. Nobody had paid"
    if kind == UNCHARGED:
        return f"{who} switched off. {where} gets {size:,} back"
    return f"{who} was refused it. {where} could not pay {size:,}"


def pinned(session: Session, owner: int) -> str:
    """Say what the cell means now."""
    if owner == -2:
        return "Free"
    if owner == -1:
        return "In use, and nobody pays for it"
    return f"In use, so rmdir {title(session.machine.kmem_subsystem.paths.get(owner))} is refused"
