"""Lesson 00: what its machines say, and what is said to the wrong answers that people give."""

from __future__ import annotations

from typing import Any

import pytest

from kmemlab import Session
from kmemlab.lessons import check
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.lesson_00 import BLUE, RECIPE
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, NOT_YET, RIGHT

CHOICES = [
    "Yes: task 2 has used up its own memory, not that of others",
    "Yes: the kernel keeps something back for such cases",
    "No: there is no memory left",
    "No: all file descriptors are in use",
]


def told(number: str, given: Any, lines: list[str] | None = None) -> str:
    """What is said to a predicted answer."""
    row = prediction_of(number)
    return row.told(given, row.wanted(Case(number), lines or []), lines or [])


def test_the_bomb_leaves_nothing_for_its_neighbour() -> None:
    assert prediction_of("00.0").wanted(Case("00.0"), CHOICES) == 2
    assert told("00.0", 2, CHOICES) == ""
    assert told("00.0", 3, CHOICES).startswith("Each task has descriptors of its own.")


@pytest.mark.parametrize(("number", "answer"), [("00.1", 256), ("00.2", 390)])
def test_files_under_a_limit(number: str, answer: int) -> None:
    assert prediction_of(number).wanted(Case(number), []) == answer


@pytest.mark.parametrize(("number", "wrong", "says"), [
    ("00.1", 303, "You divided by the length of the struct."), ("00.1", 255, "Is a charge that fits exactly refused?"),
    ("00.1", 257, "May usage pass the limit once?"), ("00.1", 400, "Then the limit would change nothing."),
    ("00.2", 134, "Those are the new ones."), ("00.2", 391, "May usage pass the limit"), ("00.2", 12345, ""),
])  # fmt: skip
def test_each_foreseen_prediction_has_its_words(number: str, wrong: int, says: str) -> None:
    assert told(number, wrong).startswith(says)
    assert bool(told(number, wrong)) == bool(says)


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([15, 16, 19], RIGHT, "15, 16, 19"), ([16, 16, 19], NOT_YET, "one byte is missing"),
    ([15, 16, 20], NOT_YET, "what is left of the third limit"), ([18, 16, 23], NOT_YET, "length of the struct"),
    ([1, 16, 2], NOT_YET, "how many whole files fit"), ([..., 16, ...], BLANK, ""), ("15", NOT_YET, "a list of 3 answers"),
])  # fmt: skip
def test_the_table_of_limits(answer: object, state: str, says: str) -> None:
    verdict = check("00.4", answer)
    assert verdict.state == state
    assert says.lower() in verdict.words.lower()


@pytest.mark.parametrize(("lines", "state", "says"), [
    ([], BLANK, "No container has a limit yet."),
    ([f"echo -n 256000 > {BLUE}"], RIGHT, "1,000 files and not one more"),
    ([f"echo -n 256255 > {BLUE}"], RIGHT, "red opens its own"),
    ([f"echo -n 255999 > {BLUE}"], NOT_YET, "Blue gets 999 files, and 1,000 are wanted: more is needed."),
    ([f"echo -n 256256 > {BLUE}"], NOT_YET, "Blue gets 1,001 files, and 1,000 are wanted: less is needed."),
    ([f"echo 256000 > {BLUE}"], BLANK, "No container has a limit yet."),
    (["echo -n 0 > /dev/container/red/kmem.limit"], NOT_YET, "and red none. Whose limit did you write?"),
    (["as 2 open 5", f"echo -n 256000 > {BLUE}"], NOT_YET, "The bomb has gone off already"),
    (["rmdir /dev/container/blue"], BLANK, "No container has a limit yet."),
    (["echo 2 > /dev/container/red/tasks", "rmdir /dev/container/blue"], NOT_YET, "blue is not there"),
])  # fmt: skip
def test_a_limit_for_a_thousand_files(lines: list[str], state: str, says: str) -> None:
    mine = Session(memory="2M")
    mine.run(*RECIPE, *lines)
    before = mine.machine.state_hash()
    verdict = check("00.5", mine)
    assert (verdict.state, says in verdict.words) == (state, True), verdict
    assert mine.machine.state_hash() == before, "the bomb goes off on a copy"


def test_a_session_that_is_none_is_not_judged() -> None:
    assert check("00.5", 256000).state == NOT_YET
    assert check("00.5", Session()).state == NOT_YET, "not even the recipe"
