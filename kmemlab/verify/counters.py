"""Kinds counter-parse and counter-charge: what was written to a counter's file, and what charges did to it."""

from __future__ import annotations

import json
from pathlib import Path

from ..engine.errors import KernelError
from ..engine.res_counter import PARSERS, ResCounter
from ..recordings import ForeignFileError, number, read_rows
from .walk import Checked

COLUMNS = ["version", "op", "value", "result", "usage", "limit", "failcnt"]
VERSIONS = {"initial": "2007", "0eea10301708": "2007", "v2.6.25": "2.6.25"}  # how a version's name begins -> parser


def parser_of(path: Path, line: int, row: dict[str, str]) -> str:
    """Name the parser of a recorded row.

    Raises:
        ForeignFileError: for a version that there never was.
    """
    for begins, parser in VERSIONS.items():
        if row["version"].startswith(begins):
            if row["parser"].startswith("plain"):
                return parser
            return "memory" if parser == "2007" else "memory-2.6.25"
    raise ForeignFileError(path, line, f"a version {', '.join(VERSIONS)}", row["version"])


def check_parse(path: Path, checked: Checked) -> Checked:
    """Read every recorded string again, as its version and its controller did."""
    checked.kernel = "2.6.23-mm,2.6.25"
    with checked:
        for line, row in read_rows(path, ["version", "parser", "input_json", "status", "value"]):
            parse = PARSERS[parser_of(path, line, row)]
            try:
                got = ("OK", str(parse(json.loads(row["input_json"]))))
            except KernelError:
                got = ("EINVAL", row["value"])
            checked.count(checked.compare(line, "status,value", (row["status"], row["value"]), got))
    return checked


def check_charge(path: Path, checked: Checked) -> Checked:
    """Take every recorded step again; the counter itself is the same in all versions recorded."""
    checked.kernel = "2.6.23-mm,2.6.25"
    counter = ResCounter()
    with checked:
        for line, row in read_rows(path, COLUMNS):
            value = number(path, line, "value", row["value"] or "0")
            result = row["result"]
            match row["op"]:
                case "init":
                    counter = ResCounter()
                case "charge":
                    result = "OK" if counter.charge(value) else "ENOMEM"
                case "uncharge":
                    counter.uncharge(value)
                case "usage" | "limit" | "failcnt" as member:
                    setattr(counter, member, value)
                case other:
                    raise ForeignFileError(path, line, "init, charge, uncharge, usage, limit or failcnt", repr(other))
            wanted = (row["result"], row["usage"], row["limit"], row["failcnt"])
            got = (result, str(counter.usage), str(counter.limit), str(counter.failcnt))
            checked.count(checked.compare(line, "result,usage,limit,failcnt", wanted, got))
    return checked
