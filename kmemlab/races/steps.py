"""The steps that operations are made of: each one call of the real engine, with the kernel's name and what it touches.

What a step reads and writes decides which steps commute (`explorer.py`). It is said before the step runs. Names of places:
`slab` the allocator and all arrays; `task:2` which container task 2 is in; `rcu:0` whether task 0 of the scene reads;
`refs:1`, `usage:1`, `alive:1` of container number 1; `object:4096` the owner at an address; `mutex` the containers' own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .at import At

Places: TypeAlias = frozenset[str]
Touches: TypeAlias = tuple[Places, Places]
"""(read, written)."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is due.

    Attributes:
        name: what operations call it.
        function: the kernel's function.
        do: runs it.
        touches: what it will read and write, asked for when it is due; None where nobody knows: it commutes with nothing.
        ready: whether it may run now; None for always.
    """

    name: str
    function: str
    do: Callable[[At], object]
    touches: Callable[[At], Touches] | None = None
    ready: Callable[[At], bool] | None = None


Steps: TypeAlias = Iterator[Step | str]
Operation: TypeAlias = Callable[[At], Steps]


@dataclass(frozen=True, slots=True)
class Made:
    """An operation of `operations.py`: all it knows is in its `At`, so two of them at equal places go on alike."""

    run: Operation

    def __call__(self, at: At) -> Steps:
        """Begin it."""
        return self.run(at)


def touch(read: str = "", write: str = "") -> Callable[[At], Touches]:
    """Make a `touches` from words; {g} is the container in hand, {me} the task's number, {pid} its pid, {o} the object."""

    def touches(at: At) -> Touches:
        names = {"g": at.group.ident if at.group is not None else "?", "me": at.number, "pid": at.pid, "o": at.address}
        return frozenset(read.format(**names).split()), frozenset(write.format(**names).split())

    return touches


def independent(one: Touches | None, other: Touches | None) -> bool:
    """Say whether two steps come to the same in either order."""
    if one is None or other is None:
        return False
    return not (one[1] & (other[0] | other[1]) or other[1] & one[0])


def synchronize(at: At) -> Touches:
    """Waiting begins with a look at every reader."""
    return frozenset(f"rcu:{number}" for number in range(8)), frozenset()


def owner_touches(at: At) -> Touches:
    """Read the array, and whether whoever is in it is alive."""
    ident = at.slab.owners[at.slot] if at.slab is not None and at.slab.has_owners else "?"
    return frozenset({"slab", f"object:{at.address}", f"alive:{ident}"}), frozenset()


def mutex_free(at: At) -> bool:
    """Wait for the containers' mutex."""
    return at.grace.mutex is None


TAKE = Step("take", "kmem_cache_alloc", At.take, touch(write="slab"))
GIVE = Step("give", "kmem_cache_free", At.give, touch(write="slab object:{o}"))
READ_LOCK = Step("lock", "rcu_read_lock", At.read_lock, touch(write="rcu:{me}"))
READ_UNLOCK = Step("unlock", "rcu_read_unlock", At.read_unlock, touch(write="rcu:{me}"))
FIND = Step("find", "task_css", At.find, touch(read="task:{pid}"))
GET = Step("get", "css_get", At.get, touch("alive:{g}", "refs:{g}"))
CHARGE = Step("charge", "res_counter_charge", At.charge, touch("alive:{g}", "usage:{g}"))
STORE = Step("store", "slab owner array", At.store, touch("slab", "object:{o}"))
UNWIND = Step("unwind", "css_put", At.unwind, touch("alive:{g}", "refs:{g}"))
OWNER = Step("owner", "slab owner array", At.owner, owner_touches)
UNCHARGE = Step("uncharge", "res_counter_uncharge", At.uncharge, touch("alive:{g}", "usage:{g}"))
PUT = Step("put", "css_put", At.put, touch("alive:{g} slab", "refs:{g} object:{o}"))
SYNCHRONIZE = Step("synchronize", "synchronize_rcu", At.synchronize, synchronize)


def switch(pid: int, path: str) -> Step:
    """Make the first half of an attach; the old container's reference stays as it is."""

    def touches(at: At) -> Touches:
        new = ident_of(at, path)
        return frozenset({f"alive:{new}"}), frozenset({f"task:{pid}", f"refs:{new}", "mutex"})

    return Step("switch", "rcu_assign_pointer", lambda at: at.switch(pid, path), touches, mutex_free)


def put_old(pid: int) -> Step:
    """Make the second half of an attach, which comes when the grace period is over."""

    def touches(at: At) -> Touches:
        old = ident_of(at, at.left.path) if at.left is not None else -1
        return frozenset(), frozenset({f"refs:{old}", "mutex"})

    return Step("put_old", "put_css_set", lambda at: at.put_old(pid), touches, lambda at: at.grace.over(at.number))


def may_rmdir(path: str) -> Step:
    """Make the question whether a container may go."""

    def touches(at: At) -> Touches:
        return frozenset({f"refs:{ident_of(at, path)}"}), frozenset({"mutex"})

    return Step("may_rmdir", "container_rmdir", lambda at: at.may_rmdir(path), touches, mutex_free)


def remove(path: str) -> Step:
    """Make the end of a container."""

    def touches(at: At) -> Touches:
        ident = ident_of(at, path)
        return frozenset(), frozenset({f"alive:{ident}", f"refs:{ident}", "refs:0", "mutex"})

    return Step("remove", "kmem_destroy", lambda at: at.remove(path), touches)


def ident_of(at: At, path: str) -> int:
    """Return the number of a container, -1 for one that is gone."""
    root = at.machine.containers.hierarchies[0].root
    found = next((each for each in root.walk() if each.path == path), None)
    return at.machine.kmem_subsystem.number(found.css["kmem"]) if found is not None else -1


def perform(at: At, *steps: Step) -> Steps:
    """Do steps one after the other, stopping for the others before each."""
    for step in steps:
        yield step
        step.do(at)
