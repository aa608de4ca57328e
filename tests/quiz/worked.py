"""Answers that take more than a few commands: each function asks the engine itself."""

from __future__ import annotations

from itertools import permutations

import pytest
from engine.slab_rig import SlabRig, listed

from kmemlab import Session
from kmemlab.engine.buddy import PAGES, Zone
from kmemlab.engine.errors import KernelError
from kmemlab.engine.kmem_cache import Slab
from kmemlab.engine.notify import SlabListener
from kmemlab.engine.res_counter import ResCounter
from kmemlab.engine.slab_geometry import array_limits
from kmemlab.engine.types import i64
from kmemlab.man import PAGES as MANUAL
from kmemlab.races import At, Scene, explore
from kmemlab.races.bugs import BUGS
from kmemlab.races.steps import Steps
from kmemlab.races.versions import V2, V3, scene
from kmemlab.records import SlabRow
from kmemlab.shell import Result
from kmemlab.zoo import BOMBS, explode


def reason(result: Result) -> str:
    """Return what a command was refused with, as the kernel words it: the end of its first line of errors."""
    return result.err.partition("\n")[0].rpartition(": ")[2].partition(" (")[0]


# -- pages


def blocks_after_one_page() -> int:
    zone = Zone(1024)
    assert [len(blocks) for blocks in zone.free_blocks()] == [0] * 10 + [1]
    zone.alloc_pages(0, PAGES)
    return sum(len(blocks) for blocks in zone.free_blocks())


def pages_that_leave_no_pair() -> int:
    """Every second page is enough, and none of them can be spared: each pair of buddies needs one."""

    def largest(kept: range | list[int]) -> int:
        zone = Zone(1024)
        taken = [zone.alloc_pages(0, PAGES) for _ in range(1024)]
        for page in set(taken) - set(kept):
            zone.free_pages(page, 0)
        return max(order for order, blocks in enumerate(zone.free_blocks()) if blocks)

    kept = range(0, 1024, 2)
    assert largest(kept) == 0
    assert all(largest([page for page in kept if page != spared]) == 1 for spared in kept[::64])
    return len(kept)


def two_neighbours() -> str:
    zone = Zone(16)
    taken = [zone.alloc_pages(0, PAGES) for _ in range(16)]
    assert sorted(taken) == list(range(16))
    for page in (1, 2):
        zone.free_pages(page, 0)
    assert [len(blocks) for blocks in zone.free_blocks()][:2] == [2, 0]
    return "two blocks of one page"


# -- slabs


def end_of_a_freed_slab() -> str:
    session = Session()
    session.run("open 80", "close 3", "close 20")
    where = {row.number: row.where for row in session.records("slabs", "filp") if isinstance(row, SlabRow)}
    return {("partial 1", "partial 2"): "the tail", ("partial 2", "partial 1"): "the head"}[where[0], where[1]]


def bytes_that_off_cannot_find() -> int:
    session = Session()
    session.run("echo 1 > /sys/slab/filp/cache_account", "open 40")
    rows = [row for row in session.records("slabs", "filp") if isinstance(row, SlabRow)]
    return 256 * sum(row.inuse for row in rows if row.where == "full")


# -- containers and charges


def usage_after_a_charge_that_wraps() -> int:
    counter = ResCounter()
    assert counter.charge(10)
    assert counter.charge(2**64 - 1)
    return counter.usage


def caches_that_accept_where_they_merge() -> str:
    session = Session(boot="")
    names = ("filp", "mnt_cache", "pid", "sighand_cache")
    (accepts,) = [name for name in names if not session.run(f"echo 1 > /sys/slab/{name}/cache_account")[0].errno]
    return accepts


class Heard(SlabListener):
    """Counts slabs that give their pages back."""

    def __init__(self) -> None:
        super().__init__()
        self.freepages = 0

    def freepage(self, slab: Slab, cpu: i64) -> None:
        self.freepages += 1


def freepages_of_seventeen() -> int:
    session, heard = Session(), Heard()
    session.machine.notifier.register(heard)
    session.machine.notifier.switch(session.machine.caches["filp"], heard, True)
    session.run("open 17", "close all")
    return heard.freepages


