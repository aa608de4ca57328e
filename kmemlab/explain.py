"""What an event did, function by function: the path of one charge, with one plain sentence for each step.

The controller notes the values (kmem.py, `steps`); here they get their functions' names. The sentences and their sources are
in one table (explain_table.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine.kmem import CHARGE, GET, PUT, STORE, UNCHARGE, UNWIND
from .explain_commands import tell_command
from .explain_faults import tell_fault
from .explain_marked import tell_charged, tell_refused_call, tell_uncharged_call
from .explain_oops import tell_oops
from .explain_pages import tell_agent, tell_freepage, tell_newpage, tell_nopage, tell_switched
from .explain_story import Story, begin, change, limit_of, name_of, refs, short, slab_number, verb_of
from .explain_words import ERRNOS
from .records import EventRow, StepRow
from .survey import event_row

if TYPE_CHECKING:
    from .session import Session


WIRED_HOOK = "kmem hook"


def steps_of(session: Session) -> tuple[StepRow, ...]:
    """Return the steps of the event at the session's position; () at event 0."""
    n = session.position
    if n == 0:
        return ()
    event = event_row(session.machine, session.log, n)
    story = Story()
    teller = {
        "alloc": tell_alloc, "refused": tell_refused, "free": tell_free, "newpage": tell_newpage,
        "freepage": tell_freepage, "nopage": tell_nopage, "switched": tell_switched, "command": tell_command,
        "agent": tell_agent, "fault": tell_fault, "uncharged": tell_uncharged, "oops": tell_oops,
        "charged-call": tell_charged, "uncharged-call": tell_uncharged_call, "refused-call": tell_refused_call,
    }[event.kind]  # fmt: skip
    teller(session, event, story)
    return tuple(story.steps)


def taken(session: Session, event: EventRow, story: Story) -> None:
    """Tell of the object that the allocator hands out."""
    slab = slab_number(session, event)
    place = f"slab {slab}, slot {event.slot}"
    story.go("taken", "kmem_cache_alloc", place, cache=event.cache, slab=slab, slot=event.slot)


def ask(session: Session, event: EventRow, story: Story) -> None:
    """Tell of notifier, lookup and reference: the same for a charge and a refusal."""
    where = name_of(event.container)
    patchset = session.machine.patchset
    kind, fn = ("wired hook", WIRED_HOOK) if patchset.wired_hooks else ("notifier", "notifier")
    story.go(kind, fn, f"{event.cache} is accountable", cache=event.cache)
    kind, fn = ("bare lookup", "bare lookup") if patchset.bare_assign else ("lookup", "rcu lookup")
    story.go(kind, fn, f"task {event.pid} → {short(where)}", pid=str(event.pid), where=where)
    story.go("reference", "css_get", refs(session, GET), where=where)
    if stored_first(session):
        stored(event, story, "stored early")


def stored_first(session: Session) -> bool:
    """Say whether the owner was stored before the charge: by a charge that is not the machine's own (own_charge.py)."""
    names = [name for name, *_ in session.machine.kmem.steps]
    return STORE in names and CHARGE in names[names.index(STORE) :]


def stored(event: EventRow, story: Story, kind: str) -> None:
    """Tell that the owner was written down."""
    where = name_of(event.container)
    story.go(kind, "store owner", f"slot {event.slot} → {short(where)}", slot=event.slot, where=where)


def tell_alloc(session: Session, event: EventRow, story: Story) -> None:
    """Object allocated: charged to a container, or to nobody."""
    begin(session, event, story)
    taken(session, event, story)
    if event.container is None:
        on = session.machine.accounted(session.machine.find_cache(event.cache))
        kind = "born before" if on else "unaccounted"
        if on and verb_of(session, event) in ("softirq", "kthread") and session.machine.interrupts.payer == "none":
            kind = "nobody asked"
        story.go(kind, "no owner", "unaccounted", cache=event.cache)
        return
    ask(session, event, story)
    where = name_of(event.container)
    before, _ = change(session, CHARGE)
    after = before + event.bytes
    forced = after > limit_of(session, event.container)  # a limit set below usage refuses: only NOFAIL gets here
    story.go(
        "charged by force" if forced else "charged", "res_counter_charge", f"{before:,} + {event.bytes:,} = {after:,}",
        where=where, bytes=event.bytes, before=before, after=after,
    )  # fmt: skip
    if not stored_first(session):
        stored(event, story, "stored")


