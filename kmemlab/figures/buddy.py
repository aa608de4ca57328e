"""Memory, page by page.

Its question: which pages hold it, and could a larger order still be served?

A strip map, lowest address first, and the free blocks by order. Pages are drawn as small boxes of heatmap
cells (one byte each), so that a page can show which part of it the selected container owns and a free run
is hollow; 16,384 pages are one array of 82 kB and no shapes.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.frame import bare_axis, count, empty, owners_for, sheet, steps, table, words
from kmemlab.figures.palette import TOKENS, Owner, Theme
from kmemlab.records import PageRow

NOTHING: Final = "No page yet. A machine has memory from its boot on."
PAGE_KIB: Final = 4
MOST_PAGES: Final = 16_384  # beyond, a drawn page stands for several
ORDERS: Final = 11
# Codes of cells, and the order of the colours below.
GROUND, EDGE, KERNEL, STACK, LARGE, SLAB, MINE = range(7)
USER: Final = {"free": GROUND, "kernel": KERNEL, "stack": STACK, "kmalloc-large": LARGE, "slab": SLAB}


@dataclass(frozen=True, slots=True)
class _Grid:
    """How the strip is cut: pages in a line, lines, cells across and down one page, pages in a drawn one.

    The last cell down and, in a coarse grid, the last across are the gap to the neighbour.
    """

    across: int
    lines: int
    wide: int
    tall: int
    each: int


def _grid(pages: int) -> _Grid:
    """Choose the grid for a number of pages, so that the array stays small and the gaps visible."""
    each = 1
    while pages > MOST_PAGES * each:
        each *= 2
    drawn = -(-pages // each)
    across = 64 if drawn <= 256 else 128 if drawn <= 1024 else 256
    lines = -(-drawn // across)
    wide, tall = (6, 12) if drawn <= 1024 else (3, 8) if drawn <= 4096 else (1, 5)
    return _Grid(across, lines, wide, tall, each)


def _share(row: PageRow, selected: str | None) -> float:
    """Return the part of a slab's cells that the selected container owns, 0 to 1."""
    if selected is None or not row.objects:
        return 0.0
    return sum(cells for path, cells in row.owners if path == selected) / row.objects


