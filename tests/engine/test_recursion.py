"""Owner arrays of accounted kmalloc caches: forced by a boot word, trapped at a depth, nothing lost."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab.engine.errors import KernelError
from kmemlab.engine.recursion import DEEPEST, traps_of
from kmemlab.shell import Machine

from .machines import Checked, errno_of

FORCED = "slub_nomerge kmalloc_account"


def forced(*caches: str, **more: Any) -> Checked:
    """A machine of the boot word, with these caches accounted."""
    machine = Checked(boot=FORCED, **more)
    machine.mount()
    for name in caches:
        machine.account(name)
    return machine


def quiet_state(machine: Checked) -> dict[str, Any]:
    """The state less what the kernel's log says."""
    state = machine.machine.state()
    state.pop("dmesg", None)
    return state


def test_without_the_word_kmalloc_caches_refuse_as_the_letter_says() -> None:
    machine = Checked()
    before = machine.machine.state_hash()
    with pytest.raises(KernelError, match="kmalloc caches cannot be accounted") as refusal:
        machine.account("kmalloc-128")
    assert refusal.value.errno == errno.EINVAL
    assert machine.machine.state_hash() == before


@pytest.mark.parametrize("slub", ["2.6.23", "2.6.24"])
@pytest.mark.parametrize(("caches", "size"), [
    (("kmalloc-128", "kmalloc-256"), 100),  # 32 objects: 256 bytes; 16 objects: 128 bytes
    (("kmalloc-128", "kmalloc-256"), 200),
    (("kmalloc-64", "kmalloc-512"), 64),  # 64 objects: 512 bytes; 8 objects: 64 bytes
    (("kmalloc-192",), 192),  # 21 objects: 168 bytes, of kmalloc-192 itself
])  # fmt: skip
def test_two_caches_that_need_each_other_are_trapped_and_nothing_is_lost(slub: str, caches: tuple[str, ...], size: int) -> None:
    machine = forced(*caches, slub=slub)
    before = quiet_state(machine)
    with pytest.raises(KernelError, match="whose array needed a slab") as refusal:
        machine.do(machine.machine.by_hand.take, "kmalloc", size, False)
    assert refusal.value.errno == errno.ENOMEM
    assert traps_of(machine.machine) == 1
    assert quiet_state(machine) == before
    lines = machine.machine.slub.printk.lines
    assert lines[0] == "owner arrays nest 8 deep: trapped, and all of it goes back"
    assert sum("no room" in line for line in lines) == DEEPEST + 1
    assert lines[-3].startswith(" [1] kmem_cache_alloc kmalloc-")
    assert {word for line in lines for word in line.split() if word.startswith("kmalloc-")} <= {f"{c}{e}" for c in caches
            for e in ("", ":")}  # fmt: skip


def test_the_stack_begins_with_whoever_asked_first() -> None:
    machine = forced("filp", "kmalloc-128", "kmalloc-256")
    assert errno_of(machine.open) == errno.ENFILE
    assert machine.machine.slub.printk.lines[-3:-1] == [
        " [1] kmem_cache_alloc filp: no room",
        " [1]  newpage filp: kmalloc(128) for its 16 owners",
    ]
    machine.account("filp", False)
    machine.open()  # and it goes on


def test_while_one_of_the_two_has_room_nothing_happens_and_arrays_are_charged_too() -> None:
    machine = forced("kmalloc-128")
    first = machine.do(machine.machine.by_hand.take, "kmalloc", 100, False)
    machine.account("kmalloc-256")  # its slab is there, with room, from before
    for _ in range(32 * 16):
        machine.machine.by_hand.take("kmalloc", 100, False)
        if machine.machine.caches["kmalloc-128"].nr_slabs == 16:
            break
    machine.machine.check()
    assert traps_of(machine.machine) == 0
    assert machine.counter()[0] == (15 * 32 + 1) * 128
    with pytest.raises(KernelError):
        for _ in range(200):
            machine.machine.by_hand.take("kmalloc", 100, False)
    machine.machine.check()
    assert traps_of(machine.machine) == 1, "the seventeenth slab finds kmalloc-256 full"
    machine.do(machine.machine.by_hand.give, first)
    for address, _, _ in list(machine.machine.by_hand.held):
        machine.machine.by_hand.give(address)
    machine.machine.check()
    assert machine.counter()[0] == 0
    assert errno_of(machine.account, "kmalloc-128", False) == 0


def test_off_needs_a_kmalloc_cache_empty_as_any_cache() -> None:
    machine = forced("kmalloc-1024")
    machine.do(machine.machine.by_hand.take, "kmalloc", 1000, False)
    before = machine.machine.state_hash()
    assert errno_of(machine.account, "kmalloc-1024", False) == errno.EBUSY
    assert machine.machine.state_hash() == before


