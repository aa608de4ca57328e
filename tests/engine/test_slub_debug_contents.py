"""What SLUB_DEBUG keeps in its slabs and what its checks find: counts as slub_kunit counts, a bug and its repair each one."""

from __future__ import annotations

import errno
import json
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab.engine.errors import CheckError, KernelError
from kmemlab.engine.geometry import DESTROY_BY_RCU, POISON, RED_ZONE, STORE_USER
from kmemlab.engine.kmem_cache import KmemCache, Slab
from kmemlab.engine.machine import Machine
from kmemlab.engine.poke import poke
from kmemlab.engine.slub_debug import (
    FREE_POINTER,
    OBJECT,
    TRACKS,
    byte_at,
    bytes_of,
    pointer_at,
    pointer_bytes,
    region,
    should_be,
)
from kmemlab.engine.types import IN_USE, NONE, PAGE_OFFSET

from .machines import Checked, errno_of

ERAS = ["2.6.23", "2.6.24"]


def booted(letters: str = "FZPU", slub: str = "2.6.24", caches: bool = False, cpus: int = 1) -> Checked:
    return Checked(slub=slub, boot=f"slub_nomerge slub_debug={letters}", caches=caches, cpus=cpus)


def write(machine: Checked, address: int, *values: int) -> str:
    return machine.do(poke, machine.machine.slub, address, bytes(values))


def validate(machine: Checked, cache: KmemCache) -> int:
    """Reports that a `1` in `validate` makes."""
    log = machine.machine.slub.printk
    before = log.reports
    machine.write(f"/sys/slab/{cache.name}/validate", "1\n")
    return log.reports - before


def reports(machine: Checked) -> list[str]:
    """The reports in the log, without addresses."""
    return [line.split("0x")[0] for line in machine.machine.slub.printk.lines if line.startswith(("BUG", "FIX"))]


def whole(slab: Slab, number: int) -> list[int]:
    """Every byte of an object and its metadata, -1 where nobody can say."""
    size = int(slab.cache.size)
    return [byte_at(slab, at) for at in range(number * size, (number + 1) * size)]


# -- contents


def test_a_free_object_is_poison_red_zone_pointer_tracks_padding_and_one_in_use_keeps_its_pointer() -> None:
    machine = booted()
    cache = machine.machine.kmalloc.caches[16]
    address = machine.kmalloc(16)
    slab = machine.slab(address)
    size = 16 + 8 + 8 + 48 + 8
    next_free = list((PAGE_OFFSET + int(slab.base) + size).to_bytes(8, "little"))
    after_that = list((PAGE_OFFSET + int(slab.base) + 2 * size).to_bytes(8, "little"))
    assert (cache.size, cache.offset, cache.inuse) == (size, 24, 24)
    assert whole(slab, 0) == [-1] * 16 + [0xCC] * 8 + next_free + [-1] * 48 + [0x5A] * 8
    assert whole(slab, 1) == [0x6B] * 15 + [0xA5] + [0xBB] * 8 + after_that + [-1] * 48 + [0x5A] * 8
    last = int(cache.objects) - 1
    assert whole(slab, last)[24:32] == [0] * 8
    assert byte_at(slab, bytes_of(slab) - 1) == 0x5A
    machine.kfree(address)
    assert whole(slab, 0)[:24] == [0x6B] * 15 + [0xA5] + [0xBB] * 8


def test_without_poison_the_free_pointer_stands_in_the_free_object_and_padding_is_not_filled() -> None:
    machine = booted("Z")
    address = machine.kmalloc(16)
    slab = machine.slab(address)
    assert whole(slab, 0) == [-1] * 16 + [0xCC] * 8 + [-1] * 8
    assert whole(slab, 1)[:8] == list((PAGE_OFFSET + int(slab.base) + 2 * 32).to_bytes(8, "little"))
    assert whole(slab, 1)[8:] == [-1] * 8 + [0xBB] * 8 + [-1] * 8


