"""/proc/slabinfo of SLAB: what is shown, and the line that tunes the arrays of a cache. mm/slab.c 2.6.23/24, recollection."""

from __future__ import annotations

import errno
import re

from .errors import KernelError, invalid
from .slab import SlabAllocator
from .slab_admin import do_tune_cpucache, slab_caches
from .slab_cache import SlabCache
from .types import i64

LONGEST = 128  # bytes that a line may have (MAX_SLABINFO_WRITE)
LINE = re.compile(r"(\S+)\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*")


def show_slabinfo(allocator: SlabAllocator) -> str:
    """Show every cache (`s_show`). Objects in arrays count as active: to their slabs they are in use."""
    lines = [
        "slabinfo - version: 2.1",
        "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
        " : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>",
    ]
    lines += [line(cache) for cache in slab_caches(allocator)]
    return "\n".join(lines) + "\n"


def line(cache: SlabCache) -> str:
    """Return the line of one cache."""
    slabs = int(cache.nr_slabs)
    total = slabs * int(cache.objects)
    active = int(cache.slabs_full.count + cache.slabs_partial.count)
    limit, batchcount, factor = cache.tunables()
    rests = int(cache.shared.avail) if cache.shared is not None else 0
    return (
        f"{cache.name:<17} {total - int(cache.free_objects):6d} {total:6d} {int(cache.size):6d} {int(cache.objects):4d} "
        f"{1 << int(cache.order):4d} : tunables {limit:4d} {batchcount:4d} {factor:4d} : "
        f"slabdata {active:6d} {slabs:6d} {rests:6d}"
    )


def store_slabinfo(allocator: SlabAllocator, text: str, cpu: i64) -> None:
    """Tune the arrays of a cache: "name limit batchcount shared" (`slabinfo_write`).

    Raises:
        KernelError: EINVAL for another line, for no such cache and for numbers out of range. For these the kernel of the era
            did nothing and said nothing; kmemlab's choice is to say no.
    """
    if len(text) > LONGEST:
        raise KernelError(errno.EINVAL, f"a line has at most {LONGEST} bytes")
    words = LINE.fullmatch(text)
    if words is None:
        raise invalid('Write a cache and three numbers: "filp 120 60 8" (limit, batchcount, shared).')
    cache = next((each for each in slab_caches(allocator) if each.name == words[1]), None)
    if cache is None:
        raise invalid(f"there is no cache {words[1]}: `cat /proc/slabinfo` lists them")
    do_tune_cpucache(allocator, cache, int(words[2]), int(words[3]), int(words[4]), cpu)
