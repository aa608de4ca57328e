"""docs/versions.md says of each switch what the machine does, and what it shows is what the shell prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kmemlab.engine.patchset import LATE_REGISTER, NULL_CREATE, SWITCHES, VERSIONS, WORD_TOGGLE, switches
from kmemlab.shell import Machine

TEXT = (Path(__file__).parents[2] / "docs" / "versions.md").read_text(encoding="utf-8")


def test_the_document_has_a_row_for_each_line_with_its_switch_and_where_it_is_on() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("| *")]
    assert all(len(row) == 7 and all(row) for row in rows)
    for name, line in SWITCHES.items():
        row = next(each for each in rows if each[1] == f"`{name}`")
        assert row[0] == f"*{line}*"
        assert [cell.startswith("**") for cell in row[2:5]] == [name in VERSIONS[version] for version in ("v1", "v2", "v3")]
    assert len(rows) == len(SWITCHES) + 2  # two lines change nothing that runs


SHOWN = re.findall(r"```\nkmemlab sh --patchset (\S+)\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize(("patchset", "typed"), SHOWN, ids=[f"{n} {each[0]}" for n, each in enumerate(SHOWN, 1)])
def test_what_the_document_shows_is_what_the_shell_says(patchset: str, typed: str) -> None:
    machine = Machine(patchset=patchset)
    said: list[str] = []
    for line in typed.splitlines():
        if line.startswith("# "):
            assert said == [], "the command before said more"
            result = machine.run(line[2:])
            hint = [f"sh: {result.hint}"] if result.hint else []
            said = [*result.out.splitlines(), *result.err.splitlines(), *hint]
            continue
        assert line == said.pop(0)
    assert said == []


def test_the_document_shows_every_switch_old_and_new() -> None:
    for name in (NULL_CREATE, WORD_TOGGLE, LATE_REGISTER):  # of the others the shell shows nothing
        assert {name in switches(words) for words, _ in SHOWN} == {True, False}
    assert len(SHOWN) == 6
