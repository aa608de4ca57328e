"""The slabs of one cache.

Its question: whose are the objects on this page, and which slot is next?

One heatmap trace holds every object as a cell. What hangs on a list has a drawn pointer; full slabs stand
apart and nothing points at them, which is why their objects cannot be found to be uncharged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.frame import bare_axis, count, empty, owners_for, sheet, steps, words
from kmemlab.figures.palette import TOKENS, Owner, Theme, name_of
from kmemlab.records import SlabRow

MOST_FULL: Final = 14  # full slabs drawn; the rest is folded into one line. Lists never fold.
WIDE: Final = 20  # objects in a slab up to which full slabs stand beside the lists, not below them
LABEL: Final = 4.4  # columns left of the cells, for the pointers and the names of the slabs, at up to 36 columns
LEAST_ROWS: Final = 14  # so that a few slabs are not blown up

# Codes of cells without an owner; owners follow from 2 on.
FREE_CELL: Final = 0
NO_OWNER_CELL: Final = 1


def _grouped(rows: Sequence[SlabRow]) -> tuple[list[SlabRow], list[SlabRow], list[SlabRow]]:
    """Return the cpu slabs by cpu, the partial slabs in list order, the full ones by number."""

    def place(row: SlabRow) -> int:
        return int(row.where.rpartition(" ")[2])

    cpu = sorted((row for row in rows if row.where.startswith("cpu")), key=place)
    partial = sorted((row for row in rows if row.where.startswith("partial")), key=place)
    return cpu, partial, sorted((row for row in rows if row.where == "full"), key=lambda row: row.number)


def _cell(row: SlabRow, slot: int, owners: Mapping[str, Owner]) -> str:
    """Return what stands in a cell: a letter, a dash without an owner, or its turn if it is free."""
    path = row.owners[slot]
    if slot in row.freelist:
        turn = str(row.freelist.index(slot) + 1)
        return f"({turn})" if slot in row.remote else turn
    return "–" if path is None else owners[path].letter


def nothing(cache: str) -> str:
    """Return the sentence for a cache without slabs."""
    return f"{cache} has no slabs. The first {'open' if cache == 'filp' else 'object'} makes one."


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where one slab is drawn: its line, and the column of its first cell."""

    row: SlabRow
    line: int
    column: int


def _arranged(rows: Sequence[SlabRow]) -> tuple[list[_Spot], list[tuple[str, str, int, int]], str]:
    """Return spots, headings (words, quiet words, line, column; -1: left edge) and words about folded slabs."""
    cpu, partial, full = _grouped(rows)
    objects = max(row.objects for row in rows)
    beside = objects <= WIDE
    spots: list[_Spot] = []
    heads: list[tuple[str, str, int, int]] = []
    line = 0
    for title, quiet, group in (
        ("cpu slabs", "one per cpu: allocation happens here", cpu),
        ("partial list", "refilled from the head" if partial else "empty", partial),
    ):
        heads.append((title, quiet, line, -1))
        spots += [_Spot(row, line + 1 + at, 0) for at, row in enumerate(group)]
        line += len(group) + 2 - (not group)
    column = objects + 3 if beside else 0
    line = 0 if beside else line
    heads.append(("full", f"{count(len(full), 'slab')}, on no list", line, column if beside else -1))
    shown = full if len(full) <= MOST_FULL + 1 else full[:MOST_FULL]
    spots += [_Spot(row, line + 1 + at, column) for at, row in enumerate(shown)]
    return spots, heads, _folded(full[len(shown) :])


def _folded(rows: Sequence[SlabRow]) -> str:
    """Return "8 more, all bomb", or whose objects they hold, most first."""
    if not rows:
        return ""
    held = Counter(path for row in rows for path in row.owners)
    names = [name_of(path) if path else "no owner" for path, _ in held.most_common(3)]
    return f"{len(rows):,} more, {'all ' if len(held) == 1 else ''}{', '.join(names)}"


def _boxes(cells: Sequence[tuple[int, int]], inset: float) -> tuple[list[float | None], list[float | None]]:
    """Outlines of cells (line, column) as the x and y of one line trace with gaps."""
    x: list[float | None] = []
    y: list[float | None] = []
    half = 0.5 - inset
    for line, column in cells:
        x += [column - half, column + half, column + half, column - half, column - half, None]
        y += [line - half, line - half, line + half, line + half, line - half, None]
    return x, y


def _outline(name: str, cells: Sequence[tuple[int, int]], colour: str, width: float) -> dict[str, Any]:
    x, y = _boxes(cells, 0.06)
    line = {"color": colour, "width": width}
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines",
        "x": x,
        "y": y,
        "line": line,
        "hoverinfo": "skip",
    }