def tell_refused(session: Session, event: EventRow, story: Story) -> None:
    """A charge that does not fit, and how it is undone, each undo under what it undoes."""
    begin(session, event, story)
    taken(session, event, story)
    ask(session, event, story)
    usage, limit = change(session, CHARGE)[0], limit_of(session, event.container)
    kind, sign = "refused file" if event.cache == "filp" else "refused object", ">"
    if event.order >= 0:
        kind, sign = "refused by fault", "≤"
    story.go(
        kind, "res_counter_charge", f"{usage:,} + {event.bytes:,} {sign} {limit:,}", state="refused",
        where=name_of(event.container), left=max(0, limit - usage), bytes=event.bytes,
    )  # fmt: skip
    before, after = change(session, UNWIND)
    if before >= 0:  # a charge that is not the machine's own may keep it
        story.undo("reference back", "css_put", refs(session, UNWIND), "css_get", before=before, after=after)
    if session.machine.patchset.wired_hooks:
        story.undo("hook says no", "−ENOMEM", "the controller said no", WIRED_HOOK)
    else:
        story.undo("notifier says no", "−ENOMEM", "the notifier said no", "notifier")
    given, left = change(session, UNCHARGE)
    if given < 0:
        story.undo("unwound", "kmem_cache_free", "owner NULL: no uncharge", "kmem_cache_alloc")
    else:
        owner = short(name_of(event.container))
        story.undo(
            "unwound with an owner", "kmem_cache_free", f"owner {owner}: {given:,} → {left:,}", "kmem_cache_alloc",
            where=name_of(event.container), bytes=event.bytes, before=given, after=left,
        )  # fmt: skip
    verb = verb_of(session, event)
    errnos = ERRNOS.get(verb, {"": "ENOMEM"})
    error = errnos.get(event.cache, errnos[""])
    end = f"call fails {verb}" if verb in ("open", "flock") else "call fails"
    story.undo(end, "NULL", f"{verb}() says {error}", f"{verb}()", verb=verb, error=error)
    if not stored_first(session):
        story.go("never stored", "store owner", "never reached", state="never")


def tell_free(session: Session, event: EventRow, story: Story) -> None:
    """Object freed: whoever owned it gets the bytes back."""
    begin(session, event, story)
    slab = slab_number(session, event)
    place = f"slab {slab}, slot {event.slot}"
    story.go("freed", "kmem_cache_free", place, cache=event.cache, slab=slab, slot=event.slot)
    if event.container is None:
        story.go("freed of nobody", "no owner", "owner NULL")
        return
    where = name_of(event.container)
    story.go("owner read", "owner array", f"slot {event.slot} → {short(where)}", where=where)
    before, _ = change(session, UNCHARGE)
    after = before - event.bytes
    task = session.machine.tasks.by_pid.get(event.pid)
    home = task.css[session.machine.kmem_subsystem.index].container if task is not None else None
    kind = "uncharged"
    if home is not None and home.path != event.container:
        kind = "closed elsewhere" if verb_of(session, event) == "close" and event.cache == "filp" else "freed elsewhere"
    story.go(
        kind, "res_counter_uncharge", f"{before:,} − {event.bytes:,} = {after:,}",
        where=where, here=name_of(home.path if home is not None else None), bytes=event.bytes, before=before, after=after,
    )  # fmt: skip
    story.go("reference less", "css_put", refs(session, PUT), where=where, bytes=event.bytes)


def tell_uncharged(session: Session, event: EventRow, story: Story) -> None:
    """Accounting switched off under an object: it stays in use, and whoever owned it gets the bytes back."""
    begin(session, event, story)
    where, slab = name_of(event.container), slab_number(session, event)
    story.go("off found", "claim", f"slot {event.slot} → nobody", slab=slab, slot=event.slot, where=where)
    before, _ = change(session, UNCHARGE)
    after = before - event.bytes
    story.go(
        "uncharged", "res_counter_uncharge", f"{before:,} − {event.bytes:,} = {after:,}",
        where=where, bytes=event.bytes, before=before, after=after,
    )  # fmt: skip
    story.go("reference less", "css_put", refs(session, PUT), where=where, bytes=event.bytes)
