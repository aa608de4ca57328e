"""A schedule that fails is opened in the lab with the student's own code, one step before: the line that the grader prints."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kmemlab.lab import RaceView
from kmemlab.lessons.grader import Graded, grade
from kmemlab.races import after_readers

CONTROLLERS = Path(__file__).parent / "controllers"


def imported(name: str) -> Iterator[type]:
    """The controller of a file, as a module has it: its text can be found again."""
    spec = importlib.util.spec_from_file_location(f"replayed_{name}", CONTROLLERS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module.Controller
    del sys.modules[spec.name]


def pasted(result: Graded) -> RaceView:
    """What the printed line makes."""
    (line,) = re.findall(r"RaceView\(.*?\)(?=, of)", repr(result))
    view: RaceView = eval(line, {"RaceView": RaceView, "result": result})
    return view


def assert_one_step_before(result: Graded) -> dict[str, Any]:
    """It stands one step before the failure, and that step fails as the grader told; returns the frame after it."""
    failure = result.failure
    assert failure is not None
    view = pasted(result)
    before = view.steering.frame()
    assert before["position"] == len(failure.schedule) - 1
    assert not before["wrong"]
    names = [actor["name"] for actor in before["actors"]]
    story = [(names[who], function, told) for who, function, told in before["story"]]
    assert story == [tuple(step) for step in failure.schedule[:-1]]
    view.do("let", who=failure.path[-1])
    after = view.steering.frame()
    assert after["wrong"]
    assert after["wrong"].removeprefix(f"{names[failure.path[-1]]}: ").removeprefix("broken at the end: ") in failure.story
    return after


@pytest.mark.parametrize("name", ["lookup_outside_rcu", "reference_after_section"])
def test_a_controller_stands_before_the_use_of_what_is_freed(name: str) -> None:
    for controller in imported(name):
        result = grade(controller)
        after = assert_one_step_before(result)
        assert next(row for row in after["containers"] if row["path"] == "/a")["gone"]
        assert after["story"][-1][1] == "css_get"


def test_all_its_schedules_can_be_run_there_too() -> None:
    for controller in imported("lookup_outside_rcu"):
        result = grade(controller)
        view = pasted(result)
        view.do("explore")
        found = view.steering.frame()["found"]
        assert f" of {found['schedules']:,}: " in result.story
        assert found["violations"] >= 4, "this one and others"
        assert result.failure is not None
        assert len(found["shortest"]) == len(result.failure.path)


def careless(at: Any) -> Any:
    at.take()
    yield "Find"
    at.find()
    yield "Get"
    at.get()
    yield "Charge"
    at.charge()
    at.store()


def late(at: Any) -> Any:
    yield "Take task 2 out"
    at.switch(2, "/red")
    yield "checK"
    at.put_old(2)
    at.may_rmdir("/blue")
    yield from after_readers(at, "X: free it")
    if not at.refused:
        at.remove("/blue")


def test_step_functions_of_lesson_06_stand_there_as_well() -> None:
    assert_one_step_before(grade(careless, exercise="steps"))
    assert_one_step_before(grade(late, exercise="remover"))


def test_what_is_wrong_by_itself_stands_before_its_last_step() -> None:
    def nothing(at: Any) -> Any:
        at.take()
        yield "Find"
        at.find()

    result = grade(nothing, exercise="steps")
    assert "alone" in result.story
    assert pasted(result).steering.path == result.steps


def test_a_file_may_be_anybodys_and_runs_in_the_child_only() -> None:
    result = grade(CONTROLLERS / "lookup_outside_rcu.py")
    assert result.failure is not None
    assert result.failure.race == 0
    assert result.race is None
    assert "grade it in a notebook's cell" in repr(result)
    assert "RaceView" not in repr(result)


def test_a_story_is_no_race() -> None:
    result = grade(CONTROLLERS / "owner_first.py", stage=2)
    assert (result.race, result.steps) == (None, ())
