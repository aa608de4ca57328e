"""Running code that may do anything: a budget of steps, a sink for what it prints, and a look at what it changed.

Instructions of the student's own code are counted, and calls of all else (lines would not do: `while True: pass` in one line
has none to count). A loop inside of C (`sum(iter(int, 1))`) has neither: the clock of whoever started the child ends that
(grader.py). Memory is bounded where the system can bound it.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable
from types import FrameType, FunctionType, ModuleType
from typing import Any

STUDENT = "<student "
MOST_STEPS = 200_000
MOST_PRINTED = 2_000


REFUSED = {
    "open": "opened a file",
    "subprocess.Popen": "started a program",
    "os.system": "started a program",
    "os.exec": "started a program",
    "os.posix_spawn": "started a program",
    "os.fork": "started another process",
    "os.forkpty": "started another process",
    "socket.__new__": "opened a connection",
    "socket.connect": "opened a connection",
    "os.remove": "removed a file",
    "os.rename": "renamed a file",
    "os.mkdir": "made a folder",
    "os.rmdir": "removed a folder",
    "os.listdir": "listed a folder",
}
"""What Python audits, and what is said of it."""
inside = threading.local()
tried: list[str] = []
"""What was refused and is not told yet: a hook may swallow what it is thrown."""


class ForbiddenError(BaseException):
    """Not an Exception either: a controller reached for the world outside."""


def refuse_the_world() -> None:
    """From here on in this process refuse files, programs and connections to code that runs in `guarded`.

    No wall: whoever means harm finds a way. It is told to whoever does not know better.
    """
    sys.addaudithook(audited)


def audited(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what a student's code does; an import opens files too, and may.

    Raises:
        ForbiddenError: with what it did.
    """
    if event not in REFUSED or not getattr(inside, "depth", 0):
        return
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not frame.f_code.co_filename.startswith(STUDENT):
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return
        frame = frame.f_back
    if frame is not None:
        tried.append(REFUSED[event])
        raise ForbiddenError(REFUSED[event])


class OutOfBudgetError(BaseException):
    """Not an Exception: a bare `except Exception` in a loop that runs away does not keep it going."""


def guarded(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function with a budget.

    Raises:
        OutOfBudgetError: after 200,000 steps.
        BaseException: what the function raised.
    """
    left = MOST_STEPS

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise OutOfBudgetError
        if not frame.f_code.co_filename.startswith(STUDENT):
            return None
        frame.f_trace_opcodes = True
        return count

    before = sys.gettrace()
    sys.settrace(count)
    inside.depth = getattr(inside, "depth", 0) + 1
    try:
        return function(*arguments)
    finally:
        inside.depth -= 1
        sys.settrace(before)


class Sink(io.TextIOBase):
    """Takes what is printed: the beginning is kept, the rest counted."""

    def __init__(self) -> None:
        self.kept = ""
        self.printed = 0

    def writable(self) -> bool:
        """It may be written to."""
        return True

    def write(self, text: str) -> int:
        """Take some."""
        self.printed += len(text)
        if len(self.kept) < MOST_PRINTED:
            self.kept = (self.kept + text)[:MOST_PRINTED]
        return len(text)


def fingerprint() -> dict[str, int]:
    """Note which function every name of kmemlab's modules and classes means, to see later whether one was replaced."""
    found: dict[str, int] = {}
    for name, module in list(sys.modules.items()):
        if not name.startswith("kmemlab") or not isinstance(module, ModuleType):
            continue
        for key, value in list(vars(module).items()):
            if isinstance(value, type) and value.__module__ == name:
                for inner, each in list(vars(value).items()):
                    if isinstance(each, FunctionType | property) or callable(each):
                        found[f"{name}.{key}.{inner}"] = id(each)
            elif callable(value):
                found[f"{name}.{key}"] = id(value)
            elif key.isupper():
                found[f"{name}.{key}"] = hash(repr(value))
    return found


def replaced(before: dict[str, int]) -> str:
    """Name the first thing that is another one now, "" if there is none."""
    now = fingerprint()
    for name, what in before.items():
        if now.get(name) != what:
            return name
    return ""


def bound_memory(megabytes: int, seconds: int) -> None:
    """Bound this process's memory and processor time, where the system can (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    limits = ((resource.RLIMIT_AS, megabytes << 20), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 1 << 20))
    for kind, most in limits:
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
