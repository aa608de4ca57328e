"""What a picture is drawn from: small frozen rows, made from a machine and never written back.

Every row has `to_dict()` of plain JSON values. Sizes are bytes, pages are page frame numbers (pfn).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any


class Row:
    """What all records share."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values, keys in field order."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True, slots=True)
class ContainerRow(Row):
    """One container of the kmem hierarchy.

    Attributes:
        path: from the root of the hierarchy: "/", "/bomb".
        usage: bytes charged.
        limit: bytes allowed, None where none was set (2**63 - 1).
        failcnt: refused charges.
        css_refs: references on its kmem state: one for each owned object, task and child.
        tasks: (pid, comm) of the tasks in it, pids ascending.
        ident: the number an owner array stores for it; never used again after rmdir.
    """

    path: str
    usage: int
    limit: int | None
    failcnt: int
    css_refs: int
    tasks: tuple[tuple[int, str], ...]
    ident: int


@dataclass(frozen=True, slots=True)
class HierarchyRow(Row):
    """One container of any hierarchy. A path alone does not say which: two hierarchies may both have a "/web".

    Attributes:
        hierarchy: its number, from 1; never used again.
        mounts: where it can be seen.
        subsystems: what is bound to it, in the kernel's order.
        path: from the root of the hierarchy.
        tasks: pids, ascending.
        counters: (subsystem, usage, limit, failcnt, references) of each that counts (kmem, rss); limit None where none was set.
    """

    hierarchy: int
    mounts: tuple[str, ...]
    subsystems: tuple[str, ...]
    path: str
    tasks: tuple[int, ...]
    counters: tuple[tuple[str, int, int | None, int, int], ...]


