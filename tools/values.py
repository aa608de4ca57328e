"""What stands in double braces in a lesson's prose: an expression, and how its value is written.

The source of this module is run inside a lesson's Jupyter kernel, at the place where the prose stands, and leaves no name
there (notebooks.py). So it imports nothing of this folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kmemlab import Session
from kmemlab.engine.types import PAGE_SIZE

EXPRESSION = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)


def cat(session: Any, path: str) -> int:
    """Return the number in a file of a session's machine; the session does not change."""
    result = session.look(f"cat {path}")
    if result.err:
        raise ValueError(result.err)
    return int(result.out)


def live(session: Any, cache: str = "filp") -> int:
    """Return how many objects of a cache are handed out."""
    return sum(row.inuse for row in session.records("slabs", cache))


def largest(session: Any) -> int:
    """Return how many pages the largest free block has, 0 where none is free."""
    return max((1 << order for order, blocks in enumerate(session.machine.slub.pages.free_blocks()) if blocks), default=0)


def reason(session: Any) -> str:
    """Return the kernel's words for the last command's refusal."""
    words: str = session.results[-1].err.partition("\n")[0].rpartition(": ")[2].partition(" (")[0]
    return words


def fresh(*commands: str, **machine: Any) -> Session:
    """Return a session of its own, after some commands: for what a lesson's own sessions do not show."""
    session = Session(**machine)
    session.run(*commands)
    return session


HELPERS: Mapping[str, Any] = {
    "PAGE_SIZE": PAGE_SIZE, "cat": cat, "fresh": fresh, "largest": largest, "live": live, "reason": reason,
}  # fmt: skip


def written(value: object) -> str:
    """Write a value as prose does: 8,192; 18.75; Device or resource busy.

    Raises:
        TypeError: for anything but a number or text: it is not what somebody meant to read.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(f"{value!r} is neither a number nor text")
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def filled(text: str, names: Mapping[str, Any]) -> str:
    """Return a text with each expression replaced by its value.

    Args:
        text: Markdown.
        names: what the expressions may use besides HELPERS: the lesson's own names.
    """
    return EXPRESSION.sub(lambda found: written(eval(found[1].strip(), {**HELPERS, **names})), text)
