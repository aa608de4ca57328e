"""The checks of SLUB_DEBUG: at every alloc and free, when a slab goes, and on request. mm/slub.c 2.6.24, facts 2.11.

A check that finds a wrong byte says so in the kernel's log, puts the right one back and says that too. So a second look finds
nothing. What cannot be put right is given up: a slab whose next object is damaged counts as used up from then on, and a
damaged object that is freed is not freed. kmemlab's choices: 2.6.23 checks as 2.6.24 does (recollection); addresses of slabs
stand where the kernel prints a struct page; and where the padding behind a slab's last object was overwritten only that is
restored (2.6.23 and 2.6.24 filled the *whole slab* with 0x5a, objects in use and all: a bug, mended in 2.6.32).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .geometry import DEBUG_FREE, POISON, RED_ZONE, STORE_USER, TRACE
from .kmem_cache import KmemCache, Slab
from .printk import KernelLog, shown
from .slub_debug import (
    POISON_END,
    POISON_FREE,
    POISON_INUSE,
    RED_ACTIVE,
    RED_INACTIVE,
    UNKNOWN,
    WILD,
    byte_at,
    bytes_of,
    end_of_metadata,
    marks,
    object_poison,
    pointer_at,
    put_byte,
    recount,
    set_pointer,
)
from .types import NONE, POINTER

if TYPE_CHECKING:
    from .slub import Slub

MOST_SHOWN: Final = 128  # bytes of an object that a report prints
ANY_CHECK: Final = DEBUG_FREE | RED_ZONE | POISON | STORE_USER  # DEBUG_DEFAULT_FLAGS


def address(slab: Slab, number: int) -> int:
    """Address of an object, NONE for none."""
    base: int = slab.base
    return base + number * int(slab.cache.size) if number >= 0 else NONE


# -- reports


def object_bug(log: KernelLog, slab: Slab, number: int, words: str) -> None:
    """Report a bug in one object (`object_err`)."""
    log.bug(slab.cache.name, words)
    print_object(log, slab, number)


def print_slab(log: KernelLog, slab: Slab) -> None:
    """Say which slab it is (`print_page_info`)."""
    log.say(f"INFO: Slab {shown(address(slab, 0))} used={slab.inuse} fp={shown(address(slab, slab.freelist))}")


def print_object(log: KernelLog, slab: Slab, number: int) -> None:
    """Print who had an object and what is in it (`print_trailer`); neither the callers' addresses nor times are modelled."""
    cache = slab.cache
    debug = marks(slab)
    for word, records in (("Allocated", debug.allocs), ("Freed", debug.frees)):
        if number in records:
            pid, cpu = records[number]
            log.say(f"INFO: {word} cpu={cpu} pid={pid}")
    print_slab(log, slab)
    here = address(slab, number)
    start = number * int(cache.size)
    next_ = "?"
    first = start + cache.offset
    if cache.offset or byte_at(slab, first) != UNKNOWN:
        next_ = f"0x{int.from_bytes(bytes(byte_at(slab, at) for at in range(first, first + POINTER)), 'little'):016x}"
    log.say(f"INFO: Object {shown(here)} @offset={start} fp={next_}")
    print_bytes(log, slab, "Object", start, min(cache.objsize, MOST_SHOWN))
    if cache.flags & RED_ZONE:
        print_bytes(log, slab, "Redzone", start + cache.objsize, cache.inuse - cache.objsize)
    end = end_of_metadata(cache)
    print_bytes(log, slab, "Padding", start + end, int(cache.size) - end)


def print_bytes(log: KernelLog, slab: Slab, what: str, first: int, count: int) -> None:
    """Print bytes, 16 a line; nothing where all of them are the owner's, whose memory is not modelled."""
    values = [byte_at(slab, at) for at in range(first, first + count)]
    if all(value == UNKNOWN for value in values):
        return
    for row in range(0, count, 16):
        words = " ".join("??" if value == UNKNOWN else f"{value:02x}" for value in values[row : row + 16])
        log.say(f"{what:>8} {shown(int(slab.base) + first + row)}:  {words}")


# -- checks


def check_bytes(log: KernelLog, slab: Slab, number: int, what: str, first: int, value: int, count: int) -> bool:
    """See that `count` bytes are all `value`; report and restore those that are not (`check_bytes_and_report`)."""
    faults = [at for at in range(first, first + count) if byte_at(slab, at) != value]
    if not faults:
        return True
    base: int = slab.base
    log.bug(slab.cache.name, f"{what} overwritten")
    ends = f"{shown(base + faults[0])}-{shown(base + faults[-1])}"
    log.say(f"INFO: {ends}. First byte 0x{byte_at(slab, faults[0]):x} instead of 0x{value:x}")
    print_object(log, slab, number)
    restore(log, slab, faults[0], faults[-1], value)
    return False


def restore(log: KernelLog, slab: Slab, first: int, last: int, value: int) -> None:
    """Put bytes right (`restore_bytes`)."""
    base: int = slab.base
    log.fix(slab.cache.name, f"Restoring {shown(base + first)}-{shown(base + last)}=0x{value:x}")
    for at in range(first, last + 1):
        put_byte(slab, at, value)


