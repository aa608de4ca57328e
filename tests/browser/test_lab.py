"""The lab in a real JupyterLab and a real Chromium: what the page shows is what the machine says."""

from __future__ import annotations

import itertools
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from kmemlab.lab.pictures import TABS

from .lab_page import LabPage

pytestmark = pytest.mark.browser

OWN = 'from kmemlab import Lab, Session\nlab = Lab(Session(memory="2M", cpus=2))\nlab'
LONG = pytest.mark.long  # the same at another size: left to make test-all
SIZES = ((1280, 800), (1920, 1080))
FIGURES = [tab for tab, _ in TABS if tab != "slabs"]


def slabs_of(state: dict[str, Any], name: str) -> dict[int, dict[str, Any]]:
    cache = next(each for each in state["caches"] if each["name"] == name)
    found: dict[int, dict[str, Any]] = {}
    for slab in cache["slabs"]:
        held = next((c for c in cache["cpus"] if c and c[0] == slab["number"]), None)
        free = (held[1] if held else []) + slab["free"]
        owners = [str(owner) for owner in slab.get("owners", [-1] * 16)]
        for cell in free:
            owners[cell] = "-2"
        if held:
            where = f"cpu {cache['cpus'].index(held)}"
        elif slab["number"] in cache["partial"]:
            where = f"partial {cache['partial'].index(slab['number']) + 1}"
        else:
            where = "full"
        found[slab["number"]] = {
            "owners": owners,
            "where": where,
            "next": str(free[0]) if free else "",
            "pfn": str(slab["pfn"]),
        }
    return found


def assert_page_is_machine(lab: LabPage) -> dict[str, Any]:
    """Compare containers and filp's slabs on the page with Machine.state(); returns the state."""
    state = lab.machine()
    shown = lab.containers()
    hierarchies = state["containers"]["hierarchies"]
    rows = hierarchies[0]["containers"] if hierarchies else []
    assert list(shown) == [row["path"] for row in rows] or not rows
    for row in rows:
        one = shown[row["path"]]
        assert int(one["usage"]) == row["kmem"]["usage"]
        assert int(one["failcnt"]) == row["kmem"]["failcnt"]
        assert one.get("limit") == (None if row["kmem"]["limit"] == 2**63 - 1 else str(row["kmem"]["limit"]))
        assert one["tasks"].split() == [str(pid) for pid in row["tasks"]]
    machine = slabs_of(state, "filp")
    page = lab.slabs()
    assert set(page) == set(machine)
    for number, slab in machine.items():
        assert page[number]["owners"].split() == slab["owners"], number
        assert page[number]["where"] == slab["where"]
        assert page[number]["next"] == slab["next"]
        assert page[number]["pfn"] == slab["pfn"]
    return state


