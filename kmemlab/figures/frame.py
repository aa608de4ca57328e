"""What all pictures share: an empty sheet in the lab's template, words on it, and the empty state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.palette import TOKENS, Owner, Theme, assign_owners, template

# Pixels; the width is the page's. Every picture is laid out for widths from 848.
HEIGHT: Final = 470


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
