"""The whole recorded history as step lines: usage of each container, refusals, slab bytes and charged bytes.

Computed from the event log's columns alone, once for each change of what happened; no machine is touched.
"""

from __future__ import annotations

from typing import Any

from ..engine.events import ALLOC, FREE, FREEPAGE, KINDS, NEWPAGE, REFUSED, SWITCHED, EventLog
from ..engine.types import NONE

POINTS = 400  # of a line in the small multiples: more than it has pixels

Line = list[list[int]]


class History:
    """Lines over events 0 to `length`.

    Attributes:
        usage: by owner number.
        failcnt, slab, charged: of all containers; slab and charged bytes of the caches that were ever accounted.
        refusals: events that were refused for a limit.
        refused_by: by owner number, the refusals.
        births: by cache name, events that made a slab.
    """

    def __init__(self, log: EventLog, length: int) -> None:
        self.length = length
        self.usage: dict[int, Line] = {}
        self.failcnt: Line = [[0, 0]]
        self.slab: Line = [[0, 0]]
        self.charged: Line = [[0, 0]]
        self.refusals: list[int] = []
        self.births: dict[str, list[int]] = {}
        accounted = {log.cache[n] for n in range(length) if log.kind[n] == SWITCHED and log.slot[n]}
        used: dict[int, int] = {}
        refused = slab = charged = 0
        for n in range(length):
            kind = log.kind[n]
            if kind in (ALLOC, FREE):
                owner = log.owner[n]
                if owner == NONE:
                    continue
                size = log.size[n] if kind == ALLOC else -log.size[n]
                used[owner] = used.get(owner, 0) + size
                charged += size
                self.usage.setdefault(owner, [[0, 0]]).append([n + 1, used[owner]])
                self.charged.append([n + 1, charged])
            elif kind == REFUSED:
                refused += 1
                self.refusals.append(n + 1)
                self.failcnt.append([n + 1, refused])
            elif kind in (NEWPAGE, FREEPAGE):
                if kind == NEWPAGE:
                    self.births.setdefault(log.names[log.cache[n]], []).append(n + 1)
                if log.cache[n] in accounted:
                    slab += log.size[n] if kind == NEWPAGE else -log.size[n]
                    self.slab.append([n + 1, slab])

    def drawn(self, cache: str) -> dict[str, Any]:
        """Return the frame's `timeline`: lines thinned to what a picture can show."""
        drawn: dict[str, Any] = {
            "usage": {str(owner): thin(line, self.length) for owner, line in self.usage.items()},
            "failcnt": thin(self.failcnt, self.length),
            "slab": thin(self.slab, self.length),
            "charged": thin(self.charged, self.length),
            "refusals": runs(self.refusals, max(1, self.length // 400)),
            "births": spread(self.births.get(cache, []), self.length),
            "window": [0, self.length],
        }
        if self.refusals:
            drawn["first"] = self.refusals[0]
        return drawn


def thin(line: Line, length: int) -> Line:
    """Keep at most about POINTS steps: the last of each stretch, so every kept value is exact."""
    if len(line) <= POINTS:
        return [[int(n), int(value)] for n, value in line]
    stretch = max(1, length // POINTS)
    kept: Line = []
    for n, value in line:
        if kept and n // stretch == kept[-1][0] // stretch:
            kept[-1] = [int(n), int(value)]
        else:
            kept.append([int(n), int(value)])
    return kept


def runs(events: list[int], gap: int) -> Line:
    """Join events that stand at most `gap` apart to [first, last]."""
    joined: Line = []
    for n in events:
        if joined and n - joined[-1][1] <= gap:
            joined[-1][1] = n
        else:
            joined.append([n, n])
    return joined


def spread(events: list[int], length: int) -> list[int]:
    """Leave out marks that would fall on one pixel."""
    gap = max(1, length // POINTS)
    kept: list[int] = []
    for n in events:
        if not kept or n - kept[-1] >= gap:
            kept.append(n)
    return kept


def kind_at(log: EventLog, n: int) -> str:
    """Return the kind of event n, "" for event 0."""
    return KINDS[log.kind[n - 1]] if n else ""
