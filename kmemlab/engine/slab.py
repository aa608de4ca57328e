"""SLAB, the paths that objects take: arrays first, then slabs. mm/slab.c 2.6.23/24, from recollection.

A cpu pops its array of free objects; an empty one takes a batch from the shared array, or from partial slabs, then free
ones, then a new slab. A free pushes; a full array gives its oldest batch to the shared array or back to the slabs.

Listeners hear the same events as of SLUB: of every object as a caller gets it or gives it back, never of one that moves
between array and slab.
"""

from __future__ import annotations

import errno
from typing import Final

from .allocator import Allocator
from .buddy import SLAB
from .errors import KernelError
from .events import ALLOC, FREE, FREEPAGE, NEWPAGE, NOPAGE, REFUSED
from .kmem_cache import KmemCache, Slab
from .notify import SlabListener, notify_alloc, notify_free, notify_freepage, notify_newpage
from .slab_cache import FREE as FREE_LIST
from .slab_cache import FULL, PARKED, PARTIAL, ArrayCache, ListedSlab, SlabCache
from .slab_geometry import OFF_SLAB
from .types import IN_USE, NONE, PAGE_SHIFT, PAGE_SIZE, i64

BATCHREFILL_LIMIT: Final = 16  # what an array that was idle is filled with at most


