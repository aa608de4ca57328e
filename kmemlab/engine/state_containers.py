"""Hierarchies, counters and tasks as plain JSON values, and back: the half of `state.py` that is about who pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .container_input import MountOptions
from .containers import Container, Containers, Hierarchy
from .hierarchy import Css
from .kmem import KmemContainer
from .rss import RssContainer
from .state_tasks import belongings_state, leavings_state, restore_belongings, restore_leavings
from .tasks import Task, Tasks
from .types import NONE

if TYPE_CHECKING:
    from .kmem import KmemSubsystem
    from .machine import Machine


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
        "roots": {each.name: each.root_css.refs for each in containers.subsystems if each is not kmem},
        "paths": [kmem.paths[ident] for ident in range(len(kmem.owners))],
        "queue": [[each.hierarchy.ident, each.path] for each in containers.released.queue],
        "runs": [list(each) for each in containers.released.runs],
    }


def container_state(container: Container) -> dict[str, Any]:
    """Describe one container."""
    described: dict[str, Any] = {
        "path": container.path,
        "tasks": sorted(container.tasks),
        "owner": container.owner,
        "notify_on_release": container.notify_on_release,
        "releasable": container.releasable,
        "refs": {name: css.refs for name, css in container.css.items() if name != "kmem"},
    }
    group = container.css.get("kmem")
    if isinstance(group, KmemContainer):
        described["kmem"] = group_state(group)
    resident = container.css.get("rss")
    if isinstance(resident, RssContainer) and container.parent is not None:
        described["rss"] = resident.state()  # the root's is the machine's: it is there without a mount too
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
    kmem.paths = dict(enumerate(saved["paths"]))
    fill_group(kmem.root, saved["root"])
    for subsystem in containers.subsystems:
        subsystem.hierarchy = None
        subsystem.root_css.container = None
        if subsystem is not kmem:
            subsystem.root_css.refs = saved["roots"][subsystem.name]
    containers.made = saved["made"]
    for old in containers.hierarchies:
        for container in old.root.walk():
            container.tasks.clear()  # tasks and containers point at each other: taken apart, they go at once
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
    restore_released(containers, saved)


def restore_released(containers: Containers, saved: dict[str, Any]) -> None:
    """Put containers on their way to the release agent again."""
    released = containers.released
    released.queue, released.draining = [], []
    released.runs = [(agent, path) for agent, path in saved["runs"]]
    there = {(each.ident, one.path): one for each in containers.hierarchies for one in each.root.walk()}
    for ident, path in saved["queue"]:
        released.queue.append(there[ident, path])
    for container in there.values():
        if container.held():
            released.look(container)


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
    container.owner = row["owner"]
    container.notify_on_release = row["notify_on_release"]
    container.releasable = row["releasable"]
    for subsystem in hierarchy.subsystems:
        if subsystem is not kmem:
            css = subsystem.root_css if container.parent is None else restored_css(subsystem.name, row)
            css.refs = row["refs"][subsystem.name]
            css.container = container
            container.css[subsystem.name] = css
        else:
            ident = row["kmem"]["ident"]
            group = kmem.root if ident == 0 else KmemContainer(ident)
            fill_group(group, row["kmem"])
            kmem.owners[ident] = group
            container.css["kmem"] = group
            group.container = container
    for pid in row["tasks"]:
        task = machine.tasks.by_pid[pid]
        container.tasks[pid] = task
        task.containers[hierarchy.ident] = container
        for subsystem in hierarchy.subsystems:
            task.css[subsystem.index] = container.css[subsystem.name]


def restored_css(name: str, row: dict[str, Any]) -> Css:
    """Make a container's state of a subsystem other than kmem."""
    if name != "rss":
        return Css()
    group = RssContainer(row["rss"]["ident"])
    group.fill(row["rss"])
    return group


def fill_group(group: KmemContainer, saved: dict[str, Any]) -> None:
    """Set a counter and its references."""
    group.res.usage = saved["usage"]
    group.res.limit = saved["limit"]
    group.res.failcnt = saved["failcnt"]
    group.res.underflows = saved["underflows"]
    group.refs = saved["refs"]


def tasks_state(tasks: Tasks) -> dict[str, Any]:
    """Describe the tasks, oldest first, and what they left in the kernel. What was never used leaves no trace."""
    return {
        "last_pid": tasks.last_pid,
        "tasks": [
            {
                "pid": task.pid,
                "comm": task.comm,
                "parent": task.parent,
                "uids": [task.uid, task.euid, task.suid],
                "files": list(task.files),
                "objects": [list(each) for each in task.objects],
                "stack": task.stack,
                **belongings_state(task),
            }
            for task in tasks.by_pid.values()
        ],
        **leavings_state(tasks),
    }


def restore_tasks(tasks: Tasks, saved: dict[str, Any]) -> None:
    """Make the tasks; their containers follow."""
    tasks.last_pid = saved["last_pid"]
    tasks.by_pid = {}
    counts: dict[int, int] = {}
    for row in saved["tasks"]:
        task = Task(row["pid"], row["comm"], row["parent"])
        task.uid, task.euid, task.suid = row["uids"]
        task.files = list(row["files"])
        task.next_fd = task.files.index(NONE) if NONE in task.files else len(task.files)
        task.objects = [(name, address) for name, address in row["objects"]]
        task.stack = row["stack"]
        tasks.by_pid[task.pid] = task
        for address in task.files:
            if address != NONE:
                counts[address] = counts.get(address, 0) + 1
        restore_belongings(task, row)
    tasks.shared = {address: count for address, count in counts.items() if count > 1}
    anon: dict[int, int] = {}
    for task in tasks.by_pid.values():
        for each in task.maps:
            if each.anon != NONE:
                anon[each.anon] = anon.get(each.anon, 0) + 1
    tasks.anon_shared = {address: count for address, count in anon.items() if count > 1}
    restore_leavings(tasks, saved)
