"""A machine as plain JSON values, and back. One form serves equality, hashes, checkpoints and saved labs.

The event log is not part of it: an operation that was refused leaves the state equal, but it did happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .faults import restore_faults
from .kmem_cache import DEBUGGED, KmemCache, Slab
from .off_choice import off_state, restore_off
from .slab import SlabAllocator
from .slab_admin import slab_caches
from .slab_state import cache_state as slab_cache_state
from .slab_state import restore_slab_allocator
from .slub import Slub
from .state_containers import containers_state, restore_containers, restore_tasks, tasks_state
from .state_debug import debug_state, restore_debug, restore_flags
from .types import IN_USE, NONE, i16, i32, vec

if TYPE_CHECKING:
    from .machine import Machine


def state(machine: Machine) -> dict[str, Any]:
    """Return the state; `restore` takes it back."""
    pages = machine.slub.pages
    described: dict[str, Any] = {
        "profile": machine.profile.to_dict(),
        "zone": {"free": pages.free_blocks(), "used": pages.runs_in_use()},
        "caches": caches_state(machine),
        "containers": containers_state(machine.containers, machine.kmem_subsystem),
        "tasks": tasks_state(machine.tasks),
        "guests": guest_states(machine),
        "current": [machine.current.task.pid, machine.current.cpu],
        "tree": {
            "directories": machine.tree.root.paths(),
            "mounts": [[path, hierarchy.ident] for path, hierarchy in machine.tree.mounts.items()],
        },
        **off_state(machine),
    }
    said = machine.slub.printk.state()
    if said:
        described["dmesg"] = said
    if machine.rss is not None:
        described["rss"] = machine.rss.state()
    crashed = machine.crash.state()
    if crashed:
        described["crash"] = crashed
    knobs = machine.slub.faults.state()
    if knobs:
        described["faults"] = knobs
    more: dict[str, Any] = {
        "marked": machine.marked.state(), "vmalloc": machine.vmalloc.state(), "by_hand": machine.by_hand.state(),
    }  # fmt: skip
    return {**described, **{name: part for name, part in more.items() if part}}


def caches_state(machine: Machine) -> list[dict[str, Any]]:
    """Describe the caches of whichever allocator there is, and whether each is accounted."""
    slub = machine.slub
    if isinstance(slub, SlabAllocator):
        return [{**slab_cache_state(slub, cache), "accounted": machine.accounted(cache)} for cache in slab_caches(slub)]
    slabs: dict[str, list[Slab]] = {cache.name: [] for cache in machine.slub.caches}
    seen: Slab | None = None
    for slab in machine.slub.slab_of:
        if slab is not None and slab is not seen:
            slabs[slab.cache.name].append(slab)
        seen = slab
    return [cache_state(machine, cache, slabs[cache.name]) for cache in machine.slub.caches]


def restore(machine: Machine, saved: dict[str, Any]) -> None:
    """Become what `state` said of a machine of the same profile. Listeners of a lesson's own are switched off."""
    slub = machine.slub
    if isinstance(slub, SlabAllocator):
        restore_slab_allocator(slub, saved)
        for cache, each in zip(slub.caches, saved["caches"], strict=True):
            cache.listeners = [machine.kmem] if each["accounted"] else []
    else:
        slub.pages.restore(saved["zone"]["free"], saved["zone"]["used"])
        slub.slab_of = [None] * slub.pages.nr_pages
        slub.caches = [restore_cache(machine, each) for each in saved["caches"]]
    machine.caches = {name: cache for cache in machine.slub.caches for name in (cache.name, *cache.aliases)}
    for cache in machine.slub.caches:
        if cache.family:  # by the size that it is asked for: its objects may lie further apart (size-32 of SLAB, red zones)
            machine.kmalloc.caches[cache.objsize] = cache
    restore_tasks(machine.tasks, saved["tasks"])
    restore_containers(machine, saved["containers"])
    if machine.rss is not None:
        machine.rss.restore(saved["rss"])
    restore_off(machine, saved.get("off", {}))
    pid, cpu = saved["current"]
    machine.run_as(pid, cpu)
    for name, guest in machine.guests.items():
        guest.restore(saved["guests"].get(name))
    machine.slub.printk.restore(saved.get("dmesg", {}))
    machine.crash.restore(saved.get("crash", {}))
    restore_faults(machine, saved.get("faults", {}))
    machine.marked.restore(saved.get("marked", {}))
    machine.vmalloc.restore(saved.get("vmalloc", []))
    machine.by_hand.restore(saved.get("by_hand", []))
    tree = machine.tree
    tree.root.children = {}
    for path in saved["tree"]["directories"]:
        tree.root.add(path)
    by_ident = {hierarchy.ident: hierarchy for hierarchy in machine.containers.hierarchies}
    tree.mounts = {path: by_ident[ident] for path, ident in saved["tree"]["mounts"]}


