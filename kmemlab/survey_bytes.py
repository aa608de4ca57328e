"""Where the bytes are: the records of the charge flow and of what everything costs. Nothing here changes anything.

A machine that charges calls, too (`Profile.kinds`) has more streams than its caches: each call site's. A kmalloc object that a
site holds is then the site's and no longer its cache's, so no byte is drawn twice.
"""

from __future__ import annotations

from .engine.events import ALLOC, REFUSED, REFUSED_CALL, EventLog
from .engine.kmem_cache import KmemCache
from .engine.machine import Machine
from .engine.slab_cache import SlabCache
from .engine.slub_admin import slabs_of
from .engine.types import IN_USE, NONE, PAGE_SHIFT, PAGE_SIZE
from .records import CostRow, FlowRow
from .survey_kinds import Call, call_name, calls_of, kind_named
from .survey_slab import listed_slabs

STATE_OF_LIST = {"cpu": "cpu slab", "partial": "partial", "full": "full, on no list", "free": "free"}
FULL_LISTED = "full, on a list"
IN_NO_SLAB = "in no slab"


def where_slabs_are(cache: KmemCache) -> dict[int, str]:
    """Map a slab's birth number to what leads to it; a slab that is not in here is full, and nothing does.

    Only a cache that tracks its users (slub_debug=U) has a list of full slabs; in SLAB every slab is on a list.
    """
    if isinstance(cache, SlabCache):
        return listed_slabs(cache)
    found = {cpu.slab.number: f"cpu {n}" for n, cpu in enumerate(cache.cpu_slab) if cpu.slab is not None}
    for place, slab in enumerate(cache.partial_list(), 1):
        found[slab.number] = f"partial {place}"
    for slab in cache.full or []:
        found[slab.number] = "full list"
    return {int(number): where for number, where in found.items()}


def state_of_slab(cache: KmemCache, number: int) -> str:
    """Return the state of a slab as flow rows have it."""
    return state_in(cache, where_slabs_are(cache).get(number, "full"))


def state_in(cache: KmemCache, where: str) -> str:
    """Return the state of a slab whose place is known; SLAB's full ones are on a list."""
    kind = where.partition(" ")[0]
    return FULL_LISTED if kind == "full" and isinstance(cache, SlabCache) else STATE_OF_LIST[kind]


def flow_rows(machine: Machine, log: EventLog) -> tuple[FlowRow, ...]:
    """Return where the bytes of every slab go, and those that were refused, summed by equal rows.

    On a machine that charges calls, what call sites hold beside slabs, too: pages, vmalloc areas, large kmallocs. The task is
    the one that allocated an object, from the event log; a task that is gone is called by its pid.
    """
    born: dict[tuple[int, int, int], int] = {}
    flow: dict[tuple[str, str | None, str, int, bool, str, bool, str], int] = {}
    names = {pid: task.comm for pid, task in machine.tasks.by_pid.items()}
    paths = machine.kmem_subsystem.paths

    def add(
        task: str, path: str | None, cache: str, order: int, size: int, state: str = "", free: bool = False, kind: str = "cache"
    ) -> None:
        key = (task, path, cache, order, not state, state, free, kind)
        flow[key] = flow.get(key, 0) + size

    for n in range(log.length):
        kind = log.kind[n]
        if kind == ALLOC:
            born[log.cache[n], log.slab[n], log.slot[n]] = log.who[n]
        elif kind in (REFUSED, REFUSED_CALL):
            pid = int(log.who[n])
            path = paths.get(int(log.owner[n]))
            site = log.names[log.cache[n]]
            what = kind_named(site) if kind == REFUSED_CALL else "cache"
            name = call_name(site) if kind == REFUSED_CALL else site
            add(names.get(pid, f"task {pid}"), path, name, -1, int(log.size[n]), kind=what)
    calls = calls_of(machine, log)
    theirs = {(int(call.slab.pfn), call.cell) for call in calls if call.slab is not None}
    for call in calls:
        path = paths[call.owner] if call.owner != NONE else None
        state = f"{kind_named(call.site)}, {IN_NO_SLAB}"
        if call.slab is not None:
            state = state_of_slab(call.slab.cache, int(call.slab.number))
        add(call.task, path, call_name(call.site), call.order, call.size, state, kind=kind_named(call.site))
    for cache in machine.slub.caches:
        if cache.nr_slabs == 0:
            continue
        found = where_slabs_are(cache)
        number = log.numbers.get(cache.name, 0)
        for slab in slabs_of(machine.slub, cache):
            state = state_in(cache, found.get(int(slab.number), "full"))
            order = int(cache.order)
            tail = (PAGE_SIZE << order) - int(cache.size * cache.objects)
            free = 0
            for cell in range(cache.objects):
                if slab.link[cell] != IN_USE:
                    free += 1
                    continue
                if theirs and (int(slab.pfn), cell) in theirs:
                    continue
                ident = int(slab.owners[cell]) if slab.has_owners else NONE
                pid = born.get((number, slab.number, cell), 0)
                path = paths[ident] if ident != NONE else None
                add(names.get(pid, f"task {pid}"), path, cache.name, order, int(cache.size), state)
            if tail + free:
                add("", None, cache.name, order, tail + free * int(cache.size), state, True)
    charged = {cache.name for cache in machine.slub.caches if machine.accounted(cache)} | set(machine.marked.on)
    return tuple(
        FlowRow(task, path, cache, order, size, refused, state, free, refused or cache in charged, kind)
        for (task, path, cache, order, refused, state, free, kind), size in flow.items()
        if size
    )


