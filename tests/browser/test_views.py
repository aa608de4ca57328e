"""Small widgets in a real JupyterLab: one session, one position, the lab's own pictures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .lab_page import LabPage

pytestmark = pytest.mark.browser
LONG = pytest.mark.long  # the same at another size: left to make test-all
SIZES = [(1280, 800), pytest.param((1920, 1080), marks=LONG), pytest.param((1000, 900), marks=LONG)]

PARTS = ("slabs", "containers", "path", "flow", "memory", "timeline")


def open_views(lab: LabPage) -> None:
    lab.open(
        'from kmemlab.lab import *\nfrom kmemlab.scenarios import play\nsession = play("fd-bomb")\n'
        "first = next(row.n for row in session.records('events') if row.kind == 'refused')",
        'slabs = SlabView(session, cache="filp", at=first)\nslabs',
        'containers = ContainerView(session, select="bomb")\ncontainers',
        "path = ChargePath(session)\npath",
        "flow = FlowView(session)\nflow",
        "memory = BuddyView(session)\nmemory",
        "timeline = Timeline(session)\ntimeline",
    )
    for part in PARTS:
        lab.page.wait_for_selector(f".kmemlab-view[data-part={part}][data-position]")


def view(lab: LabPage, part: str) -> Any:
    return lab.page.locator(f".kmemlab-view[data-part={part}]")


def positions(lab: LabPage) -> list[str]:
    found: list[str] = lab.page.evaluate("() => [...document.querySelectorAll('.kmemlab-lab')].map((e) => e.dataset.position)")
    return found


def wait_for_all(lab: LabPage, position: int) -> None:
    lab.page.wait_for_function(
        "(n) => [...document.querySelectorAll('.kmemlab-lab')].every((e) => e.dataset.position === String(n))", arg=position
    )


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=LONG)], ids=["light", "dark"])
def test_views_of_one_session_stand_at_one_place_and_say_what_the_machine_says(lab: LabPage, dark: bool) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 800})
    open_views(lab)
    lab.dark(dark)
    lab.page.wait_for_timeout(800)
    for part in PARTS:
        lab.shot_of(view(lab, part), f"view-{part}-{'dark' if dark else 'light'}")
    first = int(lab.python("print(first)"))
    wait_for_all(lab, first)
    assert view(lab, "path").locator(".kl-sentence").inner_text().startswith("Refused. bomb has 192 bytes left")
    assert view(lab, "containers").locator(".kl-sentence").inner_text() == "bomb is full: 192 bytes left, 256 needed."
    owned = int(lab.python("print(sum(row.owners.count('/bomb') for row in session.records('slabs')))"))
    assert view(lab, "slabs").locator(".kl-sentence").inner_text().startswith(f"bomb owns {owned} of the ")
    # A step in one is a step in all; so is an event, and what a cell does.
    view(lab, "path").locator(".kl-step").click()
    lab.page.wait_for_function("() => [...document.querySelectorAll('.kmemlab-lab')].every((e) => e.dataset.step === '7')")
    view(lab, "containers").locator(".kl-reset").click()
    wait_for_all(lab, 0)
    lab.python(f"session.seek({first - 30}); refresh(session)")
    wait_for_all(lab, first - 30)
    # A container chosen in one view is chosen in all; plotly.js is in the page once.
    view(lab, "containers").locator("[role=treeitem][data-path='/web']").click()
    lab.page.wait_for_function(
        "() => document.querySelector('.kmemlab-view[data-part=slabs] .kl-sentence').innerText.startsWith('web owns')"
    )
    assert (
        lab.python("print({v.controller.look.selected for v in (slabs, path, flow, memory, timeline)})").strip() == "{'/web'}"
    )
    figures = lab.page.evaluate("() => document.querySelectorAll('.kmemlab-view .kl-figure .main-svg').length > 0")
    assert figures
    loaded = lab.page.evaluate("() => [...document.scripts].filter((s) => s.src.startsWith('blob:')).length")
    assert loaded <= 1
    assert lab.page.evaluate("() => globalThis.__kmemlab_plotly__.loader") in ("page", "labext")


@pytest.mark.long
def test_a_view_has_the_widths_of_the_design_and_overflows_at_none(lab: LabPage) -> None:
    lab.page.set_viewport_size({"width": 1500, "height": 800})
    open_views(lab)
    widths = {part: round(view(lab, part).bounding_box()["width"]) for part in PARTS}
    assert widths["slabs"] == widths["flow"] == widths["memory"] == 848
    assert widths["containers"] == 480
    assert widths["path"] == widths["timeline"] > 900
    for wide in (700, 420):
        lab.page.add_style_tag(content=f".kmemlab-view {{ max-width: {wide}px !important }}")
        lab.page.wait_for_timeout(400)
        over = lab.page.evaluate(
            """() => [...document.querySelectorAll('.kmemlab-view')].filter((e) => e.scrollWidth > e.clientWidth + 1)
            .map((e) => e.dataset.part)"""
        )
        assert over == [], wide
        for part in PARTS:
            lab.shot_of(view(lab, part), f"view-{part}-{wide}")
    nodes = lab.page.evaluate(
        """() => [...document.querySelectorAll('.kmemlab-view[data-part=path] g.kl-node circle')]
        .map((e) => e.cx.baseVal.value)"""
    )
    assert len(set(nodes)) == 2, "below 900 the path turns downwards: two lanes"


def test_two_labs_and_a_view_on_one_session_hear_each_other_and_another_session_does_not(lab: LabPage) -> None:
    lab.open(
        'from kmemlab.lab import *\nfrom kmemlab import Session\ns = Session(memory="2M", cpus=2)\nlab = Lab(s)\nlab',
        "second = Lab(s)\nsecond",
        "small = SlabView(s)\nsmall",
        'other = Lab(Session(memory="2M"))\nother',
    )
    lab.page.wait_for_function("() => document.querySelectorAll('.kmemlab-lab[data-position]').length === 4")
    lab.type("open 5")
    lab.page.wait_for_function(
        "() => { const at = [...document.querySelectorAll('.kmemlab-lab')].map((e) => e.dataset.position);"
        " return at[0] === at[1] && at[1] === at[2] && at[0] !== '0' }"
    )
    assert positions(lab)[3] == "0"
    # An open question in one holds the others, too.
    held = "() => document.querySelector('.kmemlab-view .kl-step').getAttribute('aria-disabled') === 'true'"
    lab.python("s.seek(1); lab.refresh(); lab.predict(Question('Which?', ('this', 'that'), 0, 'So it is.'))")
    lab.page.wait_for_function(held)
    lab.python("lab.controller.do({'action': 'predict', 'on': False}); s.seek(s.length); refresh(s)")
    lab.page.wait_for_function(f"() => !({held})()")
    rows = lab.page.evaluate(
        """() => [...document.querySelectorAll('.kmemlab-lab')].slice(0, 3).map((e) =>
        [...e.querySelectorAll('[role=grid] [role=row][data-slab]')].map((r) => ({...r.dataset})))"""
    )
    assert rows[0] == rows[1] == rows[2] != []
    end = lab.position()
    lab.page.locator(".kmemlab-view .kl-back").click()
    lab.page.locator(".kmemlab-view").press("Home")
    wait = "() => [...document.querySelectorAll('.kmemlab-lab')].every((e) => e.dataset.position === '0')"
    lab.page.wait_for_function(wait)
    state = json.loads(lab.python("import json; print(json.dumps(s.machine.state()))"))
    assert state["caches"]
    assert int(lab.python("print(s.length)")) == end


def test_a_slider_that_is_moved_changes_the_machine_and_every_view_of_it(lab: LabPage) -> None:
    lab.open(
        "from kmemlab.lab import *\nfrom kmemlab import Session\ns = Session(memory='2M', cpus=2)\n"
        "s.run('mount -t container -o kmem none /containers', 'mkdir /containers/blue',\n"
        "    'echo -n 1024 > /containers/blue/kmem.limit', 'echo 1 > /sys/slab/filp/cache_account', 'fork',\n"
        "    'echo 2 > /containers/blue/tasks', 'as 2 open 40')\n"
        "knobs = knob_row(s, limit='blue', cpus=True, era=True, size=True)\nknobs",
        "view = ContainerView(s, select='blue')\nview",
        "def bad(value):\n    raise RuntimeError('a fault of ours')\n"
        "import ipywidgets\nbroken = Knob(ipywidgets.IntSlider(3, 0, 9, description='broken'), bad)\nbroken",
    )
    lab.page.wait_for_selector(".kmemlab-view[data-position]")
    handle = lab.page.locator(".jp-OutputArea-output .noUi-handle").first
    handle.focus()
    for _ in range(4):
        handle.press("ArrowRight")
    lab.page.wait_for_selector("[role=treeitem][data-path='/blue'][data-limit='2048']")
    state = json.loads(lab.python("import json; print(json.dumps(s.machine.state()))"))
    kmem = next(row for row in state["containers"]["hierarchies"][0]["containers"] if row["path"] == "/blue")["kmem"]
    assert (kmem["limit"], kmem["usage"], kmem["failcnt"]) == (2048, 2048, 32)
    shown = lab.containers()["/blue"]
    assert (shown["limit"], shown["usage"], shown["failcnt"]) == ("2048", "2048", "32")
    lab.shot("knobs")
    # A handler that fails says so below its own control, and the control goes back.
    last = lab.page.locator(".jp-OutputArea-output .noUi-handle").last
    last.focus()
    last.press("ArrowRight")
    alert = lab.page.wait_for_selector("[role=alert]")
    assert alert is not None
    assert alert.inner_text() == "RuntimeError: a fault of ours"
    lab.page.wait_for_function(
        "() => [...document.querySelectorAll('.noUi-handle')].at(-1).getAttribute('aria-valuenow').startsWith('3')"
    )
    assert lab.python("print(broken.control.value)").strip() == "3"
    lab.page.locator("details summary").last.click()
    assert "in bad" in lab.page.locator("details pre").last.inner_text()
    lab.shot("knob-error")


@pytest.mark.parametrize("size", SIZES, ids=["1280", "1920", "1000"])
def test_two_machines_stand_side_by_side_on_one_scale(lab: LabPage, size: tuple[int, int]) -> None:
    lab.page.set_viewport_size({"width": size[0], "height": size[1]})
    lab.open(
        "from kmemlab.lab import *\nfrom kmemlab.scenarios import play\nfrom kmemlab.variants import variant\n"
        'a = play("fd-bomb")\nb = variant(a, limits={"/bomb": None})\n'
        'lab = Compare(a, b, select="bomb", at=640)\nlab'
    )
    lab.ready()
    lab.full_screen()
    lab.dark(size[0] == 1280)
    lab.page.wait_for_timeout(500)
    lab.shot(f"compare-{size[0]}")
    pairs = lab.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.kl-pair')]
        .map((e) => [e.dataset.what, [+e.dataset.a, +e.dataset.b]]))"""
    )
    usage = "next(r.usage for r in s.records('containers') if r.path == '/bomb')"
    machine = json.loads(lab.python(f"print([{usage} for s in (a, b)])"))
    assert pairs["bomb holds, bytes"] == machine
    # The bars of a number that differs are below it, from its left edge on: no rule of another card lays them out.
    boxes = lab.page.evaluate(
        """() => [...document.querySelectorAll('.kl-pair')].map((e) => {
        const told = e.querySelector('.kl-pairnumbers').getBoundingClientRect();
        return [...e.querySelectorAll('.kl-pairbar')].map((bar) => bar.getBoundingClientRect())
            .map((bar) => [bar.left - told.left, bar.top >= told.bottom]) }).flat()"""
    )
    assert boxes
    assert all(aside == 0 and below for aside, below in boxes), boxes
    # A byte is as long on the left as on the right.
    lengths = lab.page.evaluate(
        """() => [...document.querySelectorAll('.kl-side')].map((side) => {
        const bomb = side.querySelector("[role=treeitem][data-path='/bomb']");
        return bomb.querySelector('.kl-gfill').getBoundingClientRect().width / Number(bomb.dataset.usage) })"""
    )
    assert lengths[0] == pytest.approx(lengths[1], rel=0.01)
    over = lab.page.evaluate("() => { const e = document.querySelector('.kmemlab-lab'); return e.scrollWidth - e.clientWidth }")
    assert over <= 0
    # One transport: both go to the event before; a container chosen on the right is chosen on the left.
    lab.click(".kl-back")
    assert lab.python("print(a.position, b.position)").split() == ["639", "639"]
    before = lab.data("seq")
    lab.page.locator(".kl-side").nth(1).locator("[role=treeitem][data-path='/web']").click()
    lab.settle(before)
    chosen = lab.page.evaluate(
        "() => [...document.querySelectorAll('.kl-side [role=treeitem][aria-selected=true]')].map((e) => e.dataset.path)"
    )
    assert chosen == ["/web", "/web"]


