"""The notebooks, executed: in a Jupyter kernel without a page, and in a real browser."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from .lab_page import LabPage

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ALL = sorted(NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    printed = "\n".join(
        output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    if path.stem.startswith("00"):
        assert "(144 of 400 refused)" in printed
        assert "sh: write error: Device or resource busy" in printed


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.browser
def test_first_light_opens_in_jupyterlab_and_every_picture_is_painted(lab: LabPage) -> None:
    lab.open_file(NOTEBOOKS / "00-first-light.ipynb")
    lab.ready()
    assert lab.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count() == 0
    wanted = sum("Picture(" in cell.source for cell in nbformat.read(NOTEBOOKS / "00-first-light.ipynb", 4).cells)
    panels = lab.page.locator(".kmemlab-panel .main-svg")
    lab.page.wait_for_function(
        "(n) => [...document.querySelectorAll('.kmemlab-panel')].filter((e) => e.querySelector('.main-svg')).length === n",
        arg=wanted,
    )
    assert panels.count() >= wanted
    lab.shot("notebook-top")


@pytest.mark.browser
def test_jupytext_which_makes_the_notebooks_is_not_in_a_learners_jupyterlab(lab: LabPage) -> None:
    lab.open("1")
    disabled = lab.page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).disabledExtensions")
    assert "jupyterlab-jupytext" in disabled
    assert "jupyterlab_jupytext" not in lab.server.log.read_text(encoding="utf-8")
