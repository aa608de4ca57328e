"""Bugs planted into the working designs of off, each with the smallest scene in which it shows."""

from __future__ import annotations

from typing import Final

from ..engine.off import DRAIN, WALK
from .at import At
from .bug import Bug
from .off_steps import CLEAR, LEAVE, OWNER_LEFT, STOP, TAKE_BACK, charging, freeing, off_kmem, turning
from .scene import Scene
from .steps import STORE, UNCHARGE, Made, Step, Steps, perform


def off_twice(at: At) -> Steps:
    """Read an owner, then pay it back, without a claim."""
    yield from perform(at, STOP)
    at.refused = False
    while not at.refused:
        yield from perform(at, OWNER_LEFT)
        if not at.refused:
            yield from perform(at, UNCHARGE, CLEAR)
    at.refused = False
    while not at.refused:
        yield from perform(at, TAKE_BACK)
    yield from perform(at, LEAVE)


def off_walks_first(at: At) -> Steps:
    """Walk, and stop charging when that is done."""
    while not at.refused:
        yield from perform(at, TAKE_BACK)
    yield from perform(at, STOP, LEAVE)


def settle_anyhow(at: At) -> None:
    """Write the owner down wherever there is an array, of whichever generation."""
    if at.slab is not None and at.slab.has_owners:
        at.store()
        return
    group = at.look("css_put")
    off_kmem(at).uncharge(group, at.machine.find_cache("filp").size)
    off_kmem(at).drop(group)
    at.told = "finds no array: uncharges again"


ANYHOW: Final = Step("settle_anyhow", "slab owner array", settle_anyhow)
OFF_PLANTED: Final = (
    Bug(
        "off-twice",
        "Off reads an owner and pays it back without claiming it: a free between the two pays back as well.",
        Scene((("free", freeing()), ("off", Made(off_twice))), homes=("/b", "/b"), off=WALK),
    ),
    Bug(
        "off-walks-first",
        "Off pays everything back and stops charging after that: a charge between the two is forgotten.",
        Scene((("charge", charging()), ("off", Made(off_walks_first))), old=0, off=WALK),
    ),
    Bug(
        "off-not-looked-for",
        "A charge in flight stores its owner without looking whether accounting is still on.",
        Scene((("charge", charging(settled=STORE)), ("off", turning(WALK))), off=WALK),
    ),
    Bug(
        "drain-no-generation",
        "A charge in flight is stored in any array, without a test of its generation: an old one grows again.",
        Scene(
            (("off + on", turning(DRAIN, again=True)), ("charge", charging(settled=ANYHOW))),  # in this order: one cpu
            homes=("/b", "/a"),
            off=DRAIN,
        ),
    ),
)