@pytest.mark.parametrize(
    ("size", "dark"),
    [
        pytest.param((1920, 1080), False, marks=LONG),
        ((1280, 800), True),
        pytest.param((1000, 900), False, marks=LONG),
    ],
    ids=["1920", "1280", "1000"],
)
def test_the_next_event_is_predicted_before_it_is_seen(lab: LabPage, size: tuple[int, int], dark: bool) -> None:
    lab.page.set_viewport_size({"width": size[0], "height": size[1]})
    lab.open('from kmemlab import Lab\nlab = Lab(scenario="fd-bomb")\nlab')
    lab.ready()
    lab.dark(dark)
    lab.full_screen()
    lab.click(".kl-next")
    refusal = lab.position()
    lab.press("Shift+ArrowLeft")
    lab.root.locator(".kl-more").click()
    before = lab.data("seq")
    lab.root.get_by_role("menuitem", name="Predict the next event").click()
    lab.settle(before)
    card = lab.root.locator(".kl-predict")
    assert "fdbomb opens its " in card.locator(".kl-question").inner_text()
    # The future is not on the page: no mark beyond now, and nobody goes on.
    assert (lab.data("length"), lab.position()) == (str(refusal - 1), refusal - 1)
    assert lab.page.evaluate("() => document.querySelectorAll('.kl-refusalmark').length") == 0
    assert lab.root.locator(".kl-bar .kl-step").get_attribute("aria-disabled") == "true"
    lab.root.focus()
    lab.press("ArrowRight")
    assert lab.position() == refusal - 1
    card.get_by_role("button", name="Hint").click()
    assert "Add 256 to what bomb pays now." in card.inner_text()
    card.locator("[role=radio]").first.focus()
    lab.page.keyboard.press("c")
    assert card.locator("[role=radio][aria-checked=true]").inner_text().startswith("C")
    lab.page.wait_for_timeout(300)
    lab.shot(f"predict-{size[0]}-before")
    cut = lab.page.evaluate(
        """() => { const box = document.querySelector('.kl-predict').getBoundingClientRect();
        const root = document.querySelector('.kmemlab-lab').getBoundingClientRect();
        return [box.bottom - root.bottom, box.right - root.right, root.height - innerHeight] }"""
    )
    assert max(cut[:2]) <= 0
    before = lab.data("seq")
    card.get_by_role("button", name="Commit to C").click()
    lab.settle(before)
    lab.page.wait_for_timeout(300)
    lab.shot(f"predict-{size[0]}-after")
    assert card.locator("[data-happened]").inner_text().split("\n")[1] == "The open is refused and the object goes back"
    assert card.locator("[data-mine]").inner_text().startswith("C")
    failcnt = card.locator("[data-what=failcnt]")
    assert (failcnt.get_attribute("data-before"), failcnt.get_attribute("data-after")) == ("0", "1")
    inside = lab.page.evaluate(
        """() => { const box = document.querySelector('.kl-predict').getBoundingClientRect();
        const root = document.querySelector('.kmemlab-lab').getBoundingClientRect(); return root.bottom - box.bottom }"""
    )
    assert inside >= 0
    before = lab.data("seq")
    card.get_by_role("button", name="Watch it happen").click()
    lab.settle(before)
    assert (lab.position(), lab.data("step")) == (refusal, "1")
    assert not card.is_visible()
    # The question after that one; put away, the future is back.
    before = lab.data("seq")
    lab.root.locator(".kl-more").click()
    lab.root.get_by_role("menuitem", name="Predict the next event").click()
    lab.settle(before)
    asked = lab.position()
    lab.page.keyboard.press("a")
    lab.click(".kl-predict .kl-commit")
    card.get_by_role("button", name="Next question").click()
    lab.page.wait_for_function(f"() => Number(document.querySelector('.kmemlab-lab').dataset.position) > {asked}")
    lab.page.wait_for_selector(".kl-predict [role=radio]")
    lab.click(".kl-predict .kl-close")
    assert not card.is_visible()
    assert int(lab.data("length")) > lab.position()