def _runs(pages: Sequence[PageRow], each: int, selected: str | None) -> list[tuple[int, int, str, float]]:
    """Return runs as (first drawn page, drawn pages, user, share); of several pages in one, most have their way."""
    if each == 1:
        return [(row.pfn, 1 << row.order, row.user, _share(row, selected)) for row in pages]
    users: dict[int, Counter[str]] = {}
    shares: Counter[int] = Counter()
    held: dict[int, float] = {}
    for row in pages:
        for start in range(row.pfn // each, ((row.pfn + (1 << row.order) - 1) // each) + 1):
            overlap = min((start + 1) * each, row.pfn + (1 << row.order)) - max(start * each, row.pfn)
            users.setdefault(start, Counter())[row.user] += overlap
            if row.user == "slab":
                shares[start] += overlap
                held[start] = held.get(start, 0.0) + overlap * _share(row, selected)
    return [
        (start, 1, tally.most_common(1)[0][0], held.get(start, 0.0) / max(1, shares[start]))
        for start, tally in sorted(users.items())
    ]


def _painted(pages: Sequence[PageRow], grid: _Grid, selected: str | None) -> bytearray:
    """Paint every run into the cells of the grid, line by line."""
    width, body = grid.across * grid.wide, grid.tall - 1
    cells = bytearray(width * grid.lines * grid.tall)
    for first, length, user, share in _runs(pages, grid.each, selected):
        code = USER.get(user, KERNEL)
        mine = 0 if not share else body if share == 1 else min(body - 1, max(1, round(share * body)))
        done = 0
        while done < length:
            line, column = divmod(first + done, grid.across)
            piece = min(length - done, grid.across - column)
            opens, closes = done == 0, done + piece == length
            across = piece * grid.wide - (1 if closes and grid.wide > 1 else 0)
            for row in range(body):
                at = (line * grid.tall + row) * width + column * grid.wide
                ink = MINE if row >= body - mine else code
                cells[at : at + across] = bytes([ink]) * across
                if code == GROUND and grid.wide == 1:  # no room for outlines: a line where a long run begins
                    if row == 0 and opens and length >= grid.across:
                        cells[at : at + across] = bytes([EDGE]) * across
                elif code == GROUND:  # free: an outline, nothing in it
                    if row in (0, body - 1):
                        cells[at : at + across] = bytes([EDGE]) * across
                    if opens:
                        cells[at] = EDGE
                    if closes:
                        cells[at + across - 1] = EDGE
            done += piece
    return cells


def free_blocks(pages: Sequence[PageRow]) -> list[int]:
    """Return how many free blocks each order has, from order 0 to at least 10."""
    held = Counter(row.order for row in pages if row.user == "free")
    return [held[order] for order in range(max(ORDERS, *(order + 1 for order in held), 0))]


def _run_labels(pages: Sequence[PageRow], grid: _Grid, theme: Theme) -> list[dict[str, Any]]:
    """Words on the widest runs, where they fit: what a free block could serve, and where the kernel lies."""
    notes: list[dict[str, Any]] = []
    kernels = 0
    for row in sorted(pages, key=lambda row: (-row.order, row.pfn)):
        piece = min(1 << row.order, grid.across - row.pfn % grid.across)
        if row.user not in ("free", "kernel") or len(notes) == 8 or grid.each > 1:
            continue
        deep = min((1 << row.order) // grid.across, 4) or 1  # lines of the strip that the words may take
        if piece * 6 < grid.across or grid.lines > 16 * deep:
            continue
        kernels += row.user == "kernel"
        if row.user == "kernel" and kernels > 1:
            continue  # once is enough
        # Between two outlined lines would be on their outlines.
        middle = deep / 2 if grid.wide == 1 else deep // 2 + 0.5 * (1 - 1 / grid.tall)
        text = f"free, order {row.order}" if row.user == "free" else "kernel"
        x, y = row.pfn % grid.across + piece / 2, row.pfn // grid.across + middle
        font = {"size": 11, "color": TOKENS[theme].ink2}
        notes.append(words(text, x, y, xref="x", yref="y", xanchor="center", yanchor="middle", font=font))
    return notes


def buddy_figure(
    pages: Sequence[PageRow],
    selected: str | None = None,
    owners: Mapping[str, Owner] | None = None,
    theme: Theme = "light",
    total_pages: int | None = None,
) -> go.Figure:
    """Draw memory as a strip of pages and free blocks by order.

    Its question: which pages hold it, and could a larger order still be served?

    Args:
        pages: runs of 2**order pages of 4 KiB, in any order.
        selected: path of the container whose share of each slab page is shown in its colour.
        owners: letters and hues of the session; a selected container that they lack gets new ones.
        theme: "light" or "dark".
        total_pages: of the machine; without it, up to the last run. Pages in no run stay blank.

    Returns:
        Trace "pages" is a heatmap of uint8 cells whose x is a page's place in its line and y the line, so
        that int(y) * pages in a line + int(x) is a page number; meta has "across" (pages in a line) and
        "each" (pages in a drawn one). Trace "free blocks" has the number of free blocks by order.
    """
    if not pages:
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    total = total_pages or max(row.pfn + (1 << row.order) for row in pages)
    grid = _grid(total)
    mine = owners_for([selected], owners)[selected] if selected is not None else None
    colours = [tokens.canvas, tokens.line2, tokens.none, tokens.hush, tokens.ink3, tokens.ink]
    colours.append(mine.shade(theme).solid if mine else tokens.ink)
    shape = (grid.lines * grid.tall, grid.across * grid.wide)
    packed = base64.b64encode(bytes(_painted(pages, grid, selected))).decode()
    strip = {
        "type": "heatmap",
        "name": "pages",
        "z": {"dtype": "u1", "bdata": packed, "shape": f"{shape[0]}, {shape[1]}"},
        "meta": {"across": grid.across, "each": grid.each},
        "x0": 0.5 / grid.wide,
        "dx": 1 / grid.wide,
        "y0": 0.5 / grid.tall,
        "dy": 1 / grid.tall,
        "colorscale": steps(colours),
        "zmin": -0.5,
        "zmax": len(colours) - 0.5,
        "showscale": False,
        "hoverinfo": "none",  # no tip, but clicks still arrive
    }
    blocks = free_blocks(pages)
    bars = {
        "type": "bar",
        "name": "free blocks",
        "x": list(range(len(blocks))),
        "y": blocks,
        "text": [f"{number:,}" for number in blocks],
        "textposition": "outside",
        "textfont": {"size": 12, "color": [tokens.ink if number else tokens.ink3 for number in blocks]},
        "cliponaxis": False,
        "marker": {"color": tokens.ink2, "line": {"width": 0}},
        "width": 0.5,
        "xaxis": "x2",
        "yaxis": "y2",
        "hoverinfo": "skip",
    }
    key = [(tokens.ink, "slab page")]
    key += [(colours[MINE], f"share of it that {mine.name} owns")] if mine else []
    key += [(tokens.none, "kernel"), (tokens.hush, "stacks"), (tokens.ink3, "large kmalloc")]
    squares = "   ".join(f"<span style='color:{colour}'>■</span> {text}" for colour, text in key)
    quiet = {"size": 12, "color": tokens.ink2}
    low = 0.34 if grid.lines <= 16 else 0.28
    coarse = f", {grid.each} in a drawn one" if grid.each > 1 else ""
    free_key = f"<span style='color:{tokens.ink3}'>□</span> free"
    title = f"{count(total, 'page')} of {PAGE_KIB} KiB{coarse}, lowest address first"
    notes = [
        words(title, 0, 1, yanchor="top", font=quiet),
        words(f"{squares}   {free_key}", 0, low, yanchor="top", yshift=-6, font=quiet),
        words(
            f"<b>Free blocks</b>  <span style='color:{tokens.ink3}'>waiting in each order</span>",
            0, low, yanchor="top", yshift=-34,
        ),
        *_run_labels(pages, grid, theme),
    ]  # fmt: skip
    every = max(1, grid.lines // 8)
    lines = list(range(0, grid.lines, every))
    figure = sheet(
        theme,
        margin=(66, 10, 14, 30),
        xaxis=bare_axis(0, grid.across),
        yaxis={
            "range": [max(grid.lines, 4), 0],
            "domain": [low, 0.93],
            "tickvals": [line + 0.5 * (1 - 1 / grid.tall) for line in lines],
            "ticktext": [f"{line * grid.across * grid.each * PAGE_KIB:,} K " for line in lines],
        },
        xaxis2={
            "anchor": "y2",
            "range": [-0.5, len(blocks) - 0.5],
            "tickvals": list(range(len(blocks))),
            "ticktext": [f"order {order}" for order in range(len(blocks))],
            "showline": True,
            "linecolor": tokens.line2,
        },
        yaxis2=bare_axis(0, max(1, *blocks) * 1.3, domain=[0, low - 0.16], anchor="x2"),
        annotations=notes,
    )
    return figure.add_traces([strip, bars])


def buddy_text(pages: Sequence[PageRow]) -> str:
    """Return the line of /proc/buddyinfo, and pages and runs by user below it."""
    if not pages:
        return NOTHING
    line = "Node 0, zone   Normal " + "".join(f"{number:6d} " for number in free_blocks(pages))
    users: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    for row in pages:
        users[row.user] += 1 << row.order
        runs[row.user] += 1
    rows = [(user, users[user], runs[user], users[user] * PAGE_KIB) for user in USER if users[user]]
    return f"{line.rstrip()}\n{table(('user', 'pages', 'runs', 'KiB'), rows)}"


__all__ = ["buddy_figure", "buddy_text", "free_blocks"]