class SlabAllocator(Allocator):
    """Every SLAB cache of one machine. Its caches are SlabCaches, its slabs ListedSlabs."""

    __slots__ = ()

    def kmem_cache_alloc(self, cache: KmemCache, cpu: i64) -> i64:
        """Take one object on a cpu (`____cache_alloc`).

        Returns its address, or NONE (the kernel's NULL) if no page was left, a listener refused, or by failslab. A refused
        object is on top of the cpu's array again; a slab that was made for it stays.
        """
        if self.failslab and self.faults.should_failslab(cache.name, cache.objsize):
            return NONE
        assert isinstance(cache, SlabCache)
        array = cache.arrays[cpu]
        if array.avail == 0 and not self.refill(cache, array, cpu):
            return NONE
        array.touched = True
        array.avail -= 1
        address = array.entry[array.avail]
        slab = self.slab_of[address >> PAGE_SHIFT]
        assert isinstance(slab, ListedSlab)
        number = (address - slab.s_mem) // cache.size
        slab.link[number] = IN_USE
        if cache.listeners:
            refuser = notify_alloc(cache, slab, number)
            if refuser is not None:
                slab.link[number] = PARKED
                array.avail += 1
                return self.say_refused(cache, slab, number, refuser)
        if self.log is not None:
            owner: int = slab.owners[number] if slab.has_owners else NONE
            self.log.add(ALLOC, cache.name, slab.pfn, slab.number, number, owner, cache.size, 0, NONE)
        return address

    def say_refused(self, cache: SlabCache, slab: ListedSlab, number: i64, refuser: SlabListener) -> i64:
        """Log a refusal of an object that has gone back. Always NONE, what the caller gets."""
        if self.log is not None:
            cause: i64 = self.faults.take_charge_fault()
            asked = refuser.refused_for
            self.log.add(REFUSED, cache.name, slab.pfn, slab.number, number, asked, cache.size, errno.ENOMEM, cause)
        return NONE

    def refill(self, cache: SlabCache, array: ArrayCache, cpu: i64) -> bool:
        """Put a batch into an empty array (`cache_alloc_refill`). False if there is no page for even one."""
        batch = array.batchcount
        if not array.touched and batch > BATCHREFILL_LIMIT:
            batch = BATCHREFILL_LIMIT
        shared = cache.shared
        if shared is not None and array.take_from(shared, batch):
            return True
        self.take_from_slabs(cache, array, batch)
        if array.avail == 0:
            if not self.grow(cache, cpu):
                return False
            self.take_from_slabs(cache, array, batch)
        return True

    def take_from_slabs(self, cache: SlabCache, array: ArrayCache, batch: i64) -> None:
        """Move up to a batch of objects out of slabs: the first partial one, else the first free one, until there is none."""
        while batch > 0:
            found = cache.slabs_partial.head
            if found is None:
                cache.free_touched = True
                found = cache.slabs_free.head
            if found is None:
                return
            slab = self.slab_of[found.pfn]
            assert isinstance(slab, ListedSlab)
            while slab.freelist != NONE and batch > 0:
                number = slab.freelist
                following: int = slab.link[number]
                slab.freelist = following
                slab.link[number] = PARKED
                slab.inuse += 1
                cache.free_objects -= 1
                array.push(slab.s_mem + number * cache.size)
                batch -= 1
            cache.move(slab, FULL if slab.freelist == NONE else PARTIAL, False)

    def grow(self, cache: SlabCache, cpu: i64) -> bool:
        """Take pages for a slab, describe and colour it, and put it at the end of the free list (`cache_grow`).

        False if there is no page, no memory for its descriptor, or a listener refused; nothing is left then. The kernel has
        moved on to the next colour by then; here the colour is used when a slab stands (kmemlab's choice).
        """
        layout = cache.layout
        self.faults.cause = NONE
        pfn = self.pages.alloc_pages(cache.order, SLAB)
        bytes_ = PAGE_SIZE << cache.order
        if pfn == NONE:
            if self.log is not None:
                self.log.add(NOPAGE, cache.name, NONE, NONE, NONE, NONE, bytes_, errno.ENOMEM, self.faults.cause)
            return False
        split_from = self.pages.split_from
        slab = ListedSlab(cache, pfn)
        slab.s_mem = slab.base + cache.colour_next * layout.colour_off
        described = True
        if layout.where != OFF_SLAB:
            slab.s_mem += layout.descriptor
        elif self.kmalloc is not None:
            slab.descriptor = self.kmalloc(layout.descriptor, cpu)
            described = slab.descriptor != NONE
        if not described or (cache.listeners and not notify_newpage(cache, slab, cpu)):
            self.free_descriptor(slab, cpu)
            self.pages.free_pages(pfn, cache.order)
            if self.log is not None:
                self.log.add(NOPAGE, cache.name, pfn, NONE, NONE, NONE, bytes_, errno.ENOMEM, self.faults.cause)
            return False
        cache.colour_next = cache.colour_next + 1 if cache.colour_next + 1 < layout.colour else 0
        cache.births += 1
        cache.nr_slabs += 1
        self.claim(slab, slab)
        cache.slabs_free.add(slab, True)
        cache.free_objects += cache.objects
        if self.log is not None:
            self.log.add(NEWPAGE, cache.name, pfn, slab.number, NONE, NONE, bytes_, 0, split_from)
        return True

    def claim(self, slab: Slab, now: Slab | None) -> None:
        """Note in every page of a slab which slab it is, or that it is none any more."""
        pfn = slab.pfn
        while pfn < slab.pfn + (1 << slab.cache.order):
            self.slab_of[pfn] = now
            pfn += 1

    def find(self, address: i64) -> Slab:
        """Return the slab that holds an object in use.

        Raises:
            KernelError: EINVAL, for an address that is no object of a slab, and for one that is free already, in a slab or
                an array. The kernel would put it into an array twice; kmemlab's choice is to refuse.
        """
        if address < 0 or address >> PAGE_SHIFT >= self.pages.nr_pages:
            raise KernelError(errno.EINVAL, f"address {address:#x} is outside memory")
        slab = self.slab_of[address >> PAGE_SHIFT]
        if slab is None:
            raise KernelError(errno.EINVAL, f"address {address:#x} is not in any slab")
        cache = slab.cache
        number = (address - slab.s_mem) // cache.size
        if address < slab.s_mem or slab.s_mem + number * cache.size != address or number >= cache.objects:
            raise KernelError(errno.EINVAL, f"address {address:#x} is not the start of a {cache.name} object")
        if slab.link[number] != IN_USE:
            raise KernelError(errno.EINVAL, f"double free: {cache.name} object {address:#x} is free already")
        return slab

    def kmem_cache_free(self, address: i64, cpu: i64) -> None:
        """Free one object on a cpu.

        Raises:
            KernelError: EINVAL as `find` says; nothing has changed then.
        """
        self.slab_free(self.find(address), address, cpu)

    def slab_free(self, slab: Slab, address: i64, cpu: i64) -> None:
        """Free an object of a slab on a cpu (`__cache_free`): onto the cpu's array, whichever cpu took it.

        Raises:
            KernelError: EINVAL, as `find` says; nothing has changed then.
        """
        cache = slab.cache
        assert isinstance(cache, SlabCache)
        number = (address - slab.s_mem) // cache.size
        if address < slab.s_mem or slab.s_mem + number * cache.size != address or number >= cache.objects:
            self.find(address)  # raises, and says which
        if slab.link[number] != IN_USE:
            self.find(address)
        owner: int = slab.owners[number] if slab.has_owners else NONE
        if cache.listeners:
            notify_free(cache, slab, number)
        slab.link[number] = PARKED
        array = cache.arrays[cpu]
        room = array.avail < array.limit
        if room:
            array.push(address)
        if self.log is not None:
            self.log.add(FREE, cache.name, slab.pfn, slab.number, number, owner, cache.size, 0, NONE)
        if not room:
            self.flush_array(cache, array, cpu)
            array.push(address)

    def flush_array(self, cache: SlabCache, array: ArrayCache, cpu: i64) -> None:
        """Give the oldest of a full array to the shared array as far as that has room, else to slabs (`cache_flusharray`)."""
        batch = array.batchcount
        shared = cache.shared
        if shared is not None and shared.avail < shared.limit:
            batch = min(batch, shared.limit - shared.avail)
            at: i64 = 0
            while at < batch:
                shared.push(array.entry[at])
                at += 1
            array.drop(batch)
            return
        self.free_block(cache, array, batch, cpu)

    def free_block(self, cache: SlabCache, array: ArrayCache, count: i64, cpu: i64) -> None:
        """Put the `count` oldest objects of an array back into their slabs (`free_block`).

        A slab with objects left goes to the *end* of the partial list; one without to the front of the free list, or back to
        the page allocator if the cache has more than free_limit free objects.
        """
        at: i64 = 0
        try:
            while at < count:
                address = array.entry[at]
                at += 1
                slab = self.slab_of[address >> PAGE_SHIFT]
                assert isinstance(slab, ListedSlab)
                number = (address - slab.s_mem) // cache.size
                first: int = slab.freelist
                slab.link[number] = first
                slab.freelist = number
                slab.inuse -= 1
                cache.free_objects += 1
                if slab.inuse:
                    cache.move(slab, PARTIAL, True)
                elif cache.free_objects > cache.free_limit:
                    cache.list_of(slab.which).remove(slab)
                    self.destroy(cache, slab, cpu)
                else:
                    cache.move(slab, FREE_LIST, False)
        finally:
            array.drop(at)  # also where the event log stops in the middle

    def destroy(self, cache: SlabCache, slab: ListedSlab, cpu: i64) -> None:
        """Give the pages of a slab without objects back, then its descriptor (`slab_destroy`). It is on no list by now."""
        if cache.listeners:
            notify_freepage(cache, slab, cpu)
        self.claim(slab, None)
        cache.free_objects -= cache.objects
        cache.nr_slabs -= 1
        self.pages.free_pages(slab.pfn, cache.order)
        if self.log is not None:
            self.log.add(FREEPAGE, cache.name, slab.pfn, slab.number, NONE, NONE, PAGE_SIZE << cache.order, 0, NONE)
        self.free_descriptor(slab, cpu)

    def free_descriptor(self, slab: ListedSlab, cpu: i64) -> None:
        """Free a descriptor off the slab, where it has one."""
        if slab.descriptor != NONE and self.kfree is not None:
            self.kfree(slab.descriptor, cpu)
        slab.descriptor = NONE
