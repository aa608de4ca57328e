"""What the events around a charge did: a slab born or given back, accounting switched, a release agent run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine.before_on import SKIP
from .engine.events import NEWPAGE, SWITCHED
from .engine.faults import FAULTS
from .engine.off import OffController
from .engine.types import PAGE_SIZE, POINTER
from .explain_story import Story, begin, name_of, slab_number, verb_of
from .records import EventRow

if TYPE_CHECKING:
    from .session import Session


def tell_newpage(session: Session, event: EventRow, story: Story) -> None:
    """A slab is born."""
    begin(session, event, story)
    order = (event.bytes // PAGE_SIZE).bit_length() - 1
    number = slab_number(session, event)
    kind = "pages split" if event.order > order else "pages whole"
    story.go(kind, "alloc_pages", f"page {event.pfn}, order {order}", cache=event.cache, from_=event.order, order=order)
    cache = session.machine.find_cache(event.cache)
    if session.machine.accounted(cache):
        kmem = session.machine.kmem
        size = int(cache.objects) * POINTER + (kmem.header if isinstance(kmem, OffController) else 0)
        story.go("array made", "owner array", f"{size:,} bytes", bytes=size)
    story.go("slab born", "new_slab", f"slab {number}", pfn=str(event.pfn), slab=number)


def had_array(session: Session, event: EventRow) -> bool:
    """Say whether the slab that goes had an owner array: born while accounting was on, which has not been off since."""
    log = session.log
    cache = log.numbers.get(event.cache, -1)
    number = slab_number(session, event)
    born = False
    for n in range(event.n - 2, -1, -1):
        if log.cache[n] != cache:
            continue
        if log.kind[n] == NEWPAGE and log.slab[n] == number:
            born = True
        elif log.kind[n] == SWITCHED:
            given = session.machine.profile.before_on != SKIP  # slabs that were there had arrays from then on
            return bool(log.slot[n]) and (born or given)
    return False


def tell_freepage(session: Session, event: EventRow, story: Story) -> None:
    """A slab is given back."""
    begin(session, event, story)
    number = slab_number(session, event)
    kind = "slab empty" if had_array(session, event) else "slab empty, no array"
    story.go(kind, "discard_slab", f"slab {number}", slab=number)
    story.go("page free", "free_pages", f"page {event.pfn}", pfn=str(event.pfn))


def tell_nopage(session: Session, event: EventRow, story: Story) -> None:
    """No pages for a slab, or no memory for its owner array."""
    begin(session, event, story)
    fault = FAULTS[event.order] if event.order >= 0 else ""
    if event.pfn < 0:
        kind = "fault, no page" if fault else "no page"
        story.go(kind, "alloc_pages", fault or "none left", state="refused", cache=event.cache, fault=fault)
    else:
        story.go("page had", "alloc_pages", f"page {event.pfn}", pfn=str(event.pfn))
        kind = "fault, no array" if fault else "no array"
        story.go(kind, "owner array", fault or "none left", state="refused", fault=fault)
    verb = verb_of(session, event)
    story.undo("nothing came", "NULL", f"{verb}() fails", f"{verb}()")


def tell_switched(session: Session, event: EventRow, story: Story) -> None:
    """Accounting of a cache switched."""
    begin(session, event, story)
    kind = "cache marked" if event.slot else "cache unmarked"
    kmem = session.machine.kmem
    if isinstance(kmem, OffController) and not event.slot:
        drains = any(off.cache == event.cache and off.done < 0 for off in kmem.offs)
        kind = "cache drains" if drains else "cache off"
    if event.slot and event.bytes:
        story.go("taken over", "before_on=root", f"{event.bytes:,} bytes", bytes=event.bytes, cache=event.cache)
    story.go(kind, "cache_account", f"{event.cache}: {'on' if event.slot else 'off'}", cache=event.cache)


def tell_agent(session: Session, event: EventRow, story: Story) -> None:
    """A release agent would run."""
    agent, path = session.machine.containers.released.runs[-1]
    story.go("agent", "cgroup_release_agent", f"{agent} {path}", where=name_of(path))
