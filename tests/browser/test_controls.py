"""Every control of the lab does what tests/lab/CONTROLS.md says, and there is none that is not listed there."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from kmemlab.lab.server import LabServer

from .lab_page import LabPage
from .slow import slowed
from .test_lab import assert_page_is_machine, slabs_of

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
CONTROLS = HERE.parent / "lab" / "CONTROLS.md"
BOMB = "lab.controller.do({'action': 'scenario', 'name': 'fd-bomb'}); lab.refresh()"
OWN = "lab.controller.open(Session(memory='2M', cpus=2)); lab.refresh()"
FIRST = 480  # the bomb's first refusal


def rows() -> list[dict[str, str]]:
    """The table: selector, name, test."""
    found = []
    for line in CONTROLS.read_text().splitlines():
        if not line.startswith("| `"):
            continue
        selector, name, _, does, test = (cell.strip() for cell in line.strip("|").split("|"))
        found.append({"selector": selector.strip("`"), "name": name, "does": does, "test": test.strip("`")})
    return found


def at(lab: LabPage) -> tuple[int, int]:
    """Event and step, of the page; the machine must stand there too."""
    page = lab.position(), int(lab.data("step"))
    assert lab.python("print((lab.session.position, lab.controller.look.step))").strip() == str(page)
    return page


@pytest.fixture(scope="module")
def shared(server: LabServer, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabPage]:
    """One lab for all tests here: each begins with another machine in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(30_000)
    lab = LabPage(server, slowed(context.new_page()), "controls")
    kept = f"import os\nos.environ['KMEMLAB_AUTOSAVE'] = {str(tmp_path_factory.mktemp('kept'))!r}\n"
    lab.open(f"{kept}from kmemlab import Lab, Session\nlab = Lab()\nlab")
    lab.ready()
    lab.full_screen()
    yield lab
    lab.close()
    context.close()


@pytest.fixture
def lab(shared: LabPage) -> Iterator[LabPage]:
    yield shared
    assert not shared.errors, shared.errors
    assert not shared.outside, shared.outside


def start(lab: LabPage, code: str = BOMB) -> None:
    """Put another machine into the lab, with nothing open, chosen or playing."""
    lab.root.focus()
    for _ in range(3):
        lab.page.keyboard.press("Escape")
    before = lab.data("seq")
    lab.python(code)
    lab.settle(before)


def compare(lab: LabPage) -> dict[str, Any]:
    """Compare the page with the machine at the end of the event, where the two stand alike; then back to the step shown."""
    left = int(lab.python("print(lab.controller.frame()['steps'])")) - int(lab.data("step"))
    lab.root.focus()
    for _ in range(left):
        lab.press("ArrowRight")
    state = assert_page_is_machine(lab)
    for _ in range(left):
        lab.press("ArrowLeft")
    return state


def menu(lab: LabPage, name: str) -> None:
    """Choose an entry of the menu."""
    lab.root.locator(".kl-more").click()
    lab.root.get_by_role("menuitem", name=name).click()


# -- the inventory

FOCUSABLE = """(rows) => {
  const words = (el) => [...el.childNodes].filter((n) => n.nodeName !== "KBD").map((n) => n.textContent).join("");
  const name = (el) => el.ariaLabel ?? words(el);
  const all = [...document.querySelectorAll(`:is(.kmemlab-lab, .kmemlab-panel) :is(button, input, select, textarea, a[href],
    summary, [contenteditable], [tabindex="0"],
    [role=tab], [role=treeitem], [role=menuitem], [role=option], [role=slider], [role=button])`)]
    .filter((el) => el.checkVisibility({ checkVisibilityCSS: true }) && !el.closest("[aria-hidden=true], .modebar"));
  const answers = (el, row) => el.matches(row.selector) && name(el).trim().startsWith(row.name);
  return {
    seen: rows.map((row) => all.some((el) => answers(el, row))),
    unlisted: all.filter((el) => !rows.some((row) => answers(el, row)))
      .map((el) => `${el.tagName.toLowerCase()}.${el.className} “${name(el).trim().slice(0, 40)}”`),
  };
}"""


