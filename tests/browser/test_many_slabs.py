"""Many slabs: three levels of zoom over the same owners, in the same colours; what is out of sight is scrolled to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .lab_page import LabPage

pytestmark = pytest.mark.browser

CROWD = """
from kmemlab import Lab, Session
session = Session(memory="16M", cpus=2)
session.run("mount -t container -o kmem none /containers", "mkdir /containers/red", "mkdir /containers/blue",
    "echo 1 > /sys/slab/filp/cache_account", "fork 3", "echo 2 > /containers/red/tasks", "echo 3 > /containers/blue/tasks",
    "as 2@0 open 3000", "as 3@1 open 4000", "as 2@1 close 100", "as 3@0 close 200-205")
lab = Lab(session)
lab
"""
PIXEL = """([slab, slot]) => { const c = document.querySelector('.kmemlab-lab .kl-slabs'), r = c.klCell(slab, slot);
  if (!r) return null; const k = c.width / c.offsetWidth;
  return [...c.getContext('2d').getImageData((r.x + r.w / 4) * k, (r.y + r.h / 4) * k, 1, 1).data].slice(0, 3).join(' ') }"""


def crowd(lab: LabPage) -> dict[int, dict[str, Any]]:
    """Open the crowd; returns the rows of filp by number, as the machine has them."""
    lab.open(CROWD)
    lab.ready()
    lab.full_screen()
    frame: dict[int, dict[str, Any]] = {
        slab["number"]: slab for each in lab.machine()["caches"] if each["name"] == "filp" for slab in each["slabs"]
    }
    return frame


def level(lab: LabPage) -> str:
    return lab.root.locator(".kl-zoom").get_attribute("data-level") or ""


def pixel(lab: LabPage, slab: int, slot: int = 0) -> Any:
    return lab.page.evaluate(PIXEL, [slab, slot])


def test_a_slab_has_its_owners_colour_at_every_level(lab: LabPage) -> None:
    slabs = crowd(lab)
    owner = {number: slab["owners"][0] for number, slab in slabs.items()}
    cpus = {lab.slabs()[number]["where"]: number for number in lab.slabs() if lab.slabs()[number]["where"].startswith("cpu")}
    assert len(cpus) == 2
    lab.click('[role=treeitem][data-path="/red"]')
    wanted = {owner[number]: pixel(lab, number) for number in cpus.values()}
    assert len(set(wanted.values())) == 2
    seen = []
    for button in (None, 0, 0, 1, 1):
        if button is not None and lab.root.locator(".kl-zoom button").nth(button).is_enabled():
            lab.root.locator(".kl-zoom button").nth(button).click()
        seen.append(level(lab))
        whole = [number for number in slabs if number not in cpus.values() and len(set(slabs[number]["owners"])) == 1]
        compared = 0
        for number in whole:
            shown = pixel(lab, number)
            if shown is not None:
                assert shown == wanted[owner[number]], (level(lab), number)
                compared += 1
        assert compared > 10
    assert set(seen) == {"pages", "tiles", "cells"}
    lab.shot("many-cells")


def test_a_click_on_a_page_shows_its_cells_and_a_click_on_a_cell_its_life(lab: LabPage) -> None:
    slabs = crowd(lab)
    while lab.root.locator(".kl-zoom button").nth(0).is_enabled():
        lab.root.locator(".kl-zoom button").nth(0).click()
    assert level(lab) == "pages"
    last = max(number for number in slabs if number not in (max(slabs), max(slabs) - 1)) - 40
    click_at(lab, last, 0)
    lab.page.wait_for_selector(".kl-zoom[data-level=cells]")
    before = lab.data("seq")
    click_at(lab, last, 3)
    lab.settle(before)
    assert f"slab {last}, slot 3\n" in lab.root.locator(".kl-object").inner_text()
    lab.shot("many-chosen")


def click_at(lab: LabPage, slab: int, slot: int) -> None:
    box = lab.root.locator("canvas.kl-slabs").bounding_box()
    rect = lab.page.evaluate("([a, b]) => document.querySelector('.kmemlab-lab .kl-slabs').klCell(a, b)", [slab, slot])
    assert box is not None
    assert rect is not None, f"slab {slab} is not in sight"
    lab.page.mouse.click(box["x"] + rect["x"] + rect["w"] / 2, box["y"] + rect["y"] + rect["h"] / 2)


@pytest.mark.long
def test_the_keyboard_zooms_and_walks_to_slabs_that_are_out_of_sight(lab: LabPage) -> None:
    crowd(lab)
    lab.root.locator(".kl-grid").focus()
    lab.page.keyboard.press("+")
    lab.page.keyboard.press("+")
    assert level(lab) == "cells"
    for _ in range(12):
        lab.page.keyboard.press("PageDown")
    lab.page.keyboard.press("ArrowRight")
    here = lab.page.evaluate(
        "() => { const at = document.querySelector('.kmemlab-lab .kl-grid').getAttribute('aria-activedescendant');"
        " const cell = document.getElementById(at); return [cell.textContent, Number(cell.parentElement.dataset.slab),"
        " Number(cell.parentElement.getAttribute('aria-rowindex'))] }"
    )
    assert here[2] == 97
    assert here[0].startswith(f"slab {here[1]}, slot 1, owned by ")
    assert pixel(lab, here[1], 1) is not None, "the cell that is walked is in sight"
    before = lab.data("seq")
    lab.page.keyboard.press("Enter")
    lab.settle(before)
    assert f"slab {here[1]}, slot 1\n" in lab.root.locator(".kl-object").inner_text()
    lab.page.keyboard.press("-")
    assert level(lab) == "tiles"


@pytest.mark.long
def test_what_an_event_touches_is_marked_where_a_page_is_a_pixel(lab: LabPage) -> None:
    crowd(lab)
    lab.python("session.run(*[f'as 2@1 close {n}' for n in range(1500, 2500, 40)]); session.back(); lab.refresh()")
    before = lab.data("seq")
    lab.click('[role=treeitem][data-path="/red"]')
    lab.settle(before)
    while lab.root.locator(".kl-zoom button").nth(0).is_enabled():
        lab.root.locator(".kl-zoom button").nth(0).click()
    mark = json.loads(lab.python("import json; print(json.dumps(lab._sent['mark']))"))
    assert mark["kind"] == "freed"
    # The mark stands on the page of its slab, larger than the page: there is a frame of ink around it.
    ink = lab.page.evaluate(
        """(slab) => { const c = document.querySelector('.kmemlab-lab .kl-slabs');
        const r = c.klCell(slab, 0), k = c.width / c.offsetWidth, side = r.w + 12;
        const d = c.getContext('2d').getImageData((r.x - 6) * k, (r.y - 6) * k, side * k, side * k).data; let n = 0;
        for (let i = 0; i < d.length; i += 4) if (d[i] + d[i + 1] + d[i + 2] < 240 && d[i + 3] > 200) n += 1; return n }""",
        mark["slab"],
    )
    lab.shot("many-marked")
    assert ink > 12
