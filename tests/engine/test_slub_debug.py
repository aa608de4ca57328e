"""SLUB_DEBUG caches: larger objects, no list of a cpu's own, and full slabs that can be found."""

from __future__ import annotations

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.engine.profiles import debug_options
from kmemlab.shell import Machine


def debugged(flags: str = "U") -> Machine:
    return Machine(boot=f"slub_nomerge slub_debug={flags},filp", memory="2M")


def test_a_tracked_struct_file_has_320_bytes_and_twelve_fit_into_a_page() -> None:
    machine = debugged()
    assert machine.tree.read("/sys/slab/filp/slab_size") == "320\n"
    assert machine.tree.read("/sys/slab/filp/objs_per_slab") == "12\n"
    assert machine.tree.read("/sys/slab/sighand_cache/slab_size") == "2112\n"  # only filp was asked for


def test_the_objects_of_a_debug_cache_are_counted_one_by_one() -> None:
    machine = debugged()
    machine.run("open 3")
    filp = machine.find_cache("filp")
    slab = filp.cpu_slab[0].slab
    assert slab is not None
    assert (slab.inuse, filp.cpu_slab[0].freelist) == (3, -1)
    machine.check()


def test_full_slabs_of_a_tracked_cache_are_on_a_list_newest_first() -> None:
    machine = debugged()
    machine.run("open 30")
    filp = machine.find_cache("filp")
    assert filp.full is not None
    assert [int(slab.number) for slab in filp.full] == [1, 0]
    assert len(filp.reachable()) == filp.nr_slabs == 3
    machine.run("close 0")
    assert [int(slab.number) for slab in filp.full] == [1]
    assert [int(slab.number) for slab in filp.partial_list()] == [0]
    machine.check()


def test_a_debug_cache_that_does_not_track_lists_no_full_slab() -> None:
    machine = debugged("Z")
    machine.run("open 40")
    filp = machine.find_cache("filp")
    assert filp.full is None
    assert len(filp.reachable()) < filp.nr_slabs
    machine.check()


def test_a_refused_object_of_a_debug_cache_goes_back_where_it_came_from() -> None:
    machine = debugged()
    for line in (
        "mount -t container -o kmem none /containers",
        "mkdir /containers/a",
        "echo 1 > /sys/slab/filp/cache_account",
        "echo -n 700 > /containers/a/kmem.limit",
        "echo 1 > /containers/a/tasks",
        "open 2",
    ):
        assert machine.run(line).errno == 0
    before = machine.state()
    assert machine.run("open 1").errno == 23
    after = machine.state()
    assert after["caches"] == before["caches"]
    assert after["tasks"] == before["tasks"]
    machine.check()


def test_a_debug_machine_is_saved_and_restored() -> None:
    machine = debugged()
    machine.run("open 30")
    saved = machine.state()
    machine.run("close all")
    machine.restore(saved)
    assert machine.state() == saved
    machine.check()


@pytest.mark.parametrize(
    ("boot", "wanted"),
    [
        ("slub_nomerge", (False, 0, "")),
        ("slub_debug", (True, 0x10D00, "")),
        ("slub_debug=FZPU", (True, 0x10D00, "")),
        ("slub_debug=z,dentry", (True, 0x400, "dentry")),
        ("slub_debug=,filp", (True, 0x10D00, "filp")),
    ],
)
def test_the_boot_option_is_read_letter_by_letter(boot: str, wanted: tuple[bool, int, str]) -> None:
    assert debug_options(boot) == wanted


def test_a_letter_that_means_nothing_is_refused() -> None:
    with pytest.raises(KernelError, match="none of F Z P U T"):
        debug_options("slub_debug=X")
