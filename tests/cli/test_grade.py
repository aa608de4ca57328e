"""`kmemlab grade` as a stranger meets it."""

from __future__ import annotations

import json
from pathlib import Path

from kmemlab import Session

from .test_contracts import as_json, kmemlab, one_line

CONTROLLERS = Path(__file__).parents[1] / "lessons" / "controllers"


def test_what_is_right_exits_0_and_the_last_line_has_the_points() -> None:
    told = as_json("grade", CONTROLLERS / "worked.py", "--stage", 2, "--seed", 9)
    assert (told["passed"], told["points"], told["stage"], told["seed"]) == (True, 40, 2, 9)
    assert [(part["name"], part["got"], part["failure"]) for part in told["parts"]] == [
        ("charge", 20, None),
        ("limit", 20, None),
    ]


def test_what_is_wrong_exits_1_with_its_story_and_a_link_to_it() -> None:
    ran = kmemlab("grade", CONTROLLERS / "no_uncharge.py", "--stage", 1, "--json")
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["passed"]) == (1, False)
    assert told["story"] == "open 1; close 1: blue's usage 256, should be 0"
    session = Session.from_link(told["link"])
    assert session.commands[-1] == "as 2 close 0"
    assert session.position < session.length
    plain = kmemlab("grade", CONTROLLERS / "no_uncharge.py", "--stage", 1)
    assert (plain.returncode, plain.stderr) == (1, "")
    assert told["story"] in plain.stdout
    assert plain.stdout.splitlines()[-1] == "grade: 0 of 20 points"


def test_dots_exit_1_and_say_that_they_are_not_answered_yet(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from kmemlab.lessons.grader import SlabListener\nclass Mine(SlabListener):\n    def alloc(self, s, n): ...\n"
    )
    ran = kmemlab("grade", path)
    assert ran.returncode == 1
    assert "not answered yet: alloc still has its dots (line 3)" in ran.stdout


def test_a_file_that_is_no_python_exits_2_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("class Mine:\n    def alloc(\n")
    assert f"kmemlab: {path}:2: expected Python, found" in one_line(kmemlab("grade", path))
    path.write_bytes(b"\xff\xfe\x00")
    assert "expected a text of Python" in one_line(kmemlab("grade", path))
    assert "nowhere.py:1: expected a file of Python, found No such file" in one_line(kmemlab("grade", "nowhere.py"))
    assert kmemlab("grade", path, "--stage", 5).returncode == 2


def test_a_notebook_is_graded_too_and_one_that_is_none_exits_2(tmp_path: Path) -> None:
    capstone = CONTROLLERS.parents[2] / "notebooks" / "13-capstone.ipynb"
    told = as_json("grade", capstone, "--stage", 1)
    assert (told["name"], told["points"], told["passed"]) == ("Stage1", 20, True)
    path = tmp_path / "mine.ipynb"
    path.write_text("class Mine:\n")
    assert f"kmemlab: {path}:1: expected a notebook, found no notebook" in one_line(kmemlab("grade", path))
