"""Kind slub-trace: every operation of a recorded run, with the page, the slot and the page events it caused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..engine.errors import KernelError
from ..engine.geometry import OrderLimits
from ..engine.kmalloc import Kmalloc
from ..engine.kmem_cache import KmemCache
from ..engine.lowest_run import LowestRun
from ..engine.profiles import ERAS
from ..engine.slub import Slub
from ..engine.slub_admin import (
    cpu_dead,
    flush_all,
    kmem_cache_create,
    kmem_cache_destroy,
    kmem_cache_shrink,
    slabs_of,
)
from ..engine.types import NONE, PAGE_SHIFT, ZERO_SIZE_PTR, i64
from ..recordings import ForeignFileError, json_beside, number, read_json, read_rows
from .walk import Checked

COLUMNS = ["op", "id", "cache", "cpu", "arg", "pfn", "slot", "ev"]
ALL_PAGES = 1 << 19


class WatchedPages(LowestRun):
    """The recordings' page source, writing down what it did as the recordings do: +pfn:order, -pfn:order, !:order."""

    def __init__(self, nr_pages: int) -> None:
        super().__init__(nr_pages)
        self.told: list[str] = []

    def alloc_pages(self, order: i64, user: i64) -> i64:
        """Take pages, and write it down."""
        pfn = super().alloc_pages(order, user)
        self.told.append(f"!:{order}" if pfn == NONE else f"+{pfn}:{order}")
        return pfn

    def free_pages(self, pfn: i64, order: i64) -> None:
        """Give pages back, and write it down."""
        super().free_pages(pfn, order)
        self.told.append(f"-{pfn}:{order}")


