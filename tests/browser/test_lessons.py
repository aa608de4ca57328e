"""Predictions of the four kinds, the curtain and a check, in a real JupyterLab: clicked or typed, locked, then compared."""

from __future__ import annotations

from typing import Any

import pytest

from .lab_page import LabPage

pytestmark = pytest.mark.browser

LESSON = (
    "from kmemlab import Session\nfrom kmemlab.lab import SlabView\nfrom kmemlab.lessons import predict, check\n"
    's = Session(slub="2.6.24", cpus=1, boot="slub_nomerge")\ns.run("open 40")',
    'predict("02.2", number="slabs on the partial list")',
    'view = SlabView(s, cache="filp", task="Find the slab that nothing leads to.")\nview',
    'predict("02.3", choices=["It cannot be found, so the cell is lost until the cache is destroyed",\n'
    '"It goes onto the partial list", "It becomes the cpu slab, since it now has the oldest free cell",\n'
    '"Cell 5 becomes free, but the slab stays on no list"])',
    's.run("close 5")\npredict("02.4", point=SlabView(s, cache="filp"))',
    'predict("02.7", order=["Take the first slab of the partial list as the cpu slab; take its first free cell",\n'
    '"Ask the page allocator for a new slab; take its cell 0", "Search the full slabs for one that has gained a free cell",\n'
    '"Pop a cell from the cpu\'s private list", "Give up and return NULL",\n'
    '"Choose the partial slab with the fewest free cells",\n'
    '"Take over cells of the cpu slab that other cpus have freed; take the first",\n'
    '"Let go of the cpu slab: it is full, so it goes on no list"])',
    'check("02.5", ["2:1", "2:5", "2:3", "2:8"])',
)


def card(lab: LabPage, kind: str) -> Any:
    return lab.page.locator(f".kl-asking[data-kind={kind}]")


def settled(lab: LabPage, kind: str) -> Any:
    lab.page.wait_for_selector(f".kl-asking[data-kind={kind}][data-done=true]")
    return card(lab, kind)


def test_predictions_are_clicked_or_typed_and_locked_and_the_curtain_lifts(lab: LabPage) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 900})
    lab.open(*LESSON)
    for kind in ("number", "choice", "order"):
        lab.page.wait_for_selector(f".kl-asking[data-kind={kind}] .kl-commit")
    lab.page.wait_for_selector(".kmemlab-view[data-part=slabs][data-curtain='02.2'] .kl-curtain")
    assert lab.page.locator(".kl-asking[data-kind=point]").inner_text().endswith("when prediction 02.3 is answered.")
    lab.page.wait_for_selector("[data-state='not yet']")
    assert "First in, first out. It is a stack." in lab.page.locator("[data-state='not yet']").inner_text()
    lab.shot("lesson-open-light")
    for kind in ("number", "choice", "order"):
        lab.shot_of(card(lab, kind), f"predict-{kind}-open")

    # A number, typed; what is none gets a sentence.
    number = card(lab, "number")
    number.locator("input").fill("some")
    number.locator("input").press("Enter")
    lab.page.wait_for_selector(".kl-smallnotice[data-kind=error]")
    assert lab.page.locator(".kl-smallnotice[data-kind=error]").inner_text() == "A whole number is wanted, such as 4096."
    number.locator("input").fill("1")
    number.locator(".kl-commit").click()
    number = settled(lab, "number")
    assert "who has it?" in number.inner_text()
    assert number.locator(".kl-machine .kl-quantity").inner_text() == "0 slabs on the partial list"
    assert number.locator("input").count() == 0, "it is locked"
    lab.page.wait_for_selector(".kmemlab-view[data-part=slabs]:not([data-curtain]) canvas")
    assert lab.page.locator(".kl-task").inner_text() == "Find the slab that nothing leads to."

    # A choice, by its letter.
    choice = card(lab, "choice")
    choice.locator("[role=radio]").first.focus()
    lab.page.keyboard.press("d")
    choice.locator(".kl-commit").click()
    choice = settled(lab, "choice")
    assert choice.locator("[data-mine] .kl-said").inner_text() == "you"
    assert choice.locator("[data-happened]").inner_text().startswith("B")

    # A cell, clicked; it was typed as well by that.
    lab.page.wait_for_selector(".kl-asking[data-kind=point] [data-cell='2:8']")
    point = card(lab, "point")
    lab.shot_of(point, "predict-point-open")
    point.locator("[data-cell='0:5']").click()
    assert point.locator("input").input_value() == "0:5"
    point.locator("input").fill("2:8")
    assert point.locator("[data-cell='2:8']").get_attribute("aria-pressed") == "true"
    point.locator(".kl-commit").click()
    point = settled(lab, "point")
    assert "The machine says the same." in point.inner_text()

    # An order, clicked and typed on.
    order = card(lab, "order")
    for place in (3, 6, 2):
        order.locator("button.kl-option").nth(place).click()
    assert order.locator("input").input_value() == "D G C"
    order.locator("input").fill("d g c h a b e")
    order.locator(".kl-commit").click()
    order = settled(lab, "order")
    assert "From where would you find them?" in order.inner_text()
    assert order.locator("ol").nth(1).locator("li b").all_inner_texts() == list("DGHABE")
    for dark in (False, True):
        lab.dark(dark)
        lab.page.wait_for_timeout(300)
        for kind in ("number", "choice", "point", "order"):
            lab.shot_of(card(lab, kind), f"predict-{kind}-done-{'dark' if dark else 'light'}")
    lab.shot("lesson-done-dark")
    number.locator(".kl-again").click()
    lab.page.wait_for_selector(".kl-asking[data-kind=number] .kl-commit")
    lab.page.wait_for_selector(".kmemlab-view[data-part=slabs][data-curtain='02.2']")
    assert lab.python("import kmemlab.lessons.asked as a; print(sorted(a._GIVEN))").strip() == "['02.3', '02.4', '02.7']"