def cost_rows(machine: Machine) -> tuple[CostRow, ...]:
    """Return what the slabs of each cache cost, largest first; caches without slabs are left out.

    On a machine that charges calls a row follows for each call site with memory that is in no slab. An owner array counts as
    large as the kmalloc object it lies in. One of more than 2,048 bytes (2.6.24) is not in a slab but in pages of its own, and
    so in no row.
    """
    walked = [(cache, slabs_of(machine.slub, cache)) for cache in machine.slub.caches if cache.nr_slabs]
    arrays: dict[str, int] = {}
    for _, slabs in walked:
        for slab in slabs:
            home = machine.slub.slab_of[slab.array >> PAGE_SHIFT] if slab.array != NONE else None
            if home is not None:
                arrays[home.cache.name] = arrays.get(home.cache.name, 0) + int(home.cache.size)
    paths = machine.kmem_subsystem.paths
    calls = calls_of(machine)
    rows = []
    for cache, slabs in walked:
        size = int(cache.size)
        paid: dict[str, int] = {}
        for slab in slabs:
            for ident in slab.owners:
                if ident != NONE:
                    paid[paths[int(ident)]] = paid.get(paths[int(ident)], 0) + size
        unseen = 0
        for call in calls:
            if call.slab is not None and call.slab.cache is cache:
                if call.owner == NONE:
                    unseen += size
                elif not call.slab.has_owners or call.slab.owners[call.cell] == NONE:  # else it is counted already
                    paid[paths[call.owner]] = paid.get(paths[call.owner], 0) + size
        whole = len(slabs) * (PAGE_SIZE << int(cache.order))
        used = sum(slab.live() for slab in slabs) * size
        charged, held = sum(paid.values()), arrays.get(cache.name, 0)
        rows.append(CostRow(
            cache.name, machine.accounted(cache), len(slabs), whole, charged, used - charged - held - unseen, held,
            whole - used, most_first(paid), unseen,
        ))  # fmt: skip
    rows.sort(key=lambda row: (-row.bytes, row.cache))
    return (*rows, *call_costs(machine, [call for call in calls if call.slab is None]))


def call_costs(machine: Machine, calls: list[Call]) -> list[CostRow]:
    """Return what each call site has that is in no slab, largest first."""
    by_site: dict[str, list[Call]] = {}
    for call in calls:
        by_site.setdefault(call.site, []).append(call)
    rows = []
    for site, mine in by_site.items():
        paid: dict[str, int] = {}
        for call in mine:
            if call.owner != NONE:
                path = machine.kmem_subsystem.paths[call.owner]
                paid[path] = paid.get(path, 0) + call.size
        whole, charged = sum(call.size for call in mine), sum(paid.values())
        rows.append(CostRow(
            call_name(site), site in machine.marked.on, 0, whole, charged, 0, 0, 0, most_first(paid), whole - charged,
            kind_named(site),
        ))  # fmt: skip
    return sorted(rows, key=lambda row: (-row.bytes, row.cache))


def most_first(paid: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Return what each container pays, the largest first."""
    return tuple(sorted(paid.items(), key=lambda each: -each[1]))
