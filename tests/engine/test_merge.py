"""Merging: one cache with several names, and what that does to the letter's own example."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.engine.geometry import DESTROY_BY_RCU, HWCACHE_ALIGN, POISON, RECLAIM_ACCOUNT, STORE_USER
from kmemlab.engine.kmalloc import Kmalloc
from kmemlab.engine.lowest_run import LowestRun
from kmemlab.engine.profiles import ERAS
from kmemlab.engine.slub import Slub
from kmemlab.engine.slub_admin import kmem_cache_create, kmem_cache_destroy
from kmemlab.shell import Machine


@pytest.fixture
def slub() -> Slub:
    era = ERAS["2.6.24"]
    made = Slub(LowestRun(64), 1, era.min_partial, era.full_to_tail)
    made.nomerge = False
    Kmalloc(made, era.kmalloc_largest, era.limits())
    return made


def test_a_cache_of_the_same_size_becomes_another_name(slub: Slub) -> None:
    one = kmem_cache_create(slub, "one", 40)
    two = kmem_cache_create(slub, "two", 36)
    assert two is one
    assert (one.refcount, one.aliases, one.objsize) == (2, ["two"], 40)
    assert kmem_cache_create(slub, "three", 48) is not one


def test_a_larger_alias_makes_the_object_larger_and_what_lies_before_its_redzone(slub: Slub) -> None:
    one = kmem_cache_create(slub, "one", 1032, align=64)
    assert (one.size, one.objsize, one.inuse) == (1088, 1032, 1032)
    assert kmem_cache_create(slub, "two", 1085) is one
    assert (one.objsize, one.inuse) == (1085, 1088)


@pytest.mark.parametrize("flags", [DESTROY_BY_RCU, POISON, STORE_USER])
def test_a_cache_that_is_looked_after_is_never_merged(slub: Slub, flags: int) -> None:
    assert kmem_cache_create(slub, "own", 256, flags=flags).name == "own"


def test_a_constructor_and_another_kind_of_memory_keep_a_cache_apart(slub: Slub) -> None:
    assert kmem_cache_create(slub, "made", 256, ctor=True).name == "made"
    assert kmem_cache_create(slub, "reclaim", 256, flags=RECLAIM_ACCOUNT).name == "reclaim"
    assert kmem_cache_create(slub, "line", 216, flags=HWCACHE_ALIGN).name == "kmalloc-256"


def test_a_merged_cache_goes_with_its_last_user_and_a_kmalloc_cache_never(slub: Slub) -> None:
    one = kmem_cache_create(slub, "one", 40)
    kmem_cache_create(slub, "two", 40)
    assert kmem_cache_destroy(slub, one, 0) == 1
    assert one in slub.caches
    assert kmem_cache_destroy(slub, one, 0) == 0
    assert one not in slub.caches
    filp = kmem_cache_create(slub, "filp", 216, flags=HWCACHE_ALIGN)
    assert kmem_cache_destroy(slub, filp, 0) == 1
    with pytest.raises(KernelError):
        kmem_cache_destroy(slub, filp, 0)


def test_with_merging_the_letters_own_example_is_refused() -> None:
    machine = Machine(boot="")
    for name, number in (("filp", errno.EINVAL), ("mnt_cache", errno.EINVAL), ("pid", errno.EINVAL), ("dentry", 0)):
        assert machine.run(f"echo 1 > /sys/slab/{name}/cache_account").errno == number, name
    machine.check()


def test_every_name_of_a_merged_cache_leads_to_the_same_numbers() -> None:
    machine = Machine(boot="")
    assert ":0000256" in machine.tree.listdir("/sys/slab")
    machine.run("open 20")
    for name in ("filp", "mnt_cache", "kmalloc-256", ":0000256"):
        assert machine.tree.read(f"/sys/slab/{name}/slabs") == "2\n", name
    assert machine.tree.read("/sys/slab/filp/aliases") == "2\n"
    machine.check()


def test_a_merged_machine_is_saved_and_restored() -> None:
    machine = Machine(boot="", memory="2M")
    machine.run("open 20")
    saved = machine.state()
    machine.run("as 1 close 3 4")
    machine.run("fork 2")
    machine.restore(saved)
    assert machine.state() == saved
    machine.check()
