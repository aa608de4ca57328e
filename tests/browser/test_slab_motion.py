"""Motion on the slab pages: short, only for what changed, none at speed or where the reader wants none; and the tip."""

from __future__ import annotations

from typing import Any

import pytest

from .lab_page import LabPage

pytestmark = pytest.mark.browser

SMALL = """
from kmemlab import Lab, Session
session = Session(memory="2M", cpus=2)
session.run("mount -t container -o kmem none /containers", "mkdir /containers/red", "echo 1 > /sys/slab/filp/cache_account",
    "fork 2", "echo 2 > /containers/red/tasks", "as 2@0 open 50", "as 2@1 open 3", "as 2@1 close 7", "as 2@1 close 20-40")
session.seek(0)
lab = Lab(session)
lab
"""
# Notes what the canvas says of its motion, and how long it lasted.
WATCH = """() => { const c = document.querySelector('.kmemlab-lab .kl-slabs'); window.klSeen = [];
  new MutationObserver(() => klSeen.push([c.hasAttribute('data-moving'), performance.now()]))
    .observe(c, { attributes: true, attributeFilter: ['data-moving'] }) }"""
PICTURE = "() => document.querySelector('.kmemlab-lab .kl-slabs').toDataURL()"


def moved(lab: LabPage) -> list[Any]:
    """Return [did it move, when] for each change, and forget them."""
    lab.page.wait_for_timeout(600)
    seen: list[Any] = lab.page.evaluate("() => klSeen.splice(0)")
    return seen


def freed_from_full(lab: LabPage) -> int:
    """The event in which a full slab goes to the partial list."""
    found = lab.python(
        "print(next(n for n in range(1, session.length + 1) if session.log.kind[n - 1] == 3"
        " and session.log.names[session.log.cache[n - 1]] == 'filp'))"
    )
    return int(found)


def test_a_slab_that_changes_lists_moves_and_then_stands_where_it_stands_without_motion(lab: LabPage) -> None:
    lab.open(SMALL)
    lab.ready()
    lab.full_screen()
    n = freed_from_full(lab)
    pictures = {}
    lab.page.evaluate(WATCH)
    for wanted in ("reduce", "no-preference"):
        lab.page.emulate_media(reduced_motion=wanted)
        lab.page.mouse.move(2, 2)
        lab.python(f"lab.session.seek({n - 1}); lab.refresh()")
        lab.page.wait_for_selector(f".kmemlab-lab[data-position='{n - 1}']")
        lab.page.wait_for_timeout(500)
        lab.page.evaluate("() => klSeen.splice(0)")
        lab.root.focus()
        lab.press("Shift+ArrowRight")
        seen = moved(lab)
        pictures[wanted] = lab.page.evaluate(PICTURE)
        if wanted == "reduce":
            assert seen == []
        else:
            assert [each[0] for each in seen] == [True, False]
            assert seen[1][1] - seen[0][1] < 2000
    assert pictures["reduce"] == pictures["no-preference"]
    assert lab.slabs()[int(lab.python("print(lab._sent['mark']['slab'])"))]["where"].startswith("partial")


@pytest.mark.long
def test_nothing_moves_while_events_follow_each_other_quickly(lab: LabPage) -> None:
    lab.page.emulate_media(reduced_motion="no-preference")
    lab.open(SMALL)
    lab.ready()
    lab.page.evaluate(WATCH)
    for _ in range(3):
        lab.root.locator(".kl-speed").click()
    lab.root.locator(".kl-play").click()
    lab.page.wait_for_function("() => Number(document.querySelector('.kmemlab-lab').dataset.position) > 60")
    assert lab.page.evaluate("() => klSeen.length") == 0


def test_the_tip_has_address_and_birth_and_the_notice_stays(lab: LabPage) -> None:
    lab.open(SMALL)
    lab.ready()
    lab.full_screen()
    lab.python("lab.session.seek(lab.session.length); lab.refresh()")
    lab.page.wait_for_timeout(300)
    lab.root.focus()
    lab.press("n")
    notice = lab.root.locator(".kl-notice:not([hidden])").inner_text()
    rect = lab.page.evaluate("() => document.querySelector('.kmemlab-lab .kl-slabs').klCell(0, 1)")
    box = lab.root.locator("canvas.kl-slabs").bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + rect["x"] + 8, box["y"] + rect["y"] + 8)
    lab.page.wait_for_function("() => document.querySelector('.kl-tip:not([hidden])')?.innerText.includes('born at event')")
    told = lab.root.locator(".kl-tip").inner_text()
    lab.shot("tip")
    assert "slab 0, slot 1, owned by red" in told
    assert "256 bytes charged" in told
    assert "0xffff8100" in told
    assert lab.root.locator(".kl-notice:not([hidden])").inner_text() == notice


@pytest.mark.long
def test_with_the_readers_own_colours_tints_go_and_letters_edges_and_the_selected_stay(lab: LabPage) -> None:
    lab.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    lab.open(SMALL)
    lab.ready()
    lab.full_screen()
    lab.python("lab.session.seek(lab.session.length - 30); lab.refresh()")
    lab.page.wait_for_timeout(400)
    colours = """() => { const c = document.querySelector('.kmemlab-lab .kl-slabs');
      const r = c.klCell(0, 0), k = c.width / c.offsetWidth;
      const at = (x, y) => [...c.getContext('2d').getImageData((r.x + x) * k, (r.y + y) * k, 1, 1).data].slice(0, 3).join(' ');
      const probe = document.createElement('i'); document.body.append(probe);
      const system = (name) => { probe.style.color = name; const found = getComputedStyle(probe).color.match(/\\d+/g);
        return found.slice(0, 3).join(' ') };
      return { cell: at(4, 4), edge: at(r.w / 2, 0), ground: system('Canvas'), text: system('CanvasText'),
        chosen: system('Highlight') } }"""
    shown = lab.page.evaluate(colours)
    assert shown["cell"] == shown["ground"]
    assert shown["text"] == "0 0 0"
    assert all(int(part) < 128 for part in shown["edge"].split()), "the edge is drawn between two pixels, and still is text's"
    lab.shot("forced-colours")
    lab.click('[role=treeitem][data-path="/red"]')
    cell = lab.page.evaluate(colours)["cell"]
    assert all(abs(int(a) - int(b)) <= 2 for a, b in zip(cell.split(), shown["chosen"].split(), strict=True)), cell
