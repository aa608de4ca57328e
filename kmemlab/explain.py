"""What an event did, function by function: the path of one charge, with one plain sentence for each step.

The controller notes the values (kmem.py, `steps`); here they get their functions' names, their words and their sources.
Sentences have at most 64 characters, so that a screen does not jump from one to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine.kmem import CHARGE, GET, PUT, UNCHARGE, UNWIND
from .explain_faults import fits_but, tell_fault
from .explain_pages import tell_agent, tell_command, tell_freepage, tell_newpage, tell_nopage, tell_switched
from .explain_story import Story, begin, comm, noted, refs, short, slab_number, title, verb_of
from .explain_words import ARRAY, COUNTER, ERRNOS, LETTER, NOTIFIERS, RCU, SLUB
from .records import EventRow, StepRow
from .survey import event_row

if TYPE_CHECKING:
    from .session import Session


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
        "agent": tell_agent, "fault": tell_fault,
    }[event.kind]  # fmt: skip
    teller(session, event, story)
    return tuple(story.steps)


def taken(session: Session, event: EventRow, story: Story) -> None:
    """Tell of the object that the allocator hands out."""
    slab = slab_number(session, event)
    words = f"{short(event.cache)} hands out slab {slab}, slot {event.slot}. Nobody owns it yet."
    story.go("kmem_cache_alloc", f"slab {slab}, slot {event.slot}", words, f"slab_alloc, {SLUB}")


def ask(session: Session, event: EventRow, story: Story) -> None:
    """Tell of notifier, lookup and reference: the same for a charge and a refusal."""
    where = title(event.container)
    cache = short(event.cache)
    story.go(
        "notifier",
        f"{event.cache} is accountable",
        f"{cache} is accountable: the notifier asks the controller.",
        NOTIFIERS,
    )
    lives = f"Under the RCU read lock: task {event.pid} lives in {where}."
    story.go("rcu lookup", f"task {event.pid} → {where}", lives, RCU)
    keeps = f"A reference on {where} keeps it alive while it pays."
    story.go("css_get", refs(session, event, GET), keeps, "css_get, kernel/cgroup.c")


def limit_of(session: Session, path: str | None) -> int:
    """Return the limit of a container, as the counter has it."""
    for group in session.machine.kmem_subsystem.owners:
        if group is not None and session.machine.kmem_subsystem.paths[int(group.ident)] == path:
            return group.res.limit
    return 0


def tell_alloc(session: Session, event: EventRow, story: Story) -> None:
    """Object allocated: charged to a container, or to nobody."""
    begin(session, event, story)
    taken(session, event, story)
    if event.container is None:
        on = session.machine.accounted(session.machine.find_cache(event.cache))
        reason = (
            "Its slab is older than accounting: no array, nobody pays." if on else "Nobody listens to this cache: nobody pays."
        )
        if on and verb_of(session, event) in ("softirq", "kthread") and session.machine.interrupts.payer == "none":
            reason = "irq_payer=none: nobody asked for it, so nobody pays."
        story.go("no owner", "unaccounted", reason, "facts 1.4", model=on)
        return
    ask(session, event, story)
    where = title(event.container)
    before = noted(session, CHARGE)
    after = before + event.bytes
    pays = f"{where} pays {event.bytes:,} bytes: {before:,} becomes {after:,}."
    forced = after > limit_of(session, event.container)  # a limit set below usage refuses: only NOFAIL gets here
    if forced:
        pays = f"NOFAIL: {where} pays over its limit, and failcnt counts it."
    story.go("res_counter_charge", f"{before:,} + {event.bytes:,} = {after:,}", pays, COUNTER, model=forced)
    owns = f"Slot {event.slot} of the owner array now says {where}."
    story.go("store owner", f"slot {event.slot} → {where}", owns, ARRAY, model=True)


def tell_refused(session: Session, event: EventRow, story: Story) -> None:
    """A charge that does not fit, and how it is undone, each undo under what it undoes."""
    begin(session, event, story)
    taken(session, event, story)
    ask(session, event, story)
    where = title(event.container)
    usage, limit = noted(session, CHARGE), limit_of(session, event.container)
    verb = verb_of(session, event)
    thing = "file" if event.cache == "filp" else "object"
    left = max(0, limit - usage)
    no = f"Refused. {where} has {left:,} bytes left and this {thing} needs {event.bytes:,}."
    value = f"{usage:,} + {event.bytes:,} > {limit:,}"
    injected = event.order >= 0
    if injected:
        no, value = fits_but(usage, event.bytes, limit)
    story.go("res_counter_charge", value, no, COUNTER, model=injected, state="refused")
    put = refs(session, event, UNWIND)
    back = put.removeprefix("refs ").replace(" → ", " to ")
    story.undo("css_put", put, "css_get", f"The reference is given back: {back}.", "css_put, kernel/cgroup.c")
    story.undo(
        "−ENOMEM",
        "the notifier said no",
        "notifier",
        "The notifier says −ENOMEM: the allocator must undo its work.",
        NOTIFIERS,
    )
    gone = "The object goes back. It had no owner: nothing is uncharged."
    story.undo("kmem_cache_free", "owner NULL: no uncharge", "kmem_cache_alloc", gone, "free hook, NULL owner", model=True)
    errnos = ERRNOS.get(verb, {"": "ENOMEM"})
    error = errnos.get(event.cache, errnos[""])
    end = f"{short(verb)}() fails with {error}. Only failcnt remembers."
    if verb == "flock":
        end = "flock() says ENOLCK, unless this was only the spare lock."
    story.undo("NULL", f"{verb}() says {error}", f"{verb}()", end, "path_lookup_open, fs/namei.c" if verb == "open" else LETTER)
    story.go("store owner", "never reached", "The owner is stored only after the charge.", ARRAY, model=True, state="never")


def tell_free(session: Session, event: EventRow, story: Story) -> None:
    """Object freed: whoever owned it gets the bytes back."""
    begin(session, event, story)
    slab = slab_number(session, event)
    name = comm(session, event.pid)
    story.go(
        "kmem_cache_free",
        f"slab {slab}, slot {event.slot}",
        f"{short(event.cache)} slab {slab}, slot {event.slot} is no longer needed.",
        SLUB,
    )
    if event.container is None:
        story.go("no owner", "owner NULL", "It had no owner: nobody gets anything back.", "free hook, NULL owner", model=True)
        return
    where = title(event.container)
    story.go(
        "owner array",
        f"slot {event.slot} → {where}",
        f"The array says who paid: {where}, whoever frees it.",
        ARRAY,
        model=True,
    )
    before = noted(session, UNCHARGE)
    task = session.machine.tasks.by_pid.get(event.pid)
    home = task.css[session.machine.kmem_subsystem.index].container if task is not None else None
    here = title(home.path) if home is not None else where
    words = f"{where} gets {event.bytes:,} bytes back: {before:,} becomes {before - event.bytes:,}."
    if here != where:
        words = f"{name} freed it, but {where} gets {event.bytes:,} back: it paid."
    story.go("res_counter_uncharge", f"{before:,} − {event.bytes:,} = {before - event.bytes:,}", words, COUNTER)
    story.go("css_put", refs(session, event, PUT), f"{where} has one reference less to wait for.", "css_put, kernel/cgroup.c")
