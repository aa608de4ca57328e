"""Cost, overhead and flow at a step inside an event: rows of the machine after it, turned back to what an earlier step saw.

So the bytes of every picture are those of the gauges, at every step (`Moment.container`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..overhead import AS_IT_IS, More
from ..records import CostRow, FlowRow
from ..survey_kinds import call_name, kind_named
from .moment import Moment


def moved(moment: Moment) -> tuple[int, int, int]:
    """Return how many bytes more are charged, in use without an owner, and free than after the event; they add up to 0."""
    event = moment.event
    if event is None or event.slot < 0:
        return 0, 0, 0
    size = event.bytes
    if event.kind == "charged-call" and not moment.reached("res_counter_charge"):
        return -size, size, 0  # its memory is there from the first function on
    if event.kind == "uncharged-call" and not moment.reached("res_counter_uncharge"):
        return size, -size, 0  # and goes after the last
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


def is_call(moment: Moment) -> bool:
    """Say whether the event is a marked call's: its bytes are a call site's and no cache's."""
    return moment.kind.endswith("-call")


def cost_at(moment: Moment, rows: Iterable[CostRow], home: str = "") -> tuple[CostRow, ...]:
    """Return the rows of `cost_rows` as they are at this step. `home` is the cache that a call's memory is in, "" for none."""
    charged, unowned, free = moved(moment)
    event = moment.event
    if event is None or not (charged or unowned or free):
        return tuple(rows)
    turned = []
    mine = (event.cache, "cache")
    if is_call(moment):
        mine = (home, "cache") if home else (call_name(event.cache), kind_named(event.cache))
    for row in rows:
        if (row.cache, row.kind) == mine:
            paid = dict(row.owners)
            if charged and event.container is not None:
                paid[event.container] = paid.get(event.container, 0) + charged
            owners = tuple(sorted(((path, size) for path, size in paid.items() if size), key=lambda each: -each[1]))
            unseen = unowned if is_call(moment) else 0
            row = replace(
                row, charged=row.charged + charged, unowned=row.unowned + unowned - unseen, free=row.free + free,
                owners=owners, unseen=row.unseen + unseen,
            )  # fmt: skip
        turned.append(row)
    return tuple(turned)


def more_at(moment: Moment) -> More:
    """Return how many objects more than after the event its slab has in use at this step: overhead is counted with them."""
    event, (_, _, free) = moment.event, moved(moment)
    return More(event.cache, moment.slab, -free // event.bytes) if event is not None and free else AS_IT_IS


def flow_at(moment: Moment, rows: Iterable[FlowRow], state: str) -> tuple[FlowRow, ...]:
    """Return the rows of `flow_rows` as they are at this step. `state` is that of the event's slab, which stays as it is."""
    turned = list(rows)
    event = moment.event
    if event is None:
        return tuple(turned)
    call = is_call(moment)
    name = call_name(event.cache) if call else event.cache

    def mine(row: FlowRow) -> bool:
        """Whether bytes are of the event's cache, in a slab of this state; or of its call site, wherever they are."""
        return row.cache == name and (row.kind != "cache" if call else (row.kind, row.state) == ("cache", state))

    for more, container, free in zip(moved(moment), (event.container, None, None), (False, False, True), strict=True):
        if not more:
            continue
        like = [
            place
            for place, row in enumerate(turned)
            if mine(row) and (row.container, row.free, row.refused) == (container, free, False) and row.bytes + more >= 0
        ]
        if like:
            turned[like[0]] = replace(turned[like[0]], bytes=turned[like[0]].bytes + more)
        else:
            other = next((row for row in turned if mine(row) and not row.refused), None)
            if other is not None:
                turned.append(replace(other, task="", container=container, bytes=more, free=free))
    if event.kind in ("refused", "refused-call") and not moment.reached("res_counter_charge"):
        for place, row in enumerate(turned):  # it has not been refused yet
            if row.refused and (row.cache, row.container) == (name, event.container) and row.bytes >= event.bytes:
                turned[place] = replace(row, bytes=row.bytes - event.bytes)
                break
    return tuple(row for row in turned if row.bytes)


__all__ = ["cost_at", "flow_at", "more_at", "moved"]
