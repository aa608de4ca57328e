"""Objects from before their cache was accounted: nobody's, in the way, or the root container's."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kmemlab.engine.before_on import CHOICES
from kmemlab.engine.errors import CheckError, KernelError
from kmemlab.lab.history import History
from kmemlab.session import Session
from kmemlab.shell import Machine

from .faulty import kept
from .test_every_fault import Held

ON = "echo 1 > /sys/slab/filp/cache_account"
MOUNT = "mount -t container -o kmem none /containers"


def ready(choice: str, files: int = 20, **more: Any) -> Machine:
    """A machine whose init has files from before: a full slab, which is on no list, and one that is not full."""
    machine = Machine(**{"memory": "2M", "before_on": choice, **more})
    for line in (MOUNT, *([f"open {files}"] if files else [])):
        assert machine.run(line).errno == 0
    return machine


def run(machine: Machine, line: str) -> int:
    number = machine.run(line).errno
    machine.check()
    return number


def usage(machine: Machine) -> int:
    return machine.kmem_subsystem.root.res.usage


def test_the_default_is_skip_and_leaves_no_trace() -> None:
    assert Machine().profile.before_on == "skip"
    assert "before_on" not in Machine().profile.to_dict()
    with pytest.raises(KernelError, match="choose skip, refuse or root"):
        Machine(before_on="adopt")


# -- skip


def test_skip_leaves_them_and_all_new_objects_of_their_slabs_to_nobody() -> None:
    machine = ready("skip")  # sixteen in the first slab, four in the second, which has room for twelve
    assert run(machine, ON) == 0
    assert usage(machine) == 0
    assert run(machine, "open 12") == 0
    assert usage(machine) == 0  # their slab has no array
    assert run(machine, "open 3") == 0
    assert usage(machine) == 3 * 256
    assert run(machine, "close all") == 0
    assert usage(machine) == 0


# -- refuse


def test_refuse_wants_an_empty_cache_and_changes_nothing() -> None:
    machine = ready("refuse")
    before = machine.state_hash()
    refused = machine.run(ON)
    machine.check()
    assert (refused.errno, refused.err) == (errno.EBUSY, "sh: write error: Device or resource busy")
    assert refused.hint == "20 objects of filp from before would be nobody's: free them first."
    assert machine.state_hash() == before


def test_refuse_gives_the_empty_slabs_arrays_so_every_object_has_an_owner() -> None:
    machine = ready("refuse")
    assert run(machine, "close all") == 0
    slabs = machine.find_cache("filp").nr_slabs
    assert slabs >= 1  # empty ones that the cache keeps
    assert run(machine, ON) == 0
    assert all(slab.has_owners for slab in machine.find_cache("filp").reachable())
    assert run(machine, "open 5") == 0
    assert usage(machine) == 5 * 256


# -- root


def test_root_pays_for_what_was_there_full_slabs_and_all() -> None:
    machine = ready("root")
    assert run(machine, ON) == 0
    root = machine.kmem_subsystem.root
    assert (usage(machine), root.res.failcnt) == (20 * 256, 0)
    assert root.refs == 20 + len(machine.tasks.by_pid)
    assert run(machine, "open 1") == 0
    assert usage(machine) == 21 * 256
    assert run(machine, "close all") == 0
    assert usage(machine) == 0
    assert run(machine, "echo 0 > /sys/slab/filp/cache_account") == 0


def test_the_root_pays_though_the_one_who_writes_or_uses_them_is_elsewhere() -> None:
    machine = ready("root", 0)
    for line in ("mkdir /containers/a", "fork", "echo 2 > /containers/a/tasks", "as 2 open 3", "open 1"):
        assert run(machine, line) == 0
    assert run(machine, ON) == 0
    assert usage(machine) == 4 * 256
    assert int(machine.tree.read("/containers/a/kmem.usage")) == 0
    assert run(machine, "as 2 open 2") == 0
    assert int(machine.tree.read("/containers/a/kmem.usage")) == 2 * 256


def test_a_root_without_room_refuses_and_nothing_changes() -> None:
    machine = ready("root")
    machine.run("echo -n 5119 > /containers/kmem.limit")
    before = machine.state_hash()
    assert run(machine, ON) == errno.ENOMEM
    assert machine.state_hash() == before
    machine.run("echo -n 5120 > /containers/kmem.limit")  # an exact fit
    assert run(machine, ON) == 0


def test_on_again_and_off_and_on_charge_nothing_twice() -> None:
    machine = ready("root")
    for _ in range(2):
        assert run(machine, ON) == 0
        assert usage(machine) == 20 * 256
    assert run(machine, "echo 0 > /sys/slab/filp/cache_account") == errno.EBUSY
    assert run(machine, "close all") == 0
    for line in ("echo 0 > /sys/slab/filp/cache_account", "open 2", ON):
        assert run(machine, line) == 0
    assert usage(machine) == 2 * 256


@pytest.mark.parametrize("choice", ["refuse", "root"])
@pytest.mark.parametrize("fault", range(2))  # there is no charge to fail: root is asked for room before anything is done
def test_every_nth_request_refused_leaves_everything_as_it_was(choice: str, fault: int) -> None:
    held = Held(memory="2M", before_on=choice)
    for line in (MOUNT, "open 100", *(["close all"] if choice == "refuse" else [])):
        held.run(line)
    state, before, failcnt = held.kernel.state(), kept(held), held.failcnt()
    nth = 0
    while True:
        nth += 1
        held.kernel.restore(state)
        held.knobs(fault, nth)
        number = held.run(ON)
        held.kernel.check()
        injected = held.kernel.slub.faults.attrs[fault].injected
        if not injected:
            break
        assert number == errno.ENOMEM
        assert kept(held) == before
        assert held.failcnt() == failcnt
    assert number == 0
    # An array for each of the seven slabs of a hundred files, and its pages; refuse has the empty ones and nothing to charge.
    assert nth - 1 >= {"root": (7, 1), "refuse": (1, 0)}[choice][fault]


@pytest.mark.parametrize("choice", CHOICES)
def test_every_position_on_the_way_is_right_and_can_be_gone_back_to(choice: str, tmp_path: Path) -> None:
    session = Session(memory="2M", before_on=choice)
    session.run(MOUNT, "mmap 20", "echo 1 > /sys/slab/vm_area_struct/cache_account", "munmap 5", "mmap 30")
    hashes = []
    for position in range(session.length + 1):
        session.seek(position)
        session.machine.check()
        hashes.append(session.machine.state_hash())
    for position in reversed(range(session.length + 1)):
        session.seek(position)
        assert session.machine.state_hash() == hashes[position]
    session.seek(session.length)
    session.save(tmp_path / "s.json")
    assert Session.load(tmp_path / "s.json").machine.state_hash() == hashes[-1]
    history = History()  # what the timeline draws
    history.extend(session.log, session.length)
    line = history.usage.get(0)
    assert (line.values[-1] if line is not None else 0) == session.machine.kmem_subsystem.root.res.usage


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("choice", CHOICES)
def test_at_random_whoever_was_there_is_counted_as_the_choice_says(choice: str, seed: int) -> None:
    """A naive model: descriptors from before are nobody's or the root's; with skip only the sum's upper end is known."""
    chance = Random(seed)
    machine = ready(choice, 0)
    early: set[int] = set()
    late: set[int] = set()
    on = False
    for _ in range(120):
        live = early | late
        roll = chance.random()
        if roll < 0.1:
            line = f"echo {int(not on)} > /sys/slab/filp/cache_account"
            busy = (on and live) or (not on and choice == "refuse" and live)
            assert run(machine, line) == (errno.EBUSY if busy else 0)
            if not busy:
                on = not on
                early, late = (set(), live) if on and choice == "root" else (live, set())
        elif roll < 0.6 or not live:
            fd = next(each for each in range(len(live) + 1) if each not in live)
            assert run(machine, "open 1") == 0
            (late if on else early).add(fd)
        else:
            fd = chance.choice(sorted(live))
            assert run(machine, f"close {fd}") == 0
            early.discard(fd)
            late.discard(fd)
        if choice == "skip":
            assert usage(machine) <= 256 * len(late)
        else:
            assert usage(machine) == 256 * len(late)
    state = json.loads(json.dumps(machine.state()))
    again = Machine(memory="2M", before_on=choice)
    again.restore(state)
    again.check()
    assert again.state_hash() == machine.state_hash()


def test_check_bites_where_root_pays_for_less_than_it_owns() -> None:
    machine = ready("root")
    machine.run(ON)
    machine.kmem_subsystem.root.res.usage -= 256
    with pytest.raises(CheckError, match="usage"):
        machine.check()


def test_a_design_of_off_has_slabs_that_are_half_way_so_the_two_are_not_booted_together() -> None:
    with pytest.raises(KernelError, match="leave one of them out"):
        Machine(before_on="root", off="walk")
