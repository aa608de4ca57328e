"""The answer keys: every question of a lesson, what a machine says to it, and what is said to foreseen wrong answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kmemlab.lessons.checking import table_of
from kmemlab.lessons.table import Case, Values
from tools import answers, notebooks

LESSONS = notebooks.lessons()


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in notebooks.SILENT:
        monkeypatch.setenv(name, "off")


@pytest.fixture
def slub(quiet: None) -> str:
    return answers.key(next(path for path in LESSONS if path.name.startswith("02")))


def part(text: str, number: str) -> str:
    found = re.search(rf"^## {re.escape(number)} · .*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, number
    return found[0]


def test_every_question_has_an_answer_in_its_order(slub: str) -> None:
    assert re.findall(r"^## ([\d.]+) · ", slub, re.MULTILINE) == list(table_of("02"))


def test_a_number_a_choice_and_a_cell_are_the_machines(slub: str) -> None:
    assert "**The machine:** 256 bytes\n" in part(slub, "02.0")
    assert "* B. It goes onto the partial list\n" in part(slub, "02.3")
    assert "**The machine:** It goes onto the partial list\n" in part(slub, "02.3")
    assert "**The machine:** 2:8\n" in part(slub, "02.4")


def test_an_exercise_has_its_worked_solution_and_the_words_for_wrong_ones(slub: str) -> None:
    assert "for slab in cache.cpu_slabs + cache.partial:" in part(slub, "02.8")
    assert "2:3, 2:5, 2:1, 2:8" in part(slub, "02.5")
    assert "| `0` | " in part(slub, "02.8")
    assert "..." not in part(slub, "02.9")


def test_a_question_with_numbers_of_ones_own_has_an_answer_for_each_seed_of_a_class(slub: str) -> None:
    rows = dict(re.findall(r"^\| (\d+) \| (\d:.*) \|$", part(slub, "02.6"), re.MULTILINE))
    row = table_of("02")["02.6"]
    assert isinstance(row, Values)
    assert list(rows) == [str(seed) for seed in range(31)]
    assert rows["0"] == "0:3, 1:4, 2:5, 2:6, 5:0"
    assert rows["7"] == ", ".join(row.answer(Case("02.6", seed=7)))
    assert len(set(rows.values())) > 10
    assert "by the seed" not in slub.replace(part(slub, "02.6"), "")


def test_a_solution_that_is_not_right_makes_no_key(
    quiet: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (answers.SOLUTIONS / "02.toml").read_text(encoding="utf-8").replace("close 7 20", "close 7")
    (tmp_path / "02.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(answers, "SOLUTIONS", tmp_path)
    assert answers.main(["--into", str(tmp_path / "keys"), "02"]) == 1
    assert "the worked solution of 02.9 is not right" in capsys.readouterr().err
    assert not (tmp_path / "keys").exists()


def test_a_question_with_numbers_of_the_machine_has_them(quiet: None) -> None:
    first = answers.key(next(path for path in LESSONS if path.name.startswith("00")))
    assert "A `struct file` is 216 bytes long, the limit is 65,536." in part(first, "00.1")
    assert "**Exercise 1, worked.** A limit of 4,096:" in part(first, "00.3")
    assert "Choose blue's limit so that it will get 1,000 files" in part(first, "00.5")
    assert "## To ask in class, and what to listen for\n\n**Whose memory is a `struct file`?** Before:" in first


@pytest.mark.long
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_has_a_key(path: Path, quiet: None) -> None:
    text = answers.key(path)
    assert re.findall(r"^## ([\d.]+) · ", text, re.MULTILINE) == list(table_of(path.name[:2]))
    assert "{{" not in text
    assert "<!--" not in text


def test_keys_are_made_where_git_does_not_look() -> None:
    ignored = (notebooks.ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"{answers.INTO.relative_to(notebooks.ROOT).parts[0]}/" in ignored
