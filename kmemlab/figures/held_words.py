"""Why a page is held, in words: the question, the answer, and the text twin of the picture."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

from kmemlab.figures.held_graph import Node, page_node, told, why_held
from kmemlab.figures.palette import name_of


def question(graph: nx.DiGraph, page: int) -> str:
    """Return the question about a page."""
    node = page_node(graph, page)
    if node is None:
        return f"Why is page {page} held?"
    one = graph.nodes[node]["order"] == 0
    return f"Why {'is' if one else 'are'} {graph.nodes[node]['label']} held?"


def answer(graph: nx.DiGraph, way: Sequence[Node]) -> str:
    """Return the path of `why_held` as sentences."""
    if not way:
        return "This machine has no such page."
    one = graph.nodes[way[0]]["order"] == 0
    it = "It is" if one else "They are"
    if way[-1][0] == "use":
        why = graph.edges[way[0], way[-1]]["why"]
        return f"{it} not: {why}." if way[-1][1] == "free" else f"{it} {why}."
    slabs = [node for node in way if node[0] == "slab"]
    if not slabs:
        return f"{it} a slab of {way[-1][1]}."
    said = f"{it} slab {slabs[0][2]} of {slabs[0][1]}"
    for slab in slabs[1:]:
        said += f", and in it lies the owner array of slab {slab[2]} of {slab[1]}"
    last = slabs[-1]
    if graph.nodes[last]["inuse"] == 0:
        return f"{said}, {graph.edges[last, way[-1]]['why']}."
    some = next(node for node in reversed(way) if node[0] == "objects")
    number, of = len(graph.nodes[some]["slots"]), graph.nodes[last]["objects"]
    whose = f"{'is' if number == 1 else 'are'} {name_of(some[3])}'s" if some[3] else "in use, and nobody owns them"
    others = graph.nodes[last]["inuse"] - number
    return f"{said}. {number} of its {of} objects {whose}" + (f", {others} somebody else's." if others else ".")


def graph_text(graph: nx.DiGraph, page: int, selected: str | None = None) -> str:
    """Return question and answer, the path in words, and how many of each kind the graph ties together."""
    way = why_held(graph, page, selected)
    kinds = [kind for _, kind in graph.nodes(data="kind")]
    sums = ", ".join(f"{kinds.count(kind):,} {kind}{'s' if kind[-1] != 's' else ''}" for kind in
                     ("task", "container", "cache", "slab", "page"))  # fmt: skip
    lines = [question(graph, page), answer(graph, way), *(f"  {line}" for line in told(graph, way))]
    return "\n".join([*lines, f"In the graph: {sums}, {graph.number_of_edges():,} ties."])


__all__ = ["answer", "graph_text", "question"]