def _ink(owner: Owner | None, hole: bool, first: bool, selected: str | None, theme: Theme) -> tuple[str, int]:
    """Colour and weight of what stands in a cell."""
    tokens = TOKENS[theme]
    if hole:
        return (tokens.ink, 700) if first else (tokens.ink3, 400)
    if owner is None:
        return tokens.none_text, 600
    lit = owner.path == selected
    return (owner.shade(theme).on, 700) if lit else (owner.shade(theme).text, 600)


def _letters(cells: Sequence[tuple[int, int, str, str, int]]) -> dict[str, Any]:
    """One trace of words over the cells: a heatmap's own text can have one colour only."""
    x, y, text, colours, weights = (list(part) for part in zip(*cells, strict=True))
    font = {"size": 12, "color": colours, "weight": weights}
    flat = {"type": "scatter", "name": "letters", "mode": "text", "hoverinfo": "skip"}
    return {**flat, "x": x, "y": y, "text": text, "textfont": font}


def _stripes(cells: Sequence[tuple[int, int]], theme: Theme) -> dict[str, Any]:
    """Two corners cut off each cell of an owner of the second round of hues; its letter stays free."""
    x: list[float | None] = []
    y: list[float | None] = []
    for line, column in cells:
        for side in (-1, 1):
            x += [column + side * 0.46, column + side * 0.12, None]
            y += [line + side * 0.12, line + side * 0.46, None]
    line_of = {"color": TOKENS[theme].canvas, "width": 2}
    return {"type": "scatter", "name": "stripes", "mode": "lines", "x": x, "y": y, "line": line_of, "hoverinfo": "skip"}


def _pointers(spots: Sequence[_Spot], room: float, theme: Theme) -> list[dict[str, Any]]:
    """Return the lists as lines: an arrow to each cpu and partial slab, a chain along the list, none to a full one."""
    ink = TOKENS[theme].ink
    x: list[float | None] = []
    y: list[float | None] = []
    listed = [spot for spot in spots if spot.row.where != "full"]
    for spot in listed:
        x += [-0.48 * room, -0.75, None]
        y += [spot.line - 0.18, spot.line - 0.18, None]
    chain = [spot.line for spot in listed if spot.row.where.startswith("partial")]
    for line in chain:
        x += [-room + 0.1, -room + 0.45, None]
        y += [line - 0.18, line - 0.18, None]
    if chain:
        x += [-room + 0.1, -room + 0.1, None]
        y += [chain[0] - 0.55, chain[-1] - 0.18, None]
    flat = {"type": "scatter", "hoverinfo": "skip"}
    lines = {
        **flat,
        "name": "pointers",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": ink, "width": 1.4},
    }
    heads = {
        **flat,
        "name": "pointer heads",
        "mode": "markers",
        "x": [-0.78] * len(listed),
        "y": [spot.line - 0.18 for spot in listed],
        "marker": {"symbol": "triangle-right", "size": 7, "color": ink},
    }
    return [lines, heads]


def _names(spot: _Spot, room: float, several: bool) -> list[tuple[str, float, float, bool]]:
    """Return what stands beside one slab: (words, x, y, quiet)."""
    row, line = spot.row, spot.line
    used = f"{row.inuse}/{row.objects}"
    cache = f"{row.cache} " if several else ""
    if row.where == "full":
        return [(f"{cache}{row.number}", spot.column - 0.7, line, True)]
    place = int(row.where.rpartition(" ")[2])
    chained = row.where.startswith("partial")
    name = row.where
    if chained:
        name = "head" if place == 1 else f"{place}{ ({2: 'nd', 3: 'rd'}.get(place, 'th')) }"
    left = -room + (0.6 if chained else 0)
    return [
        (f"<b>{name}</b>", left, line - 0.18, False),
        (f"{cache}slab {row.number}, {used}", left, line + 0.27, True),
    ]


