"""Lesson 07's exercise: a controller whose "off" is done at once, and whose charged objects drain.

It is switched off with objects in use and goes on hearing of everything. While it is off nothing is charged; what was charged
is given back to its owner when it is freed, then or after the next "on". Slabs that were empty at "off" may have lost their
array, and slabs born since may have none: their objects may stay unowned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.kmem_cache import KmemCache, Slab
from . import grader_words as words
from .grader_bench import Bench
from .grader_gate import Gate, WrongError
from .grader_kernel import Kernel
from .grader_run import Part, every_nth, maker, play_all, race_all
from .grader_stories import BLUE, ON, RED, Act, Story, c, drawn, o
from .grader_views import Call, SlabView

OFF: Act = ("off", "filp")
DRAIN = (
    (ON, o(1), OFF, c(1)),
    (ON, o(2), OFF, o(2), c(4)),
    (ON, o(1), OFF, ON, c(1)),
    (ON, o(1), OFF, ON, o(1), c(2)),
    (ON, o(3), OFF, ("move", BLUE, "red"), c(2), ON, o(2), c(3)),
    (ON, o(20), OFF, c(17), o(3), ON, o(20), c(26)),
    (ON, o(40), c(40), OFF, o(3), ON, o(20), c(23)),
    (ON, ("limit", "blue", 512), o(2), OFF, o(3), ON, o(1), c(3), o(4)),
    (ON, o(1), OFF, ON, o(1), OFF, c(1), ON, o(1), c(2)),
    (o(2), ON, o(16), o(2, RED), OFF, c(18), c(1, RED), ON, o(1)),
)
MOST_CHANCE = 40


class DrainGate(Gate):
    """The rules of a controller that drains. `charging`: the caches that are on."""

    def __init__(self, kernel: Kernel, make: Callable[[Kernel], Any]) -> None:
        self.charging: set[str] = set()
        self.at_begin: dict[int, bool] = {}
        super().__init__(kernel, make)

    def alloc(self, slab: Slab, number: int) -> bool:
        """Note whether the cache was on when it began."""
        self.at_begin[self.kernel.actor.number] = slab.cache.name in self.charging
        return super().alloc(slab, number)

    def charged(self, view: SlabView, number: int, payers: list[int], call: Call) -> None:
        """While it is off nothing is charged; where it is switched meanwhile, either will do."""
        on = view.cache.name in self.charging
        if on and self.at_begin[self.kernel.actor.number]:
            super().charged(view, number, payers, call)
        elif call.usage or call.refs:
            if not on and not self.at_begin[self.kernel.actor.number]:
                self.wrong(call, {}, {}, words.CHARGED_WHILE_OFF)
            super().charged(view, number, payers, call)

    def newpage(self, slab: Slab, cpu: int) -> bool:
        """A slab born while it is off need not have an array."""
        answer = super().newpage(slab, cpu)
        if answer and slab.cache.name not in self.charging:
            self.kernel.view(slab).born_on = False
        return answer

    def free(self, slab: Slab, number: int) -> None:
        """Say it in the words of this exercise where the owner is forgotten."""
        view = self.kernel.view(slab)
        owed = (view.cache.name, view.number, int(number)) in self.owners
        taken = owed and view.owners is None
        try:
            super().free(slab, number)
        except WrongError as wrong:
            if taken:
                raise WrongError(wrong.what, words.TAKEN_AT_OFF) from None
            if owed and wrong.hint == words.NO_UNCHARGE:
                raise WrongError(wrong.what, words.DRAINED) from None
            raise

    def turn(self, cache: KmemCache, on: bool) -> None:
        """Tell the controller that a cache is on or off; it hears everything either way."""
        if on:
            self.charging.add(cache.name)
        else:
            self.charging.discard(cache.name)
        for slab in cache.reachable():
            self.kernel.view(slab)
        if not on:
            owed = {key[:2] for key in self.owners}
            for key, view in self.kernel.views.items():
                view.born_on = view.born_on and (key[0] != cache.name or key in owed)
        self.hook("switched", words.cache_view(cache), on)
        self.nothing("switched", self.kernel.actor.call)


class DrainBench(Bench):
    """A machine whose accounting drains."""

    drains = True

    def gate_for(self, make: Callable[[Kernel], Any]) -> Gate:
        """Make the controller, and its gate."""
        return DrainGate(self.student, make)

    def account(self, cache: KmemCache, on: bool) -> None:
        """Switch; off is never refused.

        Raises:
            KernelError: EINVAL for a kmalloc cache.
        """
        self.kmem.may_switch(cache, on, 0)
        gate = self.gate
        assert isinstance(gate, DrainGate)
        if on == (cache.name in gate.charging):
            return
        if on and gate not in cache.listeners:
            gate.charging.add(cache.name)
            self.notifier.switch(cache, gate, True)
        else:
            gate.turn(cache, on)


def grade_drain(thing: Any, seed: int) -> list[Part]:
    """Grade it: stories with off and on, every nth fault of them, all schedules of a charge and a free with an off."""
    make = maker(thing)

    def told() -> Any:
        yield from map(Story, DRAIN)
        yield from drawn(seed, 3, MOST_CHANCE)

    faulted = every_nth(DRAIN[:6], ("refuse", "no-object", "no-page"), make, DrainBench)
    return [
        play_all(Part("off, drain, on again", 20), told(), make, DrainBench),
        play_all(Part("every nth fault", 15), faulted, make, DrainBench),
        race_all(Part("all schedules", 15), make, DrainBench),
    ]
