"""->create without memory: an error pointer is an errno, NULL is the end of the machine (cover letter, changes from v.1)."""

from __future__ import annotations

import errno

import pytest

from kmemlab import Session
from kmemlab.engine.hierarchy import Container, Css, Subsystem
from kmemlab.engine.patchset import NULL_CREATE
from kmemlab.engine.state_memory import STATE_SIZE
from kmemlab.engine.types import NONE
from kmemlab.records import Row
from kmemlab.shell import Machine

from .machines import Checked, errno_of

DEBUG = "/sys/kernel/debug"
OLD = ["v1", f"v3,{NULL_CREATE}"]
NEW = ["v3", "v2", f"v1,no-{NULL_CREATE}"]


def short_of_memory(machine: Machine, way: str) -> Machine:
    """A machine where the next container's state cannot be had, in one of three ways."""
    assert machine.run("mount -t container -o kmem none /containers").errno == 0
    assert machine.run("mkdir /containers/a").errno == 0
    if way == "memory":
        while machine.kmalloc.could(STATE_SIZE, machine.current.cpu):
            assert machine.kmalloc.kmalloc(64, machine.current.cpu) != NONE
        return machine
    if way == "fail_page_alloc":
        machine.run(f"echo 0 > {DEBUG}/fail_page_alloc/min-order")
    machine.run(f"echo 100 > {DEBUG}/{way}/probability")
    return machine


