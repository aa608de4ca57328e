"""What tasks have besides files and fork's objects, as plain JSON values, and back. What was never used leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .mm import Map
from .signals import Namespace
from .sockets import Behind, make_behind
from .types import NONE

if TYPE_CHECKING:
    from .tasks import Task, Tasks


def belongings_state(task: Task) -> dict[str, Any]:
    """Describe what belongs to one task."""
    described: dict[str, Any] = {
        "maps": [[each.vma, each.anon, each.table, *([list(each.pages)] if each.pages else [])] for each in task.maps],
        "signals": list(task.signals),
        "timers": [list(each) for each in task.timers],
        "locks": [list(each) for each in task.locks],
    }
    return {key: value for key, value in described.items() if value}


def restore_belongings(task: Task, saved: dict[str, Any]) -> None:
    """Give a task what `belongings_state` said."""
    task.maps = []
    for vma, anon, table, *more in saved.get("maps", []):
        each = Map(vma, anon, table)
        each.pages = list(more[0]) if more else []
        task.maps.append(each)
    task.touched = sum(each.anon != NONE for each in task.maps)
    task.signals = list(saved.get("signals", []))
    task.timers = [(timer, signal) for timer, signal in saved.get("timers", [])]
    task.locks = [(file, lock) for file, lock in saved.get("locks", [])]


def leavings_state(tasks: Tasks) -> dict[str, Any]:
    """Describe what tasks share or have left behind: pipes and sockets, mounts, dentries, what waits, what interrupts hold."""
    machine = tasks.machine
    described: dict[str, Any] = {
        "behind": behind_state(tasks),
        "namespaces": namespaces_state(tasks),
        "negative": [list(each) for each in machine.dcache.negative],
        "rcu": machine.rcu.state(),
        "interrupts": {
            context: [list(each) for each in held] for context, held in machine.interrupts.held.items() if held
        },
    }  # fmt: skip
    return {key: value for key, value in described.items() if value}


def behind_state(tasks: Tasks) -> list[dict[str, Any]]:
    """Describe pipes and sockets, in the order of their lowest struct file."""
    files: dict[int, list[int]] = {}
    found: dict[int, Behind] = {}
    for address in sorted(tasks.behind):
        each = tasks.behind[address]
        files.setdefault(id(each), []).append(address)
        found[id(each)] = each
    return [
        {
            "kind": found[key].kind,
            "files": addresses,
            "inode": found[key].inode,
            "dentry": found[key].dentry,
            "fields": found[key].fields(),
        }
        for key, addresses in files.items()
    ]


def namespaces_state(tasks: Tasks) -> list[dict[str, Any]]:
    """Describe mount namespaces, with the tasks in each, by the lowest pid."""
    pids: dict[int, list[int]] = {}
    found: dict[int, Namespace] = {}
    for pid in sorted(tasks.by_pid):
        space = tasks.by_pid[pid].namespace
        if space is not None:
            pids.setdefault(id(space), []).append(pid)
            found[id(space)] = space
    return [
        {
            "tasks": members,
            "nsproxy": found[key].nsproxy,
            "space": found[key].space,
            "mounts": [list(each) for each in found[key].mounts],
        }
        for key, members in pids.items()
    ]


def restore_leavings(tasks: Tasks, saved: dict[str, Any]) -> None:
    """Become what `leavings_state` said. The tasks are there already."""
    machine = tasks.machine
    tasks.behind = {}
    for row in saved.get("behind", []):
        behind = make_behind(row["kind"])
        behind.ends = len(row["files"])
        behind.inode = row["inode"]
        behind.dentry = row["dentry"]
        behind.restore_fields(row["fields"])
        for address in row["files"]:
            tasks.behind[address] = behind
    for row in saved.get("namespaces", []):
        space = Namespace()
        space.users = len(row["tasks"])
        space.nsproxy = row["nsproxy"]
        space.space = row["space"]
        space.mounts = [(mount, name) for mount, name in row["mounts"]]
        for pid in row["tasks"]:
            tasks.by_pid[pid].namespace = space
    machine.dcache.negative = [(dentry, name) for dentry, name in saved.get("negative", [])]
    machine.rcu.restore(saved.get("rcu", []))
    held = saved.get("interrupts", {})
    machine.interrupts.held = {
        context: [(cache, address) for cache, address in held.get(context, [])] for context in machine.interrupts.held
    }
