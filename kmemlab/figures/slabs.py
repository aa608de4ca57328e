"""The slabs of one cache.

Its question: whose are the objects on this page, and which slot is next?

One heatmap trace holds every object as a cell. What hangs on a list has a drawn pointer; full slabs stand
apart and nothing points at them, which is why their objects cannot be found to be uncharged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.frame import bare_axis, empty, owners_for, sheet, steps, words
from kmemlab.figures.palette import TOKENS, Owner, Theme
from kmemlab.figures.slab_cells import ink, letters, outline, stripes
from kmemlab.figures.slab_places import Spot, arranged, grouped, three_lists
from kmemlab.records import SlabRow

LABEL: Final = 4.4  # columns left of the cells, for the pointers and the names of the slabs, at up to 36 columns
LEAST_ROWS: Final = 14  # so that a few slabs are not blown up

# Codes of cells without an owner; owners follow from 2 on.
FREE_CELL: Final = 0
NO_OWNER_CELL: Final = 1
UNOWNED: Final = "–"
RESTING: Final = ":"
RESTS: Final = ": rests in an array, free: its slab counts it as in use"
OF_SLUB: Final = "<b>1</b> is the next free slot, then 2, 3, …   – is in use without an owner.   Nothing points at a full slab."
OF_SLAB: Final = (
    "<b>1</b> is next in its cpu's array, then 2, 3, …   s rests in the shared one   (1) is free in its slab   – no owner."
)


def _cell(row: SlabRow, slot: int, owners: Mapping[str, Owner]) -> str:
    """Return what stands in a cell: a letter, a dash without an owner, or its turn if it is free."""
    path = row.owners[slot]
    if slot in row.freelist:
        rest = next(((whose, turn) for cell, whose, turn in row.resting if cell == slot), None)
        if rest is not None:
            return "s" if rest[0] == "shared" else str(rest[1])
        turn = str(row.freelist.index(slot) + 1 - len(row.resting))
        return f"({turn})" if slot in row.remote else turn
    return "–" if path is None else owners[path].letter


def nothing(cache: str) -> str:
    """Return the sentence for a cache without slabs."""
    return f"{cache} has no slabs. The first {'open' if cache == 'filp' else 'object'} makes one."


def _pointers(spots: Sequence[Spot], room: float, theme: Theme) -> list[dict[str, Any]]:
    """Return the lists as lines: an arrow to each cpu and partial slab, a chain along the list, none to a full one."""
    ink = TOKENS[theme].ink
    x: list[float | None] = []
    y: list[float | None] = []
    listed = [spot for spot in spots if not spot.row.where.startswith("full")]
    for spot in listed:
        x += [-0.48 * room, -0.75, None]
        y += [spot.line - 0.18, spot.line - 0.18, None]
    chains = [[spot.line for spot in listed if spot.row.where.startswith(kind)] for kind in ("partial", "free")]
    for line in chains[0] + chains[1]:
        x += [-room + 0.1, -room + 0.45, None]
        y += [line - 0.18, line - 0.18, None]
    for chain in (each for each in chains if each):
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


def is_next(row: SlabRow, slot: int) -> bool:
    """Say whether a free cell is what its cpu hands out next."""
    if three_lists(row):
        return any(cell == slot and turn == 1 and whose != "shared" for cell, whose, turn in row.resting)
    return slot == row.freelist[0]


def _names(spot: Spot, room: float, several: bool) -> list[tuple[str, float, float, bool]]:
    """Return what stands beside one slab: (words, x, y, quiet)."""
    row, line = spot.row, spot.line
    used = f"{row.inuse}/{row.objects}"
    cache = f"{row.cache} " if several else ""
    if row.where.startswith("full"):
        return [(f"{cache}{row.number}", spot.column - 0.7, line, True)]
    place = int(row.where.rpartition(" ")[2])
    chained = row.where.startswith(("partial", "free"))
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
    spots, heads, folded = arranged(rows)
    several = len({row.cache for row in rows}) > 1
    columns = max(spot.column + spot.row.objects for spot in spots)
    lines = max(spot.line for spot in spots) + 1
    room = LABEL * max(1.0, columns / 36)

    code = {path: at for at, path in enumerate(known, start=2)}
    z: list[list[int | None]] = [[None] * columns for _ in range(lines)]
    text = [[""] * columns for _ in range(lines)]
    custom: list[list[Any]] = [[None] * columns for _ in range(lines)]
    marks: list[tuple[int, int, str, str, int]] = []
    free: list[tuple[int, int]] = []
    nexts: list[tuple[int, int]] = []
    striped: list[tuple[int, int]] = []
    for spot in spots:
        row = spot.row
        for slot in range(row.objects):
            line, column, path = spot.line, spot.column + slot, row.owners[slot]
            hole = slot in row.freelist
            first = hole and is_next(row, slot)
            z[line][column] = FREE_CELL if hole else NO_OWNER_CELL if path is None else code[path]
            text[line][column] = _cell(row, slot, known)
            custom[line][column] = [path or ("free" if hole else "no owner"), row.number, slot]
            marks.append((column, line, text[line][column], *ink(known.get(path or ""), hole, first, selected, theme)))
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
        words(f"<b>{head}</b>  <span style='color:{tokens.ink3}'>{quiet}</span>", x - 0.5 if x > 0 else -room, line, **at)
        for head, quiet, line, x in heads
    ]
    for spot in spots:
        for label, x, y, quiet in _names(spot, room, several):
            font = {"size": 11, "color": tokens.ink3} if quiet else {"size": 12.5}
            side = "right" if spot.row.where.startswith("full") else "left"
            notes.append(words(label, x, y, **at, xanchor=side, font=font))
    if folded:
        last = max(spot.line for spot in spots if spot.row.where.startswith("full"))
        column = max(spot.column for spot in spots)
        notes.append(words(folded, column - 0.5, last + 1, **at, font={"size": 12, "color": tokens.ink2}))
    key = OF_SLAB if any(three_lists(spot.row) for spot in spots) else OF_SLUB
    notes.append(words(key, 0, 0, yshift=-26, font={"size": 12, "color": tokens.ink3}))
    figure = sheet(
        theme,
        margin=(14, 8, 12, 34),
        xaxis=bare_axis(-room, max(columns, 24) - 0.4),
        yaxis=bare_axis(max(lines + bool(folded), LEAST_ROWS) - 0.4, -0.6),
        annotations=notes,
    )
    outlines = [outline("free", free, tokens.line2, 1), outline("next free", nexts, tokens.ink, 2)]
    return figure.add_traces([cells, stripes(striped, theme), *outlines, letters(marks), *_pointers(spots, room, theme)])


def slabs_text(
    rows: Sequence[SlabRow],
    owners: Mapping[str, Owner] | None = None,
    cache: str = "filp",
    taken: tuple[int, int] | None = None,
) -> str:
    """Return the slabs as a table: number, list, objects in use, objects, owner letters, freelist.

    In the owners a dot is a free cell, ":" one that rests in an array of SLAB, "–" one that is in use without an owner, as in
    the picture, and "?" the one at `taken` (slab, cell): handed out just now, and not charged yet.
    """
    if not rows:
        return nothing(cache)
    known = owners_for((path for row in rows for path in row.owners), owners)
    each = max((len(owner.letter) for owner in known.values()), default=1)  # signs of a mark: two, if an owner has such a one
    wide = max(16, *(row.objects for row in rows)) * each
    twin = [f"slab  list      inuse objs  {'owners':<{wide}}  freelist"]
    several = len({row.cache for row in rows}) > 1
    unowned = False
    for row in (row for group in grouped(rows) for row in group):
        marks = "".join(_mark(row, slot, known, taken).ljust(each) for slot in range(row.objects))
        turns = _turns(row)
        line = f"{row.number:>4}  {row.where:<9} {row.inuse:>5} {row.objects:>4}  {marks:<{wide}}  {turns}"
        line += f"  {row.cache}" if several else ""
        line += "        ? = taken, no owner" if "?" in marks else ""
        unowned = unowned or UNOWNED in marks
        twin.append(line.rstrip())
    arrays = [RESTS] if any(row.resting for row in rows) else []
    return "\n".join([*twin, *([f"{UNOWNED} is in use without an owner"] if unowned else []), *arrays])


def _turns(row: SlabRow) -> str:
    """List the free cells in their order; in SLAB each array's apart: "cpu 0: 3 2 1 (4) (5)"."""
    words: list[str] = []
    said = ""
    for cell, whose, _ in row.resting:
        words += [str(cell)] if whose == said else [f"{whose}:", str(cell)]
        said = whose
    rests = {cell for cell, _, _ in row.resting}
    words += [f"({slot})" if slot in row.remote else str(slot) for slot in row.freelist if slot not in rests]
    return " ".join(words)


def _mark(row: SlabRow, slot: int, known: Mapping[str, Owner], taken: tuple[int, int] | None) -> str:
    """Return the sign of one cell in the table."""
    if any(cell == slot for cell, _, _ in row.resting):
        return RESTING
    if slot in row.freelist:
        return "."
    path = row.owners[slot]
    if path is not None:
        return known[path].letter
    return "?" if taken == (row.number, slot) else UNOWNED


__all__ = ["slabs_figure", "slabs_text"]
