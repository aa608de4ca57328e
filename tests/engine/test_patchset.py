"""v1, v2 and v3 of the patchset as switches of one machine: each line of the letter's change log, old beside new."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Session
from kmemlab.engine.notify import SlabListener
from kmemlab.engine.patchset import (
    LATE_REGISTER,
    NULL_CREATE,
    SWITCHES,
    VERSIONS,
    WIRED_HOOKS,
    WORD_TOGGLE,
    Patchset,
    switches,
)
from kmemlab.engine.profiles import Profile
from kmemlab.shell import Machine

from .machines import Checked, errno_of


def only(switch: str) -> str:
    """v3 with one thing as it was."""
    return f"v3,{switch}"


def never(switch: str) -> str:
    """v1 with one thing as it is in v3."""
    return f"v1,no-{switch}"


def files(machine: Machine, accounted: bool = True) -> Machine:
    """Three files that /a pays for."""
    for line in (
        "mount -t container -o kmem none /containers",
        "mkdir /containers/a",
        f"echo {machine.patchset.toggle(accounted)} > /sys/slab/filp/cache_account",
        "fork",
        "echo 2 > /containers/a/tasks",
        "as 2 open 3",
    ):
        assert machine.run(line).errno == 0
        machine.check()
    return machine


# -- the words


def test_a_version_is_the_switches_that_the_change_log_had_not_ended_yet() -> None:
    assert switches("v3") == set()
    assert switches("v2") == {WIRED_HOOKS}
    assert switches("v1") == set(SWITCHES)
    assert switches("v3,null-create,wired-hooks") == {NULL_CREATE, WIRED_HOOKS}
    assert switches("v1,no-wired-hooks") == set(SWITCHES) - {WIRED_HOOKS}
    assert switches("v3,null-create,no-null-create") == set()


@pytest.mark.parametrize(
    "words", ["", "v4", "3", "V3", "null-create", "v3,", "v3,no-", "v3,null", "v3 null-create", "v3,,v1", "v1,v2"]
)
def test_what_is_no_version_is_refused_with_a_sentence_that_names_those_there_are(words: str) -> None:
    with pytest.raises(OSError, match=r"begin with v1, v2 or v3|is no switch; there are null-create") as said:
        Profile(patchset=words)
    assert said.value.errno == errno.EINVAL


def test_a_patchset_is_a_word() -> None:
    with pytest.raises((OSError, TypeError), match=r"patchset=3: a word|str object expected"):
        Profile(patchset=3)  # type: ignore[arg-type]


def test_v3_is_the_default_and_leaves_no_trace_in_a_profile() -> None:
    assert Profile().patchset == "v3"
    assert "patchset" not in Profile().to_dict()
    assert Profile(patchset="v1").to_dict()["patchset"] == "v1"
    assert Machine().state_hash() == Machine(patchset="v3").state_hash() != Machine(patchset="v2").state_hash()


# -- word-toggle: 'make turning accounting on and off with "1" and "0"'


@pytest.mark.parametrize("patchset", ["v1", only(WORD_TOGGLE)])
def test_before_v2_the_toggle_has_words(patchset: str) -> None:
    machine = Checked(patchset=patchset)
    path = "/sys/slab/filp/cache_account"
    assert machine.read(path) == "off\n"
    for text, shown in (("on\n", "on\n"), ("on", "on\n"), ("off\n", "off\n"), ("off", "off\n")):
        machine.write(path, text)
        assert machine.read(path) == shown
    before = machine.machine.state_hash()
    for text in ("1\n", "0\n", "", "\n", "onn", "ON", "on off"):
        assert errno_of(machine.write, path, text) == errno.EINVAL
        assert machine.machine.state_hash() == before


@pytest.mark.parametrize("patchset", ["v3", "v2", never(WORD_TOGGLE)])
def test_since_v2_the_toggle_has_digits(patchset: str) -> None:
    machine = Checked(patchset=patchset)
    path = "/sys/slab/filp/cache_account"
    assert machine.read(path) == "0\n"
    for text in ("1\n", "0\n"):
        machine.write(path, text)
        assert machine.read(path) == text
    before = machine.machine.state_hash()
    for text in ("on\n", "off\n", "", "2", "-1"):
        assert errno_of(machine.write, path, text) == errno.EINVAL
        assert machine.machine.state_hash() == before


@pytest.mark.parametrize("patchset", ["v1", "v3"])
def test_off_with_objects_in_use_and_kmalloc_are_refused_in_every_version(patchset: str) -> None:
    machine = files(Machine(patchset=patchset))
    before = machine.state_hash()
    on, off = (machine.patchset.toggle(each) for each in (True, False))
    assert machine.run(f"echo {off} > /sys/slab/filp/cache_account").errno == errno.EBUSY
    assert machine.run(f"echo {on} > /sys/slab/kmalloc-96/cache_account").errno == errno.EINVAL
    assert machine.state_hash() == before


# -- late-register: "fixed Paul's comment about subsystem registration"


def subsystems(machine: Machine) -> list[list[str]]:
    """Rows of /proc/cgroups: name, bits of its hierarchy."""
    return [line.split("\t")[:2] for line in machine.tree.read("/proc/cgroups").splitlines()[1:]]


@pytest.mark.parametrize("patchset", ["v1", only(LATE_REGISTER)])
def test_before_v2_kmem_comes_behind_the_subsystems_that_are_compiled_in(patchset: str) -> None:
    machine = files(Machine(patchset=patchset))
    assert subsystems(machine) == [["cpuset", "0"], ["cpuacct", "0"], ["memory", "0"], ["kmem", "8"]]
    assert machine.tree.read("/containers/a/kmem.usage") == "768\n"


@pytest.mark.parametrize("patchset", ["v3", "v2", never(LATE_REGISTER)])
def test_since_v2_kmem_is_one_of_them(patchset: str) -> None:
    machine = files(Machine(patchset=patchset))
    assert subsystems(machine) == [["cpuset", "0"], ["cpuacct", "0"], ["kmem", "4"], ["memory", "0"]]
    assert machine.tree.read("/containers/a/kmem.usage") == "768\n"


def test_a_late_subsystem_comes_last_in_a_hierarchy_of_several_and_back_from_a_checkpoint() -> None:
    for patchset, shown in (("v3", "memory,kmem,cpuset:/a\n"), (only(LATE_REGISTER), "kmem,memory,cpuset:/a\n")):
        machine = Machine(patchset=patchset)
        for line in (
            "mount -t container -o cpuset,memory,kmem none /containers",
            "mkdir /containers/a",
            "echo 1 > /containers/a/tasks",
        ):
            assert machine.run(line).errno == 0
        saved = machine.state()
        other = Machine(patchset=patchset)
        other.restore(saved)
        other.check()
        for each in (machine, other):
            assert each.tree.read("/proc/1/cgroup") == shown
        assert other.state() == saved


# -- wired-hooks: "introduced generic notifiers for slub"


@pytest.mark.parametrize("patchset", ["v2", "v1", only(WIRED_HOOKS)])
def test_before_v3_nobody_but_the_controller_can_listen(patchset: str) -> None:
    machine = files(Machine(patchset=patchset))
    before = machine.state_hash()
    listener = SlabListener()
    with pytest.raises(OSError, match="calls the controller by name") as said:
        machine.notifier.register(listener)
    assert said.value.errno == errno.ENOSYS
    assert errno_of(machine.notifier.switch, machine.find_cache("filp"), listener, True) == errno.ENOENT
    assert errno_of(machine.notifier.unregister, machine.kmem, machine.slub.caches) == errno.ENOSYS
    assert errno_of(machine.notifier.register, machine.kmem) == errno.EEXIST
    assert machine.notifier.registered == [machine.kmem]
    assert machine.find_cache("filp").listeners == [machine.kmem]
    assert machine.state_hash() == before


@pytest.mark.parametrize("patchset", ["v2", "v1", only(WIRED_HOOKS)])
def test_what_needs_a_listener_of_its_own_needs_notifiers(patchset: str) -> None:
    with pytest.raises(OSError, match="off='drain' is a listener of its own"):
        Machine(patchset=patchset, off="drain")
    for off in ("full-list", "walk", "charged-list"):
        files(Machine(patchset=patchset, off=off))
    files(Machine(patchset=never(WIRED_HOOKS), off="drain"))


@pytest.mark.parametrize("patchset", ["v2", "v1", only(WIRED_HOOKS)])
def test_before_v3_the_hooks_are_in_slub_and_slab_has_none(patchset: str) -> None:
    with pytest.raises(OSError, match="needs the notifiers of v3"):
        Machine(patchset=patchset, allocator="slab")
    files(Machine(patchset=never(WIRED_HOOKS), allocator="slab"))


class Refuser(SlabListener):
    """Refuses every object."""

    def alloc(self, slab: Any, number: int) -> bool:
        return False


@pytest.mark.parametrize("patchset", ["v3", never(WIRED_HOOKS)])
def test_since_v3_anybody_can_and_a_refusal_behind_the_controller_is_unwound(patchset: str) -> None:
    machine = files(Machine(patchset=patchset))
    listener = Refuser()
    machine.notifier.register(listener)
    machine.notifier.switch(machine.find_cache("filp"), listener, True)
    assert machine.run("as 2 open 1").errno == errno.ENFILE
    assert machine.tree.read("/containers/a/kmem.usage") == "768\n"
    machine.check()
    machine.notifier.unregister(listener, machine.slub.caches)
    assert machine.run("as 2 open 1").errno == 0
    assert machine.tree.read("/containers/a/kmem.usage") == "1024\n"


# -- all together


LINES = (
    "fork", "as 2 fork", "as 2 open 2", "as 2 open 9", "as 3@1 open 5", "as 2 close 0", "as 3 close all", "as 2 exit",
    "mkdir /containers/b", "rmdir /containers/b", "rmdir /containers/a", "echo 3 > /containers/b/tasks",
    "echo 2 > /containers/b/tasks", "echo -n 2048 > /containers/a/kmem.limit", "echo -n 0 > /containers/b/kmem.limit",
    "as 2 pipe 2", "as 2 stat 4", "prune 3", "TOGGLE 1 dentry", "TOGGLE 0 filp", "TOGGLE 1 filp", "TOGGLE 1 kmalloc-64",
    "umount /containers", "mount -t container -o kmem none /containers",
)  # fmt: skip
TOGGLE = re.compile(r"TOGGLE (\d) (\S+)")


def typed(machine: Machine, line: str) -> str:
    """A line as it is typed on this machine: the toggle has words or digits."""
    found = TOGGLE.fullmatch(line)
    return f"echo {machine.patchset.toggle(found[1] == '1')} > /sys/slab/{found[2]}/cache_account" if found else line


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=18))
def test_where_no_switch_matters_every_version_comes_to_the_same_state(lines: list[str]) -> None:
    told = []
    for version in VERSIONS:
        machine = files(Machine(memory="256K", cpus=2, patchset=version))
        errnos = [machine.run(typed(machine, line)).errno for line in lines]
        machine.check()
        state = machine.state()
        assert state.pop("profile").get("patchset", "v3") == version
        assert "crash" not in state
        told.append((errnos, state))
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("patchset", ["v1", "v2", "v3,null-create,wired-hooks"])
def test_a_session_file_and_a_link_carry_the_patchset(patchset: str, tmp_path: Path) -> None:
    session = Session(memory="2M", patchset=patchset)
    session.run("open 3")
    session.save(tmp_path / "mine.json")
    for again in (Session.load(tmp_path / "mine.json"), Session.from_link(session.to_link())):
        assert again.machine.profile == session.machine.profile
        assert again.machine.state_hash() == session.machine.state_hash()


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_is_one_attribute_and_no_other(name: str) -> None:
    attributes = [each.replace("-", "_") for each in SWITCHES]
    on = Patchset(only(name))
    off = Patchset(never(name))
    assert [getattr(on, each) for each in attributes] == [each == name for each in SWITCHES]
    assert [getattr(off, each) for each in attributes] == [each != name for each in SWITCHES]
