"""What is typed, pasted or opened wrongly is refused with a sentence, or shown as text; lab and machine stay as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from kmemlab.lab.pictures import TABS
from kmemlab.lab.server import LabServer

from .lab_page import LabPage
from .slow import slowed
from .test_lab import assert_page_is_machine

pytestmark = pytest.mark.browser

RECIPE = (
    "mount -t container -o kmem none /containers",
    "mkdir /containers/bomb",
    "fork",
    "echo 1 > /sys/slab/filp/cache_account",
    "echo 2 > /containers/bomb/tasks",
)
# The refusals of the design: what was typed before, the line, the shell's words, and ours.
REFUSED = (
    (
        ("as 2 open 227",),
        "echo 0 > /sys/slab/filp/cache_account",
        "sh: write error: Device or resource busy",
        "filp has 227 objects in use. Full slabs are on no list, so they cannot be uncharged.",
    ),
    (
        (),
        "echo 1 > /sys/slab/kmalloc-256/cache_account",
        "sh: write error: Invalid argument",
        "kmalloc caches cannot be accounted: their callers are not known by cache.",
    ),
    (
        ("as 2 fork", "as 2 open 152"),
        "rmdir /containers/bomb",
        "rmdir: 'bomb': Device or resource busy",
        "2 tasks and 152 objects still refer to bomb.",
    ),
    (
        (),
        "mount -t container -o kmm none /c",
        "mount: No such file or directory",
        "No subsystem is called kmm. Did you mean kmem?",
    ),
    (
        (),
        "echo 8192 > /containers/bomb/kmem.limit",
        "sh: write error: Invalid argument",
        "The newline counts as junk here: use `echo -n`.",
    ),
    ((), "opne", "sh: opne: not found", "Did you mean open? `help` lists all."),
)
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def shared(server: LabServer, browser: Browser) -> Iterator[LabPage]:
    """One lab for all tests here."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    lab = LabPage(server, slowed(context.new_page()), "badinput")
    lab.open("from kmemlab import Lab, Session\nlab = Lab(Session(memory='2M', cpus=2))\nlab")
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


def start(lab: LabPage, *lines: str) -> None:
    """Put a machine with the recipe and some more commands into the lab."""
    lab.root.focus()
    before = lab.data("seq")
    lab.python(
        f"session = Session(memory='2M', cpus=2)\nsession.run(*{[*RECIPE, *lines]!r})\n"
        "lab.controller.open(session)\nlab.refresh()"
    )
    lab.settle(before)


def overflow(lab: LabPage) -> int:
    wide: int = lab.page.evaluate(
        "() => { const e = document.querySelector('.kmemlab-lab'); return e.scrollWidth - e.clientWidth }"
    )
    return wide


def said(lab: LabPage) -> dict[str, str]:
    """What the terminal shows of the last command, by kind of line."""
    found: dict[str, str] = lab.page.evaluate(
        """() => { const lines = [...document.querySelectorAll('.kmemlab-lab .kl-history > div')];
        const last = lines.findLastIndex((e) => e.className === 'kl-cmd');
        return Object.fromEntries(lines.slice(last).map((e) => [e.className, e.textContent])) }"""
    )
    return found


@pytest.mark.parametrize(("before", "line", "words", "hint"), REFUSED, ids=[row[1] for row in REFUSED])
def test_a_refusal_has_the_shells_words_and_one_quiet_line_of_ours(
    lab: LabPage, before: tuple[str, ...], line: str, words: str, hint: str
) -> None:
    start(lab, *before)
    state = lab.machine()
    lab.type(line)
    assert said(lab) == {"kl-cmd": f"# {line}", "kl-err": words, "kl-hint": hint}
    assert lab.sentence().startswith("Refused. ")
    assert lab.machine() == state
    assert_page_is_machine(lab)


COUNT_MEASURES = """() => { window.klMeasured = 0; const context = CanvasRenderingContext2D.prototype;
  window.klMeasureText ??= context.measureText;
  context.measureText = function (text) { window.klMeasured += 1; return window.klMeasureText.call(this, text); } }"""


@pytest.mark.parametrize(
    "line", ["open " + "x" * 10_000, "y" * 10_000, "echo " + "z " * 2_000], ids=["words", "one word", "echo"]
)
def test_a_line_of_ten_thousand_characters_is_answered_and_makes_nothing_wider(lab: LabPage, line: str) -> None:
    start(lab)
    state, wide = lab.machine(), overflow(lab)
    lab.page.evaluate(COUNT_MEASURES)
    lab.type(line)
    # It was measured once for each of its letters before, and the page stood still for twenty seconds.
    assert lab.page.evaluate("() => window.klMeasured") < 500
    answer = said(lab)
    if len(line) > 4096:
        assert answer["kl-err"] == "sh: Argument list too long"
        assert answer["kl-hint"] == "A line has at most 4096 characters."
    else:
        assert answer["kl-out"].strip() == line[5:].strip()
    assert answer["kl-cmd"] == f"# {line}"
    assert lab.machine() == state
    assert overflow(lab) == wide == 0
    lab.type("open 1")
    assert_page_is_machine(lab)


HTML = '<b onclick="alert(1)">x&amp;<img src=y>'


