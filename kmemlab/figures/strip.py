"""The strip of memory as bytes: each page a small box of heatmap cells, a code in each.

So a page can show which part of it a container owns and a free run is hollow; 16,384 pages are one array of
82 kB and no shapes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from kmemlab.records import PageRow

MOST_PAGES: Final = 16_384  # beyond, a drawn page stands for several
ROOMY: Final = 12  # lines up to which a strip of shorter lines is taken
LEAST_FOLD: Final = 3  # free lines that are folded into one
# Codes of cells, and the order of the colours below.
GROUND, EDGE, KERNEL, STACK, LARGE, SLAB, MINE = range(7)
USER: Final = {"free": GROUND, "kernel": KERNEL, "stack": STACK, "pages": STACK, "kmalloc-large": LARGE, "slab": SLAB}


@dataclass(frozen=True, slots=True)
class Grid:
    """How the strip is cut into lines of drawn pages.

    Long stretches of free lines are folded into one line, so that what is used stays large enough to see.
    The last cell down and, in a fine grid, the last across are the gap to the neighbour.

    Attributes:
        across: drawn pages in a line.
        starts: first drawn page of each line.
        folded: the lines (places in `starts`) that stand for several.
        wide, tall: cells across and down one drawn page.
        each: pages in a drawn one.
    """

    across: int
    starts: tuple[int, ...]
    folded: frozenset[int]
    wide: int
    tall: int
    each: int

    @property
    def lines(self) -> int:
        """How many lines are drawn."""
        return len(self.starts)

    def place(self, page: int) -> tuple[int, int]:
        """Return line and column of a drawn page; in a folded line the column may be beyond its end."""
        line = bisect_right(self.starts, page) - 1
        return line, page - self.starts[line]


def _cut(pages: Sequence[PageRow], across: int, each: int, drawn: int) -> tuple[tuple[int, ...], frozenset[int]]:
    """Return the first drawn page of each line, and which lines are folded."""
    free: set[int] = set()
    length = across * each
    for row in pages:
        if row.user == "free":
            free.update(range(-(-row.pfn // length), (row.pfn + (1 << row.order)) // length))
    starts: list[int] = []
    folded: set[int] = set()
    lines = range(-(-drawn // across))
    for is_free, stretch in groupby(lines, key=free.__contains__):
        members = list(stretch)
        if is_free and len(members) >= LEAST_FOLD:
            folded.add(len(starts))
            members = members[:1]
        starts += [line * across for line in members]
    return tuple(starts), frozenset(folded)


def grid_for(pages: Sequence[PageRow], total: int) -> Grid:
    """Choose the grid for a machine of `total` pages: few long lines, a small array, visible gaps."""
    each = 1
    while total > MOST_PAGES * each:
        each *= 2
    drawn = -(-total // each)
    cuts = {across: _cut(pages, across, each, drawn) for across in (64, 128, 256)}
    across = next((across for across, (starts, _) in cuts.items() if len(starts) <= ROOMY), 256)
    starts, folded = cuts[across]
    area = len(starts) * across
    wide, tall = (6, 12) if area <= 1024 else (3, 8) if area <= 4096 else (1, 5)
    return Grid(across, starts, folded, wide, tall, each)


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
            line, column = grid.place(first + done)
            if line in grid.folded:
                end = grid.starts[line + 1] if line + 1 < grid.lines else first + length
                done += max(1, end - first - done)
                continue
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
    for line in grid.folded:  # one hollow box across
        for row in range(body):
            at = (line * grid.tall + row) * width
            cells[at] = cells[at + width - 1] = EDGE
            if row in (0, body - 1):
                cells[at : at + width] = bytes([EDGE]) * width
    return cells
