"""Lesson 10: what its machines say under SLAB, and what is said to the wrong answers that people give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kmemlab.lessons import check, lesson_10
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.hearing import listen
from kmemlab.lessons.lesson_04 import Counts
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, NOT_YET, RIGHT
from kmemlab.variants import variant

LISTS = ["On the full list", "On the partial list", "On no list"]
CLOSES = ["It moves to the partial list", "It moves to the free list", "It stays on the full list"]
ALL = [
    "All three went back to the page allocator", "All three are on the free list", "All three are on the full list",
    "All three are on the partial list",
]  # fmt: skip


@pytest.mark.parametrize(("number", "lines", "place"), [("10.0", LISTS, 2), ("10.3", CLOSES, 2), ("10.5", ALL, 2)])
def test_what_the_machine_says_and_to_each_wrong_choice(number: str, lines: list[str], place: int) -> None:
    row = prediction_of(number)
    assert row.wanted(Case(number), lines) == place
    for wrong in set(range(len(lines))) - {place}:
        assert row.told(wrong, place, lines), lines[wrong]


@pytest.mark.parametrize(("number", "answer", "wrongs"), [
    ("10.1", 3, [0, 1, 2]), ("10.2", 45, [40, 35, 5]), ("10.4", "0:5", ["0:e", "2:4", "2:0", "0:9"]), ("10.6", 0, [1, 4]),
    ("10.11", 0, [2560, 7680, -2560]),
])  # fmt: skip
def test_what_the_machine_says_and_to_each_foreseen_wrong_answer(number: str, answer: Any, wrongs: list[Any]) -> None:
    row = prediction_of(number)
    assert row.wanted(Case(number), []) == answer
    told = [row.told(wrong, answer, []) for wrong in wrongs]
    assert all(told), told
    assert len(set(told)) == len(wrongs) or number == "10.6"


def test_ten_closes_cost_the_same_events_and_the_same_bytes_under_either() -> None:
    """What the comparison of section 2 shows: the bills do not differ, the places do."""
    slub = lesson_10.machine(*lesson_10.BLUE, *lesson_10.CLOSED, allocator="slub")
    slab = variant(slub, allocator="slab")
    assert (slub.length, slub.records("containers")) == (slab.length, slab.records("containers"))
    assert (lesson_10.files(slub), lesson_10.files(slab), lesson_10.in_use(slab)) == (30, 30, 45)


@pytest.mark.parametrize(("answer", "state", "says"), [
    (["0:e", "1:a", "1:e", "0:6", "0:a"], RIGHT, "one pile"), (["0:e", "1:a", ..., ..., ...], BLANK, ""),
    (["0:a", "0:6", "1:e", "1:a", "0:e"], NOT_YET, "First in, first out"),
    (["0:e", "1:a", "1:0", "0:8", "0:4"], NOT_YET, "which cell has file 1"),
    (["0:e", "1:a", "1:0", "0:6", "0:a"], NOT_YET, "File 15 has cell e"),
    (["0:e", "1:a", "0:a", "0:6", "1:e"], NOT_YET, "which file was closed last"),
    (["0:e", "1:a", "1:9", "0:7", "0:9"], NOT_YET, "one pile for all slabs"),
])  # fmt: skip
def test_five_from_the_top_of_the_array(answer: list[object], state: str, says: str) -> None:
    verdict = check("10.8", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def returns_nothing(cache: Any) -> None:
    count = 0
    for slab in cache.full + cache.partial + cache.free:
        count += slab.inuse


@pytest.mark.parametrize(("function", "state", "says"), [
    (lambda cache: sum(slab.inuse for slab in cache.full + cache.partial + cache.free), RIGHT, "45 of 40"),
    (lambda cache: sum(slab.live for slab in cache.full + cache.partial + cache.free), NOT_YET, "no kernel knows"),
    (lambda cache: sum(slab.inuse for slab in cache.partial + cache.free), NOT_YET, "whose cells all are taken"),
    (lambda cache: sum(slab.inuse for slab in cache.full), NOT_YET, "Which list is left out"),
    (lambda cache: len(cache.full + cache.partial + cache.free), NOT_YET, "how many slabs"),
    (returns_nothing, NOT_YET, "return at its end"),
])  # fmt: skip
def test_what_can_be_found(function: Callable[[Any], Any], state: str, says: str) -> None:
    verdict = check("10.9", function)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([13, "cpu 0"], RIGHT, "free, and counted"), ([..., ...], BLANK, ""), ([3, "cpu 0"], NOT_YET, "Three were closed"),
    ([10, "cpu 0"], NOT_YET, "before the closes"), ([60, "cpu 0"], NOT_YET, "than there are files"),
    ([13, "slab 0"], NOT_YET, "look into"),
])  # fmt: skip
def test_how_many_too_many(answer: list[object], state: str, says: str) -> None:
    verdict = check("10.10", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def test_seventeen_files_under_slab_give_no_page_back() -> None:
    """Self-check 4."""
    session = lesson_10.machine()
    ear = listen(session, Counts())
    session.run("open 17", "close all")
    assert (ear.pages, ear.objects, ear.freed, ear.given_back) == (2, 17, 17, 0)
    session.run("echo 1 > /sys/slab/filp/shrink")
    assert ear.given_back == 2
