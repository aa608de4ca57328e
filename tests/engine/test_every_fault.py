"""Every scenario, and in it the nth page, the nth object, the nth owner array and the nth charge refused, through the knobs.

Each command of a scenario is split into single calls (`open 20` into twenty), and each call is made again for every request
in it, with that one refused: from the state before it, so nothing before is done twice. After each: `check()`, the errno of
2007, failcnt moved by charges only, the state as before, and once everything is freed the zone is as it was at boot.

Three scenarios are cut down for that: the recorded traces to their first CUT operations, the bomb without a limit to a
machine of 512 KiB and CUT opens. At full size, and for what comes after a fault, every scenario is run to its end with the
nth request refused, for a sample of n: the first, the last, and some at equal distances between. The quick set takes every
STRIDE-th request, every owner array, and every n of `calls`, one of each system call; `long` takes every n, and `calls` on
machines that are built otherwise too. Last, nothing can be had any more, from some call on until the end.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from typing import Any

import pytest

from kmemlab.engine.faults import FAIL_CHARGE, FAIL_PAGE_ALLOC, FAILSLAB, FAULTS, restore_faults
from kmemlab.engine.machine import CACHES
from kmemlab.engine.off import WORKING
from kmemlab.engine.sites import SITES
from kmemlab.engine.types import NONE
from kmemlab.scenarios import SCENARIOS
from kmemlab.shell import Machine
from kmemlab.traces.verb import TraceGuest

from .faulty import ends_as_it_began, kept
from .machines import Checked

DEBUG = "/sys/kernel/debug"
NEVER = (1 << 31) - 1
CUT = 300  # operations of a recorded trace in the cut down form
STRIDE = 29
# What a call may say. A replay counts what was not given, and goes on; a flock does without its spare lock, a mount without
# the name of its device.
ERRNOS = {
    "open": {errno.ENFILE}, "fork": {errno.ENOMEM}, "replay": {0}, "mmap": {errno.ENOMEM}, "touch": {errno.ENOMEM},
    "fault": {errno.ENOMEM}, "echo": {errno.ENOMEM},
    "stat": {errno.ENOMEM}, "pipe": {errno.ENFILE, errno.ENOMEM}, "socket": {errno.ENFILE, errno.ENOMEM, errno.ENOBUFS},
    "sigqueue": {errno.EAGAIN}, "timer": {errno.EAGAIN}, "flock": {errno.ENOLCK, 0}, "mountns": {errno.ENOMEM, 0},
    "softirq": {errno.ENOMEM}, "kthread": {errno.ENOMEM}, "mkdir": {errno.ENOMEM},
    "kmalloc": {errno.ENOMEM}, "vmalloc": {errno.ENOMEM}, "pages": {errno.ENOMEM},
}  # fmt: skip
CALLS = (
    "open 1", "mmap 1", "mmap 1", "touch 1", "touch 1", "stat 1", "stat -l 1", "pipe 1", "pipe -f 1", "socket 1", "socket -s 1",
    "sigqueue 1", "timer 1", "flock 1", "flock 1", "mountns 3", "softirq 1", "kthread 1 dentry", "fork", "open 1",
)  # fmt: skip
BY_HAND = ("kmalloc 300 ACCOUNT", "kmalloc 3000 ACCOUNT", "vmalloc 9000 ACCOUNT", "pages 1 ACCOUNT", "kmalloc 64", "vmalloc 1")
REPEATED = re.compile(r"(.*\b(?:open|fork|mmap|touch|fault)) (\d+)")
PIECES = re.compile(r"(replay \S+) (\d+)")


class Held(Checked):
    """A machine with a shell; it is checked when the test says so."""

    def __init__(self, **profile: Any) -> None:
        self.machine = self.kernel = Machine(**profile)

    def do(self, operation: Any, *arguments: Any) -> Any:
        return operation(*arguments)

    def run(self, line: str) -> int:
        """Run a command; its errno."""
        log = self.kernel.log
        assert log is not None
        log.length = 0  # nobody looks back, and the log would grow for as long as the test runs
        return self.kernel.run(line).errno

    def knobs(self, fault: int, interval: int, times: int = 1) -> None:
        """Let the interval-th request from now fail, and no other; with `times` -1, every one at that distance."""
        for knob, value in (("interval", interval), ("times", times), ("probability", 100)):
            self.kernel.tree.write(f"{DEBUG}/{FAULTS[fault]}/{knob}", f"{value}\n")
        self.kernel.tree.write(f"{DEBUG}/fail_page_alloc/min-order", "0\n")

    def failcnt(self) -> int:
        return sum(group.res.failcnt for group in self.kernel.kmem_subsystem.owners if group is not None)

    def ends(self, boot: list[list[int]]) -> None:
        """Free all there is: nothing has leaked."""
        restore_faults(self.kernel, {})
        for guest in self.kernel.guests.values():
            assert isinstance(guest, TraceGuest)
            if guest.batch is None:
                continue
            for obj, address in enumerate(guest.batch.address):
                if address >= 0:
                    self.kernel.kmalloc.kfree(address, 0)
                    guest.batch.address[obj] = NONE
        init = self.kernel.run_as(1)
        for fd in init.open_files():
            self.kernel.close(init, fd)
        ends_as_it_began(self, boot)
        self.kernel.check()


def calls() -> Iterator[str]:
    """One of each system call by task 2 in `web`, which pays for everything; slabs are as full as they happen to be."""
    yield from (
        "mount -t container -o kmem none /containers",
        "mkdir /containers/web",
        "fork",
        "echo 2 > /containers/web/tasks",
    )
    yield from (f"echo 1 > /sys/slab/{name}/cache_account" for name, *_ in CACHES)
    for _ in range(3):
        yield from (f"as 2 {call}" for call in CALLS)


def marked_calls() -> Iterator[str]:
    """What asks for memory beside caches, with every call site marked, and the same by hand; no cache is accounted."""
    yield from (
        "mount -t container -o kmem none /containers",
        "mkdir /containers/web",
        "fork",
        "echo 2 > /containers/web/tasks",
    )
    yield from (f"echo 1 > {DEBUG}/kmem_sites/{site}" for site in SITES)
    for _ in range(2):
        yield from (f"as 2 {call}" for call in (*CALLS, *BY_HAND))


def singles(name: str) -> Iterator[str]:
    """Commands of a scenario, cut down, one call each."""
    if name == "marked":
        yield from marked_calls()
        return
    if name == "calls":
        yield from calls()
        return
    for line in SCENARIOS[name].commands():
        repeated = REPEATED.fullmatch(line)
        pieces = PIECES.fullmatch(line)
        if repeated is not None:
            yield from [f"{repeated[1]} 1"] * min(int(repeated[2]), CUT)
        elif line.startswith("mkdir "):  # where the second of two fails, the first is there
            yield from (f"mkdir {path}" for path in line.split()[1:])
        elif pieces is not None:
            yield from [f"{pieces[1]} 1"] * CUT
            return
        else:
            yield line


def cut_down(name: str, **otherwise: Any) -> Held:
    """Boot what a scenario boots, smaller where it is to take all memory."""
    if name in ("calls", "marked"):
        kinds = "cache,kmalloc,vmalloc,pages" if name == "marked" else "cache"
        return Held(**{"memory": "1M", "cpus": 2, "kinds": kinds, **otherwise})
    return Held(**{**SCENARIOS[name].profile, **({"memory": "512K"} if name == "fd-bomb-free" else {}), **otherwise})


class Requests:
    """What one call asked for: how many of each, which of the objects were owner arrays, and how often its limit refused it."""

    def __init__(self, held: Held, line: str) -> None:
        kernel = held.kernel
        self.line = line
        self.before = kernel.state()
        self.arrays: list[int] = []
        plain = kernel.kmem.kzalloc
        objects = kernel.slub.faults.attrs[FAILSLAB]

        def noted(size: int, cpu: int) -> int:
            assert plain is not None
            self.arrays.append(objects.count + 1)
            return plain(size, cpu)

        for fault in range(len(FAULTS)):
            held.knobs(fault, NEVER)
        if plain is not None:
            kernel.kmem.kzalloc = noted
        failcnt = held.failcnt()
        held.run(line)
        self.refused = held.failcnt() - failcnt
        kernel.kmem.kzalloc = plain
        self.counts = [attr.count for attr in kernel.slub.faults.attrs]
        restore_faults(kernel, {})

    def verb(self) -> str:
        words = self.line.split()
        return words[2] if words[0] == "as" else words[0]


def refuse(held: Held, asked: Requests, fault: int, nth: int, boot: list[list[int]]) -> None:
    """Make the call again, with its nth request refused."""
    kernel = held.kernel
    kernel.restore(asked.before)
    kernel.rcu.end_grace_period()  # so that all that waits for one afterwards is this call's
    before, failcnt = kept(held), held.failcnt()
    held.knobs(fault, nth)
    number = held.run(asked.line)
    where = f"{asked.line}: {FAULTS[fault]} {nth}"
    kernel.check()
    assert kernel.slub.faults.injected() == [int(each == fault) for each in range(len(FAULTS))], where
    assert number in ERRNOS[asked.verb()], where
    moved = held.failcnt() - failcnt - (fault == FAIL_CHARGE)
    # What does without a spare lock or the name of a device goes on, and may meet the limit that it meets without a fault, too.
    assert 0 <= moved <= (asked.refused if asked.verb() in ("flock", "mountns") else 0), where
    kernel.rcu.end_grace_period()
    after = before if asked.verb() in ("flock", "mountns") and number == 0 else kept(held)
    if asked.verb() == "replay":
        for state in (before, after):  # the replay itself has gone on; what it holds is in "live"
            del state["guests"]
    assert after == before, where
    held.ends(boot)


def every(name: str, stride: int = 1, **otherwise: Any) -> tuple[int, int, int, int]:
    """Refuse every stride-th request of each kind, and every owner array; how many objects, pages, charges and arrays."""
    held = cut_down(name, **otherwise)
    boot = held.kernel.slub.pages.free_blocks()
    seen = [0] * len(FAULTS)
    done = [0] * len(FAULTS)
    arrays = 0
    for line in singles(name):
        asked = Requests(held, line)
        after = held.kernel.state()
        for fault in range(len(FAULTS)):
            for nth in range(1, asked.counts[fault] + 1):
                seen[fault] += 1
                is_array = fault == FAILSLAB and nth in asked.arrays
                if seen[fault] % stride == 0 or is_array:
                    refuse(held, asked, fault, nth, boot)
                    done[fault] += 1
                    arrays += is_array
        held.kernel.restore(after)
    return done[FAILSLAB], done[FAIL_PAGE_ALLOC], done[FAIL_CHARGE], arrays


def nothing_from(name: str, fault: int, stride: int) -> list[int]:
    """Let everything fail from every stride-th call of a scenario on, to its end; how many requests failed each time."""
    held = cut_down(name)
    kernel = held.kernel
    boot = kernel.slub.pages.free_blocks()
    lines = list(singles(name))
    failed: list[int] = []
    for first in range(0, len(lines), stride):
        before = kernel.state()
        failcnt = held.failcnt()
        held.knobs(fault, 1, -1)
        for line in lines[first:]:
            held.run(line)
        kernel.check()
        failed.append(kernel.slub.faults.attrs[fault].injected)
        assert held.failcnt() - failcnt == (failed[-1] if fault == FAIL_CHARGE else 0)
        held.ends(boot)
        kernel.restore(before)
        for line in lines[first : first + stride]:
            held.run(line)
    return failed


def run_to_the_end(name: str, fault: int, nth: int) -> tuple[int, Held]:
    """Run a scenario at full size with its nth request refused; how many requests it made, if none was. Nothing leaks."""
    held = Held(**SCENARIOS[name].profile)
    boot = held.kernel.slub.pages.free_blocks()
    held.knobs(fault, nth)
    attr = held.kernel.slub.faults.attrs[fault]
    for line in SCENARIOS[name].commands():
        before = attr.injected
        held.run(line)
        if attr.injected != before:
            held.kernel.check()
    held.kernel.check()
    counted = attr.count
    assert attr.injected == (nth != NEVER)
    held.ends(boot)
    return counted, held


def some(name: str, fault: int, between: int) -> int:
    """Run a scenario to its end for a sample of n; how many there are to choose from."""
    total, plain = run_to_the_end(name, fault, NEVER)
    for nth in sorted({1, total, *(total * part // (between + 1) for part in range(1, between + 1))} - {0}):
        _, held = run_to_the_end(name, fault, nth)
        if name == "fd-6.1":
            assert (plain.failcnt(), held.failcnt()) == (0, int(fault == FAIL_CHARGE))
    return total


# Requests that there are at least: objects, pages, charges, owner arrays. The recorded traces take none: their arrays are free.
LEAST = {
    "calls": (200, 100, 150, 20),
    "quiet": (210, 30, 160, 7),
    "fd-bomb": (800, 45, 260, 19),
    "fd-bomb-free": (1170, 95, 1030, 66),
    "merging": (30, 15, 2, 2),
    "rss": (30, 80, 9, 4),
    "rss-shared": (30, 80, 9, 4),
    "off": (95, 25, 48, 6),
    "pipe-bomb": (150, 150, 90, 5),
    "pipe-bomb-marked": (160, 110, 200, 5),
    "marked": (120, 80, 65, 0),
    "fd-6.1": (220, 15, 70, 0),
    "fd-6.1-limit": (220, 15, 70, 0),
    "mix-6.1": (230, 35, 95, 0),
    "zoo-fd": (460, 65, 425, 20),
    "zoo-fork": (115, 36, 94, 16),
    "zoo-dentry": (550, 75, 510, 20),
    "zoo-dentry-long": (710, 75, 510, 20),
    "zoo-vma": (640, 80, 595, 20),
    "zoo-page-table": (560, 185, 525, 17),
    "zoo-sigqueue": (680, 85, 635, 20),
    "zoo-timer": (475, 60, 440, 20),
    "zoo-mount": (540, 40, 285, 20),
    "zoo-flock": (965, 80, 915, 20),
    "zoo-pipe": (125, 160, 95, 14),
    "zoo-socket": (210, 40, 170, 19),
}
# And at full size.
WHOLE = {
    "quiet": (210, 30, 160),
    "fd-bomb": (800, 45, 260),
    "fd-bomb-free": (10000, 3000, 7000),
    "merging": (30, 15, 2),
    "rss": (30, 80, 9),
    "rss-shared": (30, 80, 9),
    "off": (95, 25, 48),
    "pipe-bomb": (150, 150, 90),
    "pipe-bomb-marked": (160, 110, 200),
    "fd-6.1": (40000, 880, 12003),
    "fd-6.1-limit": (40000, 390, 4095),
    "mix-6.1": (65000, 1690, 24000),
    "zoo-fd": (460, 65, 425),
    "zoo-fork": (115, 36, 94),
    "zoo-dentry": (550, 75, 510),
    "zoo-dentry-long": (710, 75, 510),
    "zoo-vma": (640, 80, 595),
    "zoo-page-table": (560, 185, 525),
    "zoo-sigqueue": (680, 85, 635),
    "zoo-timer": (475, 60, 440),
    "zoo-mount": (540, 40, 285),
    "zoo-flock": (965, 80, 915),
    "zoo-pipe": (125, 160, 95),
    "zoo-socket": (210, 40, 170),
}


def test_every_scenario_is_here() -> None:
    assert set(WHOLE) == set(SCENARIOS)
    assert set(LEAST) == {*SCENARIOS, "calls", "marked"}


@pytest.mark.parametrize("name", LEAST)
def test_a_sample_of_requests_and_every_owner_array_refused(name: str) -> None:
    stride = 1 if name in ("calls", "marked") else STRIDE
    *requests, arrays = every(name, stride)
    *least, least_arrays = LEAST[name]
    assert all(count >= many // stride for count, many in zip(requests, least, strict=True)), requests
    assert arrays >= least_arrays


@pytest.mark.long
@pytest.mark.parametrize("name", LEAST)
def test_every_request_refused(name: str) -> None:
    found = every(name)
    assert all(count >= least for count, least in zip(found, LEAST[name], strict=True)), found


OTHERWISE: tuple[dict[str, Any], ...] = (
    {"slub": "2.6.23", "cpus": 1},
    {"boot": ""},  # caches merge
    {"boot": "slub_nomerge slub_debug=FZPU"},
    {"rcu": "grace"},
    {"irq_payer": "none"},
    {"arrays": "free"},
    {"before_on": "root"},
    {"rss": True},
    {"kinds": "cache,kmalloc,vmalloc,pages"},
    {"allocator": "slab"},
)


@pytest.mark.long
@pytest.mark.parametrize("otherwise", OTHERWISE, ids=str)
def test_every_request_of_each_system_call_refused_on_other_machines(otherwise: dict[str, Any]) -> None:
    *requests, arrays = every("calls", **otherwise)
    assert all(count >= least // 2 for count, least in zip(requests, LEAST["calls"], strict=False)), requests
    assert (arrays == 0) == (otherwise == {"arrays": "free"})


@pytest.mark.parametrize("design", WORKING)
def test_every_request_refused_under_each_design_of_off(design: str) -> None:
    *requests, arrays = every("off", off=design)
    assert all(count >= least for count, least in zip(requests, LEAST["off"], strict=False)), requests
    assert arrays >= 6


def test_a_sample_of_requests_refused_where_slab_is_the_allocator() -> None:
    objects, pages, charges, arrays = every("calls", 7, allocator="slab")
    assert (objects >= 40, pages >= 10, charges >= 20, arrays >= 10) == (True,) * 4


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_request_of_a_scenario_refused_where_slab_is_the_allocator(name: str) -> None:
    *requests, arrays = every(name, 3, allocator="slab")
    assert min(requests) > 0
    assert bool(arrays) == (LEAST[name][3] > 0)


@pytest.mark.parametrize("fault", range(len(FAULTS)), ids=FAULTS)
@pytest.mark.parametrize("name", ["calls", "quiet"])
def test_nothing_breaks_where_nothing_can_be_had_any_more(name: str, fault: int) -> None:
    failed = nothing_from(name, fault, 17)
    assert len(failed) > 5
    assert max(failed) > 5
    # From the very first call on there is no task 2, so only init's own requests fail: memory and page requests of fork.
    assert failed[0] >= (fault != FAIL_CHARGE)


@pytest.mark.parametrize("fault", range(len(FAULTS)), ids=FAULTS)
@pytest.mark.parametrize("name", ["quiet", "fd-bomb", "fd-bomb-free", "fd-6.1"])
def test_a_scenario_goes_on_after_its_first_and_after_its_last_request_was_refused(name: str, fault: int) -> None:
    assert some(name, fault, 0) >= WHOLE[name][fault]


@pytest.mark.long
@pytest.mark.parametrize("fault", range(len(FAULTS)), ids=FAULTS)
@pytest.mark.parametrize("name", WHOLE)
def test_a_scenario_goes_on_whichever_request_was_refused(name: str, fault: int) -> None:
    assert some(name, fault, 25) >= WHOLE[name][fault]
