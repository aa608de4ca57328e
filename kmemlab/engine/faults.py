"""Fault injection with the kernel's own knobs: an object, a page or a charge is refused although it could be had.

`should_fail` is lib/fault-inject.c of 2.6.24, with its names, its order and its defaults (one fault at most, of every
request, in 0 percent of them). Three things fail: `failslab`, objects of slab caches; `fail_page_alloc`, pages of the zone,
whoever asks; and `fail_charge`, a charge that fits, which is kmemlab's own. Where kmemlab chose:

* 2.6.24 had failslab in mm/slab.c only (recollection; SLUB got it with 2.6.29): with SLUB it is kmemlab's choice.
* With a probability of 0 nothing is counted and no space is spent, as later kernels have it: what is off costs one test.
* task-filter, the stack filters, verbose and ignore-gfp-* are left out. ignore-gfp-wait is Y in the kernel, so that only
  atomic requests fail; here it is as if it were N. What may not fail (GFP_NOFAIL) is let alone, as there.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final

from .events import FAULT, EventLog
from .types import GFP_NOFAIL, NONE, PAGE_SIZE, i64

if TYPE_CHECKING:
    from .machine import Machine
    from .tasks import Current

FAILSLAB: Final = 0
FAIL_PAGE_ALLOC: Final = 1
FAIL_CHARGE: Final = 2
FAULTS: Final = ("failslab", "fail_page_alloc", "fail_charge")  # what an event's number of a fault means
KNOBS: Final = ("probability", "interval", "times", "space")
UNLIMITED: Final = -1
WORD: Final = (1 << 32) - 1


class Random32:
    """The machine's random numbers (`random32`): Marsaglia's xorshift of 32 bits, the same on every build."""

    __slots__ = ("word",)

    def __init__(self, seed: int) -> None:
        self.word: int = (seed * 2654435761 + 0x9E3779B9) & WORD or 1

    def next(self) -> int:
        """Return the next number, 1 to 2**32 - 1."""
        word = self.word
        word ^= (word << 13) & WORD
        word ^= word >> 17
        word ^= (word << 5) & WORD
        self.word = word
        return word


class FaultAttr:
    """What fails, and when (`struct fault_attr`).

    Attributes:
        probability: percent of the requests that get so far; 100 and more is all.
        interval: only every so many-th request gets so far; 0 and 1 is each.
        times: faults that may still happen, UNLIMITED for no end, 0 for none.
        space: what must be asked for before the first fault: bytes of objects and charges, pages of pages.
        count: requests that interval has counted.
        injected: faults there were.
    """

    __slots__ = ("count", "injected", "interval", "probability", "random", "space", "times")

    def __init__(self, random: Random32) -> None:
        self.random = random
        self.restore([])

    def should_fail(self, size: int) -> bool:
        """Say whether a request for `size` is to fail. Only one that does takes one of `times` away."""
        if self.probability == 0 or self.times == 0:
            return False
        if self.space > size:
            self.space -= size
            return False
        if self.interval > 1:
            self.count += 1
            if self.count % self.interval:
                return False
        if self.probability <= self.random.next() % 100:
            return False
        if self.times != UNLIMITED:
            self.times -= 1
        self.injected += 1
        return True

    def get(self, knob: str) -> int:
        """Return a knob's value."""
        return self.state()[KNOBS.index(knob)]

    def set(self, knob: str, value: int) -> None:
        """Turn a knob; the counts stay, as in the kernel."""
        values = self.state()
        values[KNOBS.index(knob)] = value
        self.restore(values)

    def state(self) -> list[int]:
        """Return the knobs, in the order of KNOBS, and the counts."""
        return [self.probability, self.interval, self.times, self.space, self.count, self.injected]

    def restore(self, saved: list[int]) -> None:
        """Become what `state` said; [] is what it was at boot (`FAULT_ATTR_INITIALIZER`)."""
        probability, interval, times, space, count, injected = saved or [0, 1, 1, 0, 0, 0]
        self.probability: int = probability
        self.interval: int = interval
        self.times: int = times
        self.space: int = space
        self.count: int = count
        self.injected: int = injected


