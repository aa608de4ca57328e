"""What the events around a charge did: a slab born or given back, accounting switched, a release agent, a command's end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .engine.faults import FAULTS
from .engine.types import PAGE_SIZE
from .explain_faults import is_knob, turned
from .explain_story import Story, begin, short, slab_number, title, verb_of
from .explain_words import ARRAY, LETTER, SLUB
from .records import EventRow

if TYPE_CHECKING:
    from .session import Session
    from .shell import Result


def tell_newpage(session: Session, event: EventRow, story: Story) -> None:
    """A slab is born."""
    begin(session, event, story)
    pages = event.bytes // PAGE_SIZE
    order = pages.bit_length() - 1
    cut = f"order {event.order} split to {order}" if event.order > order else f"straight from order {order}"
    number = slab_number(session, event)
    story.go(
        "alloc_pages",
        f"page {event.pfn}, order {order}",
        f"{short(event.cache)} has no room. The page allocator: {cut}.",
        "__rmqueue, mm/page_alloc.c 2.6.23",
    )
    cache = session.machine.find_cache(event.cache)
    if session.machine.accounted(cache):
        bytes_ = cache.objects * 8
        array = f"{bytes_:,} bytes for its owner array, charged to nobody."
        story.go("owner array", f"{bytes_:,} bytes", array, ARRAY, model=True)
    story.go("new_slab", f"slab {number}", f"No slab has room: page {event.pfn} becomes slab {number}.", f"new_slab, {SLUB}")


def tell_freepage(session: Session, event: EventRow, story: Story) -> None:
    """A slab is given back."""
    begin(session, event, story)
    number = slab_number(session, event)
    story.go(
        "discard_slab",
        f"slab {number}",
        f"Slab {number} is empty: its page and owner array go back.",
        f"discard_slab, {SLUB}",
    )
    story.go(
        "free_pages",
        f"page {event.pfn}",
        f"Page {event.pfn} is free, and joins its buddy if that is.",
        "__free_one_page, mm/page_alloc.c 2.6.23",
    )


def tell_nopage(session: Session, event: EventRow, story: Story) -> None:
    """No pages for a slab, or no memory for its owner array."""
    begin(session, event, story)
    fault = FAULTS[event.order] if event.order >= 0 else ""
    if event.pfn < 0:
        sentence = f"No page is left for {short(event.cache)}. This is no limit: memory is out."
        if fault:
            sentence = f"{fault} was injected: no page for {short(event.cache)}."
        story.go("alloc_pages", fault or "none left", sentence, SLUB, state="refused")
    else:
        story.go("alloc_pages", f"page {event.pfn}", "A page could be had.", SLUB)
        story.go(
            "owner array",
            fault or "none left",
            f"{fault} was injected: no owner array, so no slab."
            if fault
            else "No memory for its owner array: the page goes back.",
            ARRAY,
            model=True,
            state="refused",
        )
    story.undo(
        "NULL",
        f"{verb_of(session, event)}() fails",
        f"{verb_of(session, event)}()",
        "The caller gets NULL. No failcnt moves: no limit was hit.",
        SLUB,
    )


def tell_switched(session: Session, event: EventRow, story: Story) -> None:
    """Accounting of a cache switched."""
    begin(session, event, story)
    cache = short(event.cache)
    words = (
        f"From now on each new {cache} object is charged."
        if event.slot
        else f"{cache} has no objects: nobody is charged for it any more."
    )
    story.go("cache_account", f"{event.cache}: {'on' if event.slot else 'off'}", words, LETTER)


def tell_agent(session: Session, event: EventRow, story: Story) -> None:
    """A release agent would run."""
    agent, path = session.machine.containers.released.runs[-1]
    words = f"Nobody uses {short(title(path))} any more: its release agent would run."
    story.go("cgroup_release_agent", f"{agent} {path}", words, "kernel/cgroup.c 2.6.24", model=True)


def tell_command(session: Session, event: EventRow, story: Story) -> None:
    """A command has ended."""
    line = session.commands[event.command - 1] if event.command <= len(session.commands) else ""
    result = session.results[event.command - 1] if event.command <= len(session.results) else None
    if result is not None and result.err:
        story.go(verb_of(session, event), result.err, f"{short(line, 30)}: {result.err.rpartition(': ')[2]}", "the shell")
        return
    story.go(verb_of(session, event), line, command_sentence(session, line, result), "the shell")


def command_sentence(session: Session, line: str, result: Result | None) -> str:
    """Say in words what a command that went well has done."""
    words = line.split()
    if words[:1] == ["as"]:
        words = words[2:]
    match words:
        case ["poke", *_] if result is not None:
            return f"S{result.out[1:].partition(':')[0]}."
        case ["echo", *_, ">", path] if path.endswith("/validate"):
            return validated(path.split("/")[-2], result)
        case ["mount", *_, point]:
            return f"A container tree is mounted on {short(point, 24)}."
        case ["mkdir", path]:
            return f"{title(path)} is a container: no task, no limit yet."
        case ["rmdir", path]:
            return f"{title(path)} is gone: nothing referred to it any more."
        case ["echo", "-n", limit, ">", path] if path.endswith("kmem.limit"):
            name = title(path.rpartition("/")[0])
            return f"{name} may hold {int(limit or 0):,} bytes of kernel objects." if limit.isdigit() else line
        case ["echo", *rest, ">", path] if path.endswith("/tasks") and rest:
            return f"Task {rest[-1]} now lives in {title(path.rpartition('/')[0])}."
        case ["echo", *rest, ">", path] if path.endswith("/comm"):
            return f"Task {path.split('/')[-2]} is called {short(rest[-1])} now."
        case ["echo", *rest, ">", path] if is_knob(path) and rest:
            return turned(path, rest[-1])
        case ["echo", flag, ">", path] if path.endswith("cache_account"):
            cache = short(path.split("/")[-2])
            if flag == "1":
                return f"From now on each new {cache} object is charged to its owner."
            return f"Nobody is charged for {cache} any more."
    return f"{short(line, 48)}: done."


def validated(cache: str, result: Result | None) -> str:
    """Say what a validation found."""
    reports = re.search(r"SLUB_DEBUG made ([\d,]+) report", result.hint) if result is not None else None
    found = f"{reports[1]} reports, in dmesg" if reports else "nothing is wrong"
    return f"{short(cache)}'s slabs were checked: {found}."
