"""The page allocator: what a source of pages is, and a zone of buddy blocks.

2.6.23 mm/page_alloc.c keeps one free list for each order, facts 3: the smallest block that is large enough is taken from
the *head* of its list; each time it is halved the upper half goes to the head of the list below (`expand`). A freed block
joins its buddy, the block whose number differs in the bit of its order, for as long as that one is free and whole
(`__free_one_page`), and goes to the head of its list.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

from .errors import KernelError
from .faults import Faults
from .types import MAX_ORDER, NONE, PAGE_SHIFT, i16, i32, i64, mypyc_attr, vec

USERS: Final = ("free", "slab", "kmalloc-large", "stack", "pages")
SLAB: Final = 1
KMALLOC_LARGE: Final = 2
STACK: Final = 3
STACK_ORDER: Final = 1  # 8 KiB on x86-64, pages of nobody's container
PAGES: Final = 4  # page tables and the buffers of pipes: pages that somebody asked for as pages


@mypyc_attr(allow_interpreted_subclasses=True)
class PageSource:
    """Runs of 2**order pages, aligned to their size, and who uses each.

    Attributes:
        nr_pages: pages in all, numbered from 0 (page frame numbers).
        nr_free: pages that nobody uses.
        used_order: for the first page of each run in use its order, else NONE.
        user: for the first page of each run in use an index into USERS.
        split_from: order of the block that the last allocation was cut from.
        faults: who says whether a request is to fail; None while fail_page_alloc is off.
        uncharge: who is told the address of a run that is about to be free; None where pages are never charged.
    """

    __slots__ = ("faults", "nr_free", "nr_pages", "split_from", "uncharge", "used_order", "user")

    def __init__(self, nr_pages: int) -> None:
        self.nr_pages: i64 = nr_pages
        self.nr_free: i64 = nr_pages
        self.used_order: vec[i16] = vec[i16]([NONE] * nr_pages)
        self.user: vec[i16] = vec[i16]([0] * nr_pages)
        self.split_from: i64 = NONE
        self.faults: Faults | None = None
        self.uncharge: Callable[[int], None] | None = None

    def alloc_pages(self, order: int, user: int) -> i64:
        """Take a run of 2**order pages; the pfn of its first page, or NONE where there is none left, or by fail_page_alloc."""
        if self.faults is not None and self.faults.should_fail_alloc_page(order):
            return NONE
        pfn = self.take(order)
        if pfn != NONE:
            self.used_order[pfn] = order
            self.user[pfn] = user
            self.nr_free -= 1 << order
        return pfn

    def free_pages(self, pfn: i64, order: i64) -> None:
        """Give a run back.

        Raises:
            KernelError: EINVAL, if no run of this order starts at pfn. Nothing has changed then.
        """
        if pfn < 0 or pfn >= self.nr_pages or self.used_order[pfn] != order:
            raise KernelError(errno.EINVAL, f"no run of order {order} in use starts at page {pfn}")
        if self.uncharge is not None:
            self.uncharge(pfn << PAGE_SHIFT)
        self.used_order[pfn] = NONE
        self.user[pfn] = 0
        self.nr_free += 1 << order
        self.give(pfn, order)

    def take(self, order: int) -> i64:
        """Find a run by this source's own rule."""
        raise NotImplementedError

    def give(self, pfn: i64, order: i64) -> None:
        """Put a run back by this source's own rule."""
        raise NotImplementedError

    def runs_in_use(self) -> list[list[int]]:
        """List [pfn, order, user] of every run in use, lowest first."""
        runs: list[list[int]] = []
        pfn: i64 = 0
        while pfn < self.nr_pages:
            order: int = self.used_order[pfn]
            if order != NONE:
                runs.append([pfn, order, self.user[pfn]])
                pfn += 1 << order
            else:
                pfn += self.unused_from(pfn)
        return runs

    def unused_from(self, pfn: i64) -> i64:
        """Say how many pages from an unused one on are unused, as far as that is known at once: at least it."""
        return 1

    def mark_runs(self, runs: list[list[int]]) -> None:
        """Set who uses what from `runs_in_use()`. The free side is the subclass's.

        Only pages that are in use now or then are touched: a large machine with little in it is quick to go back and forth.
        """
        for old in self.runs_in_use():
            self.used_order[old[0]] = NONE
            self.user[old[0]] = 0
        self.nr_free = self.nr_pages
        for pfn, order, user in runs:
            self.used_order[pfn] = order
            self.user[pfn] = user
            self.nr_free -= 1 << order

    def free_blocks(self) -> list[list[int]]:
        """List the free blocks of each order, in list order; [] for a source without lists."""
        return []

    def restore(self, blocks: list[list[int]], runs: list[list[int]]) -> None:
        """Become what `free_blocks()` and `runs_in_use()` said."""
        raise NotImplementedError