OPENERS = (".kl-more", ".kl-source", ".kl-pick", ".kl-contmore")
WIDGETS = """from kmemlab.lab import Picture, SlabView
from kmemlab.scenarios import play
session = play("fd-bomb")
session.seek(0)
lab = SlabView(session, cache="filp")
lab"""
RACE = """from kmemlab.lab import RaceView
from kmemlab.races import Scene
def late(at):
    yield "find"
    at.find()
    yield "get"
    at.get()  # and never puts it: that goes wrong
RaceView(Scene((("late", late),), old=0), explored=True)"""


QUESTIONS = (
    'from kmemlab import Session\nfrom kmemlab.lessons import predict\nother = Session()\nother.run("open 3")',
    'predict("02.4", point=SlabView(other, cache="filp"))',
    'predict("02.3", choices=["onto the partial list", "on no list"])',
    """predict("02.7", order=["Pop a cell from the cpu's private list", "Take over cells of the cpu slab",
"Let go of the cpu slab",
"Take the first slab of the partial list", "Ask the page allocator for a new slab", "return NULL"])""",
    'predict("02.2", number="slabs").answer(1)',
)


@contextmanager
def widgets(server: LabServer, browser: Browser) -> Iterator[LabPage]:
    """A page with a small widget, a picture of its own, and questions of a lesson."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = LabPage(server, slowed(context.new_page()), "widgets")
    page.open(WIDGETS, 'Picture(session, "flow")', RACE, *QUESTIONS)
    page.ready()
    page.page.wait_for_selector(".kmemlab-panel .kl-figure[data-drawn]")
    page.page.wait_for_selector(".kmemlab-view[data-part=race] .kl-racerow")
    page.page.wait_for_selector(".kl-asking[data-done=true] .kl-again")
    page.page.locator(".kl-asking[data-kind=choice] [role=radio]").first.click()
    try:
        yield page
    finally:
        page.close()
        context.close()
    assert not page.errors, page.errors


class Inventory:
    """Collects what can be reached in each state of a lab."""

    def __init__(self, lab: LabPage) -> None:
        self.lab = lab
        self.rows = rows()
        self.seen = [False] * len(self.rows)
        self.unlisted: set[str] = set()

    def look(self, at: LabPage | None = None) -> None:
        """Note every control that is there now."""
        (at or self.lab).rest()
        page = (at or self.lab).page
        page.wait_for_timeout(100)
        found = page.evaluate(FOCUSABLE, self.rows)
        self.seen = [before or now for before, now in zip(self.seen, found["seen"], strict=True)]
        self.unlisted |= set(found["unlisted"])


def test_every_control_is_listed_and_every_one_listed_is_there(lab: LabPage, server: LabServer, browser: Browser) -> None:
    found = Inventory(lab)
    page = lab.page
    start(lab, OWN)  # nothing there yet: what the empty states offer
    lab.type("open 1")
    found.look()
    start(lab)
    lab.click(".kl-next")
    found.look()
    for key, close in (("g", "Escape"), ("?", "Escape"), ("t", "t"), ("/", "Escape"), ("e", "e")):
        lab.root.focus()
        page.keyboard.press(key)
        found.look()
        page.keyboard.press(close)
    for button in OPENERS:
        lab.root.locator(button).first.click()
        found.look()
        page.keyboard.press("Escape")
    lab.press("m")
    found.look()
    lab.press("Escape")
    for tab in lab.root.locator("[role=tab]").all():
        if tab.get_attribute("aria-selected") != "true":
            before = lab.data("seq")
            tab.click()
            lab.settle(before)
            page.wait_for_selector(".kmemlab-lab .kl-figure[data-drawn]")
        found.look()
    lab.click("[role=tab][data-tab=slabs]")
    lab.python("lab.controller.do({'action': 'object', 'slab': 12, 'slot': 3}); lab.refresh()")
    page.wait_for_selector(".kmemlab-lab .kl-object .kl-close:visible")
    found.look()
    lab.type("cat /containers/bomb/kmem.usage")
    found.look()
    before = lab.data("seq")
    menu(lab, "Compare")
    lab.settle(before)
    found.look()
    lab.click(".kl-labcompare .kl-close")
    before = lab.data("seq")
    menu(lab, "Predict the next event")
    lab.settle(before)
    found.look()
    lab.root.locator(".kl-predict [role=radio]").first.click()
    lab.click(".kl-predict .kl-commit")
    found.look()
    lab.click(".kl-predict .kl-close")
    menu(lab, "Check the machine")
    page.wait_for_selector(".kmemlab-lab .kl-notice:visible")
    found.look()
    lab.python("lab.controller.do({'action': 'nothing of this name'}); lab.refresh()")  # a fault, and its report
    page.wait_for_selector(".kmemlab-lab .kl-report:visible")
    found.look()
    start(lab, MANY)
    found.look()
    start(lab, CRASHED)
    found.look()
    offer(lab)
    found.look()
    lab.click(".kl-offer .kl-ghostbutton")
    with widgets(server, browser) as others:
        found.look(others)
    assert not found.unlisted, "not in CONTROLS.md:\n" + "\n".join(sorted(found.unlisted))
    missing = [f"{row['selector']} {row['name']}" for row, seen in zip(found.rows, found.seen, strict=True) if not seen]
    assert not missing, "in CONTROLS.md, but nowhere in the lab:\n" + "\n".join(missing)


MANY = "lab.controller.do({'action': 'scenario', 'name': 'fd-bomb-free'}); lab.controller.do({'action': 'last'}); lab.refresh()"


CRASHED = """lab.controller.open(Session(memory='2M', patchset='v1'))
lab.session.run("mount -t container -o kmem none /containers", "echo 100 > /sys/kernel/debug/failslab/probability",
                "mkdir /containers/web")
