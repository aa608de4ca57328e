"""A machine's state: plain JSON in one order, equal for equal machines, and the way back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from kmemlab.engine.geometry import HWCACHE_ALIGN
from kmemlab.engine.machine import Guest, Machine
from kmemlab.engine.profiles import DEFAULTS, FIRST, Profile, parse_size

from .machines import Checked, errno_of


def test_a_state_is_plain_json(kmem: Checked) -> None:
    kmem.open(2)
    state = kmem.machine.state()
    assert json.loads(json.dumps(state)) == state


def test_two_machines_with_the_same_history_are_equal(machine: Checked) -> None:
    profile = machine.machine.profile
    other = Checked(slub=profile.slub, cpus=profile.cpus)
    for each in (machine, other):
        each.mount()
        each.mkdir("a")
        each.account("filp")
        each.attach(each.fork(), "a")
        for _ in range(20):
            each.open(2)
    assert machine.machine.state_hash() == other.machine.state_hash()


def test_the_hash_is_the_same_in_another_interpreter_with_another_hash_seed() -> None:
    program = (
        "from kmemlab.engine.machine import Machine; m = Machine(memory='1M'); t = m.tasks.find(1)\n"
        "m.tree.mount('kmem', '/containers'); [m.tree.mkdir(f'/containers/{n}') for n in 'xyz']; m.fork(t); m.open(t)\n"
        "print(m.state_hash())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1
    assert len(hashes.pop().strip()) == 64


@pytest.mark.parametrize(
    "change",
    ["open", "close", "fork", "mkdir", "limit", "account", "attach", "comm", "directory", "mount", "cache", "cpu", "failcnt"],
)
def test_whatever_one_can_see_is_part_of_the_state(kmem: Checked, change: str) -> None:
    kmem.open(2)
    before = kmem.machine.state_hash()
    tree = kmem.machine.tree
    changes: dict[str, Callable[[], object]] = {
        "open": lambda: kmem.open(2),
        "close": lambda: kmem.close(2, 0),
        "fork": kmem.fork,
        "mkdir": lambda: kmem.mkdir("x"),
        "limit": lambda: kmem.limit("web", 5),
        "account": lambda: kmem.account("pid"),
        "attach": lambda: kmem.attach(2, ""),
        "comm": lambda: kmem.write("/proc/2/comm", "nginx"),
        "directory": lambda: tree.mkdir("/tmp/x"),
        "mount": lambda: tree.mount("kmem", "/tmp"),
        "cache": lambda: kmem.create("thing", 100),
        "cpu": lambda: kmem.as_task(1),
        "failcnt": lambda: kmem.write("/containers/web/kmem.failcnt", "1"),
    }
    changes[change]()
    assert kmem.machine.state_hash() != before


def busy(machine: Checked) -> None:
    """Leave something of everything behind."""
    machine.mount()
    for name in ("web", "web/php", "db"):
        machine.mkdir(name)
    machine.rmdir("db")
    for name in ("filp", "pid"):
        machine.account(name)
    machine.attach(machine.fork(), "web/php")
    machine.limit("web/php", 4000)
    for _ in range(40):
        errno_of(machine.open, 2)
    for fd in (0, 3, 14):
        errno_of(machine.close, 2, fd, machine.machine.profile.cpus - 1)
    machine.fork(2)
    machine.do(machine.machine.tree.mkdir, "/tmp/x")
    machine.do(machine.machine.tree.mount, "kmem", "/tmp/x")
    machine.kmalloc(3000)
    machine.flush(machine.machine.find_cache("filp"))


def test_restoring_gives_the_same_state_in_a_new_machine_and_in_the_old_one(machine: Checked) -> None:
    boot = machine.machine.state()
    busy(machine)
    saved = machine.machine.state()
    profile = machine.machine.profile
    fresh = Checked(slub=profile.slub, cpus=profile.cpus)
    fresh.do(fresh.machine.restore, saved)
    assert fresh.machine.state() == saved
    machine.do(machine.machine.restore, boot)
    assert machine.machine.state() == boot
    machine.do(machine.machine.restore, saved)
    assert machine.machine.state() == saved


@pytest.mark.parametrize("more", [
    {"allocator": "slab"},  # objects of size-32 lie 64 bytes apart
    {"boot": "slub_debug=Z"},  # and red zones stand between those of kmalloc-8
    {"slub": "2.6.23"},
], ids=str)  # fmt: skip
def test_after_a_restore_kmalloc_takes_each_size_from_the_cache_it_took_it_from_before(more: dict[str, Any]) -> None:
    kmalloc = Checked(**more).machine
    chosen = {size: cache.name for size, cache in kmalloc.kmalloc.caches.items()}
    kmalloc.restore(kmalloc.state())
    assert {size: cache.name for size, cache in kmalloc.kmalloc.caches.items()} == chosen
    assert all(cache in kmalloc.slub.caches for cache in kmalloc.kmalloc.caches.values())


def test_a_state_is_a_copy_that_later_operations_leave_alone(kmem: Checked) -> None:
    saved = kmem.machine.state()
    text = json.dumps(saved)
    for _ in range(20):
        kmem.open(2)
    kmem.do(kmem.machine.restore, saved)
    kmem.open(2)
    assert json.dumps(saved) == text


def test_a_cache_that_was_made_later_is_gone_and_comes_again() -> None:
    machine = Checked()
    boot = machine.machine.state()
    machine.take(machine.create("thing", 100, flags=HWCACHE_ALIGN), 3)
    later = machine.machine.state()
    machine.do(machine.machine.restore, boot)
    assert machine.machine.state() == boot
    machine.do(machine.machine.restore, later)
    assert machine.machine.state() == later


def test_a_cache_that_was_replaced_by_one_of_another_size_comes_back_as_it_was() -> None:
    machine = Checked()
    boot = machine.machine.state()
    machine.destroy(machine.machine.find_cache("dentry"))
    machine.create("dentry", 192)
    later = machine.machine.state()
    machine.do(machine.machine.restore, boot)
    assert machine.machine.state() == boot
    assert machine.machine.find_cache("dentry").objects == 19
    machine.do(machine.machine.restore, later)
    assert machine.machine.state() == later


class Note(Guest):
    """A program above that remembers one number."""

    def __init__(self) -> None:
        self.number = 0

    def state(self) -> int | None:
        return self.number or None

    def restore(self, saved: int | None) -> None:
        self.number = saved or 0


def test_a_guest_goes_back_and_forth_with_the_machine() -> None:
    machine = Checked()
    machine.machine.guests["note"] = note = Note()
    note.number = 7
    saved = machine.machine.state()
    note.number = 8
    assert machine.machine.state() != saved
    machine.machine.restore(saved)
    assert note.number == 7


def test_a_guest_that_came_later_is_at_its_beginning_and_the_state_is_that_of_boot() -> None:
    machine = Checked()
    boot = machine.machine.state()
    machine.machine.guests["note"] = note = Note()
    note.number = 7
    machine.machine.restore(boot)
    assert note.number == 0
    assert machine.machine.state() == boot


@pytest.mark.parametrize(
    "wrong",
    [
        {"slub": "2.6.25"},
        {"slub": ""},
        {"cpus": 0},
        {"cpus": 65},
        {"memory": "1"},
        {"memory": "65537"},
        {"memory": "64M "},
        {"memory": "-64M"},
        {"memory": "1T"},
        {"memory": ""},
        {"memory": "\u0661M"},
        {"memory": 0},
        {"memory": "32G"},
        {"boot": "quiet"},
        {"boot": "slub_debug=Q"},
        {"arrays": "some"},
    ],
    ids=str,
)
def test_a_profile_that_cannot_boot_is_refused(wrong: dict[str, object]) -> None:
    assert errno_of(lambda: Machine(**{"memory": "1M", **wrong})) == 22  # type: ignore[arg-type]


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(TypeError, match="no option 'ram'"):
        Machine(ram="1M")


@pytest.mark.parametrize(("text", "value"), [("64K", 65536), ("1m", 1 << 20), ("2G", 2 << 30), ("4096", 4096), (77, 77)])
def test_sizes_take_a_suffix(text: str | int, value: int) -> None:
    assert parse_size(text) == value


def test_the_profile_of_the_recordings_is_the_default() -> None:
    assert Profile().name == "2.6.24-nomerge"
    assert Profile(slub="2.6.23").name == "2.6.23-nomerge"
    assert Profile(**Profile(cpus=2).to_dict()) == Profile(cpus=2)


def test_a_setting_that_came_later_is_not_in_what_a_default_machine_says_of_itself() -> None:
    assert tuple(Profile(cpus=2).to_dict()) == FIRST
    assert set(FIRST) <= set(DEFAULTS)
    assert Machine().state()["profile"] == {name: DEFAULTS[name] for name in FIRST}
