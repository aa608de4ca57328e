"""Records of a machine: walk it once and return small frozen rows. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator

from .engine.buddy import SLAB, USERS, Zone
from .engine.containers import Container
from .engine.errors import invalid
from .engine.events import KINDS, EventLog
from .engine.kmem import KmemContainer, limit_or_none
from .engine.kmem_cache import KmemCache, Slab
from .engine.machine import Machine
from .engine.res_counter import NO_LIMIT
from .engine.rss import RssContainer
from .engine.slab_cache import SlabCache
from .engine.slub_admin import slabs_of
from .engine.types import NONE, PAGE_SHIFT
from .records import CacheRow, ContainerRow, EventRow, HierarchyRow, ListedSlab, PageRow, Row, SlabRow
from .survey_bytes import cost_rows, flow_rows, where_slabs_are
from .survey_kinds import site_rows
from .survey_slab import Rest, resting_cells, slab_cache_row

RANK = {"cpu": 0, "partial": 1, "full": 2, "free": 3}


def rows(machine: Machine, log: EventLog, position: int, name: str, cache: str) -> tuple[Row, ...]:
    """Return the records of a name; of events, those up to a position. `Session.records` says which names there are.

    Raises:
        KernelError: EINVAL for another name, ENOENT for no such cache.
    """
    if name == "containers":
        return container_rows(machine)
    if name == "hierarchies":
        return hierarchy_rows(machine)
    if name == "slabs":
        return all_slab_rows(machine) if cache == "*" else slab_rows(machine, machine.find_cache(cache))
    if name == "pages":
        return page_rows(machine)
    if name == "flow":
        return flow_rows(machine, log)
    if name == "cost":
        return cost_rows(machine)
    if name == "sites":
        return site_rows(machine)
    if name == "events":
        return tuple(event_rows(machine, log, last=position))
    raise invalid(
        f"there are no records {name!r}: "
        "ask for containers, hierarchies, slabs, pages, flow, cost, overhead, sites, events or steps"
    )


def container_rows(machine: Machine) -> tuple[ContainerRow, ...]:
    """Return the containers of the kmem hierarchy, parents first; where it is not mounted only its root state."""
    hierarchy = machine.kmem_subsystem.hierarchy
    if hierarchy is None:
        return (group_row(machine, "/", machine.kmem_subsystem.root, sorted(machine.tasks.by_pid)),)
    return tuple(container_row(machine, each) for each in hierarchy.root.walk())


def hierarchy_rows(machine: Machine) -> tuple[HierarchyRow, ...]:
    """Return the containers of every hierarchy, oldest hierarchy first, parents first."""
    rows = []
    for hierarchy in machine.containers.hierarchies:
        mounts = tuple(point for point, each in machine.tree.mounts.items() if each is hierarchy)
        names = tuple(subsystem.name for subsystem in hierarchy.subsystems)
        for container in hierarchy.root.walk():
            counters: list[tuple[str, int, int | None, int, int]] = []
            for name in names:
                css = container.css[name]
                if isinstance(css, KmemContainer | RssContainer):
                    limit = None if css.res.limit == NO_LIMIT else css.res.limit
                    counters.append((name, css.res.usage, limit, css.res.failcnt, css.refs))
            pids = tuple(sorted(container.tasks))
            rows.append(HierarchyRow(hierarchy.ident, mounts, names, container.path, pids, tuple(counters)))
    return tuple(rows)


def container_row(machine: Machine, container: Container) -> ContainerRow:
    """Return one container."""
    group = container.css["kmem"]
    assert isinstance(group, KmemContainer)
    return group_row(machine, container.path, group, sorted(container.tasks))


def group_row(machine: Machine, path: str, group: KmemContainer, pids: list[int]) -> ContainerRow:
    """Return a counter, its references and the tasks."""
    tasks = tuple((pid, machine.tasks.by_pid[pid].comm) for pid in pids)
    res = group.res
    return ContainerRow(path, res.usage, limit_or_none(group), res.failcnt, group.refs, tasks, int(group.ident))


def cache_row(cache: KmemCache) -> CacheRow:
    """Return a cache with the slabs that its pointers lead to: one in each cpu's hand, the partial list; SLAB's three lists."""
    if isinstance(cache, SlabCache):
        return slab_cache_row(cache)
    held = [ListedSlab(int(cpu.slab.number), cpu.slab.live()) for cpu in cache.cpu_slab if cpu.slab is not None]
    listed = [ListedSlab(int(slab.number), slab.live()) for slab in cache.partial_list()]
    return CacheRow(cache.name, held, listed)


def slab_rows(machine: Machine, cache: KmemCache, most: int | None = None) -> tuple[SlabRow, ...]:
    """Return the slabs of a cache, or the first so many: cpu slabs, partial list, full ones (by birth), SLAB's free list."""
    found = where_slabs_are(cache)

    def order(slab: Slab) -> tuple[int, int]:
        kind, _, place = found.get(int(slab.number), "full").partition(" ")
        return RANK[kind], int(place) if place.isdigit() else int(slab.number)

    slabs = sorted(slabs_of(machine.slub, cache), key=order)[:most]
    rests = resting_cells(cache) if isinstance(cache, SlabCache) else {}
    return tuple(slab_row(machine, slab, found.get(int(slab.number), "full"), rests.get(int(slab.pfn), ())) for slab in slabs)


