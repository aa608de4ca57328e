"""Turning accounting off with objects in use: four designs that do it, and the letter's rule, which refuses."""

from __future__ import annotations

import errno
from random import Random
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.errors import CheckError, KernelError
from kmemlab.engine.events import FREE, KINDS
from kmemlab.engine.machine import Machine
from kmemlab.engine.off import CHARGED_LIST, DESIGNS, DRAIN, EMPTY, FULL_LIST, WALK, WORKING, OffController
from kmemlab.engine.off_drain import DrainController

from .machines import Checked

AT_ONCE = (FULL_LIST, WALK, CHARGED_LIST)


def rig(off: str, **more: Any) -> Checked:
    """A task 2 in /web and a task 3 in /db; filp is accounted."""
    rig = Checked(cpus=2, off=off, **more)
    rig.mount()
    for pid, name in ((2, "web"), (3, "db")):
        rig.mkdir(name)
        assert rig.fork() == pid
        rig.attach(pid, name)
    rig.account("filp")
    return rig


def files(rig: Checked, pid: int, count: int) -> list[int]:
    return [rig.open(pid, cpu) for cpu in [number % 2 for number in range(count)]]


def kmem(rig: Checked) -> OffController:
    assert isinstance(rig.machine.kmem, OffController)
    return rig.machine.kmem


def arrays(rig: Checked) -> int:
    return len({int(slab.base) for slab in rig.machine.slub.slab_of if slab is not None and slab.has_owners})


def kmalloc_in_use(rig: Checked) -> int:
    slabs = {int(slab.base): slab for slab in rig.machine.slub.slab_of if slab is not None and slab.cache.family}
    return sum(slab.live() for slab in slabs.values())


def test_the_default_is_the_letters_rule() -> None:
    plain, named = Checked(), Checked(off=EMPTY)
    assert plain.machine.state_hash() == named.machine.state_hash()
    assert "off" not in plain.machine.state()["profile"]
    rig_ = rig(EMPTY)
    files(rig_, 2, 40)
    before = rig_.machine.state_hash()
    with pytest.raises(KernelError, match="on no list") as refused:
        rig_.account("filp", False)
    assert (refused.value.errno, rig_.machine.state_hash()) == (errno.EBUSY, before)


def test_a_design_that_there_is_not_is_refused() -> None:
    with pytest.raises(KernelError, match="choose empty, full-list, walk, drain or charged-list"):
        Machine(off="at-once")


@pytest.mark.parametrize("off", AT_ONCE)
def test_off_pays_every_owner_back_at_once(off: str) -> None:
    r = rig(off)
    before = kmalloc_in_use(r)
    mine, others = files(r, 2, 40), files(r, 3, 9)
    r.limit("db", 9 * 256)
    with pytest.raises(KernelError):
        r.open(3)
    refs = r.group("web").refs, r.group("db").refs
    r.account("filp", False)
    assert (r.counter("web"), r.counter("db")) == ((0, 0), (0, 1))  # failcnt is what happened: off does not touch it
    assert (r.group("web").refs, r.group("db").refs) == (refs[0] - 40, refs[1] - 9)
    assert (arrays(r), kmalloc_in_use(r)) == (0, before)
    (done,) = kmem(r).offs
    assert done.uncharged == 49 and done.done == done.asked + 49 + done.found  # one event each, and one for each array
    for pid, fds in ((2, mine), (3, others)):
        for fd in fds:
            r.close(pid, fd)
    assert r.counter("web") == (0, 0)
    for pid, name in ((2, "web"), (3, "db")):
        r.exit(pid)
        r.rmdir(name)


def test_the_walks_differ_in_what_they_look_at() -> None:
    looked = {}
    for off in AT_ONCE:
        r = rig(off)
        files(r, 2, 40)
        r.account("filp", False)
        looked[off] = int(kmem(r).offs[0].visited), int(kmem(r).offs[0].found)
    assert looked == {FULL_LIST: (4, 4), CHARGED_LIST: (4, 4), WALK: (256, 4)}


def test_a_walk_of_the_charged_list_begins_with_the_newest_slab() -> None:
    r = rig(CHARGED_LIST)
    files(r, 2, 40)
    log = r.machine.log
    assert log is not None
    before = int(log.length)
    r.account("filp", False)
    slabs = [int(log.slab[n]) for n in range(before, int(log.length)) if KINDS[log.kind[n]] == "uncharged"]
    assert list(dict.fromkeys(slabs)) == [3, 2, 1, 0]


def test_drain_looks_at_every_pointer_of_the_arrays_it_can_find() -> None:
    r = rig(DRAIN)
    files(r, 2, 3)  # on two cpus
    r.account("filp", False)
    off = kmem(r).offs[0]
    assert (int(off.found), int(off.pointers)) == (2, 2 * 16)


