"""Cost and flow at a step inside an event: rows of the machine after it, turned back to what a function before its end saw.

So the bytes of every picture are those of the gauges, at every step (`Moment.container`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..records import CostRow, FlowRow
from .moment import Moment


def moved(moment: Moment) -> tuple[int, int, int]:
    """Return how many bytes more are charged, in use without an owner, and free than after the event; they add up to 0."""
    event = moment.event
    if event is None or event.slot < 0:
        return 0, 0, 0
    size = event.bytes
    if event.kind == "refused":
        return (0, size, -size) if moment.taken else (0, 0, 0)
    if not moment.charged:
        return 0, 0, 0
    if event.kind == "alloc" and not moment.reached("res_counter_charge"):
        return (-size, size, 0) if moment.reached("kmem_cache_alloc") else (-size, 0, size)
    if event.kind == "uncharged" and not moment.reached("res_counter_uncharge"):
        return size, -size, 0
    if event.kind == "free" and not moment.reached("res_counter_uncharge"):
        return size, 0, -size
    if event.kind == "free" and not moment.reached("kmem_cache_free"):
        return 0, size, -size
    return 0, 0, 0


def cost_at(moment: Moment, rows: Iterable[CostRow]) -> tuple[CostRow, ...]:
    """Return the rows of `cost_rows` as they are at this step."""
    charged, unowned, free = moved(moment)
    event = moment.event
    if event is None or not (charged or unowned or free):
        return tuple(rows)
    turned = []
    for row in rows:
        if row.cache == event.cache:
            paid = dict(row.owners)
            if charged and event.container is not None:
                paid[event.container] = paid.get(event.container, 0) + charged
            owners = tuple(sorted(((path, size) for path, size in paid.items() if size), key=lambda each: -each[1]))
            row = replace(
                row, charged=row.charged + charged, unowned=row.unowned + unowned, free=row.free + free, owners=owners
            )
        turned.append(row)
    return tuple(turned)


def flow_at(moment: Moment, rows: Iterable[FlowRow], state: str) -> tuple[FlowRow, ...]:
    """Return the rows of `flow_rows` as they are at this step. `state` is that of the event's slab, which stays as it is."""
    turned = list(rows)
    event = moment.event
    if event is None:
        return tuple(turned)
    for more, container, free in zip(moved(moment), (event.container, None, None), (False, False, True), strict=True):
        if not more:
            continue
        like = [
            place
            for place, row in enumerate(turned)
            if (row.cache, row.container, row.state, row.free, row.refused) == (event.cache, container, state, free, False)
            and row.bytes + more >= 0
        ]
        if like:
            turned[like[0]] = replace(turned[like[0]], bytes=turned[like[0]].bytes + more)
        else:
            other = next((row for row in turned if (row.cache, row.state) == (event.cache, state)), None)
            if other is not None:
                turned.append(replace(other, task="", container=container, bytes=more, free=free))
    if event.kind == "refused" and not moment.reached("res_counter_charge"):
        for place, row in enumerate(turned):  # it has not been refused yet
            if row.refused and (row.cache, row.container) == (event.cache, event.container) and row.bytes >= event.bytes:
                turned[place] = replace(row, bytes=row.bytes - event.bytes)
                break
    return tuple(row for row in turned if row.bytes)


__all__ = ["cost_at", "flow_at", "moved"]