@pytest.mark.parametrize("more", [{"ctor": True}, {"flags": DESTROY_BY_RCU}])
def test_what_a_constructor_made_or_rcu_still_reads_is_not_poisoned(more: dict[str, int]) -> None:
    machine = booted("P")
    cache = machine.create("made", 20, **more)
    slab = machine.slab(machine.alloc(cache))
    assert whole(slab, 1)[:24] == [-1] * 20 + [0x5A] * 4


# -- the six corruptions of the period's own self-test (resiliency_test, mm/slub.c 2.6.24)


@pytest.mark.parametrize("slub", ERAS)
@pytest.mark.parametrize(
    ("size", "offset", "byte", "freed", "size_of_object", "said"),
    [
        (16, 16, 0x12, False, 88, ["Redzone overwritten", "Restoring "]),
        (32, 40, 0x34, False, 104, ["Freepointer corrupt"]),  # of an object in use: nothing can be restored
        (64, 64, 0x56, False, 136, ["Redzone overwritten", "Restoring "]),
        (128, 0, 0x78, True, 200, ["Poison overwritten", "Restoring "]),
        (256, 50, 0x9A, True, 328, ["Poison overwritten", "Restoring "]),
        (512, 512, 0xAB, True, 584, ["Redzone overwritten", "Restoring "]),
    ],
)
def test_the_corruptions_of_the_self_test_of_2007_are_found_once_each(
    slub: str, size: int, offset: int, byte: int, freed: bool, size_of_object: int, said: list[str]
) -> None:
    machine = booted(slub=slub)
    cache = machine.machine.kmalloc.caches[size]
    assert cache.size == size_of_object
    address = machine.kmalloc(size)
    if freed:
        machine.kfree(address)
    write(machine, address + offset, byte)
    assert validate(machine, cache) == len(said)
    name = f"kmalloc-{size}"
    assert reports(machine) == [f"{word} {name}: {line}" for word, line in zip(("BUG", "FIX"), said, strict=False)]
    assert validate(machine, cache) == 0


@pytest.mark.parametrize("far", range(1, 32))
def test_a_byte_far_behind_an_object_is_found_unless_it_hits_what_no_check_reads(far: int) -> None:
    """The third corruption goes up to 255 words behind the object."""
    machine = booted()
    cache = machine.machine.kmalloc.caches[64]
    address = machine.kmalloc(64)
    slab = machine.slab(address)
    _, _, what = region(slab, 64 + 8 * far)
    write(machine, address + 64 + 8 * far, 0x56)
    expected = {TRACKS: 0, OBJECT: 2}.get(what, 2)
    if what == FREE_POINTER:
        assert validate(machine, cache) > 0
    else:
        assert validate(machine, cache) == expected


# -- slub_kunit's counts, and where the period differs


def test_a_clobbered_red_zone_is_two_reports_and_so_are_poison_and_padding() -> None:
    machine = booted("ZP")
    cache = machine.create("TestSlub", 64)
    address = machine.alloc(cache)
    machine.free(address)
    for offset, bytes_ in ((64, [0x12]), (0, [0x78]), (50, [0x9A]), (63, [0x6B]), (int(cache.size) - 1, [0x12, 0x34])):
        machine.free(machine.alloc(cache))
        write(machine, address + offset, *bytes_[:1])
        assert validate(machine, cache) == 2
        assert validate(machine, cache) == 0


def test_a_clobbered_next_pointer_is_three_reports_two_after_its_repair_then_none() -> None:
    """slub_kunit's test_next_pointer, whose cache is poisoned only."""
    machine = booted("P")
    cache = machine.create("TestSlub_next_ptr_free", 64)
    machine.free(machine.alloc(cache))
    slab = cache.cpu_slab[0].slab
    assert slab is not None
    was = pointer_bytes(slab, 1)
    address = int(slab.base) + cache.offset
    write(machine, address, *(byte ^ 0xFF for byte in was))
    assert pointer_at(slab, 0) not in range(-1, int(cache.objects))
    assert validate(machine, cache) == 3
    assert [line.split(": ")[1] for line in reports(machine)] == [
        "Freechain corrupt",
        f"Wrong object count. Counter is 0 but counted were {cache.objects - 1}",
        "Object count adjusted.",
    ]
    assert slab.inuse == cache.objects - 1
    write(machine, address, *was)
    assert validate(machine, cache) == 2
    assert validate(machine, cache) == 0
    assert slab.inuse == 0
    assert slab.chain(slab.freelist) == list(range(int(cache.objects)))


