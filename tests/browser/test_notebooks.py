"""A lesson in a real JupyterLab. That all of them run, and are fresh, is tested without a page: tests/lessons."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from .lab_page import LabPage

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def answer_all(lab: LabPage) -> None:
    """Answer every prediction of the lesson, rightly or not."""
    lab.page.wait_for_selector(".kl-asking .kl-commit")
    for place in range(lab.page.locator(".kl-asking").count()):
        card = lab.page.locator(".kl-asking").nth(place)
        if card.get_attribute("data-kind") == "choice":
            card.locator("[role=radio]").first.click()
        else:
            card.locator(".kl-answer").fill("1")
        card.locator(".kl-commit").click()
        card.locator(".kl-again").wait_for()


@pytest.mark.browser
def test_a_lesson_hides_its_outputs_until_it_is_run_and_then_every_picture_is_painted(lab: LabPage) -> None:
    path = NOTEBOOKS / "00-first-light.ipynb"
    shutil.copy(path, lab.server.log.parent / "root" / f"{lab.name}.ipynb")
    lab.visit(f"{lab.name}.ipynb")
    answers = lab.page.locator(".jp-OutputArea-output", has_text="144 of 400 refused")
    lab.page.locator(".jp-OutputPlaceholder").first.wait_for()
    assert answers.count() == 0, "the predictions' answers are folded away"
    lab.run_all()
    lab.ready()
    answers.first.wait_for()
    assert lab.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count() == 0
    lab.page.wait_for_selector(".kmemlab-panel .kl-curtain")  # the picture waits for prediction 00.0
    answer_all(lab)
    wanted = sum("Picture(" in cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
    lab.page.wait_for_function(
        "(n) => [...document.querySelectorAll('.kmemlab-panel')].filter((e) => e.querySelector('.main-svg')).length === n",
        arg=wanted,
    )
    lab.shot("notebook-top")


@pytest.mark.browser
def test_jupytext_which_makes_the_notebooks_is_not_in_a_learners_jupyterlab(lab: LabPage) -> None:
    lab.open("1")
    disabled = lab.page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).disabledExtensions")
    assert "jupyterlab-jupytext" in disabled
    assert "jupyterlab_jupytext" not in lab.server.log.read_text(encoding="utf-8")
