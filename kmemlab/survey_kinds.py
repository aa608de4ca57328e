"""Who asks for kernel memory, kind by kind, and how much of it a container pays for: `Session.records("sites")`."""

from __future__ import annotations

from .engine.machine import Machine
from .engine.sites import BY_HAND, SITES, bytes_at, cache_objects, held_by_site, is_seen
from .records import SiteRow

OBJECTS = "objects"


def site_rows(machine: Machine) -> tuple[SiteRow, ...]:
    """Return the objects of named caches, every call site, and what was called by hand, with bytes seen and unseen.

    Left out are owner arrays and what else the allocator takes for itself: nobody asks for those.
    """
    rows = [SiteRow(OBJECTS, "cache", "kmem_cache_alloc", *cache_objects(machine), None)]
    for name, addresses in held_by_site(machine).items():
        seen = unseen = 0
        for address in addresses:
            size = bytes_at(machine, address)
            if is_seen(machine, address):
                seen += size
            else:
                unseen += size
        if name in SITES:
            kind, function, _ = SITES[name]
            rows.append(SiteRow(name, kind, function, len(addresses), seen, unseen, name in machine.marked.on))
        else:
            assert name in BY_HAND
            rows.append(SiteRow("by hand", name, name, len(addresses), seen, unseen, None))
    return tuple(rows)
