"""`check` in plain words: what is right, what is not, what to look at; never the solution, never a traceback."""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.errors import KernelError
from kmemlab.lessons import check
from kmemlab.lessons.blanks import is_blank
from kmemlab.lessons.guarded import run
from kmemlab.lessons.lesson_02 import eighty, machine
from kmemlab.lessons.table import Case


def reachable(cache: Any) -> int:
    return sum(slab.live for slab in cache.cpu_slabs + cache.partial)


def only_partial(cache: Any) -> int:
    return sum(slab.live for slab in cache.partial)


def everything(cache: Any) -> int:
    return 40


def unfinished(cache: Any) -> int:
    live = 0
    for slab in ...:  # type: ignore[attr-defined]
        live += slab.live
    return live


def unfinished_inside(cache: Any) -> int:
    def inner() -> Any:
        return ...

    return int(inner())


def nothing_yet(cache: Any) -> int: ...  # type: ignore[empty-body]


def endless(cache: Any) -> int:
    while True:
        pass


def deep(cache: Any) -> int:
    return deep(cache)


def cheat(cache: Any) -> int:
    return len(cache.full)


def leave(cache: Any) -> int:
    os._exit(3)


def hungry(cache: Any) -> int:
    return len(list(range(10**9)))


def closed(*commands: str) -> Session:
    return machine("open 40", *commands)


RIGHT: dict[str, Any] = {
    "02.5": ["2:3", "2:5", "2:1", "2:8"],
    "02.6": ["0:3", "1:4", "2:5", "2:6", "5:0"],  # without a session: the numbers of seed 0
    "02.8": reachable,
}


@pytest.mark.parametrize("number", RIGHT)
def test_a_worked_solution_passes(number: str) -> None:
    verdict = check(number, RIGHT[number])
    assert verdict, verdict
    assert "right" in repr(verdict)


@pytest.mark.parametrize(
    ("number", "answer", "said"),
    [
        ("02.5", ["2:1", "2:3", "2:5", "2:8"], "In order of address? Which cell came back last?"),
        ("02.5", ["2:1", "2:5", "2:3", "2:8"], "First in, first out. It is a stack."),
        ("02.6", ["0:3", "1:4", "2:6", "2:5", "5:0"], "Both were freed into slab 2. Which was freed last?"),
        ("02.6", ["0:3", "1:4", "2:5", "3:6", "5:0"], "Slab 3 lost no object. Is it on the list?"),
        ("02.6", ["4:3", "1:4", "2:5", "2:6", "5:0"], "Slab 4 is in the cpu's hand"),
        ("02.8", only_partial, "The cpu slab is a way out too."),
        ("02.8", everything, "You went through something that the kernel does not have."),
    ],
)
def test_a_foreseen_wrong_answer_gets_the_words_meant_for_it(number: str, answer: Any, said: str) -> None:
    verdict = check(number, answer)
    assert not verdict
    assert said in verdict.words


def test_a_list_is_told_how_far_it_is_right_and_whether_only_the_order_is_wrong() -> None:
    words = check("02.6", ["0:3", "1:4", "2:6", "2:5", "5:0"]).words
    assert words.startswith("The first two are right, the third is not. All of them are the right ones, in another order.")
    assert check("02.5", ["2:3", "2:f", "2:1", "2:8"]).words.startswith("The first is right, the second is not. Read the table")


def test_an_answer_may_be_written_in_any_sensible_way() -> None:
    assert check("02.5", ("2:3", "2/5", " 2:1 ", (2, 8)))


@pytest.mark.parametrize(
    "answer",
    [
        ...,
        None,
        "",
        "...",
        [],
        ["0:3", "1:4", ..., ..., ...],
        ("2:3", (...,)),
        {"a": ...},
        unfinished,
        unfinished_inside,
        nothing_yet,
    ],
)
@pytest.mark.parametrize("number", ["02.5", "02.6", "02.8", "02.9"])
def test_dots_that_are_left_in_are_not_answered_yet(number: str, answer: Any) -> None:
    verdict = check(number, answer)
    assert not verdict
    assert verdict.state == "not answered yet"


def test_a_function_without_dots_is_no_blank_even_if_it_does_little() -> None:
    assert not is_blank(reachable)
    assert not is_blank(lambda cache: 0)
    assert not is_blank(len)
    assert is_blank(type("Controller", (), {"charge": unfinished}))


class Awkward:
    def __eq__(self, other: object) -> bool:
        raise ValueError("no")

    def __repr__(self) -> str:
        raise ValueError("no")

    __hash__ = None  # type: ignore[assignment]


