"""Every lesson's table: answers come from a machine, and no message for a wrong answer tells the right one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kmemlab.lessons
from kmemlab.lessons.checking import table_of
from kmemlab.lessons.reading import plain
from kmemlab.lessons.table import Case, Function, Prediction, Row, Values

LESSONS = sorted(path.stem.removeprefix("lesson_") for path in Path(kmemlab.lessons.__file__).parent.glob("lesson_[0-9]*.py"))
ROWS = [(number, row) for lesson in LESSONS for number, row in table_of(lesson).items()]


def answer_of(number: str, row: Row) -> Any:
    """What the machine says; None for a story, whose messages are tested by its lesson."""
    case = Case(number)
    if isinstance(row, Function):
        return next(iter(row.trials(case))).wanted
    return row.answer(case) if isinstance(row, Prediction | Values) else None


def tells(words: str, answer: Any) -> bool:
    """Whether a message holds an answer: a number as a number of its own, a text within the words, a list in its order."""
    if isinstance(answer, bool) or answer is None:
        return False
    if isinstance(answer, int | float):
        return re.search(rf"(?<![\d.:]){re.escape(f'{answer:,}')}(?![\d:])|(?<![\d.:]){answer}(?![\d:])", words) is not None
    if isinstance(answer, list | tuple):
        places = [plain(words).find(plain(str(each))) for each in answer]
        return len(answer) > 1 and all(place >= 0 for place in places) and places == sorted(places)
    return plain(str(answer)) in plain(words)


def messages(row: Row) -> Iterator[str]:
    if isinstance(row, Prediction | Values | Function):
        yield from (say.words for say in row.says)
    if isinstance(row, Values | Function):
        yield row.look


@pytest.mark.parametrize(("number", "row"), ROWS, ids=[number for number, _ in ROWS])
def test_no_message_for_a_wrong_answer_tells_the_right_one(number: str, row: Row) -> None:
    answer = answer_of(number, row)
    for words in messages(row):
        assert not tells(words, answer), f"{number}: {words!r} tells {answer!r}"
        assert words[0].isupper(), words
        assert words.rstrip()[-1] in ".?", words


@pytest.mark.parametrize(("number", "row"), ROWS, ids=[number for number, _ in ROWS])
def test_no_foreseen_wrong_answer_is_the_right_one(number: str, row: Row) -> None:
    answer = answer_of(number, row)
    if isinstance(row, Prediction | Values | Function):
        for say in row.says:
            assert callable(say.when) or say.when != answer, (number, say)


def test_the_test_of_the_messages_bites() -> None:
    assert tells("Is it 8,192 bytes?", 8192)
    assert tells("Is it 8192?", 8192)
    assert not tells("Is it 18,192, or 2:8192?", 8192)
    assert tells("First 0:3, then 1:4.", ["0:3", "1:4"])
    assert not tells("First 1:4, then 0:3.", ["0:3", "1:4"])
    assert tells("It goes onto the Partial list.", "onto the partial list")


def test_lesson_02_asks_all_that_its_key_has() -> None:
    assert [number for number, _ in ROWS if number.startswith("02.")] == [f"02.{n}" for n in range(11)]


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("02.0", 256), ("02.1", "4,096 bytes"), ("02.2", 0), ("02.3", "onto the partial list"), ("02.4", "2:8"),
        ("02.5", ["2:3", "2:5", "2:1", "2:8"]), ("02.6", ["0:3", "1:4", "2:5", "2:6", "5:0"]), ("02.8", 8), ("02.10", 8192),
    ],
)  # fmt: skip
def test_what_lesson_02s_machines_say_is_what_its_key_says(number: str, answer: Any) -> None:
    assert answer_of(number, table_of("02")[number]) == answer


def test_the_order_of_an_allocations_steps_is_seen_on_a_machine() -> None:
    steps = answer_of("02.7", table_of("02")["02.7"])
    assert [step.split()[0] for step in steps] == ["Pop", "Take", "Let", "Take", "Ask", "return"]
    assert [step.split()[1] for step in steps if step.startswith("Take")] == ["over", "the"]
