"""Bugs planted into v3, each another order of the same steps, with the smallest scene in which it shows."""

from __future__ import annotations

from typing import Final

from ..engine.kmem import KmemContainer
from ..engine.machine import Machine
from ..engine.slub_admin import live_objects
from ..engine.types import NONE
from .at import CACHE, At
from .bug import Bug as Bug
from .off_bugs import OFF_PLANTED
from .operations import (
    attach_rmdir,
    attaching,
    charge,
    charging,
    freeing,
    one_by_one,
    removing,
)
from .readers import remove_later
from .scene import Scene
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
    UNCHARGE,
    UNWIND,
    Made,
    Step,
    Steps,
    may_rmdir,
    perform,
)
from .versions import CHARGES, V2

OBJECT: Final = 256  # bytes that a filp is charged for: a limit of as many is one object's


def off_untested(at: At) -> None:
    """Switch off whatever is in use."""
    at.machine.notifier.switch(at.machine.find_cache(CACHE), at.machine.kmem, False)
    at.told = f"switches {CACHE} off"


def off_test(at: At) -> None:
    """Look whether the cache is empty, and let go of the lock."""
    cache = at.machine.find_cache(CACHE)
    live = live_objects(at.machine.slub, cache)
    at.refused = live > 0
    at.told = f"-EBUSY: {live} in use" if live else f"sees that {CACHE} is empty"


OFF_TEST = Step("off_test", "cache_account_store", off_test)
OFF_UNTESTED = Step("off_untested", "cache_account_store", off_untested)


def off_in_two(at: At) -> Steps:
    """Test, let go, switch."""
    yield from perform(at, OFF_TEST)
    if not at.refused:
        yield from perform(at, OFF_UNTESTED)


def read_usage(at: At) -> None:
    """Read the counter, without its lock."""
    at.usage = at.look("res_counter_charge").res.usage
    at.told = f"reads usage {at.usage}"


def write_usage(at: At) -> None:
    """Write what was read, and the object."""
    group = at.look("res_counter_charge")
    group.res.usage = at.usage + OBJECT
    at.fits = True
    at.told = f"writes usage {group.res.usage}"


READ_USAGE = Step("read_usage", "res_counter_charge", read_usage)
WRITE_USAGE = Step("write_usage", "res_counter_charge", write_usage)


def move_usage(at: At) -> None:
    """Charge the new container for the bytes of the old one, without its objects."""
    old, new = at.container("/a").css["kmem"], at.container("/b").css["kmem"]
    assert isinstance(old, KmemContainer) and isinstance(new, KmemContainer)
    moved = old.res.usage
    new.res.charge(moved)
    old.res.uncharge(moved)
    at.told = f"moves {moved} bytes of usage from /a to /b"


MOVE_USAGE = Step("move_usage", "kmem_attach", move_usage)


REMOVE_LATER = Step("remove_later", "call_rcu", lambda at: remove_later(at, "/a"))


def rmdir_later(at: At) -> Steps:
    """Ask, then free by call_rcu."""
    yield from perform(at, may_rmdir("/a"))
    if not at.refused:
        yield from perform(at, REMOVE_LATER)


TAKE_CARELESS = Step("take_careless", "kmem_cache_alloc", lambda at: at.take(careless=True))


def charge_without_array(at: At) -> Steps:
    """Find at the end that there is nowhere to write the owner, and leave it at that."""
    yield from perform(at, TAKE_CARELESS, READ_LOCK, FIND, GET, READ_UNLOCK, CHARGE)


def no_arrays(machine: Machine) -> None:
    """There is no memory for owner arrays."""
    machine.kmem.kzalloc = lambda size, cpu: NONE


def alone(name: str, operation: Made, limit: int | None = None, old: int = 1, home: str = "/a") -> Scene:
    """Make a scene of one task."""
    return Scene(((name, operation),), limit=limit, old=old, homes=(home,))


def with_rmdir(name: str, operation: Made, old: int = 0, home: str = "/a") -> Scene:
    """Make a scene of an operation beside an attach and an rmdir."""
    return Scene(((name, operation), ("attach + rmdir", attach_rmdir)), old=old, homes=(home, "/b"))