LOOP: list[Any] = ["2:3"]
LOOP.append(LOOP)
JUNK: list[Any] = [
    float("nan"), float("inf"), -1, 10**400, 3.5, True, b"2:3", "2:3", "x" * 100_000, object(), Awkward(), LOOP, {"2:3"}, int,
    len, [float("nan")] * 4, [10**400] * 4, [Awkward()] * 4, ["2:3"] * 3, ["2:3"] * 100_000, [["2:3"]] * 4, itertools.count(),
]  # fmt: skip


@pytest.mark.parametrize("number", ["02.5", "02.6", "02.8", "02.9"])
@pytest.mark.parametrize("place", range(len(JUNK)))
def test_junk_gets_a_sentence_and_is_never_right(number: str, place: int) -> None:
    verdict = check(number, JUNK[place])
    assert not verdict
    assert 0 < len(verdict.words) < 400
    assert "Traceback" not in repr(verdict)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (endless, "still running after 200,000 lines"),
        (deep, "calls itself without end"),
        (cheat, "raised AttributeError in line"),
        (leave, "ended the process that it ran in"),
        (hungry, "more memory than there is"),
        (lambda: 0, "raised TypeError"),
        (lambda cache: "8", "it returns '8'"),
        (lambda cache: Awkward(), "it returns '<Awkward>'"),
        (lambda cache: float("nan"), "it returns '<nan>'"),
    ],
)
def test_a_function_that_does_harm_gets_a_sentence(function: Any, said: str) -> None:
    verdict = check("02.8", function)
    assert not verdict
    assert said in verdict.words


def test_a_loop_that_no_line_is_counted_in_ends_by_the_clock() -> None:
    ran = run(lambda: sum(itertools.count()), [()], seconds=0.2)
    assert ran[0].trouble == "It had not come to an end after 0.2 seconds."


def test_what_a_function_changes_is_changed_nowhere_else() -> None:
    seen: list[int] = []
    assert run(lambda: seen.append(1) or len(seen), [()])[0].value == 1  # type: ignore[func-returns-value]
    assert seen == []


def test_the_refill_order_is_that_of_the_notebooks_own_machine() -> None:
    commands = eighty(Case("02.6"))
    older = machine(*commands, slub="2.6.23")
    assert not check("02.6", RIGHT["02.6"], session=older)
    assert older.commands == [*commands, "open 5"], "the five files are opened there, to be stepped through"
    assert check("02.6", ["2:5", "2:6", "1:4", "0:3", "5:0"], session=older)


def test_the_variable_that_the_lesson_names_is_found_in_the_notebook() -> None:
    names: dict[str, Any] = {"check": check, "s2": machine(*eighty(Case("02.6")), slub="2.6.23")}
    exec('verdict = check("02.6", ["2:5", "2:6", "1:4", "0:3", "5:0"])', names)
    assert names["verdict"]


@pytest.mark.parametrize(
    ("commands", "right", "said"),
    [
        (("close 7 20",), True, "38 of 38 files can be found."),
        (("close 16", "close 15"), True, "38 of 38"),
        (("close 7 12",), False, "Which slabs stand in the picture"),
        (("close 7 8 20",), False, "All found. It can be done with fewer than 3."),
        (("close 7 20 39",), False, "That slab could be found already"),
        (("close 7", "open 1", "close 20"), False, "You may only close files."),
        (("close all",), False, "It can be done with fewer"),
    ],
)
def test_the_fewest_closes_that_find_everything_pass(commands: tuple[str, ...], right: bool, said: str) -> None:
    verdict = check("02.9", closed(*commands))
    assert bool(verdict) is right
    assert said in verdict.words


def test_a_session_whose_dots_are_left_in_did_nothing_and_is_not_answered_yet() -> None:
    session = closed()
    before = session.machine.state_hash()
    assert "not answered yet" in repr(session.run(...))  # type: ignore[arg-type]
    assert session.machine.state_hash() == before
    assert check("02.9", session).state == "not answered yet"


def test_a_question_that_there_is_not_is_the_authors_mistake() -> None:
    for number, said in [
        ("02.77", "lesson 02 has 02.0, "),
        ("98.1", "lesson_98.py"),
        ("two", "called by lesson and number"),
        ("02.2", "is a prediction"),
    ]:
        with pytest.raises(KernelError, match=said):
            check(number, 1)


def test_a_verdict_is_shown_as_text_and_holds_no_html() -> None:
    verdict = check("02.8", lambda cache: "<script>")
    assert "<script>" not in verdict._repr_html_()
    assert "&lt;script&gt;" in verdict._repr_html_()


def test_a_grader_sees_an_exception_for_what_is_not_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMEMLAB_GRADING", "nbgrader")
    assert check("02.8", reachable)
    with pytest.raises(AssertionError, match=r"^✗ 02\.8 not yet\."):
        check("02.8", only_partial)
    with pytest.raises(AssertionError, match=r"^… 02\.8 not answered yet\."):
        check("02.8", unfinished)
