"""The machine's graph round one page.

Its question: why is this page held?

Pages, slabs by cache, the containers that own their objects, and their tasks, from left to right. The path that answers is
drawn in ink; what there is no room for is folded into a line and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import networkx as nx
import plotly.graph_objects as go

from kmemlab.figures.frame import ROOM, Room, bare_axis, empty, fitted, laid, owners_for, placed, sheet, text_width, wrapped
from kmemlab.figures.held_graph import Node, why_held
from kmemlab.figures.held_places import Shown, shown
from kmemlab.figures.held_traces import broken_at, lines_of, points_of
from kmemlab.figures.held_words import answer, question
from kmemlab.figures.palette import TOKENS, Owner, Theme

NOTHING: Final = "No page yet. A machine has memory from its boot on."
TASKS: Final = 3  # of a container; the others are counted
NOBODY: Final = "no owner"


def graph_figure(
    graph: nx.DiGraph,
    page: int,
    owners: Mapping[str, Owner] | None = None,
    selected: str | None = None,
    theme: Theme = "light",
    room: Room = ROOM,
) -> go.Figure:
    """Draw the part of a machine's graph that is near a page, and why that page is held.

    Its question: why is this page held?

    Args:
        graph: of `machine_graph`.
        page: any page of a run.
        owners: letters and hues of the session; containers that they lack get new ones.
        selected: path of the container in full colour; if it has objects on the page, the path leads to it.
        theme: "light" or "dark".
        room: what its words are laid out for.

    Returns:
        Trace "path" is the way in ink, its customdata one node as text for each corner. Traces "slabs", "caches" and
        "containers" have a point for each, with customdata ("page", pfn), ("cache", name), ("container", path).
    """
    if not any(kind == "page" for _, kind in graph.nodes(data="kind")):
        return empty(NOTHING, theme)
    tokens = TOKENS[theme]
    way = why_held(graph, page, selected)
    pieces = wrapped(answer(graph, way), room.width - 4, room.text)[:3]
    notes = [placed(question(graph, page), 0, room.small, room.small, tokens.ink2)]
    top = room.small * 2 + room.text
    notes += [placed(f"<b>{p}</b>", 0, top + n * room.text * 1.35, room.text, tokens.ink) for n, p in enumerate(pieces)]
    head = top + len(pieces) * room.text * 1.35 + room.small * 0.4
    tall = room.small * 1.75
    seen = shown(graph, way, int((room.height - head - room.small * 2) / tall), 3 if room.narrow else 6, selected)
    known = owners_for(seen.owners, owners)
    sketch = _Sketch(graph, way, seen, known, selected, theme, room, head, tall)
    notes += sketch.words()
    figure = sheet(
        theme,
        margin=(0, 0, 0, 0),
        height=room.height,
        meta=laid(room),
        hoverdistance=40,
        xaxis=bare_axis(0, room.width),
        yaxis=bare_axis(room.height, 0),
        annotations=notes,
    )
    return figure.add_traces([*sketch.ties(), sketch.path(), *sketch.points()])


class _Sketch:
    """One picture while it is being laid out: where everything stands, in pixels."""

    def __init__(
        self, graph: nx.DiGraph, way: Sequence[Node], seen: Shown, known: Mapping[str, Owner], selected: str | None,
        theme: Theme, room: Room, head: float, tall: float,
    ) -> None:  # fmt: skip
        self.graph, self.way, self.seen, self.known = graph, way, seen, known
        self.selected, self.theme, self.room, self.tall = selected, theme, room, tall
        self.tokens = TOKENS[theme]
        wide = room.width
        pages = max([text_width(line.pages, room.small) for line in seen.lines], default=0)
        self.slab_x = max(pages, text_width("pages", room.small)) + 34
        self.owner_x = wide * (0.7 if room.narrow else 0.62)
        self.task_x = wide * 0.8
        self.y = [head + tall * (place + 1.5) for place in range(len(seen.lines))]
        self.head = head + tall * 0.5
        nobody = any(owner is None for _, owner in seen.owned)
        stand = [*seen.owners, *([None] if nobody else [])]
        low = self.y[0]
        high = min(max(self.y[-1], low + tall * 1.6 * len(stand)), room.height - tall * (2 if seen.left_out else 1))
        apart = (high - low) / max(1, len(stand) - 1)
        self.owner_y = {path: low + apart * place for place, path in enumerate(stand)}
        self.line_of = {slab: place for place, line in enumerate(seen.lines) for slab in line.slabs}
        self.end = {place: self._end(place) for place in range(len(seen.lines))}

    def _end(self, place: int) -> float:
        """Where the words of a line end."""
        line = self.seen.lines[place]
        begin = self.slab_x + (10 if line.kind == "slab" else 0)
        told = text_width(line.label, self.room.small, bold=True) + text_width(f"  {self._quiet(place)}", self.room.small)
        return min(begin + told + 10, self.owner_x - 40)

    def _quiet(self, place: int) -> str:
        line = self.seen.lines[place]
        return line.quiet.rpartition(", ")[2] if self.room.narrow and line.kind == "slab" else line.quiet

    def words(self) -> list[dict[str, Any]]:
        """Return heads of the columns, lines, containers and tasks."""
        tokens, small = self.tokens, self.room.small
        notes = [placed(text, x, self.head, small, tokens.ink3) for text, x in self._heads()]
        for place, line in enumerate(self.seen.lines):
            lit = line.kind == "use" or (line.kind == "slab" and any(slab in self.way for slab in line.slabs))
            ink = tokens.ink if lit or line.kind == "cache" else tokens.ink2
            label = f"<b>{line.label}</b>" if lit or line.kind == "cache" else line.label
            x = self.slab_x + (10 if line.kind == "slab" else 0)
            quiet = f"<span style='color:{tokens.ink2 if lit else tokens.ink3}'>{self._quiet(place)}</span>"
            notes.append(placed(f"{label}  {quiet}", x, self.y[place], small, ink))
            if line.pages:
                pages = f"<b>{line.pages}</b>" if lit and self._on_page(line.pfn) else line.pages
                notes.append(placed(pages, 0, self.y[place], small, ink))
        for path, y in self.owner_y.items():
            notes += self._owner_words(path, y)
        if self.seen.left_out:
            y = min(self.room.height - small, max(self.owner_y.values(), default=0) + self.tall)
            more = f"and {self.seen.left_out:,} more"
            notes.append(placed(more, self.owner_x + 14, y, small, tokens.ink3))
        return notes

    def _heads(self) -> list[tuple[str, float]]:
        heads = [("pages", 0.0), ("slabs, by cache", self.slab_x), ("owner", self.owner_x - 8)]
        return heads if self.room.narrow else [*heads, ("its tasks", self.task_x)]

    def _on_page(self, pfn: int) -> bool:
        return bool(self.way) and self.way[0] == ("page", pfn)

    def _owner_words(self, path: str | None, y: float) -> list[dict[str, Any]]:
        tokens, small = self.tokens, self.room.small
        x = self.owner_x + 16
        end = self.room.width if self.room.narrow else self.task_x - 8
        if path is None:
            return [placed(NOBODY, x, y, small, tokens.ink2)]
        lit = ("container", path) in self.way or path == self.selected
        name = fitted(self.known[path].name, end - x, small, bold=True)
        notes = [placed(f"<b>{name}</b>" if lit else name, x, y, small, tokens.ink if lit else tokens.ink2)]
        if not self.room.narrow:
            tasks = [self.graph.nodes[each]["label"] for each in self.graph.successors(("container", path))]
            more = f" and {len(tasks) - TASKS:,} more" if len(tasks) > TASKS else ""
            text = fitted(", ".join(tasks[:TASKS]) + more, self.room.width - self.task_x - 4, small)
            notes.append(placed(text, self.task_x, y, small, tokens.ink2 if lit else tokens.ink3))
        return notes

    def ties(self) -> list[dict[str, Any]]:
        """Return a trace for each owner: lines from the slabs that hold its objects; the selected owner's last."""
        tokens = self.tokens
        traces = []
        for path in sorted(self.owner_y, key=lambda path: (path is not None, path == self.selected)):
            x: list[float | None] = []
            y: list[float | None] = []
            for place, owner in self.seen.owned:
                if owner == path:
                    x += [self.end[place], self.owner_x - 12, None]
                    y += [self.y[place], self.owner_y[path], None]
            lit = path == self.selected
            colour = self.known[path].mark(self.theme, self.selected) if path is not None else tokens.line2
            line: dict[str, Any] = {"color": colour, "width": 2.5 if lit else 1.5}
            if path is None or self.known[path].stripe:
                line["dash"] = "4px,3px"
            traces.append(lines_of(f"objects of {path or NOBODY}", x, y, line))
        return traces

    def path(self) -> dict[str, Any]:
        """Return the way as one trace in ink."""
        x: list[float] = []
        y: list[float] = []
        about: list[list[str]] = []

        def corner(at: float, line: float, node: Node) -> None:
            x.append(at)
            y.append(line)
            about.append([" ".join(str(part) for part in node)])

        for before, node in zip((None, *self.way), self.way, strict=False):
            place = self.line_of.get(node)
            if node[0] == "slab" and place is not None:
                if before is not None and before[0] == "objects":  # over an owner array to another slab, round the words
                    corner(self.owner_x - 26, y[-1], node)
                    corner(self.owner_x - 26, self.y[place], node)
                else:
                    own = self.seen.lines[place].pages
                    corner(text_width(own, self.room.small, bold=True) + 6, self.y[place], self.way[0])
                    corner(self.slab_x + 2, self.y[place], node)
                corner(self.end[place], self.y[place], node)
            elif node[0] == "container" and node[1] in self.owner_y:
                corner(self.owner_x - 12, self.owner_y[node[1]], node)
            elif node[0] == "cache" and before is not None and before[0] == "objects" and None in self.owner_y:
                corner(self.owner_x - 12, self.owner_y[None], node)
        broken = broken_at(self.end.values(), x, y, about)
        return {**lines_of("path", broken[0], broken[1], {"color": self.tokens.ink, "width": 3}), "customdata": broken[2]}

    def points(self) -> list[dict[str, Any]]:
        """Return what can be clicked: slabs (their pages), caches, containers with their letters."""
        tokens = self.tokens
        slabs = [(place, line) for place, line in enumerate(self.seen.lines) if line.kind == "slab"]
        caches = [(place, line) for place, line in enumerate(self.seen.lines) if line.kind != "slab" and line.cache]
        lit = [any(slab in self.way for slab in line.slabs) for _, line in slabs]
        paths = [path for path in self.owner_y if path is not None]
        chosen = [path == self.selected for path in paths]
        shades = [self.known[path].shade(self.theme) for path in paths]
        return [
            points_of(
                "slabs", [self.slab_x + 2] * len(slabs), [self.y[place] for place, _ in slabs],
                [("page", line.pfn) for _, line in slabs],
                {"size": 7, "symbol": "square", "color": [tokens.ink if on else tokens.hush for on in lit]},
            ),
            points_of(
                "caches", [self.slab_x + 24] * len(caches), [self.y[place] for place, _ in caches],
                [("cache", line.cache) for _, line in caches], {"size": 14, "opacity": 0},
            ),
            {
                **points_of(
                    "containers", [self.owner_x] * len(paths), [self.owner_y[path] for path in paths],
                    [("container", path) for path in paths],
                    {"size": 20, "symbol": "square", "opacity": 1, "line": {"width": 0},
                     "color": [self.known[path].fill(self.theme, self.selected) for path in paths]},
                ),
                "mode": "markers+text",
                "text": [self.known[path].letter for path in paths],
                "textfont": {
                    "size": self.room.small,
                    "color": [shade.on if on else shade.text for shade, on in zip(shades, chosen, strict=True)],
                },
            },
        ]  # fmt: skip


__all__ = ["graph_figure"]
