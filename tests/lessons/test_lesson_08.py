"""Lesson 08: what its machines say, and what is said to the wrong answers that people give."""

from __future__ import annotations

import pytest

from kmemlab import Session
from kmemlab.lessons import check
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.lesson_08 import ALL, MARK, blue
from kmemlab.lessons.own import own_number
from kmemlab.lessons.seen import Line, Seen, seen
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, NOT_YET, RIGHT

MERGED = [
    "There was no container yet",
    "filp was another name for kmalloc-256, and that is refused",
    "Files were open already",
    "The name was spelled wrong",
]
SHARES = ["100 %", "50 %", "20 %", "2 %"]
NESTED = ["It gets an address, and is charged", "Invalid argument", "Cannot allocate memory", "Device or resource busy"]
KINDS = ["cache", "cache", "pages", "pages", "kmalloc", "kmalloc", "pages", "vmalloc"]


@pytest.mark.parametrize(("number", "lines", "place"), [("08.0", MERGED, 1), ("08.1", SHARES, 3), ("08.7", NESTED, 2)])
def test_what_the_machine_says_and_to_each_wrong_choice(number: str, lines: list[str], place: int) -> None:
    row = prediction_of(number)
    assert row.wanted(Case(number), lines) == place
    for wrong in {0, 1, 2, 3} - {place}:
        assert row.told(wrong, place, lines), lines[wrong]


@pytest.mark.parametrize("seed", range(12))
def test_a_marked_call_is_charged_its_slot(seed: int) -> None:
    size = own_number("08.5", seed, 65, 190)
    row = prediction_of("08.5")
    paid = row.wanted(Case("08.5", seed=seed), [])
    assert paid == min(slot for slot in (96, 128, 192) if slot >= size)
    if paid != size:
        assert "asked for" in row.told(size, paid, [])


@pytest.mark.parametrize(("place", "kind", "says"), [
    (2, "cache", "the third"), (3, "kmalloc", "the fourth"), (4, "cache", "the fifth"), (5, "cache", "the sixth"),
    (6, "cache", "the seventh"), (1, "pages", "read `sites`"),
])  # fmt: skip
def test_eight_kinds(place: int, kind: str, says: str) -> None:
    assert check("08.2", KINDS)
    verdict = check("08.2", [*KINDS[:place], kind, *KINDS[place + 1 :]])
    assert (verdict.state, says in verdict.words) == (NOT_YET, True), verdict


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([6368, 8192, 44], RIGHT, "6,368, 8,192, 44"), ([6368, 4096, 60], NOT_YET, "How many pages"),
    ([6368, 8192, 43], NOT_YET, "Round to the nearest"), ([6368, 0, 100], NOT_YET, "no call site"),
    ([1824, 8192, 18], NOT_YET, "task_struct alone"), ([6368, ..., ...], BLANK, ""),
])  # fmt: skip
def test_what_a_fork_costs(answer: list[object], state: str, says: str) -> None:
    verdict = check("08.4", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


@pytest.mark.parametrize(("answer", "says"), [
    (["kmalloc-128"] * 4, "How many objects"), (["kmalloc-128", "kmalloc-256", "kmalloc-256", "kmalloc-256"], "larger objects"),
    (["kmalloc-128", "kmalloc-64", "kmalloc-128", "kmalloc-64"], "Objects a slab"),
])  # fmt: skip
def test_the_array_that_needs_an_array(answer: list[str], says: str) -> None:
    assert check("08.8", ["kmalloc-128", "kmalloc-256"] * 2)
    verdict = check("08.8", answer)
    assert (verdict.state, says in verdict.words) == (NOT_YET, True), verdict


@pytest.mark.parametrize(("lines", "state", "says"), [
    ([f"{MARK}pipe_buffer", "pipe -f 1"], RIGHT, "98.5 %. Marked: pipe_buffer"),
    (["pipe -f 1"], BLANK, "No call site is marked yet"),
    ([f"{MARK}pipe_buffers", "pipe -f 1"], NOT_YET, "Read what the command said"),
    ([f"{MARK}pipe_inode_info", "pipe -f 1"], NOT_YET, "Which of the hatched streams"),
    (["pipe -f 1", f"{MARK}pipe_buffer"], NOT_YET, "which comes first"),
    ([f"{MARK}pipe_buffer", f"{MARK}pipe_inode_info", "pipe -f 1"], NOT_YET, "fewer marks"),
    ([f"{MARK}pipe_buffer", "pipe 1"], NOT_YET, "one full pipe"),
    ([f"{MARK}pipe_buffer", "pipe -f 2"], NOT_YET, "one full pipe"),
])  # fmt: skip
def test_marking_as_few_call_sites_as_can_be(lines: list[str], state: str, says: str) -> None:
    session = blue("*", kinds=ALL)
    session.run(*lines)
    verdict = check("08.6", session)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def test_where_calls_cannot_be_marked_the_exercise_is_not_solved() -> None:
    session = blue("*")
    session.run(f"{MARK}pipe_buffer", "pipe -f 1")
    assert "Read what the command said" in check("08.6", session).words


def test_the_picture_is_what_sites_says_and_has_it_as_words() -> None:
    session = blue("filp dentry inode_cache")
    assert repr(seen(session)).endswith("0 of 0 bytes are seen.")
    session.run("pipe -f 1", "sites")
    picture = seen(session)
    total = session.results[-1].out.splitlines()[-1].replace(",", "").split()
    assert [picture.seen, picture.unseen] == [int(word) for word in total[2:4]]
    assert picture.percent == 2
    assert [(line.name, line.seen, line.unseen) for line in picture.lines] == [
        ("objects", 1264, 0), ("pipe_buffer", 0, 65536), ("pipe_inode_info", 0, 1024),
    ]  # fmt: skip
    text = repr(picture)
    assert "/" * 40 in text
    assert text.count("#") == 1
    assert picture.summary in text
    assert picture.summary in picture._repr_html_()


def test_a_picture_draws_each_bar_that_has_a_byte_and_its_names_are_no_html() -> None:
    picture = Seen((Line("<b>", "cache", 1, 10**9), Line("x", "pages", 0, 5)))
    assert picture.parts(picture.lines[0], 40) == (1, 40)
    assert picture.parts(picture.lines[1], 40) == (0, 1)
    assert "<b>" not in picture._repr_html_()
    assert picture._repr_html_().count("<span") == 3


def test_the_session_of_the_picture_can_go_back() -> None:
    session = Session()
    session.run("pipe -f 1")
    session.seek(0)
    assert seen(session).lines == ()