def test_with_red_zones_each_object_that_a_broken_list_lost_is_reported_too() -> None:
    """Lost objects count as in use, but their red zones say free: one is set right in each validation."""
    machine = booted("ZP")
    cache = machine.create("lossy", 1000)
    machine.free(machine.alloc(cache))
    slab = cache.cpu_slab[0].slab
    assert slab is not None
    assert cache.objects > 2
    write(machine, int(slab.base) + cache.offset, 0xFF)
    assert validate(machine, cache) == 3 + 2
    counts = [validate(machine, cache) for _ in range(int(cache.objects) - 1)]
    assert counts == [2] * (int(cache.objects) - 2) + [0]


def test_the_last_pointer_of_a_list_loses_nothing_when_it_is_cut_off() -> None:
    machine = booted("P")
    cache = machine.create("last", 64)
    machine.free(machine.alloc(cache))
    slab = cache.cpu_slab[0].slab
    assert slab is not None
    last = int(cache.objects) - 1
    write(machine, int(slab.base) + last * int(cache.size) + cache.offset, 0x11)
    assert validate(machine, cache) == 1
    assert validate(machine, cache) == 0


def test_kmalloc_of_18_bytes_has_no_red_zone_of_its_own_in_2007() -> None:
    """slub_kunit counts 2 here: later kernels guard the bytes behind those asked for. 2.6.24 guards the cache's objects."""
    machine = booted()
    address = machine.kmalloc(18)
    write(machine, address + 18, 0xAB, 0xAB)
    assert validate(machine, machine.machine.kmalloc.caches[32]) == 0


def test_the_padding_behind_the_last_object_is_put_right_and_nothing_else() -> None:
    machine = booted()
    cache = machine.machine.kmalloc.caches[16]
    slab = machine.slab(machine.kmalloc(16))
    tail = int(cache.objects * cache.size)
    assert tail < bytes_of(slab)
    write(machine, int(slab.base) + tail, 1, 2)
    assert validate(machine, cache) == 2
    assert [byte_at(slab, at) for at in range(tail, bytes_of(slab))] == [0x5A] * (bytes_of(slab) - tail)
    assert validate(machine, cache) == 0


# -- at alloc, at free, when a slab goes


def test_a_slab_whose_next_object_is_damaged_is_given_up_and_another_one_taken() -> None:
    machine = booted(caches=True)
    cache = machine.machine.find_cache("filp")
    first = machine.alloc(cache)
    slab = machine.slab(first)
    write(machine, first + int(cache.size) + 100, 0)
    second = machine.alloc(cache)
    assert machine.slab(second) is not slab
    said = [line.split(": ")[1] for line in reports(machine)]
    assert said == ["Poison overwritten", "Restoring ", "Marking all objects used"]
    assert (slab.inuse, slab.freelist, slab.live()) == (cache.objects, NONE, 1)
    assert cache.full == [slab]
    machine.free(first)
    assert (slab.inuse, slab.live()) == (cache.objects - 1, 0)  # what was given up never comes back
    assert cache.partial_list() == [slab]
    machine.free(second)
    machine.flush(cache)
    assert errno_of(machine.destroy, cache) == errno.EBUSY


def test_a_damaged_object_is_not_freed_and_the_next_free_of_the_slab_is_as_good_as_ever() -> None:
    machine = booted()
    cache = machine.machine.kmalloc.caches[64]
    bad, good = machine.kmalloc(64), machine.kmalloc(64)
    write(machine, bad + 64, 0x12)
    machine.kfree(bad)
    assert reports(machine) == ["BUG kmalloc-64: Redzone overwritten", "FIX kmalloc-64: Restoring "]
    slab = machine.slab(bad)
    assert slab.link[0] == IN_USE
    machine.kfree(good)
    assert slab.inuse == 1
    assert validate(machine, cache) == 0


