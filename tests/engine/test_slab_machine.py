"""A machine whose allocator is SLAB: the same controller file, the same syscalls, checked at every event."""

from __future__ import annotations

import ast
import errno
from pathlib import Path
from typing import Any

import pytest

from kmemlab.engine import kmem
from kmemlab.engine.errors import KernelError
from kmemlab.engine.machine import Machine
from kmemlab.engine.slab import SlabAllocator
from kmemlab.engine.slab_cache import PARKED, SlabCache
from kmemlab.engine.slub import Slub
from kmemlab.engine.types import IN_USE
from kmemlab.figures.slabs import slabs_figure, slabs_text
from kmemlab.records import CostRow, CountedSlab, FlowRow, SlabCacheRow, SlabRow
from kmemlab.scenarios import SCENARIOS
from kmemlab.session import Session

from .machines import Checked, errno_of


def booted(**more: object) -> Checked:
    """Task 2 in `web`, struct files accounted, SLAB."""
    machine = Checked(allocator="slab", **more)  # type: ignore[arg-type]
    machine.mount()
    machine.mkdir("web")
    machine.fork()
    machine.attach(2, "web")
    machine.account("filp")
    return machine


def filp(machine: Checked) -> SlabCache:
    cache = machine.machine.find_cache("filp")
    assert isinstance(cache, SlabCache)
    return cache


def test_one_controller_serves_both_allocators_and_imports_neither() -> None:
    slub, slab = Machine(memory="1M"), Machine(memory="1M", allocator="slab")
    assert (type(slub.slub), type(slab.slub)) == (Slub, SlabAllocator)
    assert type(slub.kmem) is type(slab.kmem) is kmem.KmemController
    tree = ast.parse((Path(kmem.__file__).parent / "kmem.py").read_text())
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any(module.startswith(("slab", "slub", "allocator")) for module in modules)
    assert not any(isinstance(node, ast.Import) and "sl" in node.names[0].name for node in ast.walk(tree))


def test_the_same_commands_charge_the_same_under_either() -> None:
    usage = []
    for allocator in ("slub", "slab"):
        machine = Checked(allocator=allocator)
        machine.mount()
        machine.mkdir("web")
        machine.fork()
        machine.account("filp")
        machine.attach(2, "web")
        machine.limit("web", 40 * 256)
        got = [errno_of(machine.open, 2) for _ in range(50)]
        assert got == [0] * 40 + [errno.ENFILE] * 10
        for fd in range(0, 40, 3):
            machine.close(2, fd)
        usage.append(machine.counter("web"))
    assert usage[0] == usage[1] == (26 * 256, 10)


