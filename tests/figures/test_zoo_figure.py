"""The picture of the zoo is drawn from the runs and says nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.figures import Room, zoo_figure, zoo_text
from kmemlab.figures.palette import SHADES, Theme
from kmemlab.figures.zoo import KINDS
from kmemlab.zoo import Pinned, Run, chosen, explode

LIMIT = 64 << 10
RUNS = [
    Run("fd", True, 200, "limit", "ENFILE", Pinned(64_000, 64_000, 2_048, 0, 0), 1, 300, 0, 20, 10),
    Run("fd", False, 20_000, "end", "", Pinned(5_000_000, 5_000_000, 160_000, 0, 0), 0, 2_500, 0, 1_300, 10),
    Run("pipe", True, 240, "memory", "", Pinned(300_000, 300_000, 250_000, 8_192, 16_000_000), 0, 300, 2, 4_096, 10),
    Run("pipe", False, 240, "memory", "", Pinned(300_000, 300_000, 250_000, 0, 16_000_000), 0, 300, 0, 4_096, 10),
]


@pytest.mark.parametrize("width", [368, 690, 930, 1180])
def test_every_bar_is_a_number_of_a_run_and_all_share_one_scale(width: int) -> None:
    figure = zoo_figure(RUNS, LIMIT, room=Room(width))
    assert [trace.name for trace in figure.data] == [*KINDS, "seen"]
    rates = set()
    for trace in figure.data:
        for run, wide, about in zip(RUNS, trace.x, trace.customdata, strict=True):
            size = run.pinned.accounted if trace.name == "seen" else getattr(run.pinned, trace.name)
            assert tuple(about) == (run.name, run.limited, size)
            if size:
                rates.add(round(wide / size, 12))
            assert wide >= 0
    assert len(rates) == 1


def test_the_kinds_of_a_run_stand_one_behind_the_other() -> None:
    traces = zoo_figure(RUNS, LIMIT).data
    for place in range(len(RUNS)):
        for before, after in pairwise(traces[:4]):
            assert after.base[place] == pytest.approx(before.base[place] + before.x[place])
        assert traces[4].base[place] == traces[0].base[place]
        assert traces[4].y[place] > traces[0].y[place]


def test_it_says_what_is_pinned_seen_and_failed_and_what_a_limit_did_not_stop() -> None:
    words = [note.text for note in zoo_figure(RUNS, LIMIT).layout.annotations]
    assert {"65,536", "no limit", "66,048", "16,558,192", "97 %", "2 %", "0 of 300 failed", "2 of 300 failed"} <= set(words)
    assert "The limit does not stop pipe (2 % seen)." in words
    stopped = [replace(run, stopped_by="limit") for run in RUNS]
    assert "The limit stops every one of them." in [note.text for note in zoo_figure(stopped, LIMIT).layout.annotations]
    free = [run for run in RUNS if not run.limited]
    assert "No container had a limit." in [note.text for note in zoo_figure(free, LIMIT).layout.annotations]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_only_what_is_seen_has_a_hue(theme: Theme) -> None:
    hues = {shade.solid for shade in SHADES[theme].values()}
    assert [trace.marker.color in hues for trace in zoo_figure(RUNS, LIMIT, theme).data] == [False] * 4 + [True]


@pytest.mark.parametrize("width", [368, 848, 1180])
def test_rows_are_far_enough_apart_for_their_words_and_the_figure_is_as_high_as_it_must_be(width: int) -> None:
    room = Room(width)
    many = [replace(run, name=f"{run.name}{n}") for n in range(6) for run in RUNS]
    figure = zoo_figure(many, LIMIT, room=room)
    rows = sorted(set(figure.data[0].y))
    assert min(b - a for a, b in pairwise(rows)) >= room.small * 1.2
    lowest = max(note.y for note in figure.layout.annotations)
    assert lowest + room.text < figure.layout.height
    assert figure.layout.height > zoo_figure(RUNS, LIMIT, room=room).layout.height


def test_no_bomb_no_picture() -> None:
    assert [note.text for note in zoo_figure([], LIMIT).layout.annotations] == [zoo_text([], LIMIT)]


def test_the_widget_runs_the_bombs_and_its_twin_is_the_commands_table() -> None:
    from kmemlab.lab import Zoo

    watched: list[Run] = []
    zoo = Zoo("fd", limit=LIMIT, watch=watched.append)
    assert zoo.runs == watched == [explode(chosen(["fd"])[0], most) for most in (LIMIT, None)]
    assert zoo.twin == zoo_text(zoo.runs, LIMIT) == repr(zoo)
    with pytest.raises(KernelError, match="there is no bomb 'moon'"):
        Zoo("moon")