def test_whoever_paid_for_an_object_that_is_not_freed_has_its_bytes_back() -> None:
    machine = booted("FZPU,filp", caches=True)
    machine.mount()
    machine.mkdir("web")
    machine.account("filp")
    machine.attach(1, "web")
    machine.open()
    address = machine.machine.tasks.find(1).files[0]
    write(machine, address + 216, 0)
    machine.close(1, 0)
    assert machine.counter("web") == (0, 0)
    assert machine.slab(address).live() == 1


def test_a_count_that_is_off_is_adjusted_at_the_next_free() -> None:
    machine = booted()
    first, second = machine.kmalloc(64), machine.kmalloc(64)
    slab = machine.slab(first)
    head = int(slab.freelist)
    write(machine, int(slab.base) + head * int(slab.cache.size) + slab.cache.offset, *[0] * 8)
    machine.kfree(second)
    assert [line.split(": ")[1].split(".")[0] for line in reports(machine)] == ["Wrong object count", "Object count adjusted"]
    assert slab.inuse == slab.cache.objects - 2


def test_a_wild_pointer_of_the_next_object_is_found_when_that_is_taken() -> None:
    machine = booted()
    first = machine.kmalloc(64)
    slab = machine.slab(first)
    write(machine, first + int(slab.cache.size) + slab.cache.offset, 1)
    assert machine.slab(machine.kmalloc(64)) is not slab
    assert reports(machine) == ["BUG kmalloc-64: Freepointer corrupt", "FIX kmalloc-64: Marking all objects used"]


def test_a_slab_is_looked_at_for_the_last_time_when_its_pages_go() -> None:
    machine = booted()
    cache = machine.machine.kmalloc.caches[64]
    address = machine.kmalloc(64)
    machine.kfree(address)
    write(machine, address, 0)
    machine.shrink(cache)
    assert reports(machine) == ["BUG kmalloc-64: Poison overwritten", "FIX kmalloc-64: Restoring "]
    assert cache.nr_slabs == 0


def test_validate_sees_full_slabs_only_where_users_are_tracked() -> None:
    for letters, found in (("ZP", 0), ("ZPU", 2)):
        machine = booted(letters)
        cache = machine.machine.kmalloc.caches[1024]
        taken = machine.take(cache, int(cache.objects) + 1)
        write(machine, taken[0] + 1024, 0)
        assert validate(machine, cache) == found


def test_validate_makes_every_cpu_let_go_and_gives_superfluous_empty_slabs_back() -> None:
    machine = booted(cpus=2)
    cache = machine.machine.kmalloc.caches[64]
    machine.free(machine.alloc(cache, 0), 0)
    machine.free(machine.alloc(cache, 1), 1)
    assert validate(machine, cache) == 0
    assert [cpu.slab for cpu in cache.cpu_slab] == [None, None]
    assert cache.nr_partial == 2


# -- poke


@pytest.mark.parametrize(
    ("where", "number"), [("no page", errno.EFAULT), ("no slab", errno.EFAULT), ("across the end", errno.EFAULT)]
)
def test_a_write_outside_slabs_is_refused(where: str, number: int) -> None:
    machine = booted()
    slab = machine.slab(machine.kmalloc(64))
    places = {"no page": 1 << 40, "no slab": int(slab.base) + 8 * 4096, "across the end": int(slab.base) + bytes_of(slab) - 1}
    before = machine.machine.state_hash()
    assert errno_of(write, machine, places[where], 1, 2) == number
    assert errno_of(write, machine, -1, 1) == errno.EFAULT
    assert machine.machine.state_hash() == before


def test_without_slub_debug_there_are_no_contents_to_overwrite() -> None:
    machine = Checked()
    address = machine.kmalloc(64)
    before = machine.machine.state_hash()
    with pytest.raises(KernelError, match="slub_debug=FZPU,kmalloc-64"):
        write(machine, address + 64, 0x12)
    assert machine.machine.state_hash() == before