@pytest.mark.parametrize("memory", ["256K", "1M"])
def test_a_closed_file_is_uncharged_at_once_though_its_object_rests_in_an_array(memory: str) -> None:
    machine = booted(memory=memory)
    fd = machine.open(2)
    address = machine.machine.tasks.find(2).files[fd]
    machine.close(2, fd)
    assert machine.counter("web") == (0, 0)
    slab = machine.slab(address)
    assert slab.link[(address - int(slab.s_mem)) // 256] == PARKED
    assert address in filp(machine).arrays[0].held()


def test_off_is_the_letters_rule_and_says_that_slab_could() -> None:
    machine = booted()
    for _ in range(20):
        machine.open(2)
    before = machine.machine.state_hash()
    with pytest.raises(KernelError, match=r"SLAB could find them.*off only when the cache is empty") as refused:
        machine.account("filp", False)
    assert refused.value.errno == errno.EBUSY
    assert machine.machine.state_hash() == before
    found = sum(int(link) == IN_USE for slab in filp(machine).reachable() for link in slab.link)
    assert found == 20  # every slab can be found, and what rests in an array is not taken for a file
    for fd in range(20):
        machine.close(2, fd)
    machine.account("filp", False)
    assert all(not slab.has_owners for slab in filp(machine).reachable())
    assert errno_of(machine.account, "size-128") == errno.EINVAL


def test_off_by_full_list_uncharges_what_is_live_and_leaves_what_rests_alone() -> None:
    machine = booted(off="full-list")
    for _ in range(40):
        machine.open(2)
    for fd in (3, 4, 30):
        machine.close(2, fd)
    assert machine.counter("web") == (37 * 256, 0)
    rests = [array.held() for array in filp(machine).all_arrays()]
    machine.account("filp", False)
    assert machine.counter("web") == (0, 0)
    assert [array.held() for array in filp(machine).all_arrays()] == rests
    for fd in (0, 1, 2):
        machine.close(2, fd)  # nobody's now: no counter moves
    machine.account("filp")
    machine.attach(2, "")
    machine.rmdir("web")


OTHERWISE: tuple[dict[str, Any], ...] = (
    {"before_on": "root"}, {"before_on": "refuse"}, {"rss": True}, {"rcu": "grace"},
    {"irq_payer": "none"}, {"arrays": "free"},
    {"kinds": "cache,kmalloc,vmalloc,pages"},
)  # fmt: skip


@pytest.mark.parametrize("more", OTHERWISE, ids=str)
def test_the_other_settings_of_a_machine_hold_with_slab(more: dict[str, Any]) -> None:
    session = Session(allocator="slab", cpus=2, memory="2M", **more)
    for line in list(SCENARIOS["quiet"].commands())[:60]:
        session.run(line)
        session.machine.check()
    state = session.machine.state_hash()
    session.seek(session.length // 2)
    session.machine.check()
    session.seek(session.length)
    assert session.machine.state_hash() == state


def test_what_rests_in_arrays_is_nobodys_when_off_and_unpaid_when_on_again() -> None:
    machine = booted()
    machine.close(2, machine.open(2))
    assert filp(machine).arrays[0].avail > 0
    machine.account("filp", False)
    machine.account("filp")
    machine.open(2)
    assert machine.counter("web") == (0, 0)  # the slab's owner array is gone


def test_reachable_has_more_cells_than_there_are_files() -> None:
    machine = booted()
    for _ in range(40):
        machine.open(2)
    cells = sum(int(slab.cache.objects) for slab in filp(machine).reachable())
    rests = len(filp(machine).arrays[0].held())
    live = sum(slab.live() for slab in filp(machine).reachable())
    assert live == 40 < cells
    assert cells == live + rests + int(filp(machine).free_objects)


def test_slabinfo_has_slabs_columns_and_tunes_the_arrays() -> None:
    machine = booted(cpus=2)
    for _ in range(5):
        machine.open(2)
    line = next(each for each in machine.read("/proc/slabinfo").splitlines() if each.startswith("filp "))
    assert " ".join(line.split()) == "filp 15 15 256 15 1 : tunables 120 60 8 : slabdata 1 1 0"
    machine.write("/proc/slabinfo", "filp 8 4 0\n")
    assert filp(machine).tunables() == (8, 4, 0)
    assert filp(machine).shared is None
    line = next(each for each in machine.read("/proc/slabinfo").splitlines() if each.startswith("filp "))
    assert " ".join(line.split()) == "filp 5 15 256 15 1 : tunables 8 4 0 : slabdata 1 1 0"
    machine.open(2)
    assert filp(machine).arrays[0].avail == 3


@pytest.mark.parametrize(
    "line", ["", "filp", "filp 8", "filp 0 0 0", "filp 8 9 0", "filp 8 4 9999", "filp 8193 1 0", "nobody 8 4 0", "filp -8 4 0",
             "filp 8 4 0 x", "filp 8 4 0" + " " * 200]
)  # fmt: skip
def test_a_line_that_slabinfo_does_not_take_changes_nothing(line: str) -> None:
    machine = booted()
    machine.open(2)
    before = machine.machine.state_hash()
    assert errno_of(machine.write, "/proc/slabinfo", line) == errno.EINVAL
    assert machine.machine.state_hash() == before


def test_slubs_slabinfo_takes_no_line() -> None:
    assert errno_of(Checked().write, "/proc/slabinfo", "filp 8 4 0") == errno.EIO


def test_sys_slab_has_what_is_kmemlabs_own_and_no_more() -> None:
    machine = booted()
    assert machine.machine.tree.listdir("/sys/slab/filp") == ["shrink", "cache_account"]
    assert machine.read("/sys/slab/filp/cache_account") == "1\n"
    machine.close(2, machine.open(2))
    assert filp(machine).nr_slabs == 1
    machine.write("/sys/slab/filp/shrink", "1")
    assert filp(machine).nr_slabs == 0


def test_a_state_is_restored_with_arrays_lists_and_tunables() -> None:
    machine = booted(cpus=2)
    for _ in range(30):
        machine.open(2)
    machine.write("/proc/slabinfo", "filp 10 5 1")
    for fd in range(0, 30, 2):
        machine.close(2, fd, fd // 2 % 2)
    saved = machine.machine.state()
    assert saved["profile"]["allocator"] == "slab"
    again = Checked(allocator="slab", cpus=2)
    again.do(again.machine.restore, saved)
    assert again.machine.state_hash() == machine.machine.state_hash()
    assert filp(again).tunables() == (10, 5, 1)
    assert [machine.open(2) for _ in range(20)] == [again.open(2) for _ in range(20)]
    assert again.machine.state_hash() == machine.machine.state_hash()


def test_a_default_machine_does_not_know_that_there_is_another_allocator() -> None:
    assert "allocator" not in Machine(memory="1M").state()["profile"]


@pytest.mark.parametrize(("options", "says"), [
    ({"allocator": "slob"}, "choose slub or slab"), ({"allocator": 1}, "a word is needed"),
    ({"allocator": "slab", "off": "walk"}, "a design for SLUB"),
    ({"allocator": "slab", "patchset": "v2"}, "needs the notifiers of v3"),
    ({"allocator": "slab", "boot": "slub_debug=FZPU"}, "an option of SLUB"),
])  # fmt: skip
def test_a_machine_that_cannot_be_booted_says_why(options: dict[str, object], says: str) -> None:
    with pytest.raises((OSError, TypeError), match=f"{says}|str object expected"):  # compiled, a field has its type
        Machine(**options)  # type: ignore[arg-type]


def test_every_event_of_a_bomb_can_be_stopped_at() -> None:
    session = Session(allocator="slab", cpus=2, memory="2M")
    session.run(*list(SCENARIOS["fd-bomb"].commands())[:40])
    session.run("echo filp 4 2 1 > /proc/slabinfo", "killall fdbomb", "echo 1 > /sys/slab/filp/shrink")
    session.machine.check()
    end = session.machine.state_hash()
    for n in range(session.length, 0, -1 if session.length < 300 else -7):
        session.seek(n)
        session.machine.check()
    session.seek(session.length)
    assert session.machine.state_hash() == end


def test_a_file_and_a_link_boot_slab_again(tmp_path: Path) -> None:
    session = Session(allocator="slab", memory="2M")
    session.run("open 3", "close 1")
    session.save(tmp_path / "s.json")
    for again in (Session.load(tmp_path / "s.json"), Session.from_link(session.to_link())):
        assert again.machine.profile.allocator == "slab"
        assert again.machine.state_hash() == session.machine.state_hash()


def test_the_cache_row_leads_to_more_cells_than_files_and_says_where_the_others_rest() -> None:
    session = Session(allocator="slab", memory="2M")
    session.run("open 40", "close 3 4 5")
    row = session.cache("filp")
    assert isinstance(row, SlabCacheRow)
    found = [*row.full, *row.free, *(each for each in row.partial if isinstance(each, CountedSlab))]
    assert (sum(slab.live for slab in found), len(row.partial) + len(row.full) + len(row.free)) == (37, 3)
    assert sum(slab.inuse for slab in found) - 37 == sum(row.arrays.values()) == row.arrays["cpu 0"] > 0


def test_slab_rows_and_their_twin_tell_live_free_and_resting_cells_apart() -> None:
    session = Session(allocator="slab", cpus=2, memory="2M")
    session.run("open 40", "close 3 4 5", "echo filp 12 6 1 > /proc/slabinfo", "close 9 10", "open 1")
    rows = [row for row in session.records("slabs") if isinstance(row, SlabRow)]
    cache = session.machine.find_cache("filp")
    assert isinstance(cache, SlabCache)
    assert {row.where for row in rows} == {
        f"{name} {place}" for name, count in (("full", cache.slabs_full.count), ("partial", cache.slabs_partial.count))
        for place in range(1, int(count) + 1)
    }  # fmt: skip
    assert sum(row.inuse for row in rows) == 36
    rests = [(whose, turn) for row in rows for _, whose, turn in row.resting]
    assert sorted(rests) == [("cpu 1", turn) for turn in range(1, int(cache.arrays[1].avail) + 1)]
    for row in rows:
        rest = [cell for cell, _, _ in row.resting]
        assert row.freelist[: len(rest)] == tuple(rest)
        assert row.remote == row.freelist[len(rest) :]
        assert row.inuse + len(row.freelist) == row.objects
    twin = slabs_text(rows).splitlines()
    marks = "".join(line.split()[5] for line in twin[1 : 1 + len(rows)])
    assert (marks.count(":"), marks.count("–")) == (len(rests), 36)
    assert twin[-1] == ": rests in an array, free: its slab counts it as in use"


def test_every_record_and_figure_of_a_bombed_slab_machine_is_drawn() -> None:
    session = Session(allocator="slab", cpus=2, memory="2M")
    session.run(*SCENARIOS["quiet"].commands())
    flow = [row for row in session.records("flow") if isinstance(row, FlowRow) and not row.refused]
    assert {row.state for row in flow} <= {"partial", "full, on a list", "free"}
    assert len(slabs_figure(tuple(row for row in session.records("slabs") if isinstance(row, SlabRow))).data) > 4
    cost = [row for row in session.records("cost") if isinstance(row, CostRow)]
    for row in cost:
        assert row.charged + row.unowned + row.arrays + row.free == row.bytes


def test_a_slab_machine_goes_on_after_a_way_back_as_it_did_the_first_time() -> None:
    session = Session(allocator="slab", memory="1M", kinds="cache,kmalloc,vmalloc")
    session.run("mountns 2", "vmalloc 5000 ACCOUNT", "kmalloc 60", "kmalloc 30", "stat -l 2")
    end = session.machine.state_hash()
    session.seek(0)
    session.seek(session.length)
    assert session.machine.state_hash() == end
