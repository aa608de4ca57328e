from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from kmemlab.figures import path_figure, path_text
from kmemlab.figures.palette import TOKENS, Theme

from .rows import STEPS


def dots(figure: go.Figure) -> dict[str, dict[str, Any]]:
    trace = next(part for part in figure.data if part.name == "steps")
    return {
        fn: {"step": step, "state": state, "x": x, "y": y, "text": text, "size": size, "fill": fill}
        for (step, fn, state), x, y, text, size, fill in zip(
            trace.customdata, trace.x, trace.y, trace.text, trace.marker.size, trace.marker.color, strict=True
        )
    }


def test_each_undo_stands_under_what_it_undoes() -> None:
    drawn = dots(path_figure(STEPS, 4))
    for undo, done in (("css_put", "css_get"), ("kmem_cache_free", "kmem_cache_alloc"), ("NULL", "open()")):
        assert drawn[undo]["x"] == drawn[done]["x"]
        assert drawn[undo]["y"] < drawn[done]["y"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_refusal_is_a_vermilion_cross(theme: Theme) -> None:
    drawn = dots(path_figure(STEPS, 5, theme))
    assert [fn for fn, dot in drawn.items() if dot["text"] == "✕"] == ["res_counter_charge"]
    assert drawn["res_counter_charge"]["fill"] == TOKENS[theme].refused
    assert [fn for fn, dot in drawn.items() if dot["fill"] == TOKENS[theme].refused] == ["res_counter_charge"]
    assert dots(path_figure(STEPS, 3, theme))["res_counter_charge"]["text"] == ""


def test_the_current_step_is_the_largest_dot_of_its_kind() -> None:
    drawn = dots(path_figure(STEPS, 2))
    assert max(drawn, key=lambda fn: drawn[fn]["size"]) == "kmem_cache_alloc"


def test_nothing_moves_from_step_to_step() -> None:
    def places(now: int) -> list[tuple[float, float]]:
        return [(dot["x"], dot["y"]) for dot in dots(path_figure(STEPS, now)).values()]

    assert all(places(now) == places(0) for now in range(1, 8))


def test_the_inequality_is_readable_and_never_reached_says_so() -> None:
    notes = {note.name: note.text for note in path_figure(STEPS, 4).layout.annotations}
    assert notes["step 4"].replace("<br>", " ") == "<b>res_counter_charge</b> 40,768 + 256 > 40,960"
    assert notes["step -1"] == "store owner<br>never reached"


def test_picture_and_twin_agree() -> None:
    lines = path_text(STEPS, 4).splitlines()
    assert lines[4].split()[:3] == [">", "4", "res_counter_charge"]
    assert lines[6].endswith("undoes css_get")
    for line, (fn, dot) in zip(lines[1:], dots(path_figure(STEPS, 4)).items(), strict=True):
        assert fn in line
        assert dot["state"] in line


def test_an_event_without_a_path() -> None:
    assert [note.text for note in path_figure([], 0).layout.annotations] == [path_text([], 0)]
