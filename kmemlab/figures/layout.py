"""Coordinates for trees and layered graphs.

networkx gives the graph and its order (`topological_generations`); its own layouts need numpy, which the
lab does not have, so the coordinates come from here. A layer is a whole number along the flow (0 is the
source side); across it, positions are in whatever unit the sizes are in. All results are deterministic:
they depend on the order in which nodes and edges were added, on nothing else.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import networkx as nx

Node = TypeVar("Node", bound=Hashable)
Place = tuple[float, float]


def layers(graph: nx.DiGraph) -> list[list[Node]]:
    """Return the nodes by layer: a node's "layer" attribute, or else its longest way from a source.

    Raises:
        networkx.NetworkXUnfeasible: the graph has a cycle.
    """
    found: dict[int, list[Node]] = {}
    for depth, generation in enumerate(nx.topological_generations(graph)):
        for node in generation:
            found.setdefault(graph.nodes[node].get("layer", depth), []).append(node)
    return [found.get(layer, []) for layer in range(max(found, default=-1) + 1)]


def ordered_layers(graph: nx.DiGraph, sweeps: int = 4) -> list[list[Node]]:
    """Return `layers`, each ordered so that few edges cross: by the mean place of its neighbours.

    Sweeps go down and up in turn; ties keep the order in which the nodes came.
    """
    ranks: list[list[Node]] = layers(graph)
    place = {node: index / max(1, len(rank)) for rank in ranks for index, node in enumerate(rank)}
    for sweep in range(sweeps):
        down = sweep % 2 == 0
        for rank in ranks if down else reversed(ranks):
            mean = {}
            for node in rank:
                around = list(graph.predecessors(node) if down else graph.successors(node))
                mean[node] = sum(place[other] for other in around) / len(around) if around else place[node]
            rank.sort(key=mean.__getitem__)  # stable: that is what keeps it deterministic
            place.update((node, index / max(1, len(rank))) for index, node in enumerate(rank))
    return ranks


def stacked(ranks: Sequence[Sequence[Node]], size: Mapping[Node, float], gap: float) -> dict[Node, Place]:
    """Place each layer as a stack that begins at 0, `gap` between neighbours.

    Returns:
        node to (layer, middle across the flow).
    """
    places: dict[Node, Place] = {}
    for layer, rank in enumerate(ranks):
        edge = 0.0
        for node in rank:
            places[node] = (float(layer), edge + size[node] / 2)
            edge += size[node] + gap
    return places


def tree(graph: nx.DiGraph, root: Node, size: Mapping[Node, float], gap: float = 0.0) -> dict[Node, Place]:
    """Place a tree: each parent at the middle of its children, no two nodes over one another.

    Args:
        graph: edges lead from parent to child; children keep the order of their edges.
        root: where the tree begins.
        size: room each node needs across the layers.
        gap: between neighbours.

    Returns:
        node to (depth, middle across the layers); the whole tree begins at 0.
    """
    room: dict[Node, float] = {}
    for node in nx.dfs_postorder_nodes(graph, root):
        below = list(graph.successors(node))
        needed = sum(room[child] for child in below) + gap * max(0, len(below) - 1)
        room[node] = max(size[node], needed)

    begin, depth = {root: 0.0}, {root: 0}
    for node in nx.dfs_preorder_nodes(graph, root):
        below = list(graph.successors(node))
        needed = sum(room[child] for child in below) + gap * max(0, len(below) - 1)
        edge = begin[node] + (room[node] - needed) / 2  # a parent larger than its children: they are centred
        for child in below:
            begin[child], depth[child] = edge, depth[node] + 1
            edge += room[child] + gap

    middle: dict[Node, float] = {}
    for node in nx.dfs_postorder_nodes(graph, root):
        below = list(graph.successors(node))
        ends = (middle[below[0]] + middle[below[-1]]) / 2 if below else begin[node] + room[node] / 2
        slack = size[node] / 2  # never outside its own room
        middle[node] = min(max(ends, begin[node] + slack), begin[node] + room[node] - slack)
    return {node: (float(depth[node]), middle[node]) for node in nx.dfs_preorder_nodes(graph, root)}


__all__ = ["Node", "Place", "layers", "ordered_layers", "stacked", "tree"]