def charges_with(*order: Step) -> Scene:
    """Make a scene of a charge in another order beside an attach and an rmdir."""
    return with_rmdir("charge", charging(*order))


PLANTED: Final = (
    Bug("no-rcu", "The container is looked up outside an RCU read section (v2).", with_rmdir("charge", CHARGES[V2])),
    Bug(
        "late-get",
        "The reference is taken after the read section, when the charge is done.",
        charges_with(READ_LOCK, FIND, READ_UNLOCK, CHARGE, GET, STORE),
    ),
    Bug("no-get", "No reference is taken.", charges_with(READ_LOCK, FIND, READ_UNLOCK, CHARGE, STORE)),
    Bug(
        "put-before-store",
        "The reference is dropped before the owner is stored.",
        charges_with(READ_LOCK, FIND, GET, READ_UNLOCK, CHARGE, UNWIND, STORE),
    ),
    Bug("no-unlock", "The read section is never left.", charges_with(READ_LOCK, FIND, GET, CHARGE, STORE)),
    Bug(
        "no-wait",
        "An attach puts the old reference without waiting for readers.",
        Scene((("charge", charge), ("attach + rmdir", one_by_one(attaching("/b"), removing("/a")))), old=0),
    ),
    Bug(
        "late-free",
        "An attach does not wait; rmdir frees by call_rcu instead, which keeps the memory but not the count.",
        Scene((("charge", charge), ("attach + rmdir", one_by_one(attaching("/b"), Made(rmdir_later)))), old=0),
    ),
    Bug("no-uncharge", "A free drops the reference and keeps the bytes.", alone("free", freeing(PUT))),
    Bug(
        "uncharge-current",
        "A free pays back the container of whoever frees, not the owner.",
        alone("free", freeing(FIND, UNCHARGE, PUT), home="/b"),
    ),
    Bug("double-uncharge", "A free gives the bytes back twice.", alone("free", freeing(UNCHARGE, UNCHARGE, PUT))),
    Bug(
        "put-before-uncharge",
        "A free drops the reference first, and then uncharges what may be gone.",
        Scene((("free", freeing(PUT, UNCHARGE)), ("rmdir", removing("/a"))), homes=("/b", "/b")),
    ),
    Bug(
        "store-first",
        "The owner is stored before the charge: the free of a refused object uncharges what was never charged.",
        alone(
            "charge",
            charging(READ_LOCK, FIND, GET, READ_UNLOCK, STORE, CHARGE, refused=(UNWIND, OWNER, UNCHARGE, PUT, GIVE)),
            limit=OBJECT,
        ),
    ),
    Bug(
        "no-unwind",
        "A refused charge keeps its reference.",
        alone("charge", charging(READ_LOCK, FIND, GET, READ_UNLOCK, CHARGE, STORE, refused=(GIVE,)), limit=OBJECT),
    ),
    Bug(
        "array-leak",
        "A slab without memory for its array is taken all the same: charged, and no owner is written down.",
        Scene((("charge", Made(charge_without_array)),), old=0, prepare=no_arrays),
    ),
    Bug(
        "unlocked-counter",
        "The counter is read and written without its lock.",
        Scene(
            tuple(
                (name, charging(READ_LOCK, FIND, GET, READ_UNLOCK, READ_USAGE, WRITE_USAGE, STORE))
                for name in ("charge", "charge 2")
            ),
            old=0,
            homes=("/a", "/a"),
        ),
    ),
    Bug(
        "attach-recharges",
        "An attach takes the usage along, though the objects stay the old container's.",
        alone("attach", attaching("/b", MOVE_USAGE, SYNCHRONIZE)),
    ),
    Bug(
        "off-untested",
        "Accounting is switched off while objects are in use.",
        Scene((("charge", charge), ("off", Made(lambda at: perform(at, OFF_UNTESTED)))), old=0),
    ),
    Bug(
        "off-in-two",
        "The empty test and the switch are not under one lock.",
        Scene((("charge", charge), ("off", Made(off_in_two))), old=0),
    ),
    *OFF_PLANTED,
)
BUGS: Final = {bug.name: bug for bug in PLANTED}