class Faults:
    """All that can be made to fail in a machine.

    Attributes:
        attrs: by number (FAILSLAB ...), what fails and when.
        min_order: pages of a lower order never fail (`min-order`); 1 at boot, as in 2.6.24.
        random: where chance comes from.
        current: how the allocation that runs was asked for; None in an allocator without tasks.
        log: the event log. A fault of an object or a page is an event; one of a charge is written into its refusal.
        cause: the fault that the slab or charge in hand fails for, NONE for none: what its refusal is logged with.
    """

    __slots__ = ("attrs", "cause", "current", "log", "min_order", "random")

    def __init__(self, log: EventLog | None) -> None:
        self.random = Random32(0)
        self.attrs = [FaultAttr(self.random) for _ in FAULTS]
        self.min_order: i64 = 1
        self.current: Current | None = None
        self.log = log
        self.cause: i64 = NONE

    def seed(self, seed: int) -> None:
        """Start the random numbers anew."""
        self.random.word = Random32(seed).word

    def may_fail(self) -> bool:
        """Say whether whoever asks can live without (no GFP_NOFAIL)."""
        current = self.current
        return current is None or not current.gfp & GFP_NOFAIL

    def should_failslab(self, cache: str, size: i64) -> bool:
        """Say whether an object of `size` bytes is to be refused (`should_failslab`), and log that it is."""
        if not self.may_fail() or not self.attrs[FAILSLAB].should_fail(size):
            return False
        self.cause = FAILSLAB
        self.note(FAILSLAB, cache, size)
        return True

    def should_fail_alloc_page(self, order: i64) -> bool:
        """Say whether 2**order pages are to be refused (`should_fail_alloc_page`), and log that they are."""
        if order < self.min_order or not self.may_fail() or not self.attrs[FAIL_PAGE_ALLOC].should_fail(1 << order):
            return False
        self.cause = FAIL_PAGE_ALLOC
        self.note(FAIL_PAGE_ALLOC, "", PAGE_SIZE << order)
        return True

    def should_fail_charge(self, size: i64) -> bool:
        """Say whether a charge that fits is to be refused (kmemlab's own). Its refusal is logged when it is undone."""
        if not self.may_fail() or not self.attrs[FAIL_CHARGE].should_fail(size):
            return False
        self.cause = FAIL_CHARGE
        return True

    def take_charge_fault(self) -> i64:
        """Return FAIL_CHARGE if that is why the charge in hand was refused, once; else NONE."""
        cause = self.cause
        self.cause = NONE
        return cause if cause == FAIL_CHARGE else NONE

    def note(self, fault: i64, cache: str, size: i64) -> None:
        """Log a fault. Raises Stopped where the log is to stop."""
        if self.log is not None:
            self.log.add(FAULT, cache, NONE, NONE, fault, NONE, size, errno.ENOMEM, NONE)

    def injected(self) -> list[int]:
        """Count the faults there were, by number."""
        return [attr.injected for attr in self.attrs]

    def state(self) -> dict[str, Any]:
        """Return plain JSON values; nothing as long as no knob was turned."""
        untouched = FaultAttr(self.random).state()
        if self.min_order == 1 and all(attr.state() == untouched for attr in self.attrs):
            return {}
        described: dict[str, Any] = {name: attr.state() for name, attr in zip(FAULTS, self.attrs, strict=True)}
        described["min_order"] = int(self.min_order)
        described["random"] = self.random.word
        return described


def restore_faults(machine: Machine, saved: dict[str, Any]) -> None:
    """Become what `Faults.state` said; {} is what it was at boot."""
    faults = machine.slub.faults
    for name, attr in zip(FAULTS, faults.attrs, strict=True):
        attr.restore(saved.get(name, []))
    faults.min_order = saved.get("min_order", 1)
    faults.random.word = saved.get("random", Random32(machine.profile.seed).word)
    faults.cause = NONE
    arm(machine)


def arm(machine: Machine) -> None:
    """Tell those who may have to refuse whether they are to ask at all."""
    faults = machine.slub.faults
    armed = [attr.probability != 0 and attr.times != 0 for attr in faults.attrs]
    machine.slub.failslab = armed[FAILSLAB]
    machine.slub.pages.faults = faults if armed[FAIL_PAGE_ALLOC] else None
    machine.kmem.faults = faults if armed[FAIL_CHARGE] else None
