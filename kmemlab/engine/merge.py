"""Merging: a new cache that fits an old one becomes another name for it. `find_mergeable`, mm/slub.c 2.6.23/24, facts 2.6.

A merged cache is one cache with several names, so what is done through one of them is done to all: marking `filp` for
accounting may mean marking kmalloc-256. The boot option slub_nomerge keeps every cache a cache of its own, and kmemlab's own
slab_account=NAME,NAME only those that are to be charged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .geometry import (
    ACCOUNT,
    CACHE_DMA,
    DEBUG_FREE,
    DESTROY_BY_RCU,
    POISON,
    RECLAIM_ACCOUNT,
    RED_ZONE,
    STORE_USER,
    TRACE,
    calculate_alignment,
    round_up,
)
from .kmem_cache import KmemCache
from .types import POINTER

if TYPE_CHECKING:
    from .slub import Slub

# ACCOUNT is kmemlab's own. In 4.5 it is in SLAB_MERGE_SAME (recollection): there flagged caches still merge with each other.
NEVER_MERGE: Final = RED_ZONE | POISON | STORE_USER | TRACE | DESTROY_BY_RCU | ACCOUNT
MERGE_SAME: Final = DEBUG_FREE | RECLAIM_ACCOUNT | CACHE_DMA


def find_mergeable(slub: Slub, size: int, align: int, flags: int, ctor: bool) -> KmemCache | None:
    """Find the cache that a new one would be another name for; None if it will be a cache of its own.

    The candidate has the same size after rounding (less than a pointer of slack), fits the alignment, and has the same
    DEBUG_FREE, RECLAIM_ACCOUNT and CACHE_DMA. Neither may have a constructor or a flag of NEVER_MERGE.
    """
    if slub.nomerge or flags & NEVER_MERGE or ctor:
        return None
    wanted = round_up(size, POINTER)
    effective = calculate_alignment(flags, align, wanted)
    wanted = round_up(wanted, effective)
    for cache in slub.caches:
        if cache.flags & NEVER_MERGE or cache.ctor:
            continue
        if not 0 <= cache.size - wanted < POINTER:
            continue
        if (cache.flags ^ flags) & MERGE_SAME or cache.size & ~(effective - 1) != cache.size:
            continue
        return cache
    return None


def add_alias(cache: KmemCache, name: str, size: int) -> None:
    """Give a cache one more name and user; its object becomes the larger of the two."""
    cache.refcount += 1
    cache.aliases.append(name)
    cache.objsize = max(cache.objsize, size)
    cache.inuse = max(cache.inuse, round_up(size, POINTER))
