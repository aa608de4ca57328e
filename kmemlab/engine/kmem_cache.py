"""The records of SLUB: a slab, a cpu's slab, a cache with its partial list. 2.6.24 struct kmem_cache, facts 2.5.

Free lists are chains of object *numbers* in one vector per slab, so an address is needed only where a caller sees it.
Note what is missing: a cache has no list of its full slabs, and none of all its slabs.
"""

from __future__ import annotations

from typing import Final

from .geometry import DEBUG_FREE, POISON, RED_ZONE, STORE_USER, TRACE, Geometry
from .notify import SlabListener
from .slub_debug import SlabDebug
from .types import IN_USE, NONE, PAGE_SHIFT, i16, i32, i64, vec

KMALLOC: Final = 0x1  # a cache of the kmalloc family: `cache_account` refuses it
DEBUGGED: Final = DEBUG_FREE | RED_ZONE | POISON | STORE_USER | TRACE  # any of them sends objects the slow way (SlabDebug)


class Slab:
    """2**order pages ruled into objects.

    Attributes:
        number: birth number in its cache, never used again.
        base: address of its first page; s_mem: of its first object, which in SLUB stands there.
        link: for each object the next free one, NONE at the end of a chain, IN_USE while somebody has the object.
        freelist: first free object of the *page's* list; the cpu's own list starts in CpuSlab.
        inuse: objects not on the page's list. Those on a cpu's list count as used, as in the kernel.
        frozen: it is some cpu's slab, so no list may take it.
        after, before: links of the partial list; listed: whether it is on it.
        owners: for each object the number of its owner, NONE for a NULL pointer. Empty if the slab has no array.
        array: address of the owner array in simulated memory, NONE if it takes none there.
        generation: when it got its array, where arrays have generations (off_drain.py); 0 for none.
        debug: what a debugged slab has besides (slub_debug.py); None for others, also for one older than its cache's flags.
    """

    __slots__ = (
        "after", "array", "base", "before", "cache", "debug", "freelist", "frozen", "generation", "has_owners", "inuse", "link",
        "listed", "number", "owners", "s_mem",
    )  # fmt: skip

    def __init__(self, cache: KmemCache, pfn: i64) -> None:
        self.cache = cache
        self.number: i64 = cache.births
        self.base: i64 = pfn << PAGE_SHIFT
        self.s_mem: i64 = self.base
        self.link: vec[i16] = vec[i16](cache.fresh_chain)
        self.freelist: i64 = 0
        self.inuse: i64 = 0
        self.frozen = False
        self.listed = False
        self.after: Slab | None = None
        self.before: Slab | None = None
        self.has_owners = False
        self.owners: vec[i32] = cache.no_owners
        self.array: i64 = NONE
        self.generation: i64 = 0
        self.debug = SlabDebug() if cache.debug and cache.flags & DEBUGGED else None

    @property
    def pfn(self) -> i64:
        """First page."""
        return self.base >> PAGE_SHIFT

    def chain(self, first: i64) -> list[int]:
        """List the object numbers of a free list from `first` on; a ring or a wild link ends it, and `check()` sees."""
        numbers: list[int] = []
        while 0 <= first < self.cache.objects and len(numbers) <= self.cache.objects:
            numbers.append(first)
            following: int = self.link[first]
            first = following
        return numbers

    def live(self) -> int:
        """Count the objects that somebody has."""
        count = 0
        for link in self.link:
            if link == IN_USE:
                count += 1
        return count


class CpuSlab:
    """What one cpu has in its hand: a slab, and its own list of free objects in it (struct kmem_cache_cpu)."""

    __slots__ = ("freelist", "slab")

    def __init__(self) -> None:
        self.slab: Slab | None = None
        self.freelist: i64 = NONE


