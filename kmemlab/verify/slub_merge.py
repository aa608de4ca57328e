"""Kind slub-merge: which new cache becomes another name for an old one, and what a destroyed one leaves."""

from __future__ import annotations

from pathlib import Path

from ..engine.kmalloc import Kmalloc
from ..engine.kmem_cache import KmemCache
from ..engine.lowest_run import LowestRun
from ..engine.profiles import ERAS, Era
from ..engine.slub import Slub
from ..engine.slub_admin import kmem_cache_create, kmem_cache_destroy
from ..recordings import ForeignFileError, number, read_rows
from .walk import Checked

COLUMNS = [
    "kernel", "seq", "merging", "build", "debug_flags", "step", "op", "name", "size", "align", "flags_hex", "ctor", "result",
    "target", "refcount_after",
]  # fmt: skip
GEOMETRY = {
    "target_s_size": "size", "target_objsize": "objsize", "target_inuse": "inuse", "target_order": "order",
    "target_objects": "objects",
}  # fmt: skip


class Sequence:
    """One recorded sequence on a machine of its own."""

    def __init__(self, era: Era, row: dict[str, str]) -> None:
        self.slub = Slub(LowestRun(1), 1, era.min_partial, era.full_to_tail)
        self.slub.nomerge = row["merging"] == "0"
        self.slub.debug = row["build"] == "debug"
        self.slub.debug_flags = int(row["debug_flags"], 16)
        Kmalloc(self.slub, era.kmalloc_largest, era.limits())
        self.caches: dict[str, KmemCache] = {}

    def run(self, path: Path, line: int, row: dict[str, str]) -> dict[str, str]:
        """Do one step; returns the columns that the recording has of it."""
        name = row["name"]
        if row["op"] == "create":
            size, align = number(path, line, "size", row["size"]), number(path, line, "align", row["align"])
            flags = number(path, line, "flags_hex", row["flags_hex"])
            cache = kmem_cache_create(self.slub, name, size, align, flags, row["ctor"] == "1")
            self.caches[name] = cache
            made = {"result": "new" if cache.name == name else "alias", "target": cache.name}
            geometry = {column: str(getattr(cache, attribute)) for column, attribute in GEOMETRY.items()}
            return {**made, "refcount_after": str(cache.refcount), **geometry}
        if row["op"] != "destroy" or name not in self.caches:
            raise ForeignFileError(path, line, "create, or destroy of a cache that is there", f"{row['op']} {name}")
        cache = self.caches.pop(name)
        left = kmem_cache_destroy(self.slub, cache, 0)
        return {"result": "ref dropped" if left else "gone", "target": cache.name, "refcount_after": str(left)}


def check(path: Path, checked: Checked) -> Checked:
    """Take every sequence from its first step on."""
    running: Sequence | None = None
    name = ""
    with checked:
        for line, row in read_rows(path, COLUMNS):
            checked.kernel = row["kernel"]
            if row["kernel"] not in ERAS:
                return checked.skip(f"SLUB of {row['kernel']} is not modelled")
            if running is None or row["seq"] != name:
                running, name = Sequence(ERAS[row["kernel"]], row), row["seq"]
            got = running.run(path, line, row)
            wanted = {column: row[column] for column in got}
            if row["op"] == "destroy" and got["result"] == "ref dropped":
                wanted |= {column: row[column] for column in GEOMETRY if row.get(column)}
                cache = next(each for each in running.slub.caches if each.name == got["target"])
                got |= {column: str(getattr(cache, GEOMETRY[column])) for column in wanted if column in GEOMETRY}
            checked.count(checked.compare(line, f"{row['op']} {row['name']}", wanted, got))
    return checked