def slab_row(machine: Machine, slab: Slab, where: str, resting: tuple[Rest, ...] = ()) -> SlabRow:
    """Return one slab."""
    cache = slab.cache
    own = [cell for cell, _, _ in resting]
    for cpu in cache.cpu_slab:
        if cpu.slab is slab:
            own = slab.chain(cpu.freelist)
    on_page = slab.chain(slab.freelist)
    apart = where.startswith("cpu") or isinstance(cache, SlabCache)
    paths = machine.kmem_subsystem.paths
    if slab.has_owners:
        owners = tuple(None if ident == NONE else paths[int(ident)] for ident in slab.owners)
    else:
        owners = (None,) * int(cache.objects)
    return SlabRow(
        cache.name, int(slab.pfn), int(cache.order), where, slab.live(), int(cache.objects), owners,
        tuple(own + on_page), tuple(on_page) if apart else (), int(slab.number), slab.has_owners, array_home(machine, slab),
        resting,
    )  # fmt: skip


def array_home(machine: Machine, slab: Slab) -> tuple[str, int, int] | None:
    """Return (cache, slab number, cell) of a slab's owner array; None if it has none in a slab."""
    home = machine.slub.slab_of[slab.array >> PAGE_SHIFT] if slab.has_owners and slab.array != NONE else None
    if home is None:
        return None
    return home.cache.name, int(home.number), int((slab.array - home.s_mem) // home.cache.size)


def all_slab_rows(machine: Machine) -> tuple[SlabRow, ...]:
    """Return the slabs of every cache, in the order of the caches."""
    return tuple(row for cache in machine.slub.caches if cache.nr_slabs for row in slab_rows(machine, cache))


def page_rows(machine: Machine) -> tuple[PageRow, ...]:
    """Return every run of pages, free or in use, lowest first."""
    pages = machine.slub.pages
    rows = []
    for pfn, order, user in pages.runs_in_use():
        slab = machine.slub.slab_of[pfn] if user == SLAB else None
        rows.append(PageRow(pfn, order, USERS[user]) if slab is None else slab_pages(machine, slab, pfn, order))
    if isinstance(pages, Zone):
        for order, blocks in enumerate(pages.free_blocks()):
            rows += [PageRow(int(pfn), order, "free") for pfn in blocks]
    return tuple(sorted(rows, key=lambda row: row.pfn))


def slab_pages(machine: Machine, slab: Slab, pfn: int, order: int) -> PageRow:
    """Return the pages of a slab, with how many of its cells each container owns."""
    counts: dict[int, int] = {}
    for ident in slab.owners:
        if ident != NONE:
            counts[int(ident)] = counts.get(int(ident), 0) + 1
    paths = machine.kmem_subsystem.paths
    owners = tuple((paths[ident], count) for ident, count in sorted(counts.items(), key=lambda each: -each[1]))
    return PageRow(int(pfn), int(order), "slab", slab.cache.name, owners, int(slab.cache.objects), int(slab.number))


def event_row(machine: Machine, log: EventLog, n: int) -> EventRow:
    """Return event n, 1 to log.length."""
    row = n - 1
    owner = int(log.owner[row])
    return EventRow(
        n, int(log.commands[row]), KINDS[log.kind[row]], int(log.who[row]),
        None if owner == NONE else machine.kmem_subsystem.paths.get(owner), log.names[log.cache[row]],
        int(log.pfn[row]), int(log.slot[row]), int(log.size[row]), int(log.errno[row]), int(log.order[row]),
    )  # fmt: skip


def event_rows(machine: Machine, log: EventLog, first: int = 1, last: int | None = None) -> Iterator[EventRow]:
    """Yield events first to last, 1-based; by default all there are."""
    for n in range(first, (int(log.length) if last is None else last) + 1):
        yield event_row(machine, log, n)
