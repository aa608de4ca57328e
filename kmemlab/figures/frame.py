"""What all pictures share: an empty sheet in the lab's template, words on it, and the empty state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.palette import TOKENS, Owner, Theme, assign_owners, template

HEIGHT: Final = 470
NARROW: Final = 620  # pixels: below, words stand under each other where they otherwise stand side by side


@dataclass(frozen=True, slots=True)
class Room:
    """The room a picture has, and the size of its words; all in pixels.

    Plotly stretches a picture to whatever width the page has; this is what its words are laid out for.

    Attributes:
        width, height: of the sheet.
        text: body text. Names and numbers that are read.
        small: axis numbers and quiet words, never below 11.
    """

    width: int = 848
    height: int = HEIGHT
    text: float = 13.5
    small: float = 12

    @property
    def narrow(self) -> bool:
        """Whether words must stand under each other."""
        return self.width < NARROW

    def across(self, pixels: float) -> float:
        """Return pixels as a part of the width, 0 to 1."""
        return pixels / self.width


ROOM: Final = Room()


def laid(room: Room) -> dict[str, int]:
    """Return the layout's meta of a figure whose words fit a room: whoever has less makes it smaller as a whole."""
    return {"laid": room.width}


def room_for(size: str, width: int) -> Room:
    """Return the room of the lab's stage: `size` is "L", "M" or "S" (the lab's own width), `width` the stage's in pixels."""
    height, text, small = {"L": (470, 16, 13.5), "M": (350, 13.5, 12)}.get(size, (321, 13, 12))
    return Room(max(240, width), height, text, small)


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return about how many pixels a text takes in Inter; rather too many than too few."""
    narrow = sum(mark in "iljtfr.,:;!|'()[] " for mark in text)
    wide = sum(mark in "mwMW@%" for mark in text)
    high = sum(mark.isdigit() or mark.isupper() for mark in text if mark not in "MW")
    other = len(text) - narrow - wide - high
    return size * (0.57 * other + 0.34 * narrow + 0.65 * high + 0.9 * wide) * (1.06 if bold else 1)


def plain(text: str) -> str:
    """Return a text for an annotation: what looks like HTML in a name is shown as it is, and not taken for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def fitted(text: str, pixels: float, size: float, bold: bool = False) -> str:
    """Return a plain text cut with an ellipsis so that it takes at most so many pixels, for an annotation."""
    if text_width(text, size, bold) <= pixels:
        return plain(text)
    while len(text) > 1 and text_width(text + "…", size, bold) > pixels:
        text = text[:-1]
    return f"{plain(text)}…"


def wrapped(text: str, pixels: float, size: float) -> list[str]:
    """Break a plain sentence into lines of at most so many pixels, for annotations."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size) > pixels:
            lines.append(word)
        else:
            lines[-1] = longer
    return [plain(line) for line in lines]


def sheet(theme: Theme, margin: tuple[int, int, int, int] = (12, 12, 12, 12), height: int = HEIGHT, **layout: Any) -> go.Figure:
    """Return a figure without traces; `margin` is left, top, right, bottom in pixels."""
    left, top, right, bottom = margin
    return go.Figure(
        layout={
            "template": template(theme),
            "height": height,
            "margin": {"l": left, "t": top, "r": right, "b": bottom},
            **layout,
        }
    )


def bare_axis(low: float, high: float, **more: Any) -> dict[str, Any]:
    """Return an axis that only places things: a fixed range and nothing drawn."""
    return {"range": [low, high], "visible": False, **more}


def words(text: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    """Return an annotation that starts at (x, y) of the sheet, 0 to 1, its lower edge on y."""
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "align": "left"}
    return {"text": text, "x": x, "y": y, **place, **more}


def placed(text: str, x: float, y: float, size: float, colour: str, **more: Any) -> dict[str, Any]:
    """Return words that start at x with their middle at y of a sheet whose axes count pixels (y from the top)."""
    font = {"size": size, "color": colour}
    return words(text, x, y, **{"xref": "x", "yref": "y", "yanchor": "middle", "font": font, **more})


def empty(sentence: str, theme: Theme) -> go.Figure:
    """Return the empty state: one quiet sentence where the picture will be."""
    quiet = {"color": TOKENS[theme].ink2, "size": 15}
    return sheet(
        theme,
        xaxis=bare_axis(0, 1),
        yaxis=bare_axis(0, 1),
        annotations=[words(sentence, 0.5, 0.5, xanchor="center", yanchor="middle", font=quiet)],
    )


def steps(colours: Sequence[str]) -> list[list[Any]]:
    """Return a colour scale of flat steps: code k, with zmin -0.5 and zmax len - 0.5, is colours[k]."""
    count_of = len(colours)
    return [[edge / count_of, colour] for at, colour in enumerate(colours) for edge in (at, at + 1)]


def owners_for(paths: Iterable[str | None], owners: Mapping[str, Owner] | None) -> dict[str, Owner]:
    """Return owners for every path: the given ones, and new ones for paths that they lack."""
    return assign_owners((path for path in paths if path is not None), owners)


def count(amount: int, noun: str) -> str:
    """Write "1 task", "2 tasks"."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def table(head: Iterable[str], rows: Iterable[Iterable[object]], left: int = 1) -> str:
    """Lay out a text twin: the first `left` columns to the left, numbers to the right."""
    lines = [[str(cell) for cell in line] for line in (head, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
