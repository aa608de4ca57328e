"""What an event did, function by function: the path of one charge, with one plain sentence for each step.

The controller notes the values (kmem.py, `steps`); here they get their functions' names, their words and their sources.
Sentences have at most 64 characters, so that a screen does not jump from one to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine.kmem import CHARGE, GET, PUT, UNCHARGE, UNWIND
from .engine.types import PAGE_SIZE
from .explain_words import ARRAY, COUNTER, ERRNOS, LETTER, LONGEST, NOTIFIERS, RCU, SLUB, WISHES
from .records import EventRow, StepRow
from .survey import event_row

if TYPE_CHECKING:
    from .session import Session


class Story:
    """Collects the steps of one event."""

    def __init__(self) -> None:
        self.steps: list[StepRow] = []

    def go(self, fn: str, value: str, sentence: str, source: str, *, model: bool = False, state: str = "done") -> None:
        """Add a step of the forward lane."""
        self.steps.append(StepRow(fn, value, "forward", "", clip(sentence), source, model, state))

    def undo(self, fn: str, value: str, undoes: str, sentence: str, source: str, model: bool = False) -> None:
        """Add a step of the unwind lane, under the function it undoes."""
        self.steps.append(StepRow(fn, value, "unwind", undoes, clip(sentence), source, model, "done"))


def clip(sentence: str) -> str:
    """Cut a sentence that a long name made too long."""
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…"


def short(name: str, most: int = 12) -> str:
    """Shorten a name for a sentence."""
    return name if len(name) <= most else name[: most - 1] + "…"


def title(path: str | None) -> str:
    """Call a container by its last name, the root "root"."""
    return "nobody" if path is None else short(path.rpartition("/")[2] or "root")


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
        "agent": tell_agent,
    }[event.kind]  # fmt: skip
    teller(session, event, story)
    return tuple(story.steps)


# -- who, and what they called


def comm(session: Session, pid: int) -> str:
    """Name a task; one that is gone by its number."""
    task = session.machine.tasks.by_pid.get(pid)
    return short(task.comm) if task is not None else f"task {pid}"


def verb_of(session: Session, event: EventRow) -> str:
    """Return the command that the event is part of, without `as PID`: "open"."""
    words = session.commands[event.command - 1].split() if event.command <= len(session.commands) else []
    if words[:1] == ["as"]:
        words = words[2:]
    return words[0] if words else "sh"


def begin(session: Session, event: EventRow, story: Story) -> None:
    """Start with the system call."""
    verb = verb_of(session, event)
    name = comm(session, event.pid)
    wish = WISHES.get(verb, f"runs {verb}")
    story.go(f"{verb}()", f"{name}, task {event.pid}", f"{name} {wish}.", "fs/open.c, kernel/fork.c 2.6.23")


def refs(session: Session, event: EventRow, step: str) -> str:
    """Return "refs 154 → 155" as the controller noted it."""
    for name, before, after in session.machine.kmem.steps:
        if name == step:
            return f"refs {before:,} → {after:,}"
    return ""


def noted(session: Session, step: str) -> int:
    """Return the value before a step, as the controller noted it; -1 where it noted none."""
    for name, before, _ in session.machine.kmem.steps:
        if name == step:
            return before
    return -1


def taken(session: Session, event: EventRow, story: Story) -> None:
    """Tell of the object that the allocator hands out."""
    slab = slab_number(session, event)
    words = f"{short(event.cache)} hands out slab {slab}, slot {event.slot}. Nobody owns it yet."
    story.go("kmem_cache_alloc", f"slab {slab}, slot {event.slot}", words, f"slab_alloc, {SLUB}")


def slab_number(session: Session, event: EventRow) -> int:
    """Return the birth number of the event's slab."""
    return int(session.log.slab[event.n - 1])


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


# -- one kind of event each


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
    story.go("res_counter_charge", value, no, COUNTER, state="refused")
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
    if event.pfn < 0:
        sentence = f"No page is left for {short(event.cache)}. This is no limit: memory is out."
        story.go("alloc_pages", "none left", sentence, SLUB, state="refused")
    else:
        story.go("alloc_pages", f"page {event.pfn}", "A page could be had.", SLUB)
        story.go(
            "owner array",
            "none left",
            "No memory for its owner array: the page goes back.",
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
    story.go(verb_of(session, event), line, command_sentence(session, line), "the shell")


def command_sentence(session: Session, line: str) -> str:
    """Say in words what a command that went well has done."""
    words = line.split()
    if words[:1] == ["as"]:
        words = words[2:]
    match words:
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
        case ["echo", flag, ">", path] if path.endswith("cache_account"):
            cache = short(path.split("/")[-2])
            if flag == "1":
                return f"From now on each new {cache} object is charged to its owner."
            return f"Nobody is charged for {cache} any more."
    return f"{short(line, 48)}: done."
