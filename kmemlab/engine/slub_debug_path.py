"""The paths of objects of a SLUB_DEBUG cache: one object at a time, through the page's list, each checked. mm/slub.c 2.6.24.

No cpu keeps a list of its own for a debugged slab. A slab that was there before the cache's flags were switched on
(`sanity_checks`, `trace`) is used as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .events import ALLOC
from .kmem_cache import CpuSlab, KmemCache, Slab
from .notify import notify_alloc
from .slub_check import alloc_debug_processing, free_debug_processing
from .slub_debug import note_alloc, note_free
from .types import IN_USE, NONE, i64

if TYPE_CHECKING:
    from .slub import Slub


def alloc_debug(slub: Slub, cache: KmemCache, c: CpuSlab, cpu: i64) -> i64:
    """Take one object from the page's list, checked, and counted at once (`__slab_alloc`, its label debug).

    Returns its address, NONE as `kmem_cache_alloc` does. A slab whose next object is damaged is given up for another.
    """
    slab = slub.next_slab(cache, c, cpu)
    while slab is not None and slab.debug is not None and not alloc_debug_processing(slub, slab):
        slab = slub.next_slab(cache, c, cpu)
    if slab is None:
        return NONE
    number = slab.freelist
    if slab.debug is None:
        slab.inuse = cache.objects
        c.freelist = number
        slab.freelist = NONE
        asked, slub.failslab = slub.failslab, False  # this request was asked about already
        try:
            return slub.kmem_cache_alloc(cache, cpu)
        finally:
            slub.failslab = asked
    after: int = slab.link[number]
    slab.freelist = after
    slab.link[number] = IN_USE
    slab.inuse += 1
    if cache.listeners:
        refuser = notify_alloc(cache, slab, number)
        if refuser is not None:
            slab.link[number] = after
            slab.freelist = number
            slab.inuse -= 1
            return slub.say_refused(cache, slab, number, refuser)
    note_alloc(slab, number, after, slub.pid, cpu)
    if slub.log is not None:
        owner: int = slab.owners[number] if slab.has_owners else NONE
        slub.log.add(ALLOC, cache.name, slab.pfn, slab.number, number, owner, cache.size, 0, NONE)
    return slab.base + number * cache.size


def free_debug(slub: Slub, slab: Slab, number: i64, cpu: i64) -> bool:
    """Free one object on its page's list, checked. True if that leaves a slab with no objects, to be given back.

    A damaged object is not freed: it stays in use, and nobody has it. Whoever paid has its bytes back all the same, since
    the free hook comes before the check (facts 1.3: kmemlab's choice where the letter is silent).
    """
    if slab.debug is not None and not free_debug_processing(slub, slab, number):
        return False
    emptied = slub.free_slow(slab, number)
    note_free(slab, number, slub.pid, cpu)
    return emptied
