"""The Jupyter kernel is restarted, really: the lab says so, and the next run of its cell brings the session back."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from .lab_page import LabPage

pytestmark = pytest.mark.browser


def restart(lab: LabPage) -> None:
    lab.page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }")


def kept_at(home: Path, position: int) -> None:
    end = time.monotonic() + 30
    while [json.loads(file.read_text())["position"] for file in home.glob("*.json")] != [position]:
        assert time.monotonic() < end, "it was never written"
        time.sleep(0.1)


def test_after_a_restart_the_cell_offers_the_session_and_a_click_brings_it_back(lab: LabPage, tmp_path: Path) -> None:
    setup = f'import os; os.environ["KMEMLAB_AUTOSAVE"] = {str(tmp_path / "kept")!r}'
    lab.open(setup, 'from kmemlab import Lab, Session\nlab = Lab(Session(memory="2M", cpus=2))\nlab')
    lab.ready()
    assert lab.root.locator(".kl-offer:visible").count() == 0
    for line in (
        "mount -t container -o kmem none /containers",
        "mkdir /containers/bomb",
        "echo 1 > /sys/slab/filp/cache_account",
        "echo -n 4000 > /containers/bomb/kmem.limit",
        "fork 1",
        "echo 2 > /containers/bomb/tasks",
        "as 2 open 20",
    ):
        lab.type(line)
    lab.root.locator("[role=treeitem]").nth(1).click()
    lab.page.wait_for_selector(".kmemlab-lab [role=treeitem][aria-selected=true]")
    lab.root.focus()
    lab.press("Shift+N")
    kept_at(tmp_path / "kept", lab.position())  # where one stands is written after a rest
    before = lab.position(), lab.sentence(), lab.containers(), lab.slabs()
    state = lab.python("print(lab.session.machine.state_hash())")
    restart(lab)
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab .kl-working').innerText === 'not connected'")
    notice = lab.root.locator(".kl-notice:visible").inner_text()
    assert "run this cell again: it offers your session" in notice
    assert (lab.position(), lab.sentence(), lab.containers(), lab.slabs()) == before, "the picture stays"
    lab.shot("kept-not-connected")
    lab.run_all()
    lab.ready()
    offer = lab.root.locator(".kl-offer:visible")
    offer.wait_for()
    assert offer.inner_text().startswith("Your session of ")
    assert f": 7 commands, event {before[0]}." in offer.inner_text()
    assert lab.position() == 0
    place = offer.bounding_box()
    assert place is not None
    assert place["y"] + place["height"] <= 800, "the cell is taller than the window, and the offer is in sight"
    for name, size in (("1280", (1280, 800)), ("1920", (1920, 1080))):
        lab.page.set_viewport_size({"width": size[0], "height": size[1]})
        lab.shot(f"kept-offer-{name}")
    offer.get_by_role("button", name="Open it again").press("Enter")
    lab.page.wait_for_selector(f".kmemlab-lab[data-position='{before[0]}']")
    assert (lab.position(), lab.sentence(), lab.containers(), lab.slabs()) == before
    assert lab.python("print(lab.session.machine.state_hash())") == state
    assert lab.root.locator(".kl-offer:visible").count() == 0
    lab.errors = [each for each in lab.errors if "WebSocket" not in each]
