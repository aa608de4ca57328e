"""What an injected fault did, and which files are its knobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine.faults import FAIL_PAGE_ALLOC, FAULTS
from .engine.types import PAGE_SIZE
from .explain_story import Story, begin, verb_of
from .records import EventRow

if TYPE_CHECKING:
    from .session import Session

DEBUG = "/sys/kernel/debug/"


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
