"""The same controller file under SLAB: charges, limits and owners; and "off" with objects in use, which SLUB cannot do."""

from __future__ import annotations

import ast
import errno
import random
from itertools import pairwise
from pathlib import Path

import pytest

from kmemlab.engine import kmem
from kmemlab.engine.events import ALLOC, FREE, FREEPAGE, NEWPAGE, REFUSED
from kmemlab.engine.kmem import KmemController
from kmemlab.engine.notify import SlabListener
from kmemlab.engine.slab_admin import live_objects
from kmemlab.engine.slab_cache import SEEN_OF_CACHE, SEEN_OF_SLAB, ListedSlab
from kmemlab.engine.types import NONE, PAGE_SHIFT

from .machines import errno_of
from .slab_rig import SlabRig, listed
from .test_faults import Failing


def test_the_controller_asks_nothing_of_a_slab_or_a_cache_that_only_slub_has() -> None:
    seen: dict[str, set[str]] = {"slab": set(), "cache": set()}
    for node in ast.walk(ast.parse(Path(kmem.__file__).with_name("kmem.py").read_text())):
        if isinstance(node, ast.Attribute):
            of = node.value
            if isinstance(of, ast.Name) and of.id in seen:
                seen[of.id].add(node.attr)
            elif isinstance(of, ast.Attribute) and of.attr == "cache":
                seen["cache"].add(node.attr)
    assert seen["slab"] == SEEN_OF_SLAB
    assert seen["cache"] == SEEN_OF_CACHE


def test_an_object_is_charged_to_the_task_that_took_it_and_paid_back_to_the_owner() -> None:
    rig = SlabRig()
    assert type(rig.kmem) is KmemController
    cache = rig.create("filp", 216)
    rig.account(cache)
    mine = rig.take(cache, 3)
    rig.run_as(3)
    theirs = rig.alloc(cache)
    size = int(cache.size)
    assert (rig.counter("web"), rig.counter("db")) == ((3 * size, 0), (size, 0))
    slab = rig.slab(mine[0])
    number = (mine[0] - slab.s_mem) // size
    assert slab.owners[number] == rig.group("web").ident
    rig.free(mine[0])  # by the task of db
    assert (rig.counter("web")[0], rig.counter("db")[0]) == (2 * size, size)
    assert slab.owners[number] == NONE
    rig.free(theirs)
    assert rig.counter("db")[0] == 0


def test_the_limit_refuses_and_the_object_is_on_top_of_the_array_again() -> None:
    rig = SlabRig()
    cache = rig.create("filp", 216)
    rig.account(cache)
    rig.limit("web", 2 * int(cache.size))
    rig.take(cache, 2)
    before, avail = rig.state_hash(), int(cache.arrays[0].avail)
    assert rig.alloc(cache) == NONE
    assert rig.counter("web") == (2 * cache.size, 1)
    assert rig.state_hash() == before
    assert int(rig.log.kind[rig.log.length - 1]) == REFUSED
    rig.run_as(3)
    assert rig.alloc(cache) != NONE
    assert cache.arrays[0].avail == avail - 1


def test_an_owner_array_is_simulated_memory_and_goes_with_its_slab() -> None:
    rig = SlabRig()
    cache = rig.create("anon_vma", 24)
    rig.account(cache)
    address = rig.alloc(cache)
    slab = rig.slab(address)
    assert rig.slab(int(slab.array)).cache.name == "size-2048"  # 144 objects of 24 bytes in a page; 1,152 bytes of pointers
    assert live_objects(rig.sizes.caches[2048]) == 1
    rig.free(address)
    rig.shrink(cache)
    assert live_objects(rig.sizes.caches[2048]) == 0


def test_events_are_told_of_what_callers_get_and_not_of_what_moves_between_array_and_slab() -> None:
    rig = SlabRig()
    heard: list[str] = []

    class Hears(SlabListener):
        def newpage(self, slab: object, cpu: int) -> bool:
            heard.append("newpage")
            return True

        def freepage(self, slab: object, cpu: int) -> None:
            heard.append("freepage")

        def alloc(self, slab: object, number: int) -> bool:
            heard.append("alloc")
            return True

        def free(self, slab: object, number: int) -> None:
            heard.append("free")

    listener = Hears()
    rig.notifier.register(listener)
    cache = rig.create("t", 512)
    rig.notifier.switch(cache, listener, True)
    rig.free(rig.alloc(cache))
    rig.shrink(cache)
    assert heard == ["newpage", "alloc", "free", "freepage"]
    kinds = [int(rig.log.kind[n]) for n in range(rig.log.length) if rig.log.names[rig.log.cache[n]] == "t"]
    assert kinds == [NEWPAGE, ALLOC, FREE, FREEPAGE]


def test_off_finds_the_objects_of_full_slabs_and_pays_them_back() -> None:
    rig = SlabRig()
    cache = rig.create("filp", 1024)
    rig.account(cache)
    mine = rig.take(cache, 2 * cache.objects + 1)
    rig.run_as(3)
    rig.take(cache, 2)
    assert listed(cache)[0] >= 2
    assert cache.arrays[0].avail == 1  # nobody's: off must not tell of it
    assert errno_of(rig.kmem.may_switch, cache, False, live_objects(cache)) == errno.EBUSY  # the letter's rule
    told = rig.account_off(cache)
    assert told == live_objects(cache) == 2 * cache.objects + 3
    assert (rig.counter("web")[0], rig.counter("db")[0]) == (0, 0)
    assert rig.group("web").refs == SlabRig().group("web").refs
    assert not any(slab.has_owners for slab in cache.reachable())
    assert all(live_objects(each) == 0 for each in rig.sizes.caches.values() if each.size > 128)  # the owner arrays went
    for address in mine:
        rig.free(address)  # nobody is paid twice: the rig checks
    assert rig.account_off(cache) == 0


