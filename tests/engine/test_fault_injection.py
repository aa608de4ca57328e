"""Fault injection: the rules of should_fail one by one, the knobs as files, and what a fault leaves behind."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.engine.events import FAULT, NOPAGE, REFUSED
from kmemlab.engine.faults import FAIL_CHARGE, FAIL_PAGE_ALLOC, FAILSLAB, FaultAttr, Random32
from kmemlab.engine.machine import Machine
from kmemlab.engine.types import GFP_NOFAIL, NONE

from .machines import Checked, errno_of, without_failcnt

DEBUG = "/sys/kernel/debug"


def attr(seed: int = 0, **knobs: int) -> FaultAttr:
    made = FaultAttr(Random32(seed))
    for knob, value in {"probability": 100, "times": -1, **knobs}.items():
        made.set(knob, value)
    return made


def turn(machine: Checked, fault: str, **knobs: int) -> None:
    """Write to the knobs of a fault."""
    for knob, value in knobs.items():
        machine.write(f"{DEBUG}/{fault}/{knob.replace('_', '-')}", f"{value}\n")


def rows(machine: Machine, kind: int) -> list[tuple[str, int, int]]:
    """(cache, slot, order) of the events of a kind."""
    log = machine.log
    assert log is not None
    found = [n for n in range(log.length) if log.kind[n] == kind]
    return [(log.names[log.cache[n]], int(log.slot[n]), int(log.order[n])) for n in found]


# -- should_fail


def test_at_boot_nothing_fails_and_the_first_fault_is_the_last() -> None:
    made = FaultAttr(Random32(0))
    assert [made.get(knob) for knob in ("probability", "interval", "times", "space")] == [0, 1, 1, 0]
    assert not any(made.should_fail(8) for _ in range(100))
    made.set("probability", 100)
    assert [made.should_fail(8) for _ in range(4)] == [True, False, False, False]
    assert made.get("times") == 0


def test_space_is_spent_first_and_what_would_use_up_the_rest_fails() -> None:
    made = attr(space=100)
    assert [made.should_fail(40) for _ in range(4)] == [False, False, True, True]
    assert made.get("space") == 20
    exact = attr(space=40)
    assert exact.should_fail(40), "space must be larger than the request to protect it"


def test_what_space_protects_interval_does_not_count() -> None:
    made = attr(space=100, interval=2)
    assert [made.should_fail(60) for _ in range(5)] == [False, False, True, False, True]


def test_interval_counts_requests_and_only_its_multiples_fail() -> None:
    made = attr(interval=3)
    assert [made.should_fail(1) for _ in range(7)] == [False, False, True, False, False, True, False]
    assert all(attr(interval=each).should_fail(1) for each in (0, 1))


def test_the_count_of_interval_goes_on_when_a_knob_is_turned() -> None:
    made = attr(interval=3)
    made.should_fail(1)
    made.set("times", 1)
    assert [made.should_fail(1) for _ in range(5)] == [False, True, False, False, False]


def test_times_goes_down_with_failures_only_and_minus_one_never_does() -> None:
    made = attr(interval=2, times=2)
    assert [made.should_fail(1) for _ in range(6)] == [False, True, False, True, False, False]
    assert made.get("times") == 0
    endless = attr(times=-1)
    assert all(endless.should_fail(1) for _ in range(1000))
    assert endless.get("times") == -1
    never = attr(times=0, space=10)
    assert not never.should_fail(1)
    assert never.get("space") == 10, "times is asked first"


def test_with_times_used_up_neither_space_nor_count_moves() -> None:
    made = attr(times=0, interval=2, space=100)
    before = made.state()
    made.should_fail(1)
    assert made.state() == before


@pytest.mark.parametrize(("probability", "least", "most"), [(0, 0, 0), (1, 50, 150), (50, 4800, 5200), (100, 10**4, 10**4)])
def test_probability_is_percent(probability: int, least: int, most: int) -> None:
    made = attr(probability=probability)
    assert least <= sum(made.should_fail(1) for _ in range(10**4)) <= most


def test_chance_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    def course(seed: int) -> list[bool]:
        made = attr(seed, probability=50)
        return [made.should_fail(1) for _ in range(64)]

    assert course(5) == course(5)
    assert len({tuple(course(seed)) for seed in range(20)}) == 20


def test_the_random_numbers_are_xorshift_on_every_build() -> None:
    random = Random32(0)
    random.word = 1
    assert [random.next() for _ in range(3)] == [270369, 67634689, 2647435461]
    assert Random32(-(2**70)).next() > 0


# -- the machine


def faulty(seed: int = 0) -> Checked:
    machine = Checked(seed=seed)
    turn(machine, "failslab", probability=30, times=-1)
    return machine


def outcomes(machine: Checked, count: int = 40) -> list[int]:
    return [errno_of(machine.open) for _ in range(count)]


def test_a_machine_fails_the_same_way_every_time_by_its_seed() -> None:
    assert outcomes(faulty(7)) == outcomes(faulty(7)) != outcomes(faulty(8))
    assert set(outcomes(faulty(7))) == {0, errno.ENFILE}


def test_a_restored_machine_goes_on_failing_where_it_was() -> None:
    machine = faulty(3)
    outcomes(machine, 17)
    saved = machine.machine.state()
    course = outcomes(machine)
    other = Checked(seed=3)
    other.do(other.machine.restore, saved)
    assert other.machine.state() == saved
    assert outcomes(other) == course
    machine.do(machine.machine.restore, saved)
    assert outcomes(machine) == course


def test_restore_to_before_the_knobs_turns_faults_off_again() -> None:
    machine = Checked()
    boot = machine.machine.state()
    assert "faults" not in boot
    for fault in ("failslab", "fail_page_alloc", "fail_charge"):
        turn(machine, fault, probability=100, times=-1)
    turn(machine, "fail_page_alloc", min_order=0)
    assert errno_of(machine.open) == errno.ENFILE
    machine.do(machine.machine.restore, boot)
    assert machine.machine.state() == boot
    assert outcomes(machine) == [0] * 40


# -- what fails


def test_failslab_refuses_an_object_before_anything_happens() -> None:
    machine = Checked()
    turn(machine, "failslab", probability=100)
    before = without_failcnt(machine.machine.state())
    used = machine.machine.slub.pages.runs_in_use()
    assert errno_of(machine.open) == errno.ENFILE
    assert without_failcnt(machine.machine.state()) == before
    assert machine.machine.slub.pages.runs_in_use() == used
    assert rows(machine.machine, FAULT) == [("filp", FAILSLAB, NONE)]


def test_failslab_counts_the_bytes_that_were_asked_for_not_the_slot() -> None:
    machine = Checked()
    turn(machine, "failslab", probability=100, space=2 * 216 + 1)  # a struct file is 216 bytes in a slot of 256
    assert [errno_of(machine.open) for _ in range(3)] == [0, 0, errno.ENFILE]


def test_failslab_refuses_an_owner_array_and_the_slab_goes_back(kmem: Checked) -> None:
    turn(kmem, "failslab", probability=100, interval=2)
    free = kmem.machine.slub.pages.free_blocks()
    assert errno_of(kmem.open, 2) == errno.ENFILE
    assert kmem.machine.slub.pages.free_blocks() == free
    assert kmem.counter("web") == (0, 0)
    assert rows(kmem.machine, FAULT) == [("kmalloc-128", FAILSLAB, NONE)]
    assert rows(kmem.machine, NOPAGE) == [("filp", NONE, FAILSLAB)]


def test_failslab_asks_once_for_an_object_of_a_debugged_cache() -> None:
    machine = Checked(boot="slub_nomerge slub_debug=F,filp")
    machine.open()
    turn(machine, "failslab", probability=100, interval=2)
    assert [errno_of(machine.open) for _ in range(4)] == [0, errno.ENFILE, 0, 0]


def test_failslab_asks_once_on_a_slab_that_is_older_than_its_cache_s_checks() -> None:
    machine = Checked(boot="slub_nomerge slub_debug=F,inode")
    for _ in range(32):  # two full slabs
        machine.open()
    for fd in (0, 1):  # the first is partial now
        machine.close(1, fd)
    machine.write("/sys/slab/filp/sanity_checks", "1")
    turn(machine, "failslab", probability=100, interval=2)
    assert [errno_of(machine.open) for _ in range(3)] == [0, errno.ENFILE, 0]
    assert all(slab is None or slab.debug is None for slab in machine.machine.slub.slab_of)


def test_fail_page_alloc_refuses_whoever_asks_for_pages_of_min_order_and_up() -> None:
    machine = Checked()
    turn(machine, "fail_page_alloc", probability=100, times=-1)
    machine.open()
    assert machine.machine.slub.pages.alloc_pages(0, 4) != NONE
    for order in (1, 2):
        assert machine.machine.slub.pages.alloc_pages(order, 4) == NONE
    turn(machine, "fail_page_alloc", min_order=0)
    assert machine.machine.slub.pages.alloc_pages(0, 4) == NONE
    assert set(rows(machine.machine, FAULT)) == {("", FAIL_PAGE_ALLOC, NONE)}


def test_space_of_fail_page_alloc_is_pages() -> None:
    machine = Checked()
    turn(machine, "fail_page_alloc", probability=100, min_order=0, space=4)
    pages = machine.machine.slub.pages
    assert [pages.alloc_pages(order, 4) != NONE for order in (0, 1, 0, 0)] == [True, True, False, True]


def test_fail_page_alloc_works_on_both_page_sources() -> None:
    machine = Machine(memory="1M", pages="lowest")
    machine.tree.write(f"{DEBUG}/fail_page_alloc/probability", "100")
    machine.tree.write(f"{DEBUG}/fail_page_alloc/min-order", "0")
    assert errno_of(machine.open, machine.tasks.find(1)) == errno.ENFILE
    machine.check()


def test_a_slab_without_a_page_says_which_fault_it_was_and_a_later_true_refusal_does_not() -> None:
    machine = Checked(memory="64K")
    turn(machine, "fail_page_alloc", probability=100, min_order=0)
    assert errno_of(machine.open) == errno.ENFILE
    while not errno_of(machine.open):
        pass
    assert rows(machine.machine, NOPAGE) == [("filp", NONE, FAIL_PAGE_ALLOC), ("filp", NONE, NONE)]


def test_fail_charge_refuses_a_charge_that_fits_and_failcnt_counts_it(kmem: Checked) -> None:
    kmem.open(2)
    kmem.as_task(1)
    turn(kmem, "fail_charge", probability=100)
    before = without_failcnt({**kmem.machine.state(), "faults": {}})
    assert errno_of(kmem.open, 2) == errno.ENFILE
    assert kmem.counter("web") == (256, 1)
    kmem.as_task(1)
    assert without_failcnt(kmem.machine.state()) == before
    assert rows(kmem.machine, REFUSED) == [("filp", 1, FAIL_CHARGE)]
    assert rows(kmem.machine, FAULT) == []


def test_a_true_refusal_after_an_injected_one_is_not_taken_for_a_fault(kmem: Checked) -> None:
    turn(kmem, "fail_charge", probability=100)
    assert errno_of(kmem.open, 2) == errno.ENFILE
    kmem.limit("web", 0)
    assert errno_of(kmem.open, 2) == errno.ENFILE
    assert rows(kmem.machine, REFUSED) == [("filp", 0, FAIL_CHARGE), ("filp", 0, NONE)]
    assert kmem.counter("web") == (0, 2)


def test_fail_charge_is_not_asked_for_a_charge_that_does_not_fit(kmem: Checked) -> None:
    kmem.limit("web", 255)
    turn(kmem, "fail_charge", probability=100)
    assert errno_of(kmem.open, 2) == errno.ENFILE
    assert kmem.read(f"{DEBUG}/fail_charge/times") == "1\n"
    assert kmem.counter("web") == (0, 1)
    assert rows(kmem.machine, REFUSED) == [("filp", 0, NONE)]


@pytest.mark.parametrize("fault", ["failslab", "fail_page_alloc", "fail_charge"])
def test_what_may_not_fail_is_let_alone(kmem: Checked, fault: str) -> None:
    turn(kmem, fault, probability=100, times=-1)
    turn(kmem, "fail_page_alloc", min_order=0)
    assert kmem.do(kmem.machine.kmem_cache_alloc, "filp", GFP_NOFAIL) != NONE
    assert kmem.read(f"{DEBUG}/{fault}/times") == "-1\n"
    assert rows(kmem.machine, FAULT) == []


def test_nobody_is_never_refused_a_charge() -> None:
    machine = Checked(irq_payer="none")
    machine.account("skbuff_head_cache")
    turn(machine, "fail_charge", probability=100)
    machine.do(machine.machine.interrupts.alloc, "softirq", "skbuff_head_cache", 0)
    assert machine.read(f"{DEBUG}/fail_charge/times") == "1\n"


# -- the files


def test_the_knobs_are_files_with_the_kernel_s_names_and_defaults() -> None:
    tree = Machine(memory="1M").tree
    assert tree.listdir(DEBUG) == ["failslab", "fail_page_alloc", "fail_charge"]
    for fault in tree.listdir(DEBUG):
        more = ["min-order"] if fault == "fail_page_alloc" else []
        assert tree.listdir(f"{DEBUG}/{fault}") == ["probability", "interval", "times", "space", *more]
        said = [tree.read(f"{DEBUG}/{fault}/{name}") for name in tree.listdir(f"{DEBUG}/{fault}")]
        assert said == ["0\n", "1\n", "1\n", "0\n", *["1\n"] * len(more)]


@pytest.mark.parametrize("text", ["7", "7\n", " 7 ", "007\n"])
def test_a_knob_takes_a_decimal_number_with_white_space_around_it(text: str) -> None:
    tree = Machine(memory="1M").tree
    for name in ("probability", "interval", "times", "space", "min-order"):
        tree.write(f"{DEBUG}/fail_page_alloc/{name}", text)
        assert tree.read(f"{DEBUG}/fail_page_alloc/{name}") == "7\n"


@pytest.mark.parametrize("text", ["", "\n", "x", "0x7", "7x", "7 7", "--7", "+7", "1.5", "²", "2147483648", "7" + " " * 23])
def test_anything_else_is_einval_and_changes_nothing(text: str) -> None:
    machine = Machine(memory="1M")
    before = machine.state()
    for name in ("probability", "interval", "times", "space", "min-order"):
        with pytest.raises(KernelError) as refused:
            machine.tree.write(f"{DEBUG}/fail_page_alloc/{name}", text)
        assert refused.value.errno == errno.EINVAL
    assert machine.state() == before


@pytest.mark.parametrize(
    ("name", "number"), [("times", 0), ("space", 0), ("probability", 22), ("interval", 22), ("min-order", 22)]
)
def test_only_times_and_space_may_be_negative(name: str, number: int) -> None:
    tree = Machine(memory="1M").tree
    assert errno_of(tree.write, f"{DEBUG}/fail_page_alloc/{name}", "-1\n") == number


def test_only_root_turns_the_knobs() -> None:
    machine = Checked()
    pid = machine.fork()
    machine.write(f"/proc/{pid}/uid", "1000")
    machine.as_task(pid)
    assert errno_of(machine.write, f"{DEBUG}/failslab/probability", "100") == errno.EACCES


def test_nobody_makes_or_removes_what_can_fail() -> None:
    tree = Machine(memory="1M").tree
    assert errno_of(tree.mkdir, f"{DEBUG}/fail_make_request") == errno.EPERM
    assert errno_of(tree.rmdir, f"{DEBUG}/failslab") == errno.EPERM
    assert errno_of(tree.rmdir, DEBUG) == errno.EBUSY
