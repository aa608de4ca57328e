"""The grader's child from outside: started with a job, given a time, and ended with all that it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LONGEST_TOLD = 4 << 20  # bytes of an answer: a longer one is not the grader's


def ask_a_child(job: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Have a child process do a job. It is ended, with all that it started, when the time is up."""
    home = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryDirectory() as here:
        try:
            child = subprocess.Popen(
                [sys.executable, "-m", "kmemlab.lessons.grader_child"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=here,
                env={**os.environ, "PYTHONPATH": paths}, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return {"trouble": f"The grader needs a process of its own and cannot have one here: {error.strerror or error}."}
        try:
            told, _ = child.communicate(json.dumps(job).encode(), seconds)
        except subprocess.TimeoutExpired:
            return {"trouble": f"It was stopped after {seconds:g} seconds: something in it does not end, or nearly so."}
        finally:
            end(child)
    if not told or len(told) > LONGEST_TOLD:
        return {"trouble": "It ended the process that it ran in (os._exit, a signal, or all memory used up): a hook returns."}
    try:
        answer: dict[str, Any] = json.loads(told)
    except ValueError:
        return {"trouble": "It wrote over what the grader had to say: a hook writes nothing but its books."}
    return answer


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child and its children, those too that it has left behind."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.communicate()
