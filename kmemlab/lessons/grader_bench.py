"""The machine that a student's controller runs on: the real one, with the student's listener in the place of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.kmem_cache import KmemCache
from ..engine.slub_admin import live_objects
from ..shell import Machine
from .grader_gate import Gate
from .grader_kernel import Kernel


class Bench(Machine):
    """A machine whose accounting is a student's: `cache_account` asks and switches that controller."""

    drains = False
    """Whether off is done with objects in use, which then drain."""

    def __init__(self, make: Callable[[Kernel], Any], **keywords: Any) -> None:
        super().__init__(**keywords)
        self.student = Kernel(self)
        self.gate = self.gate_for(make)
        self.notifier.register(self.gate)

    def gate_for(self, make: Callable[[Kernel], Any]) -> Gate:
        """Make the controller, and the gate before it."""
        return Gate(self.student, make)

    def account(self, cache: KmemCache, on: bool) -> None:
        """Switch, if the controller says that it may be.

        Raises:
            KernelError: EINVAL for a kmalloc cache, as ever; EBUSY, as the controller said.
        """
        self.kmem.may_switch(cache, on, 0)
        if on != self.accounted(cache):
            self.gate.may_switch(cache, on, live_objects(self.slub, cache))
            self.notifier.switch(cache, self.gate, on)

    def accounted(self, cache: KmemCache) -> bool:
        """Say whether the controller hears of a cache."""
        return self.gate in cache.listeners