def test_the_recipe_typed_at_the_terminal_is_drawn_as_the_machine_has_it(lab: LabPage) -> None:
    seed = int(os.environ["KMEMLAB_SEED"])
    print(f"KMEMLAB_SEED={seed}")
    chance = random.Random(seed)
    limit = chance.randrange(1000, 40000)
    count = limit // 256 + chance.randrange(1, 60)
    lab.open(OWN)
    lab.ready()
    for line in (
        "mount -t container -o kmem none /containers",
        "mkdir /containers/bomb",
        "mkdir /containers/web",
        "echo 1 > /sys/slab/filp/cache_account",
        f"echo -n {limit} > /containers/bomb/kmem.limit",
        "fork 2",
        "echo 2 > /containers/bomb/tasks",
        "echo 3 > /containers/web/tasks",
        "as 3@1 open 20",
        "as 3@0 close 5-9",
    ):
        lab.type(line)
    before = assert_page_is_machine(lab)
    lab.type(f"as 2 open {count}")
    after = assert_page_is_machine(lab)
    assert lab.containers()["/bomb"]["failcnt"] == str(count - limit // 256)
    assert lab.containers()["/bomb"]["usage"] == str(limit // 256 * 256)
    refused = lab.root.locator(".kl-err").last.inner_text()
    assert "Too many open files in system" in refused

    # The flow: bytes into bomb's container are what it is charged.
    lab.click("[role=tab][data-tab=flow]")
    sankey = next(trace for trace in lab.figure()["data"] if trace["type"] == "sankey")
    nodes = sankey["node"]["customdata"]
    bomb = next(i for i, node in enumerate(nodes) if node[0] == "container" and node[1] == "/bomb")
    charged = sum(
        value
        for value, target, data in zip(
            sankey["link"]["value"], sankey["link"]["target"], sankey["link"]["customdata"], strict=True
        )
        if target == bomb and data[1] == "charged"
    )
    assert round(charged) == limit // 256 * 256
    wall = next(node for node in nodes if node[0] == "wall")
    assert wall[2] == (count - limit // 256) * 256

    # The cost: what is charged is the sum of all usages.
    lab.click("[role=tab][data-tab=cost]")
    bars = lab.figure()["data"][0]["customdata"]
    usage = sum(int(one["usage"]) for one in lab.containers().values())
    assert sum(size for kind, _, size in bars if kind == "container") == usage
    lab.click("[role=tab][data-tab=slabs]")

    # Back: the earlier picture, from the earlier machine.
    end = lab.position()
    before_end = end - (len(json.loads(lab.python("print(list(range(lab.session.ends[-1] - lab.session.ends[-2])))"))))
    lab.python(f"lab.session.seek({before_end}); lab.refresh()")
    lab.page.wait_for_selector(f".kmemlab-lab[data-position='{before_end}']")
    assert assert_page_is_machine(lab) == before
    lab.root.locator(".kl-sentence").click()
    lab.press("End")
    assert assert_page_is_machine(lab) == after
    lab.press("Shift+ArrowLeft")
    assert lab.position() == end - 1


def test_a_refusal_is_walked_function_by_function(lab: LabPage) -> None:
    lab.open('from kmemlab import Lab\nlab = Lab(scenario="fd-bomb")\nlab')
    lab.ready()
    assert (lab.data("position"), lab.data("step")) == ("0", "0")
    lab.click(".kl-next")
    lab.page.locator("[role=treeitem][data-path='/bomb']").click()
    lab.page.wait_for_selector("[role=treeitem][data-path='/bomb'][aria-selected=true]")
    assert lab.sentence() == "Refused. bomb has 192 bytes left and this file needs 256."
    nodes = lab.page.evaluate(
        """() => [...document.querySelectorAll('.kmemlab-lab g.kl-node')]
        .map((e) => [e.dataset.fn, e.dataset.lane, e.dataset.state])"""
    )
    assert ["res_counter_charge", "forward", "refused"] in nodes
    assert ["store owner", "forward", "never"] in nodes
    assert [fn for fn, lane, _ in nodes if lane == "unwind"] == ["css_put", "−ENOMEM", "kmem_cache_free", "NULL"]
    bomb = lab.containers()["/bomb"]
    refs = int(bomb["refs"])
    lab.press("ArrowRight")  # css_put: the reference goes back
    assert int(lab.containers()["/bomb"]["refs"]) == refs - 1
    for _ in range(3):
        lab.press("ArrowRight")
    assert lab.data("step") == "10"
    state = assert_page_is_machine(lab)
    kmem = state["containers"]["hierarchies"][0]["containers"][3]["kmem"]
    assert (kmem["usage"], kmem["failcnt"], kmem["refs"]) == (40768, 1, refs - 1)
    lab.press("ArrowLeft")
    assert lab.data("step") == "9"


@pytest.mark.parametrize(
    ("size", "dark"),
    [
        (SIZES[0], False),
        pytest.param(SIZES[0], True, marks=LONG),
        pytest.param(SIZES[1], False, marks=LONG),
        pytest.param(SIZES[1], True, marks=LONG),
    ],
    ids=["1280-light", "1280-dark", "1920-light", "1920-dark"],
)
def test_the_lab_fits_the_screen_and_its_colours_are_the_owners(lab: LabPage, size: tuple[int, int], dark: bool) -> None:
    lab.page.set_viewport_size({"width": size[0], "height": size[1]})
    lab.open('from kmemlab import Lab\nlab = Lab(scenario="fd-bomb")\nlab')
    lab.ready()
    lab.dark(dark)
    lab.full_screen()
    lab.click(".kl-next")
    lab.page.locator("[role=treeitem][data-path='/bomb']").click()
    lab.page.wait_for_selector("[role=treeitem][data-path='/bomb'][aria-selected=true]")
    lab.page.wait_for_timeout(400)
    theme = "dark" if dark else "light"
    lab.shot(f"lab-{size[0]}-{theme}")
    assert lab.data("size") == ("L" if size[0] >= 1600 else "M")
    wide = lab.page.evaluate("() => { const e = document.querySelector('.kmemlab-lab'); return e.scrollWidth - e.clientWidth }")
    assert wide <= 0
    low = lab.page.evaluate("() => document.querySelector('.kmemlab-lab').getBoundingClientRect().height")
    assert low <= size[1] + 1
    # The pixel in a corner of a cell that bomb owns is bomb's solid orange; a cell of web is web's tint.
    tint = {"light": [220, 239, 250], "dark": [23, 56, 76]}[theme]
    for letter, colour in (("3", [230, 159, 0]), ("1", tint)):
        cell = next(
            (number, row["owners"].split().index(letter))
            for number, row in lab.slabs().items()
            if letter in row["owners"].split() and row["where"].startswith("cpu")
        )
        pixel = lab.page.evaluate(
            """([slab, slot]) => { const c = document.querySelector('.kmemlab-lab canvas.kl-slabs');
            const r = c.klCell(slab, slot);
            const k = c.width / c.getBoundingClientRect().width;
            return [...c.getContext('2d').getImageData((r.x + r.w - 4) * k, (r.y + 4) * k, 1, 1).data].slice(0, 3) }""",
            list(cell),
        )
        assert all(abs(got - wanted) <= 2 for got, wanted in zip(pixel, colour, strict=True)), (letter, pixel)
    for tab in FIGURES:
        lab.click(f"[role=tab][data-tab={tab}]")
        lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab .kl-figure')?.dataset.drawn")
        lab.page.wait_for_timeout(500)
        lab.shot(f"lab-{size[0]}-{theme}-{tab}")
        # No tab makes the lab taller: the timeline stays where it was.
        assert lab.page.evaluate("() => document.querySelector('.kmemlab-lab').getBoundingClientRect().height") == low
    loader = lab.page.evaluate("() => globalThis.__kmemlab_plotly__.loader")
    assert loader in ("page", "labext"), "plotly.js came from the Jupyter kernel, although the page has it"


def test_the_recorded_bomb_plays_to_its_first_refusal(lab: LabPage) -> None:
    lab.open('from kmemlab import Lab\nlab = Lab(scenario="fd-6.1-limit")\nlab')
    lab.ready()
    lab.click(".kl-next")
    assert lab.sentence() == "Refused. fd has 48 bytes left and this file needs 256."
    refusal = lab.position()
    fd = lab.containers()["/cg/fd"]
    assert (fd["usage"], fd["limit"], fd["failcnt"]) == ("1048528", "1048576", "1")
    row = lab.python("batch = lab.session.machine.guests['replay'].batch; print(int(batch.operations.row[batch.done - 1]))")
    assert int(row) == 16953
    # Play over it from a little before: every event is passed, none is skipped in the machine.
    lab.python(f"lab.session.seek({refusal - 40}); lab.refresh()")
    lab.page.wait_for_selector(f".kmemlab-lab[data-position='{refusal - 40}']")
    lab.root.locator(".kl-speed").click()
    lab.root.locator(".kl-speed").click()
    lab.root.locator(".kl-play").click()
    lab.page.wait_for_function(f"() => Number(document.querySelector('.kmemlab-lab').dataset.position) >= {refusal}")
    lab.root.locator(".kl-play").click()
    lab.page.wait_for_selector(".kmemlab-lab[data-playing='false']")
    assert int(lab.containers()["/cg/fd"]["failcnt"]) >= 1
    assert_page_is_machine_or_later(lab)


def assert_page_is_machine_or_later(lab: LabPage) -> None:
    """After a pause the page shows the machine's own last frame."""
    lab.page.wait_for_timeout(500)
    state = lab.machine()
    fd = next(row for row in state["containers"]["hierarchies"][0]["containers"] if row["path"] == "/cg/fd")
    assert int(lab.containers()["/cg/fd"]["usage"]) == fd["kmem"]["usage"]


def test_what_goes_wrong_in_a_handler_is_shown_and_nothing_is_lost(lab: LabPage) -> None:
    lab.open(OWN)
    lab.ready()
    lab.type("open 3")
    lab.python("def broken(line):\n    raise RuntimeError('a fault of ours')\nlab.controller.do_run = broken")
    field = lab.root.locator(".kl-input").first
    field.fill("open 1")
    field.press("Enter")
    notice = lab.page.wait_for_selector(".kl-notice:not([hidden])")
    assert notice is not None
    assert "RuntimeError: a fault of ours" in notice.inner_text()
    assert_page_is_machine(lab)
    lab.python("del lab.controller.do_run")
    lab.type("open 1")
    assert_page_is_machine(lab)


def test_names_with_html_in_them_are_text(lab: LabPage) -> None:
    lab.open(OWN)
    lab.ready()
    lab.type("mount -t container -o kmem none /containers")
    lab.type('mkdir "/containers/<img src=x onerror=alert(1)>"')
    assert list(lab.containers()) == ["/", "/<img src=x onerror=alert(1)>"]
    assert lab.page.locator(".kmemlab-lab img").count() == 0


def test_a_shared_link_opens_the_lab_again_elsewhere(lab: LabPage) -> None:
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.server.url)
    lab.open(OWN, 'other = Lab(Session(memory="256K"))')
    lab.ready()
    lab.type("mount -t container -o kmem none /containers")
    lab.type("open 20")
    lab.type("fork 2")
    lab.root.focus()
    lab.press("Shift+ArrowLeft")
    lab.root.focus()
    lab.press("s")
    lab.page.wait_for_function(
        "() => document.querySelector('.kl-notice:not([hidden])')?.innerText.includes('Link copied')", timeout=10_000
    )
    at, shown = lab.position(), lab.slabs()
    link = lab.page.evaluate("() => navigator.clipboard.readText()")
    assert link.startswith("k1.")
    assert len(link) < 1500
    state = lab.python("print(lab.session.machine.state_hash())")
    assert lab.python(f"again = Lab(link={link!r}); print(again.session.machine.state_hash())") == state
    lab.type("close all")  # go somewhere else, then come back by the menu
    assert lab.position() != at
    lab.root.locator(".kl-more").click()
    before = lab.data("seq")
    lab.root.get_by_role("menuitem", name="Open the copied link").click()
    lab.settle(before)
    assert lab.position() == at
    assert lab.slabs() == shown
    assert lab.errors == []


def test_a_lab_is_saved_as_a_file_and_opened_from_it(lab: LabPage, tmp_path: Path) -> None:
    lab.open(OWN)
    lab.ready()
    lab.type("open 5")
    state = lab.python("print(lab.session.machine.state_hash())")
    lab.root.locator(".kl-more").click()
    with lab.page.expect_download() as coming:
        lab.root.get_by_role("menuitem", name="Save as a file").click()
    saved = tmp_path / coming.value.suggested_filename
    coming.value.save_as(saved)
    assert saved.name == "kmemlab-session.json"
    assert json.loads(saved.read_text())["commands"] == ["open 5"]
    lab.type("close all")
    foreign = tmp_path / "foreign.json"
    foreign.write_text('{"kmemlab_session": 99}')
    for file, done in ((foreign, False), (saved, True)):
        before = lab.data("seq")
        lab.root.locator(".kl-more").click()
        with lab.page.expect_file_chooser() as chooser:
            lab.root.get_by_role("menuitem", name="Open a file").click()
        chooser.value.set_files(file)
        lab.settle(before)
        now = lab.python("print(lab.session.machine.state_hash())")
        assert (now == state) == done
        notice = lab.root.locator(".kl-notice:not([hidden])")
        assert notice.count() == (0 if done else 1)
        if not done:
            assert "This is no session file" in notice.inner_text()
    assert lab.errors == []


@pytest.mark.long
def test_where_the_page_may_not_use_the_clipboard_the_link_is_shown(lab: LabPage) -> None:
    lab.open(OWN)
    lab.ready()
    lab.page.evaluate("() => { const no = () => Promise.reject(new Error('no')); navigator.clipboard.writeText = no; }")
    lab.page.evaluate("() => { navigator.clipboard.readText = () => Promise.reject(new Error('no')); }")
    lab.root.focus()
    lab.press("s")
    notice = lab.page.wait_for_selector(".kl-notice:not([hidden])")
    assert notice is not None
    place = notice.bounding_box()
    assert place is not None
    assert 0 <= place["y"] <= 800 - place["height"], "the cell is taller than the window, and the answer is in sight"
    shown = notice.inner_text()
    link = next(word for word in shown.split() if word.startswith("k1."))
    assert lab.python(f"from kmemlab import Session; print(Session.from_link({link!r}).machine.state_hash())") == lab.python(
        "print(lab.session.machine.state_hash())"
    )
    lab.root.locator(".kl-more").click()
    lab.root.get_by_role("menuitem", name="Open the copied link").click()
    lab.page.wait_for_function("() => document.querySelector('.kl-notice').innerText.includes('Lab(link=')")
    assert lab.errors == []


def height_of(lab: LabPage) -> float:
    found: float = lab.page.evaluate("() => document.querySelector('.kmemlab-lab').getBoundingClientRect().height")
    return found


@pytest.mark.long
def test_in_a_narrow_cell_too_every_tab_is_as_tall_as_the_slab_pages(lab: LabPage) -> None:
    lab.page.set_viewport_size({"width": 1000, "height": 900})
    lab.open('from kmemlab import Lab\nlab = Lab(scenario="fd-bomb", at=480)\nlab')
    lab.ready()
    lab.full_screen()
    assert lab.data("size") == "S"
    low = height_of(lab)
    for tab in FIGURES:
        lab.click(f"[role=tab][data-tab={tab}]")
        lab.page.wait_for_selector(".kmemlab-lab .kl-figure[data-drawn]")
        lab.page.wait_for_timeout(500)
        assert height_of(lab) == low, tab


@pytest.mark.long
def test_a_tree_of_many_containers_is_not_squeezed(lab: LabPage) -> None:
    lab.open(
        "from kmemlab import Session\nfrom kmemlab.lab import Picture\n"
        'session = Session(memory="2M")\nsession.run("mount -t container -o kmem none /containers",\n'
        '    "mkdir " + " ".join(f"/containers/team{n}" for n in range(14)))\nPicture(session, "tree")'
    )
    lab.page.wait_for_selector(".kmemlab-panel .kl-figure[data-drawn]")
    # Two neighbours' names are as far apart as the lines between them need.
    names = lab.page.evaluate(
        """() => [...document.querySelectorAll('.kmemlab-panel .kl-figure .annotation')]
        .filter((e) => e.textContent.includes('team')).map((e) => e.getBoundingClientRect().y).sort((a, b) => a - b)"""
    )
    assert len(names) == 14
    assert min(later - earlier for earlier, later in itertools.pairwise(names)) > 40
