"""The teacher's pages: every lesson has its notes, numbers have a source, commands are there, and no answer is in them."""

from __future__ import annotations

import contextlib
import io
import re
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from kmemlab.cli.main import parser
from kmemlab.lab import server
from kmemlab.lessons import progress
from tools import answers, course, notebooks, prose

FOLDER = notebooks.ROOT / "docs" / "teaching"
PAGES = sorted(FOLDER.glob("*.md"))
MAKEFILE = (notebooks.ROOT / "Makefile").read_text(encoding="utf-8")
every = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


def text(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def sections() -> dict[str, tuple[int, str]]:
    """The notes: number of the lesson -> minutes, words."""
    found = re.findall(r"^## (\d\d) · (\d+) minutes\n(.*?)(?=^## |\Z)", text("lessons"), re.MULTILINE | re.DOTALL)
    return {number: (int(minutes), words) for number, minutes, words in found}


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.number)
def test_every_lesson_has_its_notes_with_its_own_minutes(lesson: course.Lesson) -> None:
    minutes, words = sections()[lesson.number]
    assert minutes == lesson.minutes
    for part in ("**Takes**", "**Beliefs:**", "**Goes wrong:**", "**Ask", "**Draw", "**Cut:**"):
        assert part in words, part


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.number)
def test_notes_have_a_sketch_and_name_sections_and_exercises_that_are_there(lesson: course.Lesson) -> None:
    _, words = sections()[lesson.number]
    assert words.count("```") == 2, "a sketch for the board"
    told = "\n".join(cell.source for cell in lesson.notebook.cells if cell.cell_type == "markdown")
    for number in re.findall(r"\bexercise (\d+)", words):
        assert re.search(rf"\*\*.*[Ee]xercise {number}\b", told), f"exercise {number}"
    for number in re.findall(r"\bsection (\d+)", words):
        assert re.search(rf"^## {number} · ", told, re.MULTILINE), f"section {number}"


def test_whatever_is_to_be_asked_has_something_to_listen_for_in_the_key() -> None:
    rows = tomllib.loads(answers.ASKED.read_text(encoding="utf-8"))
    assert set(rows) == set(sections())
    for number, (_, words) in sections().items():
        line = next(each for each in words.splitlines() if each.startswith("* **Ask"))
        assert [row["ask"] for row in rows[number]] == re.findall(r'"([^"]+\?)"', line) + re.findall(r'"([^"]+\.)"', line)
        for row in rows[number]:
            assert row["listen"].strip() not in words


@every
def test_a_number_is_marked_with_its_source(path: Path) -> None:
    assert prose.bare_numbers(path.read_text(encoding="utf-8"), given=set()) == []


@every
def test_pages_and_lessons_that_are_named_are_there(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    for name in re.findall(r"\]\((\w+\.(?:md|svg))\)", page):
        assert (FOLDER / name).exists()
    for target in re.findall(r"`make (\w+)", page):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


def test_the_programs_commands_and_options_are_there() -> None:
    page = text("guide") + text("lessons") + text("syllabus")
    commands = re.findall(r"`(?:\.venv/bin/)?kmemlab (\w+)([^`]*)`", page)
    assert {name for name, _ in commands} >= {"doctor", "progress", "grade"}
    for name, _ in commands:
        with pytest.raises(SystemExit) as ended:
            parser().parse_args([name, "--help"])
        assert ended.value.code == 0, name
    parser().parse_args(["grade", "FILE.py", "--stage", "2", "--seed", "5"])
    parser().parse_args(["progress", "FILE", "--seed", "5", "--json"])


def test_a_copy_of_the_notebooks_is_served_with_options_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    line = next(each for each in text("guide").splitlines() if "kmemlab.lab.server" in each)
    with pytest.raises(SystemExit):
        server.main(["--help"])
    options = capsys.readouterr().out
    for option in re.findall(r"--[a-z]+", line):
        assert f"{option} " in options


def test_where_progress_is_kept_is_what_the_guide_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KMEMLAB_PROGRESS")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    place = progress.place()
    assert place is not None
    assert f"`~/{place.relative_to(Path.home())}`" in text("guide")


def test_every_belief_that_the_notes_name_is_in_the_guide() -> None:
    listed = set(re.findall(r"^\| (M\d+) \|", text("guide"), re.MULTILINE))
    named = set(re.findall(r"\bM\d+", text("lessons")))
    assert named - listed == set()
    met = re.findall(r"^\| (M\d+) \|.*\| ([\d, ]+) \|$", text("guide"), re.MULTILINE)
    assert len(met) == len(listed)
    assert {number for _, where in met for number in where.split(", ")} <= set(sections())


def test_the_plans_add_up_to_their_hours() -> None:
    one, three, ten = re.split(r"^## ", text("syllabus"), flags=re.MULTILINE)[1:]
    spans = [(int(a), int(b)) for a, b in re.findall(r"^\| (\d+) to (\d+) \|", one, re.MULTILINE)]
    assert [a for a, _ in spans] == [0, *(b for _, b in spans[:-1])]
    assert spans[-1][1] == 60
    assert sum(map(int, re.findall(r"^\| (?:first )?(\d+) \|", three, re.MULTILINE))) == 180
    for row in re.findall(r"^\| \d \| ([^|]+) \|", ten, re.MULTILINE):
        assert sum(int(part.split()[-1]) for part in row.strip().split(" · ")) == 120, row


JUMPS = [  # what the short plans take out of a lesson
    ("01", (1, 2)), ("05", (2,)), ("07", (1,)), ("03", (1, 2, 4)), ("06", (1, 2)), ("09", (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("number", "taken"), JUMPS, ids=lambda each: str(each))
def test_what_a_short_plan_takes_runs_without_the_rest(number: str, taken: tuple[int, ...]) -> None:
    """The first cell of code, then the sections of the plan; what is skipped is not needed."""
    notebook = notebooks.source_of(next(notebooks.TEXT.glob(f"{number}-*.md")))
    names: dict[str, Any] = {"__name__": "__main__"}
    section, begun, ran = 0, False, 0
    with contextlib.redirect_stdout(io.StringIO()):
        for place, cell in enumerate(notebook.cells):
            if cell.cell_type == "markdown":
                heading = re.search(r"^## (?:(\d+) · )?", cell.source, re.MULTILINE)
                section = int(heading[1] or -1) if heading else section
            elif not begun or section in taken:
                answers.run(cell.source, names, f"jump-{number}-{place}")
                begun, ran = True, ran + 1
    assert ran > 2


def test_the_sheet_for_paper_has_four_slabs_of_sixteen_cells() -> None:
    sheet = ElementTree.parse(FOLDER / "slabs.svg").getroot()
    cells = [each for each in sheet.iter("{http://www.w3.org/2000/svg}rect") if "stroke-dasharray" not in each.attrib]
    assert len(cells) == 4 * 16
