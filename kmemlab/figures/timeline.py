"""The timeline of a run.

Its question: when did it get close, and does the limit count what memory counts?

Three small multiples over the events of a run, computed from the events alone. What lies right of the
position has been recorded but not happened yet: it is drawn pale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.course import Series, course, split, value_at
from kmemlab.figures.frame import owners_for, plain, sheet, table, words
from kmemlab.figures.palette import TOKENS, Owner, Theme, blend
from kmemlab.records import EventRow

NOTHING: Final = "Step to begin."
PANELS: Final = ((0.0, 0.25), (0.385, 0.60), (0.735, 0.90))  # on the sheet, 0 to 1
MOST_LABELS: Final = 8  # at the right of a panel: the selected one and the largest
APART: Final = 0.115  # of a panel's height, between two labels
TITLES: Final = ("Usage and limit", "Refused charges (failcnt)", "Slab bytes and charged bytes")


def _line(panel: int, name: str, series: Series, colour: str, width: float, **more: Any) -> dict[str, Any]:
    """Return one stepped line in one of the three panels."""
    axis = "" if panel == 0 else str(panel + 1)
    return {
        "type": "scatter",
        "name": name,
        "mode": "lines",
        "x": [event for event, _ in series],
        "y": [value for _, value in series],
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "line": {"color": colour, "width": width, "shape": "hv"},
        "hovertemplate": "event %{x}: %{y:,}<extra></extra>",
        **more,
    }


def _end_labels(panel: int, ends: Sequence[tuple[str, int, str, bool]], last: int, top: float) -> list[dict[str, Any]]:
    """Return words at the right ends of lines, pushed apart where lines end close together."""
    axis = "" if panel == 0 else str(panel + 1)
    notes = []
    shown = sorted(ends, key=lambda end: (not end[3], -end[1]))[:MOST_LABELS]
    shown.sort(key=lambda end: end[1])
    heights: list[float] = []
    for _, value, _, _ in shown:
        heights.append(max(value / top, heights[-1] + APART if heights else 0.0))
    ceiling = 1.0
    for at in range(len(heights) - 1, -1, -1):  # what was pushed out at the top comes back down
        heights[at] = min(heights[at], ceiling)
        ceiling = heights[at] - APART
    for height, (text, _, colour, bold) in zip(heights, shown, strict=True):
        font = {"size": 12, "color": colour, "weight": 700 if bold else 500}
        place = {"xref": f"x{axis}", "yref": f"y{axis}", "yanchor": "middle", "xshift": 6}
        notes.append(words(text, last, height * top, font=font, **place))
    return notes


def _axes(panel: int, position: int, last: int, top: float, theme: Theme) -> dict[str, Any]:
    """Return the two axes of one panel: only a base line, and the events at its ends and at the position."""
    axis = "" if panel == 0 else str(panel + 1)
    near = 0.16 * max(1, last)
    ticks = [event for event in (1, last) if event and abs(event - position) > near]
    x = {
        "range": [0, max(1, last)],
        "domain": list(PANELS[panel]),
        "anchor": f"y{axis}",
        "showline": True,
        "linecolor": TOKENS[theme].line2,
        "tickvals": [*ticks, position] if last else [],
        "ticktext": [*(f"{event:,}" for event in ticks), f"<b>{position:,}</b>"] if last else [],
    }
    y = {"range": [-0.02 * top, top], "domain": [0, 0.86], "anchor": f"x{axis}", "visible": False}
    return {f"xaxis{axis}": x, f"yaxis{axis}": y}


def timeline_figure(
    events: Sequence[EventRow],
    position: int,
    owners: Mapping[str, Owner] | None = None,
    theme: Theme = "light",
    selected: str | None = None,
    limits: Mapping[str, int] | None = None,
) -> go.Figure:
    """Draw a run in three panels.

    Its question: when did it get close, and does the limit count what memory counts?

    Args:
        events: of the whole recorded run, in order.
        position: number of events that have happened; those after it are drawn pale.
        owners: letters and hues of the session; containers that they lack get new ones.
        theme: "light" or "dark".
        selected: path of the container in full colour.
        limits: bytes by container, for the limit lines; events do not tell a limit.

    Returns:
        Traces named "usage PATH", "refused PATH", "slab bytes" and "charged bytes" for the past, the same
        with " to come" for what is right of the position; x is the event, y bytes or refusals.
    """
    tokens = TOKENS[theme]
    run = course(events)
    limits = dict(limits or {})
    known = owners_for([*run.usage, *run.refused, *limits], owners)
    traces: list[dict[str, Any]] = []
    ends: list[list[tuple[str, int, str, bool]]] = [[], [], []]

    def draw(panel: int, name: str, series: Series, colour: str, width: float, dashed: bool = False, **more: Any) -> int:
        past, future = split(series, position, run.last)
        pale = blend(tokens.canvas, colour, 0.4)
        for part in (
            _line(panel, f"{name} to come", future, pale, min(width, 1.5)),
            _line(panel, name, past, colour, width, **more),
        ):
            part["line"] |= {"dash": "9px,2px"} if dashed else {}
            traces.append(part)
        return future[-1][1]

    for path in sorted(run.usage, key=lambda path: path == selected):  # the selected one over the others
        owner, lit = known[path], path == selected
        shown = owner.shade(theme).solid if lit or selected is None else owner.mark(theme, selected)
        end = draw(0, f"usage {path}", run.usage[path], shown, 3 if lit else 2, owner.stripe)
        ends[0].append((f"{owner.letter} {plain(owner.name)}", end, owner.shade(theme).text, lit))
    for path, series in run.refused.items():
        end = draw(1, f"refused {path}", series, tokens.refused, 2)
        ends[1].append((f"{known[path].letter} {end:,}", end, tokens.refused_text, path == selected))
    if run.slab or run.charged:
        ends[2].append(("charged", draw(2, "charged bytes", run.charged, tokens.ink, 2.5), tokens.ink, True))
        gap: dict[str, Any] = {"fill": "tonexty", "fillcolor": tokens.line}
        ends[2].append(("in slabs", draw(2, "slab bytes", run.slab, tokens.ink2, 1.5, **gap), tokens.ink2, False))
        # A fill reaches to the trace before it, so both pasts must stand side by side.
        traces[-4:] = [traces[-4], traces[-2], traces[-3], traces[-1]]

    heights = [
        max([1, *limits.values(), *(value for series in run.usage.values() for _, value in series)]),
        max([1, *(series[-1][1] for series in run.refused.values())]),
        max([1, *(value for series in (run.slab, run.charged) for _, value in series)]),
    ]
    tops = [height * 1.15 for height in heights]
    notes = [
        words(f"<b>{title}</b>", start, 1, yanchor="top", yshift=4) for title, (start, _) in zip(TITLES, PANELS, strict=True)
    ]
    axes: dict[str, Any] = {}
    shapes: list[dict[str, Any]] = []
    for panel in range(3):
        axis = "" if panel == 0 else str(panel + 1)
        notes += _end_labels(panel, ends[panel], run.last, tops[panel])
        axes |= _axes(panel, position, run.last, tops[panel], theme)
        traces.append(_line(panel, "axes", [], tokens.ink, 1))  # Plotly draws no axis that nothing uses
        if run.last:
            now = {"x0": position, "x1": position, "xref": f"x{axis}", "y0": 0, "y1": 1, "yref": f"y{axis} domain"}
            shapes.append({"type": "line", "line": {"color": tokens.ink, "width": 1.3}, **now})
    for path, limit in limits.items():
        if selected not in (None, path) and len(limits) > 1:
            continue  # one limit line at a time: the selected container's
        level = {"xref": "x domain", "x0": 0, "x1": 1, "yref": "y", "y0": limit, "y1": limit}
        shapes.append({"type": "line", "line": {"color": tokens.ink, "width": 1.2, "dash": "dash"}, **level})
        text = f"limit of {plain(known[path].name)} {limit:,}"
        quiet = {"size": 11.5, "color": tokens.ink2}
        notes.append(words(text, 0, limit, xref="x domain", yref="y", yshift=1, font=quiet))
    unpaid = value_at(run.slab, position) - value_at(run.charged, position)
    if unpaid > 0:
        text = f"{unpaid:,} bytes nobody pays"
        quiet = {"size": 11.5, "color": tokens.ink2}
        notes.append(words(text, 0, 1, xref="x3 domain", yref="y3 domain", yanchor="top", yshift=4, font=quiet))
    if not events:
        quiet = {"size": 15, "color": tokens.ink2}
        notes.append(words(NOTHING, 0.5, 0.5, xanchor="center", yanchor="middle", font=quiet))
    return sheet(theme, margin=(14, 10, 10, 26), height=220, shapes=shapes, annotations=notes, **axes).add_traces(traces)


def timeline_text(events: Sequence[EventRow], position: int) -> str:
    """Return usage and refusals by container, slab and charged bytes, and the first refusal, at the position."""
    if not events:
        return NOTHING
    run = course(events)
    rows = [
        (path, value_at(run.usage.get(path, []), position), value_at(run.refused.get(path, []), position))
        for path in dict.fromkeys([*run.usage, *run.refused])
    ]
    slab, charged = value_at(run.slab, position), value_at(run.charged, position)
    first = f"event {run.first_refusal}" if 0 < run.first_refusal <= position else "none"
    return "\n".join(
        [
            f"event {position:,} of {run.last:,}",
            table(("container", "usage", "failcnt"), rows),
            f"slab bytes {slab:,}, charged bytes {charged:,}, nobody pays {slab - charged:,}",
            f"first refusal: {first}",
        ]
    )


__all__ = ["timeline_figure", "timeline_text"]
