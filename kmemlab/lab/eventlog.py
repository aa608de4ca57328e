"""The event log around the position, filtered by words: which events came before and after this one, and whose were they."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..engine.events import (
    ALLOC,
    CHARGED_CALL,
    COMMAND,
    FAULT,
    FREE,
    KINDS,
    NOPAGE,
    REFUSED,
    REFUSED_CALL,
    UNCHARGED,
    UNCHARGED_CALL,
)
from ..engine.types import NONE
from ..figures import Owner
from ..session import Session
from .look import HUE_NUMBERS

AROUND = 30  # rows shown before and after the position
FARTHEST = 200_000  # events looked at in each direction: what is farther away is not searched at each step
LONGEST_FILTER = 200


@dataclass
class Word:
    """What one word of a filter matches: values of the columns, any of them.

    Attributes:
        kinds, caches, owners, pids, errnos: numbers as they stand in the log.
        said_no: commands that ended with an errno.
        text: what a command's line may hold.
    """

    kinds: set[int] = field(default_factory=set)
    caches: set[int] = field(default_factory=set)
    owners: set[int] = field(default_factory=set)
    pids: set[int] = field(default_factory=set)
    errnos: set[int] = field(default_factory=set)
    said_no: bool = False
    text: str = ""

    def matches(self, session: Session, n: int) -> bool:
        """Say whether row n has one of the values."""
        log = session.log
        if log.kind[n] == COMMAND and self.text in session.commands[log.commands[n] - 1].lower():
            return True
        return (
            log.kind[n] in self.kinds
            or log.cache[n] in self.caches
            or log.owner[n] in self.owners
            or log.who[n] in self.pids
            or (log.errno[n] in self.errnos)
            or (self.said_no and log.kind[n] == COMMAND and log.errno[n] > 0)
        )


def word_of(session: Session, text: str) -> Word:
    """Return what a word means: a kind, a cache, a container, a task's name or pid, an errno; several of them if it fits."""
    log = session.log
    low = text.lower()
    word = Word(text=low)
    word.kinds = {number for number, name in enumerate(KINDS) if name.startswith(low)}
    word.caches = {number for number, name in enumerate(log.names) if name and name.lower() == low}
    paths = session.cast.containers
    word.owners = {ident for ident, path in paths.items() if low in (path.lower(), path.rpartition("/")[2].lower() or "root")}
    word.pids = {pid for pid, comm in session.cast.tasks.items() if comm.lower() == low}
    if low.isdecimal() and low.isascii():
        word.pids.add(int(low))
    if low and "refused".startswith(low) and len(low) > 2:
        word.kinds |= {NOPAGE}
        word.said_no = True
    if text.upper() in errno.errorcode.values():
        word.errnos = {getattr(errno, text.upper())}
    return word


def matching(session: Session, words: list[Word], rows: Iterable[int], most: int) -> list[int]:
    """Return the first `most` rows that every word matches."""
    found: list[int] = []
    for n in rows:
        if all(word.matches(session, n) for word in words):
            found.append(n)
            if len(found) == most:
                break
    return found


def section(session: Session, text: str, owners: Mapping[str, Owner]) -> dict[str, Any]:
    """Return the frame's `log`: the filter, the rows around the position by event number, and a note.

    Args:
        session: whose events they are; its recorded future counts too.
        text: words, all of which must match.
        owners: letters and hues, of those who are not there yet as well.
    """
    here, length = session.position, session.length
    words = [word_of(session, each) for each in text[:LONGEST_FILTER].split()]
    first, last = max(0, here - FARTHEST), min(length, here + FARTHEST)
    before = matching(session, words, range(here - 1, first - 1, -1), AROUND)
    after = matching(session, words, range(here, last), AROUND)
    rows = {str(n + 1): row(session, n, owners) for n in [*reversed(before), *after]}
    note = ""
    if not length:
        note = "Nothing has happened yet."
    elif not rows:
        note = "No event here matches: kinds, caches, containers, tasks, pids, errnos and what was typed are words."
    return {"filter": text[:LONGEST_FILTER], "rows": rows, "note": note}


def row(session: Session, n: int, owners: Mapping[str, Owner]) -> dict[str, Any]:
    """Return row n of the log in words, and the container whose bytes they are."""
    log = session.log
    kind = log.kind[n]
    pid = int(log.who[n])
    one: dict[str, Any] = {
        "kind": KINDS[kind],
        "what": what(session, n),
        "who": f"{session.cast.tasks.get(pid, 'task')} {pid}",
    }
    if kind in (ALLOC, FREE, REFUSED, UNCHARGED, CHARGED_CALL, UNCHARGED_CALL, REFUSED_CALL) and log.owner[n] != NONE:
        owner = owners.get(session.cast.containers.get(int(log.owner[n]), ""))
        if owner is not None:
            one["owner"] = {"letter": owner.letter, "hue": HUE_NUMBERS[owner.hue], "stripe": owner.stripe}
    return one


def what(session: Session, n: int) -> str:
    """Return what an event did to what: "filp slab 17, slot 14, 256 bytes"."""
    log = session.log
    number = int(log.errno[n])
    name = errno.errorcode.get(number, str(number)) if number > 0 else ""
    if log.kind[n] == COMMAND:
        line = session.commands[log.commands[n] - 1]
        return f"{line}: {name}" if name else line
    if log.kind[n] == FAULT:
        return "a fault was injected"
    cache = log.names[log.cache[n]]
    place = []
    if log.slab[n] >= 0:
        place.append(f"slab {log.slab[n]}")
    if log.slot[n] >= 0 and log.kind[n] in (ALLOC, FREE, REFUSED, UNCHARGED):
        place.append(f"slot {log.slot[n]}")
    if log.size[n] > 0:
        place.append(f"{log.size[n]:,} bytes")
    if name:
        place.append(name)
    return f"{cache} {', '.join(place)}".strip()
