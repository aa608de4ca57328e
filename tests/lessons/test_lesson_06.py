"""Lesson 06: what its races come to, and what is said to schedules and step functions that are not right."""

from __future__ import annotations

import linecache
from itertools import combinations
from typing import Any

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.lessons import check
from kmemlab.lessons import three_steps as toys
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.graded import Raced
from kmemlab.lessons.grader import Graded
from kmemlab.lessons.grader_exercises import EXERCISES
from kmemlab.lessons.lesson_06 import TABLE
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, BROKEN, NOT_YET, RIGHT
from kmemlab.races.explorer import explore
from kmemlab.races.schedules import every
from kmemlab.races.steps import Operation
from kmemlab.races.versions import scene
from tools import notebooks

from .test_tables import tells

WAITS = [
    "None: T waits until the section is left, since the section locks writers out",
    "T, at once; K waits until the section is left",
    "T and K, at once; only the freeing, X, waits until the section is left",
    "None: T is refused, Device or resource busy",
]
ORDER = [
    "Take a reference on it", "Leave the read section, then take a reference", "Charge it", "Enter the read section",
    "Charge it, and take a reference if it fits", "Leave the read section", "Find the task's container",
]  # fmt: skip
BAD = {"FTKXG", "FTKGXC", "FTKGCX"}


def letters(charger: Operation, remover: Operation) -> tuple[int, set[str]]:
    listed = every(toys.race(charger, remover))
    return len(listed), {each.letters for each in listed if each.wrong}


def test_of_twenty_orders_three_go_wrong_and_either_half_of_rcu_alone_changes_none() -> None:
    assert letters(toys.bare, toys.remover) == (20, BAD)
    assert letters(toys.reader, toys.remover) == (20, BAD)
    assert letters(toys.bare, toys.waiting) == (20, BAD)


def test_with_both_halves_exactly_those_three_cannot_happen() -> None:
    before = {each.letters.ljust(6, "C") for each in every(toys.race(toys.bare, toys.remover)) if not each.wrong}
    assert letters(toys.reader, toys.waiting) == (17, set())
    assert {each.letters for each in every(toys.race(toys.reader, toys.waiting))} == before


def test_memory_that_outlives_the_container_does_not_save_a_reference_that_comes_too_late() -> None:
    count, wrong = letters(toys.reader, toys.hasty)
    assert count == 30 and len(wrong) == 5
    assert {each[:3] for each in wrong} == {"FTK"}


def test_the_notebooks_functions_race_as_those_here() -> None:
    names: dict[str, Any] = {}
    for cell in notebooks.source_of(notebooks.TEXT / "06-rcu.md").cells:
        if cell.cell_type == "code" and ("import" in cell.source or cell.source.startswith("def ")):
            exec(cell.source, names)
    for mine, ours in [("charger", toys.bare), ("reader", toys.reader)]:
        for his, theirs in [("remover", toys.remover), ("hasty", toys.hasty)]:
            said = every(names["race"](names[mine], names[his]))
            assert said == every(toys.race(ours, theirs))


@pytest.mark.parametrize(("number", "answer"), [("06.0", 6), ("06.1", 3), ("06.5", 3)])
def test_the_numbers(number: str, answer: int) -> None:
    row = prediction_of(number)
    assert row.wanted(Case(number), []) == answer
    for wrong in (0, 1, 20):
        assert row.told(wrong, answer, []) or number != "06.1"


def test_who_waits_and_in_which_order() -> None:
    row = prediction_of("06.6")
    assert row.wanted(Case("06.6"), WAITS) == 1
    for wrong in (0, 2, 3):
        assert row.told(wrong, 1, WAITS)
    row = prediction_of("06.8")
    assert row.wanted(Case("06.8"), ORDER) == (3, 6, 0, 5, 2)
    assert row.told((3, 6, 1, 2), (3, 6, 0, 5, 2), ORDER).startswith("Whoever waited")
    for given, says in [
        ((3, 6, 4, 5), "The counter is in the container"), ((3, 6, 5, 0, 2), "Whoever"), ((3, 6, 2, 0, 5), "The counter"),
        ((6, 3, 0, 5, 2), "What you find while no sign is up"), ((3, 6, 0, 2, 5), "That is sound as well."), ((3, 6), ""),
    ]:  # fmt: skip
        assert row.told(given, (3, 6, 0, 5, 2), ORDER).startswith(says)


