"""A recorded run, as columns, and the loop that takes it through a machine.

The loop is one function beside the allocator it calls: compiled, crossing from Python into it once for each event would cost
six times its speed.
"""

from __future__ import annotations

from typing import Any, Final

from .kmem import KmemContainer
from .machine import Guest, Machine
from .types import NONE, i64, vec

ALLOC: Final = 0
KMALLOC: Final = 1
FREE: Final = 2
MARK: Final = 3  # nothing happens; a marker of the recording stands here

REFUSED: Final = -2  # in `address`: the object was asked for and not given


class Operations:
    """What was recorded, one column each; operation i stands in line `row[i]` of the file.

    Attributes:
        op: ALLOC, KMALLOC, FREE or MARK.
        thing: for ALLOC an index into the caches, else unused.
        size: bytes asked of kmalloc.
        task: index into the tasks.
        cpu: where it ran.
        obj: number of the object, the same for its allocation and its free; for MARK the number of the marker.
        row: line in the file.
    """

    __slots__ = ("cpu", "obj", "op", "row", "size", "task", "thing")

    def __init__(self, columns: list[list[int]]) -> None:
        op, thing, size, task, cpu, obj, row = columns
        self.op: vec[i64] = vec[i64](op)
        self.thing: vec[i64] = vec[i64](thing)
        self.size: vec[i64] = vec[i64](size)
        self.task: vec[i64] = vec[i64](task)
        self.cpu: vec[i64] = vec[i64](cpu)
        self.obj: vec[i64] = vec[i64](obj)
        self.row: vec[i64] = vec[i64](row)


class Batch(Guest):
    """A recorded run on its way through a machine.

    Attributes:
        done: operations that have been taken.
        address: where each object is; NONE before and after its life, REFUSED where it could not be had.
        refused: allocations that were not given.
        first_refused: by owner number, (operation, usage then) of the first refusal by that container's limit.
        peak: by owner number, the most that was charged.
        charged: by owner number, how many objects were charged.
        peak_slabs: by cache index, the most slabs there were.
    """

    def __init__(self, machine: Machine, operations: Operations, names: list[str], pids: list[int], objects: int) -> None:
        self.machine = machine
        self.operations = operations
        self.names = names
        self.pids = pids
        self.objects = objects
        self.done: int = 0
        self.restore(None)

    def run(self, count: int) -> int:
        """Take the next operations, at most `count`; returns how many were taken. Stops early at a marker."""
        machine = self.machine
        slub = machine.slub
        kmalloc = machine.kmalloc
        current = machine.current
        log = machine.log
        caches = [machine.caches[name] for name in self.names]
        tasks = [machine.tasks.by_pid[pid] for pid in self.pids]
        index = machine.kmem_subsystem.index
        ops = self.operations
        address = self.address
        self.make_room(len(machine.kmem_subsystem.owners))
        first: i64 = self.done
        i = first
        end: i64 = min(first + count, len(ops.op))
        while i < end:
            task = tasks[ops.task[i]]
            current.task = task
            current.cpu = ops.cpu[i]
            if log is not None:
                log.pid = task.pid
            op = ops.op[i]
            obj = ops.obj[i]
            i += 1
            self.done = i
            if op == ALLOC:
                cache = caches[ops.thing[i - 1]]
                got = slub.kmem_cache_alloc(cache, current.cpu)
                if got >= 0:
                    address[obj] = got
                    if cache.listeners:
                        self.note_charge(task.css[index])
                    if cache.nr_slabs > self.peak_slabs[ops.thing[i - 1]]:
                        self.peak_slabs[ops.thing[i - 1]] = cache.nr_slabs
                else:
                    address[obj] = REFUSED
                    self.refused += 1
                    if cache.listeners:
                        self.note_refusal(task.css[index], cache.size, i - 1)
            elif op == FREE:
                got = address[obj]
                if got != REFUSED:
                    address[obj] = NONE
                    kmalloc.kfree(got, current.cpu)
            elif op == KMALLOC:
                got = kmalloc.kmalloc(ops.size[i - 1], current.cpu)
                if got == NONE:
                    address[obj] = REFUSED
                    self.refused += 1
                else:
                    address[obj] = got
            else:
                break
        return int(i - first)

    def note_charge(self, group: object) -> None:
        """Count a charge and keep the peak: the counter of 2007 remembers none (max_usage came with 2.6.26)."""
        assert isinstance(group, KmemContainer)
        ident = group.ident
        usage: i64 = group.res.usage
        self.charged[ident] += 1
        if usage > self.peak[ident]:
            self.peak[ident] = usage

    def note_refusal(self, group: object, size: i64, operation: int) -> None:
        """Keep the first refusal by a container's limit: one that would have fitted was refused for want of memory."""
        assert isinstance(group, KmemContainer)
        if group.res.usage + size > group.res.limit:
            self.first_refused.setdefault(int(group.ident), (operation, group.res.usage))

    def state(self) -> Any:
        """Return plain JSON values; objects that are not alive are left out."""
        live = [[obj, int(at)] for obj, at in enumerate(self.address) if at != NONE]
        return {
            "done": int(self.done),
            "live": live,
            "refused": self.refused,
            "first_refused": [[ident, *first] for ident, first in self.first_refused.items()],
            "peaks": [[ident, int(value)] for ident, value in enumerate(self.peak) if value],
            "charges": [[ident, int(value)] for ident, value in enumerate(self.charged) if value],
            "peak_slabs": list(self.peak_slabs),
        }

    def restore(self, saved: Any) -> None:
        """Become what `state()` said; None is nothing done yet."""
        self.address: vec[i64] = vec[i64]([NONE] * self.objects)
        self.done = 0
        self.refused: int = 0
        self.first_refused: dict[int, tuple[int, int]] = {}
        self.peak: vec[i64] = vec[i64]([])
        self.charged: vec[i64] = vec[i64]([])
        self.make_room(len(self.machine.kmem_subsystem.owners))
        self.peak_slabs: list[int] = [0] * len(self.names)
        if saved is None:
            return
        self.done = saved["done"]
        for obj, at in saved["live"]:
            self.address[obj] = at
        self.refused = saved["refused"]
        self.first_refused = {ident: (operation, usage) for ident, operation, usage in saved["first_refused"]}
        for ident, value in saved["peaks"]:
            self.make_room(ident + 1)
            self.peak[ident] = value
        for ident, value in saved["charges"]:
            self.make_room(ident + 1)
            self.charged[ident] = value
        self.peak_slabs = list(saved["peak_slabs"])

    def make_room(self, owners: int) -> None:
        """Have a place in `peak` and `charged` for every container."""
        more = owners - len(self.peak)
        if more > 0:
            self.peak = vec[i64](list(self.peak) + [0] * more)
            self.charged = vec[i64](list(self.charged) + [0] * more)