class KmemCache:
    """A cache of equal objects.

    Attributes:
        name, flags, align, ctor: as `kmem_cache_create` was told.
        size: bytes from object to object, what one is charged; objsize: bytes asked for.
        order, objects: a slab's size and how many objects it holds.
        family: KMALLOC or 0.
        cpu_slab: one for each cpu.
        partial, last_partial, nr_partial: the partial list, head first.
        nr_slabs: slabs that exist. The full ones are these less the cpu slabs less the partial ones.
        births: slabs ever made.
        refcount: the cache and its aliases; aliases: their names.
        debug: a SLUB_DEBUG cache: no cpu keeps a list of its own, every object takes the page's.
        full: the full slabs, newest first, of a cache that tracks its users (STORE_USER), or of every cache where "off"
            is to find them (off_lists.py); None for others. full_ops: how often a slab joined or left.
        metadata: address of its own record in simulated memory, NONE where records cost nothing.
        listeners: who hears its events (notify.py); empty for most.
    """

    __slots__ = (
        "aliases", "align", "births", "cpu_slab", "ctor", "debug", "family", "flags", "fresh_chain", "full", "full_ops",
        "inuse", "last_partial", "listeners", "metadata", "name", "no_owners", "nr_partial", "nr_slabs", "objects", "objsize",
        "offset", "order", "partial", "refcount", "size",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        geometry: Geometry,
        flags: int,
        align: int,
        ctor: bool,
        nr_cpus: int,
        family: int = 0,
        debug: bool = False,
    ) -> None:
        self.name = name
        self.flags = flags
        self.align = align
        self.ctor = ctor
        self.family = family
        self.objsize = geometry.objsize
        self.inuse = geometry.inuse
        self.offset = geometry.offset
        self.size: i64 = geometry.size
        self.order: i64 = geometry.order
        self.objects: i64 = geometry.objects
        self.refcount = 1
        self.aliases: list[str] = []
        self.debug = debug and bool(flags & DEBUGGED)
        self.full: list[Slab] | None = [] if debug and flags & STORE_USER else None
        self.full_ops: i64 = 0
        self.metadata: i64 = NONE
        self.cpu_slab = [CpuSlab() for _ in range(nr_cpus)]
        self.partial: Slab | None = None
        self.last_partial: Slab | None = None
        self.nr_partial: i64 = 0
        self.nr_slabs: i64 = 0
        self.births: i64 = 0
        self.listeners: list[SlabListener] = []
        chain: list[i16] = [number for number in range(1, geometry.objects)]
        chain.append(NONE)
        self.fresh_chain: vec[i16] = vec[i16](chain)
        self.no_owners: vec[i32] = vec[i32]([])

    def add_partial(self, slab: Slab, tail: bool) -> None:
        """Put a slab on the partial list."""
        slab.listed = True
        self.nr_partial += 1
        if tail:
            last = self.last_partial
            slab.after = None
            slab.before = last
            if last is not None:
                last.after = slab
            else:
                self.partial = slab
            self.last_partial = slab
        else:
            first = self.partial
            slab.before = None
            slab.after = first
            if first is not None:
                first.before = slab
            else:
                self.last_partial = slab
            self.partial = slab

    def remove_partial(self, slab: Slab) -> None:
        """Take a slab off the partial list."""
        slab.listed = False
        self.nr_partial -= 1
        before = slab.before
        after = slab.after
        if before is not None:
            before.after = after
        else:
            self.partial = after
        if after is not None:
            after.before = before
        else:
            self.last_partial = before
        slab.after = None
        slab.before = None

    def partial_list(self) -> list[Slab]:
        """List the partial slabs, head first; stops after all slabs there are, should the list be a ring."""
        slabs: list[Slab] = []
        slab = self.partial
        while slab is not None and len(slabs) <= self.nr_slabs:
            slabs.append(slab)
            slab = slab.after
        return slabs

    def reachable(self) -> list[Slab]:
        """List every slab that the cache can find: cpu slabs, the partial list, and full ones only where they are tracked."""
        held = [cpu.slab for cpu in self.cpu_slab if cpu.slab is not None]
        return held + self.partial_list() + (self.full or [])

    def add_full(self, slab: Slab) -> None:
        """Take note of a slab that a cpu lets go full: on the list where there is one; usually there is none."""
        if self.full is not None:
            self.full.insert(0, slab)
            self.full_ops += 1

    def remove_full(self, slab: Slab) -> None:
        """Take a slab that is full no longer off that list."""
        if self.full is not None:
            self.full.remove(slab)
            self.full_ops += 1
