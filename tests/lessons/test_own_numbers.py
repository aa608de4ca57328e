"""Numbers of one's own: with every seed a question has one right answer, and the wrong ones that are foreseen their words."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.lessons.arena import HONEST
from kmemlab.lessons.checking import exercise_of, row_of
from kmemlab.lessons.grading import NOT_YET as GRADED_NOT_YET
from kmemlab.lessons.grading import OTHER_SEED, state_of
from kmemlab.lessons.grading import RIGHT as GRADED_RIGHT
from kmemlab.lessons.lesson_01 import own_blocks
from kmemlab.lessons.lesson_03 import own_steps
from kmemlab.lessons.table import Case, Prediction, Values
from kmemlab.lessons.verdict import NOT_YET, RIGHT, Verdict
from tools import notebooks
from tools.answers import run

from .test_tables import ROWS, messages, tells

SEEDS = range(201)
EXERCISES = ("01.5", "02.6", "03.7", "09.7", "10.8")
PREDICTIONS = ("08.5",)
APART = (0, 6)  # seeds that have different answers to every question of this kind
Wrong = tuple[Any, str]

every = pytest.mark.parametrize("number", [*EXERCISES, *PREDICTIONS])
every_exercise = pytest.mark.parametrize("number", EXERCISES)


@cache
def answer(number: str, seed: int) -> Any:
    """What the machine says to somebody with a seed."""
    row = row_of(number)
    assert isinstance(row, Values | Prediction)
    return row.answer(Case(number, seed=seed))


def buddies(seed: int) -> list[Wrong]:
    pages, orders = zip(*own_blocks(Case("01.5", seed=seed))[1:], strict=True)
    a, b, c = answer("01.5", seed)[1:]
    return [
        ([4, *(page + (1 << order) for page, order in zip(pages, orders, strict=True))], "Those are the blocks behind."),
        ([4, *(page - (1 << order) for page, order in zip(pages, orders, strict=True))], "Those are the blocks in front."),
        ([4, *(page ^ order for page, order in zip(pages, orders, strict=True))], "the bits of the order itself"),
        ([4, a, b + 1, pages[2] + 32], "Which bit is worth 32?"),
        ([4, a, pages[1] - 8, c + 1], "Which bit is worth 8, and is it set?"),
    ]


def refilled(seed: int) -> list[Wrong]:
    first, second, third, fourth, fifth = answer("02.6", seed)
    return [
        ([first, second, fourth, third, fifth], "Which was freed last?"),
        ([first, second, third, f"3:{fourth[2:]}", fifth], "Slab 3 lost no object."),
        ([first, second, third, fourth, "4:0"], "Slab 4 is in the cpu's hand"),
        ([first, second, "2:13", fourth, fifth], "How is the cell behind 9 called?"),
    ]


def counter(seed: int) -> list[Wrong]:
    steps, wanted = own_steps(Case("03.7", seed=seed)), answer("03.7", seed)
    (_, first), _, _, (_, back), (_, last) = steps
    left = 1000 - back
    fits = last <= back
    strict = [first, first, first + 1, max(0, first + 1 - back)]
    return [
        ([*strict, strict[-1] + last, 1], "Does an exact fit not fit?"),
        ([first, 1000, 1001, 1001 - back, 1001 - back + last, 0], "May usage pass the limit?"),
        ([*wanted[:-1], 0], "Was none of the five refused?"),
        ([*wanted[:-1], 3 - wanted[-1]], "At how many of the five"),
        ([first, 1000, 1000, left, left, 2] if fits else [first, 1000, 1000, left, 1000, 2], "The last one:"),
    ]


def pipes(seed: int) -> list[Wrong]:
    got, pages, left = answer("09.7", seed)
    files = int(next(line for line in HONEST if line.startswith("open")).split()[1])
    return [
        ([got + files // 2, 16 * (got + files // 2), left], "blue has files open already."),
        ([2 * got, 32 * got, left], "How many of them has a pipe?"),
        ([2 * got + 1, 16 * (2 * got + 1), left % 256], "How many of them has a pipe?"),
        ([got + 1, pages + 16, 0], "Is that a pipe?"),
        ([got, 4096 * pages, left], "wanted in pages"),
        ([got, 4 * pages, left], "wanted in pages"),
        ([got, got, left], "How many pages are in a full one?"),
        ([got, pages, left + 256 * files], "What is left: the limit"),
    ]


def pile(seed: int) -> list[Wrong]:
    wanted = answer("10.8", seed)
    up = [f"{slab}:{14 - int(cell, 16):x}" for slab, cell in (each.split(":") for each in wanted)]
    return [
        (wanted[::-1], "First in, first out."),
        ([*wanted[:2], *up[2:]], "Cells go out from e down"),
        ([*wanted[:2], up[2], *wanted[3:]], "File 15 has cell e"),
        ([*wanted[:2], wanted[4], wanted[3], wanted[2]], "which file was closed last?"),
    ]


def slots(seed: int) -> list[Wrong]:
    wanted = answer("08.5", seed)
    return [
        (0, "that it wants to be charged"),
        (wanted - 1, "what was asked for"),
        (256, "Some slots lie between"),
        (4096, "a page"),
    ]


FORESEEN: dict[str, Callable[[int], list[Wrong]]] = {
    "01.5": buddies, "02.6": refilled, "03.7": counter, "08.5": slots, "09.7": pipes, "10.8": pile,
}  # fmt: skip


def judged(row: Values, given: Any, wanted: Any) -> Verdict:
    """What is said to an answer where the machine has been asked already."""
    return replace(row, answer=lambda _: wanted).judge(Case("02.6"), given)


def said(number: str, given: Any, seed: int) -> str:
    """What a wrong answer is told."""
    row, wanted = row_of(number), answer(number, seed)
    if isinstance(row, Prediction):
        return row.told(given, wanted, [])
    assert isinstance(row, Values)
    verdict = judged(row, given, wanted)
    assert verdict.state == NOT_YET, (seed, given)
    return verdict.words


def differs(number: str, row: Any) -> bool:
    """Whether a question's answer depends on the seed. In a lesson that draws nothing none does."""
    draws = hasattr(import_module(f"kmemlab.lessons.lesson_{number[:2]}"), "own_number")
    return draws and isinstance(row, Values | Prediction) and answer(number, APART[0]) != answer(number, APART[1])


