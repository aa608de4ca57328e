"""A SLAB machine in a real JupyterLab: three lists, arrays, and no page error."""

from __future__ import annotations

import os

import pytest

from .lab_page import LabPage

pytestmark = pytest.mark.browser
LONG = pytest.mark.long  # the same at another size: left to make test-all
SIZES = [(1280, 800), pytest.param((1920, 1080), marks=LONG), pytest.param((1000, 900), marks=LONG)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_stage_of_a_slab_machine_has_lists_and_arrays(lab: LabPage, size: tuple[int, int]) -> None:
    lab.page.set_viewport_size({"width": size[0], "height": size[1]})
    lab.open(
        'from kmemlab import Session\nfrom kmemlab.lab import Lab\nsession = Session(allocator="slab", cpus=2, memory="2M")\n'
        'session.run("mount -t container -o kmem none /containers", "mkdir /containers/web", "fork",\n'
        '    "echo 1 > /sys/slab/filp/cache_account", "echo 2 > /containers/web/tasks", "as 2@0 open 40",\n'
        '    "echo filp 12 6 1 > /proc/slabinfo", "as 2@0 close 3 4 5 21 22 23 24 25 26 27 28 29 30 31 32 33",\n'
        '    "as 2@1 open 1")\n'
        "Lab(session)"
    )
    lab.page.wait_for_selector(".kmemlab-lab[data-position]")
    rows = lab.page.locator(".kmemlab-lab [role=row][data-where]")
    rows.first.wait_for(state="attached")
    if os.environ.get("KMEMLAB_SHOT"):
        lab.page.screenshot(path=f"{os.environ['KMEMLAB_SHOT']}-{size[0]}.png", full_page=True)
    where = [row.get_attribute("data-where") or "" for row in rows.all()]
    assert where
    assert {each.split()[0] for each in where} <= {"partial", "free", "full"}
    assert all(each.split()[1].isdigit() for each in where)
    labels = lab.page.locator(".kmemlab-lab [role=gridcell]").all_inner_texts()
    told = " ".join(str(label) for label in labels)
    assert "rests in the array of cpu" in told
    assert "freed by another cpu" not in told
    assert lab.errors == []
