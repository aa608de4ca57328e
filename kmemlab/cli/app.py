"""`kmemlab app`: the lab alone on a page, on this machine."""

from __future__ import annotations

import argparse
import os
import sys

from ..engine.errors import invalid
from ..scenarios import SCENARIOS


def run(arguments: argparse.Namespace) -> int:
    """Become the server: it takes this process's place, so that a signal reaches it and its exit status is ours.

    Raises:
        KernelError: EINVAL, for a scenario that there is not.
    """
    if arguments.scenario and arguments.scenario not in SCENARIOS:
        raise invalid(f"there is no scenario {arguments.scenario!r}: choose one of {', '.join(SCENARIOS)}")
    options = [f"--port={arguments.port}", f"--token={arguments.token}", f"--scenario={arguments.scenario}"]
    if arguments.browser:
        options.append("--browser")
    os.execv(sys.executable, [sys.executable, "-m", "kmemlab.lab.app", *options])