def test_a_free_pointer_to_what_somebody_has_or_the_list_has_already_is_refused() -> None:
    machine = booted("P")
    taken = machine.kmalloc(64)
    slab = machine.slab(taken)
    cache = slab.cache
    before = machine.machine.state_hash()
    for target in (0, 1):
        pointer = pointer_bytes(slab, target)
        assert errno_of(write, machine, taken + int(cache.size) + cache.offset, *pointer) == errno.EINVAL
        assert machine.machine.state_hash() == before


def test_the_same_byte_again_is_no_damage_and_the_right_one_heals() -> None:
    machine = booted()
    address = machine.kmalloc(64)
    slab = machine.slab(address)
    before = machine.machine.state_hash()
    write(machine, address + 64, 0xCC)
    assert machine.machine.state_hash() == before
    write(machine, address + 64, 0x12)
    assert machine.machine.state_hash() != before
    write(machine, address + 64, 0xCC)
    assert machine.machine.state_hash() == before
    assert validate(machine, slab.cache) == 0


# -- files


def test_alloc_calls_and_free_calls_count_objects_in_use_by_pid() -> None:
    machine = booted(caches=True, cpus=2)
    machine.fork()
    for pid, cpu in ((1, 0), (1, 1), (2, 0)):
        machine.open(pid, cpu)
    assert machine.read("/sys/slab/filp/alloc_calls") == "      2 pid=1 cpus=0,1\n      1 pid=2 cpus=0\n"
    assert machine.read("/sys/slab/filp/free_calls") == "      3 <not-available>\n"
    machine.close(1, 0, 0)
    machine.open(2, 0)
    assert machine.read("/sys/slab/filp/free_calls") == "      2 <not-available>\n      1 pid=1 cpus=0\n"
    assert machine.read("/sys/slab/dentry/alloc_calls") == "No data\n"


@pytest.mark.parametrize(("context", "pid"), [("softirq", 2), ("kthread", 0)])
def test_an_interrupt_is_tracked_as_the_task_it_came_upon_and_a_kernel_thread_as_the_kernel(context: str, pid: int) -> None:
    machine = Checked(boot="slub_nomerge slub_debug=U", irq_payer="root")
    machine.fork()
    machine.as_task(2)
    machine.do(machine.machine.interrupts.alloc, context, "filp", 0)
    assert machine.read("/sys/slab/filp/alloc_calls") == f"      1 pid={pid} cpus=0\n"
    machine.open(2)
    machine.do(machine.machine.interrupts.free, context, 1)
    machine.open(1)
    assert machine.read("/sys/slab/filp/free_calls") == f"      1 <not-available>\n      1 pid={pid} cpus=0\n"


@pytest.mark.parametrize("context", ["softirq", "kthread"])
def test_after_an_interrupt_the_task_that_runs_is_tracked_again(context: str) -> None:
    machine = Checked(boot="slub_nomerge slub_debug=U", irq_payer="root")
    machine.fork()
    machine.as_task(2)
    machine.do(machine.machine.interrupts.alloc, context, "dentry", 0)
    machine.do(machine.machine.open, machine.machine.tasks.find(2))
    assert machine.read("/sys/slab/filp/alloc_calls") == "      1 pid=2 cpus=0\n"


@pytest.mark.parametrize("name", ["red_zone", "poison", "store_user"])
def test_what_makes_objects_larger_is_switched_while_there_is_no_slab(name: str) -> None:
    machine = Checked()
    path = f"/sys/slab/filp/{name}"
    filp = machine.machine.find_cache("filp")
    machine.close(1, machine.open())
    before = machine.machine.state_hash()
    for text in ("1", "0", ""):
        assert errno_of(machine.write, path, text) == errno.EBUSY  # its one slab is empty, and still there
    assert machine.machine.state_hash() == before
    machine.write("/sys/slab/filp/shrink", "1")
    machine.write(path, "1\n")
    assert machine.read(path) == "1\n"
    assert (filp.size, filp.debug) == (320 if name == "store_user" else 256, True)
    machine.write(path, "anything else\n")
    assert (machine.read(path), filp.size) == ("0\n", 256)


