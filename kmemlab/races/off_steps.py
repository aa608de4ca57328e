"""Operations under a working design of off (engine/off.py): charges that look twice, frees that claim, and off in its steps.

Whoever writes to cache_account has the file to himself (kmemlab's choice): an "on" waits for an off that walks. One that
drains is through at once. Off pays one slab back in a step, under the slab's lock; a claim is a step under it, too.
"""

from __future__ import annotations

from typing import Final

from ..engine.errors import invalid
from ..engine.off import DRAIN, Off, OffController
from ..engine.types import NONE
from .at import CACHE, At
from .steps import CHARGE, FIND, GET, READ_LOCK, READ_UNLOCK, UNCHARGE, UNWIND, Made, Step, Steps, perform


def off_kmem(at: At) -> OffController:
    """Return the controller.

    Raises:
        KernelError: EINVAL, if the machine has the letter's.
    """
    if not isinstance(at.machine.kmem, OffController):
        raise invalid("This operation needs a machine with another off: Scene(..., off='drain').")
    return at.machine.kmem


def take(at: At) -> None:
    """Take an object; it is to be charged if its slab is."""
    at.take()
    at.heard = at.slab is not None and at.heard and off_kmem(at).charges(at.slab)


def settle(at: At) -> None:
    """Write the owner down, or give back what was charged if accounting is off by now."""
    group = at.look("css_put")
    assert at.slab is not None
    stored = off_kmem(at).settle(at.slab, at.slot, group)
    where = at.path_of(group)
    at.told = f"writes {where} down as the owner" if stored else f"sees that accounting is off: {where} is uncharged again"


def claim(at: At) -> None:
    """Read the owner and clear it, if there is an array and somebody who hears of the free."""
    kmem, slab = off_kmem(at), at.slab
    assert slab is not None
    at.group = None
    if slab.has_owners and (kmem in slab.cache.listeners or kmem.closer in slab.cache.listeners):
        at.group = kmem.claim(slab, at.slot)
    at.told = f"claims the object of {at.path_of(at.group)}" if at.group is not None else "finds no owner"


def drop(at: At) -> None:
    """Drop the reference that came with the claim."""
    group = at.look("css_put")
    off_kmem(at).drop(group)
    at.told = f"drops the reference on {at.path_of(group)}: {group.refs + 1} -> {group.refs}"


def give(at: At) -> None:
    """Give the object back. Listeners hear of it, and find no owner."""
    at.machine.slub.kmem_cache_free(at.address, at.machine.current.cpu)
    at.told = "gives the object back"


def stop(at: At) -> None:
    """Charge no more."""
    kmem, cache = off_kmem(at), at.machine.find_cache(CACHE)
    at.refused = kmem not in cache.listeners
    if not at.refused:
        cache.listeners = [each for each in cache.listeners if each is not kmem]
        kmem.stop(cache)
    at.told = f"{CACHE} is off already" if at.refused else f"stops charging for {CACHE}"


def take_back(at: At) -> None:
    """Pay the next charged slab back; `refused` when there is none."""
    kmem = off_kmem(at)
    slabs = kmem.charged_slabs(at.machine.find_cache(CACHE), Off(CACHE, 0, 0))
    at.refused = not slabs
    if slabs:
        kmem.take_back(slabs[0], Off(CACHE, 0, 0))
    at.told = f"pays slab {slabs[0].number} back, and takes its array away" if slabs else "finds no charged slab any more"


def leave(at: At) -> None:
    """End the walk."""
    kmem, cache = off_kmem(at), at.machine.find_cache(CACHE)
    kmem.leave(cache, Off(CACHE, kmem.times(CACHE) + 1, 0))
    at.told = f"{CACHE} is off"


def switch(at: At, on: bool) -> None:
    """Switch in one step."""
    at.machine.account(at.machine.find_cache(CACHE), on)
    at.told = f"{CACHE} is on" if on else f"{CACHE} is off, and drains"


def nobody_walks(at: At) -> bool:
    """Wait for the file: no off is in the middle of its walk."""
    kmem = off_kmem(at)
    return at.machine.profile.off == DRAIN or kmem.closer not in at.machine.find_cache(CACHE).listeners


TAKE: Final = Step("take", "kmem_cache_alloc", take)
SETTLE: Final = Step("settle", "slab owner array", settle)
CLAIM: Final = Step("claim", "slab owner array", claim)
DROP: Final = Step("drop", "css_put", drop)
GIVE: Final = Step("give", "kmem_cache_free", give)
STOP: Final = Step("stop", "cache_account_store", stop, ready=nobody_walks)
TAKE_BACK: Final = Step("take_back", "slab_lock", take_back)
LEAVE: Final = Step("leave", "cache_account_store", leave)
DRAINS: Final = Step("drains", "cache_account_store", lambda at: switch(at, False))
ON: Final = Step("on", "cache_account_store", lambda at: switch(at, True), ready=nobody_walks)


def charging(taken: Step = TAKE, settled: Step = SETTLE) -> Made:
    """Make a charge: the last step looks again."""

    def charge(at: At) -> Steps:
        yield from perform(at, taken)
        if not at.heard:
            return
        yield from perform(at, READ_LOCK, FIND, GET, READ_UNLOCK, CHARGE)
        yield from perform(at, *((settled,) if at.fits else (UNWIND, GIVE)))

    return Made(charge)


def freeing(name: str = "old") -> Made:
    """Make a free: whoever claims pays back."""

    def free(at: At) -> Steps:
        at.hold(name)
        yield from perform(at, CLAIM)
        if at.group is not None:
            yield from perform(at, UNCHARGE, DROP)
        yield from perform(at, GIVE)

    return Made(free)


def walking(at: At) -> Steps:
    """Stop, then slab by slab until there is none."""
    yield from perform(at, STOP)
    if at.refused:
        return
    while not at.refused:
        yield from perform(at, TAKE_BACK)
    yield from perform(at, LEAVE)


def turning(design: str, again: bool = False) -> Made:
    """Make an off of a design; `again`: and on again after it."""

    def off(at: At) -> Steps:
        yield from perform(at, DRAINS) if design == DRAIN else walking(at)
        if again:
            yield from perform(at, ON)

    return Made(off)


def owner_left(at: At) -> None:
    """Read the next owner that an array names, and leave it there; `refused` when there is none."""
    kmem = off_kmem(at)
    at.refused, at.told = True, "finds no owner any more"
    for slab in kmem.charged_slabs(at.machine.find_cache(CACHE), Off(CACHE, 0, 0)):
        for number, ident in enumerate(slab.owners):
            if ident != NONE and at.refused:
                at.slab, at.slot, at.group, at.refused = slab, number, kmem.owner(slab, number), False
                at.told = f"reads that object {number} of slab {slab.number} is charged"


def clear(at: At) -> None:
    """Clear an owner that was read before."""
    assert at.slab is not None
    at.slab.owners[at.slot] = NONE
    drop(at)


OWNER_LEFT: Final = Step("owner_left", "slab owner array", owner_left)
CLEAR: Final = Step("clear", "css_put", clear)
