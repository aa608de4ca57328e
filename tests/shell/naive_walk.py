"""Type a line at the machine, and see that all that came of it is what the naive model says.

What the model is told is the event log: an object that came must be charged to whom the model says, a free must pay back
whoever paid, a refusal must be by a limit that the object would have crossed or by a fault that was asked for, and a command
that fails for want of memory must have met a page that could not be had.
"""

from __future__ import annotations

import errno
from collections import Counter
from random import Random
from typing import Any, Final

from engine.machines import without_failcnt

from kmemlab.engine.events import (
    AGENT,
    ALLOC,
    CHARGED_CALL,
    FAULT,
    FREE,
    FREEPAGE,
    KINDS,
    NEWPAGE,
    NOPAGE,
    REFUSED,
    REFUSED_CALL,
    SWITCHED,
    UNCHARGED_CALL,
)  # fmt: skip
from kmemlab.engine.slub_admin import live_objects
from kmemlab.shell import Machine, Result

from .naive_shell import BILL, FAULTS, Naive, Thing

MOUNT: Final = "/containers"
NAMES: Final = ("a", "b", "c")
NONE: Final = -1
WANT: Final = {errno.ENOMEM, errno.ENFILE, errno.EAGAIN, errno.ENOBUFS, errno.ENOLCK}  # how a call says that it got no object


def one_call(line: str) -> bool:
    """Whether a line is one system call: of several, those before the refused one have done their work."""
    name, *more = line.split() or [""]
    return name not in ("softirq", "kthread") and more[-1:] in ([], ["1"])


