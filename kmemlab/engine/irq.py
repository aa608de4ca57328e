"""Who pays when nobody asked: interrupts and kernel threads. The letter is silent: all of this is kmemlab's choice.

The controller charges `current`, and in an interrupt that is whoever happened to run: a packet for one container is paid by
another. `irq_payer` offers three policies, each by changing who `current` is for the controller, which knows nothing of it:

* "current": as the patchset's code would have it;
* "root": the kernel's own task (pid 0, in the root container) pays, so no container does;
* "none": a task whose container is nobody. Its charges always fit, and the owner that is stored is a NULL pointer.

A kernel thread lives in the root container. It pays there itself, except under "none". Objects stay until they are freed by
the same command; whoever owns them is paid back.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .errors import KernelError
from .kmem import KmemContainer
from .tasks import Task
from .types import GFP_ATOMIC, GFP_KERNEL, NONE

if TYPE_CHECKING:
    from .machine import Machine

CURRENT: Final = "current"
ROOT: Final = "root"
NOBODY: Final = "none"
PAYERS: Final = (CURRENT, ROOT, NOBODY)
SOFTIRQ: Final = "softirq"
KTHREAD: Final = "kthread"
PACKET: Final = "skbuff_head_cache"


class Interrupts:
    """What the kernel allocates on its own account.

    Attributes:
        payer: the policy.
        kernel: the kernel's own task, pid 0: `ps` does not list it and no tasks file holds it.
        unpaid: the same, in nobody's container.
        held: (cache, address) of what was allocated and is not freed, by context, oldest first.
    """

    def __init__(self, machine: Machine, payer: str) -> None:
        self.machine = machine
        self.payer = payer
        self.kernel = Task(0, "swapper", 0)
        self.kernel.css = [subsystem.root_css for subsystem in machine.containers.subsystems]
        self.unpaid = Task(0, "swapper", 0)
        self.unpaid.css = list(self.kernel.css)
        self.nobody = KmemContainer(NONE)
        self.unpaid.css[machine.kmem_subsystem.index] = self.nobody
        self.held: dict[str, list[tuple[str, int]]] = {SOFTIRQ: [], KTHREAD: []}

    def who_pays(self, context: str) -> Task:
        """Return the task that the controller is to take for `current`."""
        if self.payer == NOBODY:
            self.nobody.res.usage = 0  # nobody keeps no accounts
            self.nobody.refs = 0
            return self.unpaid
        if context == SOFTIRQ and self.payer == CURRENT:
            return self.machine.current.task
        return self.kernel

    def who_runs(self, context: str) -> int:
        """Return whose pid SLUB_DEBUG keeps: in an interrupt that of the task it came upon, whoever pays."""
        return self.kernel.pid if context == KTHREAD else self.machine.current.task.pid

    def alloc(self, context: str, cache: str, gfp: int) -> None:
        """Take an object of a cache in a softirq or in a kernel thread, on the cpu that runs. It stays until `free`.

        An interrupt cannot sleep: its gfp holds GFP_ATOMIC in any case.

        Raises:
            KernelError: ENOMEM, if there is none: an interrupt drops the packet. ENOENT for no such cache.
        """
        machine = self.machine
        current = machine.current
        ran = current.task
        log = machine.log
        machine.slub.pid = self.who_runs(context)
        current.task = self.who_pays(context)
        if log is not None:
            log.pid = current.task.pid
        try:
            address = machine.kmem_cache_alloc(cache, gfp | (GFP_ATOMIC if context == SOFTIRQ else GFP_KERNEL))
        finally:
            current.task = ran
            machine.slub.pid = ran.pid
            if log is not None:
                log.pid = ran.pid
        if address == NONE:
            raise KernelError(errno.ENOMEM, f"There was no {cache} to be had: no memory, or the limit of whoever pays.")
        self.held[context].append((cache, address))

    def free(self, context: str, count: int) -> int:
        """Free the `count` oldest objects of a context; returns how many there were."""
        done = self.held[context][:count]
        del self.held[context][:count]
        slub = self.machine.slub
        ran = slub.pid
        slub.pid = self.who_runs(context)
        try:
            for _, address in done:
                self.machine.kmem_cache_free(address)
        finally:
            slub.pid = ran
        return len(done)
