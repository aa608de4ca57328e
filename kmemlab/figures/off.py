"""Turning accounting off under live objects, design by design.

Its question: who pays for making off possible: memory, the fast path, or off itself?

A row for each design and three meters in it, each with a scale of its own: bytes kept, what allocs and frees did for it, and
what off looked at, with the event at which nothing was charged any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.frame import ROOM, Room, bare_axis, count, empty, fitted, laid, placed, sheet, table, text_width
from kmemlab.figures.palette import TOKENS, Theme
from kmemlab.records import OffRow

QUESTION: Final = "Who pays for making off possible: memory, the fast path, or off itself?"
SHORT: Final = "Who pays for making off possible?"
NOTHING: Final = "No design to compare."
METERS: Final = (("memory", "bytes kept"), ("fast path", "so far"), ("off itself", "steps of its own"))
BAR: Final = 12  # pixels
INSET: Final = 2  # pixels that Plotly leaves before a word


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter of a design: how much, in words, and a quiet line below it."""

    amount: int
    number: str
    about: str = ""
    refused: bool = False


def off_meters(row: OffRow) -> tuple[Meter, Meter, Meter]:
    """Return the three meters of a design: memory, fast path, off itself."""
    ways = [count(row.list_ops, "list operation")] if row.list_ops else []
    ways += [count(row.compares, "compare")] if row.compares else []
    fast = Meter(row.list_ops + row.compares, f"{row.list_ops + row.compares:,}", ", ".join(ways))
    if row.design == "empty":
        return Meter(row.kept, f"{row.kept:,}"), fast, Meter(0, "refused", "while objects live", True)
    if not row.asked:
        about = "not asked yet"
    elif row.done < 0:
        about = f"answered at {row.answered:,}, not done"
    else:
        about = f"done at event {row.done:,}"
    return Meter(row.kept, f"{row.kept:,}"), fast, Meter(row.steps, f"{row.steps:,}", about)


def off_figure(rows: Sequence[OffRow], theme: Theme = "light", room: Room = ROOM) -> go.Figure:
    """Draw the designs one below the other, three meters in a row.

    Args:
        rows: one for each design, in the order of the picture.
        theme: "light" or "dark".
        room: what its words are laid out for.

    Returns:
        One bar trace "meters"; customdata is (design, meter, amount). Each of the three meters has its own scale, from 0.
    """
    if not rows:
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    left = 0.0 if room.narrow else 16 + max(text_width(row.design, room.text, bold=True) for row in rows)
    wide = (room.width - left) / len(METERS)
    gap = 10 if room.narrow else 20
    head = room.small * 2.2 + room.text * 3.2
    each = (room.height - head - 4) / len(rows)
    meters = [off_meters(row) for row in rows]
    most = [max(1, *(each[column].amount for each in meters)) for column in range(len(METERS))]

    asked = QUESTION if text_width(QUESTION, room.small) < room.width else SHORT
    notes = [placed(asked, 0, room.small, room.small, tokens.ink2)]
    for column, (name, unit) in enumerate(METERS):
        x = left + column * wide
        notes.append(placed(f"<b>{name}</b>", x, room.small * 2.2 + room.text * 0.7, room.text, tokens.ink))
        notes.append(placed(unit, x, room.small * 2.2 + room.text * 2, room.small, tokens.ink2))
    bars: list[tuple[float, float, float, str, str, str, tuple[str, str, int]]] = []
    lines: list[dict[str, Any]] = []
    fills = ((tokens.ink, ""), (tokens.ink3, "/"), (tokens.hush, ""))
    for place, row in enumerate(rows):
        top = head + place * each
        lines.append(
            {"type": "line", "x0": 0, "x1": room.width, "y0": top, "y1": top, "line": {"color": tokens.line, "width": 1}}
        )
        name_at = top + room.text * 0.9
        notes.append(placed(f"<b>{row.design}</b>", 0, name_at, room.text, tokens.ink))
        cell = top + (room.text * 1.5 if room.narrow else 0)
        for column, (meter, (fill, pattern)) in enumerate(zip(meters[place], fills, strict=True)):
            x = left + column * wide
            colour = tokens.refused_text if meter.refused else tokens.ink
            number = fitted(meter.number, wide - gap, room.text, bold=True)
            notes.append(placed(f"<b>{number}</b>", x, cell + room.text * 0.9, room.text, colour))
            middle = cell + room.text * 1.7 + BAR / 2
            bars.append((
                x + INSET, middle, (wide - gap) * meter.amount / most[column],
                fill, tokens.ink3 if column == 2 else fill, pattern, (row.design, METERS[column][0], meter.amount),
            ))  # fmt: skip
            if meter.about:
                quiet = fitted(meter.about, wide - gap, room.small)
                notes.append(placed(quiet, x, middle + BAR / 2 + room.small * 0.9, room.small, tokens.ink2))
    x_of, y_of, wide_of, fill_of, rim_of, shapes, about = zip(*bars, strict=True)
    figure = sheet(
        theme,
        margin=(0, 0, 0, 0),
        height=room.height,
        meta=laid(room),
        xaxis=bare_axis(0, room.width),
        yaxis=bare_axis(room.height, 0),
        annotations=notes,
        shapes=[{**line, "layer": "below"} for line in lines],
    )
    return figure.add_trace(
        {
            "type": "bar",
            "name": "meters",
            "orientation": "h",
            "base": x_of,
            "x": wide_of,
            "y": y_of,
            "width": BAR,
            "customdata": about,
            "hovertemplate": "%{customdata[0]}, %{customdata[1]}: %{customdata[2]:,}<extra></extra>",
            "marker": {
                "color": fill_of,
                "line": {"color": rim_of, "width": 1},
                "pattern": {
                    "fillmode": "overlay", "shape": shapes, "fgcolor": tokens.canvas, "size": 6, "solidity": 0.25,
                },
            },
        }
    )  # fmt: skip


def off_text(rows: Sequence[OffRow]) -> str:
    """Return a line for each design with its three meters."""
    if not rows:
        return NOTHING
    lines = []
    for row in rows:
        memory, _, off = off_meters(row)
        lines.append((row.design, memory.number, f"{row.list_ops:,}", f"{row.compares:,}", off.number, off.about))
    text = table(("design", "bytes kept", "list ops", "compares", "off's steps", ""), lines)
    return "\n".join([QUESTION, text])


__all__ = ["QUESTION", "off_figure", "off_meters", "off_text"]
