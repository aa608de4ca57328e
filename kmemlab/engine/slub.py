"""SLUB, the paths that objects take: alloc, free, and a cpu letting go of its slab. mm/slub.c 2.6.23 and 2.6.24, facts 2.5.

A cpu allocates from a slab of its own without asking anyone. When that is used up it takes the first slab of the partial
list, or new pages. An object freed by another cpu goes on its page's list; a slab without objects goes back at once.
"""

from __future__ import annotations

import errno
from typing import Final

from .allocator import Allocator
from .buddy import SLAB, PageSource
from .errors import KernelError
from .events import ALLOC, FREE, FREEPAGE, NEWPAGE, NOPAGE, REFUSED, EventLog
from .kmem_cache import CpuSlab, KmemCache, Slab
from .notify import SlabListener, notify_alloc, notify_free, notify_freepage, notify_newpage
from .slub_check import check_discarded
from .slub_debug_path import alloc_debug, free_debug
from .types import IN_USE, NONE, PAGE_SHIFT, PAGE_SIZE, i64

ENOMEM: Final = errno.ENOMEM


class Slub(Allocator):
    """Every cache of one machine.

    Attributes:
        min_partial: empty slabs that a deactivation keeps: 2 in 2.6.23, 5 in 2.6.24.
        full_to_tail: a full slab that loses an object joins the tail of the partial list (2.6.24), not the head (2.6.23).
        full_lists: every cache lists its full slabs, for "off" to find (off_lists.py).
        account: caches that may not merge, so that they can be accounted (boot word slab_account).
        debug: a kernel built with SLUB_DEBUG; debug_flags: what slub_debug asks for, debug_cache: how caches it is for begin.
        record_size: bytes of a struct kmem_cache.
        others: as those of Allocator.
    """

    __slots__ = (
        "account", "debug", "debug_cache", "debug_flags", "full_lists", "full_to_tail", "min_partial", "record_size",
        "split_from",
    )  # fmt: skip

    def __init__(
        self,
        pages: PageSource,
        nr_cpus: int,
        min_partial: int,
        full_to_tail: bool,
        log: EventLog | None = None,
    ) -> None:
        super().__init__(pages, nr_cpus, log)
        self.min_partial: i64 = min_partial
        self.full_to_tail = full_to_tail
        self.full_lists = False
        self.debug = False
        self.debug_flags = 0
        self.debug_cache = ""
        self.account: list[str] = []
        self.record_size = 0
        self.split_from: i64 = NONE  # order of the block that the newest slab was cut from

    def kmem_cache_alloc(self, cache: KmemCache, cpu: i64) -> i64:
        """Take one object on a cpu.

        Returns its address, or NONE (the kernel's NULL) if no page was left, a listener refused, or by failslab. A refused
        object has gone back by then; the slab that was made for it stays, as it does in the kernel.
        """
        if self.failslab and self.faults.should_failslab(cache.name, cache.objsize):
            return NONE
        c = cache.cpu_slab[cpu]
        number = c.freelist
        if number == NONE:
            if cache.debug:
                return alloc_debug(self, cache, c, cpu)
            if not self.refill(cache, c, cpu):
                return NONE
            number = c.freelist
        slab = c.slab
        assert slab is not None
        after: int = slab.link[number]
        c.freelist = after
        slab.link[number] = IN_USE
        if cache.listeners:
            refuser = notify_alloc(cache, slab, number)
            if refuser is not None:
                # It goes back the way it came, on the same cpu and without an owner (facts 1.3).
                slab.link[number] = after
                c.freelist = number
                return self.say_refused(cache, slab, number, refuser)
        if self.log is not None:
            owner: int = slab.owners[number] if slab.has_owners else NONE
            self.log.add(ALLOC, cache.name, slab.pfn, slab.number, number, owner, cache.size, 0, NONE)
        return slab.base + number * cache.size

    def say_refused(self, cache: KmemCache, slab: Slab, number: i64, refuser: SlabListener) -> i64:
        """Log a refusal of an object that has gone back. Always NONE, what the caller gets."""
        if self.log is not None:
            asked = refuser.refused_for
            cause: i64 = self.faults.take_charge_fault()
            self.log.add(REFUSED, cache.name, slab.pfn, slab.number, number, asked, cache.size, ENOMEM, cause)
        return NONE

    def find(self, address: i64) -> Slab:
        """Return the slab that holds an object in use.

        Raises:
            KernelError: EINVAL, for an address that is no object of a slab, and for one that is free already. The kernel
                would not notice either without SLUB_DEBUG; kmemlab's choice is to refuse before anything changes.
        """
        if address < 0 or address >> PAGE_SHIFT >= self.pages.nr_pages:
            raise KernelError(errno.EINVAL, f"address {address:#x} is outside memory")
        slab = self.slab_of[address >> PAGE_SHIFT]
        if slab is None:
            raise KernelError(errno.EINVAL, f"address {address:#x} is not in any slab")
        size = slab.cache.size
        number = (address - slab.base) // size
        if slab.base + number * size != address or number >= slab.cache.objects:
            raise KernelError(errno.EINVAL, f"address {address:#x} is not the start of a {slab.cache.name} object")
        if slab.link[number] != IN_USE:
            raise KernelError(errno.EINVAL, f"double free: {slab.cache.name} object {address:#x} is free already")
        return slab

    def kmem_cache_free(self, address: i64, cpu: i64) -> None:
        """Free one object on a cpu.

        Raises:
            KernelError: EINVAL, as `find` says; nothing has changed then.
        """
        pfn = address >> PAGE_SHIFT
        slab = self.slab_of[pfn] if 0 <= pfn < self.pages.nr_pages else None
        self.slab_free(slab if slab is not None else self.find(address), address, cpu)

    def slab_free(self, slab: Slab, address: i64, cpu: i64) -> None:
        """Free an object of a slab that was found by its page (`slab_free`).

        Raises:
            KernelError: EINVAL, as `find` says; nothing has changed then.
        """
        cache = slab.cache
        number = (address - slab.base) // cache.size
        wrong = slab.base + number * cache.size != address or number >= cache.objects
        if wrong or slab.link[number] != IN_USE:
            self.find(address)  # raises, and says which
        owner: int = NONE
        if cache.listeners:
            if slab.has_owners:
                owner = slab.owners[number]
            notify_free(cache, slab, number)
        c = cache.cpu_slab[cpu]
        emptied = False
        if slab is c.slab and (not cache.debug or slab.debug is None):
            after: int = c.freelist
            slab.link[number] = after
            c.freelist = number
        elif not cache.debug:
            emptied = self.free_slow(slab, number)
        else:
            emptied = free_debug(self, slab, number, cpu)
        if self.log is not None:
            self.log.add(FREE, cache.name, slab.pfn, slab.number, number, owner, cache.size, 0, NONE)
        if emptied:
            self.discard(slab, cpu)

    def free_slow(self, slab: Slab, number: i64) -> bool:
        """Put an object on its page's list (`__slab_free`). True if that leaves a slab with no objects, to be given back.

        A frozen slab is left alone even when it is empty. Any other empty one goes at once: MIN_PARTIAL counts only in
        `deactivate`.
        """
        was_full = slab.freelist == NONE
        after: int = slab.freelist
        slab.link[number] = after
        slab.freelist = number
        slab.inuse -= 1
        if slab.frozen:
            return False
        cache = slab.cache
        if was_full:
            cache.remove_full(slab)
        if slab.inuse == 0:
            if slab.listed:
                cache.remove_partial(slab)
            return True
        if was_full:
            cache.add_partial(slab, self.full_to_tail)
        return False

    def refill(self, cache: KmemCache, c: CpuSlab, cpu: i64) -> bool:
        """Give a cpu with an empty list every free object of its next slab (`__slab_alloc`). False if there is none."""
        slab = self.next_slab(cache, c, cpu)
        if slab is None:
            return False
        slab.inuse = cache.objects
        c.freelist = slab.freelist
        slab.freelist = NONE
        return True

    def next_slab(self, cache: KmemCache, c: CpuSlab, cpu: i64) -> Slab | None:
        """Find a slab with room and put it in the cpu's hand. None if there is no page left.

        In turn: what other cpus freed on its slab; the first slab of the partial list, however full; new pages.
        """
        slab = c.slab
        if slab is not None:
            if slab.freelist != NONE:
                return slab
            slab.frozen = False  # it is full: from now on nothing points at it, usually
            c.slab = None
            cache.add_full(slab)
        slab = cache.partial
        split_from: i64 = NONE
        if slab is not None:
            cache.remove_partial(slab)
        else:
            slab = self.new_slab(cache, cpu)
            if slab is None:
                return None
            split_from = self.split_from
        slab.frozen = True
        c.slab = slab
        if split_from != NONE and self.log is not None:
            bytes_ = PAGE_SIZE << cache.order
            self.log.add(NEWPAGE, cache.name, slab.pfn, slab.number, NONE, NONE, bytes_, 0, split_from)
        return slab

    def new_slab(self, cache: KmemCache, cpu: i64) -> Slab | None:
        """Take pages and rule them into objects (`new_slab`). None if there are none, or a listener refused."""
        self.faults.cause = NONE
        pfn = self.pages.alloc_pages(cache.order, SLAB)
        bytes_ = PAGE_SIZE << cache.order
        if pfn == NONE:
            if self.log is not None:
                self.log.add(NOPAGE, cache.name, NONE, NONE, NONE, NONE, bytes_, ENOMEM, self.faults.cause)
            return None
        split_from = self.pages.split_from  # before an owner array splits another block
        slab = Slab(cache, pfn)
        if cache.listeners and not notify_newpage(cache, slab, cpu):
            self.pages.free_pages(pfn, cache.order)
            if self.log is not None:
                self.log.add(NOPAGE, cache.name, pfn, NONE, NONE, NONE, bytes_, ENOMEM, self.faults.cause)
            return None
        cache.births += 1
        cache.nr_slabs += 1
        self.claim(slab)
        self.split_from = split_from
        return slab

    def claim(self, slab: Slab) -> None:
        """Note in every page of a slab which slab it is."""
        pfn = slab.pfn
        while pfn < slab.pfn + (1 << slab.cache.order):
            self.slab_of[pfn] = slab
            pfn += 1

    def discard(self, slab: Slab, cpu: i64) -> None:
        """Give the pages of a slab without objects back (`discard_slab`). It is on no list by now."""
        if slab.debug is not None:
            check_discarded(self, slab)
        cache = slab.cache
        if cache.listeners:
            notify_freepage(cache, slab, cpu)
        pfn = slab.pfn
        while pfn < slab.pfn + (1 << cache.order):
            self.slab_of[pfn] = None
            pfn += 1
        cache.nr_slabs -= 1
        self.pages.free_pages(slab.pfn, cache.order)
        if self.log is not None:
            self.log.add(FREEPAGE, cache.name, slab.pfn, slab.number, NONE, NONE, PAGE_SIZE << cache.order, 0, NONE)
