"""The charge flow.

Its question: where do the bytes go, and which are refused or paid by nobody?

A Sankey from task to container, cache, slab state and pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.flow_places import folded, is_other, measures, places, widths
from kmemlab.figures.flow_words import label, legend, swatches
from kmemlab.figures.frame import ROOM, Room, empty, laid, owners_for, sheet, table, words
from kmemlab.figures.graphs import LAYERS, flow_graph
from kmemlab.figures.palette import TOKENS, Owner, Theme, blend
from kmemlab.records import FlowRow

NOTHING: Final = "No charge yet."


def _lanes(owner: Owner | None, stream: str, selected: str | None, theme: Theme) -> list[str]:
    """Return the colours of a stream, side by side along it: one if it is solid, stripes if it is hatched.

    Plotly cannot hatch a Sankey link, so a hatched stream is several narrow links. Refused and free bytes are
    hatched because nothing solid is there, calls that are not marked because nobody sees them; so is an owner of the second
    round of hues.
    """
    tokens = TOKENS[theme]
    if stream == "refused":
        return [tokens.refused, tokens.refused_tint] * 2 + [tokens.refused]
    if stream == "free":
        return [tokens.line2, tokens.canvas] * 3 + [tokens.line2]
    if stream == "unseen":
        return [tokens.hush, tokens.canvas] * 4 + [tokens.hush]
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

    Call sites (rows of another kind than "cache") have streams of their own, hatched where nobody pays.

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
    if not any(row.accounted or row.container is not None or row.kind != "cache" for row in rows):
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    known = owners_for((row.container for row in rows), owners)
    calls = any(row.kind != "cache" for row in rows)
    sizes = measures(room, 2 + calls, calls and room.narrow)
    graph = flow_graph(folded(rows, sizes.most_tasks), sizes.layers)
    drawn, width = widths(graph)
    spots, height, byte = places(graph, width, known, sizes)
    nodes = list(graph)
    index = {node: place for place, node in enumerate(nodes)}
    links: list[dict[str, Any]] = []
    # Streams that nobody pays lie below the others, the selected one above them.
    layer_of = {"free": 0, "no owner": 1, "unseen": 1, "charged": 2, "refused": 3}
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
    said = {"cache": "cache or call"} if calls else {}
    notes = [words(said.get(n, n), x, 1, yanchor="top", font={"color": tokens.ink3, "size": room.small}) for n, x in heads]
    notes += legend(rows, sizes.columns[0 if room.narrow else 2], room, theme)
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
        notes += label(
            node, f"{name}, nobody pays" if other else name, graph.nodes[node]["bytes"], spots[node], width[node] * byte, lit,
            theme, room, wide, sizes.wall_tall, sizes.crowded,
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
    shapes = [*walls, *swatches(rows, sizes.columns[0 if room.narrow else 2], room, theme)]
    figure = sheet(theme, (0, 2, 0, 0), room.height, annotations=notes, shapes=shapes, meta=laid(room))
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


def flow_text(rows: Sequence[FlowRow]) -> str:
    """Return the flow as a table, a line for each way the bytes go, and the sums of what nobody pays.

    Refused bytes are listed with their true number; the picture draws them at a minimum width.
    """
    if not rows:
        return NOTHING
    lines = [
        (
            row.task or "-",
            row.container or ("free" if row.free else "no owner" if row.kind == "cache" else "unseen"),
            (row.cache + ("" if row.accounted else " *")) if row.kind == "cache" else f"{row.cache} ({row.kind})",
            "refused" if row.refused else row.state,
            "-" if row.refused else f"order {row.page_order}",
            row.bytes,
        )
        for row in sorted(rows, key=lambda row: (row.refused, row.free, row.container is None))
    ]
    free = sum(row.bytes for row in rows if row.free and not row.refused)
    idle = [row for row in rows if row.container is None and not row.free and not row.refused]
    born = sum(row.bytes for row in idle if row.kind == "cache")
    unseen = sum(row.bytes for row in idle if row.kind != "cache")
    refused = sum(row.bytes for row in rows if row.refused)
    strange = sum(row.bytes for row in rows if not row.accounted and row.kind == "cache")
    sums = [
        *([f"* {strange:,} bytes in caches that are not accounted: one thin stream in the picture"] if strange else []),
        f"{born:,} bytes in use without an owner: nobody pays",
        f"{free:,} bytes of free slots and page tails: nobody pays",
        *([f"{unseen:,} bytes of calls that no container sees: nobody pays"] if unseen else []),
    ]
    if refused:
        sums.append(f"{refused:,} bytes refused: they stop at the counter (in the picture not to scale)")
    return "\n".join([table((*LAYERS, "bytes"), lines, left=5), *sums])


__all__ = ["flow_figure", "flow_text"]
