"""What is in the bytes of a SLUB_DEBUG slab: poison, red zones, free pointers, tracking records, padding. mm/slub.c 2.6.24.

Nothing is filled in. What a byte *should* be follows from the state (in use or free, which object is next), and only bytes
that somebody overwrote are kept. An object, from its address on (facts 2.11):

    objsize bytes   the object: 0x6b, the last byte 0xa5, while it is free (POISON); its owner's while it is in use
    up to inuse     red zone: 0xcc in use, 0xbb free (RED_ZONE); else alignment padding, 0x5a (POISON)
    8 bytes         the free pointer, where POISON, RCU or a constructor keeps it out of the object; it stays after the alloc
    48 bytes        who allocated it, who freed it (STORE_USER)
    up to size      padding: 0x5a (POISON). So is the rest of the slab behind its last object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .geometry import DESTROY_BY_RCU, POISON, RED_ZONE, STORE_USER, TRACK
from .types import IN_USE, NONE, PAGE_OFFSET, PAGE_SIZE, POINTER

if TYPE_CHECKING:
    from .kmem_cache import KmemCache, Slab

POISON_INUSE: Final = 0x5A  # padding
POISON_FREE: Final = 0x6B
POISON_END: Final = 0xA5  # the last byte of a poisoned object
RED_INACTIVE: Final = 0xBB
RED_ACTIVE: Final = 0xCC
UNKNOWN: Final = -1  # bytes that are their owner's, or that nobody set: no check looks at them
WILD: Final = -3  # a free pointer that leads to no object of its slab

OBJECT: Final = "object"
REDZONE: Final = "red zone"
ALIGNMENT: Final = "alignment padding"
FREE_POINTER: Final = "free pointer"
TRACKS: Final = "tracking record"
PADDING: Final = "padding"
TAIL: Final = "padding of the slab"


class SlabDebug:
    """What a slab of a SLUB_DEBUG cache has besides (the page flag SlabDebug).

    Attributes:
        wrong: offset in the slab -> the byte somebody put there, where it is not what it should be.
        stale: object in use -> the free object its free pointer still names. Only where that stands behind the object.
        allocs, frees: object -> pid and cpu of who did it last (STORE_USER).
        lost: free objects that a broken or repaired list does not lead to any more: the kernel counts them as used.
        miscount: how much `inuse` is above the truth, until a check adjusts it.
    """

    __slots__ = ("allocs", "frees", "lost", "miscount", "stale", "wrong")

    def __init__(self) -> None:
        self.wrong: dict[int, int] = {}
        self.stale: dict[int, int] = {}
        self.allocs: dict[int, tuple[int, int]] = {}
        self.frees: dict[int, tuple[int, int]] = {}
        self.lost: set[int] = set()
        self.miscount = 0

    def healthy(self) -> bool:
        """Say whether no check can find anything: nothing is overwritten, lost or miscounted."""
        return not self.wrong and not self.lost and self.miscount == 0


def marks(slab: Slab) -> SlabDebug:
    """Return what a debugged slab has besides."""
    debug = slab.debug
    assert debug is not None
    return debug


def object_poison(cache: KmemCache) -> bool:
    """Say whether free objects are poisoned (__OBJECT_POISON): not under RCU, and not what a constructor has filled."""
    return bool(cache.flags & POISON) and not cache.flags & DESTROY_BY_RCU and not cache.ctor


def end_of_metadata(cache: KmemCache) -> int:
    """Offset in an object behind free pointer and tracking records: where its padding begins."""
    end = cache.inuse
    if cache.offset:
        end += POINTER
    if cache.flags & STORE_USER:
        end += 2 * TRACK
    return end


def region(slab: Slab, at: int) -> tuple[int, int, str]:
    """Say what stands at an offset of a slab: the object's number, the offset in it, one of the words above."""
    cache = slab.cache
    number, within = divmod(at, int(cache.size))
    free = number < cache.objects and slab.link[number] != IN_USE
    if number >= cache.objects:
        return number, within, TAIL
    if cache.objsize <= within < cache.inuse and cache.flags & RED_ZONE:
        return number, within, REDZONE
    if cache.offset <= within < cache.offset + POINTER and (cache.offset or free):
        return number, within, FREE_POINTER
    if within < cache.objsize:
        return number, within, OBJECT
    if within < cache.inuse:
        return number, within, ALIGNMENT
    return number, within, TRACKS if within < end_of_metadata(cache) else PADDING


def should_be(slab: Slab, at: int) -> int:
    """Return the byte that belongs at an offset of a slab, UNKNOWN where no check could say."""
    cache = slab.cache
    number, within, what = region(slab, at)
    if what == REDZONE:
        return RED_ACTIVE if slab.link[number] == IN_USE else RED_INACTIVE
    if what == FREE_POINTER:
        return pointer_bytes(slab, linked(slab, number))[within - cache.offset]
    if what == OBJECT:
        if slab.link[number] == IN_USE or not object_poison(cache):
            return UNKNOWN
        return POISON_END if within == cache.objsize - 1 else POISON_FREE
    if what in (ALIGNMENT, PADDING, TAIL) and cache.flags & POISON:
        return POISON_INUSE
    return UNKNOWN


