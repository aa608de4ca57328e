"""Memory, page by page.

Its question: which pages hold it, and could a larger order still be served?

A strip map, lowest address first, and the free blocks by order.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.frame import bare_axis, count, empty, owners_for, sheet, steps, table, words
from kmemlab.figures.palette import TOKENS, Owner, Theme
from kmemlab.figures.strip import MINE, USER, Grid, grid_for, painted
from kmemlab.records import PageRow

NOTHING: Final = "No page yet. A machine has memory from its boot on."
PAGE_KIB: Final = 4
ORDERS: Final = 11
MOST_LABELS: Final = 10  # on runs
MOST_LABELLED: Final = 24  # lines: with more, they are too low for words


def free_blocks(pages: Sequence[PageRow]) -> list[int]:
    """Return how many free blocks each order has, from order 0 to at least 10."""
    held = Counter(row.order for row in pages if row.user == "free")
    return [held[order] for order in range(max(ORDERS, *(order + 1 for order in held), 0))]


def _run_labels(pages: Sequence[PageRow], grid: Grid, total: int, theme: Theme) -> list[dict[str, Any]]:
    """Words on folded lines and on the widest runs: what a free block could serve, and where the kernel lies."""
    notes: list[dict[str, Any]] = []

    def note(text: str, x: float, line: int) -> None:
        y = line + 0.5 * (1 - 1 / grid.tall)
        font = {"size": 11, "color": TOKENS[theme].ink2}
        notes.append(words(text, x, y, xref="x", yref="y", xanchor="center", yanchor="middle", font=font))

    for line in sorted(grid.folded) if grid.lines <= MOST_LABELLED else ():
        end = grid.starts[line + 1] if line + 1 < grid.lines else -(-total // grid.each)
        note(f"{(end - grid.starts[line]) * grid.each:,} pages free", grid.across / 2, line)
    kernels = 0
    for row in sorted(pages, key=lambda row: (-row.order, row.pfn)):
        line, column = grid.place(row.pfn // grid.each)
        piece = min((1 << row.order) // grid.each, grid.across - column)
        kernels += row.user == "kernel"
        named = row.user == "free" or (row.user == "kernel" and kernels == 1)  # the kernel once is enough
        if not named or line in grid.folded or piece * 6 < grid.across or grid.lines > 16:
            continue
        if len(notes) < MOST_LABELS:
            note(f"free, order {row.order}" if row.user == "free" else "kernel", column + piece / 2, line)
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
        Trace "pages" is a heatmap of uint8 cells whose x is a drawn page's place in its line and y the line;
        meta has "starts" (first drawn page of each line) and "each" (pages in a drawn one), so that
        (starts[int(y)] + int(x)) * each is a page number. Stretches of free lines are folded into one.
        Trace "free blocks" has the number of free blocks by order.
    """
    if not pages:
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    total = total_pages or max(row.pfn + (1 << row.order) for row in pages)
    grid = grid_for(pages, total)
    mine = owners_for([selected], owners)[selected] if selected is not None else None
    colours = [tokens.canvas, tokens.line2, tokens.none, tokens.hush, tokens.ink3, tokens.ink]
    colours.append(mine.shade(theme).solid if mine else tokens.ink)
    shape = (grid.lines * grid.tall, grid.across * grid.wide)
    packed = base64.b64encode(bytes(painted(pages, grid, selected))).decode()
    strip = {
        "type": "heatmap",
        "name": "pages",
        "z": {"dtype": "u1", "bdata": packed, "shape": f"{shape[0]}, {shape[1]}"},
        "meta": {"starts": list(grid.starts), "each": grid.each},
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
    key += [(tokens.none, "kernel"), (tokens.hush, "stacks, page tables"), (tokens.ink3, "large kmalloc")]
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
        *_run_labels(pages, grid, total, theme),
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
            "ticktext": [f"{grid.starts[line] * grid.each * PAGE_KIB:,} K " for line in lines],
        },
        xaxis2={
            "anchor": "y2",
            "range": [-0.5, len(blocks) - 0.5],
            "tickvals": list(range(len(blocks))),
            "ticktext": [f"order {order}" for order in range(len(blocks))],
            "showline": True,
            "linecolor": tokens.line2,
        },
        yaxis2=bare_axis(0, max(1, *blocks) * 1.9, domain=[0, low - 0.16], anchor="x2"),
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
