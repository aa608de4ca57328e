"""Which controller a machine boots with, by what "off" is to be able to do; its state, and its invariants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import require
from .off import CHARGED_LIST, DRAIN, EMPTY, FULL_LIST, OffController
from .off_drain import DrainController
from .off_lists import ChargedListController, FullListController
from .off_walk import WalkController
from .slub import Slub
from .types import NONE

if TYPE_CHECKING:
    from .allocator import Allocator
    from .kmem import KmemController
    from .machine import Machine
    from .notify import SlabNotifier


def choose(design: str, plain: KmemController, slub: Allocator, notifier: SlabNotifier) -> KmemController:
    """Return the controller of a design, registered: for "empty" and for SLAB the letter's own. Asked at boot."""
    chosen: KmemController = plain
    if not isinstance(slub, Slub):
        notifier.register(plain)  # SLAB lists every slab: it needs no design (slab_admin.py)
        return plain
    if design == FULL_LIST:
        chosen = FullListController(plain, slub, notifier)
    elif design == CHARGED_LIST:
        chosen = ChargedListController(plain, slub, notifier)
    elif design == DRAIN:
        chosen = DrainController(plain, slub, notifier)
    elif design != EMPTY:
        chosen = WalkController(plain, slub, notifier)
    notifier.register(chosen)
    if isinstance(chosen, OffController):
        notifier.register(chosen.closer)
    return chosen


def off_state(machine: Machine) -> dict[str, Any]:
    """Return what a design knows; nothing for the letter's rule."""
    return {"off": machine.kmem.state()} if isinstance(machine.kmem, OffController) else {}


def restore_off(machine: Machine, saved: dict[str, Any]) -> None:
    """Become what `off_state` said, once caches, slabs and listeners are there."""
    if isinstance(machine.kmem, OffController):
        machine.kmem.restore(saved)


def check_off(machine: Machine) -> None:
    """An array is there only where something is charged or drains, and the designs' own lists and counts are right.

    Raises:
        CheckError: at the first that is not so.
    """
    kmem = machine.kmem
    if not isinstance(kmem, OffController):
        return
    arrays: dict[str, list[tuple[int, int]]] = {}
    owned: dict[tuple[str, int], int] = {}
    stopped = machine.log is not None and machine.log.stopped
    for cache in machine.slub.caches:
        arrays[cache.name] = []
    for pfn, slab in enumerate(machine.slub.slab_of):
        if slab is not None and slab.has_owners and slab.pfn == pfn:
            arrays[slab.cache.name].append((int(slab.number), int(slab.generation)))
            which = slab.cache.name, int(slab.generation)
            owned[which] = owned.get(which, 0) + sum(owner != NONE for owner in slab.owners)
    for cache in machine.slub.caches:
        found = sorted(arrays[cache.name])
        if isinstance(kmem, DrainController):
            counts = kmem.arrays.get(cache.name, [0])
            of_each = [sum(generation == each for _, generation in found) for each in range(len(counts))]
            require(of_each == counts, "arrays are counted by generation", [cache.name, of_each, counts])
            charged = kmem.charged.get(cache.name, [0])
            of_each = [owned.get((cache.name, each), 0) for each in range(len(counts))]
            require(of_each == charged, "what drains is counted by generation", [cache.name, of_each, charged])
            for off in kmem.offs:
                grown = off.cache == cache.name and charged[off.generation] > off.left
                require(not grown, "an old generation only drains", [cache.name, off.generation, charged, int(off.left)])
            hears = kmem.closer in cache.listeners
            require(stopped or hears == bool(kmem.draining(cache.name)), "who drains hears of frees", cache.name)
            continue
        require(stopped or not found or kmem in cache.listeners, "off takes every array away", [cache.name, found])
        if isinstance(kmem, ChargedListController):
            listed = sorted(kmem.charged.get(cache.name, {}))
            require(listed == [number for number, _ in found], "charged slabs are listed", [cache.name, listed, found])
