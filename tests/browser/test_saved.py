"""A notebook that was saved with a lab in it shows a picture wherever it is read."""

from __future__ import annotations

import base64
import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from .lab_page import LabPage

CELL = """
from kmemlab import Lab
lab = Lab(scenario="fd-bomb")
lab.controller.do({"action": "mark", "by": 1})
lab.refresh()
lab
"""
SVG = "image/svg+xml"


def test_an_executed_notebook_as_html_shows_the_lab() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(notebook, timeout=120).execute()
    output = notebook.cells[0].outputs[0]
    assert len(output.data[SVG].encode()) < 100_000
    notebook.metadata.pop("widgets", None)  # as JupyterLab saves it, unless it is told otherwise
    page, _ = HTMLExporter().from_notebook_node(notebook)
    inside = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    drawn = page + "".join(base64.b64decode(each).decode() for each in inside)  # by version as an <img>, or as it is
    assert ">40,768</tspan>" in drawn
    assert ">Refused. bomb has 192 bytes left and this file needs 256.</text>" in drawn


@pytest.mark.browser
def test_jupyterlab_shows_the_live_lab_alone_and_saves_the_picture_with_it(lab: LabPage) -> None:
    lab.open(CELL)
    lab.ready()
    assert lab.page.locator(".jp-OutputArea-output").count() == 1
    assert lab.page.locator(".jp-OutputArea-output svg[aria-label^='kmemlab at event']").count() == 0
    assert lab.page.locator(".jp-OutputArea-output .jp-RenderedSVG, .jp-RenderedSVG").count() == 0
    lab.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save') }")
    file = lab.server.log.parent / "root" / f"{lab.name}.ipynb"
    saved = nbformat.read(file, as_version=4)
    (output,) = saved.cells[0].outputs
    assert len("".join(output.data[SVG]).encode()) < 100_000
    assert "40,768" in "".join(output.data[SVG])
    assert file.stat().st_size < 120_000