def test_sanity_checks_can_be_switched_any_time_and_each_slab_stays_what_it_was_born() -> None:
    machine = Checked()
    filp = machine.machine.find_cache("filp")
    machine.open()
    old = filp.cpu_slab[0].slab
    assert old is not None
    machine.write("/sys/slab/filp/sanity_checks", "1")
    for _ in range(16):
        machine.open()
    young = filp.cpu_slab[0].slab
    assert young is not None
    assert (old.debug is None, young.debug is not None) == (True, True)
    assert (filp.cpu_slab[0].freelist, young.inuse) == (NONE, 1)
    for fd in (0, 16, 3):
        machine.close(1, fd)
    machine.write("/sys/slab/filp/validate", "1")
    assert [line.split(" on slab")[0] for line in machine.machine.slub.printk.lines] == ["SLUB filp: SlabDebug not set"]
    machine.write("/sys/slab/filp/sanity_checks", "0")
    for _ in range(40):
        machine.open()
    saved = json.loads(json.dumps(machine.machine.state()))
    other = Machine(memory="1M")
    other.restore(saved)
    other.check()
    assert other.state() == machine.machine.state()


def test_a_traced_cache_tells_the_log_of_every_alloc_and_free() -> None:
    machine = Checked()
    machine.write("/sys/slab/filp/trace", "1")
    machine.close(1, machine.open())
    said = [line.split()[:3] for line in machine.machine.slub.printk.lines]
    assert said == [["TRACE", "filp", "alloc"], ["TRACE", "filp", "free"]]
    assert machine.machine.slub.printk.reports == 0


def test_a_machine_goes_back_to_before_a_switch_and_after_it() -> None:
    machine = Checked()
    before = machine.machine.state()
    machine.write("/sys/slab/filp/red_zone", "1")
    machine.write("/sys/slab/kmalloc-64/poison", "1")
    machine.open()
    machine.kmalloc(64)
    after = machine.machine.state()
    machine.do(machine.machine.restore, before)
    assert machine.machine.state() == before
    machine.do(machine.machine.restore, after)
    assert machine.machine.state() == after


# -- properties


def busy(letters: str, slub: str, seed: int, caches: tuple[int, ...] = (16, 64, 512)) -> tuple[Checked, list[int]]:
    """A machine in the middle of a random workload, and what is in use."""
    machine = booted(letters, slub, cpus=2)
    chance = random.Random(seed)
    live: list[int] = []
    for _ in range(120):
        if live and chance.random() < 0.45:
            machine.machine.kmalloc.kfree(live.pop(chance.randrange(len(live))), chance.randrange(2))
        else:
            live.append(int(machine.machine.kmalloc.kmalloc(chance.choice(caches), chance.randrange(2))))
    machine.machine.check()
    return machine, live


@settings(max_examples=25, deadline=None)
@given(
    letters=st.sampled_from(["F", "Z", "P", "U", "FZ", "ZP", "FZPU", "FZPUT"]),
    slub=st.sampled_from(ERAS),
    seed=st.integers(0, 999),
)
def test_a_healthy_workload_is_never_reported(letters: str, slub: str, seed: int) -> None:
    machine, live = busy(letters, slub, seed)
    for size in (16, 64, 512):
        assert validate(machine, machine.machine.kmalloc.caches[size]) == 0
    for address in live:
        machine.machine.kmalloc.kfree(address, 0)
    machine.shrink_all()
    assert machine.machine.slub.printk.reports == 0


@settings(max_examples=60, deadline=None)
@given(data=st.data(), slub=st.sampled_from(ERAS), seed=st.integers(0, 999))
def test_any_byte_that_can_be_known_is_found_once_when_overwritten_and_then_right_again(
    data: st.DataObject, slub: str, seed: int
) -> None:
    machine, _ = busy("FZPU", slub, seed)
    cache = machine.machine.kmalloc.caches[data.draw(st.sampled_from((16, 64, 512)))]
    slabs = cache.reachable()
    slab = slabs[data.draw(st.integers(0, len(slabs) - 1))]
    known = [at for at in range(bytes_of(slab)) if should_be(slab, at) >= 0 and region(slab, at)[2] != FREE_POINTER]
    at = known[data.draw(st.integers(0, len(known) - 1))]
    right = byte_at(slab, at)
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != right))
    write(machine, int(slab.base) + at, value)
    assert byte_at(slab, at) == value
    assert validate(machine, cache) == 2
    assert byte_at(slab, at) == right
    assert validate(machine, cache) == 0


