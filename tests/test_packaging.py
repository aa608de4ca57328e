"""What ships and what Binder installs agree with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from kmemlab.lab.assets import SHEETS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
NEEDED = [Requirement(each) for each in [*PROJECT["dependencies"], *EXTRAS["lab"], *EXTRAS["app"]]]
LOCKED = dict(
    line.split("==") for line in (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines() if "==" in line
)


@pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.name)
def test_binder_installs_a_version_that_the_project_allows(needed: Requirement) -> None:
    assert needed.name in LOCKED
    assert LOCKED[needed.name] in needed.specifier


def test_binder_names_its_python_and_installs_the_repository_itself() -> None:
    assert (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8") == "python-3.12\n"
    assert (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()[-1] == "."


def test_every_dependency_is_bounded_and_used() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for folder in ("kmemlab", "tests") for path in (ROOT / folder).rglob("*.py")
    )
    for needed in [Requirement(each) for each in PROJECT["dependencies"]]:
        assert any(each.operator == "<" for each in needed.specifier), needed
        assert re.search(rf"^\s*(import|from) {needed.name}\b", sources, re.MULTILINE), needed


def test_every_file_of_the_lab_ships_beside_its_python() -> None:
    lab = ROOT / "kmemlab" / "lab"
    assert {path.stem for path in (lab / "css").iterdir()} == set(SHEETS)
    style = (lab / "css" / "tokens.css").read_text(encoding="utf-8")
    assert "url(fonts/" in style
    for font in re.findall(r"url\((fonts/[\w.-]+)\)", style):
        assert (lab / font).stat().st_size > 10_000
    assert {path.name for path in (lab / "fonts").glob("*LICENSE*")} >= {"Inter-LICENSE.txt", "JetBrainsMono-LICENSE.txt"}


def test_no_word_about_where_the_project_is_made_is_in_it() -> None:
    places = re.compile(r"/work/|\.\./shared|/tmp/|pypi\.org|registry\.npmjs", re.IGNORECASE)
    for folder in ("kmemlab", "docs", "notebooks", "binder"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".js", ".css", ".md", ".ipynb", ".txt"):
                assert not places.search(path.read_text(encoding="utf-8")), path
