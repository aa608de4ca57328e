"""Every recording that ships is reproduced row by row, and verify can fail: one changed cell is found and named."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kmemlab.recordings import RECORDINGS, ForeignFileError
from kmemlab.verify import Checked, verify
from kmemlab.verify.walk import NOT_YET, checkers, kind_of, recordings

FOUND = list(recordings([RECORDINGS]))
# The smallest of a kind, the column to change, and the line to change it in.
EDITS = [
    ("slub-trace", "slot", 60),
    ("slub-trace", "ev", 3),
    ("slub-geometry", "order", 100),
    ("slab-geometry", "objs_per_slab", 41),
    ("counter-parse", "value", 6),
    ("counter-charge", "usage", 20),
]


def smallest(kind: str) -> Path:
    """The smallest recording of a kind that is checked, not skipped."""
    paths = sorted((path for path, each in FOUND if each == kind), key=lambda path: path.stat().st_size)
    return next(path for path in paths if next(iter(verify([path]))).status != "skip")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "kmemlab", "verify", *map(str, arguments)], capture_output=True, text=True)


@pytest.mark.parametrize(("path", "kind"), FOUND, ids=[path.name for path, _ in FOUND])
def test_a_shipped_recording_is_reproduced(path: Path, kind: str) -> None:
    (checked,) = verify([path])
    assert checked.kind == kind
    assert checked.status in ("ok", "skip"), checked.first
    assert (checked.mismatches, checked.first) == (0, None)
    if checked.status == "ok":
        assert checked.rows > 0
    else:
        assert checked.reason


def test_each_kind_that_can_be_checked_is_among_them() -> None:
    assert {kind for _, kind in FOUND} >= set(checkers())
    checked = {kind for path, kind in FOUND if next(iter(verify([path]))).status == "ok"}
    assert checked == set(checkers())
    assert not set(checkers()) & set(NOT_YET)


def test_both_eras_are_among_them() -> None:
    eras = {
        str(json.loads(path.with_name(path.name.replace(".csv.gz", ".json")).read_text())["kernel"])
        for path, kind in FOUND
        if kind == "slub-trace"
    }
    assert eras == {"2.6.23", "2.6.24"}


def copied(path: Path, folder: Path) -> Path:
    """Copy a recording and the .json beside it."""
    for each in path.parent.glob(path.name.partition(".csv")[0].removesuffix(".json") + ".*"):
        shutil.copy(each, folder)
    return folder / path.name


def edit(path: Path, column: str, line: int) -> tuple[int, str, str]:
    """Change one cell of a gzipped csv at or after a line; returns the line, the old and the new cell."""
    rows = list(csv.reader(io.StringIO(gzip.decompress(path.read_bytes()).decode(), newline="")))
    at = rows[0].index(column)
    where = next(
        n for n in range(line - 1, len(rows)) if rows[n][at] not in ("", "(not run)") and is_compared(rows[0], rows[n])
    )
    old = rows[where][at]
    rows[where][at] = new = str(int(old) + 1) if old.isdigit() else old + "9"
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode()))
    return where + 1, old, new


def is_compared(header: list[str], row: list[str]) -> bool:
    """Whether verify compares this row: of the counters only the first version is modelled."""
    if header[0] != "version":
        return True
    cells = dict(zip(header, row, strict=True))
    return (
        row[0].startswith("initial commit")
        and cells.get("parser", "plain").startswith("plain")
        and cells.get("status", "OK") == "OK"
    )


@pytest.mark.parametrize(("kind", "column", "line"), EDITS)
def test_one_changed_cell_is_found_with_its_row_and_both_values(tmp_path: Path, kind: str, column: str, line: int) -> None:
    path = copied(smallest(kind), tmp_path)
    assert run(path).returncode == 0
    where, old, new = edit(path, column, line)
    ran = run(path)
    assert ran.returncode == 1
    first, expected, got, last = ran.stdout.splitlines()
    assert first.startswith(f"FAIL {kind} {path} rows=")
    assert "mismatches=1" in first
    assert expected.startswith(f"  expected row {where} ")
    assert got.startswith(f"  got      row {where} ")
    assert new in expected
    assert old in got
    assert last.startswith("verified 1 files, ")
    assert last.endswith(" 1 mismatches")


def test_a_changed_end_state_is_found(tmp_path: Path) -> None:
    path = copied(smallest("slub-trace"), tmp_path)
    beside = path.with_name(path.name.replace(".csv.gz", ".json"))
    meta: dict[str, Any] = json.loads(beside.read_text())
    meta["end"]["pages_in_use"] += 1
    beside.write_text(json.dumps(meta))
    ran = run(path)
    assert ran.returncode == 1
    assert "expected row 0 end pages_in_use" in ran.stdout


def test_a_changed_default_is_found(tmp_path: Path) -> None:
    path = copied(next(path for path, kind in FOUND if kind == "slub-defaults"), tmp_path)
    recorded = json.loads(path.read_text())
    recorded["2.6.23"]["defaults"]["MIN_PARTIAL"] = 5
    path.write_text(json.dumps(recorded))
    ran = run(path)
    assert (ran.returncode, "2.6.23 MIN_PARTIAL: 5" in ran.stdout, "2.6.23 MIN_PARTIAL: 2" in ran.stdout) == (1, True, True)


def test_a_trace_with_fewer_operations_than_its_json_says_is_refused(tmp_path: Path) -> None:
    path = copied(smallest("slub-trace"), tmp_path)
    lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    path.write_bytes(gzip.compress("".join(lines[:-1]).encode()))
    ran = run(path)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"kmemlab: {path}:{len(lines)}: expected ")
    assert ran.stderr.count("\n") == 1


def broken(kind: str, path: Path) -> None:
    """Break a recording as its name says."""
    whole = path.read_bytes()
    match kind:
        case "truncated gz":
            path.write_bytes(whole[: len(whole) // 2])
        case "damaged gz":
            path.write_bytes(whole[:200] + bytes(50) + whole[250:])
        case "no gz":
            path.write_bytes(b"op,id,cache,cpu,arg,pfn,slot,ev\n")
        case "few cells":
            path.write_bytes(gzip.compress(b"op,id,cache,cpu,arg,pfn,slot,ev\nA,1\n"))
        case "other operation":
            path.write_bytes(gzip.compress(b"op,id,cache,cpu,arg,pfn,slot,ev\nZ,1,c0,0,,,,\n"))
        case "unknown cache":
            path.write_bytes(gzip.compress(b"op,id,cache,cpu,arg,pfn,slot,ev\nA,1,nope,0,,,,\n"))
        case "free of nothing":
            path.write_bytes(gzip.compress(b"op,id,cache,cpu,arg,pfn,slot,ev\nF,77,nope,0,,,,\n"))
        case "cpu that is not":
            path.write_bytes(gzip.compress(b"op,id,cache,cpu,arg,pfn,slot,ev\nK,1,,99,64,,,\n"))
        case "no number":
            path.write_bytes(gzip.compress(b"op,id,cache,cpu,arg,pfn,slot,ev\nK,1,,zero,64,,,\n"))
        case "json gone":
            path.with_name(path.name.replace(".csv.gz", ".json")).unlink()
        case "json broken":
            path.with_name(path.name.replace(".csv.gz", ".json")).write_text("{")
        case "json empty":
            path.with_name(path.name.replace(".csv.gz", ".json")).write_text("{}")


BROKEN = [
    "truncated gz", "damaged gz", "no gz", "few cells", "other operation", "unknown cache", "free of nothing",
    "cpu that is not", "no number", "json gone", "json broken", "json empty",
]  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_recording_exits_2_with_one_line_that_names_file_and_line(tmp_path: Path, kind: str) -> None:
    path = copied(smallest("slub-trace"), tmp_path)
    broken(kind, path)
    ran = run(path)
    assert "Traceback" not in ran.stderr
    assert ran.returncode == 2
    lines = ran.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"kmemlab: {tmp_path}")
    assert "expected " in lines[0]
    assert ", found " in lines[0]


@pytest.mark.parametrize("text", ["a,b,c\n1,2,3\n", "", "hello"])
def test_a_foreign_csv_is_no_recording_and_exits_2(tmp_path: Path, text: str) -> None:
    path = tmp_path / "foreign.csv"
    path.write_text(text)
    ran = run(path)
    assert ran.returncode == 2
    assert ran.stderr == f"kmemlab: {path}:1: expected a recording to compare with, found none\n"
    assert ran.stdout == "verified 0 files, 0 rows, 0 mismatches\n"


def test_a_path_that_is_not_there_exits_2(tmp_path: Path) -> None:
    for name in ("nope.csv", "nope"):
        ran = run(tmp_path / name)
        assert ran.returncode == 2
        assert ran.stderr.count("\n") == 1
        assert ran.stderr.startswith(f"kmemlab: {tmp_path / name}:1: expected ")


def test_strict_fails_when_a_file_is_skipped(tmp_path: Path) -> None:
    good = copied(smallest("slub-trace"), tmp_path)
    skipped = next(path for path, kind in FOUND if kind == "linux-trace")
    assert run(good, "--strict").returncode == 0
    assert run(good, skipped).returncode == 0
    ran = run(good, skipped, "--strict")
    assert ran.returncode == 1
    assert "skipped 1 files" in ran.stdout.splitlines()


def test_only_skipped_files_are_nothing_to_compare() -> None:
    skipped = next(path for path, kind in FOUND if kind == "linux-trace")
    assert run(skipped).returncode == 2


def test_files_of_no_kind_are_not_listed(tmp_path: Path) -> None:
    for name in ("README.md", "MANIFEST.json", "notes.txt"):
        (tmp_path / name).write_text("x\n")
    assert kind_of(tmp_path / "notes.txt") == ""
    assert list(recordings([tmp_path])) == []


def test_the_first_mismatch_is_kept_and_all_are_counted() -> None:
    checked = Checked(Path("x"), "slub-trace")
    for row, got in enumerate((1, 2, 3), 1):
        checked.count(checked.compare(row, "slot", 1, got))
    assert (checked.rows, checked.mismatches, checked.status) == (3, 2, "FAIL")
    assert checked.first is not None
    assert (checked.first.row, checked.first.expected, checked.first.got) == (2, "1", "2")


def test_verify_raises_a_foreign_file_error_for_what_breaks_off(tmp_path: Path) -> None:
    path = copied(smallest("counter-parse"), tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ForeignFileError):
        list(verify([path]))
