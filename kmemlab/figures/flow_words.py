"""The words of the charge flow: labels above nodes, and what nobody pays below the streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmemlab.figures.frame import Room, fitted, plain, text_width, words
from kmemlab.figures.layout import Place
from kmemlab.figures.palette import TOKENS, Theme, blend
from kmemlab.records import FlowRow


def label(
    node: tuple[Any, ...], name: str, size: int, place: Place, tall: float, lit: bool, theme: Theme, room: Room, wide: float,
    wall: float, crowded: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the name and the bytes of one node, above it, with a halo where they cross a stream; `wide` pixels at most.

    A narrow room has the bytes on a line of their own, a crowded one on the same, or where there is no room for it none.
    """
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
        where = f"at {plain(name)}'s counter"
        if text_width(where, room.small) > wide - 14:
            where = "at the counter"
        quiet = f"<span style='font-size:{room.small}px'>{where}</span>"
        return [words(f"<b>refused {size:,}</b><br>{quiet}", y=1 - place[1], yanchor="middle", font=font, **at)]
    top = 1 - place[1] + max(tall, wall if node[0] == "wall" else 0) / 2
    number = f"{size:,}" if size else ""
    below = room.narrow and not crowded
    if crowded and text_width(f"{name} {number}", room.small, bold=True) > wide - 2:
        number = ""
    ink = tokens.ink  # a number often crosses a stream
    if theme == "dark":  # white on a solid hue is too pale: the canvas shows through behind it
        red, green, blue = (int(canvas[place : place + 2], 16) for place in (1, 3, 5))
        at |= {"bgcolor": f"rgba({red},{green},{blue},0.6)", "borderpad": 0}
    space = wide - 6 - (0 if below else text_width(f" {number}", room.small if crowded else room.text))
    shown = fitted(name, space, room.text, bold=True)
    quiet = f"<span style='color:{ink};font-size:{room.small if room.narrow else room.text}px'>{number}</span>"
    return [words(f"<b>{shown}</b>{'<br>' if below else ' '}{quiet}", y=top, font=font, **at)]


def _unpaid(rows: Sequence[FlowRow]) -> list[tuple[str, str]]:
    """Return what nobody pays of the accounted caches and of calls: its stream, and words that stand below the streams."""
    idle = [row for row in rows if row.container is None and not row.refused]
    mine = [row for row in idle if row.kind == "cache" and row.accounted]
    born = sum(row.bytes for row in mine if not row.free)
    free = sum(row.bytes for row in mine if row.free)
    unseen = sum(row.bytes for row in idle if row.kind != "cache")
    said = [
        ("no owner", born, "in use without an owner: nobody pays"),
        ("free", free, "of free slots and page tails: nobody pays"),
        ("unseen", unseen, "of calls that no container sees: nobody pays"),
    ]
    return [(stream, f"{size:,} bytes {about}") for stream, size, about in said if size]


def _below(line: int, of: int, room: Room) -> float:
    """Return the middle of a line below the streams, 0 to 1 from below."""
    return ((of - line - 0.5) * room.small * 1.5 + 2) / room.height


def legend(rows: Sequence[FlowRow], x: float, room: Room, theme: Theme) -> list[dict[str, Any]]:
    """Return the lines below the streams."""
    said = _unpaid(rows)
    font = {"size": room.small, "color": TOKENS[theme].ink2}
    return [
        words(text, x, _below(line, len(said), room), yanchor="middle", xshift=17, font=font)
        for line, (_, text) in enumerate(said)
    ]


def swatches(rows: Sequence[FlowRow], x: float, room: Room, theme: Theme) -> list[dict[str, Any]]:
    """Return a small square of the stream before each line: grey, or hatched; what nobody sees is hatched closely."""
    said, tokens = _unpaid(rows), TOKENS[theme]
    flat: dict[str, Any] = {"xref": "paper", "yref": "paper", "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": x}
    shapes = []
    for line, (stream, _) in enumerate(said):
        hatched = stream != "no owner"
        at = {**flat, "yanchor": _below(line, len(said), room)}
        fill = tokens.canvas if hatched else blend(tokens.canvas, tokens.hush, 0.7)
        rim = {"color": tokens.hush, "width": 1 if hatched else 0}
        shapes.append({**at, "type": "rect", "x0": 0, "x1": 11, "y0": -5, "y1": 6, "fillcolor": fill, "line": rim})
        bars = {"free": (-2, 2), "unseen": (-4, -2, 0, 2, 4)}.get(stream, ())
        ends = (0, 1) if stream == "free" else (0, 0)  # slanted, or level as the stream's own lanes
        shapes += [
            {**at, "type": "line", "x0": 0, "x1": 11, "y0": bar + ends[0], "y1": bar + ends[1], "line": rim} for bar in bars
        ]
    return shapes


__all__ = ["label", "legend", "swatches"]
