"""Traces of the graph's picture: lines, points, and a line that is broken where words stand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any


def lines_of(name: str, x: Sequence[float | None], y: Sequence[float | None], line: dict[str, Any]) -> dict[str, Any]:
    """Return a trace of lines; None is a gap."""
    return {"type": "scatter", "name": name, "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip"}


def points_of(
    name: str, x: Sequence[float], y: Sequence[float], about: Sequence[tuple[Any, ...]], marker: dict[str, Any]
) -> dict[str, Any]:
    """Return a trace of points that can be clicked: `about` says what each is."""
    flat = {"type": "scatter", "mode": "markers", "cliponaxis": False, "hoverinfo": "none"}
    return {**flat, "name": name, "x": x, "y": y, "customdata": about, "marker": marker}


def broken_at(
    ends: Collection[float], x: list[float], y: list[float], about: list[list[str]]
) -> tuple[list[float | None], list[float | None], list[list[str] | None]]:
    """Break the line where the words of a slab stand: it runs up to them and goes on behind them."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    who: list[list[str] | None] = []
    for place, (at, line, node) in enumerate(zip(x, y, about, strict=True)):
        if place and about[place - 1] == node and y[place - 1] == line and at in ends:
            xs.append(None)
            ys.append(None)
            who.append(None)
        xs.append(at)
        ys.append(line)
        who.append(node)
    return xs, ys, who


__all__ = ["broken_at", "lines_of", "points_of"]
