"""What happened to a marked call: charged, refused, or paid back. Marks are kmemlab's own extension (engine/marked.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine.kmem import CHARGE, GET, PUT, UNCHARGE, UNWIND
from .engine.sites import BY_HAND, SITES
from .explain_story import Story, begin, change, limit_of, name_of, refs, short, verb_of
from .records import EventRow

if TYPE_CHECKING:
    from .session import Session

SITES_DIR = "/sys/kernel/debug/kmem_sites/"
ERRNO = {"pipe_inode_info": "ENFILE", "skb_data": "ENOBUFS"}  # what a call says without it; of all others ENOMEM


def calls(event: EventRow) -> tuple[str, str]:
    """Return the function that calls, and what it calls."""
    kind, function, _ = SITES.get(event.cache, (event.cache, "by hand", ""))
    return function, "alloc_pages" if kind == "pages" else kind


def marked_call(session: Session, event: EventRow, story: Story) -> None:
    """Tell of the flag, the lookup and the reference: the same for a charge and a refusal."""
    begin(session, event, story)
    where = name_of(event.container)
    function, call = calls(event)
    kind = "call marked by hand" if event.cache in BY_HAND else "call marked"
    story.go(kind, call, f"{function}: GFP_ACCOUNT", site=event.cache, verb=call)
    story.go("lookup", "rcu lookup", f"task {event.pid} → {short(where)}", pid=str(event.pid), where=where)
    story.go("reference", "css_get", refs(session, GET), where=where)


def tell_charged(session: Session, event: EventRow, story: Story) -> None:
    """A marked call was charged."""
    marked_call(session, event, story)
    where = name_of(event.container)
    before, after = change(session, CHARGE)
    story.go(
        "charged", "res_counter_charge", f"{before:,} + {event.bytes:,} = {after:,}",
        where=where, bytes=event.bytes, before=before, after=after,
    )  # fmt: skip
    story.go("payer kept", "store owner", f"page {event.pfn} → {short(where)}", where=where, pfn=str(event.pfn))


def tell_refused_call(session: Session, event: EventRow, story: Story) -> None:
    """A marked call whose charge does not fit gets nothing."""
    marked_call(session, event, story)
    usage = change(session, CHARGE)[0]
    limit = limit_of(session, event.container)
    kind, sign = ("refused by fault", "≤") if event.order >= 0 else ("refused call", ">")
    story.go(
        kind, "res_counter_charge", f"{usage:,} + {event.bytes:,} {sign} {limit:,}", state="refused",
        where=name_of(event.container), left=max(0, limit - usage), bytes=event.bytes,
    )  # fmt: skip
    before, after = change(session, UNWIND)
    story.undo("reference back", "css_put", refs(session, UNWIND), "css_get", before=before, after=after)
    _, call = calls(event)
    story.undo("memory back", "free_pages" if call == "alloc_pages" else "kfree", "nobody pays for it", call)
    verb = verb_of(session, event)
    error = ERRNO.get(event.cache, "ENOMEM")
    story.undo("call fails", "NULL", f"{verb}() says {error}", f"{verb}()", verb=verb, error=error)


def tell_uncharged_call(session: Session, event: EventRow, story: Story) -> None:
    """Memory of a marked call goes: whoever paid gets the bytes back."""
    begin(session, event, story)
    where = name_of(event.container)
    story.go("payer found", "owner", f"page {event.pfn} → {short(where)}", where=where, pfn=str(event.pfn))
    before, after = change(session, UNCHARGE)
    story.go(
        "uncharged", "res_counter_uncharge", f"{before:,} − {event.bytes:,} = {after:,}",
        where=where, bytes=event.bytes, before=before, after=after,
    )  # fmt: skip
    story.go("reference less", "css_put", refs(session, PUT), where=where, bytes=event.bytes)
