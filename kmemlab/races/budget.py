"""A step of a user's own function, run with a budget: one that never comes to its next yield is stopped with a sentence.

Instructions of its own code are counted, not lines: `while True: pass` on one line has no more lines than one. Of kmemlab's
own functions that it calls only the calls and lines count. A loop inside of C (`sum(iter(int, 1))`) has neither and cannot be
stopped so.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final, TypeVar

from ..engine.errors import KernelError

MOST_INSTRUCTIONS: Final = 1_000_000
OURS: Final = str(Path(__file__).parents[1])

T = TypeVar("T")


class OutOfBudget(BaseException):
    """Not an Exception: a bare `except Exception` in the function that runs away does not keep it going."""


def budgeted(steps: Iterator[T], name: str) -> T:
    """Return the next of `steps`.

    Raises:
        KernelError: ETIMEDOUT, after a million instructions.
        StopIteration: as `next`.
    """
    left = MOST_INSTRUCTIONS

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise OutOfBudget
        frame.f_trace_opcodes = not frame.f_code.co_filename.startswith(OURS)
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        return next(steps)
    except OutOfBudget:
        raise KernelError(
            errno.ETIMEDOUT, f"{name} ran {MOST_INSTRUCTIONS:,} instructions without a stop: yield before each step, and end."
        ) from None
    finally:
        sys.settrace(before)
