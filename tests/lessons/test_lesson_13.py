"""Lesson 13: what its machines say, a class graded by a check, and the eight mistakes that somebody ticked and made."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.lessons import check, mistakes
from kmemlab.lessons import grader_words as words
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.graded import Handed
from kmemlab.lessons.grader import Graded
from kmemlab.lessons.grader_run import Failure, Make, Part, grade_part
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, BROKEN, NOT_YET, RIGHT
from tools import notebooks

TEXT = next(path for path in notebooks.lessons() if path.stem.startswith("13"))
SOLUTIONS = tomllib.loads((Path(__file__).parent / "solutions" / "13.toml").read_text(encoding="utf-8"))
CLASSES = [cell.source for cell in notebooks.source_of(TEXT).cells if cell.source.startswith("class ")]
CONTROLLERS = Path(__file__).parent / "controllers"


def lesson(stage: int, drop: str = "") -> Make:
    """A stage's class as the lesson and its solutions have it, without one line."""
    space: dict[str, Any] = {"__name__": "lesson"}
    given = [source for source in CLASSES if "..." not in source]
    for source in ["import errno\nfrom kmemlab.engine.notify import SlabListener", *given, *SOLUTIONS.values()]:
        kept = [line for line in source.splitlines() if not drop or drop not in line]
        exec("\n".join(kept), space)
    made: Make = space[f"Stage{stage}"]
    return made


@pytest.mark.parametrize(("number", "answer", "wrongs"), [("13.0", 3, [2, 4, 1]), ("13.3", 256, [512, 0])])
def test_what_the_machine_says_and_to_each_foreseen_wrong_answer(number: str, answer: int, wrongs: list[int]) -> None:
    row = prediction_of(number)
    assert row.wanted(Case(number), []) == answer
    assert all(row.told(wrong, answer, []) for wrong in wrongs)


def test_one_of_the_eight_shows_in_no_story_and_each_other_choice_is_answered() -> None:
    row = prediction_of("13.1")
    assert mistakes.EIGHT[row.wanted(Case("13.1"), mistakes.EIGHT)] == "I look the container up outside an RCU read section"
    told = [row.told(wrong, 3, mistakes.EIGHT) for wrong in (0, 1, 2, 4, 5, 6, 7)]
    assert all(told)
    assert len(set(told)) == len(told), "each has words of its own"


@pytest.mark.parametrize("answer", [..., None, ""])
def test_no_class_is_no_answer(answer: Any) -> None:
    assert check("13.4", answer).state == BLANK


def test_an_instance_is_not_the_class() -> None:
    assert "without brackets" in check("13.4", 7).words


def test_a_failing_story_is_told_with_its_hint_and_the_mistake_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mistakes, "_FOUND", [])
    parts = [
        Part("charge", 20, 20, 33),
        Part("limit", 20, 0, 1, Failure("open 2: blue's usage 0, should be 256", words.OWNER_FIRST)),
    ]
    verdict = Handed(stage=2).said(Graded(parts))
    assert verdict.state == NOT_YET
    assert verdict.words == f"Open 2: blue's usage 0, should be 256. {words.OWNER_FIRST} So far 20 points."
    assert mistakes.found() == [2]
    told = mistakes.tally("c, d").splitlines()
    assert told[2].split()[:3] == ["ticked", "made", "C"]
    assert told[3].split()[:2] == ["ticked", "D"]
    assert len(told) == 8
    mistakes.noted(Graded([Part("limit", 20, 0, 1, Failure("x", words.UNWIND))]))
    assert mistakes.tally("").splitlines()[-1] == "1 of another kind"


def test_what_passes_says_how_much_was_tried_and_what_could_not_run_is_broken() -> None:
    assert Handed(stage=1).said(Graded([Part("charge", 20, 20, 33)])).words.startswith("33 runs, and the books are right")
    assert Handed(stage=1).said(Graded([Part("charge", 20, 20, 33)])).state == RIGHT
    assert Handed(stage=1).said(Graded(trouble="line 3: invalid syntax")).state == BROKEN
    assert Handed(stage=1).said(Graded(trouble="not answered yet: alloc still has its dots")).state == BLANK


@pytest.mark.parametrize("ticked", ["Z", 3, "A I"])
def test_what_is_none_of_the_eight_is_said(ticked: Any) -> None:
    with pytest.raises(KernelError, match="from A to H are wanted"):
        mistakes.tally(ticked)


def test_each_of_the_eight_is_one_that_the_grader_knows_and_has_planted() -> None:
    said = [each for several in mistakes.SAID for each in several]
    assert len(mistakes.SAID) == len(mistakes.EIGHT)
    assert len(set(said)) == len(said)
    assert all((CONTROLLERS / f"{name}.py").exists() for name in (
        "no_uncharge", "uncharge_current", "owner_first", "lookup_outside_rcu", "off_without_test", "array_leak",
        "double_uncharge", "recharge_on_move",
    ))  # fmt: skip


@pytest.mark.parametrize(("stage", "part", "drop", "hint"), [
    (1, "limit", "", words.REFUSED_KEPT),
    (2, "limit", "slab.owners[number] = None", words.STALE),
    (2, "arrays, on and off", "", words.OFF),
    (3, "charge", "", None), (3, "limit", "", None), (4, "arrays, on and off", "", None),
])  # fmt: skip
def test_a_stage_does_what_it_says_and_a_line_less_is_found(stage: int, part: str, drop: str, hint: str | None) -> None:
    failure = grade_part(part, lesson(stage, drop), 1).failure
    if hint is None:
        assert failure is None
    else:
        assert failure is not None
        assert failure.hint == hint


def test_the_story_of_self_check_1() -> None:
    failure = grade_part("limit", lesson(2, "slab.owners[number] = None"), 1).failure
    assert failure is not None
    assert failure.story == "open 2; limit blue to 256; close 1; open 1: blue's usage 0, should be 256"