class Typist:
    """A machine of 64 pages and the model of it. `line` types one; `counted` says how many there were."""

    def __init__(
        self,
        slub: str,
        cpus: int,
        irq_payer: str = "current",
        rcu: str = "now",
        boot: str = "slub_nomerge",
        kinds: str = "cache",
    ) -> None:
        self.options: dict[str, Any] = {
            "slub": slub, "cpus": cpus, "memory": "256K", "irq_payer": irq_payer, "rcu": rcu, "boot": boot, "kinds": kinds,
        }  # fmt: skip
        self.machine = Machine(**self.options)
        self.cpus = cpus
        self.grace = rcu == "grace"
        self.debugged = "slub_debug" in boot
        self.damaged = False  # from then on the kernel withdraws slabs, objects and all
        self.called = {name: str(cache.name) for name, cache in self.machine.caches.items()}  # merged ones have one name
        self.merged = any(name != called for name, called in self.called.items())
        self.text = ""
        self.faulted: set[int] = set()
        self.came: Counter[str] = Counter()  # objects of each cache that the line took, less those it gave back
        self.agents: list[int] = []
        self.forked_by = 1
        self.lines: list[str] = []
        self.naive = Naive()
        self.payer: set[int] = set()
        self.forced = False
        self.no_page = self.was_refused = False
        self.strict = False  # compare the state after a refusal with the state before: slower
        self.outcomes: Counter[tuple[str, int]] = Counter()  # (command, errno)
        self.seen: Counter[str] = Counter()  # kinds of events, and the faults
        self.was_ready: set[int] = set()
        self.settled = False
        self.line("mount -t container -o kmem none /containers")

    @property
    def counted(self) -> int:
        """Lines typed."""
        return len(self.lines)

    def forget(self) -> None:
        """Keep the outcomes only: five hundred machines take room."""
        del self.machine, self.naive

    # -- one line, and what the event log says of it

    def line(self, text: str, pid: int = 1, payers: set[int] | None = None, forced: bool = False, bare: bool = False) -> Result:
        """Type a line; every event of it is one that the model expects."""
        if not self.settled:
            self.settle()
        self.settled = False
        naive = self.naive
        self.text = text
        self.payer = {naive.ident[naive.where[pid]]} if payers is None else payers
        self.forced = forced
        self.no_page = self.was_refused = False
        self.faulted = set()
        self.came = Counter()
        self.agents = []
        log = self.machine.log
        assert log is not None
        before = int(log.length)
        cpu = len(self.lines) * 7 % 5  # which cpu runs it: mostly the task's own
        typed = f"as {pid}@{cpu} {text}" if cpu < self.cpus else text if pid == 1 else f"as {pid} {text}"
        typed = text if bare else typed
        self.lines.append(typed)
        kept = self.kept() if self.strict and not self.damaged else None
        result = self.machine.run(typed)
        self.outcomes[(text.split() or [""])[0], result.errno] += 1
        for n in range(before, int(log.length)):
            thing = (log.names[log.cache[n]], int(log.slab[n]), int(log.slot[n]))
            self.happened(int(log.kind[n]), thing, int(log.owner[n]), int(log.size[n]), int(log.order[n]))
        self.counters_agree()
        # A struct file that could not be used waits for the grace period, as one that was.
        several = result.errno in WANT and (self.grace or not one_call(text))
        agent = result.errno == errno.EBUSY and "release_agent=" in text  # is stored though the rest is refused: slub-2.6 7
        if kept is not None and result.status and not several and not agent:
            assert self.kept() == kept, "a refusal leaves what was there"
        return result

    def kept(self) -> dict[str, Any]:
        """What a refused call leaves as it was: all but failcnt, empty slabs, and the mark of the last reference put.

        An object that was charged and had to go again put the container's reference: css_put marks it releasable.
        """
        state = without_failcnt(self.machine.state())
        for hierarchy in state["containers"]["hierarchies"]:
            hierarchy["containers"] = [{**row, "releasable": False} for row in hierarchy["containers"]]
        return state

    def happened(self, kind: int, thing: Thing, owner: int, size: int, cause: int) -> None:
        """Take an event into the model, which must have room for it."""
        naive = self.naive
        self.seen[KINDS[kind]] += 1
        home = thing[:2]
        if kind == ALLOC:
            assert thing not in naive.live, "an object is given out once"
            assert owner in (self.payer if home in naive.arrays else {-1}), "the current task's container pays, or nobody"
            naive.live[thing] = (owner, size)
            self.came[thing[0]] += 1
            certain = naive.probability[0] >= 100 and naive.times[0] and naive.interval[0] < 2
            assert self.forced or not certain, "failslab refuses all that may be refused"
            if owner >= 0:
                naive.objects[owner] += 1
                naive.usage[owner] += size
                over = naive.usage[owner] > naive.limit[owner]
                assert not over or self.forced, "nothing is charged above the limit"
                naive.failcnt[owner] += over
        elif kind == FREE:
            assert naive.live.pop(thing) == (owner, size), "whoever paid is paid back"
            self.came[thing[0]] -= 1
            early = self.grace and thing[0] == self.called["filp"] and not self.merged
            assert not early or self.text.split()[0] in ("rcu", "softirq", "kthread"), (
                "a struct file waits for the grace period"
            )
            if owner >= 0:
                naive.usage[owner] -= size
                naive.objects[owner] -= 1
                naive.last_put(owner)
        elif kind == REFUSED:
            assert owner in self.payer and home in naive.arrays
            fits = naive.usage[owner] + size <= naive.limit[owner]
            assert fits == (cause != NONE), "a limit refuses only what it does not hold, a fault only what it does"
            if cause != NONE:
                self.fault(cause)
            naive.failcnt[owner] += 1
            naive.last_put(owner)
            self.was_refused = True
        elif kind in (CHARGED_CALL, UNCHARGED_CALL, REFUSED_CALL):
            self.call_happened(kind, thing[0], owner, size, cause)
        elif kind == NEWPAGE:
            naive.arrays.discard(home)
            if thing[0] in naive.accounted:
                naive.arrays.add(home)
        elif kind == FREEPAGE:
            assert not any(each[:2] == home for each in naive.live), "only a slab without objects goes"
            naive.arrays.discard(home)
        elif kind == NOPAGE:
            self.no_page = True
        elif kind == FAULT:
            self.fault(thing[2])
        elif kind == AGENT:
            self.agents.append(owner)
        elif kind == SWITCHED:
            assert (thing[2] == 1) != (thing[0] in naive.accounted)
            if thing[2]:
                naive.accounted.add(thing[0])
            else:
                naive.accounted.remove(thing[0])
                naive.arrays = {each for each in naive.arrays if each[0] != thing[0]}

    def call_happened(self, kind: int, site: str, owner: int, size: int, cause: int) -> None:
        """Take an event of a marked call into the model: the same rules as for an object, and no slab."""
        naive = self.naive
        if kind == UNCHARGED_CALL:
            naive.paid.remove((site, owner, size))  # whoever paid is paid back
            naive.usage[owner] -= size
            naive.objects[owner] -= 1
            naive.last_put(owner)
            return
        assert owner in self.payer
        assert site in naive.marked or (self.text.split()[0] == site and self.text.endswith("ACCOUNT")), "it carries the flag"
        fits = naive.usage[owner] + size <= naive.limit[owner]
        if kind == CHARGED_CALL:
            assert fits, "nothing is charged above the limit"
            naive.paid.append((site, owner, size))
            naive.usage[owner] += size
            naive.objects[owner] += 1
            return
        assert fits == (cause != NONE), "a limit refuses only what it does not hold, a fault only what it does"
        if cause != NONE:
            self.fault(cause)
        naive.failcnt[owner] += 1
        naive.last_put(owner)
        self.was_refused |= site != "mnt_devname"  # a mount does without the name of its device

    def settle(self) -> None:
        """The agent ran with every container that the last line left behind unused, and with no other.

        It is asked for before the next line, or before the model is told what that will do.
        """
        ready = self.naive.ready()
        expected = sorted(ready - self.was_ready) if self.naive.agent else []
        assert sorted(self.agents) == expected, ("release agent", self.lines[-1:], self.agents, expected)
        self.agents = []
        self.was_ready = ready
        self.settled = True

    def fault(self, number: int) -> None:
        """A fault was injected: it was asked for, and one less is left."""
        naive = self.naive
        assert not self.forced, "what may not fail is let alone"
        assert naive.probability[number] > 0
        assert naive.times[number] != 0
        naive.times[number] -= naive.times[number] > 0
        self.faulted.add(number)
        self.seen[FAULTS[number]] += 1

    def objects_agree(self) -> None:
        """The slabs hold what the model holds, and usage is the sum of it: slow, so not after every line."""
        if not self.damaged:
            live = Counter(thing[0] for thing in self.naive.live)
            for cache in self.machine.slub.caches:
                assert live_objects(self.machine.slub, cache) == live[str(cache.name)], cache.name
        usage: Counter[int] = Counter()
        for owner, size in self.naive.live.values():
            usage[owner] += size
        for _, owner, size in self.naive.paid:
            usage[owner] += size
        assert all(self.naive.usage[ident] == usage[ident] for ident in self.naive.ident.values())

    def counters_agree(self) -> None:
        """Every counter says what the model says."""
        naive = self.naive
        groups = self.machine.kmem_subsystem.owners
        for ident in naive.ident.values():
            group = groups[ident]
            assert group is not None
            said = (group.res.usage, group.res.limit, group.res.failcnt)
            assert said == (naive.usage[ident], naive.limit[ident], naive.failcnt[ident])

    def says(self, result: Result, *expected: int) -> bool:
        """The errno is one of those; True for success."""
        assert result.errno in expected, (self.lines[-1], result.errno, result.err, expected)
        assert (result.status == 0) == (result.errno == 0)
        return result.errno == 0

    def makes(self, result: Result, *expected: int) -> bool:
        """As `says`, of a call that asks for a little memory: without it ENOMEM, and the log has the page or the fault."""
        if result.errno == errno.ENOMEM and 0 in expected:
            assert self.no_page or self.faulted, "who says no has a reason"
            return False
        return self.says(result, *expected)

    def got_all(self, result: Result, *more: int) -> bool:
        """A call that takes objects succeeds, unless a limit or a missing page stopped it."""
        if result.errno in more:
            return False
        assert result.errno == 0 or result.errno in WANT, (self.lines[-1], result.err)
        few = int(self.machine.slub.pages.nr_free) < 16  # a stack or a table of pages fails without an event of its own
        assert result.errno == 0 or self.was_refused or self.no_page or self.faulted or few, "who says no has a reason"
        assert result.errno or not self.was_refused or self.forced, "a refusal is passed on"
        if result.errno and one_call(self.text) and not self.grace and not self.damaged:
            left = {cache for cache, more in self.came.items() if more and not cache.startswith("kmalloc")}
            assert not left, "what a refused call took has gone back"
        if not result.errno:
            self.billed()
        return result.errno == 0

    def billed(self) -> None:
        """A call that succeeded took what facts say that it takes. Merged caches have one name for several."""
        name, *more = self.text.split()
        if self.merged or self.damaged:
            return
        bill = BILL.get(" ".join((name, *more[:1])), BILL.get(name))
        count = next((int(word) for word in more if word.isdigit()), 1)
        if bill is None:
            return
        expected = {cache: count * each for cache, each in bill.items()}
        if name == "fork":
            expected["vm_area_struct"] = self.naive.maps[self.forked_by]
        came = {cache: more for cache, more in self.came.items() if more and not cache.startswith("kmalloc")}
        assert came == {cache: more for cache, more in expected.items() if more}, (self.lines[-1], came)

    # -- choices

    def pid(self, chance: Random) -> int:
        """Some task."""
        return chance.choice(sorted(self.naive.where))

    def path(self, chance: Random, there: bool = True) -> str:
        """Some container's path: one that exists, or one that may not."""
        if there:
            return chance.choice(sorted(self.naive.ident))
        parent = chance.choice([*sorted(self.naive.ident), "nowhere"])
        return f"{parent}/{chance.choice(NAMES)}" if parent.count("/") < 3 else f"/{chance.choice(NAMES)}"