class OwnerFirst(SlabListener):
    """The two lines swapped: the free of a refused object finds an owner and pays it back."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.counter = ResCounter()
        self.counter.limit = limit
        self.owned: set[tuple[int, int]] = set()

    def alloc(self, slab: Slab, number: i64) -> bool:
        self.owned.add((slab.number, number))
        if self.counter.charge(slab.cache.size):
            return True
        self.free(slab, number)  # the allocator frees what was refused, and its hook runs
        return False

    def free(self, slab: Slab, number: i64) -> None:
        if (slab.number, number) in self.owned:
            self.owned.remove((slab.number, number))
            self.counter.uncharge(slab.cache.size)


def files_with_the_owner_stored_first() -> int:
    session, swapped = Session(), OwnerFirst(limit=1000)
    session.machine.notifier.register(swapped)
    session.machine.notifier.switch(session.machine.caches["filp"], swapped, True)
    session.run("open 12")
    return sum(int(row.to_dict()["inuse"]) for row in session.records("slabs", "filp"))


def why_kmalloc_is_refused() -> str:
    session = Session()
    refused = session.run("echo 1 > /sys/slab/kmalloc-256/cache_account")[0]
    assert reason(refused) == "Invalid argument"
    assert "kmalloc caches say Invalid argument: their callers are not known by cache." in MANUAL["cache_account"]
    return "its callers are not known by cache"


# -- races


def orders_that_go_wrong() -> int:
    """Three steps each: F finds, G gets, C charges; T takes the task out, K checks for references, X frees.

    The container is freed unless K sees the reference; the charge has found this one only if F came before T.
    """
    wrong = 0
    for order in permutations("FGCTKX"):
        if [step for step in order if step in "FGC"] != list("FGC") or [step for step in order if step in "TKX"] != list("TKX"):
            continue
        at = order.index
        wrong += at("F") < at("T") and at("K") < at("G")
    return wrong


def where_v2_goes_wrong() -> str:
    fault = explore(scene(V2, ("charge", "attach+rmdir"))).shortest()
    assert fault is not None
    return fault.story[-1][1]


def what_an_attach_does_while_a_charge_reads() -> str:
    """In some order of v3 an attach switches the task and waits for the reader; in none is a freed container used."""
    found = explore(scene(V3, ("charge", "attach+rmdir")))
    assert not found.faults
    stuck = explore(BUGS["no-unlock"].scene).shortest()
    assert stuck is not None
    steps = [function for task, function, _ in stuck.story if task != "charge"]
    assert "rcu_assign_pointer" in steps  # it has begun
    assert "put_css_set" not in steps  # and goes no further while the reader reads
    return "yes, but it waits before it drops the old container's reference"


def steps_to_a_forgotten_reference() -> int:
    fault = explore(BUGS["no-unwind"].scene).shortest()
    assert fault is not None
    return len(fault.path)


def steps_before_a_step_function_is_stopped() -> int:
    done = 0

    def endless(at: At) -> Steps:
        nonlocal done
        done = 0
        while True:
            yield "again"
            done += 1

    with pytest.raises(KernelError, match="a step function must return"):
        explore(Scene((("endless", endless),), old=0))
    return done


# -- bombs


def bomb(name: str) -> int:
    return [each.name for each in BOMBS].index(name)


def percent_of_a_full_pipe() -> int:
    run = explode(BOMBS[bomb("pipe")], None)
    return round(100 * run.pinned.accounted / run.pinned.total)


def a_bomb_that_the_limit_does_not_stop() -> str:
    stopped = {name: explode(BOMBS[bomb(name)], 1 << 20).stopped_by for name in ("fd", "fork", "pipe", "dentry")}
    words = {"fd": "files", "fork": "forks", "pipe": "pipes", "dentry": "directory entries"}
    (free,) = [words[name] for name, by in stopped.items() if by != "limit"]
    return free


def percent_of_the_page_table_bomb() -> int:
    run = explode(BOMBS[bomb("page-table")], None)
    return round(100 * run.pinned.accounted / run.pinned.total)


# -- the other allocator


def what_slab_finds() -> str:
    rig = SlabRig()
    cache = rig.create("filp", 216)
    taken = rig.take(cache, 40)
    on_lists = sum(listed(cache))
    assert on_lists == len({rig.slab(address).number for address in taken})
    return "every slab"


def limit_of_an_array_cache() -> int:
    return array_limits(256, 1)[0]
