"""Why is this page held? Every tie of a path is a fact of the machine's state."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Session
from kmemlab.figures import Room, assign_owners, graph_figure, graph_text, machine_graph, why_held
from kmemlab.figures.held_graph import page_node, told
from kmemlab.figures.palette import TOKENS
from kmemlab.records import PageRow

from .rows import CONTAINERS, PAGES, SLABS
from .test_cost import BEGIN, LINE

OWNERS = assign_owners(["/", "/web", "/db", "/bomb"])


def graph_of(session: Session) -> nx.DiGraph:
    """As a reader makes it."""
    return machine_graph(session.records("containers"), session.records("slabs", "*"), session.records("pages"))  # type: ignore[arg-type]


def slab_in(state: dict[str, Any], node: tuple[Any, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    cache = next(each for each in state["caches"] if each["name"] == node[1])
    return cache, next(each for each in cache["slabs"] if each["number"] == node[2])


def free_in(cache: dict[str, Any], slab: dict[str, Any]) -> set[int]:
    held = next((cpu for cpu in cache["cpus"] if cpu and cpu[0] == slab["number"]), None)
    return {*slab["free"], *(held[1] if held else [])}


def assert_holds(state: dict[str, Any], graph: nx.DiGraph, held: tuple[Any, ...], holder: tuple[Any, ...]) -> None:
    """Check one tie against Machine.state()."""
    ties = (held[0], holder[0])
    idents = {row["path"]: row["kmem"]["ident"] for each in state["containers"]["hierarchies"] for row in each["containers"]}
    idents.setdefault("/", 0)
    if ties == ("page", "slab"):
        assert slab_in(state, holder)[1]["pfn"] == held[1]
    elif ties == ("page", "use"):
        runs = {pfn for order in state["zone"]["free"] for pfn in order}
        assert (held[1] in runs) == (holder[1] == "free")
    elif ties == ("slab", "objects"):
        cache, slab = slab_in(state, held)
        slots = graph.nodes[holder]["slots"]
        assert slots
        assert not free_in(cache, slab) & set(slots)
        assert held[1:] == holder[1:3]
    elif ties == ("objects", "container"):
        slab = slab_in(state, held)[1]
        assert {slab["owners"][slot] for slot in graph.nodes[held]["slots"]} == {idents[holder[1]]}
    elif ties == ("objects", "cache"):
        slab = slab_in(state, held)[1]
        assert {slab.get("owners", {slot: -1})[slot] if "owners" in slab else -1 for slot in graph.nodes[held]["slots"]} == {-1}
        assert held[1] == holder[1]
    elif ties == ("objects", "slab"):
        cache, home = slab_in(state, held)
        cell = (slab_in(state, holder)[1]["array"] - home["pfn"] * 4096) // cache["size"]
        assert cell in graph.nodes[held]["slots"]
    elif ties == ("slab", "cache"):
        cache, slab = slab_in(state, held)
        on_cpu = [cpu[0] for cpu in cache["cpus"] if cpu]
        assert graph.nodes[held]["inuse"] == 0
        why = graph.edges[held, holder]["why"]
        assert ("allocates from it" in why) == (slab["number"] in on_cpu)
        assert ("min_partial" in why) == (slab["number"] in cache["partial"])
    else:
        raise AssertionError(f"a path may not lead from a {held[0]} to a {holder[0]}")


@settings(max_examples=40, deadline=None)
@given(st.lists(LINE, max_size=14), st.sampled_from((None, "/web", "/bomb")), st.data())
def test_every_tie_of_every_page_holds_in_the_state_of_the_machine(
    lines: list[str], owner: str | None, data: st.DataObject
) -> None:
    session = Session(memory="1M", cpus=2)
    session.run(*BEGIN, "echo 1 > /sys/slab/filp/cache_account", *lines)
    session.seek(data.draw(st.integers(0, session.length)))
    graph, state = graph_of(session), session.machine.state()
    runs = session.records("pages")
    for row in runs:
        pfn, order, user = (row.to_dict()[key] for key in ("pfn", "order", "user"))
        way = why_held(graph, pfn + data.draw(st.integers(0, (1 << order) - 1)), owner)
        assert way[0] == ("page", pfn)
        assert (way[1] == ("use", user)) == (user != "slab")
        assert way[-1][0] in ("container", "cache", "use")
        for held, holder in pairwise(way):
            assert_holds(state, graph, held, holder)
        if ("container", owner) in {holder for _, holder in objects_on(graph, way)}:
            assert way[-1] == ("container", owner), "the selected container's objects on the page are told of"
    assert graph_figure(graph, 20, selected=owner).data


def objects_on(graph: nx.DiGraph, way: list[tuple[Any, ...]]) -> list[tuple[Any, Any]]:
    """Ties from the page's own objects to containers."""
    if len(way) < 2 or way[1][0] != "slab":
        return []
    own = [node for node in graph.successors(way[1]) if node[0] == "objects"]
    return [(node, holder) for node in own for holder in graph.successors(node) if holder[0] == "container"]


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session(memory="1M", cpus=2)
    session.run(*BEGIN, "echo 1 > /sys/slab/filp/cache_account", "as 2 open 20", "as 3 open 20")
    return session