def check_object(log: KernelLog, slab: Slab, number: int, active: bool) -> bool:
    """Check one object as one in use or as a free one (`check_object`). False: the first damage is reported and mended.

    Padding does not make it false: it is mended, and the object is as good as before.
    """
    cache = slab.cache
    start = number * int(cache.size)
    slack = cache.inuse - cache.objsize
    if cache.flags & RED_ZONE:
        red = RED_ACTIVE if active else RED_INACTIVE
        if not check_bytes(log, slab, number, "Redzone", start + cache.objsize, red, slack):
            return False
    elif cache.flags & POISON:
        check_bytes(log, slab, number, "Alignment padding", start + cache.objsize, POISON_INUSE, slack)
    if cache.flags & POISON:
        if not active and object_poison(cache):
            last = start + cache.objsize - 1
            if not check_bytes(log, slab, number, "Poison", start, POISON_FREE, cache.objsize - 1):
                return False
            if not check_bytes(log, slab, number, "Poison", last, POISON_END, 1):
                return False
        end = end_of_metadata(cache)
        check_bytes(log, slab, number, "Object padding", start + end, POISON_INUSE, int(cache.size) - end)
    if active and not cache.offset:
        return True  # the free pointer would be where the owner's bytes are
    if pointer_at(slab, number) == WILD:
        object_bug(log, slab, number, "Freepointer corrupt")
        set_pointer(slab, number, NONE)  # whatever came behind it is lost
        recount(slab)
        return False
    return True


def check_slab(log: KernelLog, slab: Slab) -> bool:
    """Check a slab's count and its tail (`check_slab`, `slab_pad_check`). False if the count cannot be."""
    cache = slab.cache
    if slab.inuse > cache.objects:
        log.bug(cache.name, f"inuse {slab.inuse} > max {cache.objects}")
        print_slab(log, slab)
        return False
    tail = int(cache.objects) * int(cache.size)
    faults = [at for at in range(tail, bytes_of(slab)) if cache.flags & POISON and byte_at(slab, at) != POISON_INUSE]
    if faults:
        base: int = slab.base
        log.bug(cache.name, f"Padding overwritten. {shown(base + faults[0])}-{shown(base + faults[-1])}")
        print_slab(log, slab)
        restore(log, slab, faults[0], faults[-1], POISON_INUSE)
    return True


def on_freelist(log: KernelLog, slab: Slab, search: int) -> bool:
    """Walk a page's free list up to an object; to its end for NONE, which is always found (`on_freelist`).

    A wild pointer on the way is cut off, and a count that does not fit is adjusted.
    """
    cache = slab.cache
    found = 0
    before = NONE
    number: int = slab.freelist
    while number != NONE and found <= cache.objects:
        if number == search:
            return True
        if number == WILD:
            object_bug(log, slab, before, "Freechain corrupt")
            set_pointer(slab, before, NONE)
            recount(slab)
            break
        before = number
        number = pointer_at(slab, number)
        found += 1
    counted = int(cache.objects) - found
    if slab.inuse != counted:
        log.bug(cache.name, f"Wrong object count. Counter is {slab.inuse} but counted were {counted}")
        print_slab(log, slab)
        slab.inuse = counted
        log.fix(cache.name, "Object count adjusted.")
        recount(slab)
    return search == NONE


# -- where the allocator checks


def alloc_debug_processing(slub: Slub, slab: Slab) -> bool:
    """Check the object that is about to be handed out (`alloc_debug_processing`).

    False: its slab now counts as used up, all of it, and the caller takes another one.
    """
    log = slub.printk
    number: int = slab.freelist
    if not marks(slab).healthy() and not (check_slab(log, slab) and check_object(log, slab, number, False)):
        log.fix(slab.cache.name, "Marking all objects used")
        slab.inuse = slab.cache.objects
        slab.freelist = NONE
        recount(slab)
        return False
    if slab.cache.flags & TRACE:
        say_trace(log, slab, number, "alloc")
    return True


def free_debug_processing(slub: Slub, slab: Slab, number: int) -> bool:
    """Check an object in use that is about to be free (`free_debug_processing`). False: it stays as it is, for good."""
    log = slub.printk
    if not marks(slab).healthy():
        if not check_slab(log, slab):
            log.fix(slab.cache.name, f"Object at {shown(address(slab, number))} not freed")
            return False
        on_freelist(log, slab, number)
        if not check_object(log, slab, number, True):
            return False
    if slab.cache.flags & TRACE:
        say_trace(log, slab, number, "free")
    return True


def say_trace(log: KernelLog, slab: Slab, number: int, word: str) -> None:
    """Say what happens to an object of a cache that is traced (`trace`)."""
    where = f"{shown(address(slab, number))} inuse={slab.inuse} fp={shown(address(slab, slab.freelist))}"
    log.say(f"TRACE {slab.cache.name} {word} {where}")


def check_discarded(slub: Slub, slab: Slab) -> None:
    """Look at a slab for the last time before its pages go (`__free_slab`)."""
    if marks(slab).healthy():
        return
    check_slab(slub.printk, slab)
    for number in range(slab.cache.objects):
        check_object(slub.printk, slab, number, False)


def validate_slab(log: KernelLog, slab: Slab) -> None:
    """Check a slab, the free objects in the order of their list, then the others; ends at the first damaged object."""
    if marks(slab).healthy() or not check_slab(log, slab):
        return
    on_freelist(log, slab, NONE)
    free = slab.chain(slab.freelist)
    for number in free:
        if not check_object(log, slab, number, False):
            return
    for number in range(slab.cache.objects):
        if number not in free and not check_object(log, slab, number, True):
            return


def lists_checked(cache: KmemCache) -> list[Slab]:
    """List what `validate` finds when no cpu holds a slab: partial ones, and full ones where they are tracked."""
    return cache.partial_list() + (cache.full or [])


def say_if_unmarked(log: KernelLog, slab: Slab) -> None:
    """Say so where a slab is older than its cache's flags."""
    name = slab.cache.name
    if slab.cache.flags & ANY_CHECK and slab.debug is None:
        log.say(f"SLUB {name}: SlabDebug not set on slab {shown(address(slab, 0))}")
    elif not slab.cache.flags & ANY_CHECK and slab.debug is not None:
        log.say(f"SLUB {name}: SlabDebug set on slab {shown(address(slab, 0))}")
