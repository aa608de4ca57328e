"""/sys/slab: one directory for each cache, with what 2.6.24 showed there, and the letter's `cache_account`. facts 2.6.

What the kernel counts is not always what there is: a cpu's slab counts as wholly used, since its free objects are on the
cpu's own list. `cache_account` is the file of the cover letter (v3); the others are mm/slub.c 2.6.24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .allocators import shrink_cache
from .errors import invalid
from .geometry import CACHE_DMA, DEBUG_FREE, DESTROY_BY_RCU, HWCACHE_ALIGN, POISON, RECLAIM_ACCOUNT, RED_ZONE, STORE_USER, TRACE
from .kmem_cache import KMALLOC, KmemCache
from .merge import NEVER_MERGE
from .recursion import forces_kmalloc
from .slub import Slub
from .validate import SWITCHES, list_locations, store_switch, store_validate
from .vfs import Dir, File, Node

if TYPE_CHECKING:
    from .machine import Machine

ATTRIBUTES: Final = (
    "slab_size", "object_size", "objs_per_slab", "order", "objects", "slabs", "partial", "cpu_slabs", "ctor", "aliases",
    "align", "hwcache_align", "reclaim_account", "destroy_by_rcu", "sanity_checks", "red_zone", "poison", "store_user", "trace",
    "validate", "shrink", "alloc_calls", "free_calls", "cache_account",
)  # fmt: skip


OF_SLAB: Final = ("shrink", "cache_account")


class SlabRootDir(Dir):
    """The directory /sys/slab. SLAB of the era had none: there it is kmemlab's own, for `cache_account` and `shrink`."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def names(self) -> list[str]:
        """Name the caches, by name; with merging also the directories that the names are links to."""
        merged = (
            [] if self.machine.slub.nomerge else [unique_id(cache) for cache in self.machine.slub.caches if mergeable(cache)]
        )
        return sorted([*merged, *self.machine.caches])

    def get(self, name: str) -> Node | None:
        """Find a cache's directory, by one of its names or its unique id."""
        cache = self.machine.caches.get(name)
        if cache is None and name.startswith(":") and name in self.names():
            cache = next(each for each in self.machine.slub.caches if mergeable(each) and unique_id(each) == name)
        return None if cache is None else CacheDir(self.machine, cache, name)


def mergeable(cache: KmemCache) -> bool:
    """Say whether another cache could become a name of this one."""
    return not (cache.flags & NEVER_MERGE or cache.ctor)


def unique_id(cache: KmemCache) -> str:
    """Name the directory of a mergeable cache: ":0000256", ":a-0000208" (`create_unique_id`)."""
    letters = "".join(
        letter for flag, letter in ((CACHE_DMA, "d"), (RECLAIM_ACCOUNT, "a"), (DEBUG_FREE, "F")) if cache.flags & flag
    )
    return f":{letters}{'-' if letters else ''}{int(cache.size):07d}"


class CacheDir(Dir):
    """The directory of one cache, by one of its names."""

    def __init__(self, machine: Machine, cache: KmemCache, name: str) -> None:
        self.machine = machine
        self.cache = cache
        self.name = name

    def names(self) -> list[str]:
        """Name the files."""
        return list(ATTRIBUTES if isinstance(self.machine.slub, Slub) else OF_SLAB)

    def get(self, name: str) -> Node | None:
        """Find a file."""
        slub = self.machine.slub
        if name == "cache_account":
            return File(self.show_account, self.store_account)
        if name == "shrink":
            return File(nothing, self.store_shrink)
        if not isinstance(slub, Slub):
            return None
        if name == "validate":
            cpu = self.machine.current.cpu
            return File(nothing, lambda text: store_validate(slub, self.cache, text, cpu))
        if name in ("alloc_calls", "free_calls"):
            return File(lambda: list_locations(self.cache, name == "free_calls"))
        if name in SWITCHES:
            return File(lambda: self.show(name), lambda text: store_switch(self.cache, name, text))
        if name in ATTRIBUTES:
            return File(lambda: self.show(name))
        return None

    def show(self, name: str) -> str:
        """Return a number as a line."""
        cache = self.cache
        numbers = {
            "slab_size": cache.size,
            "object_size": cache.objsize,
            "objs_per_slab": cache.objects,
            "order": cache.order,
            "objects": slab_objects(cache),
            "slabs": cache.nr_slabs,
            "partial": cache.nr_partial,
            "cpu_slabs": cpu_slabs(cache),
            "aliases": cache.refcount - 1,
            "align": cache.align,
            "hwcache_align": int(bool(cache.flags & HWCACHE_ALIGN)),
            "reclaim_account": int(bool(cache.flags & RECLAIM_ACCOUNT)),
            "destroy_by_rcu": int(bool(cache.flags & DESTROY_BY_RCU)),
            "sanity_checks": int(bool(cache.flags & DEBUG_FREE)),
            "red_zone": int(bool(cache.flags & RED_ZONE)),
            "poison": int(bool(cache.flags & POISON)),
            "store_user": int(bool(cache.flags & STORE_USER)),
            "trace": int(bool(cache.flags & TRACE)),
        }
        if name == "ctor":
            return f"{cache.name}_init_once\n" if cache.ctor else ""
        return f"{numbers[name]}\n"

    def show_account(self) -> str:
        """Say whether objects of this cache are charged."""
        return f"{self.machine.patchset.toggle(self.machine.accounted(self.cache))}\n"

    def store_account(self, text: str) -> None:
        """Switch accounting.

        Raises:
            KernelError: as `Patchset.read_toggle`, `Machine.account`.
        """
        on = self.machine.patchset.read_toggle(text)
        if self.cache.family & KMALLOC and self.name != self.cache.name and not forces_kmalloc(self.machine):
            raise invalid(f"kmalloc caches cannot be accounted, and {self.name} is {self.cache.name}: boot with slub_nomerge.")
        self.machine.account(self.cache, on)

    def store_shrink(self, text: str) -> None:
        """Give empty slabs back; SLUB also sorts the partial list.

        Raises:
            KernelError: EINVAL for anything but "1".
        """
        if text[:1] != "1":
            raise invalid('Write "1" to shrink this cache.')
        shrink_cache(self.machine.slub, self.cache, self.machine.current.cpu)


def nothing() -> str:
    """Return what `shrink` and `validate` say when they are read: they have a reader, and it gives no byte."""
    return ""


def cpu_slabs(cache: KmemCache) -> int:
    """Count the cpus that have a slab of a cache in hand."""
    return sum(cpu.slab is not None for cpu in cache.cpu_slab)


def slab_objects(cache: KmemCache) -> int:
    """Count objects as `slab_objects` does: inuse of cpu and partial slabs, and every object of the slabs it cannot see."""
    held = [cpu.slab.inuse for cpu in cache.cpu_slab if cpu.slab is not None]
    partial = [slab.inuse for slab in cache.partial_list()]
    full = cache.nr_slabs - len(held) - len(partial)
    return sum(held) + sum(partial) + full * cache.objects