class Recorded:
    """One recorded machine, and its operations by their letter."""

    def __init__(self, path: Path, kernel: str, params: dict[str, Any]) -> None:
        self.path = path
        era = ERAS[kernel]
        self.limits = OrderLimits(params["slub_min_order"], params["slub_max_order"], params["slub_min_objects"])
        self.pages = WatchedPages(params["max_pages"] or ALL_PAGES)
        self.slub = Slub(self.pages, params["ncpu"], era.min_partial, era.full_to_tail)
        self.slub.nomerge = not params["merging"]
        self.slub.debug = bool(params["slub_debug_build"])
        self.slub.debug_flags = params["slub_debug_flags"]
        self.kmalloc = Kmalloc(self.slub, era.kmalloc_largest, self.limits)
        if params["metadata"] != "outside page source":
            self.slub.kmalloc = self.kmalloc.kmalloc
            self.slub.kfree = self.kmalloc.kfree
            self.slub.record_size = params["kmem_size"]
        self.caches: dict[str, KmemCache] = {cache.name: cache for cache in self.slub.caches}
        self.address: dict[str, int] = {}
        self.given: set[str] = set()  # objects that the recorded allocator gave and has not got back
        self.live = 0

    def run(self, line: int, row: dict[str, str]) -> tuple[str, str, str, str]:
        """Do one operation; returns the cache, pfn, slot and ev columns as they should be recorded."""
        self.pages.told = []
        cpu = self.cpu(line, "cpu", row["cpu"])
        self.known(line, row)
        if row["op"] in ("A", "K") and row["pfn"]:
            self.given.add(row["id"])
        name, pfn, slot, said = row["cache"], "", "", ""
        match row["op"]:
            case "C":
                said = self.create(row["arg"], cpu)
            case "A":
                address = self.slub.kmem_cache_alloc(self.caches[name], cpu)
                pfn, slot = self.keep(row["id"], address)
            case "K":
                size = number(self.path, line, "arg", row["arg"])
                address = self.kmalloc.kmalloc(size, cpu)
                if address == ZERO_SIZE_PTR:
                    name, said = "", "zero"
                else:
                    cache = self.kmalloc.slab_for(size)
                    name = cache.name if cache is not None else "large"
                    pfn, slot = self.keep(row["id"], address)
            case "F":
                self.given.discard(row["id"])
                address = self.address.pop(row["id"], NONE)
                if address == NONE:
                    return name, "", "", "was never given here"
                pfn, slot = self.place(address)
                self.kmalloc.kfree(address, cpu)
                self.live -= 1
            case "S":
                kmem_cache_shrink(self.slub, self.caches[name], cpu)
            case "L":
                flush_all(self.slub, self.caches[name], cpu)
            case "X":
                cpu_dead(self.slub, self.cpu(line, "arg", row["arg"]), cpu)
            case "D":
                said = f"refs={kmem_cache_destroy(self.slub, self.caches.pop(name), cpu)}"
            case other:
                raise ForeignFileError(self.path, line, "an operation C A K F S L X D", repr(other))
        return name, pfn, slot, " ".join(([said] if said else []) + self.pages.told)

    def cpu(self, line: int, column: str, text: str) -> int:
        """Read a cpu's number.

        Raises:
            ForeignFileError: if the machine has no such cpu.
        """
        cpu = number(self.path, line, column, text)
        if not 0 <= cpu < self.slub.nr_cpus:
            raise ForeignFileError(self.path, line, f"a cpu of 0 to {self.slub.nr_cpus - 1}", text)
        return cpu

    def known(self, line: int, row: dict[str, str]) -> None:
        """See that an operation names a cache or an object that is there.

        Raises:
            ForeignFileError: if it does not.
        """
        if row["op"] in ("A", "S", "L", "D") and row["cache"] not in self.caches:
            raise ForeignFileError(self.path, line, "a cache that was created", repr(row["cache"]))
        if row["op"] == "F" and row["id"] not in self.given:
            raise ForeignFileError(self.path, line, "an object that is in use", repr(row["id"]))

    def create(self, arg: str, cpu: int) -> str:
        """Make a cache from "name=c0;size=72;align=0;flags=0x0;ctor=0"; returns what the recording says of it."""
        given = dict(part.split("=", 1) for part in arg.split(";"))
        name = given["name"]
        cache = kmem_cache_create(
            self.slub, name, int(given["size"]), int(given["align"]), int(given["flags"], 16),
            given["ctor"] == "1", self.limits, cpu=cpu,
        )  # fmt: skip
        self.caches[name] = cache
        if cache.name != name:
            return f"alias:{cache.name}"
        return f"new;size={cache.size};order={cache.order};objects={cache.objects};offset={cache.offset};inuse={cache.inuse}"

    def keep(self, ident: str, address: int) -> tuple[str, str]:
        """Remember an object by its recorded number; a refused one has no place."""
        if address == NONE:
            return "", ""
        self.address[ident] = address
        self.live += 1
        return self.place(address)

    def place(self, address: int) -> tuple[str, str]:
        """Return pfn and slot of an address."""
        slab = self.slub.slab_of[address >> PAGE_SHIFT]
        if slab is None:
            return str(address >> PAGE_SHIFT), "0"
        return str(slab.pfn), str((address - slab.base) // slab.cache.size)

    def belongs(self, address: int, cache: KmemCache) -> bool:
        """Say whether a recorded object lives in a cache; the allocator's own records are not recorded ones."""
        slab = self.slub.slab_of[address >> PAGE_SHIFT]
        return slab is not None and slab.cache is cache

    def state(self, name: str) -> dict[str, Any]:
        """Return what the recording's end state and checkpoints say of a cache."""
        cache = self.caches[name]
        partial = cache.partial_list()
        held = {str(cpu): each for cpu, each in enumerate(cache.cpu_slab) if each.slab is not None}
        return {
            "cpu_slab": {
                cpu: {
                    "pfn": c.slab.pfn, "inuse": c.slab.inuse, "free_regular": len(c.slab.chain(c.slab.freelist)),
                    "free_cpu": len(c.slab.chain(c.freelist)),
                }
                for cpu, c in held.items() if c.slab is not None
            },
            "cpu_slabs": len(held), "nr_partial": cache.nr_partial, "nr_slabs": cache.nr_slabs,
            "objects_in_use": sum(slab.live() for slab in slabs_of(self.slub, cache)),
            "objects_in_use_by_trace_ids": sum(self.belongs(address, cache) for address in self.address.values()),
            "objects_per_slab": cache.objects, "objsize": cache.objsize, "offset": cache.offset,
            "order": cache.order, "pages": cache.nr_slabs << cache.order, "size": cache.size,
            "partial_empty": sum(slab.inuse == 0 for slab in partial),
            "partial_list": [[slab.pfn, slab.inuse] for slab in partial],
        }  # fmt: skip


def check(path: Path, checked: Checked) -> Checked:
    """Run a trace operation by operation, with its checkpoints and its end state."""
    beside = json_beside(path)
    if beside is None:
        raise ForeignFileError(path, 1, "a .json beside it", "none")
    meta = read_json(beside)
    missing = [key for key in ("kernel", "params", "n_ops", "checkpoints", "end") if key not in meta]
    if missing:
        raise ForeignFileError(beside, 1, f"a key {missing[0]}", ", ".join(meta) or "nothing")
    checked.kernel = meta["kernel"]
    params = meta["params"]
    if checked.kernel not in ERAS:
        return checked.skip(f"SLUB of {checked.kernel} is not modelled")
    with checked:
        machine = Recorded(path, checked.kernel, params)
        due = {point["after_ops"]: point for point in meta["checkpoints"]}
        done = 0
        for line, row in read_rows(path, COLUMNS):
            wanted = (row["cache"], row["pfn"], row["slot"], row["ev"])
            try:
                got = machine.run(line, row)
            except KernelError as error:
                # The recorded kernel did this, so ours is wrong; what follows would only repeat it.
                checked.count(checked.compare(line, f"op {row['op']}", wanted, str(error.strerror)))
                return checked
            checked.count(checked.compare(line, f"op {row['op']}", wanted, got))
            done += 1
            if done in due:
                compare_caches(machine, due[done]["caches"], line, checked)
        if done != meta["n_ops"]:
            raise ForeignFileError(path, done + 2, f"{meta['n_ops']} operations", f"only {done}")
        compare_caches(machine, meta["end"]["caches"], 0, checked)
        in_use = machine.pages.nr_pages - machine.pages.nr_free
        wanted_end = (meta["end"]["pages_in_use"], meta["end"]["live_objects"])
        checked.compare(0, "end pages_in_use, live_objects", wanted_end, (in_use, machine.live))
    if checked.first is not None:
        checked.status = "FAIL"
        checked.mismatches = max(1, checked.mismatches)
    return checked


def compare_caches(machine: Recorded, caches: dict[str, dict[str, Any]], line: int, checked: Checked) -> None:
    """Compare each cache of a checkpoint or an end state, one row a cache."""
    for name, wanted in caches.items():
        got = machine.state(name) if name in machine.caches else {}
        same = {key: got.get(key) for key in wanted}
        checked.count(checked.compare(line, f"state of {name}", wanted, same))
