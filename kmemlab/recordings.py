"""Reading what others wrote: csv and json files, plain or gzipped, with an error that names the file and the line."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

RECORDINGS = Path(__file__).parent / "data"


class ForeignFileError(ValueError):
    """A file that cannot be read, or is not what it should be. Its text is one line: FILE:LINE: expected ..., found ..."""

    def __init__(self, path: Path, line: int, expected: str, found: str) -> None:
        super().__init__(f"{path}:{line}: expected {expected}, found {found}")
        self.path = path
        self.line = line


def open_text(path: Path) -> IO[str]:
    """Open a text file, gzipped if its name ends in .gz.

    Raises:
        ForeignFileError: if it is not there or may not be read.
    """
    try:
        if path.suffix == ".gz":
            return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8", newline=""))
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise ForeignFileError(path, 1, "a readable file", (error.strerror or str(error)).lower()) from error


def read_header(path: Path) -> list[str]:
    """Return the first line of a csv file as its columns, [] for an empty file.

    Raises:
        ForeignFileError: if the file cannot be read.
    """
    with open_text(path) as file:
        try:
            return file.readline().rstrip("\r\n").split(",")
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise ForeignFileError(path, 1, "csv text", str(error).lower()) from error


def read_rows(path: Path, columns: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a csv file; the header is line 1.

    Raises:
        ForeignFileError: where a column is missing, a row has too few or too many cells, or the file breaks off.
    """
    with open_text(path) as file:
        reader = csv.reader(file)
        try:
            header = next(reader, [])
            missing = [column for column in columns if column not in header]
            if missing:
                raise ForeignFileError(path, 1, f"a column {missing[0]}", ",".join(header)[:60] or "nothing")
            for cells in reader:
                if len(cells) != len(header):
                    raise ForeignFileError(path, reader.line_num, f"{len(header)} cells", f"{len(cells)}")
                yield reader.line_num, dict(zip(header, cells, strict=True))
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
            # A gzip that was cut off ends in EOFError, one that was damaged in OSError or zlib.error.
            raise ForeignFileError(path, reader.line_num + 1, "more of the file", str(error).lower() or "its end") from error


def read_json(path: Path) -> Any:
    """Return the value of a json file.

    Raises:
        ForeignFileError: if it cannot be read or is not JSON.
    """
    with open_text(path) as file:
        try:
            return json.load(file)
        except json.JSONDecodeError as error:
            raise ForeignFileError(path, error.lineno, "JSON", error.msg.lower()) from error
        except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
            # ValueError: text that is no UTF-8, or a number of thousands of digits. RecursionError: thousands of brackets.
            raise ForeignFileError(path, 1, "JSON", str(error).lower().partition(";")[0]) from error


def json_beside(path: Path) -> Path | None:
    """Find the .json or .json.gz that goes with a .csv or .csv.gz; None if there is none."""
    stem = path.name.removesuffix(".gz").removesuffix(".csv")
    for name in (f"{stem}.json", f"{stem}.json.gz"):
        beside = path.with_name(name)
        if beside.exists():
            return beside
    return None


def number(path: Path, line: int, column: str, text: str) -> int:
    """Read an integer cell, decimal or 0x.

    Raises:
        ForeignFileError: if it is none.
    """
    try:
        return int(text, 0)
    except ValueError:
        raise ForeignFileError(path, line, f"a number in {column}", repr(text)) from None
