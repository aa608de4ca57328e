"""`make lab` ends with make: an interrupt that reaches make alone, or make's death, ends the server too."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import os, pathlib, sys, time
from kmemlab.lab.server import Make
make = Make()
assert make.is_make
print(os.getpid(), flush=True)
end = time.monotonic() + 30
while not make.wants_an_end():
    if time.monotonic() > end:
        sys.exit(1)
    time.sleep(0.05)
pathlib.Path("ended").write_text("by make")
"""


def heed() -> None:
    """Where the tests run in the background SIGINT is ignored, and a make that ignores it is not interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(not sys.platform.startswith("linux") or shutil.which("make") is None, reason="needs make on Linux")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_to_make_alone_reaches_the_server(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    (tmp_path / "Makefile").write_text(f"lab:\n\t@exec {sys.executable} child.py\n")
    # `make test` runs us too: the make in here is nobody's child.
    alone = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    make = subprocess.Popen(
        ["make", "lab"], cwd=tmp_path, stdout=subprocess.PIPE, start_new_session=True, env=alone, preexec_fn=heed
    )
    assert make.stdout is not None
    assert int(make.stdout.readline()) > 0, "the child runs"
    assert not (tmp_path / "ended").exists(), "and goes on while nobody interrupts"
    make.send_signal(number)
    assert make.stdout.read() == b"", "its output closes when it ends"
    make.wait(30)
    assert (tmp_path / "ended").read_text() == "by make"
