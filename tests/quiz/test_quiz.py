"""Every key of the quiz is what the machine says now, the sheet shows none of them, and marking counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kmemlab import Session

from . import quiz, worked
from .quiz import Question

EVERY = quiz.questions()


def computed(question: Question) -> object:
    """Ask a machine."""
    if "by" in question:
        return getattr(worked, question["by"])()
    session = Session(**question.get("machine", {}))
    results = [session.run(line)[0] for line in question.get("run", ())]

    def read(path: str) -> int:
        return int(session.run(f"cat {path}")[0].out)

    names = {
        "re": re,
        "s": session,
        "out": ["\n".join(filter(None, (result.out, result.err, result.hint))) for result in results],
        "read": read,
        "reason": lambda at: worked.reason(results[at]),
        "live": lambda name: sum(int(row.to_dict()["inuse"]) for row in session.records("slabs", name)),
    }
    return eval(question["answer"], names)


@pytest.mark.parametrize("question", EVERY, ids=[question["id"] for question in EVERY])
def test_the_machine_gives_the_key(question: Question) -> None:
    answer = computed(question)
    assert answer == question["key"]
    assert type(answer) is type(question["key"])


def test_a_wrong_key_would_be_found() -> None:
    question = next(each for each in EVERY if each["id"] == "02-1")
    assert computed(question) != question["key"] + 1
    assert computed({**question, "run": [*question["run"], "close 5"]}) == 1


def test_there_are_enough_questions_and_every_lesson_that_has_one_is_of_the_course() -> None:
    assert len(EVERY) >= 24
    assert len({question["id"] for question in EVERY}) == len(EVERY)
    assert {question["lesson"] for question in EVERY} == {*(f"{n:02}" for n in range(11)), "13"}
    for question in EVERY:
        assert question["id"].startswith(question["lesson"])
        if question["kind"] == "choice":
            assert question["key"] in question["choices"]
            assert 3 < len(set(question["choices"])) == len(question["choices"])


def test_the_right_choice_is_not_always_at_the_same_place() -> None:
    places = [question["choices"].index(question["key"]) for question in EVERY if question["kind"] == "choice"]
    assert all(places.count(place) <= len(places) // 2 for place in range(4))


def test_the_sheet_has_every_question_and_no_key() -> None:
    sheet = quiz.ask(EVERY)
    for question in EVERY:
        assert question["text"] in sheet
        if question["kind"] == "word":
            assert question["key"] not in sheet
    keyless = quiz.ask([{**question, "key": None, "answer": "", "by": "", "run": []} for question in EVERY])
    assert keyless == sheet


def test_all_right_and_all_wrong_are_marked_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "answers"
    sheet.write_text("\n".join(f"{question['id']}: {question['key']}" for question in EVERY), encoding="utf-8")
    assert quiz.main(["--mark", str(sheet)]) == 0
    assert capsys.readouterr().out.endswith(f"quiz: {len(EVERY)} of {len(EVERY)} right, {len(EVERY)} answered\n")
    sheet.write_text("\n".join(f"{question['id']}: none" for question in EVERY), encoding="utf-8")
    assert quiz.main(["--mark", str(sheet)]) == 0
    assert f"quiz: 0 of {len(EVERY)} right" in capsys.readouterr().out


@pytest.mark.parametrize(("kind", "given", "good"), [
    ("07-1", "8,192", True), ("07-1", " 8192 ", True), ("07-1", "2048", False), ("07-1", "", False),
    ("02-2", "b", True), ("02-2", "B)", True), ("02-2", "slab 2, cell 8", True), ("02-2", "a", False), ("02-2", "z", False),
    ("04-1", "Kmalloc-256", True), ("04-1", "kmalloc-128", False),
])  # fmt: skip
def test_an_answer_counts_however_it_is_written(kind: str, given: str, good: bool) -> None:
    assert quiz.right(next(each for each in EVERY if each["id"] == kind), given) == good


@pytest.mark.parametrize(("text", "says"), [
    ("02-1 0\n", "line 1: expected `ID: answer`"),
    ("# mine\n\n99-9: 0\n", "line 3: there is no question '99-9'"),
    ("02-1: 0\n02-1: 1\n", "line 2: 02-1 is answered twice"),
])  # fmt: skip
def test_a_file_that_cannot_be_marked_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    sheet = tmp_path / "answers"
    sheet.write_text(text, encoding="utf-8")
    assert quiz.main(["--mark", str(sheet)]) == 2
    assert says in capsys.readouterr().err
    assert quiz.main(["--mark", str(tmp_path / "none")]) == 2


def test_one_lesson_can_be_asked_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert quiz.main(["--ask", "--lesson", "03"]) == 0
    told = capsys.readouterr().out
    assert "03-1" in told
    assert "02-1" not in told
    assert quiz.main(["--ask", "--lesson", "77"]) == 2