def test_which_questions_have_numbers_of_ones_own_is_what_teachers_are_told() -> None:
    own = {number for number, row in ROWS if differs(number, row)}
    assert own == {*EXERCISES, *PREDICTIONS}
    guide = (notebooks.ROOT / "docs" / "teaching" / "guide.md").read_text(encoding="utf-8")
    (line,) = [line for line in guide.splitlines() if line.startswith("* **Numbers of their own.**")]
    assert set(re.findall(r"\b\d\d\.\d+", line)) == own


@every
@pytest.mark.parametrize(
    "seeds", [SEEDS[start : start + 67] for start in (0, 67, 134)], ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}"
)
def test_with_each_seed_one_answer_is_right_and_each_foreseen_wrong_one_has_its_words(number: str, seeds: range) -> None:
    for seed in seeds:
        wanted = answer(number, seed)
        row = row_of(number)
        for given, words in FORESEEN[number](seed):
            assert given != wanted, (seed, given)
            assert words in said(number, given, seed), (seed, given)
        for words in messages(row):
            assert not tells(words, wanted), (seed, words)
        if isinstance(row, Values):
            assert judged(row, wanted, wanted)


@every_exercise
def test_each_seed_is_graded_with_its_own_numbers_and_another_one_is_told(number: str) -> None:
    for seed in SEEDS:
        kept = {"answer": answer(number, seed), "session": Session(seed=seed).to_dict()}
        assert state_of(number, kept, seed)[0] == GRADED_RIGHT, seed
        assert state_of(number, kept, seed + 1) == (OTHER_SEED, f"The session was made with seed {seed}.")


@every_exercise
def test_a_neighbours_answer_is_rarely_ones_own_and_then_only_by_chance(number: str) -> None:
    """In a class of thirty nobody's answer is that of six others, and what differs is graded as not right."""
    counts = Counter(str(answer(number, seed)) for seed in range(1, 31))
    assert max(counts.values()) <= 6, counts
    mine = next(seed for seed in SEEDS if answer(number, seed) != answer(number, 7))
    kept = {"answer": answer(number, mine), "session": Session(seed=7).to_dict()}
    assert state_of(number, kept, 7)[0] == GRADED_NOT_YET


@every_exercise
@pytest.mark.parametrize("seed", [0, 1, 7, 41])
def test_the_worked_solution_is_right_with_every_seed_and_the_cell_prints_the_numbers(
    number: str, seed: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The notebook's cells from the first to this exercise's check, `seed=0` replaced as a learner does it."""
    monkeypatch.setenv("KMEMLAB_PROGRESS", "off")
    lesson = number[:2]
    solved = tomllib.loads((Path(__file__).parent / "solutions" / f"{lesson}.toml").read_text(encoding="utf-8"))[number]
    (path,) = notebooks.lessons([lesson])
    cells = [cell for cell in notebooks.source_of(path).cells if cell.cell_type == "code"]
    written = next(cell.source for cell in cells if cell.metadata.get("exercise") == number)
    answered = len(written) - len(written.rstrip().rpartition("\n\n")[2])
    assert solved.strip().startswith(written[:answered].strip()), "the worked solution is the cell, but for its last lines"
    assert "seed=0" in written
    names: dict[str, Any] = {"__name__": "__main__"}
    run(cells[0].source, names, f"own-{number}-first")
    capsys.readouterr()
    run(solved.replace("seed=0", f"seed={seed}"), names, f"own-{number}-{seed}")
    assert re.search(r"\d", capsys.readouterr().out)
    (asks,) = [cell.source for cell in cells if cell.metadata.get("graded") == number]
    verdict = run(asks, names, f"own-{number}-check-{seed}")
    assert isinstance(verdict, Verdict)
    assert verdict.state == RIGHT, verdict
    session = names[exercise_of(number).session]
    assert session.machine.profile.seed == seed


@every
def test_the_lesson_tells_where_ones_number_goes(number: str) -> None:
    (path,) = notebooks.lessons([number[:2]])
    cells = notebooks.source_of(path).cells
    at = next(place for place, cell in enumerate(cells) if cell.cell_type == "code" and "seed=0" in cell.source)
    assert "write `seed=7` in place of `seed=0`" in cells[at - 1].source
