"""A trace of a real 6.x kernel, one row for each tracepoint, read into columns that the engine can run.

Format: ts_ns,cpu,pid,comm,event,cache,ptr,bytes_req,bytes_alloc,accounted,order,pfn,gfp,migratetype,call_site.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..engine.profiles import MAX_CPUS
from ..engine.replay import ALLOC, FREE, KMALLOC, MARK
from ..engine.types import MAX_OBJECT
from ..recordings import ForeignFileError, json_beside, number, read_json, read_rows

COLUMNS = ["ts_ns", "cpu", "pid", "comm", "event", "cache", "ptr", "bytes_req", "bytes_alloc", "accounted", "call_site"]
ALLOCS = frozenset(("kmem_cache_alloc", "kmem_cache_alloc_bulk", "kmem_cache_alloc_node"))
KMALLOCS = frozenset(("kmalloc", "kmalloc_node"))
FREES = frozenset(("kmem_cache_free", "kmem_cache_free_bulk", "kfree"))
FILTERED_SHARE = 0.05  # of frees that are of objects the trace never saw


@dataclass
class Marker:
    """A line that the recording's harness wrote between events."""

    text: str
    ts_ns: int


@dataclass
class Trace:
    """A trace, read.

    Attributes:
        columns: op, thing, size, task, cpu, obj, row: see engine.replay.Operations.
        caches: name -> bytes of an object, kmalloc families left out, in order of appearance.
        accounted: caches that have a row with accounted=true.
        names: for each object the cache as the trace calls it.
        pids, comms: the tasks in order of appearance, and what each was called last.
        parents: child pid -> parent pid, from fork rows.
        stamp: for each operation, (ts_ns, pid, comm) of an allocation.
        counts: rows, allocs, frees, kernel_failed, pretrace_frees, skipped.
        allocs, frees, pretrace: the same by cache.
        kernel_slabs: the traced kernel's own slabs: pages taken less pages freed, by cache.
    """

    path: Path
    meta: dict[str, Any]
    columns: list[list[int]] = field(default_factory=lambda: [[] for _ in range(7)])
    caches: dict[str, int] = field(default_factory=dict)
    accounted: dict[str, None] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    pids: dict[int, int] = field(default_factory=dict)
    comms: list[str] = field(default_factory=list)
    parents: dict[int, int] = field(default_factory=dict)
    stamp: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    markers: list[Marker] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    allocs: Counter[str] = field(default_factory=Counter)
    frees: Counter[str] = field(default_factory=Counter)
    pretrace: Counter[str] = field(default_factory=Counter)
    kernel_slabs: Counter[str] = field(default_factory=Counter)
    cpus: int = 1

    @property
    def filtered(self) -> bool:
        """Whether only some pids were traced: then frees are missing, and live counts are wrong."""
        said = re.search(r"^filter (\d+)", self.meta.get("meta", ""), re.MULTILINE)
        if said:
            return said[1] != "0"
        frees = self.counts["frees"] + self.counts["pretrace_frees"]
        return frees > 0 and self.counts["pretrace_frees"] > FILTERED_SHARE * frees

    def container_of(self, pid: int, assigned: dict[int, str]) -> str:
        """Say where a pid belongs: as assigned, else as the recording says, else where its parent is, else "/"."""
        seen: set[int] = set()
        recorded = self.meta.get("pid_cgroup", {})
        while pid not in seen:
            seen.add(pid)
            if pid in assigned:
                return assigned[pid]
            if str(pid) in recorded:
                return str(recorded[str(pid)])
            pid = self.parents.get(pid, pid)
        return "/"


