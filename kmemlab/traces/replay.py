"""`kmemlab replay`: a real kernel's trace through this engine, under the controller of 2007, open loop.

Open loop: the recorded task did not see our refusals. The first one is exact; what comes after is an upper bound.
"""

from __future__ import annotations

import errno
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..engine.allocators import destroy_cache
from ..engine.containers import Container
from ..engine.errors import KernelError
from ..engine.kmem import KmemContainer, limit_or_none
from ..engine.kmem_cache import KmemCache
from ..engine.machine import Machine
from ..engine.replay import ALLOC, FREE, KMALLOC, MARK, REFUSED, Batch, Operations
from ..engine.slub_admin import live_objects
from ..engine.tasks import Task
from ..engine.types import NONE
from .linux import Trace

LEAST_MEMORY = 256  # MiB
ROOM = 4  # times the most bytes ever live: a slab seldom is less than a quarter full
POINT = "/containers"


@dataclass
class Plan:
    """Who goes where and what is charged.

    Attributes:
        assigned: pid -> container path, before what the recording says.
        containers: paths that get the limit; none given means every container but the root.
        limit: bytes, None for no limit.
        account: "auto" (what the traced kernel accounts, kmalloc left out), "all", "none", or names of caches.
    """

    assigned: dict[int, str] = field(default_factory=dict)
    containers: tuple[str, ...] = ()
    limit: int | None = None
    account: tuple[str, ...] = ("auto",)


def machine_for(trace: Trace, slub: str = "2.6.24") -> Machine:
    """Boot a machine that the trace should fit into. The kernel's own owner arrays are in the trace: ours cost nothing."""
    mebibytes = LEAST_MEMORY
    while mebibytes << 20 < ROOM * peak_bytes(trace):
        mebibytes *= 2
    return Machine(slub=slub, cpus=trace.cpus, memory=f"{mebibytes}M", arrays="free", caches=False, log=False)


def peak_bytes(trace: Trace) -> int:
    """Return the most bytes of the trace's objects that were alive at once, if none is refused."""
    sizes = list(trace.caches.values())
    live: dict[int, int] = {}
    now = most = 0
    ops, things, asked, _, _, objects, _ = trace.columns
    for op, thing, size, obj in zip(ops, things, asked, objects, strict=True):
        if op in (ALLOC, KMALLOC):
            live[obj] = sizes[thing] if op == ALLOC else size
            now += live[obj]
            most = max(most, now)
        elif op == FREE:
            now -= live.pop(obj, 0)
    return most


def accounted_caches(trace: Trace, account: tuple[str, ...]) -> list[str]:
    """Choose the caches to charge for.

    Raises:
        KernelError: ENOENT, for a name that the trace does not have; EINVAL for a kmalloc cache.
    """
    if account == ("none",):
        return []
    if account == ("all",):
        return list(trace.caches)
    if account == ("auto",):
        return list(trace.accounted)
    for name in account:
        if not name:
            raise KernelError(errno.EINVAL, "a cache without a name cannot be accounted: leave out the comma, or say none")
        if name.startswith("kmalloc"):
            raise KernelError(errno.EINVAL, f"{name}: kmalloc caches cannot be accounted")
        if name not in trace.caches:
            raise KernelError(errno.ENOENT, f"the trace has no cache {name}; it has {', '.join(trace.caches)}")
    return list(account)


def prepare(machine: Machine, trace: Trace, plan: Plan) -> Batch:
    """Make the trace's caches, containers and tasks, switch accounting on, and return the run, nothing of it done yet."""
    for name in trace.caches:
        old = machine.caches.get(name)
        if old is not None and live_objects(machine.slub, old):
            raise KernelError(errno.EBUSY, f"{name} has objects in use: a recorded trace needs a machine of its own")
    for name, size in trace.caches.items():
        trace_cache(machine, name, size)
    if machine.kmem_subsystem.hierarchy is None:
        machine.tree.mount("kmem", POINT)
    hierarchy = machine.kmem_subsystem.hierarchy
    assert hierarchy is not None
    for pid, index in trace.pids.items():
        task = recorded_task(machine, pid, trace.comms[index])
        place = container_at(machine, hierarchy.root, trace.container_of(pid, plan.assigned))
        machine.containers.attach(place, task)
    for path in plan.containers:
        container_at(machine, hierarchy.root, path)
    if plan.limit is not None:
        for container in hierarchy.root.walk():
            if container.path in plan.containers or (not plan.containers and container.path != "/"):
                group = container.css["kmem"]
                assert isinstance(group, KmemContainer)
                group.res.limit = plan.limit
    for name in accounted_caches(trace, plan.account):
        machine.account(machine.find_cache(name), True)
    return Batch(machine, Operations(trace.columns), list(trace.caches), list(trace.pids), len(trace.names))


def trace_cache(machine: Machine, name: str, size: int) -> KmemCache:
    """Make a cache of the traced kernel's size; one of ours by that name, still empty, makes room for it."""
    old = machine.caches.get(name)
    if old is not None:
        destroy_cache(machine.slub, old, machine.current.cpu)
    return machine.create_cache(name, size)


