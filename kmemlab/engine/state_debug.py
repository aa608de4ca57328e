"""What SLUB_DEBUG adds to a slab's state, as plain JSON values, and back; and caches whose flags were switched at runtime."""

from __future__ import annotations

from typing import Any

from .kmem_cache import KmemCache, Slab
from .slub_debug import SlabDebug
from .slub_flags import switch_flags
from .types import IN_USE


def debug_state(slab: Slab) -> dict[str, Any]:
    """Describe a debugged slab. What nobody overwrote leaves no trace but stale pointers and tracking records."""
    debug = slab.debug
    assert debug is not None
    described: dict[str, Any] = {
        "wrong": [[at, debug.wrong[at]] for at in sorted(debug.wrong)],
        "stale": [[number, debug.stale[number]] for number in sorted(debug.stale)],
        "allocs": [[number, *debug.allocs[number]] for number in sorted(debug.allocs)],
        "frees": [[number, *debug.frees[number]] for number in sorted(debug.frees)],
        "lost": [[number, int(slab.link[number])] for number in sorted(debug.lost)],
        "miscount": debug.miscount,
    }
    return {key: value for key, value in described.items() if value}


def restore_debug(slab: Slab, saved: dict[str, Any] | None) -> None:
    """Give a slab that was made anew what `debug_state` said; None: it is not debugged, whatever its cache is."""
    if saved is None:
        slab.debug = None
        return
    debug = SlabDebug()
    debug.wrong = {at: byte for at, byte in saved.get("wrong", [])}
    debug.stale = {number: link for number, link in saved.get("stale", [])}
    debug.allocs = {number: (pid, cpu) for number, pid, cpu in saved.get("allocs", [])}
    debug.frees = {number: (pid, cpu) for number, pid, cpu in saved.get("frees", [])}
    for number, link in saved.get("lost", []):
        assert slab.link[number] == IN_USE
        after: int = link
        slab.link[number] = after
        debug.lost.add(number)
    debug.miscount = saved.get("miscount", 0)
    slab.inuse += debug.miscount
    slab.debug = debug


def restore_flags(cache: KmemCache, saved: dict[str, Any]) -> None:
    """Give a cache the flags it had; its slabs are restored after this."""
    if cache.flags != saved["flags"] or cache.size != saved["size"]:
        switch_flags(cache, saved["flags"])
