"""SLAB under the controller: an allocator of its own beside a machine's containers and tasks, checked after every operation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

from kmemlab.engine.buddy import Zone
from kmemlab.engine.events import EventLog
from kmemlab.engine.kmem import KmemContainer, KmemController
from kmemlab.engine.notify import SlabNotifier
from kmemlab.engine.slab import SlabAllocator
from kmemlab.engine.slab_admin import account_off, cache_reap, cpu_dead, kmem_cache_create, kmem_cache_shrink, slab_caches
from kmemlab.engine.slab_cache import ListedSlab, SlabCache, SlabList
from kmemlab.engine.slab_check import check_slab_allocator, slabs
from kmemlab.engine.slab_kmalloc import SizeCaches
from kmemlab.engine.slab_state import restore_slab_allocator, slab_allocator_state
from kmemlab.engine.types import NONE, PAGE_SHIFT

from .machines import Checked

T = TypeVar("T")


class SlabRig:
    """Containers `web` (task 2) and `db` (task 3); the controller is kmem.py's class, told by SLAB."""

    def __init__(self, cpus: int = 1, memory: int = 1 << 20, arrays: bool = True) -> None:
        self.kernel = Checked()
        self.kernel.mount()
        for name, pid in (("web", 2), ("db", 3)):
            self.kernel.mkdir(name)
            assert self.kernel.fork() == pid
            self.kernel.attach(pid, name)
        machine = self.kernel.machine
        self.log = EventLog()
        self.zone = Zone(memory >> PAGE_SHIFT)
        self.allocator = SlabAllocator(self.zone, cpus, self.log)
        self.sizes = SizeCaches(self.allocator, 131072)
        self.kmem = KmemController(
            machine.kmem_subsystem,
            machine.current,
            self.sizes.kmalloc if arrays else None,
            self.sizes.kfree if arrays else None,
        )
        self.notifier = SlabNotifier()
        self.notifier.register(self.kmem)
        self.boot = self.zone.free_blocks()
        self.kernel.as_task(2)

    def do(self, operation: Callable[..., T], *arguments: Any) -> T:
        try:
            return operation(*arguments)
        finally:
            self.check()

    def check(self) -> None:
        """The allocator's invariants, and usage = what owned objects add up to."""
        check_slab_allocator(self.allocator)
        paid: dict[int, int] = {}
        for cache in slab_caches(self.allocator):
            for slab in slabs(self.allocator, cache):
                for owner in slab.owners:
                    if owner != NONE:
                        paid[int(owner)] = paid.get(int(owner), 0) + int(cache.size)
        for ident, group in enumerate(self.kernel.machine.kmem_subsystem.owners):
            if group is not None:
                assert group.res.usage == paid.get(ident, 0)
                assert group.res.underflows == 0

    def create(self, name: str, size: int, **more: Any) -> SlabCache:
        return self.do(lambda: kmem_cache_create(self.allocator, name, size, **more))

    def account(self, cache: SlabCache) -> None:
        self.kmem.may_switch(cache, True, 0)
        self.do(self.notifier.switch, cache, self.kmem, True)

    def account_off(self, cache: SlabCache) -> int:
        return self.do(account_off, self.notifier, cache, self.kmem)

    def alloc(self, cache: SlabCache, cpu: int = 0) -> int:
        return int(self.do(self.allocator.kmem_cache_alloc, cache, cpu))

    def take(self, cache: SlabCache, count: int, cpu: int = 0) -> list[int]:
        return [self.alloc(cache, cpu) for _ in range(count)]

    def free(self, address: int, cpu: int = 0) -> None:
        self.do(self.allocator.kmem_cache_free, address, cpu)

    def shrink(self, cache: SlabCache, cpu: int = 0) -> bool:
        return self.do(kmem_cache_shrink, self.allocator, cache, cpu)

    def reap(self, cpu: int = 0) -> None:
        self.do(cache_reap, self.allocator, cpu)

    def cpu_dead(self, dead: int, cpu: int = 0) -> None:
        self.do(cpu_dead, self.allocator, dead, cpu)

    def shrink_all(self) -> None:
        """Give every free slab back; the size caches last, since descriptors and owner arrays live there."""
        for last in (False, True):
            for cache in slab_caches(self.allocator):
                if bool(cache.family) == last:
                    self.shrink(cache)
        for cache in slab_caches(self.allocator):  # descriptors of size caches lie in other size caches
            self.shrink(cache)

    def slab(self, address: int) -> ListedSlab:
        found = self.allocator.slab_of[address >> PAGE_SHIFT]
        assert isinstance(found, ListedSlab)
        return found

    def group(self, name: str) -> KmemContainer:
        return self.kernel.group(name)

    def counter(self, name: str) -> tuple[int, int]:
        return self.kernel.counter(name)

    def limit(self, name: str, value: int) -> None:
        self.group(name).res.limit = value

    def run_as(self, pid: int) -> None:
        self.kernel.machine.run_as(pid)

    def state(self) -> dict[str, Any]:
        return slab_allocator_state(self.allocator)

    def restore(self, saved: dict[str, Any]) -> None:
        self.do(restore_slab_allocator, self.allocator, saved)

    def state_hash(self) -> str:
        """Of the allocator and of every counter but failcnt, which is there to count refusals."""
        groups = [
            [each.res.usage, each.res.limit, each.refs] if each else None for each in self.kernel.machine.kmem_subsystem.owners
        ]
        return hashlib.sha256(json.dumps([self.state(), groups], sort_keys=True).encode()).hexdigest()


def listed(cache: SlabCache) -> tuple[int, int, int]:
    """How many slabs are full, partial, free."""
    return int(cache.slabs_full.count), int(cache.slabs_partial.count), int(cache.slabs_free.count)


def numbers(slabs_on: SlabList) -> list[int]:
    """Birth numbers on a list, head first."""
    return [int(slab.number) for slab in slabs_on.slabs()]
