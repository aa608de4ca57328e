"""One step inside one event: what a picture shows while the functions of that event are walked.

The machine stands after the event. Here the rows are turned back to what they were at a function before its end: a usage
before the charge, a reference that is held for a while, a cell that is taken and belongs to nobody yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ..engine.machine import Machine
from ..figures import charge_path_graph
from ..records import ContainerRow, EventRow, SlabRow, StepRow
from ..survey import container_rows


@dataclass(frozen=True)
class Moment:
    """An event, its steps, and the step that is shown, 1 to len(steps) ("never" steps not counted); 0 at event 0.

    `slab` is the birth number of the slab that the event touches, -1 for none.
    """

    event: EventRow | None
    steps: tuple[StepRow, ...]
    step: int
    slab: int = -1

    @property
    def walked(self) -> list[StepRow]:
        """Return the steps that happened, in order."""
        return [row for row in self.steps if row.state != "never"]

    @property
    def now(self) -> StepRow | None:
        """Return the step that is shown."""
        return self.walked[self.step - 1] if self.step else None

    def reached(self, fn: str) -> bool:
        """Say whether a function has been walked by now."""
        return any(row.fn == fn for row in self.walked[: self.step])

    @property
    def kind(self) -> str:
        """Return the event's kind, "" at event 0."""
        return self.event.kind if self.event is not None else ""

    @property
    def charged(self) -> bool:
        """Whether the event is about a container's bytes."""
        return self.event is not None and self.event.container is not None

    # -- containers

    def container(self, row: ContainerRow) -> tuple[ContainerRow, int | None]:
        """Return a container as it is at this step, and failcnt before if this event raised it and it shows by now."""
        event = self.event
        if event is None or event.container != row.path:
            return row, None
        usage, refs, failcnt, before = row.usage, row.css_refs, row.failcnt, None
        if event.kind in ("alloc", "charged-call"):
            usage -= 0 if self.reached("res_counter_charge") else event.bytes
            refs -= 0 if self.reached("css_get") else 1
        elif event.kind in ("free", "uncharged", "uncharged-call"):
            usage += 0 if self.reached("res_counter_uncharge") else event.bytes
            refs += 0 if self.reached("css_put") else 1
        elif event.kind in ("refused", "refused-call"):
            refs += self.reached("css_get") and not self.reached("css_put")
            if self.reached("res_counter_charge"):
                before = failcnt - 1
            else:
                failcnt -= 1
        return replace(row, usage=usage, css_refs=refs, failcnt=failcnt), before

    @contextmanager
    def counted(self, machine: Machine) -> Iterator[None]:
        """Let the counter be for a while what it is at this step: `cat kmem.usage` then prints what the gauge shows."""
        rows = container_rows(machine) if self.charged else ()
        row = next((each for each in rows if self.event is not None and each.path == self.event.container), None)
        group = machine.kmem_subsystem.owners[row.ident] if row is not None else None
        if row is None or group is None:
            yield
            return
        now, _ = self.container(row)
        group.res.usage, group.res.failcnt = now.usage, now.failcnt
        try:
            yield
        finally:
            group.res.usage, group.res.failcnt = row.usage, row.failcnt

    # -- the cell that the event touches

    def mark(self, cache: str) -> dict[str, Any] | None:
        """Return the frame's `mark`, None if the event touches no cell of this cache at this step."""
        event = self.event
        if event is None or event.cache != cache or event.slot < 0:
            return None
        mark: dict[str, Any] = {"slab": self.slab, "slot": event.slot}
        if event.kind == "refused" and self.taken:
            return {**mark, "kind": "taken"}
        if event.kind == "alloc" and self.reached("kmem_cache_alloc"):
            return {**mark, "kind": "new"}
        if event.kind == "free" and self.reached("kmem_cache_free"):
            return {**mark, "kind": "freed"}
        return None

    @property
    def taken(self) -> bool:
        """Whether a refused object is out just now: handed out, not yet given back."""
        return self.reached("kmem_cache_alloc") and not self.reached("kmem_cache_free")

    @property
    def cell(self) -> str:
        """What the touched cell is at this step, if not what it is at the event's end: "taken", "free", "unowned"; else ""."""
        if self.kind == "refused" and self.taken:
            return "taken"
        if self.kind == "alloc" and not self.reached("kmem_cache_alloc"):
            return "free"
        return "unowned" if self.kind == "alloc" and self.charged and not self.reached("store owner") else ""

    def slab_row(self, row: SlabRow) -> SlabRow:
        """Return a slab as it is at this step: the touched cell is out without an owner, or not yet out."""
        event = self.event
        if event is None or (event.cache, self.slab) != (row.cache, row.number) or event.slot < 0 or not self.cell:
            return row
        slot = event.slot
        owners = tuple(None if cell == slot else path for cell, path in enumerate(row.owners))
        if self.cell == "taken":
            free = tuple(cell for cell in row.freelist if cell != slot)
            return replace(row, owners=owners, freelist=free, inuse=row.inuse + 1)
        if self.cell == "free":
            return replace(row, owners=owners, freelist=(slot, *row.freelist), inuse=row.inuse - 1)
        return replace(row, owners=owners)


def path_nodes(moment: Moment) -> dict[str, Any] | None:
    """Return the frame's `path`, read off the networkx graph of this charge; None for an event without steps."""
    if not moment.steps:
        return None
    graph = charge_path_graph(moment.steps, moment.step)
    nodes = [
        {
            "k": max(step, 0), "fn": at["fn"], "value": at["value"], "lane": at["lane"], "col": at["col"], "state": at["state"],
        }
        for step, at in graph.nodes(data=True)
    ]  # fmt: skip
    columns = {node["fn"]: node["col"] for node in nodes if node["lane"] == "forward"}
    drawn: dict[str, Any] = {"nodes": nodes, "columns": len(columns)}
    turn = next((start for start, _, kind in graph.edges(data="kind") if kind == "turn"), None)
    if turn is not None:
        drawn["turn"] = graph.nodes[turn]["col"]
    if "rcu lookup" in columns and "css_get" in columns:
        drawn["rcu"] = [columns["rcu lookup"], columns["css_get"]]
    return drawn


def resting_step(steps: Sequence[StepRow]) -> int:
    """Return the step to stand on when one comes to an event: its end, or the refusal, which is what one came for."""
    walked = [row for row in steps if row.state != "never"]
    for k, row in enumerate(walked, 1):
        if row.state == "refused":
            return k
    return len(walked)
