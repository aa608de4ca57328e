"""Which slabs a picture of the machine's graph shows, in which line, and what is folded and counted.

A graph of every slab would be a hairball: slabs stand by cache, one line each, those on the path always, the others of the same
cache as far as there is room, every other cache as one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import networkx as nx

from kmemlab.figures.frame import count
from kmemlab.figures.held_graph import Node

LEAST: Final = 6  # lines, however low the picture
RANK: Final = {"cpu": 0, "partial": 1, "full": 2, "free": 3}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the picture.

    Attributes:
        kind: "cache" (a heading), "slab", "fold" (several slabs in one line), or "use" (pages that are no slab's).
        label, quiet: its words.
        cache: name of the cache, "" for a fold of several.
        slabs: the slab nodes that it stands for.
        pages: words for the slab's pages, "" for other lines.
        pfn: first page of a slab, -1 for other lines.
    """

    kind: str
    label: str
    quiet: str = ""
    cache: str = ""
    slabs: tuple[Node, ...] = ()
    pages: str = ""
    pfn: int = -1


@dataclass(slots=True)
class Shown:
    """The lines, and the owner whose objects each line holds.

    Attributes:
        lines: from the top.
        owned: (line, owner's path or None) -> objects.
        owners: the containers in the picture, in the graph's order.
        left_out: containers that are not.
    """

    lines: list[Line] = field(default_factory=list)
    owned: dict[tuple[int, str | None], int] = field(default_factory=dict)
    owners: list[str] = field(default_factory=list)
    left_out: int = 0


def _where(graph: nx.DiGraph, slab: Node) -> tuple[int, int, int]:
    kind, _, place = graph.nodes[slab]["where"].partition(" ")
    return RANK[kind], int(place) if place.isdigit() else 0, slab[2]


def _slab_line(graph: nx.DiGraph, slab: Node) -> Line:
    at = graph.nodes[slab]
    page = next((held for held in graph.predecessors(slab) if held[0] == "page"), None)
    words, pfn = (graph.nodes[page]["label"], page[1]) if page is not None else ("", -1)
    where = "full, on no list" if at["where"] == "full" else at["where"]
    return Line("slab", at["label"], f"{where}, {at['inuse']} of {at['objects']}", slab[1], (slab,), words, pfn)


def _of_cache(graph: nx.DiGraph, cache: str, way: Sequence[Node], most: int) -> list[Line]:
    """Return a heading and at most `most` lines of slabs: those on the path, then lists before full ones."""
    slabs = sorted((held for held in graph.predecessors(("cache", cache)) if held[0] == "slab"), key=lambda s: _where(graph, s))
    heading = Line("cache", cache, count(len(slabs), "slab"), cache)
    if len(slabs) <= most:
        return [heading, *(_slab_line(graph, slab) for slab in slabs)]
    kept = [slab for slab in slabs if slab in way]
    kept += [slab for slab in slabs if slab not in kept][: max(0, most - 1 - len(kept))]
    rest = tuple(slab for slab in slabs if slab not in kept)
    kept.sort(key=lambda slab: _where(graph, slab))
    fold = Line("fold", f"and {len(rest):,} more", "", cache, rest)
    return [heading, *(_slab_line(graph, slab) for slab in kept), fold]


def shown(graph: nx.DiGraph, way: Sequence[Node], room: int, most_owners: int, selected: str | None) -> Shown:
    """Choose at most `room` lines for the slabs of a graph, and at most `most_owners` containers.

    Args:
        graph: of `machine_graph`.
        way: of `why_held`; what is on it is in the picture.
        room: lines.
        most_owners: containers; those on the path, the selected one and those that pay most stay.
        selected: path of the selected container.
    """
    room = max(LEAST, room)
    slabs_of = {
        node[1]: [held for held in graph.predecessors(node) if held[0] == "slab"]
        for node, kind in graph.nodes(data="kind")
        if kind == "cache"
    }
    slabs_of = {cache: slabs for cache, slabs in slabs_of.items() if slabs}
    first = list(dict.fromkeys(node[1] for node in way if node[0] == "slab"))
    # A cache with owners is worth a line of its own; what is left stands in one line.
    paid = [cache for cache in slabs_of if cache not in first and any(True for _ in _owners(graph, slabs_of[cache]))]
    rest = [cache for cache in slabs_of if cache not in first and cache not in paid]
    paid.sort(key=lambda cache: -len(slabs_of[cache]))
    given = max(0, room - 3 * max(1, len(first)))
    single, folded = paid[: min(3, given)], [*paid[min(3, given) :], *rest]
    left = room - len(single) - bool(folded)
    found = Shown()
    if way and way[-1][0] == "use":
        label = graph.nodes[way[0]]["label"]
        found.lines.append(Line("use", str(way[-1][1]), "", "", (), label, way[0][1]))
    for place, cache in enumerate(first):
        share = left // (len(first) - place) if place else left - 3 * (len(first) - 1)
        lines = _of_cache(graph, cache, way, max(2, share - 1))
        found.lines += lines
        left -= len(lines)
    found.lines += [Line("fold", cache, count(len(slabs_of[cache]), "slab"), cache, tuple(slabs_of[cache])) for cache in single]
    if folded:
        slabs = tuple(slab for cache in folded for slab in slabs_of[cache])
        label = folded[0] if len(folded) == 1 else f"{len(folded)} other caches"
        found.lines.append(Line("fold", label, count(len(slabs), "slab"), "", slabs))
    _own(graph, found, way, most_owners, selected)
    return found


def _owners(graph: nx.DiGraph, slabs: Iterable[Node]) -> Iterable[tuple[str, int]]:
    """Yield (owner's path, objects) of some slabs."""
    for slab in slabs:
        for some in graph.successors(slab):
            if some[0] == "objects" and some[3] is not None:
                yield some[3], len(graph.nodes[some]["slots"])


def _own(graph: nx.DiGraph, found: Shown, way: Sequence[Node], most: int, selected: str | None) -> None:
    """Fill in whose objects each line holds, and which containers are shown."""
    for place, line in enumerate(found.lines):
        for slab in line.slabs:
            for some in graph.successors(slab):
                if some[0] == "objects":
                    key = (place, some[3])
                    found.owned[key] = found.owned.get(key, 0) + len(graph.nodes[some]["slots"])
    everyone = [node[1] for node, kind in graph.nodes(data="kind") if kind == "container"]

    def worth(path: str) -> tuple[Any, ...]:
        return (("container", path) not in way, path != selected, -graph.nodes["container", path].get("usage", 0))

    kept = set(sorted(everyone, key=worth)[:most])
    found.owners = [path for path in everyone if path in kept]
    found.left_out = len(everyone) - len(kept)


__all__ = ["Line", "Shown", "shown"]
