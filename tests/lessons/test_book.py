"""The book: it lists every lesson, asks where the lab asks, and gives no answer before its question is read."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from tools import book, course, notebooks, stills

LESSONS = course.lessons()
every = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)


def test_every_lesson_that_is_written_is_in_the_book_in_its_order(tmp_path: Path) -> None:
    laid = book.lay_out(tmp_path, notebooks.MADE)
    wanted = [path.stem for path in notebooks.lessons()]
    assert [each.path.stem for each in laid] == wanted
    first = (tmp_path / "index.md").read_text(encoding="utf-8")
    listed = re.search(r"caption: Lessons\n\n(.*?)\n```", first, re.DOTALL)
    assert listed is not None
    assert listed[1].split() == wanted
    for each in laid:
        assert f"[{each.number} · {each.title}]({each.path.name}) | {each.minutes} |" in first
        assert (tmp_path / each.path.name).exists()


def test_every_page_for_teachers_is_in_the_book(tmp_path: Path) -> None:
    book.lay_out(tmp_path, notebooks.MADE)
    first = (tmp_path / "index.md").read_text(encoding="utf-8")
    for path in book.TEACHING.glob("*.md"):
        assert f"\nteaching-{path.stem}\n" in first
        page = (tmp_path / f"teaching-{path.name}").read_text(encoding="utf-8")
        assert "<!--" not in page
        for linked in re.findall(r"\]\((?!https?:|#)([^)#]+)", page):
            assert (tmp_path / linked).exists(), f"{path.name} leads to {linked}"


@every
def test_a_prediction_is_its_question_and_its_answer_is_folded(lesson: course.Lesson) -> None:
    made, asked = book.readable(lesson.notebook), False
    assert any(course.is_prediction(cell) for cell in made.cells)
    for cell in made.cells:
        if cell.cell_type == "markdown":
            asked = False
        elif course.is_prediction(cell):
            asked = True
            (output,) = cell.outputs
            assert "Open the lesson in the lab to answer" in output.data["text/html"]
        elif asked and cell.outputs and "graded" not in cell.metadata:
            assert "hide-output" in cell.metadata["tags"], cell.source


@every
def test_an_exercise_is_left_to_the_lab_and_a_worked_one_is_shown(lesson: course.Lesson) -> None:
    text = {
        cell.id: "".join(str(output) for output in cell.get("outputs", ())) for cell in book.readable(lesson.notebook).cells
    }
    for cell in lesson.notebook.cells:
        if "graded" in cell.metadata:
            assert f"Exercise {cell.metadata['graded']}</strong> is checked in the lab" in text[cell.id]
            assert "not answered yet" not in text[cell.id]


@every
def test_the_notebook_itself_is_not_touched(lesson: course.Lesson) -> None:
    before = nbformat.writes(lesson.notebook)
    book.readable(lesson.notebook)
    assert nbformat.writes(lesson.notebook) == before


@every
def test_every_colour_of_a_picture_has_one_for_the_dark(lesson: course.Lesson) -> None:
    pictures = [svg for cell in lesson.notebook.cells if (svg := course.picture(cell))]
    assert pictures
    assert {colour for svg in pictures for colour in stills.unpainted(svg)} == set()


def test_a_colour_that_is_nobodys_is_found() -> None:
    assert stills.unpainted('<rect fill="#FCFCFB"/><rect stroke="#123456"/>') == {"#123456"}
    assert '.still svg [fill="#FCFCFB"] { fill: #131416; }' in stills.sheet(".still")


def test_the_choices_of_a_prediction_are_a_list_and_its_picture_stays_a_picture() -> None:
    text = "Prediction 77.1: answer with a letter.\n  A  216 <bytes>\n  B  none"
    assert "<ol><li>216 &lt;bytes&gt;</li><li>none</li></ol>" in book.question(text)
    assert "<pre>slab  0 1\n   0  # .</pre>" in book.question("Prediction 77.2: answer with slab:cell.\nslab  0 1\n   0  # .")


def test_a_notebook_that_is_no_lesson_is_said_to_be_none(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Something")])
    nbformat.write(notebook, tmp_path / "77-something.ipynb")
    with pytest.raises(ValueError, match=r"77-something\.ipynb begins neither"):
        course.lessons(tmp_path)
