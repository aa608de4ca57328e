"""Costs that nobody is charged for, by cache.

Its question: what does it cost to have these objects, beside the objects?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.frame import ROOM, Room, bare_axis, count, empty, fitted, laid, placed, sheet, text_width, wrapped
from kmemlab.figures.palette import TOKENS, Theme
from kmemlab.overhead import NOTHING, overhead_text
from kmemlab.records import OverheadRow

QUESTION: Final = "What does it cost to have these objects, beside the objects?"
LINE: Final = 1.6  # of the small type's size, for a bar: of caches that have no room, the last bar is all
LEAST: Final = 4  # bars of caches, however little room there is
PARTS: Final = ("empty slabs", "free slots", "page tails", "owner arrays", "beside")
KEY: Final = (("□", "empty slabs"), ("▨", "free slots"), ("■", "page tails"), ("■", "owner arrays"), ("■", "no cache's"))


def overhead_parts(row: OverheadRow) -> tuple[int, int, int, int, int]:
    """Return the bytes of a row that nobody pays, in the order of PARTS."""
    return row.reserve_bytes, row.free, row.tail, row.arrays, row.beside


def overhead_figure(rows: Sequence[OverheadRow], theme: Theme = "light", room: Room = ROOM) -> go.Figure:
    """Draw a bar for each cache with the parts that nobody pays one behind the other; the two costs of no cache come last.

    Its question: what does it cost to have these objects, beside the objects?

    Args:
        rows: of `overhead_rows`.
        theme: "light" or "dark".
        room: what its words are laid out for.

    Returns:
        One bar trace for each of the five parts, named as in PARTS; customdata is (what, bytes, percent of a slab that its
        owner array takes). All bars share one scale of bytes.
    """
    if not any(row.unpaid for row in rows):
        return empty(NOTHING, theme)
    caches = sorted((row for row in rows if row.bytes and row.unpaid), key=lambda row: (-row.unpaid, row.what))
    tokens = TOKENS[theme]
    # As in the picture of Cost, where both have a part.
    fills = (tokens.canvas, tokens.canvas, tokens.line2, tokens.hush, tokens.ink2)
    key, bottom = _key([tokens.ink3 if fill == tokens.canvas else fill for fill in fills], room, tokens.ink2)
    told = wrapped(f"Nobody is charged for these {sum(row.unpaid for row in rows):,} bytes.", room.width, room.small)
    head, foot = bottom + room.small * 1.2, room.small * (1.35 * len(told) + 1)

    last = [(row.what, overhead_parts(row), 0.0) for row in rows if row.beside]
    most = max(LEAST, int((room.height - head - foot) / (room.small * LINE)) - len(last))
    shown: list[tuple[str, tuple[int, ...], float]] = [
        (row.what, overhead_parts(row), row.array_percent) for row in caches[: most - (len(caches) > most)]
    ]
    rest = caches[len(shown) :]
    if rest:
        sums = tuple(sum(column) for column in zip(*(overhead_parts(row) for row in rest), strict=True))
        shown.append((count(len(rest), "more cache"), sums, 0.0))
    shown += last
    each = (room.height - head - foot) / len(shown)
    left = min(0.42 * room.width, 8 + max(text_width(what, room.small) for what, _, _ in shown))
    right = room.width - text_width(f"{max(sum(parts) for _, parts, _ in shown):,}", room.small) - 10
    per_byte = (right - left) / max(sum(parts) for _, parts, _ in shown)
    notes = [placed(fitted(QUESTION, room.width, room.small), 0, room.small, room.small, tokens.ink2), *key]
    for line, text in enumerate(told):
        notes.append(placed(text, 0, room.height - foot + room.small * (1.2 + 1.35 * line), room.small, tokens.ink2))
    for place, (what, parts, _) in enumerate(shown):
        y = head + each * (place + 0.5)
        notes.append(placed(fitted(what, left - 8, room.small), 0, y, room.small, tokens.ink))
        notes.append(placed(f"{sum(parts):,}", left + sum(parts) * per_byte + 6, y, room.small, tokens.ink))
    figure = sheet(
        theme,
        margin=(0, 0, 0, 0),
        height=room.height,
        meta=laid(room),
        barmode="stack",
        showlegend=False,
        xaxis=bare_axis(0, room.width),
        yaxis=bare_axis(room.height, 0),
        annotations=notes,
    )
    for part, name in enumerate(PARTS):
        figure.add_trace({
            "type": "bar",
            "name": name,
            "orientation": "h",
            "base": [left + sum(parts[:part]) * per_byte for _, parts, _ in shown],
            "x": [parts[part] * per_byte for _, parts, _ in shown],
            "y": [head + each * (place + 0.5) for place in range(len(shown))],
            "width": min(18, each * 0.6),
            "marker": {
                "color": fills[part],
                "line": {"color": tokens.ink3, "width": 1},
                "pattern": {
                    "fillmode": "overlay", "shape": "/" if name == "free slots" else "", "fgcolor": tokens.ink3, "size": 6,
                    "solidity": 0.25,
                },
            },
            "customdata": [(what, parts[part], percent) for what, parts, percent in shown],
            "hovertemplate": f"%{{customdata[0]}}, {name}: %{{customdata[1]:,}} bytes<extra></extra>",
        })  # fmt: skip
    return figure


def _key(colours: Sequence[str], room: Room, ink: str) -> tuple[list[dict[str, Any]], float]:
    """Return the words that say what the parts are, in as many lines as the room needs, and where the last line is."""
    notes, along, y = [], 0.0, room.small * 2.4
    for (mark, name), colour in zip(KEY, colours, strict=True):
        wide = text_width(f"{mark} {name}", room.small) + 14
        if along and along + wide > room.width:
            along, y = 0.0, y + room.small * 1.4
        notes.append(placed(f'<span style="color:{colour}">{mark}</span> {name}', along, y, room.small, ink))
        along += wide
    return notes, y


__all__ = ["PARTS", "QUESTION", "overhead_figure", "overhead_parts", "overhead_text"]