def read_trace(path: Path, meta: Path | None = None) -> Trace:
    """Read a trace and the .json beside it.

    Raises:
        ForeignFileError: for a file that is no such trace, or breaks off inside a row or a compressed file.
    """
    beside = meta or json_beside(path)
    described = read_json(beside) if beside is not None else {}
    if not isinstance(described, dict):
        raise ForeignFileError(beside or path, 1, "an object", "something else")
    for key, kind in {"meta": str, "pid_cgroup": dict, "snapshots": dict}.items():
        if not isinstance(described.get(key, kind()), kind):
            words = "a text" if kind is str else "an object"
            raise ForeignFileError(beside or path, 1, f"{key}, {words}", repr(described[key])[:40])
    trace = Trace(path, described)
    live: dict[str, int] = {}
    cache_index: dict[str, int] = {}
    append = [column.append for column in trace.columns]

    def note(op: int, thing: int, size: int, pid: int, comm: str, cpu: int, obj: int, line: int) -> None:
        task = trace.pids.get(pid)
        if task is None:
            task = trace.pids[pid] = len(trace.comms)
            trace.comms.append(comm)
        elif comm:
            trace.comms[task] = comm
        for put, value in zip(append, (op, thing, size, task, cpu, obj, line), strict=True):
            put(value)

    for line, row in read_rows(path, COLUMNS):
        trace.counts["rows"] += 1
        event, cache, ptr = row["event"], row["cache"], row["ptr"]
        pid = number(path, line, "pid", row["pid"])
        cpu = number(path, line, "cpu", row["cpu"])
        if not 0 <= cpu < MAX_CPUS:
            raise ForeignFileError(path, line, f"a cpu of 0 to {MAX_CPUS - 1}", str(cpu))
        trace.cpus = max(trace.cpus, cpu + 1)
        if event in ALLOCS or event in KMALLOCS:
            if ptr == "0x0":
                trace.counts["kernel_failed"] += 1
                continue
            trace.counts["allocs"] += 1
            trace.allocs[cache] += 1
            obj = live[ptr] = len(trace.names)
            trace.names.append(cache)
            trace.stamp[len(trace.columns[0])] = (number(path, line, "ts_ns", row["ts_ns"]), pid, row["comm"])
            if event in KMALLOCS or cache.startswith("kmalloc"):
                note(KMALLOC, 0, some_bytes(path, line, row, "bytes_req"), pid, row["comm"], cpu, obj, line)
                continue
            if cache not in cache_index:
                cache_index[cache] = len(trace.caches)
                trace.caches[cache] = 0
            if row["bytes_alloc"] and not trace.caches[cache]:
                trace.caches[cache] = some_bytes(path, line, row, "bytes_alloc")
            if row["accounted"] == "true":
                trace.accounted[cache] = None
            note(ALLOC, cache_index[cache], 0, pid, row["comm"], cpu, obj, line)
        elif event in FREES:
            gone = live.pop(ptr, None)
            if gone is None:
                trace.counts["pretrace_frees"] += 1
                trace.pretrace[cache] += 1
                continue
            trace.counts["frees"] += 1
            trace.frees[trace.names[gone]] += 1
            note(FREE, 0, 0, pid, row["comm"], cpu, gone, line)
        else:
            other_row(trace, row, cache)
            if event == "marker":
                trace.markers.append(Marker(row["call_site"], number(path, line, "ts_ns", row["ts_ns"])))
                note(MARK, 0, 0, pid, row["comm"], cpu, len(trace.markers) - 1, line)
    fill_sizes(trace)
    return trace


def some_bytes(path: Path, line: int, row: dict[str, str], column: str) -> int:
    """Return the size in a row.

    Raises:
        ForeignFileError: for a size that no allocator gives.
    """
    size = number(path, line, column, row[column])
    if not 0 < size <= MAX_OBJECT:
        raise ForeignFileError(path, line, f"{column} of 1 to {MAX_OBJECT}", str(size))
    return size


def fill_sizes(trace: Trace) -> None:
    """Find the size of a cache that only bulk rows name, which carry none, in the recording's slabinfo.

    Raises:
        ForeignFileError: if it is not there either.
    """
    snapshots = trace.meta.get("snapshots", {})
    slabinfo = snapshots.get("before", {}).get("slabinfo", {})
    for name, size in trace.caches.items():
        if not size:
            found = slabinfo.get(name, {}).get("objsize", 0)
            if not 0 < found <= MAX_OBJECT:
                raise ForeignFileError(trace.path, 1, f"a row with the size of {name}", "none")
            trace.caches[name] = found


def other_row(trace: Trace, row: dict[str, str], cache: str) -> None:
    """Take what a row tells that is no object: a child's parent, a slab of the traced kernel."""
    event = row["event"]
    if event == "fork":
        said = re.match(r"parent=(\d+) child=(\d+)", row["call_site"])
        if said:
            trace.parents[int(said[2])] = int(said[1])
    elif event == "mm_page_alloc" and cache:
        trace.kernel_slabs[cache] += 1
    elif event == "mm_page_free" and cache:
        trace.kernel_slabs[cache] -= 1
    elif event == "kmalloc_dup":
        trace.counts["skipped"] += 1
