"""Where the nodes of the charge flow stand, and how wide its streams are drawn.

Plotly places Sankey nodes in units of the trace's domain and scales the fullest column to exactly that
domain, so a domain of a part of the sheet leaves known room for gaps and labels at every size of the sheet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import networkx as nx

from kmemlab.figures.graphs import FREE, LAYERS, STATES
from kmemlab.figures.layout import Place, stacked
from kmemlab.figures.palette import Owner
from kmemlab.records import FlowRow

COLUMNS: Final = (0.01, 0.25, 0.49, 0.70, 0.885)  # where each layer stands on the sheet, 0 to 1
WALL: Final = 0.285  # beside the container layer; its words must end before the caches
WALL_TALL: Final = 0.06  # of the sheet: a wall stands out above and below the stream that it stops
HEAD: Final = 0.115  # of the sheet, for the names of the layers and the first label
FOOT: Final = 0.05
MOST_TASKS: Final = 8
MOST_CACHES: Final = 6
OTHER_CACHES: Final = "other caches"
GAP: Final = 0.062  # between nodes, for the label of the lower one
# A refused stream is drawn between these parts of all bytes: not to scale, so its label has the number.
LEAST_REFUSED, MOST_REFUSED = 0.028, 0.07


def folded(rows: Sequence[FlowRow]) -> list[FlowRow]:
    """Fold all but the largest tasks of a container into "other tasks", all but the largest caches into one."""
    tasks: Counter[tuple[str | None, str]] = Counter()
    caches: Counter[str] = Counter()
    for row in rows:
        caches[row.cache] += row.bytes
        if row.task and not row.free:
            tasks[row.container, row.task] += row.bytes
    # What is refused or charged stays: it is what the picture is for.
    kept = {task for task, _ in tasks.most_common(MOST_TASKS)}
    kept |= {(row.container, row.task) for row in rows if row.refused}
    stay = {cache for cache, _ in caches.most_common(MOST_CACHES)}
    stay |= {row.cache for row in rows if row.container is not None}
    return [
        replace(
            row,
            task=row.task if not row.task or (row.container, row.task) in kept else "other tasks",
            cache=row.cache if row.cache in stay else OTHER_CACHES,
        )
        for row in rows
    ]


def _rank(node: tuple[Any, ...], known: Mapping[str, Owner], graph: nx.MultiDiGraph) -> tuple[Any, ...]:
    """Order within a layer: by owner, then larger first; slab states and page orders have their own."""
    kind, name = node[0], node[1]
    size = -graph.nodes[node]["bytes"]
    payers = list(known)
    payer = payers.index(name) if name in known else len(payers) + (name == FREE)
    if kind == "slab state":
        return (0, STATES.index(name) if name in STATES else len(STATES), 0)
    if kind == "pages":
        return (0, name, 0)
    if kind == "cache":
        return (name == OTHER_CACHES, size, 0)
    # A task that is refused stands last of its container's, so that its refused stream crosses none of them.
    refused = any(end[0] == "wall" for end in graph.successors(node))
    return (kind == "wall", payer, refused, size)


def places(
    graph: nx.MultiDiGraph, width: Mapping[Any, float], known: Mapping[str, Owner]
) -> tuple[dict[Any, Place], float, float]:
    """Return the middle of each node (x, y from the top; the sheet is 1 by 1), the domain's height, and a byte's."""
    ranks: list[list[Any]] = [[] for _ in LAYERS]
    for node in sorted(graph, key=lambda node: _rank(node, known, graph)):
        ranks[graph.nodes[node]["layer"]].append(node)
    room = 1.0 - HEAD - FOOT
    gap = min(GAP, 0.7 * room / max(1, *(len(rank) - 1 for rank in ranks)))

    def size(node: Any, byte: float) -> float:
        return max(width[node] * byte, WALL_TALL if node[0] == "wall" else 0.0)

    byte = 0.03 / max(width.values())  # if all is refused, there is nothing to be in scale with
    if any(graph.nodes[node]["layer"] == len(LAYERS) - 1 for node in graph):
        solid = [[width[node] for node in rank if node[0] != "wall"] for rank in ranks]
        walls = [len(rank) - len(wide) for rank, wide in zip(ranks, solid, strict=True)]
        byte = min(
            (room - gap * (len(wide) + wall - 1) - WALL_TALL * wall) / sum(wide)
            for wide, wall in zip(solid, walls, strict=True)
            if wide
        )
    # What Plotly scales to the domain is the fullest of ITS columns: a node's longest way from a source.
    fullest = max(sum(width[node] for node in column) for column in nx.topological_generations(graph))
    spots = stacked(ranks, {node: size(node, byte) for node in graph}, gap)
    places = {node: (WALL if node[0] == "wall" else COLUMNS[int(layer)], HEAD + y) for node, (layer, y) in spots.items()}
    return places, fullest * byte, byte


def widths(graph: nx.MultiDiGraph) -> tuple[dict[Any, float], dict[Any, float]]:
    """Return the drawn width of each edge and node in bytes: the true one but for refused streams."""
    total = sum(graph.nodes[node]["bytes"] for node in graph if graph.nodes[node]["layer"] == 4)
    least, most = (LEAST_REFUSED * total, MOST_REFUSED * total) if total else (1, 1)
    edges = {
        (start, end, key): min(max(at["bytes"], least), most) if at["stream"] == "refused" else at["bytes"]
        for start, end, key, at in graph.edges(keys=True, data=True)
    }
    nodes = {
        node: max(
            sum(edges[edge] for edge in graph.in_edges(node, keys=True)),
            sum(edges[edge] for edge in graph.out_edges(node, keys=True)),
        )
        for node in graph
    }
    return edges, nodes
