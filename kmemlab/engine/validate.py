"""What SLUB_DEBUG does when asked: `validate`, `alloc_calls`, `free_calls` of /sys/slab, and the switches. mm/slub.c 2.6.24."""

from __future__ import annotations

import errno
from typing import Final

from .errors import KernelError, invalid
from .geometry import DEBUG_FREE, POISON, RED_ZONE, STORE_USER, TRACE
from .kmem_cache import KmemCache, Slab
from .slub import Slub
from .slub_admin import flush_all
from .slub_check import say_if_unmarked, validate_slab
from .slub_flags import any_slab_objects, switch_flags
from .types import IN_USE, NONE

SWITCHES: Final = {
    "sanity_checks": DEBUG_FREE,
    "trace": TRACE,
    "red_zone": RED_ZONE,
    "poison": POISON,
    "store_user": STORE_USER,
}
NEEDS_NO_SLAB: Final = RED_ZONE | POISON | STORE_USER  # these make objects larger
BITMAP_WORD: Final = 64


def validate_slab_cache(slub: Slub, cache: KmemCache, caller: int) -> int:
    """Check every slab that can be found, and say in the kernel's log what is wrong; returns how many slabs were checked.

    Every cpu lets go of its slab first, so an empty one may be given back here. Full slabs are found where users are
    tracked, and nowhere else. Any cache may be asked: without debug flags there is nothing to check but lists.

    Raises:
        KernelError: ENOMEM for the map of free objects, where records are simulated memory.
    """
    map_ = NONE
    if slub.kmalloc is not None:
        map_ = slub.kmalloc((int(cache.objects) + BITMAP_WORD - 1) // BITMAP_WORD * 8, caller)
        if map_ == NONE:
            raise KernelError(errno.ENOMEM, f"no memory to validate {cache.name}")
    flush_all(slub, cache, caller)
    checked = 0
    for slab in cache.partial_list() + (cache.full or []):
        if slab.debug is not None:
            validate_slab(slub.printk, slab)
        say_if_unmarked(slub.printk, slab)
        checked += 1
    if slub.kfree is not None:
        slub.kfree(map_, caller)
    return checked


def list_locations(cache: KmemCache, frees: bool) -> str:
    """Count the objects in use by who allocated them, or who freed them before that: pid, and the cpus it was on.

    The kernel groups by calling function, tells ages, and makes every cpu let go of its slab first. kmemlab models neither
    function nor clock, so it groups by pid; and reading changes nothing here (kmemlab's choices).

    Raises:
        KernelError: ENOSYS, if the cache does not track its users.
    """
    if not cache.flags & STORE_USER:
        raise KernelError(errno.ENOSYS, f"{cache.name} does not track its users: boot with slub_debug=U,{cache.name}")
    counts: dict[int, int] = {}
    cpus: dict[int, set[int]] = {}
    for slab in cache.reachable():
        count_users(slab, frees, counts, cpus)
    lines = []
    for pid in sorted(counts):
        if pid == NONE:
            lines.append(f"{counts[pid]:7d} <not-available>\n")
        else:
            where = ",".join(str(cpu) for cpu in sorted(cpus[pid]))
            lines.append(f"{counts[pid]:7d} pid={pid} cpus={where}\n")
    return "".join(lines) or "No data\n"


def count_users(slab: Slab, frees: bool, counts: dict[int, int], cpus: dict[int, set[int]]) -> None:
    """Add a slab's objects in use to the counts of each pid; NONE stands for no record."""
    debug = slab.debug
    for number in range(slab.cache.objects):
        if slab.link[number] != IN_USE or debug is None:
            continue
        pid, cpu = (debug.frees if frees else debug.allocs).get(number, (NONE, 0))
        counts[pid] = counts.get(pid, 0) + 1
        cpus.setdefault(pid, set()).add(cpu)


def store_switch(cache: KmemCache, name: str, text: str) -> None:
    """Switch a debug flag: "1" sets it, anything else clears it.

    Raises:
        KernelError: EBUSY for one that changes the objects' size, while the cache has a slab, be it an empty one.
    """
    flag = SWITCHES[name]
    if flag & NEEDS_NO_SLAB and any_slab_objects(cache):
        raise KernelError(errno.EBUSY, f"{cache.name} has {cache.nr_slabs} slabs: free its objects, then write 1 to shrink.")
    flags = cache.flags | flag if text[:1] == "1" else cache.flags & ~flag
    if flags != cache.flags:
        switch_flags(cache, flags)


def store_validate(slub: Slub, cache: KmemCache, text: str, caller: int) -> None:
    """Validate a cache.

    Raises:
        KernelError: EINVAL for anything but "1".
    """
    if text[:1] != "1":
        raise invalid('Write "1" to validate this cache.')
    validate_slab_cache(slub, cache, caller)
