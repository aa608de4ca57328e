"""Where the slabs of a cache stand: cpu slabs, then the partial list in its order, then the full ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kmemlab.figures.frame import count
from kmemlab.figures.palette import name_of
from kmemlab.records import SlabRow

MOST_FULL: Final = 14  # full slabs drawn; the rest is folded into one line. Lists never fold.
WIDE: Final = 20  # objects in a slab up to which full slabs stand beside the lists, not below them


def grouped(rows: Sequence[SlabRow]) -> tuple[list[SlabRow], list[SlabRow], list[SlabRow]]:
    """Return the cpu slabs by cpu, the partial and SLAB's free slabs in list order, the full ones by number."""

    def place(row: SlabRow) -> int:
        return int(row.where.rpartition(" ")[2])

    cpu = sorted((row for row in rows if row.where.startswith("cpu")), key=place)
    partial = sorted((row for row in rows if row.where.startswith("partial")), key=place)
    partial += sorted((row for row in rows if row.where.startswith("free")), key=place)
    return cpu, partial, sorted((row for row in rows if row.where.startswith("full")), key=lambda row: row.number)


def three_lists(row: SlabRow) -> bool:
    """Say whether a slab is SLAB's: it is on a list, even if it is full."""
    kind, _, place = row.where.partition(" ")
    return kind == "free" or (kind == "full" and place.isdigit()) or bool(row.resting)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one slab is drawn.

    Attributes:
        row: the slab.
        line: its line, from 0 at the top.
        column: column of its first cell.
    """

    row: SlabRow
    line: int
    column: int


def arranged(rows: Sequence[SlabRow]) -> tuple[list[Spot], list[tuple[str, str, int, int]], str]:
    """Return spots, headings (words, quiet words, line, column; -1: left edge) and words about folded slabs."""
    cpu, partial, full = grouped(rows)
    listed = any(three_lists(row) for row in rows)
    free = [row for row in partial if row.where.startswith("free")]
    partial = partial[: len(partial) - len(free)]
    objects = max(row.objects for row in rows)
    beside = objects <= WIDE
    spots: list[Spot] = []
    heads: list[tuple[str, str, int, int]] = []
    line = 0
    lists = [("partial list", "refilled from the head" if partial else "empty", partial)]
    if listed:
        lists.append(("free list", "no object in use" if free else "empty", free))
    else:
        lists.insert(0, ("cpu slabs", "one per cpu: allocation happens here", cpu))
    for title, quiet, group in lists:
        heads.append((title, quiet, line, -1))
        spots += [Spot(row, line + 1 + at, 0) for at, row in enumerate(group)]
        line += len(group) + 2 - (not group)
    column = objects + 3 if beside else 0
    line = 0 if beside else line
    heads.append(("full", f"{count(len(full), 'slab')}, on {'a' if listed else 'no'} list", line, column if beside else -1))
    shown = full if len(full) <= MOST_FULL + 1 else full[:MOST_FULL]
    spots += [Spot(row, line + 1 + at, column) for at, row in enumerate(shown)]
    return spots, heads, _folded(full[len(shown) :])


def _folded(rows: Sequence[SlabRow]) -> str:
    """Return "8 more, all bomb", or whose objects they hold, most first."""
    if not rows:
        return ""
    held = Counter(path for row in rows for path in row.owners)
    names = [name_of(path) if path else "no owner" for path, _ in held.most_common(3)]
    return f"{len(rows):,} more, {'all ' if len(held) == 1 else ''}{', '.join(names)}"
