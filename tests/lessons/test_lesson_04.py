"""Lesson 04: what its machines say, and what is said to the wrong answers that people give."""

from __future__ import annotations

import pytest

from kmemlab import Session, SlabListener
from kmemlab.engine.errors import KernelError
from kmemlab.engine.kmem_cache import Slab
from kmemlab.lessons import check
from kmemlab.lessons.checking import prediction_of
from kmemlab.lessons.hearing import listen
from kmemlab.lessons.table import Case
from kmemlab.lessons.verdict import BLANK, NOT_YET, RIGHT

HEARD = [
    "2 new pages, 17 objects, 17 freed, 2 pages freed",
    "2 new pages, 17 objects, 17 freed, 1 page freed",
    "1 new page, 17 objects, 17 freed, 1 page freed",
    "2 new pages, 17 objects, 17 freed, no page freed",
]
LETTER = ["Nothing: It is accounted", "Invalid argument", "No such file or directory", "Device or resource busy"]


@pytest.mark.parametrize(("number", "lines", "place"), [("04.1", HEARD, 1), ("04.4", LETTER, 1)])
def test_what_the_machine_says_and_to_each_wrong_choice(number: str, lines: list[str], place: int) -> None:
    row = prediction_of(number)
    assert row.wanted(Case(number), lines) == place
    for wrong in {0, 1, 2, 3} - {place}:
        assert row.told(wrong, place, lines), lines[wrong]


def test_seventeen_files_are_two_slabs() -> None:
    assert prediction_of("04.0").wanted(Case("04.0"), []) == 2


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([True, False, False, False, True, False], RIGHT, ""), ([True] * 6, NOT_YET, "you have just tried"),
    ([True, False, True, False, True, False], NOT_YET, "How wide is a cell of mnt_cache"),
    ([True, False, False, False, False, False], NOT_YET, "A cache with a constructor"),
    ([True, False, False, True, True, False], NOT_YET, "as wide as those of a kmalloc cache"),
    ([True, False, ..., ..., ..., ...], BLANK, ""), ([1, 0, 0, 0, 1, 0], NOT_YET, "True or False"),
])  # fmt: skip
def test_which_caches_accept(answer: list[object], state: str, says: str) -> None:
    verdict = check("04.5", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


class Each(SlabListener):
    """Refuses each nth object; 0 refuses none."""

    def __init__(self, nth: int) -> None:
        super().__init__()
        self.nth, self.asked, self.heard = nth, 0, ""

    def alloc(self, slab: Slab, number: int) -> bool:
        self.asked += 1
        self.heard += "a"
        return not self.nth or self.asked % self.nth != 0

    def free(self, slab: Slab, number: int) -> None:
        self.heard += "f"


@pytest.mark.parametrize(("nth", "lines", "state", "says"), [
    (3, ["open 9"], RIGHT, "6 of 9"), (0, ["open 9"], BLANK, "Nothing was refused yet."), (2, ["open 9"], NOT_YET, "5 of 9"),
    (1, ["open 9"], NOT_YET, "0 of 9"), (0, ["open 6"], NOT_YET, "once, on a fresh machine"),
])  # fmt: skip
def test_a_listener_that_says_no(nth: int, lines: list[str], state: str, says: str) -> None:
    session = Session()
    listen(session, Each(nth))
    session.run(*lines)
    verdict = check("04.6", session)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def test_the_one_told_before_a_refusal_hears_of_the_end() -> None:
    """Self-check 3."""
    session = Session()
    first = listen(session, Each(0))
    listen(session, Each(3))
    session.run("open 9")
    assert first.heard == "aaafaaafaaaf"


@pytest.mark.parametrize(("answer", "state", "says"), [
    ([3328, 1280], RIGHT, "3,328, 1,280"), ([None, None], BLANK, ""), ([4608, None], BLANK, ""),
    ([4608, 0], NOT_YET, "one bill"),
    ([13, 5], NOT_YET, "Those are objects."), ([2808, 1080], NOT_YET, "You counted structs."),
    ([768, 1280], NOT_YET, "begins anew"), ([1, 2], NOT_YET, "Which task runs"),
])  # fmt: skip
def test_a_bill_for_each_task(answer: list[object], state: str, says: str) -> None:
    verdict = check("04.7", answer)
    assert (verdict.state, says in verdict.words) == (state, True), verdict


def test_listening_twice_is_listening_once_and_before_v3_there_is_nothing_to_listen_to() -> None:
    session, ear = Session(), Each(0)
    assert listen(session, ear) is listen(session, ear)
    session.run("open 2")
    assert ear.heard == "aa"
    with pytest.raises(KernelError):
        listen(Session(patchset="v2"), Each(0))
    with pytest.raises(KernelError):
        listen(session, Each(0), "no_such_cache")
