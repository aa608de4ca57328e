"""A class comes into the child as its source, out of the cells of a notebook, with what it uses and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from kmemlab.engine.errors import KernelError
from kmemlab.lessons.grader import Graded
from kmemlab.lessons.grader_source import dots_in, program_of

from .test_grader import CONTROLLERS

WORKED = (CONTROLLERS / "worked.py").read_text().split('"""', 2)[2]


@pytest.fixture
def notebook() -> Iterator[Any]:
    """Cells that are run one after the other, as a Jupyter kernel runs them."""
    shell: Any = InteractiveShell.instance()
    yield shell
    shell.reset()
    InteractiveShell.clear_instance()


def cell(notebook: Any, text: str) -> Any:
    ran: Any = notebook.run_cell(text)
    ran.raise_error()
    return ran.result


def test_a_class_of_a_cell_is_graded_and_the_rest_of_its_cell_does_not_run_again(notebook: Any) -> None:
    cell(notebook, "runs = []")
    cell(notebook, "from kmemlab.lessons.grader import grade")
    result = cell(notebook, f"{WORKED}\nruns.append(1)\nresult = grade(Controller, stage=1)\nresult")
    assert isinstance(result, Graded)
    assert result.passed, result
    assert cell(notebook, "runs") == [1]


def test_what_other_cells_made_comes_along(notebook: Any) -> None:
    cell(notebook, "import errno as e\nfrom kmemlab.engine.notify import SlabListener\nPRICES = {'cell': 1}\n")
    cell(notebook, "def bill(slab):\n    return slab.cache.size * PRICES['cell']\n")
    text = WORKED.replace("import errno\n", "").replace("errno.EBUSY", "e.EBUSY")
    text = text.replace("from kmemlab.engine.notify import SlabListener\n", "").replace(
        "(group, slab.cache.size)", "(group, bill(slab))"
    )
    cell(notebook, f"%pwd\n{text}")
    program = program_of(cell(notebook, "Controller"))
    assert program.values == ["PRICES = {'cell': 1}"]
    assert program.imports == ["from kmemlab.engine.notify import SlabListener as SlabListener", "import errno as e"]
    assert [name for _, name in program.parts] == ["bill", "Controller"]
    result = cell(notebook, "from kmemlab.lessons.grader import grade\ngrade(Controller, stage=1)")
    assert result.passed, result


def test_a_class_derived_from_one_of_another_cell_comes_with_it(notebook: Any) -> None:
    cell(notebook, WORKED)
    cell(notebook, "class Better(Controller):\n    def free(self, slab, number):\n        super().free(slab, number)\n")
    assert cell(notebook, "from kmemlab.lessons.grader import grade\ngrade(Better, stage=1)").passed


def test_a_cell_that_was_run_again_is_graded_as_it_is_now(notebook: Any) -> None:
    cell(notebook, WORKED)
    cell(notebook, WORKED.replace("        self.kernel.res_counter_uncharge(group, slab.cache.size)\n", ""))
    result = cell(notebook, "from kmemlab.lessons.grader import grade\ngrade(Controller, stage=1)")
    assert result.story == "open 1; close 1: blue's usage 256, should be 0"


def test_what_cannot_come_along_is_named(notebook: Any) -> None:
    cell(notebook, "import socket\nline = socket.socket()\nline.close()")
    cell(notebook, "class Mine:\n    def alloc(self, slab, number):\n        return line\n")
    with pytest.raises(KernelError, match="Mine uses line, a socket of the notebook: it runs apart"):
        program_of(cell(notebook, "Mine"))


def test_dots_are_found_wherever_they_are() -> None:
    assert dots_in("class A:\n    def alloc(self): ...\n", "A") == ("alloc", 2)
    assert dots_in("class A:\n    size = ...\n", "A") == ("A", 2)
    assert dots_in("class A:\n    def alloc(self):\n        return f(..., 1)\n", "A") == ("alloc", 3)
    assert dots_in("class A:\n    def alloc(self): return True\n", "A") is None
