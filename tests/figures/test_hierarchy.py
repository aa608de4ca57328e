from __future__ import annotations

from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import pytest

from kmemlab.figures import assign_owners, hierarchy_figure, hierarchy_text
from kmemlab.figures.palette import SHADES, TOKENS, Theme
from kmemlab.records import ContainerRow

from .rows import CONTAINERS


def trace(figure: go.Figure, name: str) -> Any:
    return next(part for part in figure.data if part.name == name)


def notes(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_all_gauges_share_one_byte_scale() -> None:
    figure = hierarchy_figure(CONTAINERS)
    bars = trace(figure, "containers")
    rates = [x / row[1] for x, row in zip(bars.x, bars.customdata, strict=True) if row[1]]
    assert max(rates) == pytest.approx(min(rates))
    limits = trace(figure, "limit")
    assert limits.x[1] / 65_536 == pytest.approx(limits.x[3] / 40_960) == pytest.approx(rates[0])


def test_a_gauge_says_name_bytes_references_and_failcnt() -> None:
    words = notes(hierarchy_figure(CONTAINERS))
    assert "<b>bomb</b>  40,768 of 40,960" in words
    assert "<b>root</b>  0, no limit" in words
    assert "52 refs   failcnt 0" in words
    assert any("155 refs" in text and "failcnt 1" in text for text in words)
    assert {"R", "W", "D", "B"} <= set(words)


def test_it_says_that_parents_do_not_sum() -> None:
    assert any("do not count in its parent" in text for text in notes(hierarchy_figure(CONTAINERS)))
    # A parent shows its own usage, whatever its children hold.
    assert trace(hierarchy_figure(CONTAINERS), "containers").x[0] == 0


def test_many_tasks_fold() -> None:
    leaves = trace(hierarchy_figure(CONTAINERS), "tasks")
    assert [text.strip() for text in leaves.text if "nginx" in text] == ["nginx 200", "nginx 201", "nginx 202"]
    assert " and 2 more" in leaves.text
    assert ["/web", -1] in [list(leaf) for leaf in leaves.customdata]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_selected_gauge_is_solid(theme: Theme) -> None:
    bars = trace(hierarchy_figure(CONTAINERS, selected="/bomb", theme=theme), "containers")
    assert bars.marker.color[3] == SHADES[theme]["orange"].solid
    assert bars.marker.color[1] not in {shade.solid for shade in SHADES[theme].values()}


def test_the_seventh_owner_is_striped() -> None:
    rows = [ContainerRow(f"/c{n}", 100, 200, 0, 1, (), n) for n in range(7)]
    bars = trace(hierarchy_figure(rows, assign_owners(row.path for row in rows)), "containers")
    assert list(bars.marker.pattern.shape) == ["", "", "", "", "", "/", "/"]


def test_nothing_overlaps_and_a_large_tree_grows() -> None:
    rows = [CONTAINERS[0], *(ContainerRow(f"/c{n}", n, 99, 0, 1, (), n) for n in range(40))]
    figure = hierarchy_figure(rows)
    y = sorted(trace(figure, "containers").y[1:])
    assert min(b - a for a, b in pairwise(y)) >= 3.9
    assert figure.layout.height > 470


def test_the_twin_has_the_same_numbers() -> None:
    lines = hierarchy_text(CONTAINERS).splitlines()
    assert lines[0].split() == ["container", "kmem.usage", "kmem.limit", "kmem.failcnt", "refs", "tasks"]
    rows = {line.split()[0]: line.split()[1:5] for line in lines[1:5]}
    bars = trace(hierarchy_figure(CONTAINERS), "containers")
    for path, usage, limit, failcnt, refs in bars.customdata:
        assert rows[path] == [str(usage), "none" if limit == -1 else str(limit), str(failcnt), str(refs)]


def test_no_container_yet() -> None:
    assert notes(hierarchy_figure([])) == [hierarchy_text([])] == ["No container yet. `mkdir /containers/web`"]
    assert hierarchy_figure([], theme="dark").layout.template.layout.paper_bgcolor == TOKENS["dark"].canvas
