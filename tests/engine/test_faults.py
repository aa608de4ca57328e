"""The nth page cannot be had, for every n until it does not matter: nothing breaks, nothing leaks, no limit was hit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kmemlab.engine.buddy import PageSource, Zone
from kmemlab.engine.errors import KernelError
from kmemlab.engine.tasks import FORK_CACHES
from kmemlab.engine.types import NONE

from .machines import Checked, without_failcnt


class Failing(PageSource):
    """A zone that has nothing to give at the nth request, or from the nth on."""

    def __init__(self, zone: Zone, nth: int, for_good: bool) -> None:
        super().__init__(zone.nr_pages)
        self.zone = zone
        self.used_order = zone.used_order
        self.user = zone.user
        self.nth = nth
        self.for_good = for_good
        self.asked = 0

    def alloc_pages(self, order: int, user: int) -> int:
        self.asked += 1
        if self.asked == self.nth or (self.for_good and self.asked > self.nth):
            return NONE
        pfn = self.zone.alloc_pages(order, user)
        self.split_from = self.zone.split_from
        return int(pfn)

    def free_pages(self, pfn: int, order: int) -> None:
        self.zone.free_pages(pfn, order)


def open_many(machine: Checked) -> None:
    """Forty files: three slabs of filp, and their arrays."""
    kernel = machine.machine
    task = kernel.run_as(2)
    failed: KernelError | None = None
    for _ in range(40):
        try:
            kernel.open(task)
        except KernelError as error:
            failed = error
    if failed is not None:
        for fd in task.open_files():
            kernel.close(task, fd)
        raise failed


def fork_once(machine: Checked) -> None:
    """Seven objects, a stack, and the arrays of the slabs they come from."""
    machine.machine.fork(machine.machine.run_as(2))


def account_again(machine: Checked) -> None:
    """Off, on, and an object on a slab that needs a new array."""
    kernel = machine.machine
    filp = kernel.find_cache("filp")
    task = kernel.run_as(2)
    kernel.account(filp, False)
    kernel.account(filp, True)
    kernel.close(task, kernel.open(task))


SCENARIOS: list[tuple[Callable[[Checked], None], int, tuple[int, ...]]] = [
    (open_many, 4, (23,)),
    (fork_once, 12, (12,)),
    (account_again, 2, (23,)),
]


def ready(slub: str, cpus: int) -> Checked:
    """Task 2 in web, everything that fork takes accounted, and no slab in memory but those of task 2."""
    machine = Checked(slub=slub, cpus=cpus)
    machine.mount()
    machine.mkdir("web")
    machine.attach(machine.fork(), "web")
    for name in ("filp", *FORK_CACHES):
        machine.account(name)
    for name in FORK_CACHES:  # fill the slabs of task 2, which are older than accounting
        cache = machine.machine.find_cache(name)
        while cache.cpu_slab[0].freelist != NONE:
            machine.machine.slub.kmem_cache_alloc(cache, 0)
        while cpus > 1 and cache.cpu_slab[1].freelist != NONE:
            machine.machine.slub.kmem_cache_alloc(cache, 1)
    machine.as_task(2)
    machine.machine.check()
    return machine


@pytest.mark.parametrize(("slub", "cpus"), [("2.6.23", 1), ("2.6.24", 2)])
@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for-good"])
@pytest.mark.parametrize(("scenario", "least", "errnos"), SCENARIOS, ids=[row[0].__name__ for row in SCENARIOS])
def test_every_page_in_turn(
    scenario: Callable[[Checked], None], least: int, errnos: tuple[int, ...], for_good: bool, slub: str, cpus: int
) -> None:
    nth = 1
    while True:
        machine = ready(slub, cpus)
        zone = machine.machine.slub.pages
        assert isinstance(zone, Zone)
        free = zone.free_blocks()
        before = without_failcnt(machine.machine.state())
        counters = [each.res.failcnt for each in machine.machine.kmem_subsystem.owners if each is not None]
        machine.machine.slub.pages = failing = Failing(zone, nth, for_good)
        failed = 0
        try:
            scenario(machine)
        except KernelError as error:
            failed = error.errno or 0
        machine.machine.slub.pages = zone
        machine.machine.check()
        assert [each.res.failcnt for each in machine.machine.kmem_subsystem.owners if each is not None] == counters
        if failing.asked < nth:
            assert failed == 0
            break
        assert failed in errnos
        machine.as_task(2)
        assert without_failcnt(machine.machine.state()) == before
        machine.shrink_all()
        assert [sorted(blocks) for blocks in zone.free_blocks()] == [sorted(blocks) for blocks in free]
        nth += 1
    assert nth > least, "the scenario took fewer pages than it should: it tests less than it says"


@pytest.mark.parametrize(
    ("scenario", "errnos"), [(row[0], row[2]) for row in SCENARIOS], ids=[row[0].__name__ for row in SCENARIOS]
)
def test_every_owner_array_in_turn(scenario: Callable[[Checked], None], errnos: tuple[int, ...]) -> None:
    nth = 1
    while True:
        machine = ready("2.6.24", 1)
        plain = machine.machine.kmem.kzalloc
        assert plain is not None
        asked = 0

        def fails(size: int, cpu: int, nth: int = nth, plain: Callable[[int, int], int] = plain) -> int:
            nonlocal asked
            asked += 1
            return NONE if asked == nth else plain(size, cpu)

        before = without_failcnt(machine.machine.state())
        machine.machine.kmem.kzalloc = fails
        failed = 0
        try:
            scenario(machine)
        except KernelError as error:
            failed = error.errno or 0
        machine.machine.kmem.kzalloc = plain
        machine.machine.check()
        assert machine.counter("web")[1] == 0
        if asked < nth:
            assert failed == 0
            break
        assert failed in errnos
        machine.as_task(2)
        assert without_failcnt(machine.machine.state()) == before
        nth += 1
    assert nth > 1, "no array was asked for"


@pytest.mark.parametrize("limit", range(0, 256 * 5, 255))
def test_every_charge_in_turn(kmem: Checked, limit: int) -> None:
    kmem.limit("web", limit)
    kmem.as_task(1)
    before = without_failcnt(kmem.machine.state())
    fits = limit // 256
    outcomes = []
    for _ in range(6):
        try:
            kmem.open(2)
            outcomes.append(0)
        except KernelError as error:
            outcomes.append(error.errno or 0)
    assert outcomes == [0] * fits + [23] * (6 - fits)
    assert kmem.counter("web") == (256 * fits, 6 - fits)
    for fd in range(fits):
        kmem.close(2, fd)
    kmem.as_task(1)
    assert without_failcnt(kmem.machine.state()) == before
