"""Plotly pictures in the page: what is clicked is chosen, a fast play sends few of them, questions name them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kmemlab.lab.pictures import PICTURES, QUESTIONS, TABS

from .lab_page import LabPage

pytestmark = pytest.mark.browser

BOMB = 'from kmemlab import Lab\nlab = Lab(scenario="fd-bomb", at=480)\nlab'
FIGURES = [tab for tab, _ in TABS if tab != "slabs"]


def show(lab: LabPage, tab: str) -> None:
    before = lab.data("seq")
    lab.root.locator(f"[role=tab][data-tab={tab}]").click()
    lab.settle(before)
    lab.page.wait_for_selector(".kmemlab-lab .kl-figure[data-drawn] .main-svg")
    lab.page.wait_for_timeout(400)


def click_point(lab: LabPage, trace: str, index: int) -> None:
    """Click on a point of a trace of points, bars or cells, where plotly has put it."""
    x, y = lab.page.evaluate(
        """([name, index]) => { const plot = document.querySelector('.kmemlab-lab .kl-figure');
        const k = plot._fullData.findIndex((t) => t.name === name), t = plot._fullData[k], box = plot.getBoundingClientRect();
        const xa = plot._fullLayout.xaxis, ya = plot._fullLayout.yaxis;
        const heat = t.type === 'heatmap';
        const x = heat ? index % 64 + 0.4 : t.type === 'bar' ? t.base[index] + t.x[index] / 2 : t.x[index];
        const y = heat ? 0.4 : t.y[index];
        return [box.x + xa._offset + xa.d2p(x), box.y + ya._offset + ya.d2p(y)]; }""",
        [trace, index],
    )
    lab.page.mouse.move(x, y)
    lab.page.wait_for_timeout(150)
    before = lab.data("seq")
    lab.page.mouse.down()
    lab.page.mouse.up()
    lab.settle(before)


def about(lab: LabPage, trace: str) -> list[Any]:
    """The customdata of a trace."""
    found: list[Any] = next(one["customdata"] for one in lab.figure()["data"] if one.get("name") == trace)
    return found


def selected(lab: LabPage) -> list[str]:
    found: list[str] = lab.page.evaluate(
        "() => [...document.querySelectorAll('.kmemlab-lab [role=treeitem][aria-selected=true]')].map((e) => e.dataset.path)"
    )
    return found


def test_what_is_clicked_in_a_picture_is_chosen_in_the_lab(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    lab.full_screen()
    # cost: a container's piece of the bar
    show(lab, "cost")
    parts = about(lab, "parts")
    click_point(lab, "parts", next(n for n, one in enumerate(parts) if one[:2] == ["container", "/web"]))
    assert selected(lab) == ["/web"]
    # graph: a container, then a cache, whose slabs are drawn then
    show(lab, "graph")
    click_point(lab, "containers", next(n for n, one in enumerate(about(lab, "containers")) if one[1] == "/bomb"))
    assert selected(lab) == ["/bomb"]
    other = next(n for n, one in enumerate(about(lab, "caches")) if one[1] == "sighand_cache")
    click_point(lab, "caches", other)
    assert lab.python("print(lab.controller.look.cache)").strip() == "sighand_cache"
    # memory: a page; the graph tells why it is held
    show(lab, "memory")
    click_point(lab, "pages", 41)
    assert lab.python("print(lab.controller.look.page)").strip() == "41"
    show(lab, "graph")
    words = lab.page.evaluate("() => document.querySelector('.kmemlab-lab .kl-figure').textContent")
    assert "Why is page 41 held?" in words
    # the flow: a node of a container
    show(lab, "flow")
    nodes = next(one for one in lab.figure()["data"] if one["type"] == "sankey")["node"]["customdata"]
    place = next(n for n, one in enumerate(nodes) if one[:2] == ["container", "/db"])
    box = lab.page.locator(".kmemlab-lab .kl-figure .sankey-node").nth(place).bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lab.page.wait_for_timeout(150)
    before = lab.data("seq")
    lab.page.mouse.down()
    lab.page.mouse.up()
    lab.settle(before)
    assert selected(lab) == ["/db"]
    # the timeline: the name at the end of a curve
    before = lab.data("seq")
    at = lab.position()
    lab.page.locator(".kmemlab-lab .kl-time text", has_text="web").first.click()
    lab.settle(before)
    assert selected(lab) == ["/web"]
    assert lab.position() == at


def test_a_fast_play_sends_at_most_five_pictures_a_second_and_the_last_one_when_it_stops(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    show(lab, "flow")
    lab.python(
        "import time\nfrom kmemlab.lab import frame\nmade = []\nplain = frame.picture\n"
        "def counted(*a, **k):\n    made.append(time.monotonic())\n    return plain(*a, **k)\nframe.picture = counted"
    )
    # Frames that came with a figure, counted where they come in.
    lab.page.evaluate(
        """async () => { const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
        window.klSent = 0; window.klFrames = 0;
        kernel.anyMessage.connect((_, { msg, direction }) => {
          const content = msg.content?.data?.content;
          if (direction !== 'recv' || content?.op !== 'patch') return;
          window.klFrames += 1; if (content.patch.figure) window.klSent += 1; }); }"""
    )
    for _ in range(3):
        lab.root.locator(".kl-speed").click()
    start = lab.position()
    lab.root.locator(".kl-play").click()
    lab.page.wait_for_timeout(3000)
    lab.root.locator(".kl-play").click()
    lab.page.wait_for_selector(".kmemlab-lab[data-playing='false']")
    lab.page.wait_for_timeout(700)
    made = json.loads(lab.python("import json; print(json.dumps(made))"))
    sent, frames = lab.page.evaluate("() => [window.klSent, window.klFrames]")
    assert lab.position() > start + 20, "it was a fast play"
    assert frames > sent
    # Counted where they are made: what the page receives may come in bunches, where the page had no time.
    assert 2 <= len(made) <= (made[-1] - made[0]) * 5 + 2
    inner = made[:-1]  # the last one is of the stop
    assert all(sum(t <= other < t + 1 for other in inner) <= 6 for t in inner), made
    assert 2 <= sent <= len(made)
    # What is drawn is where the play stopped.
    shown = json.loads(lab.python("print(json.dumps(lab._sent['figure']['data'][0]['node']['customdata']))"))
    fresh = json.loads(
        lab.python(
            "from kmemlab.lab.frame import moment_of\nlook = lab.controller.look\n"
            "now = plain(lab.session, moment_of(lab.session, look.step), 'flow', look.cache, look.selected, look.owners, "
            "look.theme, look.room, look.page)\nprint(json.dumps(now['figure']['data'][0]['node']['customdata']))"
        )
    )
    assert shown == fresh


def test_a_picture_is_named_by_its_question_and_described_by_its_twin(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    for tab in FIGURES:
        show(lab, tab)
        role, name, words = lab.page.evaluate(
            """() => { const plot = document.querySelector('.kmemlab-lab .kl-figure');
            return [plot.getAttribute('role'), plot.getAttribute('aria-label'),
                    document.getElementById(plot.getAttribute('aria-describedby'))?.textContent]; }"""
        )
        assert (role, name) == ("img", QUESTIONS[tab])
        assert words == lab.python("print(lab._sent['twin'], end='')")


def test_the_overhead_of_every_cache_is_what_the_machine_has(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    lab.press("End")
    lab.press("5")
    lab.page.wait_for_selector(".kmemlab-lab .kl-figure[data-drawn] .main-svg")
    assert lab.root.get_by_role("tab", name="Overhead").get_attribute("aria-selected") == "true"
    drawn: dict[str, dict[str, int]] = {}
    for part in ("empty slabs", "free slots", "page tails", "owner arrays", "beside"):
        for what, size, _ in about(lab, part):
            if size:
                drawn.setdefault(what, {})[part] = size
    # Counted again in the Jupyter kernel, from the state alone: slabs, their free cells, who has an array.
    state = json.loads(lab.python("import json\nprint(json.dumps(lab.session.machine.state()))"))
    geometry = json.loads(
        lab.python("print(json.dumps({c.name: [c.size, c.objects, c.order] for c in lab.session.machine.slub.caches}))")
    )
    held: dict[str, dict[str, int]] = {}
    for cache in state["caches"]:
        size, objects, order = geometry[cache["name"]]
        on_cpu = {each[0]: each[1] for each in cache["cpus"] if each}
        for slab in cache["slabs"]:
            free = len({*slab["free"], *on_cpu.get(slab["number"], [])})
            part = "empty slabs" if free == objects else "free slots"
            mine = held.setdefault(cache["name"], {})
            mine[part] = mine.get(part, 0) + ((4096 << order) if free == objects else free * size)
            if free < objects:
                mine["page tails"] = mine.get("page tails", 0) + (4096 << order) - size * objects
    for name, parts in held.items():
        mine = {part: size for part, size in drawn.get(name, {}).items() if part != "owner arrays"}
        assert mine == {part: size for part, size in parts.items() if size}, name
    assert set(held) <= set(drawn), "there is room for as many caches: each has a bar of its own"
    arrays = sum("array" in slab for cache in state["caches"] if cache["name"] == "filp" for slab in cache["slabs"])
    assert drawn["filp"]["owner arrays"] == 128 * arrays > 0
    assert drawn["pointers in struct page"] == {"beside": 8 * (4 << 20) // 4096}
    assert drawn["states of containers"] == {"beside": 64 * 3}


@pytest.mark.long  # so many widgets begun at once are more than a busy page can do in the two seconds anywidget gives it
@pytest.mark.parametrize("width", [400, 1000])
def test_pictures_of_their_own_are_legible_in_any_cell(lab: LabPage, width: int) -> None:
    lab.page.set_viewport_size({"width": width + 160, "height": 800})
    lab.open(
        "from kmemlab.lab import Picture\nfrom kmemlab.scenarios import play\nfrom IPython.display import display\n"
        "session = play('fd-bomb')\nsession.seek(480)\n"
        f"for name in {list(PICTURES)}:\n    display(Picture(session, name, selected='/bomb'))"
    )
    lab.page.wait_for_function(
        f"() => document.querySelectorAll('.kmemlab-panel .kl-figure[data-drawn]').length === {len(PICTURES)}"
    )
    cell = lab.page.evaluate("() => document.querySelector('.kmemlab-panel').clientWidth")
    lab.page.set_viewport_size({"width": 2 * width + 160 - cell, "height": 800})
    # Python lays each out anew for its cell; until then it is the earlier one made smaller.
    lab.page.wait_for_function(
        """() => [...document.querySelectorAll('.kmemlab-panel .kl-figure')].every((plot) =>
        (plot._fullLayout.meta?.laid ?? 0) <= plot.parentElement.clientWidth)"""
    )
    lab.page.wait_for_timeout(2000)
    found = lab.page.evaluate(
        """() => [...document.querySelectorAll('.kmemlab-panel .kl-figure')].map((plot) => {
        const k = plot.getBoundingClientRect().width / plot.offsetWidth;
        const sizes = [...plot.querySelectorAll('text')].filter((e) => e.textContent.trim())
          .map((e) => parseFloat(getComputedStyle(e).fontSize) * k);
        return [plot.getAttribute('aria-label'), Math.min(...sizes), plot.parentElement.clientWidth,
                plot._fullLayout.meta?.laid ?? 0]; })"""
    )
    assert [name for name, *_ in found] == [QUESTIONS[name] for name in PICTURES]
    for name, size, room, laid in found:
        assert size >= 11, name
        assert abs(room - width) < 80
        assert laid <= room, f"{name} was not laid out for its cell"