def test_an_owner_array_is_why_a_kmalloc_page_is_held(session: Session) -> None:
    graph = graph_of(session)
    home = next(row.array_home for row in session.records("slabs") if row.array_home is not None)  # type: ignore[attr-defined]
    page = next(held[1] for held in graph.predecessors(("slab", home[0], home[1])) if held[0] == "page")
    kinds = [node[0] for node in why_held(graph, page)]
    assert kinds == ["page", "slab", "objects", "slab", "objects", "container"]
    assert "owner array of slab" in graph_text(graph, page).splitlines()[1]


def test_an_empty_slab_is_held_by_its_cpu_and_then_by_min_partial() -> None:
    session = Session(memory="1M", cpus=1)
    session.run("echo 1 > /sys/slab/filp/cache_account", "open 1", "close 0")
    graph = graph_of(session)
    slab = session.records("slabs")[0]
    assert [*told(graph, why_held(graph, slab.pfn))][-1].endswith("empty, but cpu 0 allocates from it")  # type: ignore[attr-defined]


def test_an_empty_partial_slab_is_kept_by_min_partial() -> None:
    row = replace(SLABS[2], inuse=0, owners=(None,) * 16, freelist=tuple(range(16)))
    graph = machine_graph((), [row], [PageRow(304, 0, "slab", "filp", (), 16, 4)])
    assert [*told(graph, why_held(graph, 304))][-1] == (
        "slab 4 of filp -> cache filp: empty, kept on the partial list (place 1) by min_partial"
    )


def test_a_free_page_is_not_held_and_a_page_outside_is_no_page(session: Session) -> None:
    graph = graph_of(session)
    free = next(row for row in session.records("pages") if row.user == "free")  # type: ignore[attr-defined]
    assert why_held(graph, free.pfn) == [("page", free.pfn), ("use", "free")]  # type: ignore[attr-defined]
    assert "not: a free block of order" in graph_text(graph, free.pfn)  # type: ignore[attr-defined]
    assert why_held(graph, 10**9) == []
    assert page_node(graph, -1) is None


def test_rows_made_by_hand_tell_the_selected_containers_way() -> None:
    graph = machine_graph(CONTAINERS, SLABS, PAGES)
    assert [node[0] for node in why_held(graph, 16)] == ["page", "slab", "objects", "cache"]
    assert graph.edges[("slab", "filp", 4), ("objects", "filp", 4, "/bomb")]["why"] == "1 of its 16 objects in use"
    assert graph.nodes["slab", "filp", 17]["inuse"] == 15
    assert set(nx.get_node_attributes(graph, "kind").values()) == {
        "task", "container", "cache", "slab", "objects", "page", "use",
    }  # fmt: skip


@pytest.mark.parametrize(("size", "width"), [("L", 1180), ("M", 930), ("S", 690), ("S", 368)])
def test_the_picture_is_bounded_and_its_way_is_ink(session: Session, size: str, width: int) -> None:
    big = Session(memory="4M", cpus=2)
    big.run(BEGIN[0], "mkdir " + " ".join(f"/containers/c{n}" for n in range(20)), "echo 1 > /sys/slab/filp/cache_account")
    for n in range(20):
        big.run("fork", f"echo {n + 2} > /containers/c{n}/tasks", f"as {n + 2} open 30")
    graph = graph_of(big)
    page = big.records("slabs")[-1].pfn  # type: ignore[attr-defined]
    height = {"L": 470, "M": 350, "S": 321}[size]
    figure = graph_figure(graph, page, room=Room(width, height))
    assert len(figure.layout.annotations) < 90
    assert all(0 <= note.y <= height - 4 and 0 <= note.x <= width for note in figure.layout.annotations)
    way = next(trace for trace in figure.data if trace.name == "path")
    assert way.line.color == TOKENS["light"].ink
    words = [note.text for note in figure.layout.annotations]
    assert f"Why is page {page} held?" in words
    folded = sum(int(text.split()[1].replace(",", "")) for text in words if text.startswith("and ") and "<span" in text)
    drawn = sum(text.startswith(("slab ", "<b>slab ")) for text in words)
    assert folded + drawn == len(big.records("slabs")), "what is folded is counted"


def test_the_twin_says_question_answer_and_way() -> None:
    graph = machine_graph(CONTAINERS, SLABS, PAGES)
    lines = graph_text(graph, 40).splitlines()
    assert lines[:2] == ["Why are pages 32-63 held?", "They are not: a free block of order 5."]
    assert lines[-1].startswith("In the graph: 9 tasks, 4 containers, 2 caches, 6 slabs, 7 pages")
    empty = graph_figure(machine_graph((), (), ()), 0)
    assert [note.text for note in empty.layout.annotations] == ["No page yet. A machine has memory from its boot on."]
