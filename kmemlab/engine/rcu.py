"""Read-copy-update: what is freed only when nobody can be reading it any more. kernel/rcupdate.c 2.6.23.

A struct file and a hashed dentry go by `call_rcu` (`file_free`, fs/file_table.c; `d_free`, fs/dcache.c): they stay allocated,
and charged, until a grace period has ended on every cpu. `rcu="now"` ends it at once, so that a close is a free;
`rcu="grace"` keeps the queue until someone ends the period. That is kmemlab's choice: a real one ends by itself, in
milliseconds. Between the two lies a lesson: a container without a task or an open file can still be paying.

So do a pid (`free_pid`, kernel/pid.c) and a task_struct with its stack (`release_task`, kernel/exit.c) when a task ends, but
not when a fork fails: `free_task` asks nobody, as the task was never seen (2.6.24, recollection).

The objects of a SLAB_DESTROY_BY_RCU cache (anon_vma, sighand_cache) do not wait: there only the *pages* of an empty slab do,
and here these go at once (kmemlab's choice).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .buddy import STACK_ORDER
from .types import NONE, i64

if TYPE_CHECKING:
    from .machine import Machine

NOW: Final = "now"
GRACE: Final = "grace"
MODES: Final = (NOW, GRACE)


class Callback:
    """One object that waits (struct rcu_head).

    Attributes:
        cache, address: the object.
        name: address of the kmalloc'ed name that goes with a dentry, NONE for none.
        cpu: whose list it is on: the cpu that called call_rcu frees it.
        stack: first page of the stack that goes with a task_struct, NONE for none.
    """

    __slots__ = ("address", "cache", "cpu", "name", "stack")

    def __init__(self, cache: str, address: i64, name: i64, cpu: i64, stack: i64 = NONE) -> None:
        self.cache = cache
        self.address: i64 = address
        self.name: i64 = name
        self.cpu: i64 = cpu
        self.stack: i64 = stack


class Rcu:
    """The queue of one machine, oldest first.

    Attributes:
        grace: whether frees wait for a grace period.
        queue: what waits. It is allocated, and whoever paid for it still does.
    """

    def __init__(self, machine: Machine, grace: bool) -> None:
        self.machine = machine
        self.grace = grace
        self.queue: list[Callback] = []

    def free(self, cache: str, address: i64, name: i64 = NONE, stack: i64 = NONE) -> None:
        """Free an object after a grace period (`call_rcu`): at once where none is waited for.

        Raises:
            KernelError: EINVAL, for an address that is no object in use; only where nothing waits.
        """
        callback = Callback(cache, address, name, self.machine.current.cpu, stack)
        if self.grace:
            self.queue.append(callback)
        else:
            self.run(callback)

    def run(self, callback: Callback) -> None:
        """Free one object, a dentry's name and a task's stack before it (`d_callback`, `free_task`: 2.6.23, recollection)."""
        if callback.name != NONE:
            self.machine.kmalloc.kfree(callback.name, callback.cpu)
        if callback.stack != NONE:
            self.machine.slub.pages.free_pages(callback.stack, STACK_ORDER)
        self.machine.slub.kmem_cache_free(callback.address, callback.cpu)

    def end_grace_period(self) -> int:
        """Free all that waits, oldest first, each on the cpu that queued it (`rcu_do_batch`). Returns how many there were."""
        ended = len(self.queue)
        while self.queue:
            self.run(self.queue.pop(0))
        return ended

    def state(self) -> list[list[Any]]:
        """Return the queue as plain values: four, and the stack where there is one."""
        return [
            [each.cache, each.address, each.name, each.cpu, *([each.stack] if each.stack != NONE else [])]
            for each in self.queue
        ]

    def restore(self, saved: list[list[Any]]) -> None:
        """Become what `state()` said."""
        self.queue = [Callback(row[0], row[1], row[2], row[3], row[4] if len(row) > 4 else NONE) for row in saved]
