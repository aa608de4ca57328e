"""The slides: a question stands before its answer, answers to exercises nowhere, and a file needs nothing but itself."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import nbformat
import pytest

from kmemlab.lab import still
from tools import course, slides

LESSONS = course.lessons()
every = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)


@every
def test_each_prediction_has_a_slide_and_what_follows_is_not_on_it(lesson: course.Lesson) -> None:
    made = slides.slides(lesson)
    assert made[0].kind == "title"
    assert {"ask", "ran", "check", "end"} <= {each.kind for each in made}
    asked = [cell for cell in lesson.notebook.cells if course.is_prediction(cell)]
    assert sum(each.kind == "ask" for each in made) == len(asked)
    for slide in made:
        if slide.kind in ("ask", "do"):
            assert "<figure" not in slide.body
            assert "<p" in slide.body, "it says what is asked"


@every
def test_each_exercise_has_a_slide_with_its_dots(lesson: course.Lesson) -> None:
    made = [each for each in slides.slides(lesson) if each.kind == "do"]
    to_fill_in = [each for each in made if '<pre class="typed">' in each.body]
    assert len(to_fill_in) == sum("exercise" in cell.metadata for cell in lesson.notebook.cells)
    assert not any("not answered yet" in each.body for each in made)


@every
def test_the_self_check_asks_and_does_not_answer(lesson: course.Lesson) -> None:
    (check,) = [each for each in slides.slides(lesson) if each.kind == "check"]
    assert check.body.count("<li>") >= 3
    assert "<details>" not in check.body


@every
def test_a_file_loads_nothing(lesson: course.Lesson) -> None:
    text = slides.page(lesson)
    assert re.findall(r"<(?:script|img|iframe|source|object|embed)\b[^>]*(?:src|data)=", text) == []
    assert re.findall(r"<link\b(?![^>]*href=\"data:)", text) == []
    assert re.findall(r"@import|url\(\s*[\"']?(?!#)", text) == []
    assert "Traceback" not in text
    assert "{{" not in text


def small(*cells: nbformat.NotebookNode) -> course.Lesson:
    """A lesson of a few cells."""
    first = nbformat.v4.new_markdown_cell("# 77 · Small\n\n**1 minutes.** After: you can\n\n* **count** files;\n\nWhy so?")
    notebook = nbformat.v4.new_notebook(cells=[first, *cells])
    return course.Lesson(Path("77-small.ipynb"), "77", "Small", 1, "", ("**count** files;",), notebook)


def test_metadata_has_the_last_word() -> None:
    said = nbformat.from_dict({"output_type": "stream", "name": "stdout", "text": "1\n"})
    shown = nbformat.v4.new_markdown_cell("## Part\n\nLook.", metadata={"slide": "show"})
    left = nbformat.v4.new_code_cell("x", outputs=[said], metadata={"slide": "skip"})
    kept, note = nbformat.v4.new_code_cell("y", outputs=[said]), nbformat.v4.new_markdown_cell("A note.")
    made = slides.slides(small(shown, left, kept, note))
    assert [(each.kind, each.kicker) for each in made] == [("title", "Lesson 77"), ("ran", "Part"), ("ran", "Part")]
    assert made[1].body == "<p>Look.</p>\n"
    assert "y" in made[2].body
    assert made[2].notes == ["A note."]


def test_what_a_machine_said_at_length_is_cut_in_the_middle_and_says_so() -> None:
    cut = slides.code("\n".join(f"line {n}" for n in range(40)))
    assert "line 0" in cut
    assert "line 39" in cut
    assert "… 27 lines more" in cut
    assert cut.count("\n") < slides.MOST_LINES


def test_a_picture_of_many_words_is_cut_in_the_middle_and_says_so() -> None:
    few, many = (still.twin_still("Title", "\n".join(f"line {n}" for n in range(count))) for count in (25, 38))
    assert slides.shortened(few) == few
    cut = slides.shortened(many)
    assert "Title" in cut and "line 21<" in cut and "line 36<" in cut and "line 37<" in cut
    assert "… 14 lines more" in cut
    assert "line 22<" not in cut
    places = [float(each) for each in re.findall(r'y="([\d.]+)" font-size="13"', cut)]
    assert {round(b - a, 1) for a, b in itertools.pairwise(places)} == {18.0}


def test_a_table_is_shown_as_one_and_a_short_line_shares_a_slide_with_its_picture() -> None:
    table = nbformat.v4.new_output("execute_result", {"text/plain": "a b", "text/html": "<table><tr><td>a</td></tr></table>"})
    verdict = nbformat.v4.new_output("execute_result", {"text/plain": "right.", "text/html": "<div>right.</div>"})
    drawn = nbformat.v4.new_output("display_data", {"image/svg+xml": still.twin_still("T", "x\n" * 17), "text/plain": "T"})
    cells = [nbformat.v4.new_code_cell(name, outputs=[out]) for name, out in (("t", table), ("v", verdict), ("d", drawn))]
    made = slides.slides(small(*cells))[1:]
    assert '<div class="told"><table>' in made[0].body and "a b" not in made[0].body
    assert "right." in made[1].body and "<div>" not in made[1].body
    assert len(made) == 3 and made[2].body.startswith('<pre class="typed">d') and "<svg" in made[2].body


def test_a_lesson_that_is_not_there_is_said_not_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert slides.main(["--into", str(tmp_path), "88"]) == 1
    assert "no lesson has this number" in capsys.readouterr().err
    assert slides.main(["--into", str(tmp_path), "02"]) == 0
    assert [path.name for path in tmp_path.glob("*.html")] == ["02-slub.html"]
