from __future__ import annotations

from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from kmemlab.figures import assign_owners, timeline_figure, timeline_text
from kmemlab.figures.course import course, value_at
from kmemlab.figures.palette import SHADES, TOKENS

from .rows import EVENTS, event

OWNERS = assign_owners(["/", "/web", "/db", "/bomb"])


def trace(figure: go.Figure, name: str) -> Any:
    return next(part for part in figure.data if part.name == name)


def test_events_add_up() -> None:
    run = course(EVENTS)
    assert run.usage == {"/web": [(2, 256), (6, 0)], "/bomb": [(3, 256), (4, 512)]}
    assert run.refused == {"/bomb": [(5, 1), (7, 2)]}
    assert run.slab == [(1, 4096), (9, 0)]
    assert run.charged[-1] == (6, 512)
    assert (run.first_refusal, run.last) == (5, 9)


def test_the_future_is_apart_and_pale() -> None:
    figure = timeline_figure(EVENTS, 5, OWNERS, selected="/bomb")
    past, future = trace(figure, "usage /web"), trace(figure, "usage /web to come")
    assert (past.x[-1], past.y[-1]) == (future.x[0], future.y[0]) == (5, 256)
    assert (future.x[-1], future.y[-1]) == (9, 0)
    assert trace(figure, "usage /bomb").line.color == SHADES["light"]["orange"].solid
    assert trace(figure, "usage /bomb to come").line.color != SHADES["light"]["orange"].solid
    assert trace(figure, "refused /bomb").line.color == TOKENS["light"].refused


def test_the_gap_that_nobody_pays_is_named_and_filled() -> None:
    figure = timeline_figure(EVENTS, 5, OWNERS)
    words = [note.text for note in figure.layout.annotations]
    assert "3,328 bytes nobody pays" in words
    names = [part.name for part in figure.data]
    assert names.index("slab bytes") == names.index("charged bytes") + 1
    assert trace(figure, "slab bytes").fill == "tonexty"


def test_limits_are_lines_with_their_number() -> None:
    figure = timeline_figure(EVENTS, 5, OWNERS, selected="/bomb", limits={"/bomb": 512, "/web": 9_000})
    words = [note.text for note in figure.layout.annotations]
    assert "limit of bomb 512" in words
    assert not any("limit of web" in text for text in words)
    assert figure.layout.yaxis.range[1] > 9_000


def test_a_long_run_is_thinned() -> None:
    long = [event(n, "alloc" if n % 2 else "free", "/web") for n in range(1, 12_001)]
    figure = timeline_figure(long, 12_000, OWNERS)
    assert len(trace(figure, "usage /web").x) < 3_100
    assert trace(figure, "usage /web").y[-1] == value_at(course(long).usage["/web"], 12_000) == 0


def test_the_twin_has_the_numbers_of_the_position() -> None:
    assert timeline_text(EVENTS, 5).splitlines() == [
        "event 5 of 9",
        "container  usage  failcnt",
        "/web         256        0",
        "/bomb        512        1",
        "slab bytes 4,096, charged bytes 768, nobody pays 3,328",
        "first refusal: event 5",
    ]
    assert timeline_text(EVENTS, 4).endswith("first refusal: none")


def test_step_to_begin_shows_axes_only() -> None:
    figure = timeline_figure([], 0)
    assert timeline_text([], 0) == "Step to begin."
    assert "Step to begin." in [note.text for note in figure.layout.annotations]
    assert {part.name for part in figure.data} == {"axes"}


def test_a_striped_owner_has_a_dashed_line() -> None:
    owners = assign_owners(["/a", "/c", "/e", "/f", "/g", "/web"])
    assert trace(timeline_figure(EVENTS, 5, owners), "usage /web").line.dash is not None
    assert trace(timeline_figure(EVENTS, 5, owners), "usage /bomb").line.dash is not None
    assert trace(timeline_figure(EVENTS, 5, OWNERS), "usage /web").line.dash is None


def test_many_labels_stay_in_their_panel() -> None:
    many = [event(n, "alloc", f"/c{n % 12}", 100 + n % 12) for n in range(1, 120)]
    notes = timeline_figure(many, 60, selected="/c0").layout.annotations
    labels = [note for note in notes if note.x == 119 and note.xref == "x"]
    assert len(labels) == 8
    assert any("c0" in note.text for note in labels)
    heights = sorted(note.y for note in labels)
    assert min(b - a for a, b in pairwise(heights)) > 0
    assert heights[-1] <= timeline_figure(many, 60).layout.yaxis.range[1]
