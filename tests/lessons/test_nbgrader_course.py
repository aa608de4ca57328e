"""`make nbgrader`: a course as nbgrader 0.9 wants it; where it is installed, it is run: a blank, a half and a whole answer."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from kmemlab.lessons.verdict import not_yet, right
from tools import nbgrader, notebooks

SOLVED = tomllib.loads((notebooks.ROOT / "tests" / "lessons" / "solutions" / "00.toml").read_text(encoding="utf-8"))


def test_each_lesson_is_an_assignment_as_it_stands(tmp_path: Path) -> None:
    made = nbgrader.build(tmp_path)
    assert [path.relative_to(tmp_path).parts[:2] for path in made] == [
        ("source", path.stem) for path in sorted(notebooks.MADE.glob("*.ipynb"))
    ]
    for path in made:
        assert path.read_bytes() == (notebooks.MADE / path.name).read_bytes()


def test_the_configuration_keeps_the_dots_and_lets_checks_raise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbgrader.build(tmp_path, chosen=["00"])
    monkeypatch.setattr(os, "environ", dict(os.environ))
    config: Any = SimpleNamespace(
        ClearSolutions=SimpleNamespace(), CourseDirectory=SimpleNamespace(), Execute=SimpleNamespace()
    )
    path = tmp_path / nbgrader.CONFIG
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), {"get_config": lambda: config})
    assert config.ClearSolutions.enabled is False
    assert config.Execute.store_widget_state is False
    assert os.environ["KMEMLAB_GRADING"]
    assert {os.environ[name] for name in notebooks.SILENT} == {"off"}
    assert os.environ["PATH"].startswith(str(Path(sys.executable).parent)), "nbgrader starts alembic by name"


def test_what_is_a_teachers_in_the_folder_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / nbgrader.CONFIG).write_text("mine", encoding="utf-8")
    (tmp_path / "gradebook.db").write_text("marks", encoding="utf-8")
    assert nbgrader.main(["--into", str(tmp_path), "02"]) == 0
    assert [path.name for path in (tmp_path / "source").iterdir()] == ["02-slub"]
    assert (tmp_path / nbgrader.CONFIG).read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "gradebook.db").read_text(encoding="utf-8") == "marks"
    assert nbgrader.main(["--into", str(tmp_path), "77"]) == 1
    assert "no lesson has this number" in capsys.readouterr().err


def test_a_right_verdict_is_printed_where_it_is_graded_and_shown_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KMEMLAB_GRADING", raising=False)
    with pytest.raises(NotImplementedError):
        right("Sixteen.")._ipython_display_()
    assert "Sixteen." in not_yet("Sixteen.")._repr_html_()
    monkeypatch.setenv("KMEMLAB_GRADING", "nbgrader")
    right("Sixteen.").of("00.3")._ipython_display_()
    assert capsys.readouterr().out == "✓ 00.3 right. Sixteen.\n"


def program() -> str | None:
    beside = Path(sys.executable).with_name("nbgrader")
    return str(beside) if beside.exists() else os.environ.get("NBGRADER") or shutil.which("nbgrader")


def handed_in(course: Path, who: str, solved: list[str], cheated: bool = False) -> None:
    notebook = nbformat.read(course / "release" / "00-first-light" / "00-first-light.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("exercise") in solved:
            cell.source = SOLVED[cell.metadata["exercise"]]
        if cheated and "graded" in cell.metadata:
            cell.source = "1"
    place = course / "submitted" / who / "00-first-light" / "00-first-light.ipynb"
    place.parent.mkdir(parents=True)
    nbformat.write(notebook, place)


@pytest.mark.long
@pytest.mark.skipif(program() is None, reason="nbgrader is not installed: NBGRADER names its program")
def test_nbgrader_gives_the_points_that_were_earned(tmp_path: Path) -> None:
    name = program()
    assert name is not None
    nbgrader.build(tmp_path, chosen=["00"])
    environment = {**os.environ, "PYTHONPATH": str(notebooks.ROOT)}  # and not activated

    def run(*arguments: str) -> str:
        ran = subprocess.run([name, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stderr

    run("generate_assignment", "00-first-light")
    given = (tmp_path / "release" / "00-first-light" / "00-first-light.ipynb").read_text(encoding="utf-8")
    assert "files = {4095: ..., 4096: 16, 5000: ...}" in given
    assert "YOUR CODE HERE" not in given
    handed_in(tmp_path, "ada", list(SOLVED))
    handed_in(tmp_path, "bob", list(SOLVED)[:1])
    handed_in(tmp_path, "cy", [], cheated=True)
    said = run("autograde", "00-first-light")
    assert "cannot be converted" not in said
    run("export")
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        marks = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}
    assert marks == {"ada": (2, 2), "bob": (1, 2), "cy": (0, 2)}
    graded = tmp_path / "autograded" / "ada" / "00-first-light" / "00-first-light.ipynb"
    assert graded.stat().st_size < 500_000