@pytest.mark.parametrize(("answer", "state", "says"), [
    ("FTKXG", RIGHT, "Use of a freed container: css_get on /blue."), ("FTKXGC", RIGHT, "css_get"),
    ("f t k g c x", RIGHT, 'At the end the rule "an owner exists" is broken.'), ("FTKGXC", RIGHT, "res_counter_charge"),
    ("TFKXGC", NOT_YET, "Which container did the charger find"), ("FGCTKX", NOT_YET, "When does the charger take one?"),
    ("FX", NOT_YET, "After F there is no step X"), ("FGT", NOT_YET, "there are steps left"), ("X", NOT_YET, "the beginning"),
    ("FTKXGG", NOT_YET, "no step G"), ("F" * 99, NOT_YET, "in quotes"), (5, NOT_YET, "in quotes"), (..., BLANK, ""),
])  # fmt: skip
def test_a_schedule_that_was_steered(answer: object, state: str, says: str) -> None:
    verdict = check("06.2", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([1, 2, 2, 1], RIGHT, ""), ([1, 2, 1, 1], NOT_YET, "T points the task at red"), ([1, 1, 1, 1], NOT_YET, "What does G do?"),
    ([1, 2, 2, 0], NOT_YET, "Was that the only one?"), ([1, 2, 2, 2], NOT_YET, "before it looks"),
    ([1, ..., ..., ...], BLANK, ""),
    ([2, 3, 3, 2], NOT_YET, "Which two steps change the count?"),
])  # fmt: skip
def test_references_by_hand(answer: list[object], state: str, says: str) -> None:
    verdict = check("06.4", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


REMOVER = """
def given(at):
    yield "Take task 2 out"
    at.switch(2, "/red")
    yield "checK"
    at.put_old(2)
    at.may_rmdir("/blue")
    yield "X: free it"
    if not at.refused:
        at.remove("/blue")
"""
TRIER = """
def given(at):
    at.take()
    yield "Find"
    at.read_lock()
    at.find()
    yield "Get"
    while not tryget(at):
        at.find()
    at.read_unlock()
    yield "Charge"
    at.charge()
    at.store()
"""
ASKS = "    while not tryget(at):\n        at.find()\n"


def written(text: str, number: int = 0) -> Any:
    """A function as a notebook's cell makes it: its text can be looked up."""
    title = f"cell-06-{number}"
    linecache.cache[title] = (len(text), None, text.splitlines(keepends=True), title)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("from kmemlab.races import after_readers, tryget", names)
    exec(compile(text, title, "exec"), names)
    return names["given"]


def waits_at(name: str) -> str:
    return REMOVER.replace(f'yield "{name}"', f'yield from after_readers(at, "{name}")')


def without(text: str, *lines: str) -> str:
    for line in lines:
        assert line in text
        text = text.replace(line, "")
    return text


LOCK, UNLOCK = "    at.read_lock()\n", "    at.read_unlock()\n"
JUDGED = [
    ("06.7", waits_at("checK"), ""),
    ("06.7", REMOVER, "3 of 20 schedules go wrong: use of a freed container: css_get on /blue. The shortest goes so: Find,"),
    ("06.7", waits_at("Take task 2 out"), "Is anybody waited for?"),
    ("06.7", waits_at("X: free it"), "2 of 18 schedules go wrong"),
    ("06.7", waits_at("X: free it"), "But what did K see"),
    ("06.7", without(waits_at("checK"), "    at.put_old(2)\n"), "Between T and K the containers are locked"),
    ("06.7", without(REMOVER, '        at.remove("/blue")\n') + "        pass\n", "Remover, alone: /blue is still there."),
    ("06.7", 'def given(at):\n    yield "nothing"\n', "Remover, alone: task 2 is still in /blue."),
    ("06.7", waits_at("checK").replace("at.refused", "at.nothing"), "a slip in the Python"),
    ("06.9", TRIER, ""),
    ("06.9", TRIER.replace("while", "if").replace("        at.find()\n", "        at.find()\n        at.get()\n"), ""),
    ("06.9", without(TRIER, UNLOCK) + UNLOCK, ""),
    ("06.9", without(TRIER, LOCK, UNLOCK), "What keeps the memory until it has looked?"),
    ("06.9", TRIER.replace(UNLOCK, "").replace('    yield "Get"\n', f'{UNLOCK}    yield "Get"\n'), "until it has looked?"),
    ("06.9", TRIER.replace(ASKS, "    at.get()\n"), "K had seen that nobody refers to blue."),
    ("06.9", TRIER.replace(ASKS, "    tryget(at)\n"), "K had seen that nobody refers to blue."),
    ("06.9", TRIER.replace(ASKS, ""), "The references do not add up"),
    ("06.9", TRIER.replace(ASKS, f"    if not tryget(at):\n    {UNLOCK}        return\n"), "Where is task 2 by now?"),
    ("06.9", TRIER.replace(ASKS, "    while not tryget(at):\n        pass\n"), "that one's count stays at zero"),
    ("06.9", TRIER.replace(ASKS, '    while not tryget(at):\n        yield "again"\n'), "that one's count stays at zero"),
    ("06.9", without(TRIER, UNLOCK), "It says for ever that it reads."),
    ("06.9", without(TRIER, "    at.charge()\n", "    at.store()\n"), "nobody has paid for it"),
    ("06.9", without(TRIER, "    at.store()\n"), "no owner was written down"),
    ("06.9", TRIER.replace("at.store()", "1 / 0"), "a slip in the Python"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "text", "says"), JUDGED, ids=range(len(JUDGED)))
def test_step_functions_are_explored_and_what_goes_wrong_is_told(number: str, text: str, says: str) -> None:
    row = TABLE[number]
    assert isinstance(row, Raced)
    try:
        graded = Graded(EXERCISES[row.exercise].grade(written(text), 1))
    except KernelError as error:
        graded = Graded(trouble=str(error.strerror))
    verdict = row.said(graded)
    assert (verdict.state == RIGHT) == (not says), verdict
    assert says in verdict.words, verdict


def test_the_check_runs_them_in_the_graders_child_process() -> None:
    verdict = check("06.7", written(waits_at("checK"), 1))
    assert (verdict.state, verdict.words.startswith("17 of the 20 orders are left")) == (RIGHT, True), verdict
    assert check("06.7", written(REMOVER + "    ...\n", 2)).state == BLANK
    assert check("06.9", written("import os\ndef given(at):\n    os._exit(0)\n    yield\n", 3)).state == BROKEN
    assert check("06.7", 3).words.startswith("The name of your function is wanted")


def test_no_message_to_a_step_function_writes_it_for_the_learner() -> None:
    for row in TABLE.values():
        if isinstance(row, Raced):
            for words in [row.look, *(say.words for say in row.says)]:
                assert not any(name in words for name in ("after_readers", "read_lock", "find()", '"checK"')), words
                assert words.endswith((".", "?"))
                assert not tells(words, 17)


def test_orders_that_differ_only_in_the_place_of_x_are_one_schedule_where_the_remover_is_told_busy() -> None:
    told: set[tuple[str, ...]] = set()
    orders = 0
    for places in combinations(range(10), 5):
        one, other = iter(("take", "F", "G", "C", "store")), iter(("T", "wait", "drop", "K", "X"))
        order = [next(one) if place in places else next(other) for place in range(10)]
        busy = order.index("F") < order.index("T") and order.index("G") < order.index("K")
        told.add(tuple(step for step in order if step != "X" or not busy))
        orders += 1
    v2 = explore(scene("v2", ("charge", "attach+rmdir")))
    assert orders == 252
    assert len(told) == v2.schedules