@pytest.mark.parametrize("size", SIZES[:2], ids=["1280", "1920"])
def test_the_labs_menu_sets_the_same_story_without_limits_beside_it(lab: LabPage, size: tuple[int, int]) -> None:
    lab.page.set_viewport_size({"width": size[0], "height": size[1]})
    lab.open('from kmemlab import Lab\nlab = Lab(scenario="fd-bomb", at=640)\nlab')
    lab.ready()
    lab.full_screen()
    lab.root.locator(".kl-more").click()
    before = lab.data("seq")
    lab.root.get_by_role("menuitem", name="Compare: without the limits").click()
    lab.settle(before)
    lab.page.wait_for_timeout(400)
    lab.shot(f"labcompare-{size[0]}")
    assert lab.root.locator(".kl-labcompare .kl-side").count() == 2
    assert not lab.root.locator(".kl-main").is_visible()
    sides = "() => [...document.querySelectorAll('.kl-labcompare .kl-side')].map((e) => e.dataset.position)"
    lab.press("Shift+ArrowRight")
    assert lab.page.evaluate(sides) == ["641", "641"]
    before = lab.data("seq")
    lab.root.locator(".kl-side").nth(1).locator("[role=treeitem][data-path='/bomb']").click()
    lab.settle(before)
    assert lab.python("print(lab.controller.look.selected)").strip() == "/bomb"
    lab.press("Escape")
    assert lab.root.locator(".kl-main").is_visible()
    assert lab.root.locator(".kl-labcompare").is_hidden()