def test_html_in_any_name_is_text_in_every_picture(lab: LabPage) -> None:
    start(
        lab,
        f"mkdir '/containers/{HTML}'",
        f"echo 2 > '/containers/{HTML}/tasks'",
        "echo '<i>me</i>' > /proc/2/comm",
        "as 2 open 20",
    )
    before = lab.page.locator(".kmemlab-lab :is(img, b[onclick], i[onclick], script, iframe)").count()
    assert before == 0
    assert f"/{HTML}" in lab.containers()
    assert lab.root.locator(f"[role=treeitem][data-path='/{HTML}'] .kl-name").inner_text() == HTML
    for tab, _ in TABS:
        if lab.root.locator(f"[role=tab][data-tab={tab}]").get_attribute("aria-selected") != "true":
            lab.click(f"[role=tab][data-tab={tab}]")
            lab.page.wait_for_selector(".kmemlab-lab .kl-figure[data-drawn]")
            lab.page.wait_for_timeout(400)
        assert lab.page.locator(".kmemlab-lab :is(img, b[onclick], a[onclick], script, iframe)").count() == 0
        if tab == "flow":  # it names every container and task
            words = lab.root.locator(".kl-figure").evaluate("(e) => e.textContent")
            assert "<b onclick" in words
            assert "<i>me</i>" in words
        lab.shot(f"html-{tab}")
    lab.click("[role=tab][data-tab=slabs]")
    lab.type(f"cat '/containers/{HTML}/nothing'")
    assert HTML in said(lab)["kl-err"]
    lab.type("opne '<img src=x onerror=alert(1)>'")
    assert lab.page.locator(".kmemlab-lab img").count() == 0
    assert_page_is_machine(lab)


def opened(lab: LabPage, text: str) -> str:
    """Paste a text to "Open the copied link"; what the lab says."""
    lab.page.evaluate(
        "(size) => { navigator.clipboard.readText = async () => size.text.repeat(size.times) }",
        {"text": text[:MEGABYTE], "times": max(1, len(text) // MEGABYTE)},
    )
    lab.root.focus()
    lab.page.keyboard.press("Escape")
    lab.page.wait_for_selector(".kmemlab-lab .kl-notice", state="hidden")
    lab.root.locator(".kl-more").click()
    lab.root.get_by_role("menuitem", name="Open the copied link").click()
    return lab.root.locator(".kl-notice:visible > span").inner_text()


@pytest.mark.parametrize("letter", ["a", "{", "k1.", '{"a":'], ids=["letters", "braces", "links", "json"])
def test_ten_megabytes_pasted_are_refused_with_a_sentence(lab: LabPage, letter: str) -> None:
    start(lab)
    state = lab.machine()
    told = opened(lab, (letter * MEGABYTE)[:MEGABYTE] * 10)
    assert told == "Too long to open here: 10,485,760 characters, at most 4,000,000. Session.load() in a cell takes any."
    told = opened(lab, (letter * MEGABYTE)[:MEGABYTE] * 3)
    assert told.startswith(("This is no", "This link"))
    assert len(told) < 200, "it is not said back"
    assert lab.machine() == state
    lab.type("open 1")
    assert_page_is_machine(lab)


def test_a_file_of_ten_megabytes_is_refused_with_a_sentence(lab: LabPage, tmp_path: Path) -> None:
    start(lab)
    state = lab.machine()
    file = tmp_path / "large.json"
    file.write_text(json.dumps({"kmemlab_session": 1, "commands": ["x" * 10 * MEGABYTE]}))
    lab.root.locator(".kl-more").click()
    with lab.page.expect_file_chooser() as chooser:
        lab.root.get_by_role("menuitem", name="Open a file").click()
    chooser.value.set_files(file)
    told = lab.root.locator(".kl-notice:visible > span").inner_text()
    assert told.startswith("Too long to open here: 10,")
    assert lab.machine() == state


def test_in_a_cell_of_400_px_nothing_is_scrolled_sideways(lab: LabPage) -> None:
    start(lab, "mkdir /containers/" + "m" * 200, "echo -n 9007199254740991 > /containers/bomb/kmem.limit", "as 2 open 40")
    lab.page.set_viewport_size({"width": 400, "height": 860})
    try:
        lab.page.wait_for_timeout(300)
        assert lab.data("size") == "S"
        lab.type("echo " + "w" * 3000)
        for tab, _ in TABS:
            if lab.root.locator(f"[role=tab][data-tab={tab}]").get_attribute("aria-selected") != "true":
                lab.click(f"[role=tab][data-tab={tab}]")
                lab.page.wait_for_timeout(500)
            assert overflow(lab) == 0, tab
        lab.click("[role=tab][data-tab=slabs]")
        assert_page_is_machine(lab)
    finally:
        lab.page.set_viewport_size({"width": 1280, "height": 800})


def test_a_session_of_a_million_events_is_opened_and_walked(lab: LabPage) -> None:
    lab.python(
        f"""session = Session(memory='4M', cpus=2)
session.run(*{list(RECIPE)!r})
while session.length < 1_000_000:
    session.run('as 2 open 5000', 'as 2 close all')
before = session.length
lab.controller.open(session)
lab.refresh()"""
    )
    lab.page.wait_for_function(
        "() => Number(document.querySelector('.kmemlab-lab').dataset.length) >= 1000000", timeout=300_000
    )
    assert_page_is_machine(lab)
    lab.root.focus()
    for key in ("Shift+ArrowLeft", "Home", "End"):
        before = lab.data("seq")
        lab.page.keyboard.press(key)
        lab.page.wait_for_function(
            "(before) => Number(document.querySelector('.kmemlab-lab').dataset.seq) > Number(before)",
            arg=before,
            timeout=300_000,
        )
    lab.page.wait_for_selector(".kmemlab-lab[data-position]")
    assert lab.position() == int(lab.data("length")) >= 1_000_000
    lab.type("open 1")
    assert_page_is_machine(lab)
