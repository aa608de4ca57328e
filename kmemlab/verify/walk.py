"""Which files are recordings, of what kind, and what came of checking them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..engine.errors import KernelError
from ..recordings import ForeignFileError, read_header


@dataclass(frozen=True)
class Mismatch:
    """The first row of a file that came out different. `row` is the line in the file, 0 for an end state."""

    row: int
    field: str
    expected: str
    got: str


@dataclass
class Checked:
    """What checking one file gave: "ok", "FAIL" or "skip", with the rows compared and those that differ."""

    path: Path
    kind: str
    kernel: str = ""
    status: str = "ok"
    rows: int = 0
    mismatches: int = 0
    reason: str = ""
    first: Mismatch | None = None
    engine_s: float = 0.0
    _started: float = field(default=0.0, repr=False)

    def compare(self, row: int, name: str, expected: object, got: object) -> bool:
        """Note whether two values are equal; the first pair that is not is kept."""
        if expected == got:
            return True
        if self.first is None:
            self.first = Mismatch(row, name, str(expected), str(got))
        return False

    def count(self, good: bool) -> None:
        """Count one row."""
        self.rows += 1
        if not good:
            self.mismatches += 1
            self.status = "FAIL"

    def skip(self, reason: str) -> Checked:
        """Leave the file out, and say why."""
        self.status = "skip"
        self.reason = reason
        return self

    def __enter__(self) -> None:
        self._started = time.process_time()

    def __exit__(self, *exc: object) -> None:
        self.engine_s += time.process_time() - self._started


Checker = Callable[[Path, Checked], Checked]


def kind_of(path: Path) -> str:
    """Tell a recording's kind by its header and, where headers are alike, its name. "" is no recording."""
    name = path.name
    if name == "kmalloc-and-defaults.json":
        return "slub-defaults"
    if not name.endswith((".csv", ".csv.gz")):
        return ""
    header = read_header(path)
    starts = ",".join(header)
    if starts.startswith("op,id,cache,cpu,arg,pfn,slot,ev"):
        return "slub-trace"
    if starts.startswith("kernel,build,min_order,max_order,min_objects,size,flags"):
        return "slub-geometry"
    if starts.startswith("kernel,seq,merging,build,debug_flags,step,op,name"):
        return "slub-merge"
    if starts.startswith("version,parser,input_json"):
        return "counter-parse"
    if starts.startswith("version,seq,step,op,value,result,usage,limit,failcnt"):
        return "counter-charge"
    if starts.startswith("options,result,subsystems"):
        return "container-mount"
    if starts.startswith("input_json,tasks_file"):
        return "container-write"
    if starts.startswith("ts_ns,cpu,pid,comm,event,cache"):
        return "linux-trace"
    if name.startswith("geometry-") and "-SLAB-" in name and "object_size_slabinfo" in header:
        return "slab-geometry"
    if name.startswith("geometry-") and "object_size" in header:
        return "linux-geometry"
    return ""


def checkers() -> dict[str, Checker]:
    """Return what checks each kind. Kinds that are known but not here are skipped."""
    from . import containers, counters, slab_geometry, slub_defaults, slub_geometry, slub_merge, slub_trace

    return {
        "slab-geometry": slab_geometry.check,
        "slub-trace": slub_trace.check,
        "slub-geometry": slub_geometry.check,
        "slub-defaults": slub_defaults.check,
        "slub-merge": slub_merge.check,
        "container-mount": containers.check_mount,
        "container-write": containers.check_write,
        "counter-parse": counters.check_parse,
        "counter-charge": counters.check_charge,
    }


NOT_YET = {
    "linux-geometry": "the SLUB of 6.x is not modelled yet",
    "linux-trace": "the SLUB of 6.x is not modelled yet; `kmemlab replay` runs this trace under the 2007 controller",
}


def recordings(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Walk files and folders; yield each recording with its kind, in order of its name."""
    for path in paths:
        if not path.exists():
            raise ForeignFileError(path, 1, "a file or a folder", "no such thing")
        files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        for each in files:
            kind = kind_of(each)
            if kind:
                yield each, kind


def verify(paths: Iterable[Path]) -> Iterator[Checked]:
    """Check every recording below the paths, one after the other.

    Raises:
        ForeignFileError: at the first file that breaks off or is not what its header says.
    """
    known = checkers()
    for path, kind in recordings(paths):
        checked = Checked(path, kind)
        if kind in NOT_YET:
            yield checked.skip(NOT_YET[kind])
        else:
            try:
                yield known[kind](path, checked)
            except KernelError as error:
                # The recorded kernel did it and ours refused: that is a difference, not a broken file.
                checked.count(checked.compare(0, "refused", "as recorded", str(error.strerror)))
                yield checked
