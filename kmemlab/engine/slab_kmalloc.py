"""kmalloc where SLAB is the allocator: "size-32" and up (kmalloc_sizes.h for 64-byte lines: 192, and no 96; recollection)."""

from __future__ import annotations

from .errors import invalid
from .geometry import OrderLimits
from .kmalloc import Kmalloc
from .kmem_cache import KMALLOC, KmemCache
from .slab import SlabAllocator
from .slab_admin import kmem_cache_create
from .slab_cache import SlabCache
from .types import MAX_OBJECT, i64


class SizeCaches(Kmalloc):
    """The caches behind kmalloc, to 4 MiB: SLAB of the era sends no size to the page allocator."""

    __slots__ = ()

    def __init__(self, allocator: SlabAllocator, largest: int = MAX_OBJECT) -> None:
        super().__init__(allocator, largest, None)
        allocator.kmalloc = self.kmalloc  # descriptors off the slab come from here
        allocator.kfree = self.kfree

    def make_caches(self, limits: OrderLimits | None) -> None:
        """Make a cache of each size, smallest first."""
        allocator = self.slub
        assert isinstance(allocator, SlabAllocator)
        sizes = [32, 64, 128, 192]
        size = 256
        while size <= self.largest:
            sizes.append(size)
            size *= 2
        for size in sizes:
            self.caches[size] = kmem_cache_create(allocator, f"size-{size}", size, align=64, family=KMALLOC)

    def slab_for(self, size: int) -> KmemCache | None:
        """Choose the first cache that is large enough; never None.

        Raises:
            KernelError: EINVAL, for a size that no cache has.
        """
        if size < 1 or size > self.largest:
            raise invalid(f"kmalloc({size}): the size must be 1 to {self.largest} bytes")
        if 128 < size <= 192:
            return self.caches[192]
        return self.caches[max(32, 1 << (size - 1).bit_length())]

    def has_room(self, cache: KmemCache, cpu: i64) -> bool:
        """Say whether an array that the cpu may take from, or a slab, has a free object."""
        assert isinstance(cache, SlabCache)
        shared = cache.shared
        return cache.arrays[cpu].avail > 0 or cache.free_objects > 0 or (shared is not None and shared.avail > 0)
