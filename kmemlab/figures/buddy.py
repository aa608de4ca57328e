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

from kmemlab.figures.buddy_marks import Newborn, came, chosen, frame, keys
from kmemlab.figures.frame import ROOM, Room, bare_axis, count, empty, laid, owners_for, sheet, steps, table, text_width, words
from kmemlab.figures.free_lists import PAGE_KIB, bars, free_blocks, servable, told
from kmemlab.figures.palette import TOKENS, Owner, Theme
from kmemlab.figures.strip import USER, Grid, grid_for, painted
from kmemlab.records import PageRow

NOTHING: Final = "No page yet. A machine has memory from its boot on."
MOST_LABELS: Final = 10  # on runs
LEAST_LINES: Final = 3  # with fewer the strip would be all bars
LEAST_LINE: Final = 17  # pixels of a line of the strip that has room for words


def _run_labels(pages: Sequence[PageRow], grid: Grid, total: int, line_pixels: float, room: Room, theme: Theme) -> list[Any]:
    """Words on folded lines and on the widest runs: what a free block could serve, and where the kernel lies."""
    notes: list[dict[str, Any]] = []
    if line_pixels < LEAST_LINE:
        return notes

    def note(text: str, x: float, line: int) -> None:
        y = line + 0.5 * (1 - 1 / grid.tall)
        font = {"size": min(room.small, 12), "color": TOKENS[theme].ink2}
        notes.append(words(text, x, y, xref="x", yref="y", xanchor="center", yanchor="middle", font=font))

    for line in sorted(grid.folded):
        end = grid.starts[line + 1] if line + 1 < grid.lines else -(-total // grid.each)
        note(f"{(end - grid.starts[line]) * grid.each:,} pages free", grid.across / 2, line)
    kernels = 0
    for row in sorted(pages, key=lambda row: (-row.order, row.pfn)):
        line, column = grid.place(row.pfn // grid.each)
        piece = min((1 << row.order) // grid.each, grid.across - column)
        kernels += row.user == "kernel"
        named = row.user == "free" or (row.user == "kernel" and kernels == 1)  # the kernel once is enough
        text = f"free, order {row.order}" if row.user == "free" else "kernel"
        fits = piece / grid.across * (room.width - 66) > text_width(text, room.small) + 8
        if named and fits and line not in grid.folded and len(notes) < MOST_LABELS:
            note(text, column + piece / 2, line)
    return notes


def buddy_figure(
    pages: Sequence[PageRow],
    selected: str | None = None,
    owners: Mapping[str, Owner] | None = None,
    theme: Theme = "light",
    total_pages: int | None = None,
    room: Room = ROOM,
    born: Newborn | None = None,
    page: int = -1,
) -> go.Figure:
    """Draw memory as a strip of pages and free blocks by order.

    Its question: which pages hold it, and could a larger order still be served?

    Args:
        pages: runs of 2**order pages of 4 KiB, in any order.
        selected: path of the container whose share of each slab page is shown in its colour.
        owners: letters and hues of the session; a selected container that they lack gets new ones.
        theme: "light" or "dark".
        total_pages: of the machine; without it, up to the last run. Pages in no run stay blank.
        room: what its words are laid out for.
        born: the youngest slab, framed in ink, with words that say when it came.
        page: a chosen page, framed as well; -1 for none.

    Returns:
        Trace "pages" is a heatmap of uint8 cells whose x is a drawn page's place in its line and y the line;
        meta has "starts" (first drawn page of each line) and "each" (pages in a drawn one), so that
        (starts[int(y)] + int(x)) * each is a page number. Stretches of free lines are folded into one.
        Trace "free blocks" has the number of free blocks by order, and as customdata how many blocks of that order could be
        served, larger ones split.
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
    small, tall = room.small, room.height
    coarse = f", {grid.each} in a drawn one" if grid.each > 1 else ""
    title = f"{count(total, 'page')} of {PAGE_KIB} KiB{coarse}, lowest address first"
    said = chosen(pages, page) if page >= 0 else came(born, pages) if born is not None else ""
    if said and not room.narrow and text_width(title + said, small, bold=True) + 24 > room.width:
        title = f"{count(total, 'page')} of {PAGE_KIB} KiB"
    if said and text_width(title + said, small, bold=True) + 24 > room.width:
        said = said.rpartition(", ")[0] or said
    quiet = {"size": small, "color": tokens.ink2}
    notes = [words(title, 0, 1, yanchor="top", font=quiet)]
    if said and room.narrow:
        notes.append(words(f"<b>{said}</b>", 0, 1, yanchor="top", yshift=-small * 1.4, font={"size": small}))
    elif said:
        notes.append(words(f"<b>{said}</b>", 1, 1, xanchor="right", yanchor="top", xshift=-8, font={"size": small}))
    key_lines = keys(mine, room, theme)
    head = small * 1.4 * (2 if said and room.narrow else 1) + 10
    lists = small * 1.45 * (5.2 + 1.4 * room.narrow) + max(26, tall * 0.1)  # heading, bars and the rows below them
    high = tall - lists - len(key_lines) * small * 1.5 - 10
    left = room.across(text_width("99,999 K ", min(small, 12)))
    notes += [
        words(text, 0 if room.narrow else left, 1 - (high + small * (1.1 + 1.5 * line)) / tall, yanchor="middle", font=quiet)
        for line, text in enumerate(key_lines)
    ]
    blocks = free_blocks(pages)
    trace, axes, more = bars(blocks, tall - lists, room, theme)
    line_pixels = (high - head) / max(grid.lines, LEAST_LINES)
    notes += more + _run_labels(pages, grid, total, line_pixels, room, theme)
    every = max(1, -(-int(small * 1.2) // max(1, int(line_pixels))))
    lines = list(range(0, grid.lines, every))
    pixel = (grid.across / (room.width * (1 - left)), 1 / line_pixels)
    shapes = frame(grid, pages, born.pfn, 2.5, pixel, theme) if born is not None else []
    shapes += frame(grid, pages, page, 2, pixel, theme) if page >= 0 else []
    figure = sheet(
        theme,
        margin=(0, 0, 0, 0),
        height=tall,
        meta=laid(room),
        xaxis=bare_axis(-4 * pixel[0], grid.across + 4 * pixel[0], domain=[left, 1]),
        yaxis={
            "range": [max(grid.lines, LEAST_LINES), -5 * pixel[1]],  # room for a frame round what is at the edge
            "domain": [1 - high / tall, 1 - head / tall],
            "automargin": False,
            "tickvals": [line + 0.5 * (1 - 1 / grid.tall) for line in lines],
            "ticktext": [f"{grid.starts[line] * grid.each * PAGE_KIB:,} K " for line in lines],
            "tickfont": {"size": min(small, 12), "color": tokens.ink3},
        },
        annotations=notes,
        shapes=shapes,
        **axes,
    )
    return figure.add_traces([strip, trace])


def buddy_text(pages: Sequence[PageRow], born: Newborn | None = None, page: int = -1) -> str:
    """Return the line of /proc/buddyinfo, what each order could be served, and pages and runs by user."""
    if not pages:
        return NOTHING
    blocks = free_blocks(pages)
    line = "Node 0, zone   Normal " + "".join(f"{number:6d} " for number in blocks)
    could = "can serve             " + "".join(f"{number:6d} " for number in servable(blocks))
    users: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    for row in pages:
        users[row.user] += 1 << row.order
        runs[row.user] += 1
    rows = [(user, users[user], runs[user], users[user] * PAGE_KIB) for user in USER if users[user]]
    said = [told(blocks)] + ([came(born, pages)] if born is not None else [])
    said += [chosen(pages, page)] if page >= 0 else []
    return "\n".join([line.rstrip(), could.rstrip(), table(("user", "pages", "runs", "KiB"), rows), *said])


__all__ = ["buddy_figure", "buddy_text"]
