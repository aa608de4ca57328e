"""Read-copy-update as the races see it: who reads, who waits for readers, and what may be used again. kernel/rcupdate.c 2.6.23.

A grace period is over when every section that was open at its beginning has been left; sections that were opened later are
not waited for. Time does not pass by itself here: the explorer decides when a reader leaves. The containers' mutex is kept
here, too: an attach and an rmdir hold it from end to end (`container_mutex`, kernel/cgroup.c 2.6.24), a charge never does.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..engine.errors import KernelError

if TYPE_CHECKING:
    from ..engine.kmem import KmemContainer, KmemSubsystem


class UseAfterFreeError(AssertionError):
    """A step looked into memory that was freed. The message says which function, and into what."""


class Callback:
    """What `call_rcu` was given: a name, a function, and the readers that it still waits for."""

    __slots__ = ("name", "run", "waits")

    def __init__(self, name: str, run: Callable[[], None], waits: set[int]) -> None:
        self.name = name
        self.run = run
        self.waits = waits


class Grace:
    """The readers of one machine and who waits for them. Tasks are named by their number in the scene.

    Attributes:
        depth: for each reader how many sections it is in, one in another.
        waits: for each task in `synchronize_rcu` the readers that it waits for.
        callbacks: oldest first.
        kept: containers that were destroyed, whose memory stays until a callback has run, by number.
        mutex: who holds the containers' mutex, None for nobody.
    """

    def __init__(self) -> None:
        self.depth: dict[int, int] = {}
        self.waits: dict[int, set[int]] = {}
        self.callbacks: list[Callback] = []
        self.kept: dict[int, KmemContainer] = {}
        self.mutex: int | None = None

    def lock(self, who: int) -> None:
        """Take the containers' mutex.

        Raises:
            KernelError: EDEADLK where somebody has it: a step that takes it is to wait until it is free.
        """
        if self.mutex is not None:
            raise KernelError(errno.EDEADLK, "The containers' mutex is held: take it only in a step that waits for it.")
        self.mutex = who

    def unlock(self) -> None:
        """Give the mutex back."""
        self.mutex = None

    def read_lock(self, who: int) -> None:
        """Enter a section (`rcu_read_lock`)."""
        self.depth[who] = self.depth.get(who, 0) + 1

    def read_unlock(self, who: int) -> None:
        """Leave a section (`rcu_read_unlock`); out of the outermost one, nobody waits for this reader any more.

        Raises:
            KernelError: EINVAL, where there was no section to leave.
        """
        if not self.depth.get(who):
            raise KernelError(errno.EINVAL, "rcu_read_unlock without rcu_read_lock: call read_lock() first.")
        self.depth[who] -= 1
        if self.depth[who]:
            return
        del self.depth[who]
        for waits in self.waits.values():
            waits.discard(who)
        for callback in self.callbacks:
            callback.waits.discard(who)

    def synchronize(self, who: int) -> None:
        """Begin to wait for all who read now (`synchronize_rcu`), oneself too: that would wait for ever."""
        self.waits[who] = set(self.depth)

    def over(self, who: int) -> bool:
        """Say whether the grace period that a task waits for has ended; true where it waits for none."""
        return not self.waits.get(who)

    def call_rcu(self, name: str, run: Callable[[], None]) -> None:
        """Have a function run after a grace period."""
        self.callbacks.append(Callback(name, run, set(self.depth)))

    def ready(self) -> bool:
        """Say whether the oldest callback may run."""
        return bool(self.callbacks) and not self.callbacks[0].waits

    def run_callback(self) -> str:
        """Run the oldest callback (`rcu_do_batch`); returns its name."""
        callback = self.callbacks.pop(0)
        callback.run()
        return callback.name

    def look_into(self, group: KmemContainer, subsystem: KmemSubsystem, function: str) -> None:
        """Trap the use of a container's memory that was freed, and may be another's by now.

        Raises:
            UseAfterFreeError: with the function that looked, and the container's path.
        """
        if subsystem.owners[group.ident] is not group and group.ident not in self.kept:
            raise UseAfterFreeError(f"use of a freed container: {function} on {subsystem.paths[group.ident]}")

    def key(self) -> list[Any]:
        """Return all of it as plain values: two equal ones go on alike."""
        return [
            sorted(self.depth.items()),
            [[who, sorted(waits)] for who, waits in sorted(self.waits.items()) if waits],
            [[each.name, sorted(each.waits)] for each in self.callbacks],
            [[ident, group.refs, group.res.usage] for ident, group in sorted(self.kept.items())],
            self.mutex,
        ]
