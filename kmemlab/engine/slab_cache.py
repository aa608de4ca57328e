"""The records of SLAB: a slab that is always on a list, the arrays of free objects, a cache. mm/slab.c 2.6.23/24.

All of SLAB here is recollection but the sizes of its arrays (facts 2.10); where kmemlab chose it says so.

What a listener sees of a slab is what SLUB's has, so a controller need not know which allocator told it (`SEEN_OF_SLAB`,
`SEEN_OF_CACHE`: a test reads kmem.py and finds it asks for no more). The chain of free objects (kmem_bufctl_t) is `link`, its
start (`free` in struct slab) `freelist`. Not as in SLUB: every slab is on exactly one of three lists, full ones too.
"""

from __future__ import annotations

from typing import Final

from .geometry import Geometry
from .kmem_cache import KmemCache, Slab
from .slab_geometry import SlabLayout, array_limits
from .types import NONE, i64, vec

SEEN_OF_SLAB: Final = frozenset({"cache", "owners", "has_owners", "array"})
SEEN_OF_CACHE: Final = frozenset({"name", "size", "objects", "family", "no_owners", "listeners", "reachable"})

PARKED: Final = -3  # stands in the link of an object that is free, in an array: its slab counts it as in use

FULL: Final = 0
PARTIAL: Final = 1
FREE: Final = 2
LISTS: Final = ("full", "partial", "free")


class ListedSlab(Slab):
    """A slab of SLAB (struct slab).

    Attributes:
        which: FULL, PARTIAL or FREE, the list it is on; NONE before it is on one.
        s_mem: its first object is behind the colour and a descriptor that is on the slab.
        descriptor: address of a descriptor off the slab; NONE where it is on it, or costs nothing.
    """

    __slots__ = ("descriptor", "which")

    def __init__(self, cache: SlabCache, pfn: i64) -> None:
        super().__init__(cache, pfn)
        self.which: i64 = NONE
        self.descriptor: i64 = NONE


class SlabList:
    """A list of slabs, linked both ways (struct list_head)."""

    __slots__ = ("count", "head", "tail", "which")

    def __init__(self, which: i64) -> None:
        self.which: i64 = which
        self.head: Slab | None = None
        self.tail: Slab | None = None
        self.count: i64 = 0

    def add(self, slab: ListedSlab, tail: bool) -> None:
        """Put a slab in front, or at the end."""
        slab.which = self.which
        self.count += 1
        if tail:
            last = self.tail
            slab.before = last
            slab.after = None
            if last is not None:
                last.after = slab
            else:
                self.head = slab
            self.tail = slab
        else:
            first = self.head
            slab.after = first
            slab.before = None
            if first is not None:
                first.before = slab
            else:
                self.tail = slab
            self.head = slab

    def remove(self, slab: ListedSlab) -> None:
        """Take a slab off."""
        slab.which = NONE
        self.count -= 1
        before = slab.before
        after = slab.after
        if before is not None:
            before.after = after
        else:
            self.head = after
        if after is not None:
            after.before = before
        else:
            self.tail = before
        slab.after = None
        slab.before = None

    def slabs(self) -> list[Slab]:
        """List them, head first; a ring ends after one more than there are."""
        found: list[Slab] = []
        slab = self.head
        while slab is not None and len(found) <= self.count:
            found.append(slab)
            slab = slab.after
        return found


class ArrayCache:
    """Addresses of free objects, the one freed last on top (struct array_cache).

    Attributes:
        entry: room for `limit` addresses; the first `avail` are there.
        batchcount: how many come or go at once.
        touched: whether it was used since somebody last looked whether it is idle (cache_reap).
    """

    __slots__ = ("avail", "batchcount", "entry", "limit", "touched")

    def __init__(self, limit: int, batchcount: int) -> None:
        self.limit: i64 = limit
        self.batchcount: i64 = batchcount
        self.avail: i64 = 0
        self.touched = False
        self.entry: vec[i64] = vec[i64]([NONE] * limit)

    def push(self, address: i64) -> None:
        """Put one on top; there is room."""
        self.entry[self.avail] = address
        self.avail += 1

    def drop(self, count: i64) -> None:
        """Forget the `count` oldest; the others move down."""
        kept = self.avail - count
        at: i64 = 0
        while at < kept:
            self.entry[at] = self.entry[at + count]
            at += 1
        self.avail = kept

    def take_from(self, source: ArrayCache, most: i64) -> i64:
        """Move up to `most` from the top of another array, in their order (transfer_objects); returns how many."""
        count = min(source.avail, most, self.limit - self.avail)
        at: i64 = 0
        while at < count:
            self.push(source.entry[source.avail - count + at])
            at += 1
        source.avail -= count
        return count

    def held(self) -> list[int]:
        """List the addresses, oldest first."""
        return [int(self.entry[at]) for at in range(self.avail)]


