"""The hierarchy of containers.

Its question: who is near the limit, and what keeps each alive?

Every gauge is drawn on ONE byte scale, so that lengths may be compared. The lines are directories: before
2.6.29 a charge goes to the task's own container only and never climbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import networkx as nx
import plotly.graph_objects as go

from kmemlab.figures.frame import HEIGHT, bare_axis, count, empty, owners_for, plain, sheet, table, words
from kmemlab.figures.graphs import container_graph
from kmemlab.figures.layout import Place, tree
from kmemlab.figures.palette import TOKENS, Owner, Theme
from kmemlab.records import ContainerRow

NOTHING: Final = "No container yet. `mkdir /containers/web`"
CAPTION: Final = (
    "Limits are flat: a child's bytes do not count in its parent. Lines are directories. All gauges: one byte scale."
)
MOST_TASKS: Final = 3  # leaves drawn for each container; the rest is one leaf "and 27 more"

# Sizes in lines of text: a container takes a line of words, its gauge and a second line.
CONTAINER_ROOM: Final = 3.9
DEEP: Final = 3  # columns of containers from which the bytes go below the gauge, as a third line
TASK_ROOM: Final = 1.35
LINE_PIXELS: Final = 17
GAUGE: Final = 0.6  # the largest limit, in columns: the rest of the column is the way to the next one


def _numbers(row: ContainerRow) -> str:
    return f"{row.usage:,} of {row.limit:,}" if row.limit is not None else f"{row.usage:,}, no limit"


def _fold_tasks(graph: nx.DiGraph, row: ContainerRow) -> None:
    """Label the task leaves of one container and fold all but `MOST_TASKS` into one; the lowest pids stay."""
    leaves = [(row.path, pid) for pid, _ in row.tasks]
    for node in leaves:
        graph.nodes[node]["label"] = f"{graph.nodes[node]['comm']} {node[1]}"
    rest = leaves[MOST_TASKS:]
    if len(rest) > 1:  # a fold of one would save nothing
        graph.remove_nodes_from(rest[1:])
        graph.nodes[rest[0]].update(kind="more", pid=-1, label=f"and {len(rest):,} more")


def _edges(graph: nx.DiGraph, places: Mapping[Any, Place], theme: Theme) -> dict[str, Any]:
    """One trace of hairlines with square corners, from the end of a parent's gauge to its children."""
    x: list[float | None] = []
    y: list[float | None] = []
    for parent, child in graph.edges:
        (x0, y0), (x1, y1) = places[parent], places[child]
        corner = x1 - 0.08
        x += [x0 + GAUGE + 0.03, corner, corner, x1 - 0.03, None]
        y += [y0, y0, y1, y1, None]
    line = {"color": TOKENS[theme].line2, "width": 1, "dash": "dot"}
    return {
        "type": "scatter",
        "name": "directories",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": line,
        "hoverinfo": "skip",
    }


def _gauges(
    rows: Sequence[ContainerRow],
    places: Mapping[Any, Place],
    known: Mapping[str, Owner],
    selected: str | None,
    theme: Theme,
) -> list[dict[str, Any]]:
    """Three traces: what is allowed, what is charged, and the tick at the limit."""
    tokens = TOKENS[theme]
    largest = max(max(row.limit or 0, row.usage) for row in rows) or 1
    per_byte = GAUGE / largest
    base = [places[row.path][0] for row in rows]
    y = [places[row.path][1] for row in rows]
    allowed = [GAUGE if row.limit is None else row.limit * per_byte for row in rows]
    bars = {"type": "bar", "orientation": "h", "base": base, "y": y, "width": 0.62}
    track = {
        **bars,
        "name": "limit",
        "x": allowed,
        "hoverinfo": "skip",
        # No limit: an outline only, because there is no end to compare with.
        "marker": {
            "color": [tokens.canvas if row.limit is None else tokens.line for row in rows],
            "line": {"color": tokens.line, "width": 1},
        },
    }
    usage = {
        **bars,
        "name": "containers",
        "x": [row.usage * per_byte for row in rows],
        "customdata": [[row.path, row.usage, row.limit or -1, row.failcnt, row.css_refs] for row in rows],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]:,} bytes<extra></extra>",
        "marker": {
            "color": [known[row.path].mark(theme, selected) for row in rows],
            "line": {"width": 0},
            "pattern": {
                "shape": ["/" if known[row.path].stripe else "" for row in rows],
                "fgcolor": tokens.canvas,
                "size": 6,
                "solidity": 0.3,
            },
        },
    }
    limited = [(row, x, at, width) for row, x, at, width in zip(rows, base, y, allowed, strict=True) if row.limit is not None]
    ticks = {
        "type": "scatter",
        "name": "limit ticks",
        "mode": "markers",
        "x": [x + width for _, x, _, width in limited],
        "y": [at for _, _, at, _ in limited],
        "hoverinfo": "skip",
        "marker": {"symbol": "line-ns", "size": 14, "line": {"width": 2, "color": tokens.ink}},
    }
    return [track, usage, ticks]


def _leaf_trace(graph: nx.DiGraph, places: Mapping[Any, Place], theme: Theme) -> dict[str, Any]:
    leaves = [node for node in graph if graph.nodes[node]["kind"] != "container"]
    return {
        "type": "scatter",
        "name": "tasks",
        "mode": "markers+text",
        "x": [places[node][0] for node in leaves],
        "y": [places[node][1] for node in leaves],
        "text": [" " + plain(graph.nodes[node]["label"]) for node in leaves],
        "customdata": [[node[0], graph.nodes[node]["pid"]] for node in leaves],
        "textposition": "middle right",
        "textfont": {"size": 12, "color": TOKENS[theme].ink2},
        "hoverinfo": "skip",
        "marker": {"size": 6, "color": TOKENS[theme].hush},
    }