@settings(max_examples=60, deadline=None)
@given(data=st.data(), letters=st.sampled_from(["FZPU", "P", "Z", "U"]), seed=st.integers(0, 999))
def test_whatever_is_overwritten_the_machine_goes_on_and_goes_back(data: st.DataObject, letters: str, seed: int) -> None:
    machine, live = busy(letters, "2.6.24", seed)
    chance = random.Random(seed)
    for _ in range(8):
        cache = machine.machine.kmalloc.caches[chance.choice((16, 64, 512))]
        slabs = cache.reachable()
        if not slabs:
            continue
        slab = chance.choice(slabs)
        at = data.draw(st.integers(0, bytes_of(slab) - 1))
        bytes_ = data.draw(st.binary(min_size=1, max_size=9))
        before = machine.machine.state_hash()
        if errno_of(write, machine, int(slab.base) + at, *bytes_):
            assert machine.machine.state_hash() == before
        for _ in range(5):
            if live and chance.random() < 0.5:
                machine.kfree(live.pop(chance.randrange(len(live))), chance.randrange(2))
            else:
                address = machine.kmalloc(chance.choice((16, 64, 512)), chance.randrange(2))
                if address != NONE:
                    live.append(address)
        if chance.random() < 0.3:
            machine.shrink(cache, chance.randrange(2))
        if chance.random() < 0.3:
            validate(machine, cache)
    saved = json.loads(json.dumps(machine.machine.state()))
    other = Machine(boot=f"slub_nomerge slub_debug={letters}", caches=False, cpus=2, memory="1M")
    other.restore(saved)
    other.check()
    assert other.state() == machine.machine.state()
    for each in (machine.machine, other):
        for address in live:
            each.kmalloc.kfree(address, 0)
        each.check()
    assert other.state_hash() == machine.machine.state_hash()


def test_a_machine_with_damage_is_saved_and_restored_and_finds_the_same() -> None:
    machine = booted(caches=True)
    for _ in range(15):
        machine.open()
    filp = machine.machine.find_cache("filp")
    slab = filp.cpu_slab[0].slab
    assert slab is not None
    head = int(slab.base) + int(slab.freelist) * int(filp.size)
    write(machine, head + 5, 1, 2, 3)
    write(machine, head + filp.offset, 1)
    saved = json.loads(json.dumps(machine.machine.state()))
    found = validate(machine, filp)
    again = booted(caches=True)
    again.do(again.machine.restore, saved)
    assert again.machine.state() == saved
    assert validate(again, again.machine.find_cache("filp")) == found > 0
    assert again.machine.slub.printk.lines == machine.machine.slub.printk.lines
    assert again.machine.state() == machine.machine.state()


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (lambda slab: setattr(slab, "freelist", slab.link[slab.freelist]), "in use + free = objects"),
        (lambda slab: setattr(slab, "inuse", slab.inuse + 1), "inuse counts all but the page's own list"),
        (lambda slab: setattr(slab.debug, "miscount", 1), "inuse counts all but the page's own list"),
        (lambda slab: slab.debug.lost.add(slab.freelist), "in use + free = objects"),
        (lambda slab: slab.debug.wrong.update({64: 0xCC}), "only a byte that is not what it should be is kept"),
        (lambda slab: slab.debug.stale.update({slab.freelist: 0}), "a stale free pointer is an object's in use"),
    ],
)
def test_the_engines_own_books_are_still_checked(broken: Callable[[Slab], None], rule: str) -> None:
    machine = booted()
    slab = machine.slab(machine.kmalloc(64))
    broken(slab)
    with pytest.raises(CheckError, match=re.escape(rule)):
        machine.machine.check()


def test_debug_flags_of_a_cache_are_those_of_the_boot_line() -> None:
    cache = booted("ZPU").machine.kmalloc.caches[64]
    assert cache.flags == RED_ZONE | POISON | STORE_USER
