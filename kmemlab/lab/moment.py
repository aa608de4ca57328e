"""One step inside one event: what a picture shows while the functions of that event are walked.

The machine stands after the event. Here the rows are turned back to what they were at a function before its end: a usage
before the charge, a reference that is held for a while, a cell that is taken and belongs to nobody yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..figures import charge_path_graph
from ..records import ContainerRow, EventRow, StepRow


@dataclass(frozen=True)
class Moment:
    """An event, its steps, and the step that is shown, 1 to len(steps) ("never" steps not counted); 0 at event 0."""

    event: EventRow | None
    steps: tuple[StepRow, ...]
    step: int

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
        if event.kind == "alloc":
            usage -= 0 if self.reached("res_counter_charge") else event.bytes
            refs -= 0 if self.reached("css_get") else 1
        elif event.kind == "free":
            usage += 0 if self.reached("res_counter_uncharge") else event.bytes
            refs += 0 if self.reached("css_put") else 1
        elif event.kind == "refused":
            refs += self.reached("css_get") and not self.reached("css_put")
            if self.reached("res_counter_charge"):
                before = failcnt - 1
            else:
                failcnt -= 1
        return replace(row, usage=usage, css_refs=refs, failcnt=failcnt), before

    # -- the cell that the event touches

    def mark(self, slab: int, cache: str) -> dict[str, Any] | None:
        """Return the frame's `mark`, None if the event touches no cell of this cache at this step."""
        event = self.event
        if event is None or event.cache != cache or event.slot < 0:
            return None
        mark: dict[str, Any] = {"slab": slab, "slot": event.slot}
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

    def cell(self, slot: int, owners: list[int], turn: list[int]) -> None:
        """Turn the touched cell's row back to this step; `owners` and `turn` are the frame's lists of its slab."""
        event = self.event
        if event is None:
            return
        if event.kind == "refused" and self.taken:
            give_out(slot, owners, turn)
        elif event.kind == "alloc":
            if not self.reached("kmem_cache_alloc"):
                take_back(slot, owners, turn)
            elif self.charged and not self.reached("store owner"):
                owners[slot] = -1


def give_out(slot: int, owners: list[int], turn: list[int]) -> None:
    """Show a cell as handed out and unowned; who waited behind it moves up."""
    owners[slot] = -1
    turn[slot] = 0
    for cell, place in enumerate(turn):
        if place:
            turn[cell] = place - 1 if place > 0 else place + 1


def take_back(slot: int, owners: list[int], turn: list[int]) -> None:
    """Show a cell as still free and next; everyone else waits one longer."""
    for cell, place in enumerate(turn):
        if place:
            turn[cell] = place + 1 if place > 0 else place - 1
    owners[slot] = -2
    turn[slot] = 1


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