lab.controller.do({'action': 'last'}); lab.refresh()"""


def offer(lab: LabPage) -> None:
    """Let there be a session of an earlier Jupyter kernel."""
    lab.python("lab.controller.autosave.offer = 'A session of yesterday is here.'; lab.refresh()")
    lab.page.wait_for_selector(".kmemlab-lab .kl-offer:visible")


def test_every_control_has_a_test_that_exists() -> None:
    listed = rows()
    assert len(listed) > 25
    for row in listed:
        file, _, name = row["test"].partition("::")
        tree = ast.parse((HERE / file).read_text())
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in functions, row


# -- the bar


def test_the_buttons_of_the_bar_walk_the_machine(lab: LabPage) -> None:
    start(lab)
    assert at(lab) == (0, 0)
    lab.click(".kl-next")
    assert at(lab) == (FIRST, 6)
    lab.click(".kl-step")
    assert at(lab) == (FIRST, 7)
    for _ in range(3):
        lab.click(".kl-step")
    compare(lab)
    lab.click(".kl-step")
    assert at(lab) == (FIRST + 1, 1)
    lab.click(".kl-back")
    assert at(lab) == (FIRST, 10)
    state = compare(lab)
    lab.click(".kl-back")
    assert at(lab) == (FIRST, 9)
    lab.click(".kl-reset")
    assert at(lab) == (0, 0)
    assert compare(lab) != state
    lab.click(".kl-next")
    assert lab.machine() == state


def test_play_passes_events_at_its_speed_and_stands_where_the_machine_stands(lab: LabPage) -> None:
    start(lab)
    labels = []
    for _ in range(6):
        labels.append(lab.root.locator(".kl-speed").inner_text())
        lab.root.locator(".kl-speed").click()
    assert labels == ["1×", "2×", "10×", "50×", "200×", "¼×"]
    for _ in range(3):
        lab.root.locator(".kl-speed").click()  # 50×
    lab.root.locator(".kl-play").click()
    lab.page.wait_for_function("() => Number(document.querySelector('.kmemlab-lab').dataset.position) > 60")
    assert lab.root.locator(".kl-play").get_attribute("aria-pressed") == "true"
    lab.root.locator(".kl-play").click()
    lab.page.wait_for_selector(".kmemlab-lab[data-playing='false']")
    lab.rest()
    stood = at(lab)[0]
    assert 60 < stood < 1316
    compare(lab)
    lab.page.wait_for_timeout(400)
    assert at(lab)[0] == stood, "it is paused"


def test_the_slider_seeks_by_pointer_and_by_key(lab: LabPage) -> None:
    start(lab)
    slider = lab.root.locator(".kl-seek")
    box = slider.bounding_box()
    assert box is not None
    before = lab.data("seq")
    lab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lab.settle(before)
    lab.page.wait_for_timeout(300)
    middle, _ = at(lab)
    assert 400 < middle < 900
    compare(lab)
    assert slider.get_attribute("aria-valuenow") == str(middle)
    slider.focus()
    lab.press("ArrowRight")
    assert at(lab)[0] == middle + 1
    lab.press("PageDown")
    assert at(lab)[0] == middle - 99
    compare(lab)


def test_the_counter_goes_to_an_event(lab: LabPage) -> None:
    start(lab)
    lab.root.focus()
    lab.page.keyboard.press("g")
    field = lab.root.locator(".kl-goto")
    field.fill("1,000")
    before = lab.data("seq")
    field.press("Enter")
    lab.settle(before)
    assert at(lab)[0] == 1000
    compare(lab)
    lab.page.keyboard.press("g")
    field.fill("7")
    field.press("Escape")
    assert field.is_hidden()
    assert at(lab)[0] == 1000


def test_the_scenario_picker_plays_another_machine(lab: LabPage) -> None:
    start(lab)
    before = lab.data("seq")
    lab.root.locator(".kl-scenario").select_option("quiet")
    lab.settle(before)
    assert at(lab) == (0, 0)
    assert lab.data("length") == "585"
    lab.root.focus()
    lab.press("End")
    state = compare(lab)
    assert lab.python(
        "from kmemlab.scenarios import play; print(play('quiet').machine.state() == lab.session.machine.state())"
    ) == ("True\n")
    assert set(lab.containers()) == {"/", "/web", "/db"}
    assert len(state["containers"]["hierarchies"][0]["containers"]) == 3


def test_the_menu_does_what_it_says(lab: LabPage) -> None:
    start(lab, OWN)
    lab.type("open 3")
    state = lab.machine()
    lab.type("open 4")
    before = lab.data("seq")
    menu(lab, "Undo the last command")
    lab.settle(before)
    assert lab.machine() == state
    compare(lab)
    menu(lab, "Check the machine")
    lab.page.wait_for_function("() => document.querySelector('.kl-notice')?.innerText.includes('Every invariant holds')")
    lab.page.keyboard.press("Escape")
    menu(lab, "Event log")
    lab.page.wait_for_selector(".kmemlab-lab .kl-logrow")
    before = lab.data("seq")
    lab.root.locator(".kl-logfilter").fill("command")
    lab.settle(before)
    before = lab.data("seq")
    lab.root.locator(".kl-logfilter").fill("")
    lab.settle(before)
    listed = lab.page.evaluate("() => [...document.querySelectorAll('.kl-logrow')].map((e) => Number(e.dataset.n))")
    length = int(lab.data("length"))
    assert listed == list(range(max(1, length - 29), length + 1))
    lab.page.keyboard.press("Escape")  # from the filter back to the keys
    lab.press("e")
    assert lab.root.locator(".kl-log").is_hidden()
    menu(lab, "Keys")
    table = lab.root.locator(".kl-keytable")
    assert table.is_visible()
    table.locator(".kl-close").click()
    assert table.is_hidden()
    menu(lab, "Present")
    lab.page.wait_for_selector(".kmemlab-lab[data-present]")
    assert lab.root.locator(".kl-term").is_hidden()
    lab.page.keyboard.press("p")
    lab.page.wait_for_function("() => !document.querySelector('.kmemlab-lab').hasAttribute('data-present')")
    assert lab.machine() == state


def test_a_lab_begins_anew_for_the_next_and_undo_brings_back_what_was_there(lab: LabPage) -> None:
    start(lab, "lab.controller.open(Session(memory='2M', cpus=2)); lab.controller.remember(lab.session); lab.refresh()")
    lab.type("open 2")
    lab.python("lab.controller.remember(lab.session)")  # as if its cell had made it so
    state, commands = lab.machine(), lab.python("print(len(lab.session.commands))")
    lab.type("open 3")
    lab.type("open 4")
    changed = lab.machine()
    before = lab.data("seq")
    menu(lab, "Begin anew")
    lab.settle(before)
    assert lab.machine() == state
    assert lab.python("print(len(lab.session.commands))") == commands
    compare(lab)
    assert "as its cell made it" in lab.root.locator(".kl-notice").inner_text()
    before = lab.data("seq")
    lab.page.keyboard.press("Escape")
    lab.root.focus()
    lab.page.keyboard.press("Control+z")
    lab.settle(before)
    assert lab.machine() == changed
    compare(lab)


# -- what is looked at


def test_the_source_is_told_in_full(lab: LabPage) -> None:
    start(lab)
    lab.click(".kl-next")
    link = lab.root.locator(".kl-source")
    link.click()
    assert link.get_attribute("aria-expanded") == "true"
    told = lab.root.locator(".kl-detail").inner_text()
    assert "res_counter_charge" in told
    assert told == link.get_attribute("title")
    lab.page.keyboard.press("Escape")
    assert lab.root.locator(".kl-detail").is_hidden()


def test_a_container_is_selected_by_click_and_by_key(lab: LabPage) -> None:
    start(lab)
    lab.click(".kl-next")
    lab.click("[role=treeitem][data-path='/bomb']")
    chosen = lab.root.locator("[role=treeitem][aria-selected=true]")
    ids = {
        path: int(lab.root.locator(f"[role=treeitem][data-path='{path}']").get_attribute("data-id") or -1)
        for path in lab.containers()
    }
    owners = [row["path"] for row in lab.machine()["containers"]["hierarchies"][0]["containers"]]
    assert list(ids) == owners
    assert chosen.get_attribute("data-path") == "/bomb"
    assert lab.python("print(lab.controller.look.selected)") == "/bomb\n"
    lab.click("[role=treeitem][data-path='/bomb']")
    assert chosen.count() == 0
    lab.root.focus()
    walked = []
    for _ in range(4):
        lab.press("c")
        walked.append(chosen.get_attribute("data-path"))
    assert walked == owners
    lab.root.locator("[role=treeitem][data-path='/bomb']").focus()
    lab.page.keyboard.press("ArrowUp")
    lab.press("Enter")
    assert chosen.get_attribute("data-path") == owners[owners.index("/bomb") - 1]


def test_the_cache_picker_draws_the_slabs_of_any_cache(lab: LabPage) -> None:
    start(lab)
    lab.click(".kl-next")
    before = lab.data("seq")
    lab.root.locator(".kl-cache").select_option("sighand_cache")
    lab.settle(before)
    machine, page = slabs_of(lab.machine(), "sighand_cache"), lab.slabs()
    assert machine
    assert set(page) == set(machine)
    for number, slab in machine.items():
        assert page[number]["where"] == slab["where"]
        assert page[number]["pfn"] == slab["pfn"]
        cells = len(page[number]["owners"].split())
        assert page[number]["owners"].split() == slab["owners"][:cells]


def test_a_cell_is_walked_to_and_its_card_tells_what_the_machine_has(lab: LabPage) -> None:
    start(lab)
    lab.click(".kl-next")
    for _ in range(4):
        lab.press("ArrowRight")
    lab.root.locator(".kl-grid").focus()
    slabs = lab.slabs()
    first = next(number for number, row in slabs.items() if row["where"] == "cpu 0")
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("ArrowRight")
    lab.press("Enter")
    card = lab.root.locator(".kl-object")
    assert card.locator(".kl-objecttitle").inner_text() == f"slab {first}, slot 2"
    state = slabs_of(lab.machine(), "filp")
    owner = state[first]["owners"][2]
    assert owner == slabs[first]["owners"].split()[2]
    paths = {row["kmem"]["ident"]: row["path"] for row in lab.machine()["containers"]["hierarchies"][0]["containers"]}
    assert f"charged to {paths[int(owner)].strip('/')}" in card.inner_text()
    assert "In use, so rmdir bomb is refused" in card.inner_text()
    lab.click(".kl-object .kl-close")
    assert card.is_hidden()
    assert lab.python("print(lab.controller.look.object)") == "None\n"


def test_an_empty_state_types_the_command_that_ends_it(lab: LabPage) -> None:
    start(lab, OWN)
    lab.type("open 1")
    lab.type("mount -t container -o kmem none /containers")
    for button, done in (
        (
            ".kl-containers .kl-try",
            lambda state: [row["path"] for row in state["containers"]["hierarchies"][0]["containers"]][1:] == ["/web"],
        ),
        (".kl-nobody .kl-try", lambda state: next(each for each in state["caches"] if each["name"] == "filp")["accounted"]),
    ):
        before = lab.machine()
        words = lab.root.locator(button).inner_text()
        lab.root.locator(button).click()
        assert lab.root.locator(".kl-input").input_value() == words
        assert lab.machine() == before, "it is typed, and waits for Enter"
        seq = lab.data("seq")
        lab.page.keyboard.press("Enter")
        lab.settle(seq)
        lab.page.wait_for_selector(f".kmemlab-lab {button}", state="hidden")
        assert_now(lab, done)


def assert_now(lab: LabPage, done: Callable[[dict[str, Any]], Any]) -> None:
    assert done(compare(lab))


def test_the_last_command_opens_the_history(lab: LabPage) -> None:
    start(lab, OWN)
    lab.type("open 2")
    lab.page.keyboard.press("Escape")
    history = lab.root.locator(".kl-history")
    assert history.is_hidden()
    state = lab.machine()
    lab.root.locator(".kl-last").click()
    assert re.match(r"# open 2\s+fd 0-1: ", history.inner_text())
    lab.page.keyboard.press("Escape")
    assert history.is_hidden()
    assert lab.machine() == state


def test_a_notice_is_dismissed(lab: LabPage) -> None:
    start(lab, OWN)
    menu(lab, "Check the machine")
    notice = lab.root.locator(".kl-notice")
    notice.wait_for(state="visible")
    state = lab.machine()
    notice.get_by_label("Dismiss").click()
    assert notice.is_hidden()
    assert lab.machine() == state


def test_an_offer_is_forgotten(lab: LabPage) -> None:
    start(lab, OWN)
    lab.type("open 3")
    state = lab.machine()
    offer(lab)
    lab.click(".kl-offer .kl-ghostbutton")
    assert lab.root.locator(".kl-offer").is_hidden()
    assert lab.machine() == state


@pytest.mark.long
def test_the_buttons_of_a_small_widget_walk_its_machine(server: LabServer, browser: Browser) -> None:
    with widgets(server, browser) as view:
        assert at(view) == (0, 0)
        view.root.locator(".kl-seek").focus()
        view.press("PageUp")
        assert at(view)[0] == 100
        view.click(".kl-step")
        after = at(view)
        view.click(".kl-back")
        assert at(view) != after
        machine, page = slabs_of(view.machine(), "filp"), view.slabs()
        assert set(machine) == set(page)
        assert [page[number]["where"] for number in page] == [machine[number]["where"] for number in page]
        view.root.locator(".kl-play").click()
        view.page.wait_for_function("() => Number(document.querySelector('.kmemlab-lab').dataset.position) > 101")
        view.root.locator(".kl-play").click()
        view.page.wait_for_timeout(600)
        assert at(view)[0] > 101
        view.click(".kl-reset")
        assert at(view) == (0, 0)
        assert view.slabs() == {}
