"""A function that a learner wrote, run where it can do no harm: in a child process, with a budget of steps and of time.

Where there are no child processes (Windows, a page) it runs here, with the budget of steps alone. A step is a line of Python.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

STEPS: Final = 200_000
SECONDS: Final = 5.0
MOST_BYTES: Final = 512 << 20  # that a function may take on top of what is there
LONGEST: Final = 1_000_000  # bytes of what it returns

Trace = Callable[[FrameType, str, Any], Any]


class OutOfStepsError(BaseException):
    """The budget is used up. No Exception: a learner's `except Exception` is not to swallow it."""


@dataclass(frozen=True)
class Ran:
    """What came of one call.

    Attributes:
        value: what it returned, as plain numbers, texts, lists and so on; of anything else the name of its type.
        trouble: why there is none, one sentence; "" if all went well.
    """

    value: Any = None
    trouble: str = ""


def run(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], steps: int = STEPS, seconds: float = SECONDS
) -> list[Ran]:
    """Call a function with each tuple of arguments, up to the first call that fails; returns what came of each.

    Nothing that the function does (raise, loop for ever, change its arguments, exit, fill the memory) reaches this process.
    """
    if not hasattr(os, "fork"):
        return here(function, calls, steps)
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the child calls nothing of theirs
        child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            short_of_memory()
            told = json.dumps([[ran.value, ran.trouble] for ran in here(function, calls, steps)])[:LONGEST]
            write_all(writing, told.encode())
        finally:
            os._exit(0)
    os.close(writing)
    try:
        said = read_all(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if said is None:
        return [Ran(trouble=f"It had not come to an end after {seconds:g} seconds.")]
    try:
        return [Ran(value, trouble) for value, trouble in json.loads(said)]
    except ValueError:
        return [Ran(trouble="It ended the process that it ran in, or took more memory than there is.")]


def write_all(pipe: int, said: bytes) -> None:
    """Write everything: a pipe may take less at once."""
    while said:
        said = said[os.write(pipe, said) :]


def read_all(pipe: int, until: float) -> bytes | None:
    """Read until the other side closes; None if it does not do so in time."""
    parts: list[bytes] = []
    while (left := until - time.monotonic()) > 0:
        if not select.select([pipe], [], [], left)[0]:
            return None
        part = os.read(pipe, 65536)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return None


def short_of_memory() -> None:
    """Let this process take only so much more than it has, where the system can say so."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 (a child of a fork keeps to what is loaded)
            most = int(file.read().split()[0]) * 4096 + MOST_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def here(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], steps: int) -> list[Ran]:
    """Make the calls in this process."""
    made: list[Ran] = []
    for arguments in calls:
        made.append(once(function, arguments, steps))
        if made[-1].trouble:
            break
    return made


def once(function: Callable[..., Any], arguments: tuple[Any, ...], steps: int) -> Ran:
    """Make one call; what it prints goes nowhere."""
    before = sys.gettrace()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            sys.settrace(counter(steps))
            try:
                value = function(*arguments)
            finally:
                sys.settrace(before)
        return Ran(plain(value))
    except OutOfStepsError:
        return Ran(trouble=f"It was still running after {steps:,} lines: does its loop come to an end?")
    except RecursionError:
        return Ran(trouble="It calls itself without end.")
    except MemoryError:
        return Ran(trouble="It asked for more memory than there is.")
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        return Ran(trouble=sentence_of(error, function))


def counter(steps: int) -> Trace:
    """Return a trace function that raises when so many lines have run."""
    left = steps

    def trace(frame: FrameType, event: str, _: Any) -> Trace:
        nonlocal left
        if event == "line":
            left -= 1
            if left < 0:
                raise OutOfStepsError
        return trace

    return trace


def sentence_of(error: BaseException, function: Callable[..., Any]) -> str:
    """Say what a function raised and in which of its lines."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [step.lineno for step in traceback.extract_tb(error.__traceback__) if step.filename == file]
    where = f" in line {lines[-1]} of the cell" if lines and lines[-1] else ""
    said = str(error).strip().splitlines()
    return f"It raised {type(error).__name__}{where}{': ' + said[0][:120] if said else '.'}"


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON knows it; of a foreign one the name of its type in <>."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else f"<{value}>"
    if isinstance(value, int):
        return int(value) if abs(value) < 2**200 else "<a huge number>"
    if depth < 8 and isinstance(value, list | tuple):
        return [plain(each, depth + 1) for each in value[:100_000]]
    if depth < 8 and isinstance(value, dict):
        return {str(key): plain(each, depth + 1) for key, each in list(value.items())[:100_000]}
    if depth < 8 and isinstance(value, set | frozenset):
        return sorted((plain(each, depth + 1) for each in value), key=str)
    index = getattr(value, "__index__", None)
    if index is not None and not isinstance(value, type):
        with contextlib.suppress(Exception):
            return plain(index(), depth + 1)
    return f"<{type(value).__name__}>"