def byte_at(slab: Slab, at: int) -> int:
    """Return the byte that is at an offset of a slab."""
    wrong = marks(slab).wrong
    return wrong[at] if at in wrong else should_be(slab, at)


def put_byte(slab: Slab, at: int, value: int) -> None:
    """Overwrite a byte. What is the right one is forgotten, and so is what no check could look at."""
    right = should_be(slab, at)
    wrong = marks(slab).wrong
    if right in (value, UNKNOWN):
        wrong.pop(at, None)
    else:
        wrong[at] = value


def rewritten(slab: Slab, first: int, behind: int) -> None:
    """Forget what was overwritten from `first` to before `behind`: the allocator has just written there."""
    wrong = marks(slab).wrong
    for at in [at for at in wrong if first <= at < behind]:
        del wrong[at]


def init_object(slab: Slab, number: int) -> None:
    """The allocator writes poison and red zone anew (`init_object`); what its state is now says which.

    A free pointer inside the object is part of what it writes: at free it is set, at alloc the owner gets the memory.
    """
    cache = slab.cache
    start = number * int(cache.size)
    rewritten(slab, start, start + max(POINTER, cache.inuse if cache.flags & RED_ZONE else cache.objsize))


# -- free pointers


def linked(slab: Slab, number: int) -> int:
    """The object that a free pointer should name, NONE for NULL: the next free one, or the one that was when it was taken."""
    link: int = slab.link[number]
    return marks(slab).stale.get(number, NONE) if link == IN_USE else link


def pointer_bytes(slab: Slab, number: int) -> bytes:
    """Return the 8 bytes of a free pointer to an object: its address, or NULL."""
    base: int = slab.base
    size: int = slab.cache.size
    return (PAGE_OFFSET + base + number * size if number >= 0 else 0).to_bytes(POINTER, "little")


def named_by(slab: Slab, pointer: bytes) -> int:
    """Return the object that 8 bytes point to, NONE for NULL, WILD for anything else (`check_valid_pointer`)."""
    value = int.from_bytes(pointer, "little")
    if value == 0:
        return NONE
    base: int = slab.base
    size: int = slab.cache.size
    number, rest = divmod(value - PAGE_OFFSET - base, size)
    return number if rest == 0 and 0 <= number < slab.cache.objects else WILD


def pointer_at(slab: Slab, number: int) -> int:
    """Follow an object's free pointer as it is in memory: an object, NONE or WILD (`get_freepointer`)."""
    start = number * int(slab.cache.size) + slab.cache.offset
    wrong = marks(slab).wrong
    if not any(at in wrong for at in range(start, start + POINTER)):
        return linked(slab, number)
    return named_by(slab, bytes(byte_at(slab, at) for at in range(start, start + POINTER)))


def set_pointer(slab: Slab, number: int, target: int) -> None:
    """Write an object's free pointer (`set_freepointer`). The lists may have to be counted again: see `recount`."""
    if slab.link[number] == IN_USE:
        marks(slab).stale[number] = target
    else:
        slab.link[number] = target
    start = number * int(slab.cache.size) + slab.cache.offset
    rewritten(slab, start, start + POINTER)


def recount(slab: Slab) -> None:
    """Note which free objects no list leads to, and by how much `inuse` is off, after a free pointer was written by force."""
    debug = marks(slab)
    listed = slab.chain(slab.freelist)
    debug.lost = {number for number in range(slab.cache.objects) if slab.link[number] != IN_USE} - set(listed)
    debug.miscount = int(slab.inuse) - (int(slab.cache.objects) - len(listed))


# -- what the allocator writes as objects come and go


def note_alloc(slab: Slab, number: int, after: int, pid: int, cpu: int) -> None:
    """An object was taken and is the caller's: its pointer keeps naming `after`, its record says who."""
    debug = marks(slab)
    cache = slab.cache
    if cache.offset:
        debug.stale[number] = after
    if cache.flags & STORE_USER:
        debug.allocs[number] = (pid, cpu)
    if debug.wrong:
        init_object(slab, number)


def note_free(slab: Slab, number: int, pid: int, cpu: int) -> None:
    """An object has gone back on its page's list. Nothing to note on a slab that is not debugged."""
    debug = slab.debug
    if debug is None:
        return
    cache = slab.cache
    debug.stale.pop(number, None)
    if cache.flags & STORE_USER:
        debug.frees[number] = (pid, cpu)
    if debug.wrong:
        init_object(slab, number)
        start = number * int(cache.size) + cache.offset
        rewritten(slab, start, start + POINTER)


def bytes_of(slab: Slab) -> int:
    """Bytes of a slab."""
    order: int = slab.cache.order
    return PAGE_SIZE << order