class Zone(PageSource):
    """One zone of buddy blocks, orders 0 to 10.

    Attributes:
        head: for each order the first block of its free list.
        free_order: for the first page of each free block its order, else NONE.
        after, before: links of the free lists.
    """

    __slots__ = ("after", "before", "free_order", "head")

    def __init__(self, nr_pages: int) -> None:
        super().__init__(nr_pages)
        self.head: vec[i64] = vec[i64]([NONE] * (MAX_ORDER + 1))
        self.free_order: vec[i16] = vec[i16]([NONE] * nr_pages)
        self.after: vec[i32] = vec[i32]([NONE] * nr_pages)
        self.before: vec[i32] = vec[i32]([NONE] * nr_pages)
        pfn: i64 = 0
        # Boot memory comes in ascending order, so the block with the highest address ends up at the head.
        while pfn < nr_pages:
            order: i64 = MAX_ORDER
            while pfn & ((1 << order) - 1) or pfn + (1 << order) > nr_pages:
                order -= 1
            self.push(pfn, order)
            pfn += 1 << order

    def clear(self) -> None:
        """Empty every free list."""
        for blocks in self.free_blocks():
            for pfn in blocks:
                self.free_order[pfn] = NONE
        self.head = vec[i64]([NONE] * (MAX_ORDER + 1))

    def unused_from(self, pfn: i64) -> i64:
        """Step over a free block whole."""
        order: i64 = int(self.free_order[pfn])
        return 1 if order == NONE else 1 << order

    def take(self, order: int) -> i64:
        """Split the smallest block that holds 2**order pages (`__rmqueue`, `expand`)."""
        high: i64 = order
        while high <= MAX_ORDER:
            pfn = self.head[high]
            if pfn != NONE:
                self.split_from = high
                self.unlink(pfn, high)
                while high > order:
                    high -= 1
                    self.push(pfn + (1 << high), high)
                return pfn
            high += 1
        return NONE

    def give(self, pfn: i64, order: i64) -> None:
        """Merge with the buddy as long as it is free at the same order (`__free_one_page`)."""
        while order < MAX_ORDER:
            buddy = pfn ^ (1 << order)
            if buddy >= self.nr_pages or self.free_order[buddy] != order:
                break
            self.unlink(buddy, order)
            pfn &= buddy
            order += 1
        self.push(pfn, order)

    def push(self, pfn: i64, order: i64) -> None:
        """Put a free block at the head of its list."""
        kept: int = order
        number: int = pfn
        first: int = self.head[order]
        self.free_order[pfn] = kept
        self.before[pfn] = NONE
        self.after[pfn] = first
        if first != NONE:
            self.before[first] = number
        self.head[order] = pfn

    def unlink(self, pfn: i64, order: i64) -> None:
        """Take a free block off its list."""
        before: int = self.before[pfn]
        after: int = self.after[pfn]
        if before != NONE:
            self.after[before] = after
        else:
            self.head[order] = after
        if after != NONE:
            self.before[after] = before
        self.free_order[pfn] = NONE

    def free_blocks(self) -> list[list[int]]:
        """List, for each order, the first pages of its free blocks from the head on."""
        areas: list[list[int]] = []
        for order in range(MAX_ORDER + 1):
            blocks: list[int] = []
            pfn: int = self.head[order]
            while pfn != NONE and len(blocks) <= self.nr_pages:  # a ring ends, too
                blocks.append(pfn)
                pfn = self.after[pfn]
            areas.append(blocks)
        return areas

    def restore(self, blocks: list[list[int]], runs: list[list[int]]) -> None:
        """Become what `free_blocks()` and `runs_in_use()` said."""
        self.mark_runs(runs)
        self.clear()
        for order, pfns in enumerate(blocks):
            for pfn in reversed(pfns):
                self.push(pfn, order)

    def buddyinfo(self) -> str:
        """Print /proc/buddyinfo, the number of free blocks of each order (`frag_show`, mm/vmstat.c 2.6.23)."""
        counts = "".join(f"{len(blocks):6d} " for blocks in self.free_blocks())
        return f"Node 0, zone {'Normal':>8} {counts}\n"
