"""Break points: the events that N goes to and that stop the play, found in the event log's columns; no machine is touched.

Only a broken invariant is in no log: it is looked for by standing at the end of each command in turn and walking everything.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..engine.errors import CheckError
from ..engine.events import ALLOC, CHARGED_CALL, COMMAND, FAULT, FREEPAGE, NEWPAGE, REFUSED, REFUSED_CALL, EventLog
from ..engine.types import NONE
from ..figures.palette import name_of
from ..session import Session

MOST_CHECKS = 200  # commands whose end is checked for one press of N: each walks the whole machine


@dataclass(frozen=True)
class Break:
    """What to stop at.

    Attributes:
        kind: refusal (of a charge), command (a refused one), slab (born or given back), charge, errno, or invariant (broken).
        arg: of slab the cache's name, of charge the container's number, of errno its name; else "".
        name: what `arg` is called: the container's name for its number.
    """

    kind: str = "refusal"
    arg: str = ""
    name: str = ""

    @property
    def noun(self) -> str:
        """Return what one of them is called: "charge to bomb"."""
        if self.kind == "slab":
            return f"slab of {self.arg} born or given back"
        if self.kind == "charge":
            return f"charge to {self.name}"
        if self.kind == "errno":
            return self.arg
        if self.kind == "command":
            return "refused command"
        return "broken invariant" if self.kind == "invariant" else "refusal"

    @property
    def label(self) -> str:
        """Return what the button says: "next refusal"."""
        return f"next {self.arg} slab" if self.kind == "slab" else f"next {self.noun}"


REFUSAL = Break()


def events_of(log: EventLog, length: int, point: Break) -> Iterator[int]:
    """Yield the events that a break point stops at, in order; none for an invariant.

    Args:
        log: its columns reach over the recorded history, also where one stands further back.
        length: of the recorded history.
        point: what to stop at.
    """
    if point.kind == "refusal":
        return (n + 1 for n in range(length) if log.kind[n] in (REFUSED, REFUSED_CALL))
    if point.kind == "command":
        return (n + 1 for n in range(length) if log.kind[n] == COMMAND and log.errno[n] > 0)
    if point.kind == "slab":
        cache = log.numbers.get(point.arg, NONE)
        return (n + 1 for n in range(length) if log.kind[n] in (NEWPAGE, FREEPAGE) and log.cache[n] == cache)
    if point.kind == "charge":
        owner = int(point.arg)
        return (n + 1 for n in range(length) if log.owner[n] == owner and log.kind[n] in (ALLOC, CHARGED_CALL))
    if point.kind == "errno":
        number = getattr(errno, point.arg)
        return (n + 1 for n in range(length) if log.errno[n] == number and log.kind[n] != FAULT)
    return iter(())


def errnos_of(log: EventLog, length: int) -> list[tuple[str, int]]:
    """Return the errnos that occur, by name, and how many events say so; the most frequent first."""
    found: dict[int, int] = {}
    for n in range(length):
        number = log.errno[n]
        if number > 0 and log.kind[n] != FAULT:
            found[int(number)] = found.get(int(number), 0) + 1
    named = [(errno.errorcode.get(number, str(number)), count) for number, count in found.items()]
    return sorted(named, key=lambda each: (-each[1], each[0]))


def choices(session: Session, cache: str) -> list[dict[str, Any]]:
    """Return what the picker offers: refusals, slabs of the drawn cache, charges, the errnos that occur, a broken invariant.

    Args:
        session: whose events they are.
        cache: the drawn one.
    """
    points = [REFUSAL, Break("command"), Break("slab", cache)]
    points += [Break("charge", str(ident), name_of(path)) for ident, path in session.cast.containers.items()]
    counts = dict(errnos_of(session.log, session.length))
    points += [Break("errno", name) for name in counts if hasattr(errno, name)]
    points.append(Break("invariant"))
    offered: list[dict[str, Any]] = []
    for point in points:
        words = point.noun[0].upper() + point.noun[1:] if point != REFUSAL else "Refusal (a charge over its limit)"
        one: dict[str, Any] = {"kind": point.kind, "arg": point.arg, "words": words}
        if point.kind == "errno":
            one["count"] = counts[point.arg]
        offered.append(one)
    return offered


@dataclass(frozen=True)
class Found:
    """What a search for a broken invariant came to.

    Attributes:
        at: the position where the search ended.
        broken: the rule that does not hold there, "" if all hold up to there.
        over: no command is left in this direction.
    """

    at: int
    broken: str
    over: bool


def broken_invariant(session: Session, by: int, most: int = MOST_CHECKS) -> Found:
    """Walk to the next (previous) end of a command where an invariant is broken; the session stands at the end of the search.

    Inside a command there is nothing to check: a slab may be in flight between two lists.
    """
    here = session.position
    ends = [n for n in session.ends if n > here] if by > 0 else [n for n in reversed([0, *session.ends]) if n < here]
    for n in ends[:most]:
        session.seek(n)
        try:
            session.machine.check()
        except CheckError as error:
            return Found(n, str(error).partition("\n")[0], over=False)
    return Found(session.position, "", over=len(ends) <= most)
