"""A machine as plain JSON values, and back. One form serves equality, hashes, checkpoints and saved labs.

The event log is not part of it: an operation that was refused leaves the state equal, but it did happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .container_input import MountOptions
from .containers import Container, Containers, Hierarchy
from .kmem import KmemContainer
from .kmem_cache import KmemCache, Slab
from .tasks import Task, Tasks
from .types import IN_USE, NONE, i64, vec

if TYPE_CHECKING:
    from .kmem import KmemSubsystem
    from .machine import Machine


def state(machine: Machine) -> dict[str, Any]:
    """Return the state; `restore` takes it back."""
    pages = machine.slub.pages
    slabs: dict[str, list[Slab]] = {cache.name: [] for cache in machine.slub.caches}
    seen: Slab | None = None
    for slab in machine.slub.slab_of:
        if slab is not None and slab is not seen:
            slabs[slab.cache.name].append(slab)
        seen = slab
    return {
        "profile": machine.profile.to_dict(),
        "zone": {"free": pages.free_blocks(), "used": pages.runs_in_use()},
        "caches": [cache_state(machine, cache, slabs[cache.name]) for cache in machine.slub.caches],
        "containers": containers_state(machine.containers, machine.kmem_subsystem),
        "tasks": tasks_state(machine.tasks),
        "guests": {name: guest.state() for name, guest in sorted(machine.guests.items())},
        "current": [machine.current.task.pid, machine.current.cpu],
        "tree": {
            "directories": machine.tree.root.paths(),
            "mounts": [[path, hierarchy.ident] for path, hierarchy in machine.tree.mounts.items()],
        },
    }


def restore(machine: Machine, saved: dict[str, Any]) -> None:
    """Become what `state` said of a machine of the same profile. Listeners of a lesson's own are switched off."""
    pages = machine.slub.pages
    pages.restore(saved["zone"]["free"], saved["zone"]["used"])
    machine.slub.slab_of = [None] * pages.nr_pages
    machine.slub.caches = [restore_cache(machine, each) for each in saved["caches"]]
    machine.caches = {cache.name: cache for cache in machine.slub.caches}
    for cache in machine.slub.caches:
        if cache.family and cache.size in machine.kmalloc.caches:
            machine.kmalloc.caches[cache.size] = cache
    restore_tasks(machine.tasks, saved["tasks"])
    restore_containers(machine, saved["containers"])
    pid, cpu = saved["current"]
    machine.run_as(pid, cpu)
    for name, guest in list(machine.guests.items()):
        guest.restore(saved["guests"].get(name))
        if name not in saved["guests"]:
            del machine.guests[name]  # it came later
    tree = machine.tree
    tree.root.children = {}
    for path in saved["tree"]["directories"]:
        tree.root.add(path)
    by_ident = {hierarchy.ident: hierarchy for hierarchy in machine.containers.hierarchies}
    tree.mounts = {path: by_ident[ident] for path, ident in saved["tree"]["mounts"]}


def cache_state(machine: Machine, cache: KmemCache, slabs: list[Slab]) -> dict[str, Any]:
    """Describe one cache: what it is, what each cpu holds, the partial list, and every slab."""
    return {
        "name": cache.name,
        "size": cache.size,
        "objsize": cache.objsize,
        "align": cache.align,
        "flags": cache.flags,
        "ctor": cache.ctor,
        "family": cache.family,
        "refcount": cache.refcount,
        "accounted": machine.accounted(cache),
        "births": cache.births,
        "cpus": [[c.slab.number, c.slab.chain(c.freelist)] if c.slab is not None else None for c in cache.cpu_slab],
        "partial": [slab.number for slab in cache.partial_list()],
        "slabs": [slab_state(slab) for slab in slabs],
    }


def slab_state(slab: Slab) -> dict[str, Any]:
    """Describe one slab. What is on no free list is in use."""
    described: dict[str, Any] = {"number": slab.number, "pfn": slab.pfn, "free": slab.chain(slab.freelist)}
    if slab.has_owners:
        described["owners"] = list(slab.owners)
        described["array"] = slab.array
    return described


def restore_cache(machine: Machine, saved: dict[str, Any]) -> KmemCache:
    """Fill a cache that exists, or make one that was created later."""
    cache = machine.caches.get(saved["name"])
    kind = (saved["objsize"], saved["align"], saved["flags"], saved["ctor"])
    if cache is None or (cache.objsize, cache.align, cache.flags, cache.ctor) != kind:
        machine.caches.pop(saved["name"], None)
        machine.slub.caches = [each for each in machine.slub.caches if each.name != saved["name"]]
        cache = machine.create_cache(saved["name"], saved["objsize"], saved["align"], saved["flags"], saved["ctor"])
    cache.refcount = saved["refcount"]
    cache.listeners = [machine.kmem] if saved["accounted"] else []
    cache.births = saved["births"]
    cache.nr_slabs = len(saved["slabs"])
    cache.partial = cache.last_partial = None
    cache.nr_partial = 0
    by_number: dict[int, Slab] = {}
    for each in saved["slabs"]:
        slab = restore_slab(cache, each)
        by_number[slab.number] = slab
        machine.slub.claim(slab)
    for cpu, held in zip(cache.cpu_slab, saved["cpus"], strict=True):
        cpu.slab = None
        cpu.freelist = NONE
        if held is not None:
            cpu.slab = by_number[held[0]]
            cpu.slab.frozen = True
            cpu.freelist = link_up(cpu.slab, held[1])
    for number in saved["partial"]:
        cache.add_partial(by_number[number], True)
    return cache


