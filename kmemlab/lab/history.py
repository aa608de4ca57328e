"""The whole recorded history as step lines: usage of each container, refusals, slab bytes and charged bytes.

Computed from the event log's columns alone, and extended by what was added; no machine is touched.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from ..engine.events import (
    ALLOC,
    CHARGED_CALL,
    FREE,
    FREEPAGE,
    NEWPAGE,
    REFUSED,
    REFUSED_CALL,
    SWITCHED,
    UNCHARGED,
    UNCHARGED_CALL,
    EventLog,
)
from ..engine.types import NONE

POINTS = 400  # of a line in the small multiples: more than it has pixels


class Line:
    """A line of steps: at `events[k]` it becomes `values[k]`."""

    __slots__ = ("events", "values")

    def __init__(self) -> None:
        self.events = array("i", [0])
        self.values = array("q", [0])

    def add(self, event: int, by: int) -> None:
        """Go up or down at an event."""
        self.events.append(event)
        self.values.append(self.values[-1] + by)

    def thin(self, ends: list[int]) -> list[list[int]]:
        """Return the last step of each stretch, so that every value is exact."""
        kept: list[list[int]] = []
        before = -1
        for end in ends:
            at = bisect_right(self.events, end) - 1
            if at > before:
                kept.append([self.events[at], self.values[at]])
                before = at
        return kept


class History:
    """Lines over events 0 to `length`.

    Attributes:
        length, commands: how far it reaches.
        usage: by owner number.
        failcnt, slab, charged: of all containers; slab and charged bytes of the caches that were ever accounted.
        refusals: events that were refused for a limit.
        births: by cache name, events that made a slab.
        accounted: caches that were ever accounted, by the log's number.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget everything."""
        self.length = 0
        self.commands = 0
        self.usage: dict[int, Line] = {}
        self.failcnt, self.slab, self.charged = Line(), Line(), Line()
        self.refusals: list[int] = []
        self.births: dict[str, list[int]] = {}
        self.accounted: set[int] = set()
        self._touched: dict[tuple[int, int], array[int]] = {}
        self._indexed = 0
        self._drawn: tuple[str, dict[str, Any]] | None = None

    def extend(self, log: EventLog, length: int, commands: int = 0) -> None:
        """Go on to `length`, the end of so many commands. The rows before are those that were read already.

        A cache that is accounted for the first time has slabs from before: then all is read again.
        """
        kinds, caches = log.kind, log.cache
        switched = {int(caches[n]) for n in range(self.length, length) if kinds[n] == SWITCHED and log.slot[n]}
        if switched - self.accounted:
            known = self.accounted | switched
            self.begin()
            self.accounted = known
        for n in range(self.length, length):
            kind = kinds[n]
            if kind in (ALLOC, FREE, UNCHARGED, CHARGED_CALL, UNCHARGED_CALL):
                owner = log.owner[n]
                if owner != NONE:
                    by = log.size[n] if kind in (ALLOC, CHARGED_CALL) else -log.size[n]
                    line = self.usage.get(owner)
                    if line is None:
                        line = self.usage[int(owner)] = Line()
                    line.add(n + 1, by)
                    self.charged.add(n + 1, by)
            elif kind == SWITCHED and log.owner[n] != NONE:  # what the cache had is charged at once
                self.usage.setdefault(int(log.owner[n]), Line()).add(n + 1, log.size[n])
                self.charged.add(n + 1, log.size[n])
            elif kind in (REFUSED, REFUSED_CALL):
                self.refusals.append(n + 1)
                self.failcnt.add(n + 1, 1)
            elif kind in (NEWPAGE, FREEPAGE):
                if kind == NEWPAGE:
                    self.births.setdefault(log.names[caches[n]], []).append(n + 1)
                if caches[n] in self.accounted:
                    self.slab.add(n + 1, log.size[n] if kind == NEWPAGE else -log.size[n])
        self.length = length
        self.commands = commands
        self._drawn = None

    def events_of(self, log: EventLog, cache: int, slab: int) -> Sequence[int]:
        """Return the events that name a slab of a cache (the log's number). The first question finds all."""
        kinds, caches, slabs, touched = log.kind, log.cache, log.slab, self._touched
        for n in range(self._indexed, self.length):
            if kinds[n] in (ALLOC, FREE, REFUSED, NEWPAGE, FREEPAGE, UNCHARGED):
                key = (int(caches[n]), int(slabs[n]))
                if key not in touched:
                    touched[key] = array("i")
                touched[key].append(n + 1)
        self._indexed = self.length
        return touched.get((cache, slab), ())

    def drawn(self, cache: str) -> dict[str, Any]:
        """Return the frame's `timeline`: lines thinned to what a picture can show. The same object until something changes."""
        if self._drawn is not None and self._drawn[0] == cache:
            return self._drawn[1]
        ends, coarse, stretch = stretches(self.length)
        drawn: dict[str, Any] = {
            "usage": {str(owner): line.thin(ends) for owner, line in self.usage.items()},
            "failcnt": self.failcnt.thin(ends),
            "slab": self.slab.thin(ends),
            "charged": self.charged.thin(ends),
            "refusals": runs(self.refusals, coarse, stretch),
            "births": first_of_each(self.births.get(cache, []), ends),
            "window": [0, self.length],
        }
        if self.refusals:
            drawn["first"] = self.refusals[0]
        self._drawn = cache, drawn
        return drawn


def stretches(length: int) -> tuple[list[int], int, int]:
    """Cut events 0 to `length` into about POINTS stretches: their last events, where the coarse ones end, and the fine width.

    All are `fine` or twice as wide, the wide ones first; the longer the history, the further they reach. So one event more
    joins two stretches at most, and little of a line that was sent before changes.
    """
    if length <= POINTS:
        return list(range(length + 1)), 0, 1
    fine = 1
    while 2 * POINTS * fine < length:
        fine *= 2
    wide = -((POINTS * fine - length) // fine)
    coarse = 2 * fine * wide
    return [0, *range(2 * fine, coarse + 1, 2 * fine), *range(coarse + fine, length + fine, fine)], coarse, fine


def runs(events: list[int], coarse: int, stretch: int) -> list[list[int]]:
    """Join events that stand at most a stretch apart to [first, last]; up to `coarse` a stretch is twice as wide."""
    joined: list[list[int]] = []
    for n in events:
        if joined and n - joined[-1][1] <= (2 * stretch if n <= coarse else stretch):
            joined[-1][1] = n
        else:
            joined.append([n, n])
    return joined


def first_of_each(events: list[int], ends: list[int]) -> list[int]:
    """Keep the first event of each stretch: others would fall on its pixel."""
    kept: list[int] = []
    before = -1
    for end in ends:
        at = bisect_left(events, before + 1)
        if at < len(events) and events[at] <= end:
            kept.append(events[at])
        before = end
    return kept
