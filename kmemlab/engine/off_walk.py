"""Off by a walk over all of memory. Nobody pays before; off itself looks at every page record to find its few slabs.

The walk goes from page record to page record: each knows which slab it is a part of (`virt_to_head_page`, `page->slab`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .off import Off, OffController

if TYPE_CHECKING:
    from .kmem_cache import KmemCache, Slab


class WalkController(OffController):
    """Walks every page record of the zone."""

    def charged_slabs(self, cache: KmemCache, off: Off) -> list[Slab]:
        """Find them by address."""
        found: list[Slab] = []
        pfn = 0
        for slab in self.slub.slab_of:
            if slab is not None and slab.cache is cache and slab.pfn == pfn and slab.has_owners:
                found.append(slab)
            pfn += 1
        off.visited = pfn
        return found