def restore_slab(cache: KmemCache, saved: dict[str, Any]) -> Slab:
    """Make a slab with every object in use, then put the free ones on its list."""
    slab = Slab(cache, saved["pfn"])
    slab.number = saved["number"]
    slab.link = vec[i64]([IN_USE] * cache.objects)
    slab.freelist = link_up(slab, saved["free"])
    slab.inuse = cache.objects - len(saved["free"])
    if "owners" in saved:
        slab.owners = vec[i64](saved["owners"])
        slab.has_owners = True
        slab.array = saved["array"]
    return slab


def link_up(slab: Slab, numbers: list[int]) -> int:
    """Chain free objects in this order; returns the first, NONE for no objects."""
    after = NONE
    for number in reversed(numbers):
        slab.link[number] = after
        after = number
    return after


def containers_state(containers: Containers, kmem: KmemSubsystem) -> dict[str, Any]:
    """Describe hierarchies as lists of containers, parents first; counters by owner number."""
    return {
        "made": containers.made,
        "owners": len(kmem.owners),
        "hierarchies": [
            {
                "ident": hierarchy.ident,
                "subsystems": [subsystem.name for subsystem in hierarchy.subsystems],
                "noprefix": hierarchy.noprefix,
                "release_agent": hierarchy.release_agent,
                "mounts": hierarchy.mounts,
                "containers": [container_state(each) for each in hierarchy.root.walk()],
            }
            for hierarchy in containers.hierarchies
        ],
        "root": group_state(kmem.root),
    }


def container_state(container: Container) -> dict[str, Any]:
    """Describe one container."""
    described: dict[str, Any] = {"path": container.path, "tasks": sorted(container.tasks)}
    group = container.css.get("kmem")
    if isinstance(group, KmemContainer):
        described["kmem"] = group_state(group)
    return described


def group_state(group: KmemContainer) -> dict[str, Any]:
    """Describe a counter and its references."""
    res = group.res
    return {
        "ident": group.ident,
        "usage": res.usage,
        "limit": res.limit,
        "failcnt": res.failcnt,
        "underflows": res.underflows,
        "refs": group.refs,
    }


def restore_containers(machine: Machine, saved: dict[str, Any]) -> None:
    """Build the hierarchies and put the tasks into them."""
    containers = machine.containers
    kmem = machine.kmem_subsystem
    kmem.owners = [None] * saved["owners"]
    kmem.owners[0] = kmem.root
    kmem.root.container = None
    fill_group(kmem.root, saved["root"])
    for subsystem in containers.subsystems:
        subsystem.hierarchy = None
    containers.made = saved["made"]
    containers.hierarchies = []
    for task in machine.tasks.by_pid.values():
        task.css = [subsystem.root_css for subsystem in containers.subsystems]
    for each in saved["hierarchies"]:
        bound = [subsystem for subsystem in containers.subsystems if subsystem.name in each["subsystems"]]
        options = MountOptions(each["subsystems"], each["noprefix"], each["release_agent"])
        hierarchy = Hierarchy(each["ident"], bound, options)
        hierarchy.mounts = each["mounts"]
        containers.hierarchies.append(hierarchy)
        for subsystem in bound:
            subsystem.hierarchy = hierarchy
        for row in each["containers"]:
            restore_container(machine, hierarchy, row)


def restore_container(machine: Machine, hierarchy: Hierarchy, row: dict[str, Any]) -> None:
    """Make one container below those that are there already."""
    kmem = machine.kmem_subsystem
    if row["path"] == "/":
        container = hierarchy.root
    else:
        *above, name = row["path"].split("/")[1:]
        parent = hierarchy.root
        for each in above:
            parent = parent.children[each]
        container = Container(name, parent, hierarchy)
        parent.children[name] = container
    for subsystem in hierarchy.subsystems:
        if subsystem is kmem:
            ident = row["kmem"]["ident"]
            group = kmem.root if ident == 0 else KmemContainer(ident)
            fill_group(group, row["kmem"])
            kmem.owners[ident] = group
            kmem.paths[ident] = row["path"]
            container.css["kmem"] = group
            group.container = container
    for pid in row["tasks"]:
        task = machine.tasks.by_pid[pid]
        container.tasks[pid] = task
        task.containers[hierarchy.ident] = container
        for subsystem in hierarchy.subsystems:
            task.css[subsystem.index] = container.css[subsystem.name]


def fill_group(group: KmemContainer, saved: dict[str, Any]) -> None:
    """Set a counter and its references."""
    group.res.usage = saved["usage"]
    group.res.limit = saved["limit"]
    group.res.failcnt = saved["failcnt"]
    group.res.underflows = saved["underflows"]
    group.refs = saved["refs"]


def tasks_state(tasks: Tasks) -> dict[str, Any]:
    """Describe the tasks, oldest first."""
    return {
        "last_pid": tasks.last_pid,
        "tasks": [
            {
                "pid": task.pid,
                "comm": task.comm,
                "parent": task.parent,
                "files": list(task.files),
                "objects": [list(each) for each in task.objects],
                "stack": task.stack,
            }
            for task in tasks.by_pid.values()
        ],
    }


def restore_tasks(tasks: Tasks, saved: dict[str, Any]) -> None:
    """Make the tasks; their containers follow."""
    tasks.last_pid = saved["last_pid"]
    tasks.by_pid = {}
    counts: dict[int, int] = {}
    for row in saved["tasks"]:
        task = Task(row["pid"], row["comm"], row["parent"])
        task.files = list(row["files"])
        task.next_fd = task.files.index(NONE) if NONE in task.files else len(task.files)
        task.objects = [(name, address) for name, address in row["objects"]]
        task.stack = row["stack"]
        tasks.by_pid[task.pid] = task
        for address in task.files:
            if address != NONE:
                counts[address] = counts.get(address, 0) + 1
    tasks.shared = {address: count for address, count in counts.items() if count > 1}
