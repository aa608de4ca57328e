"""While the functions of one event are walked nothing on the screen moves by a pixel, but what the step has changed."""

from __future__ import annotations

from typing import Any

import pytest

from .lab_page import LabPage
from .looks import Looks
from .test_looks import BOMB, SIZES

pytestmark = pytest.mark.browser

ROOM = 4  # px round a cell: its frame, and the strip of the owner array under it
SOURCE = "kl-src"
PIXEL = 0.5  # a word may be laid out a fraction of a pixel wider, and stands on the same pixel


def touched(lab: LabPage, slab: int, slot: int) -> list[list[float]]:
    """The boxes of the slab pages in which the event may paint.

    They are the cell with its strip, the other free cells of its slab (their turn changes), the slab's words, and the line on
    what is taken.
    """
    owners = lab.slabs()[slab]["owners"].split()
    cells = lab.page.evaluate(
        """([slab, cells]) => { const c = document.querySelector('.kmemlab-lab canvas.kl-slabs');
        return cells.map((cell) => c.klCell(slab, cell)) }""",
        [slab, list(range(len(owners)))],
    )
    top = min(
        lab.page.evaluate("(slab) => document.querySelector('.kmemlab-lab canvas.kl-slabs').klCell(slab, 0).y", number)
        for number, row in lab.slabs().items()
        if row["where"].startswith("cpu")
    )
    below = max(5, 0.24 * cells[0]["h"]) + 2 * ROOM
    free = [cell for cell, owner in enumerate(owners) if cell == slot or owner == "-2"]
    first = cells[0]
    words = [0, first["y"] - ROOM, first["x"] - ROOM, first["y"] + first["h"] + below]
    changing = [
        [cell["x"] - ROOM, cell["y"] - ROOM, cell["x"] + cell["w"] + ROOM, cell["y"] + cell["h"] + below]
        for cell in (cells[each] for each in free)
    ]
    return [[0, 0, 9999, top - ROOM], words, *changing]


def moved(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[str]:
    """What has another place, or is there before and after only. What says something else may be wider.

    The source stands at the right edge and ends before the number of the step: it may begin elsewhere.
    """
    found = []
    for name, (left, top, width, height, text) in before.items():
        if name not in after:
            continue
        x, y, w, h, words = after[name]
        free = name.startswith(SOURCE)
        same = abs(y - top) < PIXEL and abs(h - height) < PIXEL
        same = same and (free or abs(x - left) < PIXEL) and (free or text != words or abs(w - width) < PIXEL)
        if not same:
            found.append(f"{name} “{text[:30]}”: {[left, top, width, height]} to {[x, y, w, h]}")
    gone = [f"{name} is not there any more" for name in before if name not in after and not name.startswith(SOURCE)]
    new = [f"{name} is new" for name in after if name not in before and not name.startswith(SOURCE)]
    return found + gone + new


LONG = pytest.mark.long


@pytest.mark.parametrize("size", ["1280", pytest.param("1920", marks=LONG), pytest.param("cell", marks=LONG)])
def test_over_the_ten_steps_of_a_refusal_nothing_moves_by_a_pixel(lab: LabPage, size: str) -> None:
    width, height = SIZES[size]
    lab.page.set_viewport_size({"width": width, "height": height})
    lab.open(BOMB)
    lab.ready()
    lab.full_screen()
    lab.click(".kl-next")
    lab.click("[role=treeitem][data-path='/bomb']")
    for _ in range(5):
        lab.press("ArrowLeft")
    assert lab.data("step") == "1"
    slab, slot = 12, 15
    looks = Looks(lab)
    allowed = touched(lab, slab, slot)
    wrong, painted = [], 0
    before = looks.boxes()
    looks.repainted(allowed)
    for step in range(2, 11):
        lab.press("ArrowRight")
        assert lab.data("step") == str(step)
        after = looks.boxes()
        wrong += [f"step {step}: {each}" for each in moved(before, after)]
        inside, outside = looks.repainted(allowed)
        painted += inside > 0
        wrong += [f"step {step}: pixels of the slab pages at {outside}"] if outside else []
        before = after
    assert not wrong, "\n".join(wrong)
    assert painted >= 2, "the cell is taken at one step and given back at another"