class SlabCache(KmemCache):
    """A cache of SLAB (struct kmem_cache with its kmem_list3).

    Attributes:
        layout: how a slab is laid out.
        arrays: for each cpu its array; shared: the one for all, None with one cpu or for objects above a page.
        slabs_full, slabs_partial, slabs_free: the three lists.
        free_objects: free objects in slabs, those in arrays not counted.
        free_limit: above so many, a slab that becomes free goes back to the page allocator.
        free_touched: whether a free slab was needed since cache_reap last looked.
        colour_next: which colour the next slab has.
    """

    __slots__ = (
        "arrays", "colour_next", "free_limit", "free_objects", "free_touched", "layout", "shared", "slabs_free", "slabs_full",
        "slabs_partial",
    )  # fmt: skip

    def __init__(
        self, name: str, objsize: int, layout: SlabLayout, flags: int, align: int, ctor: bool, nr_cpus: int, family: int = 0
    ) -> None:
        geometry = Geometry(objsize, objsize, 0, align, layout.size, layout.order)
        geometry.objects = layout.objects  # fewer than fit where a descriptor is on the slab
        super().__init__(name, geometry, flags, align, ctor, 0, family)
        self.layout = layout
        limit, batchcount, factor = array_limits(layout.size, nr_cpus)
        self.arrays = [ArrayCache(limit, batchcount) for _ in range(nr_cpus)]
        self.shared: ArrayCache | None = ArrayCache(factor * batchcount, batchcount) if factor else None
        self.slabs_full = SlabList(FULL)
        self.slabs_partial = SlabList(PARTIAL)
        self.slabs_free = SlabList(FREE)
        self.free_objects: i64 = 0
        self.free_limit: i64 = (1 + nr_cpus) * batchcount + layout.objects
        self.free_touched = False
        self.colour_next: i64 = 0

    def tunables(self) -> tuple[int, int, int]:
        """Return limit, batchcount and shared factor of the arrays, as /proc/slabinfo shows them."""
        array = self.arrays[0]
        factor = self.shared.limit // array.batchcount if self.shared is not None else 0
        return int(array.limit), int(array.batchcount), int(factor)

    def tune(self, limit: int, batchcount: int, factor: int) -> None:
        """Replace the arrays, which are empty, by others (`do_tune_cpucache`, recollection)."""
        self.arrays = [ArrayCache(limit, batchcount) for _ in self.arrays]
        self.shared = ArrayCache(factor * batchcount, batchcount) if factor else None
        self.free_limit = (1 + len(self.arrays)) * batchcount + self.objects

    def list_of(self, which: i64) -> SlabList:
        """Return one of the three lists."""
        if which == FULL:
            return self.slabs_full
        return self.slabs_partial if which == PARTIAL else self.slabs_free

    def move(self, slab: ListedSlab, which: i64, tail: bool) -> None:
        """Take a slab off its list and put it on another, or the same again."""
        if slab.which != NONE:
            self.list_of(slab.which).remove(slab)
        self.list_of(which).add(slab, tail)

    def reachable(self) -> list[Slab]:
        """List every slab there is: full ones are on a list, too. SLUB cannot."""
        return self.slabs_full.slabs() + self.slabs_partial.slabs() + self.slabs_free.slabs()

    def partial_list(self) -> list[Slab]:
        """List the partial slabs, head first."""
        return self.slabs_partial.slabs()

    def all_arrays(self) -> list[ArrayCache]:
        """List the cpus' arrays, then the shared one."""
        return self.arrays + ([self.shared] if self.shared is not None else [])