def test_a_marked_call_from_a_cache_that_charges_is_charged_once() -> None:
    machine = forced("kmalloc-1024", kinds="cache,kmalloc")
    machine.do(machine.machine.by_hand.take, "kmalloc", 1000, True)
    assert machine.counter() == (1024, 0)
    machine.do(machine.machine.by_hand.take, "kmalloc", 500, True)
    assert machine.counter() == (1024 + 512, 0)


def test_a_marked_call_is_charged_where_the_slab_was_born_before_its_cache_was_accounted() -> None:
    machine = forced(kinds="cache,kmalloc")
    machine.do(machine.machine.by_hand.take, "kmalloc", 1000, False)
    machine.account("kmalloc-1024")
    address = machine.do(machine.machine.by_hand.take, "kmalloc", 1000, True)
    assert machine.counter() == (1024, 0)
    machine.do(machine.machine.by_hand.give, address)
    assert machine.counter() == (0, 0)


@pytest.mark.parametrize(("call", "much", "cache"), [("kmalloc", 1000, "kmalloc-1024"), ("vmalloc", 1, "kmalloc-64")])
def test_a_limit_that_refuses_memory_by_hand_is_named_whoever_charges(call: str, much: int, cache: str) -> None:
    machine = forced(cache)
    machine.limit("", 60)
    with pytest.raises(KernelError, match="its charge did not fit: the container's limit"):
        machine.do(machine.machine.by_hand.take, call, much, False)
    machine.limit("", 1 << 40)
    with pytest.raises(KernelError, match="there was no memory"):
        machine.do(machine.machine.by_hand.take, "pages", 10, False)


def test_a_name_that_merged_into_a_kmalloc_cache_switches_it() -> None:
    machine = Checked(boot="kmalloc_account")
    machine.write("/sys/slab/fs_cache/cache_account", "1")
    for name in ("fs_cache", "kmalloc-64"):
        assert machine.machine.tree.read(f"/sys/slab/{name}/cache_account") == "1\n"
    machine.write("/sys/slab/fs_cache/cache_account", "0")
    assert machine.machine.tree.read("/sys/slab/kmalloc-64/cache_account") == "0\n"


def test_the_shell_says_where_the_stack_is() -> None:
    machine = Machine(memory="1M", boot=FORCED)
    for name in ("kmalloc-128", "kmalloc-256"):
        assert machine.run(f"echo 1 > /sys/slab/{name}/cache_account").errno == 0
    result = machine.run("kmalloc 100")
    assert (result.errno, result.err) == (errno.ENOMEM, "kmalloc: Cannot allocate memory")
    assert result.hint.endswith("trapped: `dmesg` prints the stack")
    assert "kmalloc(256) for its 32 owners" in machine.run("dmesg").out
    saved = machine.state()
    again = Machine(memory="1M", boot=FORCED)
    again.restore(saved)
    assert again.state_hash() == machine.state_hash()


@pytest.mark.parametrize("other", [{"off": "walk"}, {"off": "drain"}, {"before_on": "root"}, {"allocator": "slab"}], ids=str)
def test_other_designs_do_not_go_with_it(other: dict[str, Any]) -> None:
    with pytest.raises(KernelError, match="kmalloc_account is modelled with"):
        Checked(boot=FORCED, **other)


@settings(max_examples=40, deadline=None)
@given(
    caches=st.sets(st.sampled_from([64, 96, 128, 192, 256, 512, 1024]), min_size=1),
    steps=st.lists(st.tuples(st.sampled_from((60, 90, 100, 190, 250, 500, 1000)), st.booleans()), max_size=60),
)
def test_whatever_is_accounted_and_asked_for_every_invariant_holds(caches: set[int], steps: list[tuple[int, bool]]) -> None:
    machine = forced(*[f"kmalloc-{size}" for size in sorted(caches)])
    hand = machine.machine.by_hand
    for size, give in steps:
        if give and hand.held:
            machine.do(hand.give, hand.held[size % len(hand.held)][0])
        else:
            errno_of(machine.do, hand.take, "kmalloc", size, False)
    for address, _, _ in list(hand.held):
        machine.do(hand.give, address)
    machine.shrink_all()
    machine.shrink_all()  # the array of one was in the slab of another
    charged = machine.counter()[0]
    arrays = sum(
        int(slab.cache.size) for slab in {id(s): s for s in machine.machine.slub.slab_of if s is not None}.values()
        for owner in slab.owners if owner >= 0
    )  # fmt: skip
    assert charged == arrays
