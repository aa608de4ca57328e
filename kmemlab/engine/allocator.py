"""What SLUB and SLAB have in common: pages, caches, who listens to the log. A machine has one of them and asks no more of it.

What an administrator starts (create, shrink, destroy, state, check) differs more; allocators.py chooses there.
"""

from __future__ import annotations

from collections.abc import Callable

from .buddy import PageSource
from .events import EventLog
from .faults import Faults
from .kmem_cache import KmemCache, Slab
from .printk import KernelLog
from .types import i64


class Allocator:
    """Every cache of one machine.

    Attributes:
        pages: where slabs come from.
        slab_of: for each page the slab it belongs to (`virt_to_head_page`), None for any other use.
        caches: newest first, as the kernel lists them.
        nr_cpus: how many cpus allocate.
        log: the event log, None to run without.
        nomerge: every cache stays a cache of its own (merge.py).
        kmalloc, kfree: where the allocator's own records come from; None where they cost nothing.
        printk: the kernel's log; pid: who runs, for tracking records.
        faults: what is made to fail; failslab: objects may be.
    """

    __slots__ = (
        "caches", "failslab", "faults", "kfree", "kmalloc", "log", "nomerge", "nr_cpus", "pages", "pid", "printk", "slab_of",
    )  # fmt: skip

    def __init__(self, pages: PageSource, nr_cpus: int, log: EventLog | None = None) -> None:
        self.pages = pages
        self.nr_cpus = nr_cpus
        self.log = log
        self.nomerge = True
        self.kmalloc: Callable[[int, int], int] | None = None
        self.kfree: Callable[[int, int], None] | None = None
        self.printk = KernelLog()
        self.faults = Faults(log)
        self.failslab = False
        self.pid = 0
        self.caches: list[KmemCache] = []
        self.slab_of: list[Slab | None] = [None] * pages.nr_pages

    def kmem_cache_alloc(self, cache: KmemCache, cpu: i64) -> i64:
        """Take one object on a cpu; its address, or NONE."""
        raise NotImplementedError

    def kmem_cache_free(self, address: i64, cpu: i64) -> None:
        """Free one object on a cpu.

        Raises:
            KernelError: EINVAL, as `find`; nothing has changed then.
        """
        raise NotImplementedError

    def slab_free(self, slab: Slab, address: i64, cpu: i64) -> None:
        """Free an object of a slab that was found by its page.

        Raises:
            KernelError: EINVAL, as `find`; nothing has changed then.
        """
        raise NotImplementedError

    def find(self, address: i64) -> Slab:
        """Return the slab that holds an object in use.

        Raises:
            KernelError: EINVAL, for an address that is no object of a slab, and for one that is free already.
        """
        raise NotImplementedError