def test_owners_and_their_arrays_come_back_with_a_state() -> None:
    rig = SlabRig()
    cache = rig.create("filp", 216)
    rig.account(cache)
    mine = rig.take(cache, 30)
    saved = rig.state()
    assert any("owners" in slab for slabs in saved["caches"][0]["lists"] for slab in slabs)
    rig.restore(saved)
    assert rig.state() == saved
    for address in mine:
        rig.free(address)
    assert rig.counter("web")[0] == 0


def test_objects_from_before_on_have_no_owner() -> None:
    rig = SlabRig()
    cache = rig.create("filp", 216)
    old = rig.alloc(cache)
    rig.account(cache)
    assert rig.counter("web")[0] == 0
    young = rig.alloc(cache)  # of the same slab, which has no array
    assert not rig.slab(young).has_owners and rig.counter("web")[0] == 0
    rig.free(old)
    rig.free(young)


def test_a_kmalloc_cache_cannot_be_accounted() -> None:
    rig = SlabRig()
    assert errno_of(rig.account, rig.sizes.caches[64]) == errno.EINVAL


@pytest.mark.parametrize("size", [200, 2048])
def test_every_page_that_cannot_be_had_leaves_nothing_behind(size: int) -> None:
    nth = 0
    while True:
        nth += 1
        rig = SlabRig(memory=1 << 18)
        cache = rig.create("t", size)
        rig.account(cache)
        rig.allocator.pages = failing = Failing(rig.zone, nth, False)
        refused = 0
        taken = []
        for _ in range(45):
            live = {each.name: live_objects(each) for each in rig.allocator.caches}
            usage = rig.counter("web")
            address = int(rig.allocator.kmem_cache_alloc(cache, 0))
            if address == NONE:
                refused += 1
                assert {each.name: live_objects(each) for each in rig.allocator.caches} == live
                assert rig.counter("web") == usage  # failcnt, too: no limit was hit
            else:
                taken.append(address)
        rig.allocator.pages = rig.zone
        rig.check()
        assert rig.counter("web")[0] == len(taken) * cache.size
        for address in taken:
            rig.free(address)
        rig.shrink_all()
        assert rig.zone.nr_free == rig.zone.nr_pages
        if failing.asked < nth:
            assert refused == 0
            break
        assert refused == 1
    assert nth > 3


@pytest.mark.parametrize("seed", range(6))
def test_against_a_naive_model(seed: int) -> None:
    """The model: who has which address, who paid. It knows no slab, no array and no page."""
    chance = random.Random(seed)
    cpus = chance.choice((1, 2, 4))
    rig = SlabRig(cpus=cpus, memory=4 << 20)
    caches = [rig.create(f"t{size}", size) for size in (24, 216, 600, 832, 5000)]
    usage = {2: 0, 3: 0}
    failcnt = {2: 0, 3: 0}
    limit = {2: chance.randrange(10000, 60000), 3: 1 << 40}
    rig.limit("web", limit[2])
    accounted: set[str] = set()
    born: dict[int, tuple[int, int | None]] = {}  # address -> (index of its cache, who pays)
    has_array: dict[tuple[int, int], bool] = {}
    pid = 2
    for _ in range(700):
        what = chance.random()
        index = chance.randrange(len(caches))
        cache = caches[index]
        cpu = chance.randrange(cpus)
        if what < 0.5:
            slabs = {int(slab.pfn) for slab in cache.reachable()}
            address = rig.alloc(cache, cpu)
            for slab in cache.reachable():
                if int(slab.pfn) not in slabs:
                    has_array[index, int(slab.pfn)] = cache.name in accounted
            if address == NONE:
                assert cache.name in accounted and usage[pid] + cache.size > limit[pid]
                failcnt[pid] += 1
                continue
            assert address not in born
            paid = cache.name in accounted and has_array[index, int(rig.slab(address).pfn)]
            born[address] = (index, pid if paid else None)
            if paid:
                assert usage[pid] + cache.size <= limit[pid]
                usage[pid] += int(cache.size)
        elif what < 0.85 and born:
            address = chance.choice(list(born))
            of, payer = born.pop(address)
            if payer is not None:
                usage[payer] -= int(caches[of].size)
            rig.free(address, cpu)
        elif what < 0.88:
            rig.shrink(cache, cpu)
        elif what < 0.91:
            rig.reap(cpu)
        elif what < 0.92:
            rig.cpu_dead(cpu, cpu)
        elif what < 0.96:
            pid = chance.choice((2, 3))
            rig.run_as(pid)
        elif cache.name not in accounted:
            rig.account(cache)
            accounted.add(cache.name)
        elif what > 0.985:
            told = rig.account_off(cache)
            accounted.discard(cache.name)
            assert told == sum(of == index for of, _ in born.values())
            for address, (of, payer) in born.items():
                if of == index:
                    born[address] = (of, None)
                    if payer is not None:
                        usage[payer] -= int(cache.size)
            for key in has_array:
                if key[0] == index:
                    has_array[key] = False
        assert (rig.counter("web"), rig.counter("db")) == ((usage[2], failcnt[2]), (usage[3], failcnt[3]))
        spans = sorted((address, address + int(caches[of].size)) for address, (of, _) in born.items())
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert failcnt[2] and accounted
    for address in born:
        rig.free(address)
    rig.shrink_all()
    assert rig.zone.nr_free == rig.zone.nr_pages


def test_a_slab_of_slab_is_one_for_a_listener() -> None:
    rig = SlabRig()
    slab = rig.slab(rig.alloc(rig.create("t", 64)))
    assert isinstance(slab, ListedSlab)
    assert slab.pfn == slab.base >> PAGE_SHIFT