@dataclass(frozen=True, slots=True)
class SlabRow(Row):
    """One slab of a cache.

    Attributes:
        cache: name of the cache.
        pfn: first page.
        order: the slab is 2**order pages.
        where: what leads to it: "cpu 0", "partial 1" (place in the list, from 1), "full" (nothing does); "full list" in a
            SLUB_DEBUG cache that tracks its users. In SLAB the list it is on: "full 1", "partial 1", "free 1".
        inuse: objects handed out (the kernel's own counter counts the cpu's free ones as used; this does not).
        objects: cells of the slab.
        owners: a container's path for each cell, None where the pointer is NULL.
        freelist: free cells in the order in which the cpu, or one that takes the slab, hands them out. In SLAB those that
            rest in arrays come first.
        remote: of these, cells that another cpu freed: not yet on the cpu's own list. In SLAB: in no array.
        number: the slab's birth number in its cache, from 0, never used again.
        array: whether it has an owner array.
        resting: in SLAB, the free cells that are in an array: (cell, "cpu 0" or "shared", its turn there, from 1).
        array_home: (cache, slab number, cell) of the kmalloc object that is the owner array; None without one in a slab.
    """

    cache: str
    pfn: int
    order: int
    where: str
    inuse: int
    objects: int
    owners: tuple[str | None, ...]
    freelist: tuple[int, ...]
    remote: tuple[int, ...]
    number: int
    array: bool
    array_home: tuple[str, int, int] | None = None
    resting: tuple[tuple[int, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ListedSlab(Row):
    """A slab that a cache can find.

    Attributes:
        number: its birth number in its cache, from 0, never used again.
        live: objects that are handed out.
    """

    number: int
    live: int


@dataclass(frozen=True, slots=True)
class CacheRow(Row):
    """A cache as the kernel holds it: the slabs that its pointers lead to. Nothing in here leads to a full one.

    Attributes:
        name: of the cache.
        cpu_slabs: the slab in each cpu's hand, by cpu; a cpu without one is left out.
        partial: the partial list, in its order.
    """

    name: str
    cpu_slabs: list[ListedSlab]
    partial: list[ListedSlab]


@dataclass(frozen=True, slots=True)
class CountedSlab(ListedSlab):
    """A slab of SLAB as its cache finds it.

    Attributes:
        live: objects that somebody has. The kernel does not know this number.
        inuse: objects that the slab counts as handed out: those that rest in an array, too.
    """

    inuse: int


@dataclass(frozen=True, slots=True)
class SlabCacheRow(CacheRow):
    """A cache of SLAB: three lists that lead to every slab, and arrays of free objects. No cpu has a slab in hand.

    Attributes:
        full, free: the other two lists, in their order. Rows of all three are CountedSlab.
        arrays: "cpu 0", ... and "shared" (where there is one) -> free objects that rest there.
    """

    full: list[CountedSlab]
    free: list[CountedSlab]
    arrays: dict[str, int]


@dataclass(frozen=True, slots=True)
class FlowRow(Row):
    """Bytes that flow the same way.

    Attributes:
        task: comm of the task that allocated them, "" where unknown.
        container: path of the container that pays, None where nobody does.
        cache: name of the cache; for refused bytes the cache that was asked.
        page_order: order of the slab's pages; -1 for refused bytes, which reach no page.
        bytes: how many, refused ones counted once for each refusal.
        refused: True for bytes that were asked for and not given.
        state: where the slab is: "cpu slab", "partial", "full, on no list", "" for refused bytes.
            In SLAB: "partial", "full, on a list", "free".
        free: True for free cells and the tail of the slab, which nobody pays.
        accounted: whether the cache's new objects are charged; of a call site, whether it is marked.
        kind: "cache"; on a machine that charges calls also "kmalloc", "vmalloc" or "pages": `cache` is then the call site, and
            what is in no slab has the state "pages, in no slab".
    """

    task: str
    container: str | None
    cache: str
    page_order: int
    bytes: int
    refused: bool
    state: str = ""
    free: bool = False
    accounted: bool = True
    kind: str = "cache"


@dataclass(frozen=True, slots=True)
class CostRow(Row):
    """What the slabs of one cache cost, in parts that add up to their bytes; or what one call site has that is in no slab.

    Attributes:
        cache: name of the cache.
        accounted: whether its new objects are charged.
        slabs: how many it has.
        bytes: of all their pages.
        charged: objects whose owner pays.
        unowned: objects in use that nobody pays: born before accounting, or of a cache that is not accounted.
        arrays: kmalloc objects that hold the owner arrays of other slabs; nobody pays those either.
        free: free slots and the tail of each slab.
        owners: (container path, bytes it pays), most first; they add up to `charged`.
        unseen: on a machine that charges calls, what calls got that nobody pays. 0 on any other: it is in `unowned`.
        kind: "cache", or "kmalloc", "vmalloc", "pages" of a call site's memory that is in no slab (`cache` is its name).
    """

    cache: str
    accounted: bool
    slabs: int
    bytes: int
    charged: int
    unowned: int
    arrays: int
    free: int
    owners: tuple[tuple[str, int], ...] = ()
    unseen: int = 0
    kind: str = "cache"


@dataclass(frozen=True, slots=True)
class OverheadRow(Row):
    """What one cache costs that nobody is charged for; or one of the two costs that are no cache's (`beside`).

    Attributes:
        what: name of the cache; else "pointers in struct page" or "states of containers".
        accounted: whether its new objects are charged.
        slabs, bytes: how many it has, and of all their pages.
        partial: slabs on the partial list with an object in use.
        reserve: slabs without one, which SLUB keeps; reserve_bytes: their pages.
        free: bytes of free slots in the other slabs.
        tail: bytes behind the last object of the other slabs: what the order leaves.
        array: bytes of kmalloc that one owner array of it takes, or would take; array_percent: of a slab, one digit.
        arrays: bytes of those that it has now.
        beside: bytes of a cost that is no cache's, 0 for a cache.
    """

    what: str
    accounted: bool
    slabs: int
    bytes: int
    partial: int
    reserve: int
    reserve_bytes: int
    free: int
    tail: int
    array: int
    array_percent: float
    arrays: int
    beside: int

    @property
    def unpaid(self) -> int:
        """Bytes that nobody pays: reserve, free slots, tails, owner arrays, or what is beside."""
        return self.reserve_bytes + self.free + self.tail + self.arrays + self.beside


@dataclass(frozen=True, slots=True)
class PageRow(Row):
    """A run of 2**order pages, free (a buddy block) or in use.

    Attributes:
        pfn: first page.
        order: size of the run.
        user: who uses it: "free", "slab", "kmalloc-large", "stack", "pages" (page tables, pipe buffers), "kernel".
        cache: for a slab, its cache's name, else "".
        owners: for a slab, (container path, cells it owns), most first.
        objects: for a slab, its cells, else 0.
        number: for a slab, its birth number, else -1.
    """

    pfn: int
    order: int
    user: str
    cache: str = ""
    owners: tuple[tuple[str, int], ...] = ()
    objects: int = 0
    number: int = -1


@dataclass(frozen=True, slots=True)
class SiteRow(Row):
    """One call site: who asks the kernel for memory, and how much of what it has is paid for.

    Attributes:
        name: "pipe_buffer"; "objects" for those of named caches, "by hand" for what was called so.
        kind: "cache", "kmalloc", "vmalloc" or "pages".
        function: the kernel function that calls.
        count: pieces that were given and not freed.
        seen, unseen: bytes of them that some container pays for, and that nobody does.
        marked: whether its calls are charged; None where there is nothing to mark.
    """

    name: str
    kind: str
    function: str
    count: int
    seen: int
    unseen: int
    marked: bool | None


@dataclass(frozen=True, slots=True)
class EventRow(Row):
    """One thing that happened: a notifier event, a refusal, or the end of a command.

    Attributes:
        n: its number, from 1.
        command: number of the command it is part of, from 1.
        kind: "newpage", "freepage", "alloc", "free", "refused", "nopage", "switched", "command", "agent",
            "fault", "uncharged" (accounting switched off under an object that stays in use).
        pid: the task that did it.
        container: path of the container charged, refused or given back to; None where there is none.
        cache: name of the cache, "" for a command's end.
        pfn: first page of the slab, -1 where there is none.
        slot: cell of the slab, -1 where there is none; for fault, which one.
        bytes: charged, refused or given back; for pages their size.
        errno: the kernel's error number, 0 if all went well.
        order: for newpage, the order of the buddy block that was split for it (its own order: not split). For refused and
            nopage, which injected fault it came of (engine/faults.py), -1 for none.
    """

    n: int
    command: int
    kind: str
    pid: int
    container: str | None
    cache: str
    pfn: int
    slot: int
    bytes: int
    errno: int
    order: int = -1


@dataclass(frozen=True, slots=True)
class StepRow(Row):
    """One function on the path of one event.

    Attributes:
        fn: the kernel's name of it: "css_get".
        value: what it did, with the values: "refs 154 → 155".
        lane: "forward", or "unwind" for one that undoes.
        undoes: the function it undoes, "" on the forward lane.
        sentence: one plain sentence, at most 64 characters.
        source: where the rule comes from.
        model: True where the kernel's own way is not known and this is kmemlab's choice.
        state: "done", "refused" (it said no) or "never" (not reached).
    """

    fn: str
    value: str
    lane: str
    undoes: str
    sentence: str
    source: str
    model: bool
    state: str


@dataclass(frozen=True, slots=True)
class OffRow(Row):
    """What making "off" possible has cost on one machine so far, and what the latest off of a cache took.

    Attributes:
        design: `Profile.off`: "empty", "full-list", "walk", "drain", "charged-list".
        cache: whose accounting it is about.
        kept: bytes that the design keeps more than the letter's rule: list heads, links, numbers.
        list_ops, compares: what allocs and frees had to do for it: slabs put on or taken off a list, generations compared.
        operations: allocs, frees and refusals of all caches; what the two before are to be seen against.
        visited: slabs that off looked at to find the charged ones; for "walk" page records.
        found, pointers: charged slabs that it found, and pointers of their arrays that it read.
        uncharged: objects that off itself paid back.
        off_list_ops: slabs that off itself took off a list.
        asked, answered: event with which off began, and that of its answer; 0 before.
        done: event with which nothing was charged any more, -1 while it is, 0 before off.
    """

    design: str
    cache: str
    kept: int
    list_ops: int
    compares: int
    operations: int
    visited: int
    found: int
    pointers: int
    uncharged: int
    off_list_ops: int
    asked: int
    answered: int
    done: int

    def with_kept(self, kept: int) -> OffRow:
        """Return the same with the bytes of another moment."""
        return replace(self, kept=kept)

    @property
    def steps(self) -> int:
        """What off itself did: records looked at, pointers read, objects paid back, slabs taken off a list."""
        return self.visited + self.pointers + self.uncharged + self.off_list_ops


__all__ = [
    "CacheRow",
    "ContainerRow",
    "CostRow",
    "CountedSlab",
    "EventRow",
    "FlowRow",
    "ListedSlab",
    "OffRow",
    "PageRow",
    "Row",
    "SiteRow",
    "SlabCacheRow",
    "SlabRow",
    "StepRow",
]
