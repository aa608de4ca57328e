"""A schedule that fails is opened in the lab with the student's own code, one step before: the line that the grader prints."""

from __future__ import annotations

import importlib.util
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.engine.notify import SlabListener
from kmemlab.lab import Lab
from kmemlab.lessons import grader_races
from kmemlab.lessons.grader import Graded, grade
from kmemlab.lessons.grader_bench import Bench
from kmemlab.lessons.grader_replay import replay
from kmemlab.lessons.three_steps import bare
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


def lines_of(result: Graded) -> str:
    """The lines that are printed, to be pasted."""
    return "\n".join(line.strip() for line in repr(result).splitlines() if re.match(r"  (from |RaceView|Lab)", line))


def pasted(result: Graded, **names: Any) -> Any:
    """What the printed lines make in a notebook that has these names."""
    imports, _, line = lines_of(result).rpartition("\n")
    exec(imports, names)
    return eval(line, names)


def assert_one_step_before(result: Graded, **cells: Any) -> dict[str, Any]:
    """It stands one step before the failure, and that step fails as the grader told; returns the frame after it."""
    failure = result.failure
    assert failure is not None
    view = pasted(result, **cells)
    before: dict[str, Any] = view.steering.frame()
    assert before["position"] == len(failure.schedule) - 1
    assert not before["wrong"]
    names = [actor["name"] for actor in before["actors"]]
    story = [(names[who], function, told) for who, function, told in before["story"]]
    assert story == [tuple(step) for step in failure.schedule[:-1]]
    view.do("let", who=failure.path[-1])
    after: dict[str, Any] = view.steering.frame()
    assert after["wrong"]
    assert after["wrong"].removeprefix(f"{names[failure.path[-1]]}: ").removeprefix("broken at the end: ") in failure.story
    return after


@pytest.mark.parametrize("name", ["lookup_outside_rcu", "reference_after_section"])
def test_a_controller_stands_before_the_use_of_what_is_freed(name: str) -> None:
    for controller in imported(name):
        result = grade(controller)
        after = assert_one_step_before(result, Controller=controller)
        assert next(row for row in after["containers"] if row["path"] == "/a")["gone"]
        assert after["story"][-1][1] == "css_get"


def test_all_its_schedules_can_be_run_there_too() -> None:
    for controller in imported("lookup_outside_rcu"):
        result = grade(controller)
        view = pasted(result, Controller=controller)
        view.do("explore")
        found = view.steering.frame()["found"]
        assert f" of {found['schedules']:,}: " in result.story
        assert found["violations"] >= 4, "this one and others"
        assert result.failure is not None
        assert len(found["shortest"]) == len(result.failure.path)


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
    assert_one_step_before(grade(bare, exercise="steps"), bare=bare)
    assert_one_step_before(grade(late, exercise="remover"), late=late)


def test_what_is_wrong_by_itself_stands_before_its_last_step() -> None:
    def nothing(at: Any) -> Any:
        at.take()
        yield "Find"
        at.find()

    result = grade(nothing, exercise="steps")
    assert "alone" in result.story
    assert pasted(result, nothing=nothing).steering.path == result.steps


def test_a_file_may_be_anybodys_and_runs_in_the_child_only_until_somebody_pastes_the_line() -> None:
    result = grade(CONTROLLERS / "lookup_outside_rcu.py")
    assert result.failure is not None
    assert result.failure.race == 0
    assert result.race is None
    assert "It runs the file there: a file of your own." in repr(result)
    after = assert_one_step_before(result)
    assert next(row for row in after["containers"] if row["path"] == "/a")["gone"]


def test_a_line_with_another_race_or_exercise_says_what_there_is() -> None:
    path = CONTROLLERS / "lookup_outside_rcu.py"
    with pytest.raises(KernelError, match="There is no race 99: they are counted from 0 to 6"):
        replay(path, 99)
    with pytest.raises(KernelError, match="There is no exercise 'paint'"):
        replay(path, 0, exercise="paint")


def test_a_story_is_opened_by_a_line_as_well_one_step_before() -> None:
    result = grade(CONTROLLERS / "owner_first.py", stage=2)
    lab = pasted(result)
    session = result.session
    assert isinstance(lab, Lab)
    assert session is not None
    assert (lab.session.commands, lab.session.position) == (session.commands, session.position)
    assert session.position < session.length


def test_a_story_is_no_race() -> None:
    result = grade(CONTROLLERS / "owner_first.py", stage=2)
    assert (result.race, result.steps) == (None, ())


def test_a_hook_that_never_comes_to_its_next_call_is_told_so_and_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grader_races, "PATIENCE", 0.05)

    class Asleep(SlabListener):
        def __init__(self, kernel: Any) -> None:
            super().__init__()

        def alloc(self, slab: Any, number: int) -> bool:
            time.sleep(0.4)
            return True

    charge_alone = grader_races.scenes(Asleep, Bench)[0]
    run = charge_alone.stage().run((0,))
    assert run.wrong == "charge: a hook does not come to its next call, nor to its end"
    assert run.enabled() == []
