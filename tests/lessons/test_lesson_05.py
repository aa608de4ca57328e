"""Lesson 05: what its machines say, and what is said to the wrong answers that people give."""

from __future__ import annotations

from typing import Any

import pytest

from kmemlab.lessons import check
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.lesson_05 import FOUR, in_order, swapped, twelve
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, NOT_YET, RIGHT

SHARED = ["red: its task has closed the file", "nobody: the task is gone", "blue: it paid", "half to each: they shared it"]
STEPS = [
    "Drop the reference", "Find the container of the task that runs", "Store the owner in the array", "Take a free object",
    "Uncharge the bytes", "Return NULL to the caller", "Take a reference on it", "Free the object",
    "Charge its counter: refused",
]  # fmt: skip


def test_who_paid_is_paid_back_whoever_closes() -> None:
    row = prediction_of("05.1")
    assert row.wanted(Case("05.1"), SHARED) == 2
    for wrong in (0, 1, 3):
        assert row.told(wrong, 2, SHARED), SHARED[wrong]


def test_a_refused_open_there_and_back() -> None:
    row = prediction_of("05.5")
    wanted = row.wanted(Case("05.5"), STEPS)
    assert [STEPS[at].split()[0] for at in wanted] == ["Take", "Find", "Take", "Charge", "Drop", "Free", "Return"]
    assert "Was anything charged" in row.told((3, 1, 6, 8, 4, 0, 7, 5), wanted, STEPS)
    assert "the free would find it" in row.told((3, 1, 6, 2, 8, 0, 7, 5), wanted, STEPS)


def test_the_array_goes_by_the_number_of_objects() -> None:
    row = prediction_of("05.8")
    wanted = row.wanted(Case("05.8"), FOUR)
    assert [FOUR[at] for at in wanted] == ["anon_vma", "dentry", "filp", "mm_struct"]
    assert "the largest" in row.told((1, 0, 3, 2), wanted, FOUR)


@pytest.mark.parametrize(("number", "wanted", "says"), [
    ("05.0", 11, {7: "belongs to the page", 12: "counted from 0", 2816: "bytes into its page"}),
    ("05.3", 7, {3: "What does the free find", 12: "compared with the limit", 4: "after the refusal", 0: "first opens fit"}),
    ("05.9", 0, {1: "Was a limit hit"}), ("05.10", 0, {1024: "get its array", 2048: "found the first four"}),
])  # fmt: skip
def test_numbers(number: str, wanted: int, says: dict[int, str]) -> None:
    row = prediction_of(number)
    assert row.wanted(Case(number), []) == wanted
    for wrong, words in says.items():
        assert words in row.told(wrong, wanted, [])


def test_two_lines_swapped_are_a_way_around_the_limit() -> None:
    assert twelve(in_order) == [3, 768, 9]
    assert twelve(swapped) == [7, 512, 5]


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([7, 512, 5], RIGHT, "no limit any more"), ([..., ..., ...], BLANK, ""), ([3, 768, 9], NOT_YET, "changed places"),
    ([7, 1792, 5], NOT_YET, "What does kmem.usage say?"), ([7, 768, 5], NOT_YET, "from the last two"),
])  # fmt: skip
def test_what_is_seen_with_the_lines_swapped(answer: list[Any], state: str, says: str) -> None:
    verdict = check("05.4", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def keeps_the_reference(obj: Any) -> bool:
    group = obj.kernel.current_container()
    obj.kernel.css_get(group)
    if not obj.kernel.res_counter_charge(group, obj.size):
        return False
    obj.owner = group
    return True


def stores_and_empties(obj: Any) -> bool:
    group = obj.kernel.current_container()
    obj.kernel.css_get(group)
    obj.owner = group
    if not obj.kernel.res_counter_charge(group, obj.size):
        obj.owner = None
        obj.kernel.css_put(group)
        return False
    return True


def with_dots(obj: Any) -> bool:
    obj.kernel.css_get(...)
    return True


@pytest.mark.parametrize(("charge", "state", "says"), [
    (stores_and_empties, RIGHT, "It passes"),  # self-check 4
    (keeps_the_reference, NOT_YET, "Which one is not undone?"), (in_order, NOT_YET, "Write out what it does."),
    (with_dots, BLANK, ""), (7, NOT_YET, "The name of your function"), (int, NOT_YET, "The name of your function"),
])  # fmt: skip
def test_a_charge_is_graded(charge: Any, state: str, says: str) -> None:
    verdict = check("05.7", charge)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def test_the_grader_tells_what_the_swapped_lines_do() -> None:
    def turned(obj: Any) -> bool:
        group = obj.kernel.current_container()
        obj.kernel.css_get(group)
        obj.owner = group
        if not obj.kernel.res_counter_charge(group, obj.size):
            obj.kernel.css_put(group)
            return False
        return True

    verdict = check("05.6", turned)
    assert (verdict.state, "blue's usage 0, should be 256" in verdict.words) == (NOT_YET, True), verdict
