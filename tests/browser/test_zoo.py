"""Pictures of the zoo, of designs of off and of overhead in cells: their bytes are the machines', and every word is legible."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .lab_page import LabPage
from .looks import Looks

pytestmark = pytest.mark.browser
LONG = pytest.mark.long  # the same at another size: left to make test-all

CELLS = (
    "from kmemlab.lab import *\nfrom kmemlab.scenarios import play\nzoo = Zoo('pipe', 'socket')\nzoo",
    "designs = OffDesigns(play('off'))\ndesigns",
    "Picture(play('zoo-socket'), 'overhead')",
    "race = RaceView('v2')\nrace",
)
# The same bombs once more, and what the states of their machines have in the end.
AGAIN = """import json
from kmemlab.zoo import chosen, explode
ends = []
for bomb in chosen(["pipe", "socket"]):
    for limit in (1 << 20, None):
        held = []
        run = explode(bomb, limit, watch=lambda m: held.append(m.state()))
        (tree,) = held[0]["containers"]["hierarchies"]
        (usage,) = (row["kmem"]["usage"] for row in tree["containers"] if row["path"] == "/bomb")
        ends.append([bomb.name, limit is not None, usage, run.pinned.total, run.failed])
print(json.dumps(ends))"""


def plots(lab: LabPage) -> list[dict[str, Any]]:
    """What plotly has drawn in each cell: traces, and its ground."""
    found: list[dict[str, Any]] = lab.page.evaluate(
        """() => [...document.querySelectorAll('.kmemlab-panel .kl-figure')].map((plot) => ({
        ground: plot._fullLayout.paper_bgcolor.toLowerCase(),
        canvas: getComputedStyle(plot).getPropertyValue('--kl-canvas').trim().toLowerCase(),
        traces: Object.fromEntries(plot._fullData.map((t) => [t.name, { about: t.customdata, wide: [...t.x] }])) }))"""
    )
    return found


def opened(lab: LabPage, width: int, height: int) -> None:
    lab.page.set_viewport_size({"width": width, "height": height})
    lab.open(*CELLS)
    lab.page.wait_for_function("() => document.querySelectorAll('.kmemlab-panel .kl-figure[data-drawn]').length === 3")
    lab.page.wait_for_selector(".kmemlab-view[data-part=race] .kl-racego")
    lab.page.wait_for_timeout(1000)


@pytest.mark.parametrize("size", [(1280, 800), pytest.param((1920, 1080), marks=LONG)])
def test_the_zoo_draws_what_its_machines_hold_and_no_word_is_cut_off_in_light_or_dark(
    lab: LabPage, size: tuple[int, int]
) -> None:
    opened(lab, *size)
    traces = plots(lab)[0]["traces"]
    kinds = ("kmem_cache", "kmalloc", "vmalloc", "pages")
    ends = json.loads(lab.python(AGAIN))
    assert [row[:3] for row in ends] == traces["seen"]["about"], "a container pays what the counters have"
    for place, (name, limited, _, total, failed) in enumerate(ends):
        assert all(traces[kind]["about"][place][:2] == [name, limited] for kind in kinds)
        assert sum(traces[kind]["about"][place][2] for kind in kinds) == total
        assert failed == 0
    scale = [
        wide / size
        for trace in traces.values()
        for wide, (_, _, size) in zip(trace["wide"], trace["about"], strict=True)
        if size
    ]
    assert max(scale) < min(scale) * 1.0001, "all bars share one scale"
    wrong = []
    for dark in (False, True):
        lab.dark(dark)
        lab.page.wait_for_timeout(1500)
        assert all(plot["ground"] == plot["canvas"] for plot in plots(lab)), "a picture is on the page's ground"
        looks = Looks(lab, ".kmemlab-panel")
        for place, name in enumerate(("zoo", "off", "overhead")):
            panel = lab.page.locator(".kmemlab-panel").nth(place)
            panel.scroll_into_view_if_needed()
            lab.shot_of(panel, f"panel-{size[0]}-{name}-{'dark' if dark else 'light'}")
        wrong += looks.wrong(f"{size[0]} {'dark' if dark else 'light'}")
    assert not wrong, "\n".join(wrong)
