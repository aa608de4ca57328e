"""Kinds counter-parse and counter-charge: what was written to a counter's file, and what charges did to it."""

from __future__ import annotations

import json
from pathlib import Path

from ..engine.errors import KernelError
from ..engine.res_counter import ResCounter, parse_decimal
from ..recordings import number, read_rows
from .walk import Checked

FIRST_FORM = "initial commit e552b6617067"
LATER = "only the counter of 2007 is modelled yet"


def check_parse(path: Path, checked: Checked) -> Checked:
    """Read every recorded string again with the parser of 2007; rows of later versions are counted in the reason."""
    later = 0
    with checked:
        for line, row in read_rows(path, ["version", "parser", "input_json", "status", "value"]):
            if not (row["version"].startswith(FIRST_FORM) and row["parser"].startswith("plain")):
                later += 1
                continue
            try:
                got = ("OK", str(parse_decimal(json.loads(row["input_json"]))))
            except KernelError:
                got = ("EINVAL", row["value"])
            checked.count(checked.compare(line, "status,value", (row["status"], row["value"]), got))
    return finish(checked, later)


def check_charge(path: Path, checked: Checked) -> Checked:
    """Take every recorded step again with the counter of 2007."""
    counter = ResCounter()
    later = 0
    with checked:
        for line, row in read_rows(path, ["version", "op", "value", "result", "usage", "limit", "failcnt"]):
            if not row["version"].startswith(FIRST_FORM):
                later += 1
                continue
            value = number(path, line, "value", row["value"] or "0")
            result = row["result"]
            match row["op"]:
                case "init":
                    counter = ResCounter()
                case "charge":
                    result = "OK" if counter.charge(value) else "ENOMEM"
                case "uncharge":
                    counter.uncharge(value)
                case member:
                    setattr(counter, member, value)
            wanted = (row["result"], row["usage"], row["limit"], row["failcnt"])
            got = (result, str(counter.usage), str(counter.limit), str(counter.failcnt))
            checked.count(checked.compare(line, "result,usage,limit,failcnt", wanted, got))
    return finish(checked, later)


def finish(checked: Checked, later: int) -> Checked:
    """Say what was left out."""
    checked.kernel = "2.6.23-mm"
    if later:
        checked.reason = f"{later} rows of later versions left out: {LATER}"
    return checked
