"""Nothing is cut off, nothing lies on something else, nothing is too small or too pale: at every width, on every tab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from kmemlab.lab.pictures import TABS
from kmemlab.lab.server import LabServer

from .lab_page import LabPage
from .looks import Looks
from .slow import slowed

pytestmark = pytest.mark.browser

SIZES = {"1920": (1920, 1080), "1280": (1280, 800), "cell": (1000, 860), "narrow": (400, 860)}
BOMB = 'from kmemlab import Lab\nlab = Lab(scenario="fd-bomb")\nlab'


@pytest.fixture(scope="module")
def looks(server: LabServer, browser: Browser) -> Iterator[Looks]:
    """The fd bomb at its first refusal, bomb selected: the state of the design's pictures. One page for all tests."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    lab = LabPage(server, slowed(context.new_page()), "looks")
    lab.open(BOMB)
    lab.ready()
    lab.full_screen()
    lab.click(".kl-next")
    lab.click("[role=treeitem][data-path='/bomb']")
    yield Looks(lab)
    lab.close()
    context.close()
    assert not lab.errors, lab.errors
    assert not lab.outside, lab.outside


def resize(looks: Looks, size: str) -> None:
    width, height = SIZES[size]
    page = looks.lab.page
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(250)


def show(looks: Looks, tab: str) -> None:
    """Put a tab on the stage and wait until it is drawn."""
    lab = looks.lab
    button = lab.root.locator(f"[role=tab][data-tab={tab}]")
    if button.get_attribute("aria-selected") != "true":
        lab.click(f"[role=tab][data-tab={tab}]")
    if tab != "slabs":
        lab.page.wait_for_selector(".kmemlab-lab .kl-figure[data-drawn]")
    lab.page.wait_for_timeout(350)


# What can be open over the lab: how it comes, how it goes, and what shows that it is there.
OPEN: dict[str, tuple[str, str]] = {
    "menu": (".kl-more", ".kl-menu:not([hidden])"),
    "source": (".kl-source", ".kl-detail:not([hidden])"),
    "break points": (".kl-pick", ".kl-breakmenu:not([hidden])"),
    "container": ("[data-path='/db'] .kl-contmore", ".kl-contmenu:not([hidden])"),
    "keys": ("?", ".kl-keytable:not([hidden])"),
    "twin": ("t", ".kl-twin:not(.kl-hidden)"),
    "log": ("e", ".kl-log:not([hidden])"),
    "history": ("/", ".kl-term.kl-open .kl-history"),
}


def opened(looks: Looks, name: str) -> None:
    """Open one of OPEN, by a click or by a key."""
    lab = looks.lab
    by, there = OPEN[name]
    if len(by) > 1:
        lab.root.locator(by).click()
    else:
        lab.root.focus()
        lab.page.keyboard.press(by)
    lab.page.wait_for_selector(f".kmemlab-lab {there}")


def closed(looks: Looks, name: str) -> None:
    """Close it again."""
    lab = looks.lab
    if name in ("twin", "log"):
        lab.root.focus()
        lab.page.keyboard.press(OPEN[name][0])
    else:
        lab.page.keyboard.press("Escape")
    lab.page.wait_for_function(f"() => !document.querySelector('.kmemlab-lab {OPEN[name][1]}')")


@pytest.mark.parametrize("size", [pytest.param("1920", marks=pytest.mark.long), "1280", "narrow"])
def test_what_opens_over_the_lab_is_whole_and_can_be_read(looks: Looks, size: str) -> None:
    resize(looks, size)
    show(looks, "slabs")
    wrong = []
    for name in OPEN:
        opened(looks, name)
        wrong += looks.wrong(f"{size} {name}", pale=True)
        looks.lab.shot(f"looks-{size}-{name}")
        closed(looks, name)
    for slab, slot in ((12, 3), (2, 5)):  # the life story of an object: a column at 1920, a card over the stage below
        before = looks.lab.data("seq")
        looks.lab.python(f"lab.controller.do({{'action': 'object', 'slab': {slab}, 'slot': {slot}}}); lab.refresh()")
        looks.lab.settle(before)
        wrong += looks.wrong(f"{size} object {slab}", pale=True)
        looks.lab.shot(f"looks-{size}-object-{slab}")
    looks.lab.click(".kl-object .kl-close")
    looks.lab.type("echo 0 > /sys/slab/filp/cache_account")  # refused, and a notice: what came after is gone
    wrong += looks.wrong(f"{size} notice", pale=True)
    looks.lab.shot(f"looks-{size}-notice")
    looks.lab.root.focus()
    looks.lab.press("Control+z")
    looks.lab.press("Home")
    looks.lab.press("n")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("size", [pytest.param("1920", marks=pytest.mark.long), *list(SIZES)[1:]])
def test_no_word_is_cut_off_or_lies_on_another_and_all_can_be_read_and_hit(looks: Looks, size: str) -> None:
    resize(looks, size)
    wrong = []
    for tab, _ in TABS:
        show(looks, tab)
        wrong += looks.wrong(f"{size} {tab}", pale=True)
        looks.lab.shot(f"looks-{size}-{tab}")
        over = looks.lab.page.evaluate(
            "() => { const e = document.querySelector('.kmemlab-lab'); return e.scrollWidth - e.clientWidth }"
        )
        if over > 0:
            wrong.append(f"{size} {tab}: the lab is {over} px wider than its cell")
    assert not wrong, "\n".join(wrong)


def test_every_word_stands_out_from_the_dark_too(looks: Looks) -> None:
    resize(looks, "1280")
    looks.lab.dark(True)
    try:
        wrong = looks.ask("palePairs")
        for tab, _ in TABS:
            show(looks, tab)
            wrong += looks.wrong(f"dark {tab}", pale=True, boxes=False)
            looks.lab.shot(f"looks-dark-{tab}")
    finally:
        looks.lab.dark(False)
    assert not wrong, "\n".join(wrong)
    assert not looks.ask("palePairs")


def test_tabs_name_their_picture_the_counter_is_a_button_and_what_goes_nowhere_says_why(looks: Looks) -> None:
    lab = looks.lab
    resize(looks, "1280")
    lab.root.focus()
    lab.press("Home")
    panels = {tab.get_attribute("aria-controls") for tab in lab.root.locator("[role=tab]").all()}
    assert len(panels) == 1
    assert lab.root.locator(f"#{panels.pop()}").get_attribute("role") == "tabpanel"
    counter = lab.root.locator(".kl-count .kl-number")
    assert counter.evaluate("(e) => e.tagName") == "BUTTON"
    counter.focus()
    lab.page.keyboard.press("Enter")
    lab.page.wait_for_selector(".kmemlab-lab .kl-goto:not([hidden])")
    lab.page.keyboard.press("Escape")
    for key, quiet, ready in (("Home", ("reset", "back"), ("play", "step")), ("End", ("play", "step"), ("reset", "back"))):
        lab.root.focus()
        lab.press(key)
        for name in quiet:
            button = lab.root.locator(f".kl-bar .kl-{name}")
            assert button.get_attribute("aria-disabled") == "true"
            assert (button.get_attribute("title") or "").startswith("This is the "), name
        for name in ready:
            assert lab.root.locator(f".kl-bar .kl-{name}").get_attribute("aria-disabled") is None
    lab.press("Home")
    lab.press("n")
