"""Who asks for kernel memory, kind by kind, and how much of it a container pays for: `Session.records("sites")`."""

from __future__ import annotations

from dataclasses import dataclass

from .engine.events import CHARGED_CALL, UNCHARGED_CALL, EventLog
from .engine.kmem_cache import Slab
from .engine.machine import Machine
from .engine.sites import BY_HAND, SITES, bytes_at, cache_objects, held_by_site, is_seen, kind_of
from .engine.types import IN_USE, NONE, PAGE_SHIFT
from .records import SiteRow

OBJECTS = "objects"


def site_rows(machine: Machine) -> tuple[SiteRow, ...]:
    """Return the objects of named caches, every call site, and what was called by hand, with bytes seen and unseen.

    Left out are owner arrays and what else the allocator takes for itself: nobody asks for those.
    """
    rows = [SiteRow(OBJECTS, "cache", "kmem_cache_alloc", *cache_objects(machine), None)]
    for name, addresses in held_by_site(machine).items():
        seen = unseen = 0
        for address in addresses:
            size = bytes_at(machine, address)
            if is_seen(machine, address):
                seen += size
            else:
                unseen += size
        if name in SITES:
            kind, function, _ = SITES[name]
            rows.append(SiteRow(name, kind, function, len(addresses), seen, unseen, name in machine.marked.on))
        else:
            assert name in BY_HAND
            rows.append(SiteRow("by hand", name, name, len(addresses), seen, unseen, None))
    return tuple(rows)


@dataclass(frozen=True)
class Call:
    """What one call site got with one call, and has not given back.

    Attributes:
        site: its name; "kmalloc", "vmalloc" or "pages" for a call by hand.
        size, order: bytes of it, and the order of its pages (0 for each of a vmalloc area's).
        owner: number of the container that pays, NONE where nobody does.
        slab, cell: where it is; None and -1 where it is in no slab.
        task: comm of the task that called, "" where that is not known.
    """

    site: str
    size: int
    order: int
    owner: int
    slab: Slab | None
    cell: int
    task: str


def call_name(site: str) -> str:
    """Return what pictures call a call site."""
    return f"{site} by hand" if site in BY_HAND else site


def kind_named(site: str) -> str:
    """Return the kind of a call site by the name in the event log: "cache" where it is a cache's."""
    return kind_of(site) if site in SITES or site in BY_HAND else "cache"


def extended(machine: Machine) -> bool:
    """Say whether this machine charges calls, too: its pictures then have them."""
    return len(machine.marked.kinds) > 1


def calls_of(machine: Machine, log: EventLog | None = None) -> list[Call]:
    """List what calls got and have not given back, on a machine that charges calls; none on any other.

    In the middle of a command memory is paid for that nobody holds yet, and held that is free already: the first is in the
    list, the second is not, so what is charged adds up to the counters at every event. Tasks come from the log.
    """
    if not extended(machine):
        return []
    asked = held_by_site(machine)
    sites = {address: site for site, addresses in asked.items() for address in addresses}
    sites |= {address: paid[0] for address, paid in machine.marked.paid.items()}
    callers = callers_of(log) if log is not None else {}
    names = {pid: task.comm for pid, task in machine.tasks.by_pid.items()}
    found = []
    for address, site in sites.items():
        slab, cell, order = None, NONE, 0
        if address not in machine.vmalloc.areas:
            pfn = address >> PAGE_SHIFT
            if not 0 <= pfn < machine.slub.pages.nr_pages:
                continue
            slab, order = machine.slub.slab_of[pfn], int(machine.slub.pages.used_order[pfn])
            if slab is not None:
                cell, order = int((address - slab.s_mem) // slab.cache.size), int(slab.cache.order)
                if slab.link[cell] != IN_USE:
                    continue
            elif order == NONE:
                continue
        paid = machine.marked.paid.get(address)
        owner = paid[1] if paid is not None else NONE
        if paid is None and slab is not None and slab.has_owners:
            owner = int(slab.owners[cell])
        pids = callers.get((site, int(address) >> PAGE_SHIFT, owner), set())
        pid = next(iter(pids)) if len(pids) == 1 else NONE
        task = names.get(pid, f"task {pid}") if pid != NONE else ""
        found.append(Call(site, int(bytes_at(machine, address)), order, int(owner), slab, cell, task))
    return found


def callers_of(log: EventLog) -> dict[tuple[str, int, int], set[int]]:
    """Map (call site, page, owner) to the tasks that got charged calls there; two of them where it could be either."""
    left: dict[tuple[str, int, int], int] = {}
    callers: dict[tuple[str, int, int], set[int]] = {}
    for n in range(log.length):
        if log.kind[n] not in (CHARGED_CALL, UNCHARGED_CALL):
            continue
        key = log.names[log.cache[n]], int(log.pfn[n]), int(log.owner[n])
        left[key] = left.get(key, 0) + (1 if log.kind[n] == CHARGED_CALL else -1)
        if log.kind[n] == CHARGED_CALL:
            callers.setdefault(key, set()).add(int(log.who[n]))
        elif not left[key]:
            callers.pop(key)
    return callers
