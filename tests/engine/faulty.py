"""Let each step of a system call fail in turn, and see that the machine is as it was before the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kmemlab.engine.buddy import Zone
from kmemlab.engine.errors import KernelError
from kmemlab.engine.events import ALLOC, FREE
from kmemlab.engine.slab_cache import ListedSlab
from kmemlab.engine.types import NONE

from .machines import Checked, open_files, without_failcnt
from .test_faults import Failing

Call = Callable[[Checked], object]


def ready(prepare: Call | None = None, **more: Any) -> Checked:
    """Every cache accounted, task 2 in `web` and running."""
    machine = Checked(**more)
    machine.mount()
    machine.mkdir("web")
    machine.fork()
    machine.attach(2, "web")
    for cache in list(machine.machine.slub.caches):
        if not cache.family:
            machine.account(cache.name)
    machine.as_task(2)
    if prepare is not None:
        prepare(machine)
    return machine


def kept(machine: Checked) -> dict[str, Any]:
    """All that a call may not change when it is refused: who has what, and kmalloc besides what slabs have of it."""
    state = machine.machine.state()
    tasks = [{**task, "files": open_files(task["files"])} for task in state["tasks"]["tasks"]]
    slabs = {id(each): each for each in machine.machine.slub.slab_of if each is not None}.values()
    kmalloc = sum(slab.live() for slab in slabs if slab.cache.family) - sum(slab.array != NONE for slab in slabs)
    kmalloc -= sum(isinstance(slab, ListedSlab) and slab.descriptor != NONE for slab in slabs)
    used = [run for run in machine.machine.slub.pages.runs_in_use() if run[2] != 1]
    return {**without_failcnt(state), "all": {**state["tasks"], "tasks": tasks}, "kmalloc": kmalloc, "pages": used}


def refused_with(machine: Checked, call: Call) -> int:
    """Make the call; its errno, 0 if it goes well. check() follows either way."""
    try:
        machine.do(call, machine)
    except KernelError as error:
        return error.errno or 0
    return 0


def every_page(call: Call, prepare: Call | None = None, **more: Any) -> list[int]:
    """Refuse the nth page, for every n until it does not matter; the errnos."""
    errnos: list[int] = []
    while True:
        machine = ready(prepare, **more)
        zone = machine.machine.slub.pages
        assert isinstance(zone, Zone)
        before = kept(machine)
        machine.machine.slub.pages = failing = Failing(zone, len(errnos) + 1, False)
        number = 0
        try:
            call(machine)
        except KernelError as error:
            number = error.errno or 0
        machine.machine.slub.pages = zone
        machine.machine.check()
        if failing.asked < failing.nth:
            assert number == 0
            return errnos
        errnos.append(number)
        if number:
            machine.machine.rcu.end_grace_period()
            assert kept(machine) == before
            assert all(each.res.failcnt == 0 for each in machine.machine.kmem_subsystem.owners if each is not None)


def charges(call: Call, prepare: Call | None = None, **more: Any) -> list[tuple[str, int]]:
    """(cache, bytes) of what the call charges to `web`, in turn."""
    machine = ready(prepare, **more)
    return [(cache, size) for kind, cache, size, owner in events(machine, call) if kind == ALLOC and owner == 1]


def events(machine: Checked, call: Call) -> list[tuple[int, str, int, int]]:
    """(kind, cache, bytes, owner) of the allocations and frees that a call makes."""
    log = machine.machine.log
    assert log is not None
    before = log.length
    machine.do(call, machine)
    rows = [(int(log.kind[n]), log.names[log.cache[n]], int(log.size[n]), int(log.owner[n])) for n in range(before, log.length)]
    return [row for row in rows if row[0] in (ALLOC, FREE)]


def allocated(machine: Checked, call: Call) -> list[str]:
    """Caches in the order in which the call takes objects of them; owner arrays left out."""
    return [cache for kind, cache, _, _ in events(machine, call) if kind == ALLOC]


def freed(machine: Checked, call: Call) -> list[str]:
    """Caches in the order in which the call frees objects of them."""
    return [cache for kind, cache, _, _ in events(machine, call) if kind == FREE]


def every_charge(call: Call, prepare: Call | None = None, **more: Any) -> list[tuple[str, int]]:
    """Refuse the nth charge, for every n: (cache, errno)."""
    found: list[tuple[str, int]] = []
    total = 0
    for cache, size in charges(call, prepare, **more):
        total += size
        machine = ready(prepare, **more)
        machine.limit("web", machine.group("web").res.usage + total - 1)
        machine.as_task(2)
        before = kept(machine)
        number = refused_with(machine, call)
        found.append((cache, number))
        assert machine.counter("web")[1] >= 1
        if number:
            machine.machine.rcu.end_grace_period()
            assert kept(machine) == before
    return found


def ends_as_it_began(machine: Checked, boot: list[list[int]]) -> None:
    """Let every task but init exit, drop what no task holds, shrink: the zone is as at boot."""
    kernel = machine.machine
    for pid in [pid for pid in kernel.tasks.by_pid if pid != 1]:
        machine.exit(pid)
    machine.do(kernel.dcache.prune, 10**6)
    for address, _, _ in list(kernel.by_hand.held):
        machine.do(kernel.by_hand.give, address)
    for context in kernel.interrupts.held:
        machine.do(kernel.interrupts.free, context, 10**6)
    machine.do(kernel.rcu.end_grace_period)
    assert all(each.res.usage == 0 for each in kernel.kmem_subsystem.owners if each is not None)
    machine.shrink_all()
    assert [sorted(blocks) for blocks in kernel.slub.pages.free_blocks()] == [sorted(blocks) for blocks in boot]


def same_after_restore(machine: Checked) -> None:
    """Another machine of the profile becomes this one, and this one goes on being itself."""
    saved = machine.machine.state()
    machine.do(machine.machine.restore, saved)
    assert machine.machine.state() == saved
