"""`kmemlab cost`: what a session's slabs cost that nobody is charged for, cache by cache."""

from __future__ import annotations

import argparse
import json

from ..engine.errors import invalid
from ..overhead import overhead_rows, overhead_text
from ..scenarios import play
from ..session import Session


def run(arguments: argparse.Namespace) -> int:
    """Open the session, or run the scenario to its end, and print what is beside the objects.

    Raises:
        KernelError: EINVAL for no such scenario, or for both at once.
        ForeignFileError: for a session that cannot be had.
    """
    if arguments.session is not None and arguments.scenario:
        raise invalid("--session and --scenario both say which machine: leave one out.")
    session = Session.load(arguments.session) if arguments.session is not None else play(arguments.scenario or "fd-bomb")
    rows = overhead_rows(session.machine, arguments.every)
    if arguments.json:
        from .main import envelope

        told = [{**row.to_dict(), "unpaid": row.unpaid} for row in rows]
        print(json.dumps({**envelope(), "rows": told, "unpaid": sum(row.unpaid for row in rows)}))
        return 0
    print(overhead_text(rows))
    return 0
