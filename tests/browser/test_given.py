"""What leaves the page: pictures as files, links for Binder. And what comes in by an address."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from kmemlab.lab.server import PAGE

from .lab_page import LabPage

pytestmark = pytest.mark.browser

BOMB = """
from kmemlab import Lab
lab = Lab(scenario="fd-bomb")
lab.controller.do({"action": "mark", "by": 1})
lab.refresh()
lab
"""


def choose(lab: LabPage, entry: str, folder: Path) -> Path:
    lab.root.locator(".kl-more").click()
    with lab.page.expect_download() as coming:
        lab.root.get_by_role("menuitem", name=entry).click()
    target = folder / coming.value.suggested_filename
    coming.value.save_as(target)
    return target


def test_the_lab_and_each_tab_are_saved_as_pictures(lab: LabPage, tmp_path: Path) -> None:
    lab.open(BOMB)
    lab.ready()
    at = lab.position()
    whole = choose(lab, "Save the lab as a picture", tmp_path)
    assert whole.name == f"kmemlab-lab-event-{at}.svg"
    words = "".join(ElementTree.parse(whole).getroot().itertext())
    assert lab.sentence() in words
    for row in lab.containers().values():
        assert f"{int(row['usage']):,}" in words
    cells = choose(lab, "Save this tab as a picture", tmp_path).read_bytes()
    assert cells[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(cells) > 5000
    lab.click("[role=tab][data-tab=flow]")
    lab.page.wait_for_selector(".kmemlab-lab .kl-figure[data-drawn] .main-svg")
    flow = choose(lab, "Save this tab as a picture", tmp_path)
    assert flow.name == f"kmemlab-flow-event-{at}.svg"
    assert "bomb" in "".join(ElementTree.parse(flow).getroot().itertext())
    lab.shot("given-menu")


@pytest.mark.long
def test_a_picture_of_its_own_has_a_button_for_each_format(lab: LabPage, tmp_path: Path) -> None:
    lab.open(
        'from kmemlab.scenarios import play\nfrom kmemlab.lab import Picture\nPicture(play("quiet"), "flow", selected="/web")'
    )
    lab.page.wait_for_selector(".kmemlab-panel .kl-figure[data-drawn] .main-svg")
    for name, first in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with lab.page.expect_download() as coming:
            lab.page.locator(".kl-saves").get_by_role("button", name=name).click()
        coming.value.save_as(tmp_path / name)
        assert (tmp_path / name).read_bytes()[: len(first)] == first
        assert coming.value.suggested_filename == f"kmemlab-picture.{name.lower()}"
    lab.shot("given-picture")


def test_a_binder_link_is_copied_and_a_server_in_binders_place_opens_it(lab: LabPage) -> None:
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.open('import os\nos.environ["KMEMLAB_REPOSITORY"] = "somebody/kmemlab"', BOMB)
    lab.ready()
    before = lab.position(), lab.sentence(), lab.containers(), lab.slabs()
    lab.root.locator(".kl-more").click()
    lab.root.get_by_role("menuitem", name="Copy a Binder link").click()
    lab.page.wait_for_function("() => document.querySelector('.kl-notice:not([hidden])')?.innerText.includes('Binder link')")
    copied = lab.page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("https://mybinder.org/v2/gh/somebody/kmemlab/HEAD?urlpath=")
    (inner,) = parse_qs(urlsplit(copied).query)["urlpath"]
    # Binder starts a Jupyter server in the repository and opens `urlpath` on it with its token: so do we.
    page = lab.server.log.parent / "root" / "kmemlab" / "lab" / "page"
    shutil.copytree(PAGE, page, dirs_exist_ok=True)
    lab.page.goto(f"{lab.server.url}/{inner}&token={lab.server.token}")
    lab.ready()
    assert (lab.position(), lab.sentence(), lab.containers(), lab.slabs()) == before
    lab.shot("given-binder")


@pytest.mark.long
def test_where_the_repository_is_unknown_the_reader_is_told_what_to_set(lab: LabPage) -> None:
    hide = "import kmemlab.lab.binder as binder\nbinder.repository = lambda home: ''"
    lab.open(hide, BOMB)
    lab.ready()
    lab.root.locator(".kl-more").click()
    lab.root.get_by_role("menuitem", name="Copy a Binder link").click()
    lab.page.wait_for_function("() => document.querySelector('.kl-notice:not([hidden])')?.innerText.includes('OWNER/NAME')")
