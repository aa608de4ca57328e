"""The slab pages in a still picture: those of cpus, those on lists, and the full ones, with words beside each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..figures.palette import Shade, Tokens
from .sheet import PAD, Sheet, clip
from .still_cells import ACROSS, Cells, Size

MOST_LISTED: Final = 10  # lines of cells on lists
COLUMN: Final = 238  # of the containers, left of a lab's slab pages

Frame = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the slab pages of a picture stand, in pixels.

    Attributes:
        size: of the cells.
        lists, cells: x of the words beside slabs on lists, and of their cells.
        full, number: x of full slabs' numbers, and from there to their cells.
        words, small: letters of headings, and of what stands below them.
        step: the least height of a slab on a list.
        most: lines of cells of full slabs.
        alone: nothing else is drawn, so there is room for more words: the cells have their numbers above them, as a still
            picture cannot be pointed at, and it is said whose the objects of those slabs are that are not drawn.
    """

    size: Size
    lists: float
    cells: float
    full: float
    number: float
    words: float
    small: float
    step: float
    most: int = 12
    alone: bool = False


BESIDE: Final = Places(
    Size(16, 17.4, 4, 11, 11), PAD + COLUMN + 28, PAD + COLUMN + 106, PAD + COLUMN + 124 + ACROSS * 17.4, 30, 12, 11, 34
)  # the containers
ALONE: Final = Places(Size(22, 24, 5, 14, 13), PAD, PAD + 128, PAD + 150 + ACROSS * 24, 34, 13.5, 13, 38, most=7, alone=True)


def slab_pages(sheet: Sheet, frame: Frame, tokens: Tokens, shades: Mapping[int, Shade], at: Places, y: float) -> float:
    """Draw the slab pages of a frame from a line on; returns the y below."""
    slabs = frame["slabs"]
    cells = Cells(sheet, frame, tokens, shades, at.size)
    if at.alone and 0 < frame["cache"]["objects"] <= ACROSS and slabs["rows"]:
        ruler(sheet, frame, tokens, at, y)
        y += 24
    return max(listed(sheet, cells, slabs, tokens, at, y), full(sheet, cells, frame, tokens, at, y))


def ruler(sheet: Sheet, frame: Frame, tokens: Tokens, at: Places, y: float) -> None:
    """Write the numbers of the cells above the columns that have any, as the shell and the text twin count: 0 to f."""
    columns = [
        (at.lists, at.cells, any(groups(frame["slabs"]).values())),
        (at.full, at.full + at.number, frame["slabs"]["full"]),
    ]
    for label, left, drawn in columns:
        if drawn:
            sheet.words(label, y, "cell", at.small, tokens.ink3)
            middles = [left + at.size.cell / 2 + cell * at.size.pitch for cell in range(frame["cache"]["objects"])]
            sheet.letters([(x, f"{cell:x}") for cell, x in enumerate(middles)], y, at.small, tokens.ink3, 400)


def groups(slabs: Frame) -> dict[str, list[tuple[str, int]]]:
    """Return the slabs that something points at, by what that is, each with its place there."""
    made = {"cpu slabs": [(f"cpu {cpu}", number) for cpu, number in slabs["cpus"].items()]} if "arrays" not in slabs else {}
    for name in ("partial", "free"):
        if name in slabs:
            made[f"{name} list"] = [(f"{place}.", number) for place, number in enumerate(slabs[name], 1)]
    return made


def listed(sheet: Sheet, cells: Cells, slabs: Frame, tokens: Tokens, at: Places, y: float) -> float:
    """Draw cpu slabs and the partial list; of SLAB its arrays in words, and its lists."""
    rows = slabs["rows"]
    left = MOST_LISTED
    if "arrays" in slabs:
        sheet.words(at.lists, y, "arrays", at.words, tokens.ink, 650)
        told = ", ".join(f"{name}: {resting} of {most}" for name, resting, most in slabs["arrays"])
        sheet.words(at.cells, y, slabs.get("note", told), at.words, tokens.refused_text if "note" in slabs else tokens.ink2)
        y += 28
    for title, group in groups(slabs).items():
        sheet.words(at.lists, y, title, at.words, tokens.ink, 650)
        note = "" if title != "cpu slabs" else slabs.get("note", "")
        if not group:
            note = "none" if title == "cpu slabs" else "empty"
        if note:
            sheet.words(at.cells, y, note, at.words, tokens.refused_text if group else tokens.ink3)
        y += 12
        drawn = 0
        for label, number in group:
            row = rows[str(number)]
            if drawn and cells.lines(row) > left:
                break
            sheet.words(at.lists, y + at.size.base, label, at.words, tokens.ink, 600)
            told = f"{number} · {row['inuse']}/{len(row['owners'])}"
            sheet.words(at.lists, y + at.size.base + at.small + 3, f"slab {told}" if at.alone else told, at.small, tokens.ink2)
            y += max(at.step, cells.draw(at.cells, y, number, row) + 2)
            left -= cells.lines(row)
            drawn += 1
        if drawn < len(group):
            sheet.words(at.cells, y + 10, f"and {len(group) - drawn:,} more", at.words, tokens.ink2)
            y += 18
        y += 16
    return y


def full(sheet: Sheet, cells: Cells, frame: Frame, tokens: Tokens, at: Places, y: float) -> float:
    """Draw the full slabs: nothing points at them, unless the allocator is SLAB."""
    slabs = frame["slabs"]
    group = slabs["full"]
    told = f"{len(group):,} slab{'s' * (len(group) != 1)}, on {'a' if 'arrays' in slabs or 'listed' in slabs else 'no'} list"
    sheet.words(at.full, y, "full", at.words, tokens.ink, 650)
    sheet.words(at.full + at.number, y, told, at.words, tokens.ink2)
    y += 12
    left = at.most
    drawn = 0
    for number in group:
        row = slabs["rows"][str(number)]
        if drawn and cells.lines(row) > left:
            break
        sheet.words(at.full, y + at.size.base, str(number), at.small, tokens.ink3)
        y += cells.draw(at.full + at.number, y, number, row) + 1
        left -= cells.lines(row)
        drawn += 1
    if drawn < len(group):
        more = whose(frame, group[drawn:]) if at.alone else ""
        sheet.words(at.full + at.number, y + 12, f"and {len(group) - drawn:,} more{more}", at.words, tokens.ink2)
        y += 20
    return y + 10


def whose(frame: Frame, numbers: Sequence[int]) -> str:
    """Say whose most of the objects of these slabs are."""
    counts = Counter(owner for number in numbers for owner in frame["slabs"]["rows"][str(number)]["owners"])
    owner, count = min(counts.items(), key=lambda each: (-each[1], each[0]))
    name = next((clip(str(each["name"]), 90, 10) for each in frame["containers"] if each["id"] == owner), "nobody's")
    total = counts.total()
    return f", all {name}" if count == total else f", {count:,} of {total:,} objects {name}"
