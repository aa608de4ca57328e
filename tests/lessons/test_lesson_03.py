"""Lesson 03: what its machines and counters say, and what is said to the wrong answers that people give."""

from __future__ import annotations

import pytest

from kmemlab import Session
from kmemlab.lessons import check
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.lesson_03 import MOVED
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, BROKEN, NOT_YET, RIGHT

MOVE = [
    "blue 0, red 1,536: the task has moved, and its memory with it",
    "blue 2,560, red 0: blue paid, and closing elsewhere gives blue nothing",
    "blue 1,536, red 0: blue paid, and blue is given back what is closed",
    "blue 2,560, red -1,024: red closed them, so red gets the credit",
]
RMDIR = [
    "Nothing: it is empty, so it goes",
    "Directory not empty: there are files in it",
    "Device or resource busy",
    "Nothing: what blue still owes is moved to its parent",
]
Steps = list[tuple[str, int]]
Rows = list[tuple[int, int]]
MASK = 2**64 - 1


@pytest.mark.parametrize(("number", "lines", "place"), [("03.1", MOVE, 2), ("03.2", RMDIR, 2)])
def test_what_the_machine_says(number: str, lines: list[str], place: int) -> None:
    row = prediction_of(number)
    assert row.wanted(Case(number), lines) == place
    for wrong in {0, 1, 2, 3} - {place}:
        assert row.told(wrong, place, lines), lines[wrong]


def test_forty_files_are_on_the_bill() -> None:
    row = prediction_of("03.0")
    assert row.wanted(Case("03.0"), []) == 10240
    assert row.told(8640, 10240, []).startswith("That is forty times the struct.")


@pytest.mark.parametrize(("answer", "state", "says"), [
    (["ENOENT", "EBUSY", "EIO", "ESRCH", "EEXIST", "EBUSY"], RIGHT, ""),
    (["ENOENT", "EBUSY", "ESRCH", "EIO", "EEXIST", "EBUSY"], NOT_YET, "no number at all"),
    (["ENOENT", "EEXIST", "EIO", "ESRCH", "EEXIST", "EBUSY"], NOT_YET, "one tree only"),
    (["ENOENT", "EBUSY", "EIO", "ENOENT", "EEXIST", "EBUSY"], NOT_YET, "Which is which?"),
    (["ENOENT", ..., ..., ..., "EEXIST", ...], BLANK, ""),
])  # fmt: skip
def test_six_wrong_commands(answer: list[object], state: str, says: str) -> None:
    verdict = check("03.4", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([300, 1000, 1000, 828, 828, 2], RIGHT, ""), ([300, 300, 301, 129, 309, 1], NOT_YET, "Does an exact fit not fit?"),
    ([300, 1000, 1001, 829, 1009, 0], NOT_YET, "May usage pass the limit?"),
    ([300, 1000, 1000, 828, 1000, 2], NOT_YET, "cut down to what fits?"),
    ([300, 1000, 1000, 828, 828, 0], NOT_YET, "Was none of the five refused?"),
    ([300, 1000, 1000, 828, 828, 1], NOT_YET, "At how many of the five"),
    ([300, 1000, 1000, 700, 828, 2], NOT_YET, "An exact fit is allowed"), ([300, ..., ..., 828, ..., ...], BLANK, ""),
])  # fmt: skip
def test_a_counter_on_paper(answer: list[object], state: str, says: str) -> None:
    """With seed 0: charge 300, 700 and 1, uncharge 172, charge 180."""
    verdict = check("03.7", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def kernels(limit: int, steps: Steps, strict: bool = False, keeps: bool = False, counts: bool = True, mask: int = MASK) -> Rows:
    usage, failcnt, rows = 0, 0, []
    for what, size in steps:
        if what == "uncharge":
            usage = max(0, usage - size)
        elif usage + size & mask > limit - strict:
            failcnt += counts
            usage += size * keeps
        else:
            usage = usage + size & mask
        rows.append((usage, failcnt))
    return rows


def right_one(limit: int, steps: Steps) -> Rows:
    return kernels(limit, steps)


def adds_first(limit: int, steps: Steps) -> Rows:
    return kernels(limit, steps, keeps=True)


def counts_nothing(limit: int, steps: Steps) -> Rows:
    return kernels(limit, steps, counts=False)


def too_strict(limit: int, steps: Steps) -> Rows:
    return kernels(limit, steps, strict=True)


def unbounded(limit: int, steps: Steps) -> Rows:
    return kernels(limit, steps, mask=2**80 - 1)


def below_nothing(limit: int, steps: Steps) -> Rows:
    usage, rows = 0, []
    for (what, size), (_, failcnt) in zip(steps, kernels(limit, steps), strict=True):
        usage = usage - size if what == "uncharge" else usage + size if usage + size <= limit else usage
        rows.append((usage, failcnt))
    return rows


def raises(limit: int, steps: Steps) -> Rows:
    raise ValueError("no")


@pytest.mark.parametrize(("answer", "state", "says"), [
    (right_one, RIGHT, "its oddity too"), (adds_first, NOT_YET, "Does a refused charge stay on it?"),
    (counts_nothing, NOT_YET, "A refusal is not counted."), (too_strict, NOT_YET, "Is an exact fit refused"),
    (unbounded, NOT_YET, "a sum wider than 64 bits?"), (below_nothing, NOT_YET, "Usage cannot go below nothing."),
    (raises, BROKEN, "ValueError"),
])  # fmt: skip
def test_a_counter_as_code(answer: object, state: str, says: str) -> None:
    verdict = check("03.9", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


@pytest.mark.parametrize(("lines", "state", "says"), [
    ([], BLANK, "Nothing has been done yet."),
    (["cat /dev/container/blue/tasks"], BLANK, "Nothing has been done yet."),
    (["as 2 close all", "rmdir /dev/container/blue", "as 2 open 1"], RIGHT, "red pays 256 bytes"),
    (["as 2 open 1", "as 2 close 4-9", "rmdir /dev/container/blue"], RIGHT, "red pays 256 bytes"),
    (["rmdir /dev/container/blue"], NOT_YET, "So many still refer to blue: 6."),
    (["as 2 close 4-8", "rmdir /dev/container/blue"], NOT_YET, "So many still refer to blue: 1."),
    (["as 2 close all"], NOT_YET, "What is left to do?"),
    (["as 2 close all", "rmdir /dev/container/blue"], NOT_YET, "whose would a new one be?"),
    (["as 2 exit", "rmdir /dev/container/blue"], NOT_YET, "Task 2 is to stay alive"),
    (["as 2 close 4-6", "as 2 close 7-9", "rmdir /dev/container/blue", "as 2 open 1"], NOT_YET, "It can be done with 3."),
])  # fmt: skip
def test_blue_is_removed(lines: list[str], state: str, says: str) -> None:
    mine = Session()
    mine.run(*MOVED, *lines)
    verdict = check("03.3", mine)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def test_another_story_is_not_judged() -> None:
    assert check("03.3", Session()).words.startswith("The first commands are not the exercise's")
