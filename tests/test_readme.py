"""What README.md says can be typed is typed, and the names and numbers in it are those of the project."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kmemlab.cli.main import parser
from kmemlab.lab.pictures import PICTURES
from kmemlab.scenarios import SCENARIOS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_every_python_block_runs_as_it_stands_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMEMLAB_AUTOSAVE", "off")
    names: dict[str, Any] = {}
    assert len(PYTHON) == 3
    for block in PYTHON:
        exec(compile(block, "README.md", "exec"), names)
    session = names["s"]
    refused = session.machine.kmem_subsystem.owners[1].res.failcnt
    assert refused > 0, "the limit of 4096 bytes holds for twenty files"
    path = names["why_held"](names["graph"], page=0)
    assert path[0] == ("page", 0)


def test_the_widgets_and_calls_that_are_named_are_there_and_take_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMEMLAB_AUTOSAVE", "off")
    names: dict[str, Any] = {}
    exec(compile(PYTHON[1], "README.md", "exec"), names)
    names.pop("Picture")
    exec("from kmemlab.lab import *\nfrom kmemlab import Lab\nfrom kmemlab.variants import variant", names)
    widgets = "SlabView|ContainerView|ChargePath|FlowView|BuddyView|Timeline|knob_row|Compare|Predict|refresh"
    calls = re.findall(rf"`((?:{widgets})\(.*?\))`", TEXT)
    assert len(calls) >= 10
    for call in calls:
        eval(call, names)
    for name in re.findall(r"also: ([\w, ]+)", PYTHON[1])[0].split(", "):
        assert name in PICTURES


def test_the_commands_at_a_terminal_are_those_of_the_program() -> None:
    block = re.search(r"```\n(kmemlab verify.*?)```", TEXT, re.DOTALL)
    assert block is not None
    named = {line.split()[1] for line in block[1].splitlines()}
    known = next(action for action in parser()._actions if action.dest == "command").choices
    assert known is not None
    assert named == set(known)


def test_scenarios_and_mutants_are_counted() -> None:
    listed = re.search(r'Lab\(scenario="([\w.-]+)"\)  # or: ([\w., \n#-]+); Lab', TEXT)
    assert listed is not None
    assert {listed[1], *re.split(r",[\s#]+", listed[2])} == set(SCENARIOS)
    wrong = re.search(r"holds (\d+) wrong variants", TEXT)
    assert wrong is not None
    assert int(wrong[1]) == len(list((ROOT / "tests" / "mutants").glob("*.patch")))


def test_files_that_are_named_are_there() -> None:
    for name in re.findall(r"`((?:docs|kmemlab|tests|notebooks)/[\w./-]+)`", TEXT) + re.findall(r"\]\((docs/[\w.-]+)\)", TEXT):
        assert (ROOT / name).exists(), name
