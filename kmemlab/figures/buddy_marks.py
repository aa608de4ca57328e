"""What lies over the strip of memory: ink frames, the line of keys, and words about one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kmemlab.figures.frame import Room, plain, text_width
from kmemlab.figures.palette import TOKENS, Owner, Theme
from kmemlab.figures.strip import Grid
from kmemlab.records import PageRow


@dataclass(frozen=True, slots=True)
class Newborn:
    """The youngest slab of the drawn cache.

    Attributes:
        number: its birth number.
        pfn: its first page.
        event: at which it came.
        split: order of the block that was split for it, its own order if none was.
    """

    number: int
    pfn: int
    event: int
    split: int


def run_of(pages: Sequence[PageRow], page: int) -> PageRow | None:
    """Return the run that a page is in."""
    return next((row for row in pages if row.pfn <= page < row.pfn + (1 << row.order)), None)


def came(born: Newborn, pages: Sequence[PageRow]) -> str:
    """Say where the youngest slab came from."""
    row = run_of(pages, born.pfn)
    order = row.order if row is not None else 0
    way = f"straight from the order {order} list" if born.split in (order, -1) else f"split from order {born.split}"
    where = f"page {born.pfn}" if order == 0 else f"pages {born.pfn}-{born.pfn + (1 << order) - 1}"
    return f"slab {born.number}, {where} came at event {born.event:,}, {way}"


def chosen(pages: Sequence[PageRow], page: int) -> str:
    """Say what a chosen page is."""
    row = run_of(pages, page)
    if row is None:
        return ""
    what = f"slab {row.number} of {row.cache}" if row.user == "slab" else row.user
    return f"chosen: page {page}, {what}"


def frame(
    grid: Grid, pages: Sequence[PageRow], page: int, width: float, pixel: tuple[float, float], theme: Theme
) -> list[dict[str, Any]]:
    """Return an ink frame round the run of a page, a little off it; none where it is folded away.

    `pixel` is a pixel's size across and down, in pages and lines.
    """
    row = run_of(pages, page)
    if row is None:
        return []
    first, left = row.pfn // grid.each, max(1, (1 << row.order) // grid.each)
    shapes = []
    while left > 0:
        line, column = grid.place(first)
        if line in grid.folded or column >= grid.across:
            break
        piece = min(left, grid.across - column)
        for off, colour, thick in ((1.5, TOKENS[theme].canvas, 2.0), (3.0, TOKENS[theme].ink, width)):
            x, y = off * pixel[0], off * pixel[1]
            shapes.append({
                "type": "rect", "xref": "x", "yref": "y", "x0": column - x, "y0": line - y,
                "x1": column + piece - (grid.wide > 1) / grid.wide + x, "y1": line + 1 - 1 / grid.tall + y,
                "line": {"color": colour, "width": thick},
            })  # fmt: skip
        first, left = first + piece, left - piece
    return shapes


def keys(mine: Owner | None, room: Room, theme: Theme) -> list[str]:
    """Return the one line of keys, broken where the room is narrow: the single exception to "no legends"."""
    tokens = TOKENS[theme]
    key = [(tokens.ink, "slab page", "■")]
    key += [(mine.shade(theme).solid, f"share of it that {plain(mine.name)} owns", "■")] if mine else []
    key += [(tokens.none, "kernel", "■"), (tokens.hush, "stacks, page tables", "■"), (tokens.ink3, "large kmalloc", "■")]
    key += [(tokens.ink3, "free", "□")]
    lines, wide = [""], 0.0
    for colour, text, mark in key:
        takes = text_width(f"{mark}i {text}iiii", room.small)
        if lines[-1] and wide + takes > room.width:
            lines, wide = [*lines, ""], 0.0
        lines[-1] += f"<span style='color:{colour}'>{mark}</span> {text}    "
        wide += takes
    return [line.rstrip() for line in lines]


__all__ = ["Newborn", "came", "chosen", "frame", "keys", "run_of"]
