"""The zoo: what each bomb pins, and how much of it the controller saw.

Its question: which bombs does a limit stop, and what of them does nobody see?

Two bars for each bomb, with the limit and without, on one scale: pinned bytes by kind, and below them a line as long as what
the container paid for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import plotly.graph_objects as go

from kmemlab.figures.frame import ROOM, Room, bare_axis, empty, fitted, laid, placed, sheet, text_width, wrapped
from kmemlab.figures.palette import TOKENS, Theme, assign_owners
from kmemlab.zoo import Run
from kmemlab.zoo_text import NOTHING, share, zoo_text

QUESTION: Final = "Which bombs does a limit stop, and what of them does nobody see?"
KINDS: Final = ("kmem_cache", "kmalloc", "vmalloc", "pages")
SEEN: Final = "seen: a container pays"
BAR, LINE, SPACE = 11, 5, 12  # pixels: of a bar, of the line below it, between two bombs
BOMB: Final = "/bomb"


def zoo_figure(runs: Sequence[Run], limit: int, theme: Theme = "light", room: Room = ROOM) -> go.Figure:
    """Draw what every bomb pinned, by kind, with the limit and without; the neighbour's failed calls stand beside it.

    Its question: which bombs does a limit stop, and what of them does nobody see?

    Args:
        runs: of `zoo.explode`; those of one bomb are drawn together, in the order in which they come.
        limit: bytes that the container of the limited ones may use.
        theme: "light" or "dark".
        room: what its words are laid out for; only its height is not taken: the figure is as high as its bombs need.

    Returns:
        One bar trace for each of the four kinds, and one, "seen", for what a container paid; customdata is (bomb, limited,
        bytes). All bars share one scale of bytes, from 0.
    """
    if not runs:
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    names = list(dict.fromkeys(run.name for run in runs))
    row = BAR + LINE + 5
    escaped = [f"{run.name} ({share(run)} % seen)" for run in runs if run.limited and run.stopped_by != "limit"]
    told = f"The limit does not stop {', '.join(escaped)}." if escaped else "The limit stops every one of them."
    if not any(run.limited for run in runs):
        told = "No container had a limit."
    foot = wrapped(told, room.width, room.text)
    head = room.small * (6.2 if room.narrow else 4.8)
    tall = int(head + len(runs) * row + len(names) * SPACE + (len(foot) + 0.9) * room.text * 1.35)
    room = replace(room, height=tall)

    words = {True: f"{limit:,}", False: "no limit"}
    first = 8 + max(text_width(name, room.text, bold=True) for name in names)
    second = 0.0 if room.narrow else 12 + max(text_width(text, room.small) for text in words.values())
    left = min(first + second, 0.4 * room.width)
    columns = _columns(runs, room)
    right = room.width - sum(wide for _, wide, _ in columns) - 6
    per_byte = (right - left) / max(1, *(run.pinned.total for run in runs))

    notes = [placed(fitted(QUESTION, room.width, room.small), 0, room.small, room.small, tokens.ink2)]
    hue = assign_owners([BOMB])[BOMB].shade(theme).solid
    fills = ((tokens.ink3, ""), (tokens.canvas, "/"), (tokens.canvas, "x"), (tokens.hush, ""))
    notes += _key(room, theme, fills, hue)
    edge = right + 6
    for title, wide, _ in columns:
        edge += wide
        notes.append(placed(title, edge, head - room.small * 0.9, room.small, tokens.ink2, xanchor="right", align="right"))
    bars: dict[str, list[tuple[float, float, float, tuple[str, bool, int]]]] = {kind: [] for kind in (*KINDS, "seen")}
    lines = []
    y = head
    for name in names:
        mine = [run for run in runs if run.name == name]
        lines.append({"type": "line", "x0": 0, "x1": room.width, "y0": y, "y1": y, "line": {"color": tokens.line, "width": 1}})
        notes.append(
            placed(f"<b>{fitted(name, first, room.text)}</b>", 0, y + SPACE / 2 + (BAR + LINE) / 2, room.text, tokens.ink)
        )
        for place, run in enumerate(mine):
            top = y + SPACE / 2 + place * row
            middle = top + (BAR + LINE) / 2
            if second:
                notes.append(placed(words[run.limited], first, middle, room.small, tokens.ink2))
            begin = left
            for kind in KINDS:
                size = getattr(run.pinned, kind)
                bars[kind].append((begin, top + BAR / 2, size * per_byte, (name, run.limited, size)))
                begin += size * per_byte
            seen = run.pinned.accounted
            bars["seen"].append((left, top + BAR + LINE / 2 + 1, seen * per_byte, (name, run.limited, seen)))
            edge = right + 6
            for title, wide, say in columns:
                edge += wide
                ink = tokens.refused_text if title == "neighbour" and run.failed else tokens.ink
                notes.append(placed(say(run), edge, middle, room.small, ink, xanchor="right", align="right"))
        y += SPACE + len(mine) * row
    notes += [placed(text, 0, y + room.text * (1.1 + 1.35 * line), room.text, tokens.ink) for line, text in enumerate(foot)]
    figure = sheet(
        theme,
        margin=(0, 0, 0, 0),
        height=room.height,
        meta={**laid(room), "tall": True},  # a row a bomb: the page gives it the height that it asks for
        barmode="stack",
        showlegend=False,
        xaxis=bare_axis(0, room.width),
        yaxis=bare_axis(room.height, 0),
        annotations=notes,
        shapes=[{**line, "layer": "below"} for line in lines],
    )
    for kind, (fill, pattern) in zip((*KINDS, "seen"), (*fills, (hue, "")), strict=True):
        base, at, wide_of, about = zip(*bars[kind], strict=True)
        figure.add_trace({
            "type": "bar",
            "name": kind,
            "orientation": "h",
            "base": base,
            "x": wide_of,
            "y": at,
            "width": LINE if kind == "seen" else BAR,
            "customdata": about,
            "hovertemplate": f"%{{customdata[0]}}, {kind}: %{{customdata[2]:,}} bytes<extra></extra>",
            "marker": {
                "color": fill,
                "line": {"color": fill if kind == "seen" else tokens.ink3, "width": 0 if kind == "seen" else 1},
                "pattern": {"fillmode": "overlay", "shape": pattern, "fgcolor": tokens.ink3, "size": 6, "solidity": 0.25},
            },
        })  # fmt: skip
    return figure


def _columns(runs: Sequence[Run], room: Room) -> list[tuple[str, float, Any]]:
    """Return the columns behind the bars: title, width in pixels, and what they say of a run. A narrow page has one."""
    seen = ("seen", max(text_width("100 %", room.small), text_width("seen", room.small)) + 12, lambda run: f"{share(run)} %")
    if room.narrow:
        return [seen]
    pinned = ("pinned", text_width(f"{max(run.pinned.total for run in runs):,}", room.small) + 14,
              lambda run: f"{run.pinned.total:,}")  # fmt: skip
    most = max((f"{run.failed:,} of {run.ops:,} failed" for run in runs), key=len)
    other = ("neighbour", text_width(most, room.small) + 14, lambda run: f"{run.failed:,} of {run.ops:,} failed")
    return [pinned, seen, other]


def _key(room: Room, theme: Theme, fills: Sequence[tuple[str, str]], hue: str) -> list[dict[str, Any]]:
    """Return the words that say what the bars are; they go on in a second line where a page is narrow."""
    tokens = TOKENS[theme]
    marks = {"/": "▨", "x": "▩"}
    said = [
        (marks.get(pattern, "■"), tokens.ink3 if fill == tokens.canvas else fill, kind)
        for kind, (fill, pattern) in zip(KINDS, fills, strict=True)
    ]
    said.append(("▬", hue, SEEN))
    notes, along, y = [], 0.0, room.small * 2.4
    for mark, colour, name in said:
        wide = text_width(f"{mark} {name}", room.small) + 16
        if along + wide > room.width and along:
            along, y = 0.0, y + room.small * 1.4
        notes.append(placed(f'<span style="color:{colour}">{mark}</span> {name}', along, y, room.small, tokens.ink2))
        along += wide
    return notes


__all__ = ["KINDS", "QUESTION", "zoo_figure", "zoo_text"]
