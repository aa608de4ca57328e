"""Numbers of one's own: every student's seed makes others, and a teacher makes the same ones again from the seed."""

from __future__ import annotations

import hashlib

from ..engine.errors import invalid
from ..session import Session


def own_number(question: str, seed: int | Session, low: int, high: int) -> int:
    """Return a number from `low` to `high` (both can come) that depends on the question and the seed alone.

    Args:
        question: "03.2"; two questions of one seed have nothing to do with each other. Add a letter for a second number of
            one question: "03.2b".
        seed: a number, or a session that was made with one: `Session(seed=7)`.
        low: the smallest number that can come.
        high: the largest.

    Raises:
        KernelError: EINVAL for an empty range.

    Example:
        >>> own_number("03.2", 7, 20, 60) == own_number("03.2", Session(seed=7), 20, 60)
        True
    """
    if high < low:
        raise invalid(f"there is no number from {low} to {high}")
    number = int(seed.machine.profile.seed) if isinstance(seed, Session) else int(seed)
    drawn = hashlib.sha256(f"kmemlab {question} {number}".encode()).digest()
    return low + int.from_bytes(drawn[:8], "big") % (high - low + 1)
