"""Costs that nobody is charged for, cache by cache: a limit counts objects, and memory is taken in slabs. Facts 2.2, 2.7.

Of the pages of a cache nobody pays for slabs that have no object in use (the reserve that SLUB keeps on the partial list and in
the cpus' hands), free slots of the others, and what an order leaves behind the last object. Owner arrays come on top: 8 bytes
an object, rounded up to a kmalloc object. Two costs are no cache's: a pointer in every struct page, taken at boot whether
anything is accounted or not (facts 1.2), and the state of each container.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from .engine.kmem_cache import KmemCache
from .engine.machine import Machine
from .engine.off import OffController
from .engine.slub_admin import slabs_of
from .engine.state_memory import STATE_SIZE
from .engine.types import NONE, PAGE_SIZE, POINTER
from .records import OverheadRow

PAGE_POINTERS: Final = "pointers in struct page"
CONTAINERS: Final = "states of containers"
NOTHING: Final = "No slab yet. The first object makes one."
HEAD: Final = (
    "cache", "slabs", "partial", "empty", "bytes", "empty slabs", "free slots", "tails", "an array", "%", "arrays", "nobody's",
)  # fmt: skip
ONE_SLAB: Final = ("an array", "%")  # columns that do not add up


class More(NamedTuple):
    """A slab that is counted with more objects in use than it has, or with fewer: as it was, or would be.

    Attributes:
        cache, slab: whose, and its birth number.
        objects: how many more are in use, negative for fewer.
    """

    cache: str = ""
    slab: int = -1
    objects: int = 0


AS_IT_IS: Final = More()


def overhead_rows(machine: Machine, every: bool = False, more: More = AS_IT_IS) -> tuple[OverheadRow, ...]:
    """Return one row for each cache that has slabs, by the bytes that nobody pays, then the two costs that are no cache's.

    Args:
        machine: it is not changed.
        every: caches without slabs too: what their arrays would cost is known without one.
        more: the slab that is counted otherwise.
    """
    rows = [cache_row(machine, cache, more) for cache in machine.slub.caches if every or cache.nr_slabs]
    rows.sort(key=lambda row: (-row.unpaid, row.what))
    count = sum(group is not None for group in machine.kmem_subsystem.owners)
    state = array_bytes(machine, STATE_SIZE)
    return (*rows, beside(PAGE_POINTERS, machine.slub.pages.nr_pages * POINTER), beside(CONTAINERS, count * state))


def beside(what: str, size: int) -> OverheadRow:
    """Return the row of a cost that is no cache's."""
    return OverheadRow(what, False, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0, int(size))


def cache_row(machine: Machine, cache: KmemCache, more: More = AS_IT_IS) -> OverheadRow:
    """Return what the slabs of one cache cost beside its objects."""
    whole = PAGE_SIZE << int(cache.order)
    size, objects = int(cache.size), int(cache.objects)
    partial = reserve = free = arrays = 0
    slabs = slabs_of(machine.slub, cache)
    header = machine.kmem.header if isinstance(machine.kmem, OffController) else 0  # what a design of off keeps before it
    each = array_bytes(machine, objects * POINTER + header) if machine.kmem.kzalloc is not None else 0
    for slab in slabs:
        live = slab.live() + (more.objects if (cache.name, slab.number) == more[:2] else 0)
        if live == 0:
            reserve += 1
        else:
            partial += slab.listed
            free += (objects - live) * size
        if slab.has_owners and slab.array != NONE:
            arrays += each
    return OverheadRow(
        cache.name, machine.accounted(cache), len(slabs), len(slabs) * whole, partial, reserve, reserve * whole, free,
        (len(slabs) - reserve) * (whole - size * objects), each, round(100 * each / whole, 1), arrays, 0,
    )  # fmt: skip


def array_bytes(machine: Machine, size: int) -> int:
    """Round a size up to what kmalloc takes for it: the objects of a kmalloc cache, or whole pages beyond the largest."""
    home = machine.kmalloc.slab_for(size)
    if home is not None:
        return int(home.size)
    order = 0
    while PAGE_SIZE << order < size:
        order += 1
    return PAGE_SIZE << order


def overhead_text(rows: Sequence[OverheadRow]) -> str:
    """Return a line for each cache, the sums, the costs that are no cache's, and a sentence: the text twin of the picture."""
    caches = [row for row in rows if not row.beside]
    beside_lines = [f"{row.what}: {row.beside:,}" for row in rows if row.beside]
    told = f"Beside the objects, nobody is charged for {sum(row.unpaid for row in rows):,} bytes."
    if not caches:
        return "\n".join([NOTHING, *beside_lines, told])
    lines = [cells(row) for row in caches]
    sums = [sum(int(line[at]) for line in lines) if HEAD[at] not in ONE_SLAB else "" for at in range(1, len(HEAD))]
    whole = [list(HEAD), *lines, ["all", *map(str, sums)]]
    widths = [max(len(line[at]) for line in whole) for at in range(len(HEAD))]
    return "\n".join([
        *(aligned(line, widths) for line in whole),
        "* not accounted. an array: bytes that the owner array of a slab takes of kmalloc; %: of that slab.",
        *beside_lines,
        told,
    ])  # fmt: skip


def aligned(line: list[str], widths: list[int]) -> str:
    """Return one line of a table: the first column to the left, numbers to the right."""
    first, *numbers = zip(line, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(each.rjust(wide) for each, wide in numbers)])


def cells(row: OverheadRow) -> list[str]:
    """Return one cache's line, in the order of HEAD."""
    numbers = (row.slabs, row.partial, row.reserve, row.bytes, row.reserve_bytes, row.free, row.tail, row.array)
    name = row.what + ("" if row.accounted else " *")
    return [name, *map(str, numbers), f"{row.array_percent:.1f}", str(row.arrays), str(row.unpaid)]
