"""What marked calls are charged, checked against the memory: each owner is there, each address in use, each size its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .buddy import PAGES
from .errors import require
from .kmem_cache import KMALLOC
from .sites import SITES, bytes_at, kind_of
from .types import IN_USE, PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from .machine import Machine


def count_marked(machine: Machine, paid: dict[int, int], owned: dict[int, int]) -> None:
    """Add up what is paid for marked calls; each charge is for memory in use, of its kind and size, and for that once.

    Raises:
        CheckError: at the first that is not so.
    """
    marked = machine.marked
    for site in marked.on:
        require(site in SITES and kind_of(site) in marked.kinds, "only a site of a kind that is charged is marked", site)
    for address, (site, ident, size) in marked.paid.items():
        around = [site, address, ident, size]
        require(kind_of(site) in marked.kinds, "only kinds that are charged are paid for", around)
        require(is_in_use(machine, address, kind_of(site)), "what is paid for is in use", around)
        require(bytes_at(machine, address) == size, "a charge is what the memory takes", around)
        paid[ident] = paid.get(ident, 0) + size
        owned[ident] = owned.get(ident, 0) + 1


def is_in_use(machine: Machine, address: int, kind: str) -> bool:
    """Say whether an address is memory of a kind that somebody has, and that its cache does not charge already."""
    if kind == "vmalloc":
        return address in machine.vmalloc.areas
    pfn = address >> PAGE_SHIFT
    slab = machine.slub.slab_of[pfn]
    if slab is None:
        order: int = machine.slub.pages.used_order[pfn]
        return pfn << PAGE_SHIFT == address and order >= 0
    number, rest = divmod(int(address - slab.s_mem), int(slab.cache.size))
    in_use = rest == 0 and slab.link[number] == IN_USE
    return kind == "kmalloc" and bool(slab.cache.family & KMALLOC) and in_use and not charged_by_cache(machine, address)


def charged_by_cache(machine: Machine, address: int) -> bool:
    """Say whether an object has an owner in its slab's own array."""
    slab = machine.slub.slab_of[address >> PAGE_SHIFT]
    if slab is None or not slab.has_owners:
        return False
    return bool(slab.owners[(address - slab.s_mem) // slab.cache.size] >= 0)


def hold_by_hand(machine: Machine, held: list[tuple[str, int]], pages: list[int]) -> None:
    """Collect what was taken by hand and what vmalloc has: kmalloc objects of a slab, and single pages.

    Raises:
        CheckError: if areas or larger runs are not in use as they are said to be.
    """
    log = machine.log
    stopped = log is not None and log.stopped
    zone = machine.slub.pages
    end = 0
    for address in sorted(machine.vmalloc.areas):
        area = machine.vmalloc.areas[address]
        require(address == area.address >= end, "vmalloc areas are apart, a guard page between them", [address, end])
        end = address + (area.count + 1) * PAGE_SIZE
        require(stopped or len(area.pages) == area.count, "an area has all its pages", [address, area.pages])
        pages += area.pages
        held.append(("kmalloc", area.record))
        if area.array >= 0 and area.array not in machine.vmalloc.areas:
            hold_kmalloc(machine, held, area.array)
    for address, call, much in machine.by_hand.held:
        if call == "kmalloc":
            hold_kmalloc(machine, held, address)
        elif call == "vmalloc":
            require(address in machine.vmalloc.areas, "what vmalloc gave is an area", address)
        else:
            pfn = address >> PAGE_SHIFT
            good = zone.used_order[pfn] == much and zone.user[pfn] == PAGES
            require(good, "pages taken by hand are in use", [address, much])


def hold_kmalloc(machine: Machine, held: list[tuple[str, int]], address: int) -> None:
    """Collect a kmalloc object; a large one has pages of its own."""
    if machine.slub.slab_of[address >> PAGE_SHIFT] is not None:
        held.append(("kmalloc", address))
        return
    order: int = machine.slub.pages.used_order[address >> PAGE_SHIFT]
    require(order >= 0, "a large kmalloc has its pages", address)