def _words(row: ContainerRow, owner: Owner, place: Place, lit: bool, deep: bool, theme: Theme) -> list[dict[str, Any]]:
    """Return the letter, the name and the bytes above the gauge, the references and failcnt below it."""
    tokens, shade = TOKENS[theme], owner.shade(theme)
    at: dict[str, Any] = {"x": place[0], "y": place[1], "xref": "x", "yref": "y"}
    chip = {"color": shade.on if lit else shade.text, "weight": 700 if lit else 620, "size": 12}
    ground = shade.solid if lit else shade.tint
    failed = f"failcnt {row.failcnt:,}"
    if row.failcnt:
        failed = f"<span style='color:{tokens.refused_text};font-weight:620'>{failed}</span>"
    first = f"<b>{plain(owner.name)}</b>" if deep else f"<b>{plain(owner.name)}</b>  {_numbers(row)}"
    counts = f"{count(row.css_refs, 'ref')}   {failed}"
    return [
        words(owner.letter, **at, yshift=10, bgcolor=ground, borderpad=2, width=15, align="center", font=chip),
        words(first, **at, yshift=9, xshift=24, bgcolor=tokens.canvas),
        words(
            f"{_numbers(row)}<br>{counts}" if deep else counts,
            **(at | {"yanchor": "top"}),
            yshift=-9,
            font={"size": 12, "color": tokens.ink2},
        ),
    ]


def hierarchy_figure(
    containers: Sequence[ContainerRow],
    owners: Mapping[str, Owner] | None = None,
    selected: str | None = None,
    theme: Theme = "light",
    height: int = HEIGHT,
) -> go.Figure:
    """Draw the containers as a tree with gauges.

    Its question: who is near the limit, and what keeps each alive?

    Args:
        containers: one row each; usage and limit in bytes.
        owners: letters and hues of the session; containers that they lack get new ones.
        selected: path of the container in full colour.
        theme: "light" or "dark".
        height: pixels that the picture takes at least; a large tree takes more.

    Returns:
        Trace "containers" has one bar for each container (customdata: path, usage, limit or -1, failcnt,
        references), all in one unit of bytes; trace "tasks" one point for each leaf (customdata: path, pid;
        pid -1 stands for the tasks that are folded). x is the depth, y lines of text, downwards.
    """
    if not containers:
        return empty(NOTHING, theme)
    known = owners_for((row.path for row in containers), owners)
    graph = container_graph(containers, tasks=True)
    for row in containers:
        _fold_tasks(graph, row)

    depth = {path: len(nx.ancestors(graph, path)) for path in known if path in graph}
    deep = max(depth.values()) >= DEEP - 1
    tall = CONTAINER_ROOM + deep
    room = {n: tall if graph.nodes[n]["kind"] == "container" else TASK_ROOM for n in graph}
    places: dict[Any, Place] = {}
    edge = 0.0  # a forest: rows without their parent begin trees of their own
    for root in [node for node, parents in graph.in_degree() if parents == 0]:
        grown = tree(graph, root, room, gap=0.3)
        places.update({node: (depth, edge + y) for node, (depth, y) in grown.items()})
        edge = max(places[node][1] + room[node] / 2 for node in grown) + 0.6

    notes = [words(CAPTION, 0, 0, yshift=-26, font={"size": 12, "color": TOKENS[theme].ink3})]
    for row in containers:
        notes += _words(row, known[row.path], places[row.path], row.path == selected, deep, theme)
    traces = [_edges(graph, places, theme), *_gauges(containers, places, known, selected, theme)]
    deepest = max(depth for depth, _ in places.values())
    height = max(height, 42 + int(edge * LINE_PIXELS))  # a large tree grows instead of overlapping
    spare = max(0.0, (height - 42) / LINE_PIXELS - edge)  # a small one keeps its size and stands at the top
    figure = sheet(
        theme,
        margin=(14, 8, 10, 34),
        height=height,
        # A column is wider than its gauge; the last one holds task leaves, or a gauge and its words.
        xaxis=bare_axis(-0.03, deepest + 0.9),
        yaxis=bare_axis(edge + spare, 0),
        barmode="overlay",
        annotations=notes,
        meta={"lines": True},  # its height is a number of lines of text: whoever has less room scrolls, and does not squeeze
    )
    return figure.add_traces([*traces, _leaf_trace(graph, places, theme)])


def hierarchy_text(containers: Sequence[ContainerRow]) -> str:
    """Return the containers as a table in the kernel's words: usage, limit, failcnt, references, tasks."""
    if not containers:
        return NOTHING
    lines = []
    graph = container_graph(containers)
    roots = [path for path, parents in graph.in_degree() if parents == 0]
    rows = {row.path: row for row in containers}
    for row in (rows[path] for root in roots for path in nx.dfs_preorder_nodes(graph, root)):
        limit = "none" if row.limit is None else row.limit
        tasks = ", ".join(f"{comm} {pid}" for pid, comm in row.tasks) or "-"
        lines.append((row.path, row.usage, limit, row.failcnt, row.css_refs, tasks))
    body = table(("container", "kmem.usage", "kmem.limit", "kmem.failcnt", "refs"), [line[:5] for line in lines])
    tails = ["tasks", *(line[5] for line in lines)]
    twin = "\n".join(f"{line}  {tail}" for line, tail in zip(body.split("\n"), tails, strict=True))
    return f"{twin}\n{CAPTION}"


__all__ = ["hierarchy_figure", "hierarchy_text"]
