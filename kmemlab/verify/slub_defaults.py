"""Kind slub-defaults: boot-time settings, the kmalloc caches, and which size goes where, per kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..engine.kmalloc import Kmalloc, large_order
from ..engine.lowest_run import LowestRun
from ..engine.profiles import ERAS, Era
from ..engine.slub import Slub
from ..engine.types import MAX_OBJECT
from ..recordings import ForeignFileError, read_json
from .walk import Checked


def check(path: Path, checked: Checked) -> Checked:
    """Boot each modelled kernel's caches and compare; kernels without a model are named and left out."""
    recorded = read_json(path)
    if not isinstance(recorded, dict) or not all("kmalloc_caches" in each for each in recorded.values()):
        raise ForeignFileError(path, 1, "kmalloc_caches for each kernel", "something else")
    left_out = [kernel for kernel in recorded if kernel not in ERAS]
    with checked:
        for kernel, wanted in recorded.items():
            if kernel in ERAS:
                check_era(kernel, ERAS[kernel], wanted, checked)
    checked.kernel = ",".join(kernel for kernel in recorded if kernel in ERAS)
    if left_out:
        checked.reason = f"not modelled: {', '.join(left_out)}"
    return checked


def check_era(kernel: str, era: Era, wanted: dict[str, Any], checked: Checked) -> None:
    """Compare one kernel."""
    slub = Slub(LowestRun(1), 1, era.min_partial, era.full_to_tail)
    limits = era.limits()
    kmalloc = Kmalloc(slub, era.kmalloc_largest, limits)

    def same(name: str, expected: object, got: object) -> None:
        checked.count(checked.compare(0, f"{kernel} {name}", expected, got))

    settings = wanted["defaults"]
    same("MIN_PARTIAL", settings["MIN_PARTIAL"], slub.min_partial)
    same("slub_min_order", settings["slub_min_order"], limits.min_order)
    same("slub_max_order", settings["slub_max_order"], limits.max_order)
    same("slub_min_objects", settings["slub_min_objects"], limits.min_objects)
    same("slab_caches_list_order", wanted["slab_caches_list_order"], [cache.name for cache in slub.caches])
    by_name = {cache.name: cache for cache in slub.caches}
    for row in wanted["kmalloc_caches"]:
        cache = by_name.get(row["name"])
        got = cache and (cache.size, cache.objsize, cache.order, cache.objects)
        same(row["name"], (row["size"], row["objsize"], row["order"], row["objects"]), got)
    for size, cache_name, ksize in wanted["kmalloc_size_to_cache"]:
        same(f"kmalloc({size})", (cache_name, ksize), where_kmalloc_goes(kmalloc, size))


def where_kmalloc_goes(kmalloc: Kmalloc, size: int) -> tuple[str | None, int | None]:
    """Name the cache, or the order of the pages, and the bytes one gets; (None, None) above 4 MiB."""
    if size > MAX_OBJECT:
        return None, None
    cache = kmalloc.slab_for(size)
    if cache is None:
        order = large_order(size)
        return f"page allocator order {order}", 4096 << order
    return cache.name, cache.size
