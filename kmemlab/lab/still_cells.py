"""The cells of one slab in a still picture: whose each object is, which is next, and the owner array under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..figures.palette import Shade, Tokens, blend
from .sheet import Sheet
from .slabsection import OTHERS, turns

ACROSS: Final = 16
MOST: Final = 64  # cells of one slab: a page of 8-byte objects has 512


@dataclass(frozen=True, slots=True)
class Size:
    """How large cells are drawn, in pixels.

    Attributes:
        cell: a side.
        pitch: from one to the next.
        strip: height of the owner array's slots under them.
        letter: of an owner.
        small: of the words under a slab that has too many cells.
    """

    cell: float
    pitch: float
    strip: float
    letter: float
    small: float

    @property
    def base(self) -> int:
        """Where a letter stands, below the top of its cell."""
        return round(self.cell / 2 + self.letter * 0.36)


def pale(shade: Shade, tokens: Tokens) -> str:
    """Return the colour of a mark without a letter whose owner is not selected."""
    return blend(tokens.canvas, shade.solid, 0.55)


class Cells:
    """Draws slabs of one frame. Cells that look alike become one path, their letters one line of text: a small file."""

    def __init__(self, sheet: Sheet, frame: Mapping[str, Any], tokens: Tokens, shades: Mapping[int, Shade], size: Size) -> None:
        self.sheet = sheet
        self.tokens = tokens
        self.shades = shades
        self.size = size
        self.letters = {each["id"]: str(each["letter"]) for each in frame["containers"]}
        self.striped = {each["id"] for each in frame["containers"] if each["stripe"]}
        self.selected = frame.get("selected")
        self.mark = frame.get("mark", {})

    def lines(self, row: Mapping[str, Any]) -> int:
        """Return how many lines of cells a slab takes."""
        return -(-min(MOST, len(row["owners"])) // ACROSS)

    def draw(self, x: float, y: float, number: int, row: Mapping[str, Any]) -> float:
        """Draw a slab's cells from a corner on; returns the height they take."""
        owners, turn = row["owners"], turns(row)
        cell, strip = self.size.cell, self.size.strip
        pitch = cell + 1.4 + strip + 3
        for line in range(self.lines(row)):
            looks: dict[tuple[str, str, float, str], list[str]] = {}
            marks: dict[tuple[str, int], list[tuple[float, str]]] = {}
            strips: dict[str, list[str]] = {}
            top = y + line * pitch
            for slot in range(line * ACROSS, min(len(owners), MOST, (line + 1) * ACROSS)):
                left = x + (slot - line * ACROSS) * self.size.pitch
                kind = self.mark.get("kind") if (number, slot) == (self.mark.get("slab"), self.mark.get("slot")) else None
                look, colour, weight, mark = self.look(owners[slot], turn[slot], kind)
                inset = look[2] / 2
                side = cell - look[2]
                looks.setdefault(look, []).append(f"M{left + inset:g} {top + inset:g}h{side:g}v{side:g}h{-side:g}z")
                marks.setdefault((colour, weight), []).append((left + cell / 2, mark))
                if row["array"] and kind != "taken":
                    strips.setdefault(self.pointer(owners[slot]), []).append(
                        f"M{left:g} {top + cell + 2:g}h{cell:g}v{strip:g}h-{cell:g}z"
                    )
            for (fill, edge, width, dash), shapes in looks.items():
                self.sheet.line("".join(shapes), edge, width, dash, fill)
            for fill, shapes in strips.items():
                self.sheet.line("".join(shapes), "", fill=fill)
            self.stripes(x, top, owners[line * ACROSS : min(MOST, (line + 1) * ACROSS)])
            base = top + self.size.base
            for (colour, weight), places in marks.items():
                self.sheet.letters(places, base, self.size.letter, colour, weight)
        if len(owners) > MOST:
            left_out = f"and {len(owners) - MOST:,} more cells"
            self.sheet.words(x, y + self.lines(row) * pitch + 10, left_out, self.size.small, self.tokens.ink2)
            return self.lines(row) * pitch + 14
        return self.lines(row) * pitch

    def look(self, owner: int, turn: int, kind: str | None) -> tuple[tuple[str, str, float, str], str, int, str]:
        """Return (fill, edge, its width, its dash), the letter's colour and weight, and the letter of one cell."""
        tokens = self.tokens
        shade = self.shades.get(owner)
        if kind == "taken":
            return (tokens.refused_tint, tokens.refused, 1.5, "3 2"), tokens.refused_text, 700, "✕"
        if owner == -2:
            edge = (self.sheet.ground, tokens.ink, 2.0, "") if turn == 1 else (self.sheet.ground, tokens.line2, 1.0, "")
            mark = "s" if turn == OTHERS else f"({-turn})" if turn < 0 else str(turn)
            return edge, tokens.ink if turn == 1 else tokens.ink3, 700 if turn == 1 else 400, mark
        if shade is None:
            return (tokens.none, "", 0.0, ""), tokens.none_text, 600, "–"
        if kind == "new" or owner == self.selected:
            edge = (shade.solid, tokens.ink, 1.5, "") if kind == "new" else (shade.solid, "", 0.0, "")
            return edge, shade.on, 700, self.letters[owner]
        return (shade.tint, "", 0.0, ""), shade.text, 600, self.letters[owner]

    def pointer(self, owner: int) -> str:
        """Return the colour of a slot of the owner array: pale where the pointer is NULL."""
        shade = self.shades.get(owner)
        if shade is None:
            return self.tokens.line
        return shade.solid if owner == self.selected else pale(shade, self.tokens)

    def stripes(self, x: float, top: float, owners: list[int]) -> None:
        """Strike the cells of the seventh owner and later through: hues come again from there."""
        pitch = self.size.pitch
        shapes = [f"M{x + at * pitch + 1:g} {top + 5:g}l4 -4" for at, owner in enumerate(owners) if owner in self.striped]
        if shapes:
            self.sheet.line("".join(shapes), self.tokens.ink, 1.5)
