"""Kinds container-mount and container-write: mount options, and what is written to the files of a container."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path

from ..engine.container_input import parse_flag, parse_mount_options, parse_pid, parse_uint
from ..engine.errors import KernelError
from ..recordings import ForeignFileError, read_rows
from .walk import Checked

SUBSYSTEMS = ["cpuset", "cpuacct", "kmem", "memory"]  # what the recording assumes to be compiled in
COPIES = re.compile(r'^("(?:[^"\\\\]|\\\\.)*") x (\d+)$')
NOT_RUN = "(not run)"


def text_of(path: Path, line: int, cell: str) -> str:
    """Read a cell: a JSON string, or "c" x N for N copies of c.

    Raises:
        ForeignFileError: for anything else.
    """
    copies = COPIES.match(cell)
    try:
        text = json.loads(copies[1] if copies else cell)
    except json.JSONDecodeError as error:
        raise ForeignFileError(path, line, "a JSON string", repr(cell)) from error
    return str(text) * (int(copies[2]) if copies else 1)


def check_mount(path: Path, checked: Checked) -> Checked:
    """Parse every recorded option string again."""
    checked.kernel = "2.6.24"
    with checked:
        for line, row in read_rows(path, ["options", "result", "subsystems", "noprefix", "release_agent"]):
            data = None if row["options"].startswith("(no data") else text_of(path, line, row["options"])
            try:
                made = parse_mount_options(data, SUBSYSTEMS)
                got = ("OK", "+".join(made.names), str(int(made.noprefix)), made.release_agent or "(none)")
            except KernelError as error:
                got = (errno.errorcode[error.errno or 0], "", "", "")
            wanted = (row["result"], row["subsystems"], row["noprefix"], row["release_agent"])
            checked.count(checked.compare(line, "result,subsystems,noprefix,release_agent", wanted, got))
    return checked


def check_write(path: Path, checked: Checked) -> Checked:
    """Read every recorded write again, as the three kinds of files do. Cells that were not run are not compared."""
    checked.kernel = "2.6.24"
    readers = {"tasks_file": pid_cell, "notify_on_release_becomes": flag_cell, "subsystem_uint_file": uint_cell}
    with checked:
        for line, row in read_rows(path, ["input_json", *readers]):
            text = text_of(path, line, row["input_json"])
            good = True
            for column, reader in readers.items():
                if row[column] != NOT_RUN:
                    good &= checked.compare(line, column, row[column], reader(text))
            checked.count(good)
    return checked


def pid_cell(text: str) -> str:
    """Say what the tasks file makes of a write, as the recording does."""
    try:
        pid = parse_pid(text)
    except KernelError as error:
        return errno.errorcode[error.errno or 0]
    return f"pid {pid}" + (" (= writer itself)" if pid == 0 else "")


def flag_cell(text: str) -> str:
    """Say what notify_on_release becomes."""
    try:
        return str(int(parse_flag(text)))
    except KernelError as error:
        return errno.errorcode[error.errno or 0]


def uint_cell(text: str) -> str:
    """Say what a number file makes of a write."""
    try:
        return f"OK {parse_uint(text)}"
    except KernelError as error:
        return errno.errorcode[error.errno or 0]
