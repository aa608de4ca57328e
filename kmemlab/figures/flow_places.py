"""Where the nodes of the charge flow stand, and how wide its streams are drawn.

Plotly places Sankey nodes in units of the trace's domain and scales the fullest column to exactly that
domain, so a domain of a part of the sheet leaves known room for gaps and labels at every size of the sheet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import networkx as nx

from kmemlab.figures.frame import Room
from kmemlab.figures.graphs import LAYERS, STATES
from kmemlab.figures.layout import Place, stacked
from kmemlab.figures.palette import Owner
from kmemlab.records import FlowRow

# Where each layer stands on the sheet, 0 to 1: its labels must end before the next one begins.
COLUMNS: Final = (0.002, 0.19, 0.385, 0.612, 0.845)  # Plotly takes 0 for "anywhere"
NARROW_COLUMNS: Final = (0.001, 0.002, 0.40, 0.6, 0.74)
NARROW_LAYERS: Final = ("container", "cache", "pages")
WALL_BEHIND: Final = 0.045  # of the sheet, behind the layer that asked; its words must end before the caches
WALL_PIXELS: Final = 26  # a wall stands out above and below the stream that it stops
MOST_CACHES: Final = 6
OTHER_CACHES: Final = "other caches"
MOST_CALLS: Final = 4  # that nobody pays; those that somebody pays are all drawn
OTHER_CALLS: Final = "other calls"
# A refused stream is drawn between these parts of all bytes: not to scale, so its label has the number.
LEAST_REFUSED, MOST_REFUSED = 0.028, 0.07
LEAST_OTHER, MOST_OTHER = 0.01, 0.03  # so is the one of all caches that are not accounted
OTHER_TALL: Final = 0.02  # of the sheet


@dataclass(frozen=True, slots=True)
class Measures:
    """Sizes of a flow picture, as parts of its sheet.

    Attributes:
        layers: the layers drawn.
        columns: where each of `LAYERS` stands, 0 to 1.
        wall: where refused streams end.
        head: for the names of the layers and the first labels.
        foot: for the lines about what nobody pays.
        gap: between nodes, for the label of the lower one.
        wall_tall: of a wall.
        most_tasks: drawn; the others of a container are one node.
        crowded: on a narrow page, names and numbers must share a line.
    """

    layers: tuple[str, ...]
    columns: tuple[float, ...]
    wall: float
    head: float
    foot: float
    gap: float
    wall_tall: float
    most_tasks: int
    crowded: bool = False


def measures(room: Room, below: int = 2, crowded: bool = False) -> Measures:
    """Return the sizes for a room with so many lines below. A narrow one lacks tasks and slab states: the twin has them."""
    lines = 2 if room.narrow and not crowded else 1  # of a label
    gap = (lines * room.text * 1.3 + 6) / room.height
    head = (room.small * 1.5 + lines * room.text * 1.35) / room.height
    foot = (below * room.small * 1.5 + 6) / room.height
    columns, layers = (NARROW_COLUMNS, NARROW_LAYERS) if room.narrow else (COLUMNS, LAYERS)
    wall = (columns[1] + 2 * WALL_BEHIND) if room.narrow else columns[1] + WALL_BEHIND
    most = max(2, int(0.5 * (1 - head - foot) / gap))
    return Measures(layers, columns, wall, head, foot, gap, WALL_PIXELS / room.height, most, room.narrow and crowded)


def folded(rows: Sequence[FlowRow], most_tasks: int = 8) -> list[FlowRow]:
    """Fold all but the largest tasks of a container into "other tasks", all but the largest caches into one, and so calls.

    All caches that are not accounted are one row: nobody pays them, and they would bury what is charged.
    """
    strange = [row for row in rows if not row.accounted and row.container is None and row.kind == "cache"]
    rows = [row for row in rows if row.accounted or row.container is not None or row.kind != "cache"]
    tasks: Counter[tuple[str | None, str]] = Counter()
    caches: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for row in rows:
        (caches if row.kind == "cache" else calls)[row.cache] += row.bytes
        if row.task and row.container is not None:
            tasks[row.container, row.task] += row.bytes
    # What is refused or charged stays: it is what the picture is for.
    kept = {task for task, _ in tasks.most_common(most_tasks)}
    kept |= {(row.container, row.task) for row in rows if row.refused}
    stay = {cache for cache, _ in caches.most_common(MOST_CACHES)}
    stay |= {call for call, _ in calls.most_common(MOST_CALLS)}
    stay |= {row.cache for row in rows if row.container is not None}
    drawn = [
        replace(
            row,
            task=row.task if not row.task or (row.container, row.task) in kept else "other tasks",
            cache=row.cache if row.cache in stay else OTHER_CACHES if row.kind == "cache" else OTHER_CALLS,
        )
        for row in rows
    ]
    if strange:
        drawn.append(FlowRow("", None, OTHER_CACHES, -1, sum(row.bytes for row in strange), False, "", True, False))
    return drawn


def is_other(node: tuple[Any, ...]) -> bool:
    """Whether a node is the cache or the pages of the one stream of caches that are not accounted."""
    return node in (("cache", OTHER_CACHES), ("pages", -1))


def _rank(node: tuple[Any, ...], known: Mapping[str, Owner], graph: nx.MultiDiGraph) -> tuple[Any, ...]:
    """Order within a layer: by owner, then larger first; slab states and page orders have their own."""
    kind, name = node[0], node[1]
    size = -graph.nodes[node]["bytes"]
    payers = list(known)
    payer = payers.index(name) if name in known else len(payers)
    if kind == "slab state":
        return (0, STATES.index(name) if name in STATES else len(STATES), 0)
    if kind == "pages":
        return (name < 0, name, 0)
    if kind == "cache":
        return (name == OTHER_CACHES, size, 0)
    # A task that is refused stands last of its container's, so that its refused stream crosses none of them.
    refused = any(end[0] == "wall" for end in graph.successors(node))
    return (kind == "wall", payer, refused, size)


def places(
    graph: nx.MultiDiGraph, width: Mapping[Any, float], known: Mapping[str, Owner], sizes: Measures
) -> tuple[dict[Any, Place], float, float]:
    """Return the middle of each node (x, y from the top; the sheet is 1 by 1), the domain's height, and a byte's."""
    ranks: list[list[Any]] = [[] for _ in LAYERS]
    others = [node for node in graph if is_other(node)]  # below everything, so that their label crosses nothing
    for node in sorted(graph, key=lambda node: _rank(node, known, graph)):
        if node not in others:
            ranks[graph.nodes[node]["layer"]].append(node)
    room = 1.0 - sizes.head - sizes.foot - bool(others) * (sizes.gap + OTHER_TALL)
    gap = min(sizes.gap, 0.75 * room / max(1, *(len(rank) - 1 for rank in ranks)))

    def size(node: Any, byte: float) -> float:
        return max(width[node] * byte, sizes.wall_tall if node[0] == "wall" else 0.0)

    byte = 0.03 / max(width.values())  # if all is refused, there is nothing to be in scale with
    if ranks[-1]:
        solid = [[width[node] for node in rank if node[0] != "wall"] for rank in ranks]
        walls = [len(rank) - len(wide) for rank, wide in zip(ranks, solid, strict=True)]
        byte = min(
            (room - gap * (len(wide) + wall - 1) - sizes.wall_tall * wall) / sum(wide)
            for wide, wall in zip(solid, walls, strict=True)
            if wide
        )
    # What Plotly scales to the domain is the fullest of ITS columns: a node's longest way from a source.
    fullest = max(sum(width[node] for node in column) for column in nx.topological_generations(graph))
    spots = stacked(ranks, {node: size(node, byte) for node in graph}, gap)
    places = {
        node: (sizes.wall if node[0] == "wall" else sizes.columns[int(layer)], sizes.head + y)
        for node, (layer, y) in spots.items()
    }
    low = max(places[node][1] + size(node, byte) / 2 for node in places if node[0] != "wall")
    for node in others:
        places[node] = (sizes.columns[graph.nodes[node]["layer"]], low + sizes.gap + OTHER_TALL / 2)
    return places, fullest * byte, byte


def widths(graph: nx.MultiDiGraph) -> tuple[dict[Any, float], dict[Any, float]]:
    """Return the drawn width of each edge and node in bytes: the true one but for refused and other caches' streams."""
    total = sum(at["bytes"] for node, at in graph.nodes(data=True) if at["layer"] == 4 and not is_other(node))
    total = total or 1

    def drawn(start: Any, end: Any, at: Mapping[str, Any]) -> float:
        if at["stream"] == "refused":
            return float(min(max(at["bytes"], LEAST_REFUSED * total), MOST_REFUSED * total))
        if is_other(start) and is_other(end):
            return float(min(max(at["bytes"], LEAST_OTHER * total), MOST_OTHER * total))
        return float(at["bytes"])

    edges = {(start, end, key): drawn(start, end, at) for start, end, key, at in graph.edges(keys=True, data=True)}
    nodes = {
        node: max(
            sum(edges[edge] for edge in graph.in_edges(node, keys=True)),
            sum(edges[edge] for edge in graph.out_edges(node, keys=True)),
        )
        for node in graph
    }
    return edges, nodes
