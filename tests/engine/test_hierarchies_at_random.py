"""Mounts, containers, renames, users and agents in any order: whole after each step, nothing left by a refusal."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab.engine.errors import KernelError

from .machines import Checked

POINTS = ["/containers", "/tmp", "/dev/container", "/containers/a", "/tmp/b"]
TREES = ["/containers", "/tmp", "/dev/container"]
OPTIONS = ["kmem", "cpuset", "kmem,memory", None, "cpuacct,noprefix", "kmem,release_agent=/x", "memory,"]
PLACES = [f"{tree}/{name}" for tree in TREES for name in ("a", "b", "a/b", "a/a")]

point = st.sampled_from(POINTS)
place = st.sampled_from(PLACES)
options = st.sampled_from(OPTIONS)
pid = st.integers(1, 4)
step = st.one_of(
    st.tuples(st.just("mount"), options, point),
    st.tuples(st.just("remount"), options, point),
    st.tuples(st.just("umount"), point),
    st.tuples(st.just("mkdir"), place),
    st.tuples(st.just("rmdir"), place),
    st.tuples(st.just("rename"), place, place),
    st.tuples(st.just("chown"), place, st.integers(0, 1)),
    st.tuples(st.just("write"), st.sampled_from([f"/proc/{n}/uid" for n in (2, 3)]), st.sampled_from(["0", "1", "0 1 0"])),
    st.tuples(st.just("write"), place.map(lambda path: path + "/tasks"), pid.map(str)),
    st.tuples(st.just("write"), place.map(lambda path: path + "/notify_on_release"), st.sampled_from(["0", "1"])),
    st.tuples(st.just("open"), pid),
    st.tuples(st.just("close"), pid),
    st.tuples(st.just("fork"), pid),
    st.tuples(st.just("exit"), pid),
    st.tuples(st.just("as"), pid),
    st.tuples(st.just("end")),
)


def take(machine: Checked, step: tuple[Any, ...]) -> None:
    """One step; what it is refused with is raised."""
    kernel = machine.machine
    match step:
        case ("open", number):
            machine.do(kernel.open, kernel.tasks.find(number))
        case ("close", number):
            task = kernel.tasks.find(number)
            machine.do(kernel.close, task, (task.open_files() or [0])[-1])
        case ("fork", number):
            machine.do(kernel.fork, kernel.tasks.find(number))
        case ("exit", number):
            machine.do(kernel.exit, kernel.tasks.find(number))
        case ("as", number):
            machine.as_task(number)
        case ("end",):
            machine.do(kernel.command_ends, 0)
        case (name, *arguments):
            machine.do(getattr(kernel.tree, name), *arguments)


def without_agents(state: dict[str, Any]) -> dict[str, Any]:
    """A state less what a refused remount may leave behind."""
    hierarchies = [{**each, "release_agent": None} for each in state["containers"]["hierarchies"]]
    return {**state, "containers": {**state["containers"], "hierarchies": hierarchies}}


@settings(max_examples=60, deadline=None)
@given(st.lists(step, max_size=25))
def test_in_any_order_the_machine_is_whole_refusals_leave_nothing_and_a_restored_one_goes_on_the_same(
    steps: list[tuple[Any, ...]],
) -> None:
    machine = Checked(memory="1M")
    machine.do(machine.machine.tree.mount, "kmem,release_agent=/agent", "/containers")
    machine.mkdir("a")
    machine.fork()
    machine.attach(2, "a")
    machine.account("filp")
    half = len(steps) // 2
    other: Checked | None = None
    for number, each in enumerate(steps):
        if number == half:
            other = Checked(memory="1M")
            other.do(other.machine.restore, machine.machine.state())
        before = machine.machine.state()
        refused: list[int | None] = []
        for one in (machine, other):
            if one is not None:
                try:
                    take(one, each)
                    refused.append(0)
                except KernelError as error:
                    refused.append(error.errno)
        assert len(set(refused)) == 1, each
        if refused[0]:
            clean = without_agents if each[0] == "remount" else dict
            assert clean(machine.machine.state()) == clean(before), each
    if other is not None:
        assert other.machine.state() == machine.machine.state()
