"""What accounting a kmalloc cache would do: a slab needs an owner array, the array is kmalloc'ed, and that may need a slab.

The letter refuses kmalloc caches because their callers are not known by cache. This is another reason. A kmalloc-128 slab has
32 objects, so its array is 256 bytes, of kmalloc-256; a kmalloc-256 slab has 16, so its array is 128 bytes, of kmalloc-128.
While one of the two has room nothing happens. When both are full, a new slab of either waits for a new slab of the other, for
ever: a kernel would run off its stack. kmalloc-192 needs nobody else for it: 21 objects, 168 bytes.

The boot word `kmalloc_account`, kmemlab's own, forces it: cache_account of a kmalloc cache then takes a 1. Whoever goes DEEPEST
slabs deep is trapped there and gets no array; so each slab on the way goes back, nothing is lost, and `dmesg` has the stack.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .container_input import plural
from .errors import KernelError
from .kmem import KmemController, KmemSubsystem
from .kmem_cache import KMALLOC
from .printk import KernelLog
from .types import POINTER, i64

if TYPE_CHECKING:
    from .kmem_cache import KmemCache, Slab
    from .machine import Machine
    from .tasks import Current

BOOT_WORD: Final = "kmalloc_account"
DEEPEST: Final = 8  # slabs that may wait for each other: kmemlab's choice. Where it ends at all, it ends at two


class NestedController(KmemController):
    """The controller of a machine whose kmalloc caches may be accounted.

    Attributes:
        printk: where the stack is printed.
        born: the slabs that wait for their arrays, outermost first, as (cache, owners).
        traps: how often it was trapped.
    """

    def __init__(
        self,
        subsystem: KmemSubsystem,
        current: Current,
        kzalloc: Callable[[int, int], int] | None,
        kfree: Callable[[int, int], None] | None,
        printk: KernelLog,
    ) -> None:
        super().__init__(subsystem, current, kzalloc, kfree)
        self.printk = printk
        self.born: list[tuple[str, int]] = []
        self.traps = 0

    def newpage(self, slab: Slab, cpu: i64) -> bool:
        """Give a new slab its array, unless DEEPEST slabs wait for theirs already: this one is trapped, and goes back."""
        self.born.append((slab.cache.name, int(slab.cache.objects)))
        try:
            if len(self.born) > DEEPEST:
                self.trap()
                return False
            return super().newpage(slab, cpu)
        finally:
            self.born.pop()

    def trap(self) -> None:
        """Print the stack, innermost first, as a kernel does."""
        self.traps += 1
        self.printk.say(f"owner arrays nest {DEEPEST} deep: trapped, and all of it goes back")
        for level in range(len(self.born), 0, -1):
            cache, owners = self.born[level - 1]
            self.printk.say(f" [{level}] kmem_cache_alloc {cache}: no room")
            if level <= DEEPEST:
                self.printk.say(f" [{level}]  newpage {cache}: kmalloc({owners * POINTER}) for its {owners} owners")
            else:
                self.printk.say(f" [{level}]  newpage {cache}: trapped here")
        self.printk.say(" each new slab waits for an array, and each array for a new slab")

    def may_switch(self, cache: KmemCache, on: bool, live: int) -> None:
        """Let a kmalloc cache be switched, too; off needs it empty, as any cache.

        Raises:
            KernelError: EBUSY for "off" with live objects.
        """
        if not cache.family & KMALLOC:
            super().may_switch(cache, on, live)
        elif not on and self in cache.listeners and live:
            raise KernelError(
                errno.EBUSY,
                f"{cache.name} has {plural(live, 'object')} in use. Full slabs are on no list, so they cannot be uncharged.",
            )


def controller(
    boot: str,
    subsystem: KmemSubsystem,
    current: Current,
    kzalloc: Callable[[int, int], int] | None,
    kfree: Callable[[int, int], None] | None,
    printk: KernelLog,
) -> KmemController:
    """Make the controller that a boot line asks for: v3's, or with `kmalloc_account` the one that can be trapped."""
    if BOOT_WORD in boot.split():
        return NestedController(subsystem, current, kzalloc, kfree, printk)
    return KmemController(subsystem, current, kzalloc, kfree)


def forces_kmalloc(machine: Machine) -> bool:
    """Say whether a machine was booted so that its kmalloc caches may be accounted."""
    return isinstance(machine.kmem, NestedController)


def traps_of(machine: Machine) -> int:
    """Say how often owner arrays were trapped on a machine since it booted; going back in time does not count back."""
    kmem = machine.kmem
    return kmem.traps if isinstance(kmem, NestedController) else 0
