"""What holds what: pages, slabs, objects, containers and tasks of one moment as a networkx graph.

An edge leads from what is held to what holds it, and says why. So "why is this page held?" is a shortest path: from the page
over its slab and the objects in it to the container that owns them, or to the list that keeps an empty slab.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import networkx as nx

from kmemlab.figures.frame import count
from kmemlab.records import ContainerRow, PageRow, SlabRow

Node = tuple[Any, ...]
ENDS: Final = ("container", "cache", "use")  # kinds that a path may end at
USES: Final = {
    "free": "free: the page allocator's own",
    "kernel": "the kernel's own image and tables",
    "stack": "a task's kernel stack",
    "pages": "page tables and pipe buffers",
    "kmalloc-large": "a kmalloc too large for a slab",
}


def machine_graph(containers: Sequence[ContainerRow], slabs: Sequence[SlabRow], pages: Sequence[PageRow]) -> nx.DiGraph:
    """Return what ties tasks, containers, caches, slabs and pages of one moment.

    Args:
        containers: in any order.
        slabs: of every cache that is to be in the graph: `session.records("slabs", "*")`.
        pages: of the machine. Pages of slabs that are not among `slabs` end at their cache.

    Returns:
        Nodes are ("page", first page), ("slab", cache, number), ("objects", cache, number, owner's path or None),
        ("cache", name), ("container", path), ("task", pid) and ("use", user), each with kind and label; a page has order and
        user, a slab where, inuse, objects and free, objects their slots, a container usage, a task comm. An edge has why (one
        plain clause), holds (False where it only says what belongs together) and weight, smaller for what holds more.
    """
    graph = nx.DiGraph()
    for container in containers:
        home = ("container", container.path)
        graph.add_node(home, kind="container", label=container.path, usage=container.usage, refs=container.css_refs)
        for pid, comm in container.tasks:
            graph.add_node(("task", pid), kind="task", label=f"{comm} {pid}", comm=comm)
            _tie(graph, home, ("task", pid), f"task {pid}, {comm}, lives in it", holds=False)
    arrays: dict[tuple[str, int, int], SlabRow] = {row.array_home: row for row in slabs if row.array_home is not None}
    for slab in slabs:
        _add_slab(graph, slab, arrays)
    for page in pages:
        _add_page(graph, page)
    return graph


def _tie(graph: nx.DiGraph, held: Node, holder: Node, why: str, holds: bool = True, weight: float = 1.0) -> None:
    graph.add_edge(held, holder, why=why, holds=holds, weight=weight)


def _add_slab(graph: nx.DiGraph, slab: SlabRow, arrays: Mapping[tuple[str, int, int], SlabRow]) -> None:
    """Add a slab, its cache, and one node for the objects of each owner."""
    node, cache = ("slab", slab.cache, slab.number), ("cache", slab.cache)
    graph.add_node(cache, kind="cache", label=slab.cache)
    graph.add_node(
        node, kind="slab", label=f"slab {slab.number}", where=slab.where, inuse=slab.inuse, objects=slab.objects,
        free=len(slab.freelist),
    )  # fmt: skip
    free = set(slab.freelist)
    held: dict[str | None, list[int]] = {}
    for slot, owner in enumerate(slab.owners):
        if slot not in free:
            held.setdefault(owner, []).append(slot)
    empty = not held
    _tie(graph, node, cache, _kept(slab) if empty else f"a slab of {slab.cache}", holds=empty)
    for owner, slots in held.items():
        some: Node = ("objects", slab.cache, slab.number, owner)
        label = count(len(slots), "object")
        graph.add_node(some, kind="objects", label=label, slots=tuple(slots))
        share = 1 + 0.1 * (1 - len(slots) / slab.objects)
        _tie(graph, node, some, f"{len(slots)} of its {count(slab.objects, 'object')} in use", weight=share)
        if owner is not None:
            _tie(graph, some, ("container", owner), f"their owner pointers say {owner}")
            continue
        other = {arrays[home].number: arrays[home] for slot in slots if (home := (slab.cache, slab.number, slot)) in arrays}
        for row in other.values():
            _tie(graph, some, ("slab", row.cache, row.number), f"one is the owner array of slab {row.number} of {row.cache}")
        why = "their owner pointers are NULL" if slab.array else "the slab has no owner array: nobody pays"
        _tie(graph, some, cache, why, weight=4.0 if other else 1.0)


def _kept(slab: SlabRow) -> str:
    """Say what keeps a slab without objects."""
    kind, _, place = slab.where.partition(" ")
    if kind == "cpu":
        return f"empty, but cpu {place} allocates from it"
    if slab.resting or kind != "partial":
        return "no object in use: its free ones rest in arrays" if slab.resting else "empty, kept on the free list"
    return f"empty, kept on the partial list (place {place}) by min_partial"


def _add_page(graph: nx.DiGraph, page: PageRow) -> None:
    """Add a run of pages and what has it."""
    node = ("page", page.pfn)
    last = page.pfn + (1 << page.order) - 1
    label = f"page {page.pfn}" if page.order == 0 else f"pages {page.pfn}-{last}"
    graph.add_node(node, kind="page", label=label, order=page.order, user=page.user)
    if page.user == "slab":
        slab = ("slab", page.cache, page.number)
        if slab in graph:
            _tie(graph, node, slab, f"{'it is' if page.order == 0 else 'they are'} slab {page.number} of {page.cache}")
        else:
            graph.add_node(("cache", page.cache), kind="cache", label=page.cache)
            _tie(graph, node, ("cache", page.cache), f"a slab of {page.cache}")
        return
    use = ("use", page.user)
    graph.add_node(use, kind="use", label=page.user)
    why = f"a free block of order {page.order}" if page.user == "free" else USES.get(page.user, page.user)
    _tie(graph, node, use, why, holds=page.user != "free")


def page_node(graph: nx.DiGraph, pfn: int) -> Node | None:
    """Return the run of pages that a page is in; None if it is in none."""
    firsts = sorted(node[1] for node, kind in graph.nodes(data="kind") if kind == "page")
    place = bisect_right(firsts, pfn) - 1
    if place < 0:
        return None
    node = ("page", firsts[place])
    return node if pfn < firsts[place] + (1 << graph.nodes[node]["order"]) else None


def why_held(graph: nx.DiGraph, page: int, owner: str | None = None) -> list[Node]:
    """Return the shortest path that tells why a page is held.

    Args:
        graph: of `machine_graph`.
        page: any page of a run.
        owner: path of the container whose objects are told of, if it has some there. Without it, of who has the most.

    Returns:
        The nodes from the page to a container, to the cache that keeps an empty slab or objects without an owner, or to what
        else has the page. Only [page, ("use", "free")] for a free one, which nothing holds; [] for a page in no run.
    """
    start = page_node(graph, page)
    if start is None:
        return []
    if graph.nodes[start]["user"] == "free":
        return [start, ("use", "free")]
    holding = nx.subgraph_view(graph, filter_edge=lambda held, holder: bool(graph.edges[held, holder]["holds"]))
    far, ways = nx.single_source_dijkstra(holding, start)
    ends = [node for node in far if graph.nodes[node]["kind"] in ENDS]
    wanted = ("container", owner)
    end = (
        wanted
        if wanted in far and _beside(graph, ways[wanted])
        else min(ends, key=lambda node: (far[node], node), default=start)
    )
    way: list[Node] = list(ways[end])
    return way


def _beside(graph: nx.DiGraph, way: Sequence[Node]) -> bool:
    """Whether a way leads over the page's own objects, and not over the owner array of another slab."""
    return [graph.nodes[node]["kind"] for node in way].count("slab") == 1


def told(graph: nx.DiGraph, way: Sequence[Node]) -> Iterator[str]:
    """Tell a path: a line for each step, what is held, by what, and why."""
    for held, holder in pairwise(way):
        yield f"{name(graph, held)} -> {name(graph, holder)}: {graph.edges[held, holder]['why']}"


def name(graph: nx.DiGraph, node: Node) -> str:
    """Return a node in words."""
    at = graph.nodes[node]
    if at["kind"] == "slab":
        return f"{at['label']} of {node[1]}"
    if at["kind"] == "objects":
        return f"{at['label']} of {node[3] or 'no owner'}"
    return f"{at['kind']} {at['label']}" if at["kind"] in ("cache", "container", "task") else str(at["label"])


__all__ = ["Node", "machine_graph", "name", "page_node", "told", "why_held"]
