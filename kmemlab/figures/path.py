"""The path of one charge.

Its question: where did it stop, and what is undone, in what order?

Forward runs to the right; a refusal turns the path back on a second lane, and each undo stands under the
function that it undoes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

import networkx as nx
import plotly.graph_objects as go

from kmemlab.figures.frame import bare_axis, empty, plain, sheet, table, words
from kmemlab.figures.graphs import charge_path_graph
from kmemlab.figures.palette import TOKENS, Theme
from kmemlab.records import StepRow

NOTHING: Final = "This event has no path: nobody was asked to pay."
HEIGHT: Final = 250
LINE: Final = 17  # characters of a value in one line under its function
FORWARD, UNWIND = 0.78, 0.30  # heights of the lanes on the sheet
CROWDED: Final = 138  # characters of all columns side by side; with more, every second label stands lower


def _label(fn: str, value: str, bold: bool) -> str:
    """Return function over value; long values break into lines."""
    name = f"<b>{fn}</b>" if bold else fn
    return "<br>".join([name, *map(plain, wrap(value, LINE, break_long_words=False))])


def _columns(graph: nx.DiGraph) -> tuple[list[float], bool]:
    """Return where each column begins, 0 to 1, and whether their words do not fit side by side."""
    widths: dict[int, float] = {}
    for _, at in graph.nodes(data=True):
        longest = max(1.1 * len(at["fn"]), *(len(line) for line in wrap(at["value"], LINE) or [""]))
        shifted = 3 if at["refuses"] else 0  # its words stand beside the way back
        widths[at["col"]] = max(widths.get(at["col"], 8), longest + 2 + shifted)
    ordered = [widths.get(column, 8) for column in range(max(widths) + 1)]
    crowded = sum(ordered) > CROWDED
    if crowded:  # labels at two heights overlap freely, but the one before the way back must fit
        turn = next((at["col"] for _, at in graph.nodes(data=True) if at["refuses"]), 0)
        ordered = [wide if column + 1 == turn else 0.75 * wide for column, wide in enumerate(ordered)]
    return [sum(ordered[:column]) / sum(ordered) for column in range(len(ordered))], crowded


def _lines(graph: nx.DiGraph, x: Mapping[int, float], theme: Theme) -> list[dict[str, Any]]:
    """Three traces of line pieces: walked, still to come (or never), and the way back that lies ahead."""
    tokens = TOKENS[theme]
    walked: tuple[list[float | None], list[float | None]] = ([], [])
    ahead: tuple[list[float | None], list[float | None]] = ([], [])
    back: tuple[list[float | None], list[float | None]] = ([], [])
    for start, end, kind in graph.edges(data="kind"):
        if kind == "undoes":  # told by the column: a line would only cross the words
            continue
        source, target = graph.nodes[start], graph.nodes[end]
        reached = target["state"] not in ("todo", "never")
        xs, ys = walked if reached else back if target["lane"] == "unwind" else ahead
        height = UNWIND if source["lane"] == "unwind" else FORWARD
        if kind == "turn":
            xs += [x[start], x[start], x[end], None]
            ys += [FORWARD, UNWIND, UNWIND, None]
        else:
            xs += [x[start], x[end], None]
            ys += [height, height, None]
    looks = [
        ("ahead", ahead, {"color": tokens.line2, "width": 1.5, "dash": "2px,5px"}),
        ("way back", back, {"color": tokens.refused, "width": 2, "dash": "2px,5px"}),
        ("walked", walked, {"color": tokens.ink, "width": 2.5}),
    ]
    return [
        {
            "type": "scatter",
            "name": name,
            "mode": "lines",
            "x": xs,
            "y": ys,
            "line": line,
            "hoverinfo": "skip",
        }
        for name, (xs, ys), line in looks
    ]


def _dots(graph: nx.DiGraph, x: Mapping[int, float], theme: Theme) -> dict[str, Any]:
    """One trace, a dot for each step: ink done, large now, a cross at the refusal, open to come, grey never."""
    tokens = TOKENS[theme]
    fills, rims, sizes = [], [], []
    for _, at in graph.nodes(data=True):
        state, current = at["state"], at["current"]
        solid = {"done": tokens.ink, "now": tokens.ink, "refused": tokens.refused}
        fills.append(solid.get(state, tokens.canvas))
        open_rim = tokens.refused if state == "todo" and at["lane"] == "unwind" else tokens.line2
        rims.append(solid.get(state, open_rim))
        sizes.append((24 if current else 18) if state == "refused" else 17 if current else 11)
    nodes = list(graph)
    return {
        "type": "scatter",
        "name": "steps",
        "mode": "markers+text",
        "x": [x[node] for node in nodes],
        "y": [UNWIND if graph.nodes[node]["lane"] == "unwind" else FORWARD for node in nodes],
        "text": ["✕" if graph.nodes[node]["state"] == "refused" else "" for node in nodes],
        "textfont": {"size": 13, "color": tokens.canvas, "weight": 700},
        "customdata": [[node, graph.nodes[node]["fn"], graph.nodes[node]["state"]] for node in nodes],
        "hovertext": [graph.nodes[node]["sentence"] for node in nodes],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "cliponaxis": False,
        "marker": {"size": sizes, "color": fills, "opacity": 1, "line": {"color": rims, "width": 1.8}},
    }


def path_figure(steps: Sequence[StepRow], now: int, theme: Theme = "light") -> go.Figure:
    """Draw the path of one charge as a U-turn.

    Its question: where did it stop, and what is undone, in what order?

    Args:
        steps: the functions in the order in which they happen.
        now: the step shown, from 1; 0 is before the first. Functions never reached are not counted.
        theme: "light" or "dark".

    Returns:
        Trace "steps" has one dot for each function, customdata (step, fn, state) as in `charge_path_graph`;
        its words are annotations named "step N". An undo has the x of the function it undoes.
    """
    if not steps:
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    graph = charge_path_graph(steps, now)
    begin, crowded = _columns(graph)
    x = {node: begin[at["col"]] for node, at in graph.nodes(data=True)}
    turns = {start for start, _, kind in graph.edges(data="kind") if kind == "turn"}
    notes = []
    for node, at in graph.nodes(data=True):
        state, unwind = at["state"], at["lane"] == "unwind"
        quiet = state in ("todo", "never")
        colour = tokens.refused_text if state == "refused" else tokens.ink3 if quiet else tokens.ink
        low = crowded and at["col"] % 2 == 1
        notes.append(
            words(
                _label(
                    at["fn"],
                    "never reached" if state == "never" else at["value"],
                    bold=not quiet or at["current"],
                ),
                x[node],
                UNWIND if unwind else FORWARD,
                name=f"step {node}",
                xref="x",
                yref="y",
                yanchor="top",
                xshift=16 if node in turns else -7,  # beside the line that turns back down
                yshift=-10 - (50 if low else 0),
                font={"size": 12.5, "color": colour},
            )
        )
    figure = sheet(
        theme,
        margin=(22, 8, 8, 8),
        height=HEIGHT + (90 if crowded else 0),
        xaxis=bare_axis(0, 1.06 if crowded else 1),
        yaxis=bare_axis(0, 0.9),
        annotations=notes,
    )
    return figure.add_traces([*_lines(graph, x, theme), _dots(graph, x, theme)])


def path_text(steps: Sequence[StepRow], now: int) -> str:
    """Return the path as a table: step, function, value, state and, for an undo, what it undoes."""
    if not steps:
        return NOTHING
    graph = charge_path_graph(steps, now)
    rows = []
    for (node, at), step in zip(graph.nodes(data=True), steps, strict=True):
        value = "never reached" if at["state"] == "never" else at["value"]
        undoes = f"undoes {step.undoes}" if step.undoes else ""
        rows.append(
            (
                f"{'>' if at['current'] else ' '} {node if node > 0 else '-'}",
                at["fn"],
                value,
                at["state"],
                undoes,
            )
        )
    return table(("step", "function", "value", "state", ""), rows, left=5)


__all__ = ["path_figure", "path_text"]
