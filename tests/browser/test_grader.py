"""The grader in a cell of a real JupyterLab: a wrong controller's story opens in the lab, one step before it goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from .lab_page import LabPage

CONTROLLERS = Path(__file__).parents[1] / "lessons" / "controllers"
WORKED = (CONTROLLERS / "worked.py").read_text().split('"""', 2)[2]
WRONG = (CONTROLLERS / "no_uncharge.py").read_text().split('"""', 2)[2]
ENDLESS = WORKED.replace("        kernel = self.kernel\n", "        while True: pass\n")


@pytest.mark.browser
def test_a_controller_written_in_a_cell_is_graded_and_its_failing_story_opens_in_the_lab(lab: LabPage) -> None:
    lab.open(
        "from kmemlab import Lab\nfrom kmemlab.lessons.grader import grade",
        WRONG,
        "result = grade(Controller, stage=1)\nresult",
        "Lab(result.session, autosave=False)",
        f"{ENDLESS}\ngrade(Controller, stage=1)",
        f"{WORKED}\ngrade(Controller, stage=1)",
    )
    lab.ready()
    outputs = lab.page.locator(".jp-OutputArea-output")
    outputs.filter(has_text="open 1; close 1: blue's usage 256, should be 0").first.wait_for()
    outputs.filter(has_text="what gives the bytes back when an object is freed?").first.wait_for()
    outputs.filter(has_text="alloc() ran 200,000 steps and did not end").first.wait_for()
    outputs.filter(has_text="together             20 of 20").first.wait_for()
    assert lab.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert lab.containers()["/blue"]["usage"] == "256", "before the close"
    lab.root.focus()
    lab.page.keyboard.press("End")
    lab.page.wait_for_function(
        "() => { const { position, length } = document.querySelector('.kmemlab-lab').dataset; return position === length }"
    )
    assert lab.containers()["/blue"]["usage"] == "0", "what should have come of it"
    lab.shot("grader")
