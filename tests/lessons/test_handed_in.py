"""A notebook as a learner hands it in: what it defines is graded, what it runs is not, and what is blank hides nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import nbformat
import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.lessons.grader import grade
from kmemlab.lessons.handed_in import program_in
from tools import notebooks

CAPSTONE = notebooks.MADE / "13-capstone.ipynb"
SOLVED = tomllib.loads((notebooks.ROOT / "tests" / "lessons" / "solutions" / "13.toml").read_text(encoding="utf-8"))


def handed_in(path: Path, *cells: str) -> Path:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    return path


def capstone(path: Path, *solved: str) -> Path:
    """The lesson's own notebook, with some of its exercises solved."""
    notebook = nbformat.read(CAPSTONE, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("exercise") in solved:
            cell.source = SOLVED[cell.metadata["exercise"]]
    nbformat.write(notebook, path)
    return path


@pytest.mark.parametrize(("solved", "name"), [((), "Stage1"), (("13.4",), "Stage2"), (tuple(SOLVED), "Stage4")])
def test_the_last_stage_that_has_no_dots_is_graded(tmp_path: Path, solved: tuple[str, ...], name: str) -> None:
    program = program_in(capstone(tmp_path / "ada.ipynb", *solved))
    assert program.name == name
    text = program.parts[0][0]
    assert "check(" not in text
    assert "Lab(" not in text
    assert "explore" not in text, "what no definition uses stays behind"


def test_a_capstone_gets_its_marks_from_the_notebook_itself(tmp_path: Path) -> None:
    graded = grade(capstone(tmp_path / "ada.ipynb", *SOLVED), stage=2, seed=5)
    assert (graded.trouble, graded.points, graded.name) == ("", 40, "Stage4")
    assert grade(capstone(tmp_path / "bob.ipynb", "13.4"), stage=2, name="Stage1").points == 20


def test_a_stage_over_one_with_dots_is_not_graded(tmp_path: Path) -> None:
    assert program_in(capstone(tmp_path / "ada.ipynb", "13.4", "13.6")).name == "Stage2"
    with pytest.raises(KernelError, match="Stage4, or something that it uses, still has its dots"):
        program_in(capstone(tmp_path / "ada.ipynb", "13.4", "13.6"), "Stage4")


def test_cells_that_run_something_that_are_no_python_or_were_written_again(tmp_path: Path) -> None:
    path = handed_in(
        tmp_path / "mine.ipynb",
        "from kmemlab.lessons.grader import SlabListener\nBYTES = 8\nraise SystemExit",
        "%time 1\n?help\nclass Broken(",
        "class Mine(SlabListener):\n    ...",
        "import os\nfound = os.listdir()\nclass Mine(SlabListener):\n    cost = BYTES\n    def free(self, slab, number): pass",
        "class Other:\n    def free(self, slab, number): ...",
    )
    program = program_in(path)
    assert program.name == "Mine"
    assert program.parts[0][0].splitlines() == [
        "from kmemlab.lessons.grader import SlabListener", "BYTES = 8",
        "class Mine(SlabListener):", "    cost = BYTES", "    def free(self, slab, number): pass",
    ]  # fmt: skip


def test_a_function_is_found_for_an_exercise(tmp_path: Path) -> None:
    path = handed_in(tmp_path / "mine.ipynb", "def charge(obj):\n    return True", "def later(obj):\n    ...")
    assert program_in(path, function=True).name == "charge"
    with pytest.raises(KernelError, match=r"mine\.ipynb has no class that derives from SlabListener"):
        program_in(path)
    with pytest.raises(KernelError, match=r"mine\.ipynb has no function nobody"):
        program_in(path, "nobody", function=True)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 1}', '{"cells": [{"cell_type": "code"}]}'])
def test_what_is_no_notebook_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KernelError, match="is no notebook"):
        program_in(path)
