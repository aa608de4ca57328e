"""What `make notebooks` makes of a lesson's text, on a small lesson of its own; and that each rule of the text bites."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from tools import notebooks, prose, values

SMALL = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: other, language: python, name: python3}
kmemlab: {lesson: "77"}
---

# 77 · Small

**1 minutes.** After: you can

* **count** files;
* **see** one cell;
* **say** nothing.

```{code-cell} ipython3
from kmemlab import Session
from kmemlab.lab import SlabView

s = Session()
s.run("open 5")
```

+++ {"naps": "changing"}

Five files are {{ live(s) * cat(s, '/sys/slab/filp/slab_size') }} bytes,<!-- a note --> of {{ PAGE_SIZE }}.

```{code-cell} ipython3
:tags: [hide-cell]
:exercise: "77.1"
:ladder: blank
SlabView(s)
```

```{code-cell} ipython3
:graded: "77.1"
s.run("close 0")
```

+++

Now {{ live(s) }}; elsewhere {{ cat(fresh('open 17', boot='slub_nomerge'), '/sys/slab/filp/slabs') }}.
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    path = tmp_path_factory.mktemp("text") / "77-small.md"
    path.write_text(SMALL, encoding="utf-8")
    return notebooks.make(path)


def test_the_prose_holds_the_numbers_of_the_machine_where_it_stands(small: nbformat.NotebookNode) -> None:
    assert small.cells[2].source == "Five files are 1,280 bytes, of 4,096."
    assert small.cells[5].source == "Now 4; elsewhere 2."


def test_filling_the_prose_in_leaves_no_name_and_no_number_of_its_own(small: nbformat.NotebookNode) -> None:
    code = [cell for cell in small.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3]
    assert "filled" not in "".join(cell.source for cell in small.cells)


def test_a_widget_leaves_a_still_picture_and_words_and_no_state(small: nbformat.NotebookNode) -> None:
    (output,) = small.cells[3].outputs
    assert set(output.data) == {"image/svg+xml", "text/plain"}
    assert "Nobody owns the 5 filp objects in use." in "".join(output.data["image/svg+xml"])
    assert "widgets" not in small.metadata
    assert "widget" not in notebooks.written(small)


def test_outputs_are_folded_until_a_cell_is_run_and_solutions_are_too(small: nbformat.NotebookNode) -> None:
    assert small.cells[1].metadata["jupyter"] == {"outputs_hidden": True}
    assert small.cells[3].metadata["jupyter"] == {"outputs_hidden": True, "source_hidden": True}


def test_exercises_and_checks_are_marked_as_nbgrader_marks_them(small: nbformat.NotebookNode) -> None:
    exercise, check = small.cells[3].metadata["nbgrader"], small.cells[4].metadata["nbgrader"]
    assert exercise == {
        "grade": False, "grade_id": "exercise-77-1", "locked": False, "schema_version": 3, "solution": True, "task": False,
    }  # fmt: skip
    assert check == {
        "grade": True, "grade_id": "check-77-1", "locked": True, "points": 1,
        "schema_version": 3, "solution": False, "task": False,
    }  # fmt: skip


def test_the_file_is_a_notebook_of_its_own_without_a_word_about_its_text(small: nbformat.NotebookNode) -> None:
    text = notebooks.written(small)
    again = nbformat.reads(text, as_version=4)
    nbformat.validate(again)
    assert set(again.metadata) == {"kernelspec", "kmemlab", "language_info"}
    assert "jupytext" not in text
    assert len({cell.id for cell in again.cells}) == len(again.cells)


def test_an_expression_that_fails_stops_the_making(tmp_path: Path) -> None:
    path = tmp_path / "77-small.md"
    path.write_text(SMALL.replace("{{ live(s) }}", "{{ live(nobody) }}"), encoding="utf-8")
    with pytest.raises(Exception, match="nobody"):
        notebooks.make(path)


@pytest.mark.parametrize(("value", "text"), [(8192, "8,192"), (18.75, "18.75"), ("EBUSY", "EBUSY"), (12, "12")])
def test_values_are_written_as_prose_writes_them(value: object, text: str) -> None:
    assert values.written(value) == text


@pytest.mark.parametrize("value", [None, True, [8192]])
def test_a_value_that_nobody_means_to_read_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        values.written(value)


@pytest.mark.parametrize(("text", "found"), [
    ("blue pays 8,192 bytes", "8,192 is neither evaluated"),
    ("**256** cells", "256 is neither evaluated"),
    ("in `256` ways", "256 is neither evaluated"),
    ("| 216 | 12 |", "216 is neither evaluated"),
    ("<details><summary>?</summary>\n\n2304.\n</details>", "2304 is neither evaluated"),
    ("216<!-- I think -->", "216 is neither evaluated"),
    ("{{ live(s) }}. That is all.", "a line that begins with a number and a full stop is read as a list"),
    ("{{ 8192 }} bytes", "{{ 8192 }} evaluates nothing"),
    ("a limit of 4,097<!-- given -->", "4,097 is marked as given, and no code"),
])  # fmt: skip
def test_a_planted_number_is_found(text: str, found: str) -> None:
    (told,) = prose.bare_numbers(text, given={4096})
    assert told.startswith(found)


@pytest.mark.parametrize("text", [
    "{{ live(s) }} files", "216<!-- facts 2.7 --> bytes", "a limit of 4,096<!-- given -->",
    "Linux 2.6.24, `kmalloc-256`, kmalloc-256",
    "`echo -n 65536 > kmem.limit`", "16 cells of `0x100`, at `…7000`", "> posted on 25 September 2007", "12 of 40",
    "```\nfd 0-399: 400 files\n```", "2007<!-- letter -->", "x86-64", "[here](https://example.org/12345)",
])  # fmt: skip
def test_numbers_with_a_home_and_names_with_digits_are_left_alone(text: str) -> None:
    assert prose.bare_numbers(text, given={4096}) == []


def lesson(*cells: tuple[str, str, dict[str, object]]) -> nbformat.NotebookNode:
    """A notebook of (kind, source, metadata)."""
    made = nbformat.from_dict({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    for kind, source, metadata in cells:
        cell = {"cell_type": "markdown" if kind == "prose" else kind, "source": source, "metadata": metadata}
        made.cells.append(nbformat.from_dict(cell))
    assert isinstance(made, nbformat.NotebookNode)
    return made


def test_long_explanations_and_long_cells_are_found() -> None:
    words, quoted = "word " * 141, "> " + "word " * 200
    assert prose.too_long(lesson(("prose", words, {}))) == ["cell 0: 141 words in one go, at most 140"]
    assert prose.too_long(lesson(("prose", f"<details><summary>x</summary>\n{words}\n</details>", {}))) != []
    assert prose.too_long(lesson(("prose", quoted, {}), ("code", "\n".join("x" * 12), {}))) == []
    assert prose.too_long(lesson(("code", "\n".join("x" * 13), {}))) == ["cell 0: 13 lines of code, at most 12"]


def test_what_a_screen_of_1280_pixels_or_html_would_not_show_is_found() -> None:
    assert prose.out_of_sight(lesson(("code", "x" * 104, {}))) == []
    assert prose.out_of_sight(lesson(("code", "x" * 105, {}))) == ["cell 0: a line of 105 letters, at most 104 are seen"]
    folded = "<details><summary>What is {}?</summary>\n\n`kmalloc`.\n</details>"
    assert prose.out_of_sight(lesson(("prose", folded.format("<code>kmalloc</code>"), {}))) == []
    (told,) = prose.out_of_sight(lesson(("prose", folded.format("`kmalloc`"), {})))
    assert told.endswith("write <code>kmalloc</code>")


def test_a_lesson_that_only_asks_and_shows_is_found() -> None:
    assert prose.levels(lesson(("prose", "x", {"naps": "responding"}))) == ["no activity reaches the level 'changing'"]
    assert prose.levels(lesson(("prose", "x", {"naps": "constructing"}))) == []
    assert (
        "'making' is no level"
        in prose.levels(lesson(("prose", "x", {"naps": "making"}), ("prose", "x", {"naps": "changing"})))[0]
    )


def test_a_picture_without_a_task_in_its_section_is_found() -> None:
    picture: tuple[str, str, dict[str, object]] = ("code", "SlabView(s)", {})
    idle = lesson(("prose", "## A", {}), ("code", 'predict("1")', {}), ("prose", "## B", {}), picture)
    assert prose.idle_pictures(idle) == ["cell 3: a picture, and nothing to do with it"]
    assert prose.idle_pictures(lesson(("prose", "## B", {}), ("code", 'predict("1")', {}), picture)) == []
    assert prose.idle_pictures(lesson(("prose", "## B", {"naps": "changing"}), picture)) == []


def test_what_a_lesson_lacks_is_said() -> None:
    told = prose.shape(lesson(("prose", "# Title\n\nSome words.", {})))
    assert len(told) == 9
    assert "it lacks a self-check" in told


def test_make_notebooks_says_what_is_stale_and_what_breaks_a_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "77-small.md").write_text(
        re.sub(r"\n```{code-cell}.*?```", "", SMALL, flags=re.DOTALL), encoding="utf-8"
    )
    source = tmp_path / "text" / "77-small.md"
    source.write_text(re.sub(r"\{\{.*?\}\}", "300", source.read_text(encoding="utf-8")), encoding="utf-8")
    monkeypatch.setattr(notebooks, "TEXT", tmp_path / "text")
    monkeypatch.setattr(notebooks, "MADE", tmp_path)
    assert notebooks.main(["--check"]) == 1
    told = capsys.readouterr()
    assert "77-small.md: 77-small.ipynb is stale: make notebooks" in told.err
    assert "77-small.md: cell 1: 300 is neither evaluated nor marked with its source" in told.err
    assert not (tmp_path / "77-small.ipynb").exists()
    notebooks.main([])
    capsys.readouterr()
    notebooks.main(["--check"])
    assert "stale" not in capsys.readouterr().err
    assert notebooks.lessons(["02"]) == []


def test_how_a_stream_was_cut_into_messages_does_not_matter() -> None:
    cut = [
        {"output_type": "stream", "name": name, "text": text}
        for name, text in (("stdout", "a"), ("stdout", "b\n"), ("stderr", "c"))
    ]
    whole = notebooks.joined([nbformat.from_dict(each) for each in cut])
    assert [(output.name, output.text) for output in whole] == [("stdout", "ab\n"), ("stderr", "c")]
