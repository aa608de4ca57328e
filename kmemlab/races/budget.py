"""A step of a user's own function, run with a budget: one that never comes to its next yield is stopped with a sentence.

Lines of Python are counted, also those of what it calls. A loop inside of C (`sum(iter(int, 1))`) has no lines and cannot
be stopped so.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, TypeVar

from ..engine.errors import KernelError

MOST_LINES = 200_000

T = TypeVar("T")


class OutOfBudget(BaseException):
    """Not an Exception: a bare `except Exception` in the function that runs away does not keep it going."""


def budgeted(steps: Iterator[T], name: str) -> T:
    """Return the next of `steps`.

    Raises:
        KernelError: ETIMEDOUT, after 200,000 lines.
        StopIteration: as `next`.
    """
    left = MOST_LINES

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise OutOfBudget
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        return next(steps)
    except OutOfBudget:
        raise KernelError(
            errno.ETIMEDOUT, f"{name} ran {MOST_LINES:,} lines without a stop: yield before each step, and end."
        ) from None
    finally:
        sys.settrace(before)