def test_drain_answers_at_once_and_is_done_with_the_last_object() -> None:
    r = rig(DRAIN)
    mine = files(r, 2, 40)
    r.account("filp", False)
    assert r.counter("web") == (40 * 256, 0) and not r.machine.accounted(r.machine.find_cache("filp"))
    assert kmem(r).offs[0].done == -1
    r.open(3)
    assert r.counter("db") == (0, 0)
    for fd in mine[1:]:
        r.close(2, fd)
    assert (r.counter("web"), kmem(r).offs[0].done, arrays(r)) == ((256, 0), -1, 1)
    before = r.machine.log.length if r.machine.log is not None else 0
    r.close(2, mine[0])
    log = r.machine.log
    done = kmem(r).offs[0].done
    assert log is not None and log.kind[done - 1] == FREE and done > before
    assert (r.counter("web"), arrays(r), r.machine.find_cache("filp").listeners) == ((0, 0), 0, [])


def test_a_container_cannot_go_until_it_has_drained() -> None:
    r = rig(DRAIN)
    fd = r.open(2)
    r.account("filp", False)
    r.machine.containers.attach(r.machine.containers.hierarchies[0].root, r.machine.tasks.find(2))
    with pytest.raises(KernelError) as refused:
        r.rmdir("web")
    assert refused.value.errno == errno.EBUSY
    r.close(2, fd)
    r.rmdir("web")


def test_what_is_nobodys_is_not_waited_for() -> None:
    r = rig(DRAIN, irq_payer="none")
    r.do(r.machine.interrupts.alloc, "softirq", "filp", 0)
    r.account("filp", False)
    (off,) = kmem(r).offs
    assert off.left == 0 < off.done
    r.do(r.machine.restore, r.machine.state())
    assert r.do(r.machine.interrupts.free, "softirq", 9) == 1


def test_a_new_on_meets_an_old_generation() -> None:
    r = rig(DRAIN)
    old = [r.open(2, 0) for _ in range(20)]  # a full slab, and one with 4 objects in the cpu's hand
    r.account("filp", False)
    r.account("filp")
    assert r.machine.accounted(r.machine.find_cache("filp"))
    r.close(2, old[0])
    r.open(3, 0)  # lands in a slab of the old generation: born before this accounting
    assert (r.counter("web"), r.counter("db")) == ((19 * 256, 0), (0, 0))
    new = [r.open(3, 0) for _ in range(30)]
    assert 0 < r.counter("db")[0] < 30 * 256
    r.account("filp", False)
    drain = kmem(r)
    assert isinstance(drain, DrainController) and drain.draining("filp") == 4  # two arrays of each
    for fd in old[1:]:
        r.close(2, fd)
    done = [off.done != -1 for off in kmem(r).offs]
    assert (r.counter("web")[0], done) == (0, [True, False])
    for fd in new:
        r.close(3, fd)
    assert (r.counter("db")[0], [off.done != -1 for off in kmem(r).offs], arrays(r)) == (0, [True, True], 0)


@pytest.mark.parametrize("off", WORKING)
def test_after_off_and_on_again_charging_is_right(off: str) -> None:
    r = rig(off)
    files(r, 2, 20)
    for on in (False, True, False, True):
        r.account("filp", on)
    r.exit(2)
    files(r, 3, 40)
    assert r.counter("db")[0] > 0
    r.exit(3)
    assert (r.counter("web")[0], r.counter("db")[0]) == (0, 0)
    r.rmdir("web")
    r.rmdir("db")


@pytest.mark.parametrize("off", WORKING)
def test_kmalloc_is_refused_as_ever_and_nothing_changes(off: str) -> None:
    r = rig(off)
    files(r, 2, 3)
    before = r.machine.state_hash()
    with pytest.raises(KernelError) as refused:
        r.account("kmalloc-256", False)
    assert (refused.value.errno, r.machine.state_hash()) == (errno.EINVAL, before)


@pytest.mark.parametrize("off", WORKING)
def test_a_refused_open_leaves_the_state_as_it_was(off: str) -> None:
    r = rig(off)
    files(r, 2, 18)
    r.account("filp", False)
    r.account("filp")
    fds = files(r, 2, 40)
    r.limit("web", r.counter("web")[0])
    for number in range(3):
        r.close(2, fds[number])
        r.write("/containers/web/kmem.limit", "0")
        before = r.machine.state()
        with pytest.raises(KernelError):
            for _ in range(20):  # an unowned slot of an old slab may still be given out
                before = r.machine.state()
                r.open(2)
        after = r.machine.state()
        web = next(each for each in after["containers"]["hierarchies"][0]["containers"] if each["path"] == "/web")["kmem"]
        web["failcnt"] -= 1
        assert after == before


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("off", WORKING)
def test_a_long_random_life_keeps_every_invariant(off: str, seed: int) -> None:
    random = Random(seed)
    r = rig(off, memory="512K")
    on, refused = True, 0
    fds: dict[int, list[int]] = {2: [], 3: []}
    r.limit("web", 3000)
    r.limit("db", 2000)
    for _ in range(300):
        pid = random.choice((2, 3))
        what = random.random()
        if what < 0.55:
            try:
                fds[pid].append(r.open(pid, random.randrange(2)))
            except KernelError:
                refused += 1
        elif what < 0.9 and fds[pid]:
            r.close(pid, fds[pid].pop(random.randrange(len(fds[pid]))), random.randrange(2))
        elif what > 0.98:
            while fds[pid]:
                r.close(pid, fds[pid].pop())
        elif what > 0.96:
            on = not on
            r.account("filp", on)
        if random.random() < 0.05:
            saved = r.machine.state()
            r.machine.restore(saved)
            assert r.machine.state() == saved
            r.machine.check()
    assert refused
    r.account("filp", False)
    for pid, name in ((2, "web"), (3, "db")):
        r.exit(pid)
        assert r.counter(name)[0] == 0
        r.rmdir(name)
    assert arrays(r) == 0 and all(off.done > 0 for off in kmem(r).offs)