WAYS = ["memory", "failslab", "fail_page_alloc"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("patchset", NEW)
def test_an_error_pointer_is_no_memory_and_nothing_has_changed(patchset: str, way: str) -> None:
    machine = short_of_memory(Machine(memory="64K", patchset=patchset), way)
    before = machine.state()
    said = machine.run("mkdir /containers/b")
    after = machine.state()
    if way != "memory":  # one of `times` is used up, and a fault counted
        assert before.pop("faults") != after.pop("faults")
    assert (said.errno, after) == (errno.ENOMEM, before)
    machine.check()
    assert machine.run("ls /containers").out.split()[-1] == "a"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("patchset", OLD)
def test_a_null_crashes_the_machine_and_the_console_tells_how(patchset: str, way: str) -> None:
    machine = short_of_memory(Machine(memory="64K", patchset=patchset), way)
    said = machine.run("mkdir /containers/b")
    assert (said.errno, said.err) == (errno.EFAULT, "Kernel panic - not syncing: Attempted to kill init!")
    assert said.hint.startswith("kmem's create returned NULL")
    assert said.out.splitlines()[0] == "Unable to handle kernel NULL pointer dereference at 0000000000000000"
    assert said.out.splitlines()[4:7] == ["RIP: init_container_css", "Call Trace:", " container_create"]
    assert machine.run("dmesg").out.splitlines() == [*said.out.splitlines(), said.err]
    machine.check()


@pytest.mark.parametrize("way", ["memory", "failslab"])
def test_it_is_the_same_with_slab_below(way: str) -> None:
    for patchset, number in (("v3", errno.ENOMEM), (f"v3,{NULL_CREATE}", errno.EFAULT)):
        machine = short_of_memory(Machine(memory="1M", patchset=patchset, allocator="slab"), way)
        assert machine.run("mkdir /containers/b").errno == number
        assert machine.crash.halted == (number == errno.EFAULT)
        machine.check()


def crashed(**more: str) -> Machine:
    machine = short_of_memory(Machine(memory="2M", patchset="v1", **more), "failslab")
    machine.run("mkdir /containers/b")
    assert machine.crash.halted
    return machine


def test_a_crashed_machine_runs_nothing_more_and_its_state_stays() -> None:
    machine = crashed()
    before = machine.state_hash()
    for line in (
        "ls /",
        "open 1",
        "as 1 fork",
        "mkdir /containers/c",
        "rmdir /containers/a",
        "echo 1 > /containers/tasks",
        "mount",
        "ps",
    ):
        said = machine.run(line)
        assert (said.errno, said.err, said.out) == (errno.EHOSTDOWN, "sh: Host is down", "")
        assert said.hint == "The machine has oopsed and runs nothing any more: go back before that, or boot another."
    for line in ("dmesg", "help", "man faults"):
        assert machine.run(line).errno == 0
    looked = machine.shell.look("cat /proc/cgroups")
    assert looked is not None
    assert looked.errno == errno.EHOSTDOWN
    assert machine.state_hash() == before
    machine.check()


def test_another_task_than_init_takes_the_machine_along_too() -> None:
    machine = Machine(memory="2M", patchset="v1")
    machine.run("mount -t container -o kmem none /containers")
    machine.run("fork")
    machine.run(f"echo 100 > {DEBUG}/failslab/probability")
    said = machine.run("as 2 mkdir /containers/b")
    assert said.err == "Kernel panic - not syncing: Fatal exception"
    assert "Pid: 2, comm: init Not tainted" in said.out
    assert machine.run("ls /").errno == errno.EHOSTDOWN


def test_a_plain_directory_asks_no_subsystem() -> None:
    machine = Machine(memory="2M", patchset="v1")
    machine.run(f"echo 100 > {DEBUG}/failslab/probability")
    assert machine.run("mkdir /tmp/b").errno == 0


def test_what_costs_nothing_is_not_asked_for() -> None:
    """Where owner arrays are free, as in recorded traces, so is a container's state."""
    machine = short_of_memory(Machine(memory="2M", patchset="v1", arrays="free"), "failslab")
    assert machine.run("mkdir /containers/b").errno == 0


def test_the_crash_is_state_and_goes_with_it() -> None:
    machine = crashed()
    other = Machine(memory="2M", patchset="v1")
    other.restore(machine.state())
    assert (other.crash.halted, other.crash.trace) == (True, machine.crash.trace)
    assert other.run("ls /").errno == errno.EHOSTDOWN
    assert other.state() == machine.state()
    fresh = Machine(memory="2M", patchset="v1")
    other.restore(fresh.state())
    assert other.run("ls /").errno == 0
    assert other.state() == fresh.state()


def test_back_takes_the_crash_back_and_forward_brings_it_again() -> None:
    session = Session(memory="2M", patchset="v1")
    session.run(
        "mount -t container -o kmem none /containers",
        f"echo 100 > {DEBUG}/failslab/probability",
        "mkdir /containers/b",
        "ls /containers",
    )
    oops = next(row["n"] for row in map(Row.to_dict, session.records("events")) if row["kind"] == "oops")
    whole = session.machine.state_hash()
    hashes = []
    for n in range(session.length, -1, -1):
        session.seek(n)
        assert session.machine.crash.halted == (n >= oops)
        session.machine.check()
        hashes.append(session.machine.state_hash())
    for n in range(session.length + 1):
        session.seek(n)
        assert session.machine.state_hash() == hashes[session.length - n]
    assert session.machine.state_hash() == whole
    session.undo()
    session.undo()
    assert session.run("echo 0 > /sys/kernel/debug/failslab/probability", "mkdir /containers/b")[-1].errno == 0


def test_the_event_tells_the_functions_up_to_the_one_that_crashed() -> None:
    session = Session(memory="2M", patchset="v1")
    session.run(
        "mount -t container -o kmem none /containers", f"echo 100 > {DEBUG}/failslab/probability", "mkdir /containers/web"
    )
    session.seek(session.length - 1)
    steps = [row.to_dict() for row in session.records("steps")]
    assert [step["fn"] for step in steps] == [
        "mkdir()",
        "container_create",
        "kmem_create",
        "IS_ERR",
        "init_container_css",
        "panic",
    ]
    assert [step["fn"] for step in steps if step["state"] == "refused"] == ["init_container_css"]
    assert steps[1]["sentence"] == "web is to be: kmem is asked for its state of it."
    session.seek(session.length)
    assert [row.to_dict()["sentence"] for row in session.records("steps")] == [
        "The kernel crashed in mkdir: dmesg has what it said."
    ]


class Forgetful(Subsystem):
    """A lesson's own, that forgets to return what it made."""

    def create(self, container: Container) -> Css | int | None:
        return None


def test_a_subsystem_of_a_lessons_own_that_says_null_crashes_v3_too() -> None:
    machine = Checked()
    machine.machine.containers.register(Forgetful("mine"))
    machine.machine.tree.mount("mine", "/containers")
    assert errno_of(machine.machine.tree.mkdir, "/containers/b") == errno.EFAULT
    assert (machine.machine.crash.subsystem, machine.machine.crash.path) == ("mine", "/b")


def test_could_is_what_kmalloc_would_say_and_takes_nothing() -> None:
    machine = Checked(memory="64K")
    kmalloc, cpu = machine.machine.kmalloc, 0
    taken = 0
    while True:
        before = machine.machine.state_hash()
        could = kmalloc.could(STATE_SIZE, cpu)
        assert machine.machine.state_hash() == before
        assert could == (machine.kmalloc(STATE_SIZE, cpu) != NONE)
        if not could:
            break
        taken += 1
    assert taken == 16 * 64  # every page a slab of kmalloc-64
    for size in (0, 5000, 2048):
        assert errno_of(kmalloc.could, size, cpu) == errno.EINVAL
