"""Somebody overwrites kernel memory: the bug that SLUB_DEBUG is there to find. kmemlab's own: no kernel has such a call.

It is a user's act, not a broken machine: `check()` goes on holding. Only slabs of SLUB_DEBUG caches have contents here, so
elsewhere it is refused. Without SLUB_DEBUG the kernel would not notice either, until a free pointer that was overwritten
crashes it: that is what the checks are for.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .errors import KernelError, invalid
from .kmem_cache import Slab
from .slub_debug import (
    FREE_POINTER,
    OBJECT,
    TRACKS,
    UNKNOWN,
    WILD,
    byte_at,
    bytes_of,
    linked,
    named_by,
    put_byte,
    recount,
    region,
    set_pointer,
    should_be,
)
from .types import IN_USE, NONE, PAGE_SHIFT, POINTER

if TYPE_CHECKING:
    from .allocator import Allocator


def poke(slub: Allocator, address: int, values: bytes) -> str:
    """Write bytes to an address, all in one slab of a debugged cache; returns a sentence that says where they went.

    Raises:
        KernelError: EFAULT outside slabs and across the end of one; EINVAL for no bytes, for a slab that is not debugged, and
            for a free pointer to an object that may not be handed out: in use, or on the list already. The kernel would
            give it to a second owner; kmemlab's choice is to refuse. Nothing has changed then.
    """
    if not values:
        raise invalid("poke: say which bytes")
    pfn = address >> PAGE_SHIFT
    slab = slub.slab_of[pfn] if 0 <= pfn < slub.pages.nr_pages else None
    if slab is None:
        raise KernelError(errno.EFAULT, "there is no slab at this address: kmemlab has no contents for it")
    if slab.debug is None:
        name = slab.cache.name
        raise invalid(f"{name} is no SLUB_DEBUG cache: nobody would notice. Boot with slub_debug=FZPU,{name} to see it found.")
    first = address - int(slab.base)
    if first + len(values) > bytes_of(slab):
        raise KernelError(errno.EFAULT, "these bytes reach past the end of their slab: write fewer")
    written = {first + each: values[each] for each in range(len(values))}
    pointers = pointers_written(slab, written)
    check_list(slab, pointers)
    sentence = told(slab, first, values)
    for at, value in written.items():
        if region(slab, at)[2] != FREE_POINTER or pointers[region(slab, at)[0]] == WILD:
            put_byte(slab, at, value)
    for number, target in pointers.items():
        if target != WILD:
            set_pointer(slab, number, target)
    recount(slab)
    return sentence


def pointers_written(slab: Slab, written: dict[int, int]) -> dict[int, int]:
    """Map each object whose free pointer is written to what it will name: an object, NONE or WILD."""
    found: dict[int, int] = {}
    for at in written:
        number, _, what = region(slab, at)
        if what == FREE_POINTER and number not in found:
            start = number * int(slab.cache.size) + slab.cache.offset
            pointer = bytes(written[at] if at in written else byte_at(slab, at) for at in range(start, start + POINTER))
            found[number] = named_by(slab, pointer)
    return found


def check_list(slab: Slab, pointers: dict[int, int]) -> None:
    """See that the free list will lead to free objects only, and to each of them once.

    Raises:
        KernelError: EINVAL.
    """
    seen: set[int] = set()
    number: int = slab.freelist
    while number != NONE:
        if number in seen or slab.link[number] == IN_USE:
            why = "on the free list already" if number in seen else "in use"
            raise invalid(f"this free pointer would name object {number}, which is {why}: it would get a second owner")
        seen.add(number)
        after = linked(slab, number)
        number = pointers[number] if pointers.get(number, WILD) != WILD else after


def told(slab: Slab, first: int, values: bytes) -> str:
    """Say what is written where: "somebody wrote 0x12 behind kmalloc-16 slab 0 object 0: its red zone"."""
    words = " ".join(f"{value:#04x}" for value in values[:4]) + (" ..." if len(values) > 4 else "")
    number, within, what = region(slab, first)
    cache = slab.cache
    where = f"{cache.name} slab {slab.number}"
    if number >= cache.objects:
        return f"somebody wrote {words} behind the last object of {where}"
    used = slab.link[number] == IN_USE
    side = "into" if within < cache.objsize else "behind"
    thing = f"{where} object {number}"
    state = "in use" if used else "free"
    end = state if what == OBJECT else f"its {what}"
    if should_be(slab, first) == UNKNOWN:
        end += ", where no check looks" if what in (OBJECT, TRACKS) else ", which is not checked"
    return f"somebody wrote {words} {side} {thing}: {end}"
