"""The charge flow.

Its question: where do the bytes go, and which are refused or paid by nobody?

A Sankey from task to container, cache, slab state and pages. Plotly places Sankey nodes in units of the
trace's domain and scales the fullest column to exactly that domain, so a domain of a part of the sheet
leaves known room for gaps and labels at every size of the sheet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import networkx as nx
import plotly.graph_objects as go

from kmemlab.figures.frame import empty, owners_for, sheet, table, words
from kmemlab.figures.graphs import FREE, LAYERS, STATES, flow_graph
from kmemlab.figures.layout import Place, stacked
from kmemlab.figures.palette import TOKENS, Owner, Theme, blend
from kmemlab.records import FlowRow

NOTHING: Final = "No charge yet."
COLUMNS: Final = (0.01, 0.25, 0.49, 0.70, 0.885)  # where each layer stands on the sheet, 0 to 1
WALL: Final = 0.40
WALL_TALL: Final = 0.06  # of the sheet: a wall stands out above and below the stream that it stops
HEAD: Final = 0.115  # of the sheet, for the names of the layers and the first label
FOOT: Final = 0.05
MOST_TASKS: Final = 8
GAP: Final = 0.062  # between nodes, for the label of the lower one
# A refused stream is drawn at least this part of the fullest column: not to scale, so its label has the number.
LEAST_REFUSED: Final = 0.028


def _fold_tasks(rows: Sequence[FlowRow]) -> list[FlowRow]:
    """Fold all but the `MOST_TASKS` largest tasks into one "other tasks" of their container."""
    held: Counter[tuple[str | None, str]] = Counter()
    for row in rows:
        if row.task and not row.free:
            held[row.container, row.task] += row.bytes
    if len(held) <= MOST_TASKS:
        return list(rows)
    # A refused task stays: it is what the picture is for.
    kept = {task for task, _ in held.most_common(MOST_TASKS - 1)}
    kept |= {(row.container, row.task) for row in rows if row.refused}
    return [
        row if (row.container, row.task) in kept or not row.task else replace(row, task="other tasks") for row in rows
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
        return (0, size, 0)
    # A task that is refused stands last of its container's, so that its refused stream crosses none of them.
    refused = any(end[0] == "wall" for end in graph.successors(node))
    return (kind == "wall", payer, refused, size)


def _places(
    graph: nx.MultiDiGraph, width: Mapping[Any, float], known: Mapping[str, Owner]
) -> tuple[dict[Any, Place], float, float]:
    """Return the middle of each node (x, y from the top; the sheet is 1 by 1), the domain's height, and a byte's."""
    ranks: list[list[Any]] = [[] for _ in LAYERS]
    for node in sorted(graph, key=lambda node: _rank(node, known, graph)):
        ranks[graph.nodes[node]["layer"]].append(node)
    room = 1.0 - HEAD - FOOT
    gap = min(GAP, 0.7 * room / max(1, *(len(rank) - 1 for rank in ranks)))
    byte = min((room - gap * (len(rank) - 1)) / sum(width[node] for node in rank) for rank in ranks if rank)
    # What Plotly scales to the domain is the fullest of ITS columns: a node's longest way from a source.
    fullest = max(sum(width[node] for node in column) for column in nx.topological_generations(graph))
    spots = stacked(ranks, {node: width[node] * byte for node in graph}, gap)
    places = {
        node: (WALL if node[0] == "wall" else COLUMNS[int(layer)], HEAD + y) for node, (layer, y) in spots.items()
    }
    return places, fullest * byte, byte


def _lanes(owner: Owner | None, stream: str, selected: str | None, theme: Theme) -> list[str]:
    """Return the colours of a stream, side by side along it: one if it is solid, stripes if it is hatched.

    Plotly cannot hatch a Sankey link, so a hatched stream is several narrow links. Refused and free bytes are
    hatched because nothing solid is there; so is an owner of the second round of hues.
    """
    tokens = TOKENS[theme]
    if stream == "refused":
        return [tokens.refused, tokens.refused_tint] * 2 + [tokens.refused]
    if stream == "free":
        return [tokens.line2, tokens.canvas] * 3 + [tokens.line2]
    if owner is None:
        return [blend(tokens.canvas, tokens.hush, 0.7)]
    solid = owner.shade(theme).solid
    fill = solid if owner.path == selected else blend(tokens.canvas, solid, 0.35)
    return [fill, blend(tokens.canvas, fill, 0.5)] * 2 + [fill] if owner.stripe else [fill]


def _widths(graph: nx.MultiDiGraph) -> tuple[dict[Any, float], dict[Any, float]]:
    """Drawn width of each edge and node in bytes: the true one but for refused streams, which have a minimum."""
    total = sum(graph.nodes[node]["bytes"] for node in graph if graph.nodes[node]["layer"] == 4)
    least = LEAST_REFUSED * total if total else 1
    edges = {
        (start, end, key): max(at["bytes"], least) if at["stream"] == "refused" else at["bytes"]
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


def flow_figure(
    rows: Sequence[FlowRow],
    owners: Mapping[str, Owner] | None = None,
    selected: str | None = None,
    theme: Theme = "light",
) -> go.Figure:
    """Draw the way of all bytes as a Sankey.

    Its question: where do the bytes go, and which are refused or paid by nobody?

    Args:
        rows: bytes that flow the same way; their order does not matter.
        owners: letters and hues of the session; containers that they lack get new ones.
        selected: path of the container in full colour.
        theme: "light" or "dark".

    Returns:
        One Sankey. Node customdata is (kind, name, bytes, words) with a kind of `graphs.LAYERS` or "wall"; link
        customdata is (owner's path or "", stream, bytes). The values of the links of one stream add up to its
        bytes, but a refused one is drawn with a minimum width: customdata and the wall's label have the number.
    """
    if not rows:
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    known = owners_for((row.container for row in rows), owners)
    graph = flow_graph(_fold_tasks(rows))
    drawn, width = _widths(graph)
    places, height, byte = _places(graph, width, known)
    nodes = list(graph)
    index = {node: place for place, node in enumerate(nodes)}
    links: list[dict[str, Any]] = []
    # Streams that nobody pays lie below the others, the selected one above them.
    layer_of = {"free": 0, "no owner": 1, "charged": 2, "refused": 3}
    for start, end, key, at in sorted(
        graph.edges(keys=True, data=True), key=lambda edge: (edge[3]["owner"] == selected, layer_of[edge[3]["stream"]])
    ):
        lanes = _lanes(known.get(at["owner"] or ""), at["stream"], selected, theme)
        lane = {
            "source": index[start],
            "target": index[end],
            "value": drawn[start, end, key] / len(lanes),
            "customdata": [at["owner"] or "", at["stream"], at["bytes"]],
        }
        links += [{**lane, "color": colour} for colour in lanes]
    notes = [
        words(name, x, 1, yanchor="top", font={"color": tokens.ink3}) for name, x in zip(LAYERS, COLUMNS, strict=True)
    ]
    names, colours = [], []
    for node in nodes:
        lit = node[1] == selected and node[0] in ("task", "container")
        name = known[node[1]].name if node[0] == "container" and node[1] in known else graph.nodes[node]["label"]
        names.append(name)
        wall = node[0] == "wall"
        colours.append(tokens.refused if wall else known[node[1]].shade(theme).solid if lit else tokens.ink)
        notes += _label(node, name, graph.nodes[node]["bytes"], places[node], width[node] * byte, lit, theme)
    walls = [
        {
            "type": "line",
            "xref": "paper",
            "yref": "paper",
            "x0": x,
            "x1": x,
            "y0": 1 - y - WALL_TALL / 2,
            "y1": 1 - y + WALL_TALL / 2,
            "line": {"color": tokens.refused, "width": 4},
        }
        for x, y in (places[node] for node in nodes if node[0] == "wall")
    ]
    figure = sheet(theme, margin=(10, 10, 34, 10), annotations=notes, shapes=walls)
    return figure.add_trace(
        {
            "type": "sankey",
            "arrangement": "fixed",  # the only one with clicks on nodes
            "domain": {"x": [0, 1], "y": [1 - height, 1]},
            "textfont": {
                "size": 1,
                "color": "rgba(0,0,0,0)",
            },  # the labels are annotations, above their nodes
            "node": {
                "x": [places[node][0] for node in nodes],
                "y": [places[node][1] / height for node in nodes],
                "color": colours,
                "customdata": [
                    [node[0], node[1] or "", graph.nodes[node]["bytes"], name]
                    for node, name in zip(nodes, names, strict=True)
                ],
                "hovertemplate": "%{customdata[3]} %{customdata[2]:,}<extra></extra>",
                "pad": 0,
                "thickness": 9,
                "align": "left",
                "line": {"width": 0},
            },
            "link": {
                **{field: [link[field] for link in links] for field in ("source", "target", "value", "color")},
                "customdata": [link["customdata"] for link in links],
                "line": {"width": 0},
                "hovertemplate": "%{customdata[2]:,} bytes, %{customdata[1]}<extra>%{customdata[0]}</extra>",
            },
        }
    )


def _label(
    node: tuple[Any, ...], name: str, size: int, place: Place, tall: float, lit: bool, theme: Theme
) -> list[dict[str, Any]]:
    """Return the name and the bytes of one node, above it, with a halo where they cross a stream."""
    tokens = TOKENS[theme]
    canvas = tokens.canvas
    font: dict[str, Any] = {
        "weight": 700 if lit else 500,
        "shadow": ", ".join(f"{x}px {y}px 2px {canvas}" for x in (-1, 0, 1) for y in (-1, 0, 1)),
    }
    at: dict[str, Any] = {"x": place[0], "xshift": -5}
    if node[0] == "wall":
        tall = max(tall, WALL_TALL)
    top, bottom = 1 - place[1] + tall / 2, 1 - place[1] - tall / 2
    if node[0] == "wall":
        font = {**font, "color": tokens.refused_text}
        stops = words("stops at the counter", y=bottom, yanchor="top", font={**font, "size": 12}, **at)
        return [words(f"<b>refused {size:,}</b>", y=top, font=font, **at), stops]
    quiet = f"<span style='color:{tokens.ink2 if theme == 'light' else tokens.ink}'>{size:,}</span>"
    return [words(f"<b>{name}</b> {quiet}", y=top, font=font, **at)]


def flow_text(rows: Sequence[FlowRow]) -> str:
    """Return the flow as a table, a line for each way the bytes go, and the sums of what nobody pays.

    Refused bytes are listed with their true number; the picture draws them at a minimum width.
    """
    if not rows:
        return NOTHING
    lines = [
        (
            row.task or "-",
            row.container or ("free" if row.free else "no owner"),
            row.cache,
            "refused" if row.refused else row.state,
            "-" if row.refused else f"order {row.page_order}",
            row.bytes,
        )
        for row in sorted(rows, key=lambda row: (row.refused, row.free, row.container is None))
    ]
    free = sum(row.bytes for row in rows if row.free and not row.refused)
    born = sum(row.bytes for row in rows if row.container is None and not row.free and not row.refused)
    refused = sum(row.bytes for row in rows if row.refused)
    sums = [
        f"{born:,} bytes in use without an owner: nobody pays",
        f"{free:,} bytes of free slots and page tails: nobody pays",
    ]
    if refused:
        sums.append(f"{refused:,} bytes refused: they stop at the counter (in the picture not to scale)")
    return "\n".join([table((*LAYERS, "bytes"), lines, left=5), *sums])


__all__ = ["flow_figure", "flow_text"]
