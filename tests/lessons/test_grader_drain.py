"""Lesson 07's exercise: a controller that is off at once and drains; three ways to get it wrong, and one that is never off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kmemlab.lessons import grader_words as words
from kmemlab.lessons.grader import Graded, grade
from kmemlab.lessons.grader_drain import DRAIN, DrainBench, grade_drain
from kmemlab.lessons.grader_run import Make, Part, play_all
from kmemlab.lessons.grader_stories import Story

DRAINS = Path(__file__).parent / "drains"
WRONG = {
    "off_without_test": ("open 1; switch filp off; close 1: blue's usage 256, should be 0", words.TAKEN_AT_OFF),
    "uncharge_current": ("open 1; move blue's task to red; close 1: blue's usage 256, should be 0", words.CURRENT),
    "old_generation": ("open 1; switch filp off; switch filp on; close 1: blue's usage 256, should be 0", words.DRAINED),
    "never_off": ("switch filp off; open 1: blue's usage 256, should be 0", words.CHARGED_WHILE_OFF),
}


def drain(name: str) -> Make:
    space: dict[str, Any] = {"__name__": name}
    exec(compile((DRAINS / f"{name}.py").read_text(), f"<student {name}>", "exec"), space)
    found: Make = space["Controller"]
    return found


def test_one_that_drains_passes_stories_faults_and_schedules() -> None:
    parts = grade_drain(drain("worked"), 1)
    assert [(part.name, part.got, part.failure) for part in parts] == [
        ("off, drain, on again", 20, None),
        ("every nth fault", 15, None),
        ("all schedules", 15, None),
    ]
    assert all(part.tried >= 50 for part in parts)


def test_every_wrong_one_has_its_message() -> None:
    assert {path.stem for path in DRAINS.glob("*.py")} == {"worked", *WRONG}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_told_its_shortest_story(name: str) -> None:
    part = play_all(Part("drain", 20), map(Story, DRAIN), drain(name), DrainBench)
    assert part.failure is not None
    assert (part.failure.story, part.failure.hint) == WRONG[name]
    session = Graded([part]).session
    assert session is not None
    assert session.machine.profile.off == "drain"
    session.seek(session.length)
    assert all(not result.err for result in session.results), "the machine's own controller drains, too"
    session.machine.check()


def test_it_is_an_exercise_of_the_grader_and_a_class() -> None:
    result = grade(DRAINS / "never_off.py", exercise="drain")
    assert result.story == WRONG["never_off"][0]
    assert "derives from SlabListener" in grade(lambda_of(), exercise="drain").trouble


def lambda_of() -> Any:
    def not_a_class(at: Any) -> None:
        at.take()

    return not_a_class
