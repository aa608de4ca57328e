"""Lesson 07: what its machines say, what is said to wrong answers, and the four ways to make a design look bad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.lessons import check
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.graded import Handed
from kmemlab.lessons.grader import Graded
from kmemlab.lessons.lesson_07 import LINES, LISTED, ON, SIXTY, ran, walked
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, BROKEN, NOT_YET, RIGHT
from kmemlab.turning_off import OFF

DRAINED = [
    "At once: it is off",
    "When the last file that was charged is closed",
    "When accounting is switched on again: that begins from nothing",
    "When blue is removed",
]
SHUTTLE = ["open 800", "close all"]


def test_drain_answers_first_then_the_charged_list_the_full_list_and_last_the_walk() -> None:
    lines = list(LINES.values())
    row = prediction_of("07.1")
    wanted = row.wanted(Case("07.1"), lines)
    assert [list(LINES)[place] for place in wanted] == ["drain", "charged-list", "full-list", "walk"]
    swapped = (wanted[0], wanted[2], wanted[1], wanted[3])
    assert "Twenty files" in row.told(swapped, wanted, lines)
    assert "never was filp's" in row.told((*wanted[:2], wanted[3], wanted[2]), wanted, lines)
    assert "next to nothing" in row.told((wanted[1], wanted[0], *wanted[2:]), wanted, lines)


def test_drain_is_done_with_the_last_file_that_was_charged() -> None:
    row = prediction_of("07.3")
    assert row.wanted(Case("07.3"), DRAINED) == 1
    assert all(row.told(wrong, 1, DRAINED) for wrong in (0, 2, 3))


@pytest.mark.parametrize(("number", "wanted", "wrong"), [("07.0", 8, (40, 0, 32)), ("07.4", 2, (0, 3, 40))])
def test_numbers(number: str, wanted: int, wrong: tuple[int, ...]) -> None:
    row = prediction_of(number)
    assert row.wanted(Case(number), []) == wanted
    assert all(row.told(each, wanted, []) for each in wrong)


def test_the_walk_finds_what_was_charged_whether_off_was_asked_for_before_or_not() -> None:
    for lines in (SIXTY, (*SIXTY, OFF)):
        assert walked(Case("07.2", ran(*lines, memory="1G"))) == [262144, 2, 28]


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([0, 2, 3], RIGHT, "All 3 slabs"), ([3, 0, 2], RIGHT, ""), ([], BLANK, ""), ([...], BLANK, ""),
    ([0, 1, 2, 3], NOT_YET, "its page has gone back"), ([2, 3], NOT_YET, "Slab 0 is not on it"),
    ([0, 0, 2, 3], NOT_YET, "twice"), (["0"], NOT_YET, "A list of slabs"), (7, NOT_YET, "A list of slabs"),
])  # fmt: skip
def test_a_list_of_slabs(answer: Any, state: str, says: str) -> None:
    verdict = check("07.5", answer, session=ran(*LISTED))
    assert (verdict.state, says in verdict.words) == (state, True), verdict


@pytest.mark.parametrize(("machine", "lines", "state", "says"), [
    ({"off": "full-list"}, SHUTTLE * 2, RIGHT, "nobody has asked for"), ({"off": "full-list"}, [], BLANK, ""),
    ({"off": "full-list"}, ["open 40"], NOT_YET, "List operations so far: 2"),
    ({"off": "full-list"}, [ON, *SHUTTLE * 2], NOT_YET, "never of use"),
    ({"off": "charged-list"}, [ON, *SHUTTLE * 2], RIGHT, "nobody has asked for off"),
    ({"off": "charged-list"}, SHUTTLE, NOT_YET, "List operations so far: 0"),
    ({"off": "charged-list"}, [ON, "open 4", OFF], NOT_YET, "where it shines"),
    ({"off": "walk", "memory": "1G"}, [ON, "open 1", OFF], RIGHT, "262,144 page records"),
    ({"off": "walk"}, [ON, "open 1", OFF], NOT_YET, "16,384 page records for one slab"),
    ({"off": "walk"}, [ON, "open 1"], NOT_YET, "has not been asked for"),
    ({"off": "drain"}, [ON, "open 1", OFF, "open 200"], RIGHT, "256 bytes are still charged"),
    ({"off": "drain"}, [ON, "open 1", OFF], NOT_YET, "only"),
    ({"off": "drain"}, [ON, "open 1"], NOT_YET, "has not been asked for"),
    ({"off": "drain"}, [ON, "open 1", OFF, "close all"], NOT_YET, "It was done"),
    ({}, [ON, "open 1"], NOT_YET, "Choose a design"),
])  # fmt: skip
def test_a_design_at_its_worst(machine: dict[str, str], lines: list[str], state: str, says: str) -> None:
    session = Session(**machine)  # type: ignore[arg-type]
    session.run(*lines)
    verdict = check("07.6", session)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def test_a_listener_is_graded_and_its_shortest_story_told() -> None:
    row = Handed("drain")
    assert row.judge(Case("07.7"), Handed("drain")).state == NOT_YET, "no class"
    assert row.said(Graded(trouble="not answered yet: Drain still has its dots")).state == BLANK
    assert row.said(Graded(trouble="it was stopped after 60 seconds")).state == BROKEN
    from kmemlab.lessons.grader import grade

    wrong = grade(Path(__file__).parent / "drains" / "old_generation.py", exercise="drain")
    verdict = row.said(wrong)
    assert verdict.state == NOT_YET
    assert verdict.words.startswith("Open 1; switch filp off; switch filp on; close 1: blue's usage 256, should be 0.")
    assert "whoever paid is given back" in verdict.words
