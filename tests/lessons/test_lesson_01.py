"""Lesson 01: what its zones say, and what is said to the wrong answers that people give."""

from __future__ import annotations

from typing import Any

import pytest

from kmemlab import Session
from kmemlab.lessons import check
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.lesson_01 import buddy_of
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, BROKEN, NOT_YET, RIGHT

CHOICES = [
    "One block of two pages: they have joined",
    "Two blocks of one page: they have not",
    "Nothing yet: they join when somebody asks for two pages",
]
Free = dict[int, set[int]]


def told(number: str, given: Any, lines: list[str] | None = None) -> str:
    row = prediction_of(number)
    return row.told(given, row.wanted(Case(number), lines or []), lines or [])


@pytest.mark.parametrize(("number", "answer"), [("01.0", 16), ("01.1", 10), ("01.3", 2), ("01.8", 512)])
def test_what_the_zone_says(number: str, answer: int) -> None:
    assert prediction_of(number).wanted(Case(number), []) == answer


def test_two_neighbours_that_are_no_buddies() -> None:
    assert prediction_of("01.2").wanted(Case("01.2"), CHOICES) == 1
    assert told("01.2", 0, CHOICES) == "They are neighbours. Were they ever one piece?"


@pytest.mark.parametrize(("number", "wrong", "says"), [
    ("01.0", 256, "That many files."), ("01.0", 17, "Does it go in evenly?"), ("01.1", 1, "Is what is left"),
    ("01.1", 1023, "That many free pages."), ("01.3", 3, "A block has a power of two"), ("01.3", 4, "Are all four"),
    ("01.8", 2, "Then the largest blocks are spoilt."), ("01.8", 1023, "One page may be free"),
])  # fmt: skip
def test_each_foreseen_prediction_has_its_words(number: str, wrong: int, says: str) -> None:
    assert told(number, wrong).startswith(says)


@pytest.mark.parametrize("pfn", [0, 5, 12, 1023])
def test_a_buddy_found_by_trial_is_the_other_half(pfn: int) -> None:
    for order in (0, 1, 4):
        start = pfn >> order << order
        assert buddy_of(start, order) == start ^ 1 << order


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([4, 64, 184, 320], RIGHT, "4, 64, 184, 320"), ([4, 66, 184, 384], NOT_YET, "Those are the blocks behind."),
    ([4, 64, 168, 320], NOT_YET, "Those are the blocks in front."), ([4, 65, 179, 357], NOT_YET, "of the order itself"),
    ([4, 64, 184, 384], NOT_YET, "Which bit is worth 32?"), ([4, 66, 168, 320], NOT_YET, "Which bit is worth 8"),
    ([4, 64, 184, 321], NOT_YET, "Only that one."), ([4, ..., ..., ...], BLANK, ""),
])  # fmt: skip
def test_buddies_on_paper(answer: list[object], state: str, says: str) -> None:
    """Of page 6 at order 1, and with seed 0 of page 65 at order 0, page 176 at order 3, page 352 at order 5."""
    verdict = check("01.5", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def xor(pfn: int, order: int) -> int:
    return pfn ^ (1 << order)


def behind(pfn: int, order: int) -> int:
    return pfn + (1 << order)


def power(pfn: int, order: int) -> int:
    return int(2**pfn)


def turned_off(pfn: int, order: int) -> int:
    return pfn & ~(1 << order)


@pytest.mark.parametrize(("answer", "state", "says"), [
    (xor, RIGHT, "the very last page"), (behind, NOT_YET, "Is it always that one?"), (power, NOT_YET, "and not **?"),
    (turned_off, NOT_YET, "the lower or the upper half?"), (xor(6, 1), NOT_YET, "The name of your function is wanted"),
])  # fmt: skip
def test_buddy_as_a_function(answer: object, state: str, says: str) -> None:
    verdict = check("01.6", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def merges(free: Free, pfn: int, order: int) -> tuple[int, int]:
    while order < 10 and pfn ^ (1 << order) in free[order]:
        free[order].remove(pfn ^ (1 << order))
        pfn &= ~(1 << order)
        order += 1
    free[order].add(pfn)
    return pfn, order


def stays_where_it_is(free: Free, pfn: int, order: int) -> tuple[int, int]:
    while order < 10 and pfn ^ (1 << order) in free[order]:
        free[order].remove(pfn ^ (1 << order))
        order += 1
    return pfn, order


def never(free: Free, pfn: int, order: int) -> tuple[int, int]:
    return pfn, order


def once(free: Free, pfn: int, order: int) -> tuple[int, int]:
    return (min(pfn, pfn ^ 1 << order), order + 1) if pfn ^ 1 << order in free[order] else (pfn, order)


def neighbours(free: Free, pfn: int, order: int) -> tuple[int, int]:
    while order < 10 and pfn + (1 << order) in free[order]:
        free[order].remove(pfn + (1 << order))
        order += 1
    return pfn, order


def for_ever(free: Free, pfn: int, order: int) -> tuple[int, int]:
    while pfn ^ (1 << order) in free[order]:
        pass
    return pfn, order


@pytest.mark.parametrize(("answer", "state"), [
    (merges, RIGHT), (stays_where_it_is, NOT_YET), (never, NOT_YET), (once, NOT_YET), (neighbours, NOT_YET), (for_ever, BROKEN),
])  # fmt: skip
def test_the_merge(answer: object, state: str) -> None:
    assert check("01.7", answer).state == state


def test_a_merge_that_forgets_where_the_pair_begins_is_told_so() -> None:
    assert "Where does a pair begin" in check("01.7", stays_where_it_is).words


@pytest.mark.parametrize(("lines", "state", "says"), [
    ([], BLANK, "No file is closed yet."),
    (["close 1-16383"], RIGHT, "2 pages are in use, the largest free block is of order 8."),
    (["close 0-8175 8177-16383"], RIGHT, "1,022 free pages"),
    (["close 0-16000"], NOT_YET, "Which half of memory has nobody in it?"),
    (["close 1-8191 8193-16383"], NOT_YET, "It can be done with fewer pages"),
    (["close all"], NOT_YET, "Which half of memory"),
    (["close 1-16383", "open 3"], NOT_YET, "You may only close files."),
])  # fmt: skip
def test_the_cheapest_fragmentation(lines: list[str], state: str, says: str) -> None:
    mine = Session(memory="4M")
    mine.run("open 16384", *lines)
    verdict = check("01.9", mine)
    assert (verdict.state, says in verdict.words) == (state, True), verdict