def guest_states(machine: Machine) -> dict[str, Any]:
    """Describe the guests that have begun; one that has not (yet, or again) leaves no trace."""
    described = {name: guest.state() for name, guest in sorted(machine.guests.items())}
    return {name: each for name, each in described.items() if each is not None}


def cache_state(machine: Machine, cache: KmemCache, slabs: list[Slab]) -> dict[str, Any]:
    """Describe one cache: what it is, what each cpu holds, the partial list, and every slab."""
    return {
        "name": cache.name,
        "size": cache.size,
        "objsize": cache.objsize,
        "align": cache.align,
        "flags": cache.flags,
        "ctor": cache.ctor,
        "family": cache.family,
        "refcount": cache.refcount,
        "aliases": list(cache.aliases),
        "accounted": machine.accounted(cache),
        "births": cache.births,
        "cpus": [[c.slab.number, c.slab.chain(c.freelist)] if c.slab is not None else None for c in cache.cpu_slab],
        "partial": [slab.number for slab in cache.partial_list()],
        "full": [slab.number for slab in cache.full or []],
        "slabs": [slab_state(slab) for slab in slabs],
    }


def slab_state(slab: Slab) -> dict[str, Any]:
    """Describe one slab. What is on no free list is in use."""
    described: dict[str, Any] = {"number": slab.number, "pfn": slab.pfn, "free": slab.chain(slab.freelist)}
    if slab.has_owners:
        described["owners"] = list(slab.owners)
        described["array"] = slab.array
        if slab.generation:
            described["generation"] = slab.generation
    if slab.debug is not None:
        described["debug"] = debug_state(slab)
    return described


def restore_cache(machine: Machine, saved: dict[str, Any]) -> KmemCache:
    """Fill a cache that exists, or make one that was created later."""
    slub = machine.slub
    assert isinstance(slub, Slub)
    cache = machine.caches.get(saved["name"])
    kind = (saved["objsize"], saved["align"], saved["flags"] & ~DEBUGGED, saved["ctor"])
    if cache is None or (cache.objsize, cache.align, cache.flags & ~DEBUGGED, cache.ctor) != kind:
        machine.caches.pop(saved["name"], None)
        slub.caches = [each for each in slub.caches if each.name != saved["name"]]
        nomerge = slub.nomerge
        slub.nomerge = True  # it was a cache of its own
        cache = machine.create_cache(saved["name"], saved["objsize"], saved["align"], saved["flags"], saved["ctor"])
        slub.nomerge = nomerge
    restore_flags(cache, saved)
    cache.refcount = saved["refcount"]
    cache.aliases = list(saved["aliases"])
    cache.listeners = [machine.kmem] if saved["accounted"] else []
    for old in cache.partial_list():
        old.after = old.before = None  # neighbours point at each other: taken apart, they go at once
    cache.births = saved["births"]
    cache.nr_slabs = len(saved["slabs"])
    cache.partial = cache.last_partial = None
    cache.nr_partial = 0
    by_number: dict[int, Slab] = {}
    for each in saved["slabs"]:
        slab = restore_slab(cache, each)
        by_number[slab.number] = slab
        slub.claim(slab)
    for cpu, held in zip(cache.cpu_slab, saved["cpus"], strict=True):
        cpu.slab = None
        cpu.freelist = NONE
        if held is not None:
            cpu.slab = by_number[held[0]]
            cpu.slab.frozen = True
            cpu.freelist = link_up(cpu.slab, held[1])
    if cache.full is not None:
        cache.full = [by_number[number] for number in saved["full"]]
    for number in saved["partial"]:
        cache.add_partial(by_number[number], True)
    return cache


def restore_slab(cache: KmemCache, saved: dict[str, Any]) -> Slab:
    """Make a slab with every object in use, then put the free ones on its list."""
    slab = Slab(cache, saved["pfn"])
    slab.number = saved["number"]
    slab.link = vec[i16]([IN_USE] * cache.objects)
    slab.freelist = link_up(slab, saved["free"])
    slab.inuse = cache.objects - len(saved["free"])
    if "owners" in saved:
        slab.owners = vec[i32](saved["owners"])
        slab.has_owners = True
        slab.array = saved["array"]
        slab.generation = saved.get("generation", 0)
    restore_debug(slab, saved.get("debug"))
    return slab


def link_up(slab: Slab, numbers: list[int]) -> int:
    """Chain free objects in this order; returns the first, NONE for no objects."""
    after = NONE
    for number in reversed(numbers):
        slab.link[number] = after
        after = number
    return after