@pytest.mark.parametrize("off", DESIGNS)
def test_every_event_can_be_gone_back_to(off: str) -> None:
    s = Session(memory="2M", cpus=2, off=off)
    s.run(
        "mount -t container -o kmem none /containers", "mkdir /containers/web", "fork", "echo 2 > /containers/web/tasks",
        "echo 1 > /sys/slab/filp/cache_account", "as 2 open 20", "echo 0 > /sys/slab/filp/cache_account", "as 2 close 3",
        "echo 1 > /sys/slab/filp/cache_account", "as 2 open 20", "echo 0 > /sys/slab/filp/cache_account", "as 2 close all",
    )  # fmt: skip
    end = s.machine.state_hash()
    for n in range(s.length, -1, -1):
        s.seek(n)
        s.machine.check()
    s.seek(s.length)
    assert s.machine.state_hash() == end
    assert Session.from_link(s.to_link()).machine.profile.off == off


OTHERWISE: tuple[dict[str, Any], ...] = (
    {"slub": "2.6.23"},
    {"boot": "slub_nomerge slub_debug=FZPU"},
    {"rcu": "grace"},
    {"arrays": "free"},
    {"irq_payer": "none"},
    {"patchset": "v3,wired-hooks"},
)


@pytest.mark.parametrize("otherwise", OTHERWISE, ids=str)
@pytest.mark.parametrize("off", WORKING)
def test_a_design_works_on_other_machines_too(off: str, otherwise: dict[str, Any]) -> None:
    if off == DRAIN and "patchset" in otherwise:
        with pytest.raises(KernelError, match="is a listener of its own"):
            rig(off, **otherwise)
        return
    r = rig(off, **otherwise)
    mine = files(r, 2, 40)
    r.account("filp", False)
    r.account("filp")
    files(r, 3, 20)
    r.account("filp", False)
    for fd in mine:
        r.close(2, fd)
    for pid, name in ((2, "web"), (3, "db")):
        r.exit(pid)
        r.do(r.machine.rcu.end_grace_period)
        assert r.counter(name)[0] == 0
        r.rmdir(name)
    assert arrays(r) == 0 and all(each.done > 0 for each in kmem(r).offs)


def test_the_full_list_is_the_allocators_and_every_cache_pays() -> None:
    r = rig(FULL_LIST)
    before = kmem(r).list_ops()
    r.machine.run_as(1, 0)
    for _ in range(r.machine.find_cache("dentry").objects + 1):
        r.do(r.machine.kmem_cache_alloc, "dentry")  # nobody accounts dentries
    assert kmem(r).list_ops() == before + 1


def test_only_what_joins_or_leaves_the_charged_list_pays() -> None:
    r = rig(CHARGED_LIST)
    files(r, 2, 40)
    assert kmem(r).list_ops() == 4
    r.machine.run_as(1, 0)
    for _ in range(40):
        r.do(r.machine.kmem_cache_alloc, "dentry")
    assert kmem(r).list_ops() == 4
    r.exit(2)
    r.account("filp", False)
    assert kmem(r).offs[0].list_ops + kmem(r).list_ops() == 8


def test_a_header_of_the_array_is_simulated_memory() -> None:
    homes = {}
    for off in DESIGNS:
        r = rig(off)
        r.open(2)
        slab = next(slab for slab in r.machine.slub.slab_of if slab is not None and slab.has_owners)
        homes[off] = r.slab(int(slab.array)).cache.name
    assert homes == {
        EMPTY: "kmalloc-128", FULL_LIST: "kmalloc-128", WALK: "kmalloc-128", DRAIN: "kmalloc-192", CHARGED_LIST: "kmalloc-192",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("off", "break_it", "rule"),
    [
        (CHARGED_LIST, lambda kmem: kmem.charged["filp"].popitem(), "charged slabs are listed"),
        (DRAIN, lambda kmem: kmem.arrays["filp"].append(1), "arrays are counted by generation"),
        (WALK, lambda kmem: [cache.listeners.clear() for cache in kmem.slub.caches], "off takes every array away"),
        (FULL_LIST, lambda kmem: [cache.full.clear() for cache in kmem.slub.caches], "lists its full slabs"),
    ],
)
def test_what_is_broken_is_found(off: str, break_it: Any, rule: str) -> None:
    r = rig(off)
    files(r, 2, 40)
    break_it(r.machine.kmem)
    with pytest.raises(CheckError, match=rule):
        r.machine.check()
