"""Who pays for what an interrupt or a kernel thread takes, and what may not fail."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.irq import KTHREAD, PACKET, PAYERS, SOFTIRQ
from kmemlab.engine.kmem import CHARGE, FIND, GET, STORE
from kmemlab.engine.types import GFP_ATOMIC, GFP_KERNEL, GFP_NOFAIL, NONE

from .faulty import Call, ends_as_it_began, every_page, kept, ready, refused_with, same_after_restore
from .machines import Checked

SKB = 192


def packet(machine: Checked) -> None:
    machine.machine.interrupts.alloc(SOFTIRQ, PACKET, GFP_ATOMIC)


def must_have_packet(machine: Checked) -> None:
    machine.machine.interrupts.alloc(SOFTIRQ, PACKET, GFP_NOFAIL)


def thread(machine: Checked) -> None:
    machine.machine.interrupts.alloc(KTHREAD, PACKET, GFP_KERNEL)


@pytest.mark.parametrize(
    ("payer", "call", "web", "root"),
    [
        ("current", packet, SKB, 0),
        ("root", packet, 0, SKB),
        ("none", packet, 0, 0),
        ("current", thread, 0, SKB),
        ("root", thread, 0, SKB),
        ("none", thread, 0, 0),
    ],
)
def test_the_policy_says_who_pays(payer: str, call: Call, web: int, root: int) -> None:
    machine = ready(irq_payer=payer)
    before = machine.counter()[0]
    machine.do(call, machine)
    assert (machine.counter("web")[0], machine.counter()[0] - before) == (web, root)
    assert machine.machine.current.task.pid == 2
    same_after_restore(machine)
    context = SOFTIRQ if call is packet else KTHREAD
    assert machine.do(machine.machine.interrupts.free, context, 9) == 1
    assert (machine.counter("web")[0], machine.counter()[0]) == (0, before)


def test_the_oldest_packet_is_freed_first() -> None:
    machine = ready()
    for _ in range(3):
        machine.do(packet, machine)
    addresses = [address for _, address in machine.machine.interrupts.held[SOFTIRQ]]
    assert machine.do(machine.machine.interrupts.free, SOFTIRQ, 1) == 1
    assert [address for _, address in machine.machine.interrupts.held[SOFTIRQ]] == addresses[1:]


def test_by_default_whoever_runs_pays() -> None:
    assert Checked().machine.profile.irq_payer == "current"


@pytest.mark.parametrize("payer", PAYERS)
def test_the_container_that_paid_is_paid_back_wherever_the_task_is_by_then(payer: str) -> None:
    machine = ready(irq_payer=payer)
    before = machine.counter()[0]
    machine.do(packet, machine)
    machine.exit(2)
    assert machine.counter("web")[0] == (SKB if payer == "current" else 0)
    machine.do(machine.machine.interrupts.free, SOFTIRQ, 1)
    assert [machine.counter(name)[0] for name in ("web", "")] == [0, before]


@pytest.mark.parametrize(("payer", "number"), [("current", errno.ENOMEM), ("root", 0), ("none", 0)])
def test_a_limit_stops_an_interrupt_only_where_the_container_pays(payer: str, number: int) -> None:
    machine = ready(irq_payer=payer)
    machine.limit("web", 0)
    machine.as_task(2)
    before = kept(machine)
    assert refused_with(machine, packet) == number
    assert machine.counter("web") == (0, int(number != 0))
    if number:
        assert kept(machine) == before


def test_a_kernel_thread_stops_at_the_limit_of_the_root() -> None:
    machine = ready()
    machine.write("/containers/kmem.limit", "0")
    assert refused_with(machine, thread) == errno.ENOMEM


def test_what_may_not_fail_is_charged_over_the_limit_and_failcnt_counts_it() -> None:
    machine = ready()
    machine.limit("web", SKB + 8)
    machine.as_task(2)
    assert [refused_with(machine, must_have_packet) for _ in range(3)] == [0, 0, 0]
    assert machine.counter("web") == (3 * SKB, 2)
    assert refused_with(machine, packet) == errno.ENOMEM
    machine.do(machine.machine.interrupts.free, SOFTIRQ, 3)
    assert machine.counter("web") == (0, 3)


def test_the_steps_of_a_forced_charge_are_the_same_and_show_the_usage_above_the_limit() -> None:
    machine = ready()
    machine.machine.kmem.tracing = True
    machine.limit("web", 8)
    machine.as_task(2)
    address = machine.machine.kmem_cache_alloc("filp", GFP_NOFAIL)
    steps = machine.machine.kmem.steps
    assert [name for name, _, _ in steps] == [FIND, GET, CHARGE, STORE]
    assert steps[2] == (CHARGE, 0, 256)
    machine.machine.kmem_cache_free(address)
    machine.machine.check()


@pytest.mark.parametrize(("gfp", "fails"), [(GFP_KERNEL, True), (GFP_ATOMIC, True), (GFP_NOFAIL, False)])
def test_atomic_fails_as_others_do_and_the_flag_is_gone_afterwards(gfp: int, fails: bool) -> None:
    machine = ready()
    machine.limit("web", 0)
    machine.as_task(2)
    address = machine.machine.kmem_cache_alloc("filp", gfp)
    assert (address == NONE) == fails
    assert machine.machine.current.gfp == 0
    assert machine.machine.kmem_cache_alloc("filp") == NONE
    if not fails:
        machine.machine.kmem_cache_free(address)
    machine.machine.check()


def test_nobodys_charges_add_up_to_nothing() -> None:
    machine = ready(irq_payer="none")
    for _ in range(5):
        machine.do(packet, machine)
    slab = machine.slab(machine.machine.interrupts.held[SOFTIRQ][0][1])
    assert set(slab.owners) == {NONE}
    refs = [each.refs for each in machine.machine.kmem_subsystem.owners if each is not None]
    machine.do(machine.machine.interrupts.free, SOFTIRQ, 5)
    assert [each.refs for each in machine.machine.kmem_subsystem.owners if each is not None] == refs


def test_the_log_says_that_the_kernel_asked_where_the_kernel_pays() -> None:
    for payer, pid in (("current", 2), ("root", 0), ("none", 0)):
        machine = ready(irq_payer=payer)
        log = machine.machine.log
        assert log is not None
        machine.do(packet, machine)
        assert (int(log.who[log.length - 1]), log.pid) == (pid, 2)


def test_no_such_cache_takes_nothing_and_the_task_runs_on() -> None:
    machine = ready(irq_payer="root")
    with pytest.raises(OSError, match="no cache nope"):
        machine.machine.interrupts.alloc(SOFTIRQ, "nope", GFP_ATOMIC)
    assert machine.machine.current.task.pid == 2
    machine.machine.check()


@pytest.mark.parametrize("payer", PAYERS)
def test_whichever_page_cannot_be_had_nothing_is_left(payer: str) -> None:
    errnos = every_page(packet, irq_payer=payer)
    assert errnos
    assert set(errnos) == {errno.ENOMEM}


@pytest.mark.parametrize("payer", ["swapper", "", 0, None])
def test_there_are_three_policies(payer: object) -> None:
    with pytest.raises((OSError, TypeError), match=r"irq_payer=|str object expected"):
        Checked(irq_payer=payer)


@pytest.mark.parametrize("payer", PAYERS)
def test_after_all_is_freed_the_zone_is_as_at_boot(payer: str) -> None:
    machine = Checked(irq_payer=payer)
    boot = machine.machine.slub.pages.free_blocks()
    machine.fork()
    machine.as_task(2)
    for call in (packet, thread, must_have_packet):
        machine.do(call, machine)
    ends_as_it_began(machine, boot)
