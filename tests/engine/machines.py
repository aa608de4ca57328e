"""A machine that is checked after every operation, and small words for what tests do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from kmemlab.engine.allocators import shrink_cache
from kmemlab.engine.errors import KernelError
from kmemlab.engine.kmem import KmemContainer
from kmemlab.engine.kmem_cache import KmemCache, Slab
from kmemlab.engine.machine import Machine
from kmemlab.engine.slub import Slub
from kmemlab.engine.slub_admin import cpu_dead, flush_all, kmem_cache_destroy
from kmemlab.engine.types import IN_USE, PAGE_SHIFT

T = TypeVar("T")


class Checked:
    """Every method is one operation, and `check()` follows each, refused or not."""

    def __init__(self, slub: str = "2.6.24", cpus: int = 1, memory: str = "1M", **more: Any) -> None:
        self.machine = Machine(slub=slub, cpus=cpus, memory=memory, **more)

    def do(self, operation: Callable[..., T], *arguments: Any) -> T:
        try:
            return operation(*arguments)
        finally:
            self.machine.check()

    # -- the allocator

    @property
    def slub(self) -> Slub:
        assert isinstance(self.machine.slub, Slub)
        return self.machine.slub

    def create(self, name: str, size: int, **more: Any) -> KmemCache:
        return self.do(lambda: self.machine.create_cache(name, size, **more))

    def alloc(self, cache: KmemCache, cpu: int = 0) -> int:
        return int(self.do(self.machine.slub.kmem_cache_alloc, cache, cpu))

    def take(self, cache: KmemCache, count: int, cpu: int = 0) -> list[int]:
        return [self.alloc(cache, cpu) for _ in range(count)]

    def free(self, address: int, cpu: int = 0) -> None:
        self.do(self.machine.slub.kmem_cache_free, address, cpu)

    def kmalloc(self, size: int, cpu: int = 0) -> int:
        return int(self.do(self.machine.kmalloc.kmalloc, size, cpu))

    def kfree(self, address: int, cpu: int = 0) -> None:
        self.do(self.machine.kmalloc.kfree, address, cpu)

    def shrink(self, cache: KmemCache, cpu: int = 0) -> None:
        self.do(shrink_cache, self.machine.slub, cache, cpu)

    def flush(self, cache: KmemCache, cpu: int = 0) -> None:
        self.do(flush_all, self.slub, cache, cpu)

    def destroy(self, cache: KmemCache, cpu: int = 0) -> int:
        return self.do(kmem_cache_destroy, self.slub, cache, cpu)

    def cpu_dead(self, dead: int, caller: int = 0) -> None:
        self.do(cpu_dead, self.slub, dead, caller)

    def shrink_all(self) -> None:
        """Give every empty slab back. kmalloc caches come last: owner arrays live there."""
        for cache in [each for each in self.machine.slub.caches if not each.family]:
            self.shrink(cache)
        for _ in range(1 if self.machine.profile.allocator == "slub" else 2):  # descriptors of SLAB's lie in one another
            for cache in [each for each in self.machine.slub.caches if each.family]:
                self.shrink(cache)

    # -- containers and tasks; `pid` runs

    def mount(self) -> None:
        self.do(self.machine.tree.mount, "kmem", "/containers")

    def mkdir(self, name: str) -> None:
        self.do(self.machine.tree.mkdir, f"/containers/{name}")

    def rmdir(self, name: str) -> None:
        self.do(self.machine.tree.rmdir, f"/containers/{name}")

    def attach(self, pid: int, name: str) -> None:
        self.do(self.machine.tree.write, f"/containers/{name}/tasks", str(pid))

    def write(self, path: str, text: str) -> None:
        self.do(self.machine.tree.write, path, text)

    def read(self, path: str) -> str:
        return self.do(self.machine.tree.read, path)

    def limit(self, name: str, value: int) -> None:
        self.write(f"/containers/{name}/kmem.limit", str(value))

    def account(self, name: str, on: bool = True) -> None:
        self.do(self.machine.account, self.machine.find_cache(name), on)

    def as_task(self, pid: int, cpu: int | None = None) -> None:
        self.do(self.machine.run_as, pid, cpu)

    def open(self, pid: int = 1, cpu: int | None = None) -> int:
        self.machine.run_as(pid, cpu)
        return self.do(self.machine.open, self.machine.tasks.find(pid))

    def close(self, pid: int, fd: int, cpu: int | None = None) -> None:
        self.machine.run_as(pid, cpu)
        self.do(self.machine.close, self.machine.tasks.find(pid), fd)

    def fork(self, pid: int = 1) -> int:
        self.machine.run_as(pid)
        return self.do(self.machine.fork, self.machine.tasks.find(pid)).pid

    def exit(self, pid: int) -> None:
        self.machine.run_as(pid)
        self.do(self.machine.exit, self.machine.tasks.find(pid))

    # -- looking

    def group(self, name: str = "") -> KmemContainer:
        hierarchy = self.machine.kmem_subsystem.hierarchy
        assert hierarchy is not None
        container = hierarchy.root
        for each in name.split("/"):
            container = container.children[each] if each else container
        group = container.css["kmem"]
        assert isinstance(group, KmemContainer)
        return group

    def counter(self, name: str = "") -> tuple[int, int]:
        """usage and failcnt of a container."""
        res = self.group(name).res
        return res.usage, res.failcnt

    def slab(self, address: int) -> Slab:
        found = self.machine.slub.slab_of[address >> PAGE_SHIFT]
        assert found is not None
        return found

    def place(self, address: int) -> tuple[int, int]:
        """Birth number of an object's slab, and its slot."""
        slab = self.slab(address)
        return int(slab.number), int((address - slab.base) // slab.cache.size)

    def places(self, addresses: list[int]) -> list[tuple[int, int]]:
        return [self.place(address) for address in addresses]


def partial(cache: KmemCache) -> list[int]:
    """Birth numbers on the partial list, head first."""
    return [int(slab.number) for slab in cache.partial_list()]


def held(cache: KmemCache) -> list[int | None]:
    """Birth number of each cpu's slab."""
    return [None if cpu.slab is None else int(cpu.slab.number) for cpu in cache.cpu_slab]


def errno_of(operation: Callable[..., object], *arguments: Any) -> int:
    """The errno an operation is refused with; 0 if it is not."""
    try:
        operation(*arguments)
    except KernelError as error:
        return error.errno or 0
    return 0


def without_failcnt(state: dict[str, Any]) -> dict[str, Any]:
    """Who is where and who has what: a state less what a refused operation may leave behind (slabs, failcnt)."""
    kept = {key: state[key] for key in ("tree", "current", "profile", "guests")}
    # The table of descriptors has grown, as the kernel's would, and does not shrink again.
    kept["tasks"] = [{**task, "files": open_files(task["files"])} for task in state["tasks"]["tasks"]]
    kept["last_pid"] = state["tasks"]["last_pid"]
    hierarchies = [
        {**hierarchy, "containers": [{**row, "kmem": {**row.get("kmem", {}), "failcnt": 0}} for row in hierarchy["containers"]]}
        for hierarchy in state["containers"]["hierarchies"]
    ]
    kept["containers"] = {
        **state["containers"],
        "hierarchies": hierarchies,
        "root": {**state["containers"]["root"], "failcnt": 0},
    }
    kept["live"] = {
        cache["name"]: sorted(
            (slab["pfn"], number, slab.get("owners", {number: None})[number])
            for slab in slabs_in(cache)
            for number in live_numbers(cache, slab)
        )
        for cache in state["caches"]
        if not cache["family"]
    }
    kept["by_hand"] = [state.get(each) for each in ("marked", "by_hand", "vmalloc")]
    kept["accounted"] = [cache["name"] for cache in state["caches"] if cache["accounted"]]
    return kept


def open_files(files: list[int]) -> dict[int, int]:
    """Descriptor -> address of the struct file."""
    return {fd: address for fd, address in enumerate(files) if address >= 0}


def slabs_in(cache: dict[str, Any]) -> list[dict[str, Any]]:
    """Every slab of a cache in a state; SLAB's are on three lists."""
    return cache["slabs"] if "slabs" in cache else [slab for slabs in cache["lists"] for slab in slabs]


def live_addresses(cache: dict[str, Any], size: int) -> list[int]:
    """Where the objects of `size` bytes are that are on no free list and in no array."""
    return [
        slab.get("s_mem", slab["pfn"] * 4096) + number * size
        for slab in slabs_in(cache)
        for number in live_numbers(cache, slab)
    ]


def live_numbers(cache: dict[str, Any], slab: dict[str, Any]) -> list[int]:
    """Objects of a slab that are on no free list and in no array."""
    if "link" in slab:
        return [number for number, link in enumerate(slab["link"]) if link == IN_USE]
    free = set(slab["free"])
    for cpu in cache["cpus"]:
        if cpu is not None and cpu[0] == slab["number"]:
            free.update(cpu[1])
    objects = (4096 << order_of(cache)) // cache["size"]
    return [number for number in range(objects) if number not in free]


def order_of(cache: dict[str, Any]) -> int:
    from kmemlab.engine.geometry import OrderLimits, calculate_order

    return calculate_order(cache["size"], OrderLimits())
