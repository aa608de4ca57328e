"""Calls of kmalloc, vmalloc and pages that carry the accounting flag: kmemlab's own extension, off unless it is asked for."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab.engine.errors import CheckError, KernelError
from kmemlab.engine.events import CHARGED_CALL, REFUSED_CALL, UNCHARGED_CALL
from kmemlab.engine.mm import mmap, munmap, touch
from kmemlab.engine.profiles import Profile
from kmemlab.engine.signals import unshare_mounts
from kmemlab.engine.sites import BY_HAND, SITES, cache_objects, held_by_site, is_seen
from kmemlab.engine.sockets import sys_pipe, sys_socket
from kmemlab.engine.types import NONE

from . import faulty
from .machines import Checked, errno_of

ALL = "cache,kmalloc,vmalloc,pages"


def made(kinds: str = ALL, mark: tuple[str, ...] = tuple(SITES), **more: Any) -> Checked:
    """Task 2 in `web`, running; the call sites marked; no cache accounted, so that only calls are charged."""
    machine = Checked(kinds=kinds, **more)
    machine.mount()
    machine.mkdir("web")
    machine.fork()
    machine.attach(2, "web")
    for site in mark:
        machine.write(f"/sys/kernel/debug/kmem_sites/{site}", "1")
    machine.as_task(2)
    return machine


def take(machine: Checked, call: str, much: int, account: bool = True) -> int:
    return machine.do(machine.machine.by_hand.take, call, much, account)


# -- what is charged


@pytest.mark.parametrize(
    ("call", "much", "paid"),
    [
        ("kmalloc", 1, 8),  # s->size, not what was asked
        ("kmalloc", 64, 64), ("kmalloc", 65, 96), ("kmalloc", 2048, 2048),
        ("kmalloc", 2049, 4096), ("kmalloc", 5000, 8192),  # above the largest cache: pages
        ("kmalloc", 0, 0),
        ("pages", 0, 4096), ("pages", 3, 32768),
        ("vmalloc", 1, 4096), ("vmalloc", 4097, 8192),  # neither guard page, nor vm_struct, nor array
    ],
)  # fmt: skip
def test_a_marked_call_pays_what_it_really_takes_and_an_unmarked_one_nothing(call: str, much: int, paid: int) -> None:
    machine = made()
    bystander = take(machine, call, much, account=False)
    assert machine.counter("web") == (0, 0)
    address = take(machine, call, much)
    assert machine.counter("web") == (paid, 0)
    assert machine.group("web").refs == 1 + (paid > 0)  # the task, and what it pays for
    if paid:
        machine.as_task(1)
        machine.do(machine.machine.by_hand.give, address)  # another task, in another container, frees it
        machine.do(machine.machine.by_hand.give, bystander)
    assert machine.counter("web") == (0, 0) == machine.counter()
    assert machine.group("web").refs == 1


@pytest.mark.parametrize(("call", "much", "paid"), [("kmalloc", 64, 64), ("kmalloc", 200, 256), ("vmalloc", 5000, 8192)])
def test_slab_charges_calls_as_slub_does(call: str, much: int, paid: int) -> None:
    machine = made(allocator="slab")
    take(machine, call, much, account=False)
    address = take(machine, call, much)
    sys_pipe(machine.machine, machine.machine.current.task, True)
    assert machine.counter("web") == (paid + 65536 + 1024, 0)
    assert is_seen(machine.machine, address)
    faulty.same_after_restore(machine)
    machine.do(machine.machine.by_hand.give, address)
    machine.exit(2)
    assert machine.counter("web") == (0, 0)


def test_with_the_era_of_2_6_23_large_kmalloc_is_of_a_cache() -> None:
    machine = made(slub="2.6.23")
    take(machine, "kmalloc", 5000)
    assert machine.counter("web") == (8192, 0)


def map_and_touch(machine: Checked) -> None:
    mmap(machine.machine, machine.machine.current.task)
    touch(machine.machine, machine.machine.current.task)


# What one call of each kind gives at each site, in bytes (facts 7; sizes of kmalloc caches).
BILLS: list[tuple[str, Callable[[Checked], object], dict[str, int]]] = [
    ("a full pipe", lambda it: sys_pipe(it.machine, it.machine.current.task, True),
     {"pipe_inode_info": 1024, "pipe_buffer": 65536}),
    ("a socket with a message", lambda it: sys_socket(it.machine, it.machine.current.task, True), {"skb_data": 1024}),
    ("a fork", lambda it: it.machine.fork(it.machine.current.task), {"kernel_stack": 8192}),
    ("a page fault", lambda it: map_and_touch(it),
     {"pte": 4096}),
    ("three mounts", lambda it: unshare_mounts(it.machine, it.machine.current.task, 3),
     {"nsproxy": 64, "mnt_namespace": 64, "mnt_devname": 24}),
    ("a long name", lambda it: it.machine.dcache.stat_missing(100), {"d_name": 128}),
]  # fmt: skip


@pytest.mark.parametrize(("call", "bill"), [row[1:] for row in BILLS], ids=[row[0] for row in BILLS])
def test_each_call_site_that_is_marked_pays_for_its_own(call: Callable[[Checked], object], bill: dict[str, int]) -> None:
    machine = made()
    machine.do(call, machine)
    assert machine.counter("web")[0] == sum(bill.values())
    for site, size in bill.items():
        one = made(mark=(site,))
        one.do(call, one)
        assert one.counter("web")[0] == size, site
        assert all(is_seen(one.machine, address) for address in held_by_site(one.machine)[site] if address != stack_of_2(one))


def stack_of_2(machine: Checked) -> int:
    """The stack of task 2 is older than the marks."""
    return int(machine.machine.tasks.find(2).stack) << 12


def test_the_bills_name_every_call_site() -> None:
    assert {site for _, _, bill in BILLS for site in bill} == set(SITES)


def test_what_was_given_before_the_mark_stays_unpaid_and_after_it_paid() -> None:
    machine = made(mark=())
    sys_pipe(machine.machine, machine.machine.current.task, True)
    machine.write("/sys/kernel/debug/kmem_sites/pipe_buffer", "1")
    assert machine.counter("web") == (0, 0)
    sys_pipe(machine.machine, machine.machine.current.task, True)
    machine.write("/sys/kernel/debug/kmem_sites/pipe_buffer", "0")
    assert machine.counter("web") == (65536, 0)
    for fd in (0, 1):
        machine.close(2, fd)
    assert machine.counter("web") == (65536, 0)
    for fd in (2, 3):
        machine.close(2, fd)
    assert machine.counter("web") == (0, 0)


def test_a_container_that_still_pays_cannot_go() -> None:
    machine = made()
    address = take(machine, "pages", 0)
    machine.exit(2)
    assert errno_of(machine.rmdir, "web") == errno.EBUSY
    machine.do(machine.machine.by_hand.give, address)
    machine.rmdir("web")


def test_a_stack_is_paid_until_the_grace_period_ends() -> None:
    machine = made(rcu="grace")
    child = machine.fork(2)
    assert machine.counter("web") == (8192, 0)
    machine.exit(child)
    assert machine.counter("web") == (8192, 0)
    machine.do(machine.machine.rcu.end_grace_period)
    assert machine.counter("web") == (0, 0)


# -- kinds


@pytest.mark.parametrize("kinds", ["", "kmalloc", "cache,", "cache,slab", "cache,pages,pages", "Cache", "cache, pages"])
def test_other_kinds_are_refused_in_one_sentence(kinds: str) -> None:
    with pytest.raises(KernelError, match="kinds=") as refusal:
        Checked(kinds=kinds)
    assert refusal.value.errno == errno.EINVAL


def test_kinds_are_cache_unless_they_are_asked_for_and_then_nothing_is_told_apart() -> None:
    assert "kinds" not in Profile().to_dict()
    assert Profile(kinds="cache,pages").to_dict()["kinds"] == "cache,pages"
    plain = Checked()
    assert plain.machine.tree.listdir("/sys/kernel/debug") == ["failslab", "fail_page_alloc", "fail_charge"]
    assert plain.machine.state().keys().isdisjoint({"marked", "vmalloc", "by_hand"})


@pytest.mark.parametrize("call", BY_HAND)
def test_a_mark_is_refused_where_its_kind_is_not_charged(call: str) -> None:
    others = ",".join(["cache", *[each for each in BY_HAND if each != call]])
    for kinds in ("cache", others):
        machine = made(kinds, mark=())
        before = machine.machine.state_hash()
        with pytest.raises(KernelError, match=f"This machine charges kinds={kinds}: boot it") as refusal:
            take(machine, call, 1)
        assert refusal.value.errno == errno.EINVAL
        for site in [site for site in SITES if SITES[site][0] == call]:
            assert errno_of(machine.write, f"/sys/kernel/debug/kmem_sites/{site}", "1") == errno.EINVAL
        assert machine.machine.state_hash() == before
        take(machine, call, 1, account=False)
        assert machine.counter("web") == (0, 0)


@pytest.mark.parametrize(
    ("call", "much"),
    [("kmalloc", -1), ("kmalloc", (4 << 20) + 1), ("pages", 11), ("pages", -1), ("vmalloc", 0), ("vmalloc", 1 << 41)],
)
def test_bad_sizes_change_nothing(call: str, much: int) -> None:
    machine = made()
    before = machine.machine.state_hash()
    assert errno_of(machine.do, machine.machine.by_hand.take, call, much, True) == errno.EINVAL
    assert errno_of(machine.do, machine.machine.by_hand.give, 4096) == errno.EINVAL
    assert machine.machine.state_hash() == before


# -- refusals


@pytest.mark.parametrize(("call", "much", "size"), [("kmalloc", 100, 128), ("pages", 2, 16384), ("vmalloc", 9000, 12288)])
def test_a_refused_call_leaves_nothing_but_failcnt(call: str, much: int, size: int) -> None:
    machine = made()
    for _ in range(2):  # slabs are there already, so that the state can be the same to the bit
        machine.do(machine.machine.by_hand.give, take(machine, call, much))
    machine.limit("web", size - 1)
    machine.as_task(2)
    before = machine.machine.state()
    with pytest.raises(KernelError, match="its charge did not fit: the container's limit") as refusal:
        take(machine, call, much)
    assert refusal.value.errno == errno.ENOMEM
    assert machine.counter("web") == (0, 1)
    machine.group("web").res.failcnt = 0
    assert machine.machine.state() == before
    machine.limit("web", size)
    machine.as_task(2)
    take(machine, call, much)
    assert machine.counter("web") == (size, 0)


ERRNOS = {
    "pipe_inode_info": errno.ENFILE, "pipe_buffer": errno.ENOMEM, "skb_data": errno.ENOBUFS, "kernel_stack": errno.ENOMEM,
    "pte": errno.ENOMEM, "nsproxy": errno.ENOMEM, "mnt_namespace": errno.ENOMEM, "mnt_devname": 0, "d_name": errno.ENOMEM,
}  # fmt: skip


@pytest.mark.parametrize(("call", "bill"), [row[1:] for row in BILLS], ids=[row[0] for row in BILLS])
def test_at_the_limit_a_system_call_fails_with_its_errno_and_leaks_nothing(
    call: Callable[[Checked], object], bill: dict[str, int]
) -> None:
    """A mount does without the name of its device; every other call says no."""
    for site in bill:
        machine = made(mark=(site,))
        machine.limit("web", 0)
        machine.as_task(2)
        maps = len(machine.machine.tasks.find(2).maps)
        before = faulty.kept(machine)
        assert faulty.refused_with(machine, call) == ERRNOS[site]
        assert machine.counter("web")[1] >= 1
        if len(machine.machine.tasks.find(2).maps) > maps:
            machine.do(munmap, machine.machine, machine.machine.tasks.find(2))  # mmap itself went well
        if ERRNOS[site]:
            assert faulty.kept(machine) == before, site


@pytest.mark.parametrize("call", [row[1] for row in BILLS], ids=[row[0] for row in BILLS])
def test_no_page_at_any_point_leaks_nothing(call: Callable[[Checked], object]) -> None:
    def marked(machine: Checked) -> None:
        for site in SITES:
            machine.write(f"/sys/kernel/debug/kmem_sites/{site}", "1")
        machine.do(mmap, machine.machine, machine.machine.tasks.find(2))
        machine.as_task(2)

    if call is BILLS[3][1]:
        errnos = faulty.every_page(lambda it: touch(it.machine, it.machine.current.task), marked, kinds=ALL)
    else:
        errnos = faulty.every_page(call, marked, kinds=ALL)
    assert errnos


@pytest.mark.parametrize("call", ["kmalloc 3000", "vmalloc 20000", "vmalloc 2100000", "pages 1"])
def test_no_page_at_any_point_leaks_nothing_by_hand(call: str) -> None:
    name, much = call.split()
    machine_memory = "4M" if much == "2100000" else "1M"
    nths = faulty.every_page(
        lambda it: it.machine.by_hand.take(name, int(much), True), kinds=ALL, memory=machine_memory
    )[:40] if machine_memory == "1M" else some_pages(int(much))  # fmt: skip
    assert set(nths) == {errno.ENOMEM}


def some_pages(much: int) -> list[int]:
    """An area so large that its array is an area, too: memory ends somewhere inside it."""
    machine = made(memory="2M")
    before = faulty.kept(machine)
    number = errno_of(machine.do, machine.machine.by_hand.take, "vmalloc", much, True)
    assert faulty.kept(machine) == before
    return [number]


def test_an_injected_fault_of_a_charge_refuses_a_call() -> None:
    machine = made()
    for knob, value in (("times", "1"), ("probability", "100")):
        machine.write(f"/sys/kernel/debug/fail_charge/{knob}", value)
    machine.as_task(2)
    assert errno_of(machine.do, machine.machine.by_hand.take, "pages", 0, True) == errno.ENOMEM
    assert machine.counter("web") == (0, 1)
    log = machine.machine.log
    assert log is not None
    assert log.order[log.length - 1] == 2  # FAIL_CHARGE, in the refusal's row
    take(machine, "pages", 0)
    assert machine.counter("web") == (4096, 1)


def test_objects_of_caches_are_seen_where_somebody_pays_and_only_there() -> None:
    machine = made()
    machine.open(2)
    machine.account("filp")
    for _ in range(17):  # 15 more have room in the slab from before
        machine.open(2)
    before = cache_objects(machine.machine)
    assert before[1] == 2 * 256
    machine.open(2)
    assert [one - other for one, other in zip(cache_objects(machine.machine), before, strict=True)] == [1, 256, 0]


# -- vmalloc


def test_areas_are_taken_first_fit_with_a_guard_page_between() -> None:
    machine = made()
    first, second, third = (take(machine, "vmalloc", size) for size in (8192, 4096, 4096))
    assert (second - first, third - second) == (3 * 4096, 2 * 4096)
    machine.do(machine.machine.by_hand.give, first)
    assert take(machine, "vmalloc", 8193) > third  # the hole is three pages, and a guard page is needed
    assert take(machine, "vmalloc", 4096) == first


def test_an_array_of_a_whole_page_is_kmallocs() -> None:
    machine = made(memory="4M")
    address = take(machine, "vmalloc", 512 * 4096)
    (area,) = machine.machine.vmalloc.areas.values()
    assert (area.address, area.count) == (address, 512)


def test_a_large_area_has_its_array_in_an_area() -> None:
    machine = made(memory="4M")
    size = 513 * 4096
    take(machine, "vmalloc", size)
    assert machine.counter("web") == (size, 0)  # the array's two pages are nobody's
    assert sorted(len(area.pages) for area in machine.machine.vmalloc.areas.values()) == [2, 513]
    faulty.same_after_restore(machine)
    machine.do(machine.machine.by_hand.give, machine.machine.by_hand.held[0][0])
    assert machine.machine.vmalloc.areas == {}


# -- state, events, check


def test_the_state_holds_all_of_it() -> None:
    machine = made()
    for call, much in (("kmalloc", 64), ("kmalloc", 5000), ("vmalloc", 9000), ("pages", 2)):
        take(machine, call, much, account=False)
        take(machine, call, much)
    sys_pipe(machine.machine, machine.machine.current.task, True)
    saved, hash_ = machine.machine.state(), machine.machine.state_hash()
    other = made()
    other.do(other.machine.restore, saved)
    assert other.machine.state_hash() == hash_
    for each in (machine, other):
        for address, _, _ in list(each.machine.by_hand.held):
            each.do(each.machine.by_hand.give, address)
        each.exit(2)
        assert each.counter("web") == (0, 0)
    assert other.machine.state_hash() == machine.machine.state_hash()


def test_every_charge_and_refusal_is_an_event() -> None:
    machine = made()
    machine.limit("web", 4096)
    machine.as_task(2)
    log = machine.machine.log
    assert log is not None
    before = int(log.length)
    machine.do(machine.machine.by_hand.give, take(machine, "pages", 0))
    errno_of(machine.do, machine.machine.by_hand.take, "pages", 1, True)
    rows = [(int(log.kind[n]), log.names[log.cache[n]], int(log.owner[n]), int(log.size[n])) for n in range(before, log.length)]
    assert rows == [(CHARGED_CALL, "pages", 1, 4096), (UNCHARGED_CALL, "pages", 1, 4096), (REFUSED_CALL, "pages", 1, 8192)]


def test_check_finds_a_charge_without_memory_and_memory_of_another_size() -> None:
    for spoil in (
        lambda paid, address: paid.update({address: ("pages", 1, 8192)}),
        lambda paid, address: paid.update({address + 4096 * 64: ("pages", 1, 4096)}),
        lambda paid, address: paid.pop(address),
        lambda paid, address: paid.update({address: ("pages", 0, 4096)}),
    ):
        machine = made()
        address = take(machine, "pages", 0)
        spoil(machine.machine.marked.paid, address)  # type: ignore[no-untyped-call]
        with pytest.raises(CheckError):
            machine.machine.check()


# -- against a naive model


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.sampled_from([ALL, "cache,kmalloc", "cache,pages,vmalloc", "cache"]),
    limit=st.sampled_from([200, 20_000, 1 << 40]),
    steps=st.lists(
        st.tuples(
            st.sampled_from(("kmalloc", "vmalloc", "pages", "give")), st.integers(0, 9000), st.booleans(), st.integers(1, 2)
        ),
        max_size=25,
    ),
)
def test_charges_by_kind_are_those_of_a_naive_model(kinds: str, limit: int, steps: list[tuple[str, int, bool, int]]) -> None:
    """The model knows sizes, owners and the limit of `web`, and no address, slab or page."""
    machine = made(kinds, mark=())
    machine.limit("web", limit)
    usage, failcnt = {1: 0, 2: 0}, 0
    held: list[tuple[int, int, int]] = []  # address, who pays or 0, bytes
    for call, much, account, pid in steps:
        machine.as_task(pid)
        if call == "give":
            if held:
                address, payer, size = held.pop(much % len(held))
                machine.do(machine.machine.by_hand.give, address)
                usage[payer or pid] -= size if payer else 0
        else:
            asked = much % 4 if call == "pages" else max(1, much)
            refused = account and call not in kinds.split(",")
            size = naive_size(call, asked)
            fits = not account or pid == 1 or usage[2] + size <= limit
            number = 0
            address = NONE
            try:
                address = take(machine, call, asked, account)
            except KernelError as error:
                number = error.errno or 0
            if refused:
                assert number == errno.EINVAL
            elif number == 0:
                assert fits
                held.append((address, pid if account else 0, size))
                usage[pid] += size if account else 0
            else:
                assert number == errno.ENOMEM
                failcnt += not fits
                assert not fits or machine.machine.slub.pages.nr_free < 64
        assert machine.counter()[0] == usage[1]
        assert machine.counter("web") == (usage[2], failcnt)


def naive_size(call: str, asked: int) -> int:
    """What a call takes: of kmalloc by a table, of the others by the page."""
    if call == "pages":
        return 4096 << asked
    if call == "vmalloc":
        return -(-asked // 4096) * 4096
    for size in (8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192):
        if asked <= size:
            return size
    return 16384


def test_a_pipe_that_meets_its_limit_names_the_buffer_that_did_not_fit() -> None:
    machine = made(mark=("pipe_buffer",))
    machine.write("/containers/web/kmem.limit", "10000")  # two pages and a bit
    with pytest.raises(KernelError, match="no page for buffer 2 of the pipe, as its charge did not fit"):
        sys_pipe(machine.machine, machine.machine.current.task, True)
    assert machine.read("/containers/web/kmem.usage").strip() == "0"
