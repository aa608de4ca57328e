"""`make reset`: a machine of a class is as on the first day, whoever sat there loses nothing, and it asks first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kmemlab.lab import reset


@pytest.fixture
def seat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A clone whose learner has changed a notebook, lost one, made one, solved an exercise and kept a session."""
    root, home = tmp_path / "clone" / "notebooks", tmp_path / "clone" / ".jupyter"
    root.mkdir(parents=True)
    for name in ("00-a.ipynb", "01-b.ipynb", "02-c.ipynb"):
        (root / name).write_text(f"{name}: first day", encoding="utf-8")
    (root / "text").mkdir()
    (root / "text" / "00-a.md").write_text("text", encoding="utf-8")
    (root.parent / ".gitignore").write_text(".jupyter/\n.ipynb_checkpoints/\n", encoding="utf-8")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "course"]):
        subprocess.run(["git", "-C", str(root.parent), *command], check=True)
    (root / "00-a.ipynb").write_text("mine", encoding="utf-8")
    (root / "01-b.ipynb").unlink()
    (root / "Untitled.ipynb").write_text("notes", encoding="utf-8")
    (root / "text" / "00-a.md").write_text("an author's", encoding="utf-8")
    (root / "text" / "11-new.md").write_text("an author's, too", encoding="utf-8")
    for left in ("mine.json", "group 3/Untitled.ipynb", ".ipynb_checkpoints/00-a-checkpoint.ipynb"):
        (root / left).parent.mkdir(exist_ok=True)
        (root / left).write_text("a learner's", encoding="utf-8")
    for kept in ("autosave", "workspaces", "settings"):
        (home / kept).mkdir(parents=True)
        (home / kept / "one").write_text(kept, encoding="utf-8")
    monkeypatch.setenv("KMEMLAB_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.delenv("KMEMLAB_AUTOSAVE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "state" / "kmemlab" / "autosave").mkdir(parents=True)
    (tmp_path / "state" / "kmemlab" / "autosave" / "two").write_text("their own JupyterLab's", encoding="utf-8")
    (tmp_path / "progress.json").write_text("{}", encoding="utf-8")
    return root, home


def everything(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts
    }  # fmt: skip


def test_the_notebooks_are_those_of_the_course_and_the_learners_are_put_aside(seat: tuple[Path, Path], tmp_path: Path) -> None:
    root, home = seat
    place = reset.reset(root, home, lambda _: "y")
    assert place == home / "before-reset-1"
    assert everything(root) == {
        "00-a.ipynb": "00-a.ipynb: first day", "01-b.ipynb": "01-b.ipynb: first day", "02-c.ipynb": "02-c.ipynb: first day",
        "text/00-a.md": "an author's", "text/11-new.md": "an author's, too",
    }  # fmt: skip
    assert everything(place) == {
        "notebooks/00-a.ipynb": "mine", "notebooks/Untitled.ipynb": "notes", "notebooks/mine.json": "a learner's",
        "notebooks/group 3/Untitled.ipynb": "a learner's",
        "notebooks/.ipynb_checkpoints/00-a-checkpoint.ipynb": "a learner's", "autosave/one": "autosave",
        "workspaces/one": "workspaces", "progress.json": "{}", "kmemlab-autosave/two": "their own JupyterLab's",
    }  # fmt: skip
    assert everything(home)["settings/one"] == "settings"
    assert not (tmp_path / "progress.json").exists()
    assert reset.reset(root, home, lambda _: pytest.fail("there is nothing to ask about")) is None


def test_a_second_reset_has_a_folder_of_its_own(seat: tuple[Path, Path]) -> None:
    root, home = seat
    reset.reset(root, home, lambda _: "y")
    (root / "02-c.ipynb").write_text("another's", encoding="utf-8")
    assert reset.reset(root, home, lambda _: "yes") == home / "before-reset-2"
    assert (home / "before-reset-1" / "notebooks" / "00-a.ipynb").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("answer", ["", "n", "no", "what?"])
def test_without_a_yes_nothing_changes(seat: tuple[Path, Path], tmp_path: Path, answer: str) -> None:
    root, home = seat
    before = everything(tmp_path)
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    with pytest.raises(reset.NotAsked):
        reset.reset(root, home, ask)
    assert everything(tmp_path) == before
    for named in (
        "notebook 00-a.ipynb",
        "notebook 01-b.ipynb, which is not there",
        "Untitled.ipynb, which is new",
        "group 3, which is new",
        "progress.json",
        "autosave",
    ):
        assert named in asked[0]
    assert "02-c" not in asked[0]


def test_while_the_lab_runs_nothing_changes(
    seat: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, home = seat
    server = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (home / "runtime").mkdir()
    (home / "runtime" / f"jpserver-{server.pid}.json").write_text("{}", encoding="utf-8")
    before = everything(tmp_path)
    assert reset.main(["--root", str(root), "--home", str(home), "--yes"]) == 1
    assert f"the lab still runs (process {server.pid})" in capsys.readouterr().err
    assert everything(tmp_path) == before
    server.communicate()
    assert reset.main(["--root", str(root), "--home", str(home), "--yes"]) == 0, "one that was killed leaves its file"


def test_where_nobody_can_answer_nothing_changes(
    seat: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, home = seat
    before = everything(tmp_path)

    def nobody(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    arguments = ["--root", str(root), "--home", str(home)]
    assert reset.main(arguments) == 1
    assert "nothing was changed" in capsys.readouterr().err
    assert everything(tmp_path) == before
    assert reset.main([*arguments, "--yes"]) == 0
    assert "as on the first day" in capsys.readouterr().out


def test_without_git_the_notebooks_stay_and_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, home = tmp_path / "notebooks", tmp_path / ".jupyter"
    root.mkdir()
    home.mkdir()
    (root / "00-a.ipynb").write_text("mine", encoding="utf-8")
    kept = tmp_path / "progress.json"
    kept.write_text("{}", encoding="utf-8")
    monkeypatch.setenv("KMEMLAB_PROGRESS", str(kept))
    monkeypatch.setenv("KMEMLAB_AUTOSAVE", "off")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "y"

    place = reset.reset(root, home, ask)
    assert "no git clone" in asked[0]
    assert (root / "00-a.ipynb").read_text(encoding="utf-8") == "mine"
    assert place is not None
    assert (place / "progress.json").exists()
