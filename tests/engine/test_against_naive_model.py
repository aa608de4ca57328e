"""Random programs on a machine of 64 pages, against the naive model: usage, failcnt, errno, and what a refusal leaves."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from kmemlab.engine.buddy import Zone
from kmemlab.engine.events import ALLOC, NOPAGE, REFUSED
from kmemlab.engine.kmem_cache import KmemCache
from kmemlab.engine.machine import Machine
from kmemlab.engine.types import NONE

from .machines import Checked, errno_of, live_addresses, without_failcnt
from .naive import FORKED, ROOT, SIZES, Naive

PATHS = st.sampled_from(["a", "b", "a/x"])
CACHES = st.sampled_from(["filp", "filp", "filp", "pid", "task_struct", "mm_struct", "kmalloc-128"])
PICK = st.integers(0, 1000)
LIMITS = st.sampled_from([0, 255, 256, 700, 1824, 4000, 6368, 20000, 2**63 - 1])
ERAS = ["2.6.23", "2.6.24"]


class Programs(RuleBasedStateMachine):
    """What a program may do; each rule says what the model expects."""

    slub = "2.6.24"
    allocator = "slub"

    @initialize(accounted=st.sets(CACHES), home=PATHS, limit=LIMITS)
    def boot(self, accounted: set[str], home: str, limit: int) -> None:
        self.kernel = Checked(slub=self.slub, cpus=2, memory="256K", allocator=self.allocator)
        self.kernel.mount()
        self.model = Naive()
        self.since: dict[str, int] = {}  # slabs of a cache born before it was accounted have no array
        log = self.kernel.machine.log
        assert log is not None
        self.log = log
        for path in ("a", home):
            self.mkdir(path)
        for cache in sorted(accounted):
            self.account(cache, True)
        self.fork(0)
        self.attach(home, 1)
        self.limit(home, limit)

    def pid(self, pick: int) -> int:
        pids = sorted(self.model.where)
        return pids[pick % len(pids)]

    def attempt(self, expected: int | None, operation: Callable[..., object], *arguments: Any) -> int:
        """Do it; a refusal is the one expected, and leaves who has what as it was."""
        before = without_failcnt(self.kernel.machine.state())
        got = errno_of(operation, *arguments)
        if got:
            self.kernel.machine.run_as(*before["current"])
            assert without_failcnt(self.kernel.machine.state()) == before
        if expected is not None:
            assert got == expected
        return got

    # -- containers

    @rule(path=PATHS)
    def mkdir(self, path: str) -> None:
        parent = path.rpartition("/")[0]
        expected: int | None = (
            errno.ENOENT if parent not in self.model.usage else errno.EEXIST if path in self.model.usage else 0
        )
        if self.kernel.machine.slub.pages.nr_free == 0 and not expected:
            expected = None  # its state may find a free object of kmalloc-64, or no memory
        if not self.attempt(expected, self.kernel.mkdir, path):
            self.model.usage[path] = self.model.failcnt[path] = 0
            self.model.limit[path] = 2**63 - 1

    @rule(path=PATHS)
    def rmdir(self, path: str) -> None:
        expected = errno.ENOENT if path not in self.model.usage else errno.EBUSY if self.model.busy(path) else 0
        if not self.attempt(expected, self.kernel.rmdir, path):
            del self.model.usage[path], self.model.failcnt[path], self.model.limit[path]

    @rule(path=st.one_of(PATHS, st.just(ROOT)), pick=PICK)
    def attach(self, path: str, pick: int) -> None:
        pid = self.pid(pick)
        if not self.attempt(0 if path in self.model.usage else errno.ENOENT, self.kernel.attach, pid, path):
            self.model.where[pid] = path

    @rule(path=PATHS)
    def abandon(self, path: str) -> None:
        """Everybody leaves; what they had charged keeps the container busy."""
        for pid in [pid for pid, where in self.model.where.items() if where == path]:
            self.model.where[pid] = ROOT
            self.kernel.attach(pid, ROOT)
        self.rmdir(path)

    @rule(path=st.one_of(PATHS, st.just(ROOT)), value=LIMITS)
    def limit(self, path: str, value: int) -> None:
        if not self.attempt(0 if path in self.model.usage else errno.ENOENT, self.kernel.limit, path, value):
            self.model.limit[path] = value

    # -- the switch

    def name_of(self, cache: str) -> str:
        return cache.replace("kmalloc", "size") if self.allocator == "slab" else cache

    @rule(cache=CACHES, on=st.booleans())
    def account(self, cache: str, on: bool) -> None:
        live = cache in self.model.cache_of.values()
        expected = 0
        if cache.startswith("kmalloc"):
            expected = errno.EINVAL
        elif not on and live and cache in self.model.accounted:
            expected = errno.EBUSY
        name = self.name_of(cache)
        births = int(self.kernel.machine.find_cache(name).births)
        if not self.attempt(expected, self.kernel.account, name, on):
            if on and cache not in self.model.accounted:
                self.since[cache] = births
            (self.model.accounted.add if on else self.model.accounted.discard)(cache)

    @rule(cache=CACHES, cpu=st.integers(0, 1))
    def shrink(self, cache: str, cpu: int) -> None:
        before = without_failcnt(self.kernel.machine.state())
        self.kernel.shrink(self.kernel.machine.find_cache(self.name_of(cache)), cpu)
        assert without_failcnt(self.kernel.machine.state()) == before

    # -- tasks

    def charged(self, first: int, path: str) -> tuple[list[bool], bool, bool]:
        """Go through the events of one operation: which objects are paid; whether a limit, or memory, said no.

        Every charge must fit and every refusal must not.
        """
        paid: list[bool] = []
        more, limited, short = 0, False, False
        for n in range(first, int(self.log.length)):
            kind, cache = self.log.kind[n], self.log.names[self.log.cache[n]]
            if kind == ALLOC and cache in SIZES:
                paid.append(cache in self.model.accounted and self.log.slab[n] >= self.since[cache])
                if paid[-1]:
                    assert self.model.fits(path, cache, more)
                    more += SIZES[cache]
            elif kind == REFUSED:
                assert cache in self.model.accounted
                assert not self.model.fits(path, cache, more)
                self.model.failcnt[path] += 1
                limited = True
            elif kind == NOPAGE:
                short = True
        return paid, limited, short

    @rule(pick=PICK, cpu=st.integers(0, 1), count=st.integers(1, 80))
    def open_some(self, pick: int, cpu: int, count: int) -> None:
        for _ in range(count):
            self.open(pick, cpu)

    def open(self, pick: int, cpu: int) -> None:
        pid, first = self.pid(pick), int(self.log.length)
        got = self.attempt(None, self.kernel.open, pid, cpu)
        paid, limited, short = self.charged(first, self.model.where[pid])
        assert got == (errno.ENFILE if limited or short else 0)
        if not got:
            fd = next(fd for fd in range(10**6) if fd not in self.model.files[pid])
            address = self.kernel.machine.tasks.find(pid).files[fd]
            self.model.taken(address, "filp", self.model.where[pid], paid[0])
            self.model.files[pid][fd] = address

    @rule(pick=PICK, which=PICK, cpu=st.integers(0, 1), count=st.integers(1, 12))
    def close_some(self, pick: int, which: int, cpu: int, count: int) -> None:
        for _ in range(count):
            fds = sorted(self.model.files[self.pid(pick)])
            self.close(pick, fds[which % len(fds)] if fds else which, cpu)

    @rule(pick=PICK, fd=st.integers(-1, 30), cpu=st.integers(0, 1))
    def close(self, pick: int, fd: int, cpu: int) -> None:
        pid = self.pid(pick)
        if not self.attempt(0 if fd in self.model.files[pid] else errno.EBADF, self.kernel.close, pid, fd, cpu):
            self.model.closed(pid, fd)

    @rule(pick=PICK, count=st.integers(1, 12))
    def fork_some(self, pick: int, count: int) -> None:
        for _ in range(count):
            self.fork(pick)

    def fork(self, pick: int) -> None:
        pid, first = self.pid(pick), int(self.log.length)
        got = self.attempt(None, self.kernel.fork, pid)
        paid, limited, short = self.charged(first, self.model.where[pid])
        if got:
            assert got == errno.ENOMEM
            pages = self.kernel.machine.slub.pages
            assert limited or short or not any(pages.free_blocks()[1:]), "there was room for a stack"
            return
        assert not limited
        assert not short
        child = self.kernel.machine.tasks.find(max(self.kernel.machine.tasks.by_pid))
        assert child.pid not in self.model.where
        self.model.where[child.pid] = self.model.where[pid]
        self.model.files[child.pid] = dict(self.model.files[pid])
        self.model.made_of[child.pid] = [address for _, address in child.objects]
        for (cache, address), pays in zip(child.objects, paid, strict=True):
            self.model.taken(address, cache, self.model.where[pid], pays)

    @rule(pick=PICK)
    def exit(self, pick: int) -> None:
        pid = self.pid(pick)
        if not self.attempt(errno.EPERM if pid == 1 else 0, self.kernel.exit, pid):
            self.model.ended(pid)

    # -- what always holds

    @invariant()
    def counters_are_equal(self) -> None:
        for path, usage in self.model.usage.items():
            assert self.kernel.counter(path) == (usage, self.model.failcnt[path])
            pids = sorted(pid for pid, where in self.model.where.items() if where == path)
            assert self.kernel.machine.tree.read(f"/containers/{path}/tasks") == "".join(f"{pid}\n" for pid in pids)

    @invariant()
    def objects_are_equal(self) -> None:
        for cache in self.kernel.machine.state()["caches"]:
            if cache["name"] in SIZES:
                live = live_addresses(cache, SIZES[cache["name"]])
                assert sorted(live) == sorted(at for at, name in self.model.cache_of.items() if name == cache["name"])

    def teardown(self) -> None:
        """When everybody has ended nothing is charged, every container can go, and memory is whole again."""
        if not hasattr(self, "kernel"):
            return
        for pid in sorted(self.model.where)[1:]:
            self.kernel.exit(pid)
        for fd in list(self.model.files[1]):
            self.kernel.close(1, fd)
        self.kernel.attach(1, ROOT)
        for path in sorted(self.model.usage, reverse=True):
            assert self.kernel.counter(path)[0] == 0
            if path:
                self.kernel.rmdir(path)
        self.kernel.shrink_all()
        zone = self.kernel.machine.slub.pages
        assert [blocks for blocks in zone.free_blocks() if blocks] == [[0]]


@pytest.mark.parametrize("slub", ERAS)
def test_programs_do_what_the_naive_model_does(slub: str) -> None:
    era = type(f"Programs{slub}", (Programs,), {"slub": slub})
    run_state_machine_as_test(era, settings=settings(max_examples=100, stateful_step_count=40))


def test_programs_on_slab_do_what_the_same_naive_model_does() -> None:
    kind = type("ProgramsOnSlab", (Programs,), {"allocator": "slab"})
    run_state_machine_as_test(kind, settings=settings(max_examples=25, stateful_step_count=40))


@pytest.mark.long
def test_long_programs_on_slab_do_what_the_same_naive_model_does() -> None:
    kind = type("LongOnSlab", (Programs,), {"allocator": "slab"})
    run_state_machine_as_test(kind, settings=settings(deadline=None, max_examples=100, stateful_step_count=120))


@pytest.mark.long
@pytest.mark.parametrize("slub", ERAS)
def test_long_programs_do_what_the_naive_model_does(slub: str) -> None:
    era = type(f"Long{slub}", (Programs,), {"slub": slub})
    run_state_machine_as_test(era, settings=settings(deadline=None, max_examples=100, stateful_step_count=120))


def test_the_model_charges_for_what_the_headers_say() -> None:
    machine = Machine(memory="256K")
    assert {name: int(machine.find_cache(name).size) for name in SIZES} == SIZES
    assert [name for name, _ in machine.fork(machine.tasks.find(1)).objects] == list(FORKED)


SLUB_STEPS = st.lists(st.tuples(st.sampled_from("aaaffsLx"), PICK, st.integers(0, 2)), min_size=20, max_size=120)


@pytest.mark.parametrize("slub", ERAS)
@settings(max_examples=150)
@given(size=st.sampled_from([8, 100, 700, 1024, 2048, 5000]), steps=SLUB_STEPS)
def test_an_allocator_on_three_cpus_is_a_dict_of_objects(slub: str, size: int, steps: list[tuple[str, int, int]]) -> None:
    machine = Checked(slub=slub, cpus=3, memory="128K", caches=False, log=False)
    cache: KmemCache = machine.create("thing", size)
    step = int(cache.size)
    live: dict[int, int] = {}
    for what, pick, cpu in steps:
        if what == "a":
            for _ in range(1 + pick % 8):
                address = machine.alloc(cache, cpu)
                if address == NONE:
                    pages = machine.machine.slub.pages
                    assert isinstance(pages, Zone)
                    assert not any(pages.free_blocks()[cache.order :])
                    break
                assert address % (4096 << cache.order) % step == 0
                assert all(abs(address - other) >= step for other in live), "two objects overlap"
                live[address] = cpu
        elif what == "f" and live:
            address = sorted(live)[pick % len(live)]
            machine.free(address, cpu)
            del live[address]
            assert errno_of(machine.free, address, cpu) == errno.EINVAL
        elif what == "s":
            machine.shrink(cache, cpu)
            assert all(slab.inuse for slab in cache.partial_list())
        elif what == "L":
            machine.flush(cache, cpu)
            assert all(c.slab is None for c in cache.cpu_slab)
        elif what == "x":
            machine.cpu_dead(pick % 3, cpu)
        (described,) = [each for each in machine.machine.state()["caches"] if each["name"] == "thing"]
        assert set(live_addresses(described, step)) == set(live)
    for address in live:
        machine.free(address, 0)
    machine.shrink(cache)
    assert machine.machine.slub.pages.nr_free == 32


@settings(max_examples=100)
@given(steps=st.lists(st.tuples(st.integers(0, 6), PICK), min_size=10, max_size=60), after=st.lists(PICK, max_size=10))
def test_a_state_that_is_restored_is_the_same_and_goes_on_the_same(steps: list[tuple[int, int]], after: list[int]) -> None:
    machine = Checked(cpus=2, memory="256K")
    machine.mount()
    machine.mkdir("a")
    for what, pick in steps:
        pids = sorted(machine.machine.tasks.by_pid)
        pid = pids[pick % len(pids)]
        fds = machine.machine.tasks.find(pid).open_files()
        operations: list[tuple[Callable[..., object], tuple[Any, ...]]] = [
            (machine.open, (pid, pick % 2)),
            (machine.close, (pid, fds[pick % len(fds)] if fds else 0)),
            (machine.fork, (pid,)),
            (machine.exit, (pid,)),
            (machine.attach, (pid, "a")),
            (machine.account, (["filp", "pid"][pick % 2],)),
            (machine.mkdir, (f"a/{pick}",)),
        ]
        operation, arguments = operations[what]
        errno_of(operation, *arguments)
    saved = machine.machine.state()
    again = Checked(cpus=2, memory="256K")
    again.do(again.machine.restore, saved)
    assert again.machine.state() == saved
    assert again.machine.state_hash() == machine.machine.state_hash()
    for pick in after:
        for each in (machine, again):
            pids = sorted(each.machine.tasks.by_pid)
            errno_of(each.open, pids[pick % len(pids)], pick % 2)
        assert again.machine.state() == machine.machine.state()
