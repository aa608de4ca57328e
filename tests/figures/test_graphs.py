from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest

from kmemlab.figures.graphs import charge_path_graph, container_graph, flow_graph
from kmemlab.figures.layout import ordered_layers, stacked, tree
from kmemlab.records import ContainerRow

from .rows import CONTAINERS, FLOW, STEPS


def test_containers_stand_below_their_directory() -> None:
    graph = container_graph([*CONTAINERS, ContainerRow("/web/api", 5, None, 0, 1, (), 9)])
    assert set(graph.successors("/")) == {"/web", "/db", "/bomb"}
    assert list(graph.predecessors("/web/api")) == ["/web"]
    assert graph.nodes["/bomb"]["usage"] == 40_768
    assert nx.is_arborescence(graph)


def test_tasks_are_leaves_on_request() -> None:
    graph = container_graph(CONTAINERS, tasks=True)
    assert graph.nodes["/bomb", 232]["comm"] == "fdbomb"
    assert graph.out_degree(("/bomb", 232)) == 0
    assert sum(kind == "task" for _, kind in graph.nodes(data="kind")) == 9


@pytest.mark.parametrize(
    ("now", "states"),
    [
        (0, ["todo"] * 7),
        (3, ["done", "done", "now", "todo", "todo", "todo", "todo"]),
        (4, ["done", "done", "done", "refused", "todo", "todo", "todo"]),
        (6, ["done", "done", "done", "refused", "done", "now", "todo"]),
        (9, ["done", "done", "done", "refused", "done", "done", "done"]),
    ],
)
def test_steps_are_done_now_or_to_come_and_a_refusal_stays_one(now: int, states: list[str]) -> None:
    graph = charge_path_graph(STEPS, now)
    assert [graph.nodes[step]["state"] for step in range(1, 8)] == states
    assert graph.nodes[-1]["state"] == "never"
    assert [step for step, current in graph.nodes(data="current") if current] == ([now] if 0 < now < 8 else [])


def test_an_undo_stands_in_the_column_of_what_it_undoes() -> None:
    graph = charge_path_graph(STEPS, 4)
    assert {fn: graph.nodes[step]["col"] for step, fn in graph.nodes(data="fn")} == {
        "open()": 0, "NULL": 0, "kmem_cache_alloc": 1, "kmem_cache_free": 1, "css_get": 2, "css_put": 2,
        "res_counter_charge": 3, "store owner": 4,
    }  # fmt: skip
    kinds = {(start, end): kind for start, end, kind in graph.edges(data="kind")}
    assert kinds[4, 5] == "turn"
    assert kinds[5, 3] == kinds[6, 2] == kinds[7, 1] == "undoes"
    assert kinds[4, -1] == kinds[1, 2] == kinds[5, 6] == "next"


def test_a_charge_that_succeeds_has_no_turn() -> None:
    graph = charge_path_graph(STEPS[:3], 3)
    assert "turn" not in {kind for *_, kind in graph.edges(data="kind")}


def test_bytes_into_a_flow_node_equal_bytes_out_of_it() -> None:
    graph = flow_graph(FLOW)
    for node, at in graph.nodes(data=True):
        came = sum(size for *_, size in graph.in_edges(node, data="bytes"))
        refused = sum(e["bytes"] for *_, e in graph.out_edges(node, data=True) if e["stream"] == "refused")
        went = sum(size for *_, size in graph.out_edges(node, data="bytes")) - refused
        if at["layer"] == 3:
            assert came == went == at["bytes"]
        elif at["layer"] == 2:  # what nobody pays begins at its cache
            unpaid = sum(e["bytes"] for *_, e in graph.out_edges(node, data=True) if e["owner"] is None)
            assert came + unpaid == went == at["bytes"]
        elif node[0] == "container":
            # A container pays also for what no known task took.
            assert came <= went == at["bytes"]
        elif node[0] == "task":
            assert went == at["bytes"]
        else:
            assert came == at["bytes"]


def test_parallel_streams_stay_apart() -> None:
    graph = flow_graph(FLOW)
    full = graph.get_edge_data(("cache", "filp"), ("slab state", "full, on no list"))
    assert {key: edge["bytes"] for key, edge in full.items()} == {
        ("/web", "charged"): 11_520, ("/bomb", "charged"): 38_656, (None, "no owner"): 4_096,
    }  # fmt: skip
    assert {node[1] for node in graph if node[0] == "container"} == {"/web", "/db", "/bomb"}, "nobody is no container"


def test_refused_bytes_end_at_a_wall_and_reach_no_page() -> None:
    graph = flow_graph(FLOW)
    assert graph.nodes["wall", "/bomb"]["bytes"] == 256
    assert graph.out_degree(("wall", "/bomb")) == 0
    pages = sum(at["bytes"] for _, at in graph.nodes(data=True) if at["layer"] == 4)
    assert pages == sum(row.bytes for row in FLOW if not row.refused)


def test_a_tree_centres_parents_and_overlaps_nowhere() -> None:
    graph = nx.DiGraph([("a", "b"), ("a", "c"), ("a", "d"), ("c", "e"), ("c", "f"), ("d", "g")])
    size = {"a": 1.0, "b": 2.0, "c": 1.0, "d": 9.0, "e": 3.0, "f": 1.0, "g": 1.0}
    places = tree(graph, "a", size, gap=0.5)
    assert places["c"][1] == pytest.approx((places["e"][1] + places["f"][1]) / 2)
    assert places["a"][1] == pytest.approx((places["b"][1] + places["d"][1]) / 2)
    for depth in range(3):
        rank = sorted((y, size[node]) for node, (x, y) in places.items() if x == depth)
        for (y0, tall0), (y1, tall1) in pairwise(rank):
            assert y1 - tall1 / 2 >= y0 + tall0 / 2
    assert places == tree(graph, "a", size, gap=0.5)


def test_layers_are_ordered_to_cross_little() -> None:
    graph = nx.DiGraph([("a", "x"), ("b", "y")])
    graph.add_nodes_from(["y", "x"])
    crossed = nx.DiGraph()
    crossed.add_nodes_from(["a", "b", "y", "x"])
    crossed.add_edges_from([("a", "x"), ("b", "y")])
    assert ordered_layers(crossed) == [["a", "b"], ["x", "y"]]
    assert stacked([["a", "b"]], {"a": 2, "b": 4}, gap=1) == {"a": (0, 1), "b": (0, 5)}
