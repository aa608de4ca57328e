"""`kmemlab app` where it cannot run: one sentence, exit status 2."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from kmemlab.lab import app
from kmemlab.lab.server import PAGE


def test_without_voila_the_command_to_install_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "voila" else found(name, *more))
    assert app.main([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "kmemlab: the app needs Voila, which is not installed: python -m pip install 'kmemlab[app]'\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "nope"], "kmemlab: there is no scenario 'nope': choose one of quiet, fd-bomb"),
        (["--port", "0"], "expected a port, 1 to 65535, found '0'"),
        (["--port", "http"], "expected a port, 1 to 65535, found 'http'"),
    ],
)
def test_a_wrong_argument_exits_2_and_says_why(arguments: list[str], words: str) -> None:
    ran = subprocess.run([sys.executable, "-m", "kmemlab", "app", *arguments], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert words in ran.stderr


def test_the_page_that_voila_is_given_fetches_nothing_from_outside() -> None:
    files = [file for file in PAGE.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} == {".ipynb", ".json", ".j2"}
    for file in files:
        assert "://" not in file.read_text(encoding="utf-8"), file
    assert (PAGE / "voila" / "templates" / "kmemlab" / "index.html.j2").is_file()
    assert (PAGE / "lab.ipynb").is_file()
