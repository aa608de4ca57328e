"""`predict`: an answer of four kinds is read however it is given, locked, kept, and only then compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest

from kmemlab import Session
from kmemlab.engine.errors import KernelError
from kmemlab.lab import SlabView
from kmemlab.lessons import asked as rooms
from kmemlab.lessons import check, own_number, predict, progress
from kmemlab.lessons.asked import Asked, curtain
from kmemlab.lessons.lesson_02 import machine

FATES = [
    "It cannot be found, so the cell is lost until the cache is destroyed",
    "It goes onto the partial list",
    "It becomes the cpu slab, since it now has the oldest free cell",
    "Cell 5 becomes free, but the slab stays on no list",
]
STEPS = [
    "Take the first slab of the partial list as the cpu slab; take its first free cell",
    "Ask the page allocator for a new slab; take its cell 0",
    "Search the full slabs for one that has gained a free cell",
    "Pop a cell from the cpu's private list",
    "Give up and return NULL",
    "Choose the partial slab with the fewest free cells",
    "Take over cells of the cpu slab that other cpus have freed; take the first",
    "Let go of the cpu slab: it is full, so it goes on no list",
]


@pytest.fixture(autouse=True)
def nothing_answered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rooms, "_LAST", None)
    monkeypatch.setattr(rooms, "_GIVEN", {})
    monkeypatch.setattr(rooms, "_ASKED", WeakSet())
    yield


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "of" / "mine.json"
    monkeypatch.setenv("KMEMLAB_PROGRESS", str(path))
    return path


def question(kind: str) -> Asked:
    made: Asked = {
        "number": lambda: predict("02.0", number="bytes"),
        "choice": lambda: predict("02.3", choices=FATES),
        "order": lambda: predict("02.7", order=STEPS),
        "point": lambda: predict("02.4", point=SlabView(machine("open 40", "close 5"), cache="filp")),
    }[kind]()
    return made


@pytest.mark.parametrize(
    ("kind", "typed", "given"),
    [
        ("number", "256", 256),
        ("number", " 4,096 bytes", 4096),
        ("number", "0x100", 256),
        ("number", 256.0, 256),
        ("number", "4 096", 4096),
        ("choice", "b", 1),
        ("choice", "It goes onto the partial list.", 1),
        ("choice", "oldest free cell", 2),
        ("order", "DGHABE", (3, 6, 7, 0, 1, 4)),
        ("order", "d, g > h", (3, 6, 7)),
        ("order", [3, 6, 7], (3, 6, 7)),
        ("point", "2:8", "2:8"),
        ("point", "2:F", "2:f"),
        ("point", "slab 2 cell 8", "2:8"),
        ("point", (2, 8), "2:8"),
        ("point", "2 8", "2:8"),
    ],
)
def test_an_answer_is_read_however_it_is_given(kind: str, typed: Any, given: Any) -> None:
    asked = question(kind).answer(typed)
    assert asked.given == given
    assert asked.read(asked.spelled(given)) == given, "what is kept can be read again"


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("number", "many", "a whole number is wanted"),
        ("number", "1.5", "a whole number"),
        ("number", float("nan"), "a whole number"),
        ("number", -1, "from 0 to"),
        ("number", 10**30, "from 0 to"),
        ("number", "9" * 999, "a whole number"),
        ("number", [256], "a whole number"),
        ("number", "", "a whole number"),
        ("choice", "E", "choose one of A, B, C, D"),
        ("choice", "cell", "choose one of"),
        ("choice", "", "choose"),
        ("order", "", "are wanted"),
        ("order", "AZ", "choose one of"),
        ("order", "AA", "in one place only"),
        ("order", 5, "letters are wanted"),
        ("order", [99], "from A to H"),
        ("point", "9:0", "no slab 9"),
        ("point", "2:10", "cells 0 to f"),
        ("point", "here", "slab:cell"),
        ("point", None, "slab:cell"),
    ],
)
def test_what_is_no_answer_gets_one_sentence_and_the_question_stays_open(kind: str, typed: Any, said: str) -> None:
    asked = question(kind)
    with pytest.raises(KernelError, match=said):
        asked.answer(typed)
    assert asked.open


@pytest.mark.parametrize(
    ("kind", "wrong", "right", "told"),
    [
        ("number", 216, 256, "That is the struct."),
        ("choice", "D", "B", "Then its free cell could never be used."),
        ("order", "DGHCABE", "DGHABE", "From where would you find them?"),
        ("point", "0:5", "2:8", "That is first fit. Where does the cpu look first?"),
    ],
)
def test_the_first_answer_is_locked_and_shown_beside_the_machines(kind: str, wrong: Any, right: Any, told: str) -> None:
    asked = question(kind)
    shown = json.dumps(asked.section())
    assert "machine" not in asked.section()
    assert "right" not in asked.section()
    assert "told" not in shown
    assert asked.answer(wrong).answer(right).given == asked.read(wrong), "the first one counts"
    section = asked.section()
    assert section["same"] is False
    assert section["told"].startswith(told)
    assert section["machine"] == asked.spelled(asked.wanted)
    assert f"The machine: {asked.spelled(asked.wanted)}." in repr(asked)
    asked.again()
    assert asked.open
    assert asked.answer(right).section()["same"] is True


@pytest.mark.parametrize(
    ("unit", "one"),
    [
        ("bytes", "1 byte"), ("free blocks", "1 free block"), ("slabs on the partial list", "1 slab on the partial list"),
        ("cells in use, says SLAB", "1 cell in use, says SLAB"), ("percent", "1 percent"), ("failcnt", "1 failcnt"),
        ("of nine bombs", "1 of nine bombs"), ("in decimal", "1 in decimal"), ("", "1"),
    ],
)  # fmt: skip
def test_one_is_not_many_and_is_read_again(unit: str, one: str) -> None:
    asked = question("number")
    asked.unit = unit
    assert asked.spelled(1) == one
    assert asked.read(one) == 1
    assert asked.spelled(2) == f"2 {unit}".strip()


def test_a_prediction_beside_the_point_is_told_where_to_look() -> None:
    for typed, told in [("2:9", "The right slab."), ("0:6", "There are free cells left"), ("1:0", "There are free cells left")]:
        asked = question("point")
        asked.again()
        assert asked.answer(typed).told.startswith(told)


def test_the_picture_of_a_point_stays_what_it_was_and_does_not_tell_which_cell_is_next() -> None:
    session = machine("open 40", "close 5")
    asked = predict("02.4", point=SlabView(session, cache="filp"))
    session.run("open 1")
    assert repr(asked).splitlines()[1:] == [
        "slab  0 1 2 3 4 5 6 7 8 9 a b c d e f  live  found through",
        "   0  # # # # # . # # # # # # # # # #    15  partial 1",
        "   1  # # # # # # # # # # # # # # # #    16  nothing",
        "   2  # # # # # # # # . . . . . . . .     8  cpu 0",
    ]


def test_a_notebook_and_a_table_that_do_not_fit_are_found_when_the_cell_is_run() -> None:
    for keywords, said in [
        ({"choices": ["one", "two"]}, "0 lines say"),
        ({"choices": ["the partial list", "goes onto the partial list", "onto the partial list, say"]}, "2 lines say"),
        ({"number": "bytes"}, "asked with choices="),
        ({"choices": FATES, "number": "bytes"}, "and with nothing else"),
        ({}, "asked with choices="),
    ]:
        with pytest.raises(KernelError, match=said):
            predict("02.3", **keywords)  # type: ignore[arg-type]
    with pytest.raises(KernelError, match="is an exercise"):
        predict("02.5", number="bytes")


def test_the_curtain_is_down_while_the_last_question_is_open_and_somebody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    first = question("number")
    assert curtain() is None, "nobody sits before a test"
    monkeypatch.setenv("KMEMLAB_CURTAIN", "on")
    assert curtain() is first
    second = question("choice")
    assert curtain() is second
    second.answer("A")
    assert curtain() is None
    monkeypatch.setenv("KMEMLAB_CURTAIN", "off")
    question("order")
    assert curtain() is None


def test_a_picture_that_would_tell_an_open_question_waits_for_it() -> None:
    first = question("choice")
    second = question("point")
    assert second.section() == {"number": "02.4", "kind": "point", "lines": [], "behind": "02.3"}
    first.answer("A")
    assert len(second.section()["picture"]["rows"]) == 3


def test_a_cell_that_is_run_twice_asks_one_question() -> None:
    first = question("choice")
    again = question("choice")
    heard: list[bool] = []
    first.watch(lambda: heard.append(first.open))
    again.answer("D")
    assert first.given == 3
    first.again()
    assert again.open
    assert heard == [False, True], "pictures that wait for the first are told, too"


def test_whoever_waits_is_told_of_the_answer() -> None:
    asked, heard = question("number"), []
    asked.watch(lambda: heard.append(asked.open))
    asked.answer(1)
    asked.again()
    assert heard == [False, True]


def test_an_answer_is_kept_and_found_again_after_a_restart(kept: Path) -> None:
    question("choice").answer("D")
    question("order").answer("DGH")
    rooms._GIVEN.clear()
    assert question("choice").given == 3
    assert question("order").given == (3, 6, 7)
    assert json.loads(kept.read_text())["predicted"]["02.3"] == {"answer": FATES[3]}
    question("choice").again()
    assert "02.3" not in json.loads(kept.read_text())["predicted"]
    assert question("choice").open


def test_without_a_progress_file_an_answer_is_locked_for_this_process() -> None:
    question("choice").answer("D")
    assert question("choice").given == 3


def test_a_check_is_kept_with_its_tries_and_what_was_solved_stays_solved(kept: Path) -> None:
    check("02.5", ["2:1", "2:3", "2:5", "2:8"])
    check("02.5", ...)
    check("02.5", ["2:3", "2:5", "2:1", "2:8"])
    check("02.5", ["2:1", "2:3", "2:5", "2:8"])
    row = json.loads(kept.read_text())["checked"]["02.5"]
    assert row == {"right": True, "tries": 3, "answer": ["2:3", "2:5", "2:1", "2:8"]}
    session = machine("open 40", "close 7 20")
    check("02.9", session)
    assert json.loads(kept.read_text())["checked"]["02.9"]["session"] == session.to_dict()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"kmemlab_progress": "1"}', '{"kmemlab_progress": 1, "checked": []}', '{"kmemlab_progress": 99}', "\x00"],
)
def test_a_file_that_cannot_be_read_is_put_aside_and_said(kept: Path, text: str) -> None:
    kept.parent.mkdir()
    kept.write_text(text)
    verdict = check("02.5", ["2:3", "2:5", "2:1", "2:8"])
    assert verdict
    assert "mine.json" in verdict.note
    assert "kept as mine.json.unread-1" in verdict.note
    assert verdict.note in repr(verdict)
    assert kept.with_name("mine.json.unread-1").read_text() == text
    assert json.loads(kept.read_text())["checked"]["02.5"]["right"] is True


def test_a_folder_that_cannot_be_written_to_costs_nothing_but_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("KMEMLAB_PROGRESS", str(tmp_path / "file" / "progress.json"))
    verdict = check("02.5", ["2:3", "2:5", "2:1", "2:8"])
    assert verdict
    assert verdict.note.startswith("Your progress could not be ")


def test_nothing_is_kept_where_nobody_sits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KMEMLAB_PROGRESS")
    assert progress.file() is None


def test_everybody_has_numbers_of_their_own_and_a_teacher_has_the_same() -> None:
    mine = [own_number("03.2", Session(seed=seed), 20, 60) for seed in range(30)]
    assert mine == [own_number("03.2", seed, 20, 60) for seed in range(30)]
    assert all(20 <= each <= 60 for each in mine)
    assert len(set(mine)) > 10
    assert mine != [own_number("03.3", seed, 20, 60) for seed in range(30)]
    assert own_number("x", 1, 5, 5) == 5
    with pytest.raises(KernelError, match="from 6 to 5"):
        own_number("x", 1, 6, 5)
