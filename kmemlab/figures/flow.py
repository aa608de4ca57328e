"""The charge flow.

Its question: where do the bytes go, and which are refused or paid by nobody?

A Sankey from task to container, cache, slab state and pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.flow_places import folded, is_other, measures, places, widths
from kmemlab.figures.frame import LAID, ROOM, Room, empty, fitted, owners_for, sheet, table, text_width, words
from kmemlab.figures.graphs import LAYERS, flow_graph
from kmemlab.figures.layout import Place
from kmemlab.figures.palette import TOKENS, Owner, Theme, blend
from kmemlab.records import FlowRow

NOTHING: Final = "No charge yet."


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


def flow_figure(
    rows: Sequence[FlowRow],
    owners: Mapping[str, Owner] | None = None,
    selected: str | None = None,
    theme: Theme = "light",
    room: Room = ROOM,
) -> go.Figure:
    """Draw the way of all bytes of the accounted caches as a Sankey, and those of all other caches as one thin stream.

    Its question: where do the bytes go, and which are refused or paid by nobody?

    Args:
        rows: bytes that flow the same way; their order does not matter.
        owners: letters and hues of the session; containers that they lack get new ones.
        selected: path of the container in full colour.
        theme: "light" or "dark".
        room: what its words are laid out for. On a narrow one tasks and slab states are left out.

    Returns:
        One Sankey. Node customdata is (kind, name, bytes, words) with a kind of `graphs.LAYERS` or "wall"; link
        customdata is (owner's path or "", stream, bytes). The values of the links of one stream add up to its
        bytes, but a refused one, and the one of the caches that are not accounted, are not drawn to scale: customdata and
        their labels have the number. What nobody pays begins at its cache.
    """
    rows = [row for row in rows if row.bytes]
    if not any(row.accounted or row.container is not None for row in rows):
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    known = owners_for((row.container for row in rows), owners)
    sizes = measures(room)
    graph = flow_graph(folded(rows, sizes.most_tasks), sizes.layers)
    drawn, width = widths(graph)
    spots, height, byte = places(graph, width, known, sizes)
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
    heads = [(name, x) for name, x in zip(LAYERS, sizes.columns, strict=True) if name in sizes.layers]
    notes = [words(name, x, 1, yanchor="top", font={"color": tokens.ink3, "size": room.small}) for name, x in heads]
    notes += _legend(rows, sizes.columns[0 if room.narrow else 2], room, theme)
    names, colours = [], []
    for node in nodes:
        lit = selected is not None and node[1] == selected and node[0] in ("task", "container")
        payer = known.get(node[1]) if node[0] in ("container", "wall") else None
        name = payer.name if payer else graph.nodes[node]["label"]
        names.append(name)
        wall = node[0] == "wall"
        other = is_other(node) and not graph.in_degree(node)
        colours.append(
            tokens.refused
            if wall
            else known[node[1]].shade(theme).solid
            if lit
            else tokens.ink3
            if is_other(node)
            else tokens.ink
        )
        if is_other(node) and not other:
            continue  # its name stands at the cache
        ends = [x for _, x in heads if x > spots[node][0]]
        wide = (min(ends, default=1.0) - spots[node][0]) * room.width if not other else room.width
        notes += _label(
            node, f"{name}, nobody pays" if other else name, graph.nodes[node]["bytes"], spots[node], width[node] * byte, lit,
            theme, room, wide, sizes.wall_tall,
        )  # fmt: skip
    walls = [
        {
            "type": "line",
            "xref": "paper",
            "yref": "paper",
            "x0": x,
            "x1": x,
            "y0": 1 - y - sizes.wall_tall / 2,
            "y1": 1 - y + sizes.wall_tall / 2,
            "line": {"color": tokens.refused, "width": 4},
        }
        for x, y in (spots[node] for node in nodes if node[0] == "wall")
    ]
    shapes = [*walls, *_swatches(rows, sizes.columns[0 if room.narrow else 2], room, theme)]
    figure = sheet(theme, (0, 2, 0, 0), room.height, annotations=notes, shapes=shapes, meta=LAID)
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
                "x": [spots[node][0] for node in nodes],
                "y": [spots[node][1] / height for node in nodes],
                "color": colours,
                "customdata": [
                    [node[0], node[1] or "", graph.nodes[node]["bytes"], name] for node, name in zip(nodes, names, strict=True)
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
    node: tuple[Any, ...], name: str, size: int, place: Place, tall: float, lit: bool, theme: Theme, room: Room, wide: float,
    wall: float,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the name and the bytes of one node, above it, with a halo where they cross a stream; `wide` pixels at most."""
    tokens = TOKENS[theme]
    canvas = tokens.canvas
    font: dict[str, Any] = {
        "size": room.text,
        "weight": 700 if lit else 500,
        "shadow": ", ".join(f"{x}px {y}px 2px {canvas}" for x in (-1, 0, 1) for y in (-1, 0, 1)),
    }
    at: dict[str, Any] = {"x": place[0], "xshift": -1}
    if node[0] == "wall":
        font = {**font, "color": tokens.refused_text}
        at["xshift"] = 6
        where = f"at {name}'s counter"
        if text_width(where, room.small) > wide - 14:
            where = "at the counter"
        quiet = f"<span style='font-size:{room.small}px'>{where}</span>"
        return [words(f"<b>refused {size:,}</b><br>{quiet}", y=1 - place[1], yanchor="middle", font=font, **at)]
    top = 1 - place[1] + max(tall, wall if node[0] == "wall" else 0) / 2
    number = f"{size:,}" if size else ""
    ink = tokens.ink2 if theme == "light" else tokens.ink
    space = wide - 6 - (0 if room.narrow else text_width(f" {number}", room.text))
    shown = fitted(name, space, room.text, bold=True)
    quiet = f"<span style='color:{ink};font-size:{room.small if room.narrow else room.text}px'>{number}</span>"
    return [words(f"<b>{shown}</b>{'<br>' if room.narrow else ' '}{quiet}", y=top, font=font, **at)]


def _unpaid(rows: Sequence[FlowRow]) -> list[tuple[bool, str]]:
    """Return what nobody pays of the accounted caches, hatched or not: words that stand below the streams."""
    mine = [row for row in rows if row.accounted and row.container is None and not row.refused]
    born = sum(row.bytes for row in mine if not row.free)
    free = sum(row.bytes for row in mine if row.free)
    return [(False, f"{born:,} bytes born before accounting: no owner")] * (born > 0) + [
        (True, f"{free:,} bytes of free slots and page tails: nobody pays")
    ] * (free > 0)


def _below(line: int, of: int, room: Room) -> float:
    """Return the middle of a line below the streams, 0 to 1 from below."""
    return ((of - line - 0.5) * room.small * 1.5 + 2) / room.height


def _legend(rows: Sequence[FlowRow], x: float, room: Room, theme: Theme) -> list[dict[str, Any]]:
    said = _unpaid(rows)
    font = {"size": room.small, "color": TOKENS[theme].ink2}
    return [
        words(text, x, _below(line, len(said), room), yanchor="middle", xshift=17, font=font)
        for line, (_, text) in enumerate(said)
    ]


def _swatches(rows: Sequence[FlowRow], x: float, room: Room, theme: Theme) -> list[dict[str, Any]]:
    """Return a small square of the stream before each line: grey, or hatched."""
    said, tokens = _unpaid(rows), TOKENS[theme]
    flat: dict[str, Any] = {"xref": "paper", "yref": "paper", "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": x}
    shapes = []
    for line, (hatched, _) in enumerate(said):
        at = {**flat, "yanchor": _below(line, len(said), room)}
        fill = tokens.canvas if hatched else blend(tokens.canvas, tokens.hush, 0.7)
        rim = {"color": tokens.hush, "width": 1 if hatched else 0}
        shapes.append({**at, "type": "rect", "x0": 0, "x1": 11, "y0": -5, "y1": 6, "fillcolor": fill, "line": rim})
        bars = (-2, 2) if hatched else ()
        shapes += [{**at, "type": "line", "x0": 0, "x1": 11, "y0": bar, "y1": bar + 1, "line": rim} for bar in bars]
    return shapes


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
            row.cache + ("" if row.accounted else " *"),
            "refused" if row.refused else row.state,
            "-" if row.refused else f"order {row.page_order}",
            row.bytes,
        )
        for row in sorted(rows, key=lambda row: (row.refused, row.free, row.container is None))
    ]
    free = sum(row.bytes for row in rows if row.free and not row.refused)
    born = sum(row.bytes for row in rows if row.container is None and not row.free and not row.refused)
    refused = sum(row.bytes for row in rows if row.refused)
    strange = sum(row.bytes for row in rows if not row.accounted)
    sums = [
        *([f"* {strange:,} bytes in caches that are not accounted: one thin stream in the picture"] if strange else []),
        f"{born:,} bytes in use without an owner: nobody pays",
        f"{free:,} bytes of free slots and page tails: nobody pays",
    ]
    if refused:
        sums.append(f"{refused:,} bytes refused: they stop at the counter (in the picture not to scale)")
    return "\n".join([table((*LAYERS, "bytes"), lines, left=5), *sums])


__all__ = ["flow_figure", "flow_text"]
