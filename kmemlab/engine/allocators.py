"""Which allocator a machine has: the boot of one, and what an administrator asks of either."""

from __future__ import annotations

from typing import Final

from .allocator import Allocator
from .buddy import PageSource
from .events import EventLog
from .kmalloc import Kmalloc
from .kmem_cache import KmemCache
from .profiles import ERAS, Profile, account_names, debug_options
from .slab import SlabAllocator
from .slab_admin import kmem_cache_create as slab_create
from .slab_admin import kmem_cache_destroy as slab_destroy
from .slab_admin import kmem_cache_shrink as slab_shrink
from .slab_cache import SlabCache
from .slab_kmalloc import SizeCaches
from .slub import Slub
from .slub_admin import kmem_cache_create as slub_create
from .slub_admin import kmem_cache_destroy as slub_destroy
from .slub_admin import kmem_cache_shrink as slub_shrink
from .types import i64

SLUB: Final = "slub"  # Profile.allocator
SLAB: Final = "slab"


def boot_allocator(profile: Profile, pages: PageSource, log: EventLog | None) -> tuple[Allocator, Kmalloc]:
    """Make the allocator of a profile and its kmalloc caches."""
    if profile.allocator == SLAB:
        allocator = SlabAllocator(pages, profile.cpus, log)
        return allocator, SizeCaches(allocator)
    era = ERAS[profile.slub]
    slub = Slub(pages, profile.cpus, era.min_partial, era.full_to_tail, log)
    slub.nomerge = "slub_nomerge" in profile.boot.split()
    slub.account = account_names(profile.boot)
    slub.debug, slub.debug_flags, slub.debug_cache = debug_options(profile.boot)
    return slub, Kmalloc(slub, era.kmalloc_largest, era.limits())


def create_cache(
    allocator: Allocator, profile: Profile, name: str, size: int, align: int = 0, flags: int = 0, ctor: bool = False
) -> KmemCache:
    """Make a cache.

    Raises:
        KernelError: as the allocator's `kmem_cache_create`.
    """
    if isinstance(allocator, Slub):
        return slub_create(allocator, name, size, align, flags, ctor, ERAS[profile.slub].limits())
    assert isinstance(allocator, SlabAllocator)
    return slab_create(allocator, name, size, align, flags, ctor)


def shrink_cache(allocator: Allocator, cache: KmemCache, cpu: i64) -> None:
    """Give the slabs of a cache back that hold no object in use.

    Raises:
        KernelError: ENOMEM, as SLUB's `kmem_cache_shrink`.
    """
    if isinstance(allocator, Slub):
        slub_shrink(allocator, cache, cpu)
    elif isinstance(allocator, SlabAllocator) and isinstance(cache, SlabCache):
        slab_shrink(allocator, cache, cpu)


def destroy_cache(allocator: Allocator, cache: KmemCache, cpu: i64) -> None:
    """End a cache, or drop one of its names.

    Raises:
        KernelError: EBUSY with objects in use, EINVAL for a kmalloc cache.
    """
    if isinstance(allocator, Slub):
        slub_destroy(allocator, cache, cpu)
    elif isinstance(allocator, SlabAllocator) and isinstance(cache, SlabCache):
        slab_destroy(allocator, cache, cpu)
