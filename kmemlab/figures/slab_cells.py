"""What lies over the cells of a slab picture: letters, outlines of free cells, stripes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmemlab.figures.palette import TOKENS, Owner, Theme


def _boxes(cells: Sequence[tuple[int, int]], inset: float) -> tuple[list[float | None], list[float | None]]:
    """Outlines of cells (line, column) as the x and y of one line trace with gaps."""
    x: list[float | None] = []
    y: list[float | None] = []
    half = 0.5 - inset
    for line, column in cells:
        x += [column - half, column + half, column + half, column - half, column - half, None]
        y += [line - half, line - half, line + half, line + half, line - half, None]
    return x, y


def outline(name: str, cells: Sequence[tuple[int, int]], colour: str, width: float) -> dict[str, Any]:
    """Return one trace of boxes round cells (line, column)."""
    x, y = _boxes(cells, 0.06)
    line = {"color": colour, "width": width}
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines",
        "x": x,
        "y": y,
        "line": line,
        "hoverinfo": "skip",
    }


def ink(owner: Owner | None, hole: bool, first: bool, selected: str | None, theme: Theme) -> tuple[str, int]:
    """Return the colour and weight of what stands in a cell."""
    tokens = TOKENS[theme]
    if hole:
        return (tokens.ink, 700) if first else (tokens.ink3, 400)
    if owner is None:
        return tokens.none_text, 600
    lit = owner.path == selected
    return (owner.shade(theme).on, 700) if lit else (owner.shade(theme).text, 600)


def letters(cells: Sequence[tuple[int, int, str, str, int]]) -> dict[str, Any]:
    """Return one trace of words over the cells: a heatmap's own text can have one colour only."""
    x, y, text, colours, weights = (list(part) for part in zip(*cells, strict=True))
    font = {"size": 12, "color": colours, "weight": weights}
    flat = {"type": "scatter", "name": "letters", "mode": "text", "hoverinfo": "skip"}
    return {**flat, "x": x, "y": y, "text": text, "textfont": font}


def stripes(cells: Sequence[tuple[int, int]], theme: Theme) -> dict[str, Any]:
    """Return two corners cut off each cell of an owner of the second round of hues; its letter stays free."""
    x: list[float | None] = []
    y: list[float | None] = []
    for line, column in cells:
        for side in (-1, 1):
            x += [column + side * 0.46, column + side * 0.12, None]
            y += [line + side * 0.12, line + side * 0.46, None]
    line_of = {"color": TOKENS[theme].canvas, "width": 2}
    return {"type": "scatter", "name": "stripes", "mode": "lines", "x": x, "y": y, "line": line_of, "hoverinfo": "skip"}