def recorded_task(machine: Machine, pid: int, comm: str) -> Task:
    """Return a task of the recording. It was there before the trace began, so it takes no memory here."""
    task = machine.tasks.by_pid.get(pid)
    if task is None:
        task = Task(pid, comm, 1)
        machine.containers.fork(task, machine.tasks.find(1))
        machine.tasks.by_pid[pid] = task
    task.comm = comm
    return task


def container_at(machine: Machine, root: Container, path: str) -> Container:
    """Return the container at a path of the recording, making it and those above it where they are missing."""
    here = root
    for name in path.strip("/").split("/"):
        if name:
            here = here.children.get(name) or machine.containers.mkdir(here, name)
    return here


def run(trace: Trace, batch: Batch) -> list[dict[str, Any]]:
    """Take the whole trace through the machine; returns what each marker found."""
    found: list[dict[str, Any]] = []
    total = len(trace.columns[0])
    while batch.done < total:
        batch.run(total)
        at = batch.done - 1
        if trace.columns[0][at] == MARK:
            marker = trace.markers[trace.columns[5][at]]
            usage = {each.path: group_of(each).res.usage for each in containers(batch.machine)}
            found.append({"text": marker.text, "ts_ns": marker.ts_ns, "usage": usage, "live": live_by_cache(trace, batch)})
    return found


def containers(machine: Machine) -> list[Container]:
    """List the containers of the kmem hierarchy."""
    hierarchy = machine.kmem_subsystem.hierarchy
    return hierarchy.root.walk() if hierarchy is not None else []


def group_of(container: Container) -> KmemContainer:
    """Return a container's kmem state."""
    group = container.css["kmem"]
    assert isinstance(group, KmemContainer)
    return group


def live_by_cache(trace: Trace, batch: Batch) -> dict[str, int]:
    """Count live objects by the name that the trace gives their cache."""
    counts: Counter[str] = Counter()
    for obj, at in enumerate(batch.address):
        if at not in (NONE, REFUSED):
            counts[trace.names[obj]] += 1
    return dict(sorted(counts.items()))


def report(trace: Trace, batch: Batch, plan: Plan, markers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what `--json` prints, without the keys that every command has."""
    machine = batch.machine
    counts = trace.counts
    return {
        "trace": str(trace.path),
        "kernel": trace.meta.get("kernel", ""),
        "slub": machine.profile.slub,
        "accounted": accounted_caches(trace, plan.account),
        "events": {
            "rows": counts["rows"],
            "allocs": counts["allocs"],
            "frees": counts["frees"],
            "refused": batch.refused,
            "kernel_failed": counts["kernel_failed"],
            "pretrace_frees": counts["pretrace_frees"],
            "skipped": counts["skipped"],
        },
        "containers": {each.path: container_report(trace, batch, each) for each in containers(machine)},
        "caches": cache_reports(trace, batch),
        "markers": markers,
        "no_memory": batch.refused - sum(group_of(each).res.failcnt for each in containers(machine)),
        "open_loop": "the recorded tasks did not see the refusals: the first is exact, later counts are an upper bound",
    }


def container_report(trace: Trace, batch: Batch, container: Container) -> dict[str, Any]:
    """Return one container's counter, peak and first refusal."""
    group = group_of(container)
    ident = int(group.ident)
    first = batch.first_refused.get(ident)
    refusal = None
    if first is not None:
        operation, usage = first
        ts_ns, pid, comm = trace.stamp[operation]
        cache = trace.names[trace.columns[5][operation]]
        refusal = {
            "row": trace.columns[6][operation], "ts_ns": ts_ns, "pid": pid, "comm": comm, "cache": cache,
            "size": int(batch.machine.caches[cache].size), "usage": usage,
        }  # fmt: skip
    return {
        "limit": limit_or_none(group),
        "usage": group.res.usage,
        "peak": int(batch.peak[ident]),
        "failcnt": group.res.failcnt,
        "charges": int(batch.charged[ident]),
        "objects": container.objects(group),
        "first_refused": refusal,
    }


def cache_reports(trace: Trace, batch: Batch) -> dict[str, dict[str, Any]]:
    """Return each cache's counts. A kmalloc row of the trace is served by the engine's own kmalloc cache of that size."""
    machine = batch.machine
    live = live_by_cache(trace, batch)
    peaks = dict(zip(batch.names, batch.peak_slabs, strict=True))
    found: dict[str, dict[str, Any]] = {}
    for name in sorted((set(trace.allocs) | set(trace.pretrace)) - {"", "kmalloc-large"}):
        cache = machine.caches.get(name)
        slabs = int(cache.nr_slabs) if cache is not None else 0
        found[name] = {
            "size": int(cache.size) if cache is not None else 0,
            "order": int(cache.order) if cache is not None else 0,
            "objs_per_slab": int(cache.objects) if cache is not None else 0,
            "accounted": cache is not None and machine.accounted(cache),
            "allocs": trace.allocs[name],
            "frees": trace.frees[name],
            "live": live.get(name, 0),
            "slabs": slabs,
            "pages": slabs << int(cache.order) if cache is not None else 0,
            "peak_slabs": peaks.get(name, 0),
            "kernel_slabs": trace.kernel_slabs[name],
            "pretrace_frees": trace.pretrace[name],
        }
    return found
