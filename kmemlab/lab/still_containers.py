"""The containers in a still picture: each with its gauge, all on one byte scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..figures.palette import Shade, Tokens
from .sheet import PAD, Sheet, clip
from .still_cells import pale
from .still_slabs import COLUMN

MOST_CONTAINERS: Final = 9

Frame = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """How wide the containers are drawn and in which letters, in pixels: heading and name, numbers, counts."""

    wide: float
    name: float
    number: float
    count: float


BESIDE: Final = Column(COLUMN, 14, 13, 12)  # the slab pages
ALONE: Final = Column(640, 15, 14, 13)


def containers(
    sheet: Sheet, frame: Frame, tokens: Tokens, shades: Mapping[int, Shade], y: float, column: Column = BESIDE
) -> float:
    """Draw the containers with their gauges, all on one byte scale; returns the y below."""
    sheet.run(PAD, y, column.name, ("Containers", tokens.ink, 650), ("who pays, in bytes", tokens.ink2, 400))
    rows = frame["containers"]
    y += 30
    for row in fewest(rows, frame):
        gauge(sheet, row, tokens, shades[row["id"]], frame, y, column)
        y += 62
    if len(rows) > MOST_CONTAINERS:
        sheet.words(PAD, y, f"and {len(rows) - MOST_CONTAINERS:,} more", 13, tokens.ink2)
        y += 24
    if len(rows) < 2:
        sheet.words(PAD, y, "No container yet.", 13, tokens.ink2)
        y += 24
    return y


def fewest(rows: Sequence[Frame], frame: Frame) -> Iterable[Frame]:
    """Leave out what there is no room for, never the container that this moment is about."""
    wanted = {frame.get("selected"), frame.get("mark", {}).get("owner")}
    first = sorted(rows, key=lambda row: (row["id"] not in wanted, "failcnt_before" not in row))[:MOST_CONTAINERS]
    kept = {row["id"] for row in first}
    return [row for row in rows if row["id"] in kept]


def gauge(sheet: Sheet, row: Frame, tokens: Tokens, shade: Shade, frame: Frame, y: float, column: Column = BESIDE) -> None:
    """Draw one container: letter, name, usage of limit, gauge, tasks, references and failcnt."""
    chosen = row["id"] == frame.get("selected")
    indent = 10 * min(3, row["depth"])
    left, right = PAD + indent, PAD + column.wide
    sheet.box(left, y - 16, 22, 22, shade.solid if chosen else shade.tint, 5)
    if row["stripe"]:
        sheet.line(f"M{left + 2:g} {y + 4:g}l18 -18", sheet.ground, 2)
    sheet.letters([(left + 11, str(row["letter"]))], y, column.count, shade.on if chosen else shade.text, 600)
    limited = "limit" in row
    number = f"{row['usage']:,}"
    of = f"of {row['limit']:,}" if limited else "no limit"
    told = len(number + of) * 8 + 8
    name = clip(row["name"], right - left - 30 - told, column.number)
    sheet.words(left + 30, y, name, column.name, tokens.ink, 620)
    sheet.run(right, y, column.number, (number, tokens.ink, 650), (of, tokens.ink2, 400), gap=4, anchor="end")
    track, room, scale = left + 30, right - left - 30, max(1, frame.get("scale", 1))
    reach = room * min(1.0, row["limit"] / scale) if limited else room
    sheet.box(track, y + 10, reach, 7, tokens.line)
    sheet.box(track, y + 10, room * min(1.0, row["usage"] / scale), 7, shade.solid if chosen else pale(shade, tokens))
    raised = "failcnt_before" in row
    if limited:
        sheet.box(track + reach - 1, y + 7, 2, 13, tokens.refused if raised else tokens.ink)
    tasks = len(row["tasks"])
    fail = f"failcnt {row['failcnt_before']:,} → {row['failcnt']:,}" if raised else f"failcnt {row['failcnt']:,}"
    quiet = (tokens.ink2, 400)
    loud = (tokens.refused_text, 650) if raised else quiet
    held, refs = f"{tasks:,} task{'s' * (tasks != 1)}", f"{row['refs']:,} ref{'s' * (row['refs'] != 1)}"
    counts = (held, *quiet), (refs, *quiet), (fail, *loud)
    sheet.run(track, y + 34, column.count, *counts)
