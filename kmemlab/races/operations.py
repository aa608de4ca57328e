"""Whole operations, as v3 does them: charge, free, attach, rmdir, toggle. A version or a bug is another order of steps.

Each stops before every step of its own, so that the others can go in between. `charging()` and `freeing()` take the order
as an argument: what is wrong with a planted bug (`bugs.py`) is then seen at a glance.
"""

from __future__ import annotations

from ..engine.errors import KernelError
from .at import CACHE, At
from .steps import (
    CHARGE,
    FIND,
    GET,
    GIVE,
    OWNER,
    PUT,
    READ_LOCK,
    READ_UNLOCK,
    STORE,
    SYNCHRONIZE,
    TAKE,
    UNCHARGE,
    UNWIND,
    Made,
    Step,
    Steps,
    may_rmdir,
    perform,
    put_old,
    remove,
    switch,
)

SAFE = (READ_LOCK, FIND, GET, READ_UNLOCK, CHARGE, STORE)
MOVED = 2  # the pid that an attach moves: the first task of a scene


def charging(*order: Step, refused: tuple[Step, ...] = (UNWIND, GIVE)) -> Made:
    """Make the allocation of an object: taken first, then the controller's steps in an order; `refused` if there is no room."""

    def charge(at: At) -> Steps:
        yield from perform(at, TAKE)
        if not at.heard:
            return
        for step in order:
            yield from perform(at, step)
            if step.name == "charge" and not at.fits:
                yield from perform(at, *refused)
                return

    return Made(charge)


def freeing(*order: Step, name: str = "old") -> Made:
    """Make the free of an object of the scene: the controller's steps in an order, then the allocator's."""

    def free(at: At) -> Steps:
        at.hold(name)
        yield from perform(at, OWNER)
        if at.group is not None:
            yield from perform(at, *order)
        yield from perform(at, GIVE)

    return Made(free)


def attaching(path: str, *between: Step, pid: int = MOVED) -> Made:
    """Make an attach: the pointer is switched, then what stands between, then the old reference is put."""

    def attach(at: At) -> Steps:
        yield from perform(at, switch(pid, path))
        if at.left is not None:
            yield from perform(at, *between, put_old(pid))

    return Made(attach)


def removing(path: str) -> Made:
    """Make an rmdir: asked first, then freed at once."""

    def rmdir(at: At) -> Steps:
        yield from perform(at, may_rmdir(path))
        if not at.refused:
            yield from perform(at, remove(path))

    return Made(rmdir)


def one_by_one(*parts: Made) -> Made:
    """Make one task do several operations, each after the other."""

    def all_of_it(at: At) -> Steps:
        for part in parts:
            yield from part(at)

    return Made(all_of_it)


def switch_off(at: At) -> None:
    """Write "0" to cache_account: the test and the switch under one lock."""
    try:
        at.machine.account(at.machine.find_cache(CACHE), False)
        at.told = f"{CACHE} is empty: switched off"
    except KernelError as error:
        at.refused = True
        at.told = f"-EBUSY: {error.strerror}"


OFF = Step("off", "cache_account_store", switch_off)


def toggling() -> Made:
    """Make a switch-off of the cache."""
    return Made(lambda at: perform(at, OFF))


charge = charging(*SAFE)
free = freeing(UNCHARGE, PUT)
attach = attaching("/b", SYNCHRONIZE)
rmdir = removing("/a")
attach_rmdir = one_by_one(attach, rmdir)
toggle = toggling()
