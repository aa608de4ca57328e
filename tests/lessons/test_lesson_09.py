"""Lesson 09: the arena, what its machines say, and what is said to the wrong answers that people give."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.errors import KernelError
from kmemlab.lessons import asked, check, predict
from kmemlab.lessons.arena import NINE, arena, fight, share_of
from kmemlab.lessons.arena_table import Arena
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.lesson_09 import BEST, DECENT, FIRST, child
from kmemlab.lessons.seen import seen
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, NOT_YET, RIGHT

LINES = ["pipe: fill pipes", "fork: start children", "socket: leave messages in sockets",
         "page-table: map memory and touch it", "fd: open files"]  # fmt: skip
GOOD = ["filp", "dentry", "vm_area_struct", "sigqueue"]


def test_red_lives_where_nobody_bombs_and_blues_work_is_done() -> None:
    quiet = arena(["open 1", "close all"]).rows[0]
    assert (quiet.failed, quiet.ticks, quiet.stopped_by, quiet.refused, quiet.seen) == (0, "." * 20, "nothing", 0, 0)


def test_without_marks_every_bomb_but_one_hurts_and_nothing_is_seen() -> None:
    rows = {row.bomb: row for row in arena(limit=0).rows}
    assert [name for name, row in rows.items() if row.lives] == ["mount"]
    assert all(row.seen == 0 and row.unseen > 400_000 for row in rows.values())
    assert {row.stopped_by for row in rows.values() if not row.lives} == {"no memory"}


def test_five_bombs_have_no_cache_in_common_so_four_marks_miss_one() -> None:
    """Each of the five is stopped by no mark but its own: no other four stop it, at the lowest limit that there is."""
    own = {"fd": {"filp"}, "dentry": {"dentry"}, "vma": {"vm_area_struct"}, "sigqueue": {"sigqueue"}, "fork": set(child())}
    groups = list(own.values())
    assert len(set.union(*groups)) == sum(len(group) for group in groups)
    for bomb, caches in own.items():
        others = sorted({min(group) for group in groups} - caches)
        assert fight((bomb,), tuple(others), 0).failed, bomb
        assert fight((bomb,), (min(caches),), 0).failed == 0, bomb
    assert len(own) == 5
    assert len(NINE) - 1 == BEST


@pytest.mark.parametrize(("bomb", "share"), [("fd", 100), ("fork", 43.7), ("pipe", 1.9), ("socket", 66.1), ("page-table", 4.8)])
def test_shares(bomb: str, share: float) -> None:
    assert share_of(bomb) == share


@pytest.mark.parametrize(("bombs", "more", "says"), [
    (["open 1"] * 11, {}, "1 to 10 commands"), ([], {}, "1 to 10 commands"), ("nuke", {}, "a bomb is made of"),
    (["echo 1 > /x"], {}, "a bomb is made of"), (["open 1 > /x"], {}, "a bomb is made of"),
    (["mountns 5"], {}, "a bomb is made of"),
    (["as 1 open 1"], {}, "a bomb is made of"), (["open 101"], {}, "at most 100"), ([5], {}, "1 to 10 commands"),
    ("fd", {"marks": ["a", "b", "c", "d", "e"]}, "four marks"), ("fd", {"marks": ["kmalloc-64"]}, "cannot be accounted"),
    ("fd", {"marks": [5]}, "names of caches"), ("fd", {"marks": ["no_such"]}, "no_such"),
    ("fd", {"limit": -1}, "number of bytes"),
    ("fd", {"limit": "16k"}, "number of bytes"), ("fd", {"limit": True}, "number of bytes"),
])  # fmt: skip
def test_what_cannot_be_is_said_in_a_sentence(bombs: Any, more: dict[str, Any], says: str) -> None:
    with pytest.raises(KernelError, match=says):
        arena(bombs, **more)


@pytest.mark.parametrize("given", [{"marks": [...]}, {"marks": ...}, {"limit": ...}, {"bombs": ...}, {"bombs": [...]}])
def test_dots_are_no_error_and_no_answer(given: dict[str, Any]) -> None:
    empty = arena(**given)
    assert empty.rows == ()
    assert "dots" in repr(empty)
    assert "dots" in empty._repr_html_()
    for number in ("09.3", "09.5", "09.6"):
        assert check(number, empty).state == BLANK


def test_what_the_machine_predicts_and_what_is_said_to_others() -> None:
    assert prediction_of("09.0").wanted(Case("09.0"), []) == 2
    order = prediction_of("09.1")
    wanted = order.wanted(Case("09.1"), LINES)
    assert wanted == (4, 2, 1, 3, 0)
    assert "least to the most" in order.told(wanted[::-1], wanted, LINES)
    assert "most pages" in order.told((4, 2, 1, 0, 3), wanted, LINES)
    assert "nothing else" in order.told((2, 4, 1, 3, 0), wanted, LINES)
    assert "stack" in order.told((4, 1, 2, 3, 0), wanted, LINES)
    lives = prediction_of("09.4")
    assert lives.wanted(Case("09.4"), []) == DECENT
    for number in (0, 4, 5, 7, 8, 9):
        assert lives.told(number, DECENT, [])


@pytest.mark.parametrize(("bombs", "marks", "state", "says"), [
    ("fork", ["sighand_cache", "task_struct"], RIGHT, "3,936"), ("fork", ["task_struct", "mm_struct"], NOT_YET, "another pair"),
    ("fork", ["task_struct", "filp"], NOT_YET, "nothing from filp"), ("fork", ["task_struct"], NOT_YET, "Two different"),
    ("fd", ["sighand_cache", "task_struct"], NOT_YET, "the fork bomb"), (["fork 1"], ["task_struct"], NOT_YET, "the fork bomb"),
])  # fmt: skip
def test_two_marks_for_a_fork(bombs: Any, marks: list[str], state: str, says: str) -> None:
    verdict = check("09.3", arena(bombs, marks=marks))
    assert (verdict.state, says in verdict.words) == (state, True), verdict


@pytest.mark.parametrize(("marks", "limit", "state", "says"), [
    (GOOD, 16384, RIGHT, "8 of 9"), (["filp", "vm_area_struct", "task_struct", "sigqueue"], 16384, RIGHT, "8 of 9"),
    (GOOD, 65536, NOT_YET, "comes too late"), (GOOD, 8192, NOT_YET, "at whose cost"),
    (["filp", "dentry", "sigqueue", "mnt_cache"], 16384, NOT_YET, "Nothing is seen of"),
])  # fmt: skip
def test_four_marks_and_a_limit(marks: list[str], limit: int, state: str, says: str) -> None:
    verdict = check("09.5", arena(marks=marks, limit=limit))
    assert (verdict.state, says in verdict.words) == (state, True), verdict


@pytest.mark.parametrize(("bomb", "marks", "limit", "state", "says"), [
    (["sigqueue 100"], FIRST, 65536, RIGHT, "red was refused"), (["pipe -f 1"], FIRST, 65536, RIGHT, "red was refused"),
    (["open 1", "flock 100"], GOOD, 16384, RIGHT, "red was refused"),
    (["timer 100"], GOOD, 16384, NOT_YET, "The limit stopped"), ("sigqueue", FIRST, 65536, NOT_YET, "Write it yourself"),
    (["open 100", "stat 100"], FIRST, 65536, NOT_YET, "The limit stopped it"),
    (["sigqueue 1", "close all"], ["filp", "dentry", "vm_area_struct"], 65536, NOT_YET, "has marked 3"),
    (["open 1", "close all"], FIRST, 65536, NOT_YET, "Nothing stopped it"),
    (["timer 100"], ["filp", "pid", "fs_cache", "uid_cache"], 65536, NOT_YET, "no defence"),
])  # fmt: skip
def test_a_bomb_of_ones_own(bomb: Any, marks: Any, limit: int, state: str, says: str) -> None:
    verdict = check("09.6", arena(bomb, marks=marks, limit=limit))
    assert (verdict.state, says in verdict.words) == (state, True), verdict


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([6, 96, 408], RIGHT, "6, 96, 408"), ([16, 256, 408], NOT_YET, "blue has files open"),
    ([12, 192, 408], NOT_YET, "How many of them"), ([7, 112, 0], NOT_YET, "Is that a pipe?"),
    ([6, 393216, 408], NOT_YET, "wanted in pages"), ([6, 384, 408], NOT_YET, "wanted in pages"),
    ([6, 6, 408], NOT_YET, "in a full one?"), ([6, 96, 5528], NOT_YET, "Is one of them there twice?"),
    ([3, 48, 408], NOT_YET, "What is left of the limit after"), ([..., ..., ...], BLANK, ""),
])  # fmt: skip
def test_what_a_tight_limit_lets_through(answer: list[object], state: str, says: str) -> None:
    """Under seed 0's limit of 8,600 bytes."""
    verdict = check("09.7", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def test_a_result_that_somebody_wrote_by_hand_is_fought_again() -> None:
    real = arena(marks=["filp"], limit=65536)
    row = arena("fd", marks=["filp"]).rows[0]
    forged = Arena(tuple(row for _ in NINE), ("filp",), 65536)
    assert check("09.5", forged).state == NOT_YET
    assert "What arena" in check("09.5", 8).words
    assert real.survived < BEST


def test_the_table_says_the_same_as_text_and_in_a_notebook() -> None:
    fought = arena(["fd", "pipe"], marks=["filp"], limit=65536)
    text, page = repr(fought), fought._repr_html_()
    for row in fought.rows:
        assert row.ticks in text
        assert row.ticks in page
        assert f"{row.unseen:,}" in text
    assert len(text.splitlines()) == 5
    for line in fought.summary:
        assert line in text
        assert line.replace("'", "&#x27;") in page
    assert max(len(line) for line in text.splitlines()) < 110


def test_the_same_fight_is_the_same() -> None:
    first = arena("fork", marks=["mm_struct"], limit=9000)
    fight.cache_clear()
    assert arena("fork", marks=["mm_struct"], limit=9000) == first


def test_pictures_wait_for_the_question_before_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMEMLAB_CURTAIN", "on")
    monkeypatch.setattr(asked, "_GIVEN", {})
    monkeypatch.setattr(asked, "_LAST", None)
    monkeypatch.setenv("KMEMLAB_PROGRESS", "off")
    session = Session()
    session.run("open 1")
    question = predict("09.4", number="of nine bombs")
    for picture in (arena("fd"), seen(session)):
        assert re.sub("<.*?>", "", picture._repr_html_()) == "Answer prediction 09.4 first, then run this cell again."
    question.answer(9)
    for picture in (arena("fd"), seen(session)):
        assert "<table>" in picture._repr_html_()
