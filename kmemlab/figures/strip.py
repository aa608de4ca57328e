"""The strip of memory as bytes: each page a small box of heatmap cells, a code in each.

So a page can show which part of it a container owns and a free run is hollow; 16,384 pages are one array of
82 kB and no shapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kmemlab.records import PageRow

MOST_PAGES: Final = 16_384  # beyond, a drawn page stands for several
# Codes of cells, and the order of the colours below.
GROUND, EDGE, KERNEL, STACK, LARGE, SLAB, MINE = range(7)
USER: Final = {"free": GROUND, "kernel": KERNEL, "stack": STACK, "kmalloc-large": LARGE, "slab": SLAB}


@dataclass(frozen=True, slots=True)
class Grid:
    """How the strip is cut: pages in a line, lines, cells across and down one page, pages in a drawn one.

    The last cell down and, in a coarse grid, the last across are the gap to the neighbour.
    """

    across: int
    lines: int
    wide: int
    tall: int
    each: int


def grid_for(pages: int) -> Grid:
    """Choose the grid for a number of pages, so that the array stays small and the gaps visible."""
    each = 1
    while pages > MOST_PAGES * each:
        each *= 2
    drawn = -(-pages // each)
    across = 64 if drawn <= 256 else 128 if drawn <= 1024 else 256
    lines = -(-drawn // across)
    wide, tall = (6, 12) if drawn <= 1024 else (3, 8) if drawn <= 4096 else (1, 5)
    return Grid(across, lines, wide, tall, each)


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


def painted(pages: Sequence[PageRow], grid: Grid, selected: str | None) -> bytearray:
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
