"""What an injected fault did, and which refusals came of one: no limit and no want of memory is to blame for those."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .engine.events import NOPAGE, REFUSED, EventLog
from .engine.faults import FAIL_PAGE_ALLOC, FAULTS
from .engine.types import NONE, PAGE_SIZE
from .explain_story import Story, begin, verb_of
from .records import EventRow

if TYPE_CHECKING:
    from .session import Session

DEBUG = "/sys/kernel/debug/"
OUT_OF_MEMORY = (errno.ENOMEM, errno.ENFILE, errno.EAGAIN, errno.ENOLCK, errno.ENOBUFS)


def tell_fault(session: Session, event: EventRow, story: Story) -> None:
    """An object or a page refused although it could be had."""
    begin(session, event, story)
    fault = FAULTS[event.slot]
    if event.slot == FAIL_PAGE_ALLOC:
        pages = event.bytes // PAGE_SIZE
        kind = "fault, page" if pages == 1 else "fault, pages"
        story.go(kind, "alloc_pages", fault, state="refused", fault=fault, count=pages)
    else:
        story.go("fault, object", "kmem_cache_alloc", fault, state="refused", fault=fault, cache=event.cache)
    story.undo("fault, NULL", "NULL", fault, f"{verb_of(session, event)}()")


def is_knob(path: str) -> bool:
    """Say whether a file is a knob of fault injection."""
    return path.startswith(DEBUG) and path.count("/") == DEBUG.count("/") + 1


def turned(path: str) -> tuple[str, str]:
    """Return fault and knob of a knob's path."""
    fault, _, knob = path[len(DEBUG) :].partition("/")
    return fault, knob


def hint_of(number: int, hint: str, log: EventLog | None, before: int, faults: list[int]) -> tuple[str, list[str]]:
    """Say what a command was refused for when faults were injected: the hint to keep, and what to say besides.

    Args:
        number: the errno of the refusal, 0 for none.
        hint: what the refused call says; it knows of memory and limits only.
        log: the event log.
        before: its length before the command.
        faults: how many faults of each kind the command met.
    """
    told = [f"{FAULTS[n]} injected {count:,} fault{'' if count == 1 else 's'}" for n, count in enumerate(faults) if count]
    if not told or log is None or number not in OUT_OF_MEMORY:
        return hint, told
    rows = range(before, log.length)
    others = [n for n in rows if log.kind[n] in (REFUSED, NOPAGE) and log.order[n] == NONE]
    if others:
        return hint, told
    return "", [*told[:-1], f"{told[-1]}: no limit was hit and memory is not out"]
