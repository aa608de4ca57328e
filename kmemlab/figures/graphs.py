"""The three graphs of the lab as networkx graphs, made from records and usable without any picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import networkx as nx

from kmemlab.records import ContainerRow, FlowRow, StepRow

LAYERS: Final = ("task", "container", "cache", "slab state", "pages")
STATES: Final = (
    "cpu slab", "partial", "full, on no list", "full, on a list", "free", "kmalloc, in no slab", "vmalloc, in no slab",
    "pages, in no slab",
)  # fmt: skip


def container_graph(containers: Sequence[ContainerRow], tasks: bool = False) -> nx.DiGraph:
    """Return the hierarchy of containers: who stands below whom.

    The edges are directories, not sums: a parent's usage does not hold its children's.

    Args:
        containers: in any order; children keep it.
        tasks: whether each task becomes a leaf below its container, as node (path, pid), before the
            containers below it.

    Returns:
        Nodes are paths with the row's fields as attributes and kind "container"; leaves carry kind "task",
        pid and comm. A container whose parent is not among the rows is a root.
    """
    graph = nx.DiGraph()
    for row in containers:
        graph.add_node(row.path, kind="container", **row.to_dict())
    for row in containers if tasks else ():
        for pid, comm in row.tasks:
            graph.add_node((row.path, pid), kind="task", pid=pid, comm=comm)
            graph.add_edge(row.path, (row.path, pid))
    for row in containers:
        parent = row.path.rpartition("/")[0] or "/"
        if parent != row.path and parent in graph:
            graph.add_edge(parent, row.path)
    return graph


def _seen(row: StepRow, step: int, now: int) -> str:
    """State of one reached step as the picture shows it at step `now`."""
    if step > now:
        return "todo"
    if row.state == "refused":
        return "refused"
    return "now" if step == now else "done"


def charge_path_graph(steps: Sequence[StepRow], now: int) -> nx.DiGraph:
    """Return the path of one charge: forward until it is refused, then back under what is undone.

    Args:
        steps: in the order in which they happen.
        now: the step shown, from 1; 0 is before the first.

    Returns:
        Nodes are step numbers from 1; functions that are never reached have no number and are -1, -2, ...
        Node attributes: fn, value, sentence, source, model, lane ("forward", "unwind"), col (column from 0; an
        undo stands in the column of what it undoes), state ("done", "now", "refused", "todo", "never"; a
        refusal stays one from then on), refuses (True for it at every `now`), current (True at `now`).
        Edge attribute kind: "next" along a lane, "turn" from the refusal to the first undo, "undoes" from an
        undo to its function.
    """
    graph = nx.DiGraph()
    column_of: dict[str, int] = {}
    node_of: dict[str, int] = {}
    lane_end: dict[str, int] = {}
    turn = 0  # the refusal, or else the last forward step reached: where the way back begins
    refused_at = False
    step = never = columns = undo_column = 0
    for row in steps:
        if row.state == "never":
            never += 1
            node, state = -never, "never"
        else:
            step += 1
            node, state = step, _seen(row, step, now)
        forward = row.lane != "unwind"
        if forward:
            column = undo_column = columns
            column_of[row.fn], node_of[row.fn] = column, node
            columns += 1
        else:
            # What undoes nothing by name stands one column further back than the undo before it.
            column = undo_column = column_of.get(row.undoes, max(0, undo_column - 1))
        graph.add_node(
            node,
            fn=row.fn,
            value=row.value,
            sentence=row.sentence,
            source=row.source,
            model=row.model,
            lane=row.lane,
            col=column,
            state=state,
            refuses=row.state == "refused",
            current=node == now,
        )
        if row.lane in lane_end:
            graph.add_edge(lane_end[row.lane], node, kind="next")
        elif not forward and turn:
            graph.add_edge(turn, node, kind="turn")
        if row.undoes in node_of and not forward:
            graph.add_edge(node, node_of[row.undoes], kind="undoes")
        lane_end[row.lane] = node
        if forward and node > 0 and not refused_at:
            turn, refused_at = node, row.state == "refused"
    return graph


def _flow_order(row: FlowRow, containers: Sequence[str]) -> tuple[int, bool, int]:
    """Streams of containers come first, in the order of their containers; free bytes come last."""
    payer = len(containers) if row.container is None else containers.index(row.container)
    state = STATES.index(row.state) if row.state in STATES else len(STATES)
    return payer, row.free, state


def flow_graph(rows: Sequence[FlowRow], layers: Sequence[str] = LAYERS) -> nx.MultiDiGraph:
    """Return where bytes go: task, container, cache, slab state, pages by order.

    Parallel edges keep the streams of several containers apart. Bytes that nobody pays begin at their cache.

    Args:
        rows: in any order; containers keep the order in which they first come.
        layers: of `LAYERS`, those that are wanted; the way goes past the others.

    Returns:
        Nodes are ("task", container, comm), ("container", path), ("cache", name), ("slab state", state),
        ("pages", order) and ("wall", container), where refused bytes end. Node attributes: layer (0 to 4,
        a place in `LAYERS`; a wall stands in layer 1), label, bytes (that stay there or pass, refused ones
        counted at the wall only).
        Edge attributes: bytes, owner (path, None where nobody pays), stream ("charged", "no owner", "unseen" (calls),
        "free", "refused"); the key of an edge is (owner, stream).
    """
    containers = list(dict.fromkeys(row.container for row in rows if row.container is not None))
    graph = nx.MultiDiGraph()
    for row in sorted(rows, key=lambda row: _flow_order(row, containers)):
        way: list[tuple[tuple[int, str], tuple[Any, ...]]]
        task = ("task", row.container, row.task)
        payer = row.container or "a container"
        if row.refused:
            stream = "refused"
            asks = ((0, row.task or "a task"), task) if "task" in layers else ((1, payer), ("container", payer))
            way = [asks, ((1, "refused"), ("wall", row.container))]
        else:
            unpaid = "no owner" if row.kind == "cache" else "unseen"
            stream = "free" if row.free else "charged" if row.container is not None else unpaid
            way = [((0, row.task), task)] if row.task and stream == "charged" else []
            way += [((1, payer), ("container", payer))] if stream == "charged" else []
            way += [((2, row.cache), ("cache", row.cache))]
            way += [((3, row.state), ("slab state", row.state))] if row.state else []
            way += [((4, f"order {row.page_order}"), ("pages", row.page_order))]
            way = [place for place in way if LAYERS[place[0][0]] in layers]
        counted = way[-1:] if row.refused else way
        for (layer, label), node in way:
            if node not in graph:
                graph.add_node(node, layer=layer, label=label, bytes=0)
            if ((layer, label), node) in counted:
                graph.nodes[node]["bytes"] += row.bytes
        owner = None if row.free else row.container
        for (_, start), (_, end) in pairwise(way):
            key = (owner, stream)
            if graph.has_edge(start, end, key):
                graph.edges[start, end, key]["bytes"] += row.bytes
            else:
                graph.add_edge(start, end, key, bytes=row.bytes, owner=owner, stream=stream)
    return graph


__all__ = ["LAYERS", "STATES", "charge_path_graph", "container_graph", "flow_graph"]
