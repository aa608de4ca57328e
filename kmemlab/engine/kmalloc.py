"""kmalloc: caches of fixed sizes, and whole pages for what is larger. mm/slub.c 2.6.23 and 2.6.24, facts 2.4.

8 to 2,048 bytes by powers of two, plus 96 and 192. 2.6.23 goes on to 4 MiB; 2.6.24 hands everything above 2,048 to the page
allocator. Nobody is charged for kmalloc as such: the callers are not known by cache (cover letter). A call can be (marked.py).
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from .allocator import Allocator
from .buddy import KMALLOC_LARGE
from .errors import KernelError, invalid
from .events import NOPAGE
from .geometry import OrderLimits
from .kmem_cache import KMALLOC, KmemCache
from .slub import Slub
from .slub_admin import kmem_cache_create
from .types import MAX_OBJECT, MAX_ORDER, NONE, PAGE_SHIFT, PAGE_SIZE, ZERO_SIZE_PTR, i64


class Kmalloc:
    """The kmalloc caches of a machine.

    Attributes:
        largest: bytes that the largest cache holds; more comes from the page allocator.
        caches: size of a cache -> the cache.
        uncharge: who is told the address of what is about to be free; None where no call is ever charged.
    """

    __slots__ = ("caches", "largest", "slub", "uncharge")

    def __init__(self, slub: Allocator, largest: int, limits: OrderLimits | None) -> None:
        self.uncharge: Callable[[int], None] | None = None
        self.slub = slub
        self.largest = largest
        self.caches: dict[int, KmemCache] = {}
        self.make_caches(limits)

    def make_caches(self, limits: OrderLimits | None) -> None:
        """Make a cache of each size, in the kernel's order of creation: cpu-dead walks it backwards."""
        slub = self.slub
        assert isinstance(slub, Slub)
        sizes = [96, 192]
        size = 8
        while size <= self.largest:
            sizes.append(size)
            size *= 2
        for size in sizes:
            self.caches[size] = kmem_cache_create(slub, f"kmalloc-{size}", size, limits=limits, family=KMALLOC)

    def slab_for(self, size: int) -> KmemCache | None:
        """Choose the cache for `size` bytes (`get_slab`); None for a request that goes to the page allocator.

        Raises:
            KernelError: EINVAL, below 1 byte or above 4 MiB.
        """
        if size < 1 or size > MAX_OBJECT:
            raise invalid(f"kmalloc({size}): the size must be 1 to {MAX_OBJECT} bytes")
        if size > self.largest:
            return None
        if size <= 192 and size > 128:
            return self.caches[192]
        if size <= 96 and size > 64:
            return self.caches[96]
        return self.caches[max(8, 1 << (size - 1).bit_length())]

    def kmalloc(self, size: int, cpu: i64) -> i64:
        """Take `size` bytes; the address, NONE if there is no memory, ZERO_SIZE_PTR for no bytes.

        Raises:
            KernelError: EINVAL, for a negative size or one above 4 MiB.
        """
        if size == 0:
            return ZERO_SIZE_PTR
        cache = self.slab_for(size)
        if cache is not None:
            return self.slub.kmem_cache_alloc(cache, cpu)
        pfn = self.slub.pages.alloc_pages(large_order(size), KMALLOC_LARGE)
        return NONE if pfn == NONE else pfn << PAGE_SHIFT

    def could(self, size: int, cpu: i64) -> bool:
        """Say whether `size` bytes could be had from a cache, and take none. Faults are injected, and logged, as for kmalloc.

        Raises:
            KernelError: EINVAL, for a size whose cache has slabs of more than a page: of those it cannot tell.
        """
        cache = self.slab_for(size)
        if cache is None or cache.order:
            raise invalid(f"{size} bytes are not from a slab of one page")
        slub = self.slub
        if slub.failslab and slub.faults.should_failslab(cache.name, cache.objsize):
            return False
        if self.has_room(cache, cpu):
            return True
        faults = slub.pages.faults
        slub.faults.cause = NONE
        if slub.pages.nr_free and (faults is None or not faults.should_fail_alloc_page(0)):
            return True
        if slub.log is not None:
            slub.log.add(NOPAGE, cache.name, NONE, NONE, NONE, NONE, PAGE_SIZE, errno.ENOMEM, slub.faults.cause)
        return False

    def has_room(self, cache: KmemCache, cpu: i64) -> bool:
        """Say whether a cache needs no page for its next object on a cpu."""
        held = cache.cpu_slab[cpu]
        return held.freelist != NONE or (held.slab is not None and held.slab.freelist != NONE) or cache.partial is not None

    def kfree(self, address: i64, cpu: i64) -> None:
        """Give back what kmalloc gave; NONE and ZERO_SIZE_PTR are nothing to give back.

        Raises:
            KernelError: EINVAL, for an address that kmalloc never gave or that is free already.
        """
        pfn = address >> PAGE_SHIFT
        pages = self.slub.pages
        slab = self.slub.slab_of[pfn] if 0 <= pfn < pages.nr_pages else None
        if slab is not None:
            if self.uncharge is not None:
                self.uncharge(address)
            self.slub.slab_free(slab, address, cpu)
            return
        if address in (NONE, ZERO_SIZE_PTR):
            return
        order: int = pages.used_order[pfn] if 0 <= pfn < pages.nr_pages else NONE
        if order == NONE or pages.user[pfn] != KMALLOC_LARGE or pfn << PAGE_SHIFT != address:
            raise KernelError(errno.EINVAL, f"nothing that kmalloc gave starts at {address:#x}")
        pages.free_pages(pfn, order)


def large_order(size: int) -> int:
    """Order of the pages for a large kmalloc (`get_order`).

    Raises:
        KernelError: EINVAL above 4 MiB.
    """
    order = max(0, (size - 1).bit_length() - PAGE_SHIFT)
    if order > MAX_ORDER:
        raise invalid(f"{size} bytes are more than a block of order {MAX_ORDER}")
    return order