def slabs_figure(
    rows: Sequence[SlabRow],
    owners: Mapping[str, Owner] | None = None,
    selected: str | None = None,
    theme: Theme = "light",
    cache: str = "filp",
) -> go.Figure:
    """Draw the slabs of a cache.

    Its question: whose are the objects on this page, and which slot is next?

    Args:
        rows: the slabs, in any order; cpu slabs and partial slabs stand left, full ones right (below if a
            slab has more than 20 objects).
        owners: letters and hues of the session; containers that they lack get new ones.
        selected: path of the container in full colour.
        theme: "light" or "dark".
        cache: its name, for a cache without slabs.

    Returns:
        The first trace, "cells", is a heatmap, one cell for each object: z is 0 free, 1 in use without an
        owner, 2 and up an owner; text its letter, "–", or its turn in the freelist; customdata the owner's
        path, slab number and slot. Cells that are no object are null.
    """
    if not rows:
        return empty(nothing(cache), theme)
    tokens = TOKENS[theme]
    known = owners_for((path for row in rows for path in row.owners), owners)
    spots, heads, folded = _arranged(rows)
    several = len({row.cache for row in rows}) > 1
    columns = max(spot.column + spot.row.objects for spot in spots)
    lines = max(spot.line for spot in spots) + 1
    room = LABEL * max(1.0, columns / 36)

    code = {path: at for at, path in enumerate(known, start=2)}
    z: list[list[int | None]] = [[None] * columns for _ in range(lines)]
    text = [[""] * columns for _ in range(lines)]
    custom: list[list[Any]] = [[None] * columns for _ in range(lines)]
    letters: list[tuple[int, int, str, str, int]] = []
    free: list[tuple[int, int]] = []
    nexts: list[tuple[int, int]] = []
    striped: list[tuple[int, int]] = []
    for spot in spots:
        row = spot.row
        for slot in range(row.objects):
            line, column, path = spot.line, spot.column + slot, row.owners[slot]
            hole = slot in row.freelist
            first = hole and slot == row.freelist[0]
            z[line][column] = FREE_CELL if hole else NO_OWNER_CELL if path is None else code[path]
            text[line][column] = _cell(row, slot, known)
            custom[line][column] = [path or ("free" if hole else "no owner"), row.number, slot]
            letters.append(
                (column, line, text[line][column], *_ink(known.get(path or ""), hole, first, selected, theme))
            )
            if path is not None and known[path].stripe:
                striped.append((line, column))
            if hole:
                (nexts if first else free).append((line, column))
    scale = [tokens.canvas, tokens.none, *(owner.fill(theme, selected) for owner in known.values())]
    cells = {
        "type": "heatmap",
        "name": "cells",
        "z": z,
        "text": text,
        "customdata": custom,
        "hovertemplate": "slab %{customdata[1]}, slot %{customdata[2]}: %{customdata[0]} (%{text})<extra></extra>",
        "hoverongaps": False,
        "colorscale": steps(scale),
        "zmin": -0.5,
        "zmax": len(scale) - 0.5,
        "showscale": False,
        "xgap": 2,
        "ygap": 3,
    }

    at = {"xref": "x", "yref": "y", "yanchor": "middle"}
    notes = [
        words(
            f"<b>{head}</b>  <span style='color:{tokens.ink3}'>{quiet}</span>", x - 0.5 if x > 0 else -room, line, **at
        )
        for head, quiet, line, x in heads
    ]
    for spot in spots:
        for label, x, y, quiet in _names(spot, room, several):
            font = {"size": 11, "color": tokens.ink3} if quiet else {"size": 12.5}
            side = "right" if spot.row.where == "full" else "left"
            notes.append(words(label, x, y, **at, xanchor=side, font=font))
    if folded:
        last = max(spot.line for spot in spots if spot.row.where == "full")
        column = max(spot.column for spot in spots)
        notes.append(words(folded, column - 0.5, last + 1, **at, font={"size": 12, "color": tokens.ink2}))
    key = (
        "<b>1</b> is the next free slot, then 2, 3, …   – is in use without an owner.   Nothing points at a full slab."
    )
    notes.append(words(key, 0, 0, yshift=-26, font={"size": 12, "color": tokens.ink3}))
    figure = sheet(
        theme,
        margin=(14, 8, 12, 34),
        xaxis=bare_axis(-room, max(columns, 24) - 0.4),
        yaxis=bare_axis(max(lines + bool(folded), LEAST_ROWS) - 0.4, -0.6),
        annotations=notes,
    )
    outlines = [_outline("free", free, tokens.line2, 1), _outline("next free", nexts, tokens.ink, 2)]
    return figure.add_traces(
        [cells, _stripes(striped, theme), *outlines, _letters(letters), *_pointers(spots, room, theme)]
    )


def slabs_text(rows: Sequence[SlabRow], owners: Mapping[str, Owner] | None = None, cache: str = "filp") -> str:
    """Return the slabs as a table: number, list, objects in use, objects, owner letters, freelist.

    In the owners a dot is a free cell and "?" one that is taken and has no owner.
    """
    if not rows:
        return nothing(cache)
    known = owners_for((path for row in rows for path in row.owners), owners)
    wide = max(16, *(row.objects for row in rows))
    twin = [f"slab  list      inuse objs  {'owners':<{wide}}  freelist"]
    several = len({row.cache for row in rows}) > 1
    explained = False
    for row in (row for group in _grouped(rows) for row in group):
        marks = "".join(
            "." if slot in row.freelist else "?" if path is None else known[path].letter
            for slot, path in enumerate(row.owners)
        )
        turns = " ".join(f"({slot})" if slot in row.remote else str(slot) for slot in row.freelist)
        line = f"{row.number:>4}  {row.where:<9} {row.inuse:>5} {row.objects:>4}  {marks:<{wide}}  {turns}"
        line += f"  {row.cache}" if several else ""
        if "?" in marks and not explained:
            line, explained = f"{line}        ? = taken, no owner", True
        twin.append(line.rstrip())
    return "\n".join(twin)


__all__ = ["slabs_figure", "slabs_text"]
