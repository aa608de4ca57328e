"""Every lesson: its text keeps the rules, its notebook is what the text makes now, its exercises can be failed and solved."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from kmemlab.lessons.checking import table_of
from kmemlab.lessons.table import Prediction
from kmemlab.lessons.verdict import BLANK, RIGHT, Verdict
from tools import notebooks, prose
from tools.answers import run

LESSONS = notebooks.lessons()
SOLUTIONS = Path(__file__).parent / "solutions"
LARGEST = 300_000  # bytes of a notebook,
LARGEST_LAB, LARGEST_PICTURE = 20_000, 12_500  # and of a still picture in it

OFFLINE = """
import socket

def refused(self, address, *more, _connect=socket.socket.connect):
    if self.family == getattr(socket, "AF_UNIX", None) or address[0] in ("127.0.0.1", "localhost", "::1"):
        return _connect(self, address, *more)
    raise OSError(f"no lesson needs a network, and this one wants {address}")

socket.socket.connect = refused
"""

HEAD = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""

every = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


@cache
def made(path: Path) -> nbformat.NotebookNode:
    """The notebook, executed once for all tests."""
    return notebooks.make(path)


@pytest.fixture(autouse=True)
def offline(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter kernels that a test starts reach this machine alone."""
    folder = tmp_path_factory.mktemp("offline")
    (folder / "sitecustomize.py").write_text(OFFLINE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")


def test_a_lesson_that_wants_a_network_fails(tmp_path: Path) -> None:
    path = tmp_path / "77-far.md"
    asks = "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)"
    path.write_text(f"{HEAD}\n```{{code-cell}} ipython3\n{asks}\n```\n", encoding="utf-8")
    with pytest.raises(CellExecutionError, match="no lesson needs a network"):
        notebooks.make(path)


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The cells of code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def asked(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Which questions a notebook asks, and by which function."""
    calls = re.findall(r'\b(predict|check)\(\s*"([\d.]+)"', "\n".join(cell.source for cell in code(notebook)))
    return {number: function for function, number in calls}


def said(cell: nbformat.NotebookNode) -> str:
    """What a cell printed."""
    return "\n".join("".join(each.get("data", {}).get("text/plain", each.get("text", ""))) for each in cell.outputs)


def links_alike(text: str) -> str:
    """Leave out what links hold: it is packed, and another zlib packs the same into other bytes."""
    return re.sub(r"\bk1\.[\w-]+", "k1.", text)


@every
def test_the_text_keeps_the_rules(path: Path) -> None:
    assert prose.broken_rules(notebooks.source_of(path)) == []


@every
def test_the_notebook_runs_from_a_clean_state_and_is_what_its_text_makes_now(path: Path) -> None:
    wanted = notebooks.written(made(path))
    kept = notebooks.place(path).read_text(encoding="utf-8")
    assert links_alike(kept) == links_alike(wanted), f"{path.stem} is stale: make notebooks"
    assert all(each.output_type != "error" for cell in code(made(path)) for each in cell.outputs)
    assert [cell.execution_count for cell in code(made(path))] == list(range(1, len(code(made(path))) + 1))


@every
def test_the_notebook_is_light(path: Path) -> None:
    kept = notebooks.place(path).read_text(encoding="utf-8")
    assert len(kept.encode()) < LARGEST
    assert "widget-view" not in kept
    assert "widget-state" not in kept
    shown = [
        cell
        for cell in code(made(path))
        if prose.PICTURES.search(cell.source.splitlines()[-1]) and "predict(" not in cell.source
    ]
    for cell in shown:
        assert any("image/svg+xml" in each.get("data", {}) for each in cell.outputs), cell.source
    pictures = [each.data for cell in code(made(path)) for each in cell.outputs if "image/svg+xml" in each.get("data", {})]
    for data in pictures:
        most = LARGEST_LAB if data["text/plain"].startswith("Lab at event") else LARGEST_PICTURE
        assert len(data["image/svg+xml"].encode()) < most, data["text/plain"]


@every
def test_questions_and_the_lessons_table_are_the_same(path: Path) -> None:
    table = table_of(path.name[:2])
    questions = asked(notebooks.source_of(path))
    assert list(questions) == list(table), "in the order of their numbers"
    assert [int(number.partition(".")[2]) for number in table] == list(range(len(table)))
    for number, row in table.items():
        assert questions[number] == ("predict" if isinstance(row, Prediction) else "check"), number


@every
def test_exercises_that_nobody_has_done_are_not_right(path: Path) -> None:
    done = {cell.metadata["exercise"] for cell in code(made(path)) if "exercise" in cell.metadata}
    graded = {cell.metadata["graded"]: said(cell) for cell in code(made(path)) if "graded" in cell.metadata}
    assert done == set(graded)
    assert graded
    for number, verdict in graded.items():
        assert f"{number} {BLANK}" in verdict, verdict
    for cell in code(made(path)):
        if cell.metadata.get("ladder") == "worked":
            assert f" {RIGHT}." in said(cell), said(cell)


@every
def test_the_worked_solutions_are_right(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMEMLAB_PROGRESS", "off")
    solutions = tomllib.loads((SOLUTIONS / f"{path.name[:2]}.toml").read_text(encoding="utf-8"))
    names: dict[str, Any] = {"__name__": "__main__"}
    verdicts: list[Verdict] = []
    used = set()
    for cell in code(notebooks.source_of(path)):
        number = cell.metadata.get("exercise", "")
        used.add(number)
        value = run(solutions.get(number, cell.source), names, f"{path.stem}-{cell.id}")
        if isinstance(value, Verdict):
            verdicts.append(value)
    assert [verdict for verdict in verdicts if verdict.state != RIGHT] == []
    assert {verdict.number for verdict in verdicts} == {number for number, by in asked(made(path)).items() if by == "check"}
    assert set(solutions) == used - {""}


def test_a_lesson_that_is_named_is_there() -> None:
    """What is planned is not promised: whoever is sent to lesson 11 looks for it."""
    there = {path.name[:2] for path in notebooks.lessons()}
    for path in notebooks.lessons():
        named = set(re.findall(r"\b[Ll]essons? (\d\d)\b", path.read_text(encoding="utf-8")))
        named -= {"14"} if path.name.startswith("13") else set()  # "There is no lesson 14."
        assert named - there == set(), path.name
