"""What accounting does not see.

Its question: how much memory is not in anyone's usage?

Four parts of the bytes of all slabs, and their total: what owners pay, what is in use without an owner, free slots and page
tails, and the owner arrays. Only the first one is in a container's usage. A machine that charges calls has a fifth part, what
they got and nobody pays, and its bytes are those of slabs and of what calls have beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.frame import (
    ROOM,
    Room,
    bare_axis,
    empty,
    fitted,
    laid,
    owners_for,
    placed,
    sheet,
    table,
    text_width,
    wrapped,
)
from kmemlab.figures.palette import TOKENS, Owner, Theme
from kmemlab.records import CostRow

QUESTION: Final = "How much memory is not in anyone's usage?"
NOTHING: Final = "No slab yet. The first object makes one."
TALL: Final = 24  # pixels of a bar where there is room
FREE: Final = "free slots, page tails"
UNSEEN: Final = "calls nobody sees"
LEAST_LETTER: Final = 22  # pixels of a segment that has room for its owner's letter


@dataclass(frozen=True, slots=True)
class Part:
    """One of the parts: its name, its bytes, and quiet words about it, a line each."""

    name: str
    bytes: int
    about: tuple[str, ...]


def has_calls(rows: Sequence[CostRow]) -> bool:
    """Say whether the machine of some rows charges calls: there is one then that somebody pays for, or nobody."""
    return any(row.kind != "cache" or row.unseen for row in rows)


def cost_parts(rows: Sequence[CostRow]) -> tuple[Part, ...]:
    """Return the parts: charged, in use without an owner, free, owner arrays; where there are calls, those unseen."""
    early = sum(row.unowned for row in rows if row.accounted)
    strange = sum(row.unowned for row in rows if not row.accounted)
    ways = [f"in accounted caches {early:,}"] if early or not strange else []
    ways += [f"in all other caches {strange:,}"] if strange else []
    homes = ", ".join(f"{row.arrays:,} in {row.cache}" for row in rows if row.arrays)
    parts = (
        Part("charged", sum(row.charged for row in rows), ("objects whose owner pays",)),
        Part("in use, no owner", early + strange, tuple(ways)),
        Part(FREE, sum(row.free for row in rows), ("held by the cache, nobody pays",)),
        Part("owner arrays", sum(row.arrays for row in rows), (homes or "one pointer for each object",)),
    )
    if not has_calls(rows):
        return parts
    kinds: dict[str, int] = {}
    for row in rows:
        kind = "kmalloc" if row.kind == "cache" else row.kind
        kinds[kind] = kinds.get(kind, 0) + row.unseen
    told = [f"{kind} {size:,}" for kind, size in sorted(kinds.items(), key=lambda each: -each[1]) if size]
    return (*parts, Part(UNSEEN, sum(kinds.values()), (", ".join(told) or "every call here is paid for",)))


def _sentence(rows: Sequence[CostRow]) -> str:
    """Say what nobody pays, of all slabs and of those of the accounted caches (the timeline's gap)."""
    nobody = sum(row.bytes - row.charged for row in rows)
    gap = sum(row.bytes - row.charged for row in rows if row.accounted and row.kind == "cache")
    return f"Nobody pays {nobody:,}, {gap:,} of it in accounted caches: a limit counts objects, not pages."


def _segments(rows: Sequence[CostRow], known: Mapping[str, Owner]) -> list[tuple[Owner, int]]:
    """Return what each container pays, in the order of the containers."""
    paid: dict[str, int] = {}
    for row in rows:
        for path, size in row.owners:
            paid[path] = paid.get(path, 0) + size
    return [(owner, paid[path]) for path, owner in known.items() if paid.get(path)]


def cost_figure(
    rows: Sequence[CostRow],
    owners: Mapping[str, Owner] | None = None,
    selected: str | None = None,
    theme: Theme = "light",
    room: Room = ROOM,
) -> go.Figure:
    """Draw the parts of all bytes one below the other, each beginning where the one above ends.

    Its question: how much memory is not in anyone's usage?

    Args:
        rows: one for each cache, in any order.
        owners: letters and hues of the session; containers that they lack get new ones.
        selected: path of the container in full colour.
        theme: "light" or "dark".
        room: what its words are laid out for.

    Returns:
        One bar trace "parts"; customdata is ("container", path, bytes) for what a container pays, and
        ("part", name, bytes) for the parts that nobody pays. All bars share one scale of bytes.
    """
    rows = [row for row in rows if row.bytes]
    if not rows:
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    known = owners_for((path for row in rows for path, _ in row.owners), owners)
    parts = cost_parts(rows)
    total = sum(part.bytes for part in parts)
    left = 4 if room.narrow else 16 + max(text_width(line, room.small) for part in parts for line in part.about)
    left = min(left, 0.42 * room.width)
    right = room.width - (4 if room.narrow else text_width(f"{total:,}", room.text, bold=True) + 16)
    per_byte = (right - left) / total
    pieces = wrapped(_sentence(rows), room.width - 4 if room.narrow else right - left, room.small)
    below = (len(pieces) + room.narrow) * room.small * 1.35
    head, foot = room.small * 2.4, room.text * 1.6 + max(room.text * 1.4, below)
    each = (room.height - head - foot) / len(parts)
    tight = len(parts) > 4  # where words stand above their bar
    bar = (8 if tight else 14) if room.narrow else min(TALL, each * 0.45)

    what = " Bytes of all slabs."
    if has_calls(rows):
        what = "" if room.narrow else " Bytes of all slabs, and of calls beside them."
    notes = [placed(QUESTION + what, 0, room.small, room.small, tokens.ink2)]
    lines: list[tuple[float, float, float, str]] = []
    drawn: list[tuple[float, float, float, str, str, str, str, tuple[str, str, int]]] = []
    begin = left
    fills = (tokens.ink, tokens.ink3, tokens.canvas, tokens.hush, tokens.canvas)[: len(parts)]
    for place, (part, fill) in enumerate(zip(parts, fills, strict=True)):
        middle = head + each * (place + 0.5)
        at = middle + each * (0.4 if tight else 0.28) if room.narrow else middle
        lines.append((left, right, at, tokens.line))
        if place == 0:
            edge = begin
            for owner, size in _segments(rows, known):
                shade, lit = owner.shade(theme), owner.path == selected
                wide = size * per_byte
                letter = owner.letter if wide >= LEAST_LETTER and bar > room.small else ""
                drawn.append((
                    edge, at, wide, owner.fill(theme, selected), owner.mark(theme, selected),
                    letter, shade.on if lit else shade.text, ("container", owner.path, size),
                ))  # fmt: skip
                edge += wide
        else:
            rim = tokens.ink3 if fill == tokens.canvas else fill
            drawn.append((begin, at, part.bytes * per_byte, fill, rim, "", tokens.ink, ("part", part.name, part.bytes)))
        begin += part.bytes * per_byte
        notes += _row(part, middle, each, left, room, theme)
    y = room.height - foot + room.text * 0.4
    lines.append((0, room.width, y, tokens.line2))
    notes += _total(pieces, total, "in slabs and calls" if has_calls(rows) else "in slabs", y, left, room, theme)
    x, y_of, wide_of, fill_of, rim_of, letters, inks, about = zip(*drawn, strict=True)
    figure = sheet(
        theme,
        margin=(0, 0, 0, 0),
        height=room.height,
        meta=laid(room),
        xaxis=bare_axis(0, room.width),
        yaxis=bare_axis(room.height, 0),
        annotations=notes,
        shapes=[
            {"type": "line", "x0": x0, "x1": x1, "y0": at, "y1": at, "line": {"color": colour, "width": 1}, "layer": "below"}
            for x0, x1, at, colour in lines
        ],
    )
    return figure.add_trace(
        {
            "type": "bar",
            "name": "parts",
            "orientation": "h",
            "base": x,
            "x": wide_of,
            "y": y_of,
            "width": bar,
            "text": letters,
            "textposition": "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "textfont": {"color": inks, "size": room.small, "weight": 600},
            "constraintext": "none",
            "customdata": about,
            "hovertemplate": "%{customdata[1]}: %{customdata[2]:,} bytes<extra></extra>",
            "marker": {
                "color": fill_of,
                "line": {"color": rim_of, "width": 1},
                "pattern": {
                    "fillmode": "overlay",
                    "shape": [_hatch(one[1], known) for one in about],
                    "fgcolor": rim_of,
                    "size": 6,
                    "solidity": 0.25,
                },
            },
        }
    )


def _hatch(name: str, known: Mapping[str, Owner]) -> str:
    """Return the pattern of a bar: slanted for what is free and a second round of owners, crossed for what nobody sees."""
    owner = known.get(name)
    return "x" if name == UNSEEN else "/" if name == FREE or (owner is not None and owner.stripe) else ""


def _row(part: Part, middle: float, each: float, left: float, room: Room, theme: Theme) -> list[dict[str, Any]]:
    """Return the words of one part: its name, its number, and the quiet lines."""
    tokens = TOKENS[theme]
    name, number = f"<b>{part.name}</b>", f"<b>{part.bytes:,}</b>"
    tall = room.small * 1.35
    if room.narrow:  # name and number on one line, one quiet line, the bar below
        top = middle - each * 0.34
        quiet = fitted(", ".join(part.about), room.width - 4, room.small)
        return [
            placed(name, 0, top, room.text, tokens.ink),
            placed(number, room.width, top, room.text, tokens.ink, xanchor="right", align="right"),
            placed(quiet, 0, top + tall * 1.1, room.small, tokens.ink2),
        ]
    top = middle - tall * len(part.about) / 2
    notes = [placed(name, 0, top, room.text, tokens.ink)]
    for line, text in enumerate(part.about):
        quiet = fitted(text, left - 10, room.small)
        notes.append(placed(quiet, 0, top + room.text * 0.2 + tall * (line + 1), room.small, tokens.ink2))
    return [*notes, placed(number, room.width, middle, room.text, tokens.ink, xanchor="right", align="right")]


def _total(
    pieces: Sequence[str], total: int, what: str, y: float, left: float, room: Room, theme: Theme
) -> list[dict[str, Any]]:
    """Return the last line: all of it, and how much of it nobody pays."""
    tokens = TOKENS[theme]
    at = y + room.text * 1.2
    number = placed(f"<b>{total:,}</b>", room.width, at, room.text, tokens.ink, xanchor="right", align="right")
    notes = [placed(f"<b>{what}</b>", 0, at, room.text, tokens.ink), number]
    place, first = (0.0, at + room.text * 1.35) if room.narrow else (left, at)
    return notes + [
        placed(piece, place, first + line * room.small * 1.35, room.small, tokens.ink2) for line, piece in enumerate(pieces)
    ]


def cost_text(rows: Sequence[CostRow]) -> str:
    """Return a line for each cache, the sums, and what nobody pays."""
    if not rows:
        return NOTHING
    calls = has_calls(rows)
    head = ("cache", "slabs", "charged", "no owner", *(["unseen"] if calls else []), "free", "arrays", "bytes")
    ordered = sorted(rows, key=lambda row: (row.kind != "cache", not row.accounted, -row.bytes, row.cache))
    lines: list[tuple[object, ...]] = [
        (
            row.cache + (f" ({row.kind})" if row.kind != "cache" else "" if row.accounted else " *"), row.slabs, row.charged,
            row.unowned, *([row.unseen] if calls else []), row.free, row.arrays, row.bytes,
        )
        for row in ordered
    ]  # fmt: skip
    sums = [sum(column) for column in zip(*(line[1:] for line in lines), strict=True)]
    return "\n".join(
        [table(head, [*lines, ("all", *sums)]), "* not accounted", *(f"{owner}: {size:,}" for owner, size in _paid(rows)),
         _sentence(rows)]
    )  # fmt: skip


def _paid(rows: Sequence[CostRow]) -> list[tuple[str, int]]:
    """Return what each container pays."""
    return [(owner.path, size) for owner, size in _segments(rows, owners_for((p for r in rows for p, _ in r.owners), None))]


__all__ = ["QUESTION", "Part", "cost_figure", "cost_parts", "cost_text"]
