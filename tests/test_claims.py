"""docs/claims.md: every claim of the cover letter has a command that runs it and a test that pins it; each command is run."""

from __future__ import annotations

import ast
import contextlib
import io
import runpy
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from kmemlab.cli.main import main

ROOT = Path(__file__).parent.parent
CLAIMS = ROOT / "docs" / "claims.md"
NOTHING = "claims nothing"


@dataclass(frozen=True)
class Row:
    """One row of the table of claims."""

    claim: str
    says: str
    command: str
    ends: str
    test: str
    source: str


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]


@cache
def table(first: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of the table whose first column is headed so."""
    rows: list[tuple[str, ...]] = []
    inside = False
    for line in CLAIMS.read_text(encoding="utf-8").splitlines():
        inside = line.startswith(f"| {first} |") or (inside and line.startswith("|"))
        if inside and not line.startswith((f"| {first} |", "|--")):
            rows.append(tuple(cells(line)))
    return tuple(rows)


ROWS = [Row(*row) for row in table("claim")]
NAMED = [pytest.param(row, id=f"{row.claim}-{number}") for number, row in enumerate(ROWS)]


def test_each_of_the_thirteen_claims_has_a_row_and_no_cell_is_empty() -> None:
    assert list(dict.fromkeys(row.claim for row in ROWS)) == [f"S{number}" for number in range(1, 14)]
    for row in table("claim"):
        assert len(row) == 6 and all(row), row


@pytest.mark.parametrize("row", NAMED)
def test_its_command_ends_with_what_the_table_says(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    said = io.StringIO()
    program, *arguments = shlex.split(row.command.strip("`"))
    assert program in ("kmemlab", "python")
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        if program == "python":
            runpy.run_path(arguments[0])
        else:
            main(arguments)
    wanted = [line.removeprefix("`").removesuffix("`").replace("``", "`") for line in row.ends.split(" · ")]
    assert said.getvalue().splitlines()[-len(wanted) :] == wanted


@pytest.mark.parametrize("row", NAMED)
def test_its_test_is_there(row: Row) -> None:
    for named in row.test.split(", "):
        path, _, function = named.strip("`").partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert function in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}, named


@pytest.mark.parametrize("row", NAMED)
def test_a_script_says_which_claim_it_runs(row: Row) -> None:
    scripts = [ROOT / word for word in row.command.strip("`").split() if word.startswith("docs/claims/")]
    for script in scripts:
        assert script.read_text(encoding="utf-8").startswith(f"# {row.claim}:")
    if row is ROWS[-1]:
        used = {word for each in ROWS for word in each.command.strip("`").split()}
        assert {f"docs/claims/{path.name}" for path in (ROOT / "docs" / "claims").iterdir()} <= used


def test_each_sentence_of_the_letter_points_to_a_claim_or_is_listed_as_claiming_nothing() -> None:
    sentences = table("sentence")
    claims = {row.claim for row in ROWS}
    for row in sentences:
        assert len(row) == 2 and all(row), row
        assert row[1] == NOTHING or set(row[1].split(", ")) <= claims, row
    assert {each for row in sentences for each in row[1].split(", ")} - {NOTHING} == claims
