"""A kernel that dereferences NULL: the trace it leaves, and a machine that runs nothing any more.

`container_create` asks every subsystem for its state of a new container and tests the answer with IS_ERR. NULL is no error
pointer, so it passes, and the next write goes to address 0: to the first member of a state that is not there. v1 of the
patchset returned NULL (patchset.py); a subsystem of a lesson's own that does so crashes any machine.

The functions are those of kernel/cgroup.c 2.6.24 with the names of before its renaming (`init_cgroup_css` was
`init_container_css`: recollection). The lines are kmemlab's own, in the form of the time; no code has an address here. What
follows is kmemlab's choice where there was one: the death of init is the end of a kernel, and for any other task the machine
is one with panic_on_oops set. Without that the task alone would be killed, with container_mutex held for ever.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final

from .errors import KernelError
from .events import OOPS, EventLog
from .printk import KernelLog, shown
from .types import NONE, mypyc_attr

if TYPE_CHECKING:
    from .hierarchy import Container, Subsystem
    from .tasks import Current

TRACE: Final = ("container_create", "container_mkdir", "vfs_mkdir", "sys_mkdirat", "sys_mkdir", "system_call")
FAULTED: Final = "init_container_css"
WHY: Final = "create returned NULL, which is no error pointer: the kernel wrote to address 0"
HALTED: Final = "The machine has oopsed and runs nothing any more: go back before that, or boot another."  # EHOSTDOWN


@mypyc_attr(native_class=False)
class OopsError(KernelError):
    """The kernel crashed while it worked for whoever called. Other than after a refusal, the machine is not as it was.

    `trace` is what it said on its console, line by line.
    """

    def __init__(self, sentence: str, trace: list[str]) -> None:
        super().__init__(errno.EFAULT, sentence)
        self.trace = trace


class Crash:
    """Whether the kernel of one machine has crashed. Part of its state: going back in time takes the crash back.

    Attributes:
        halted: it has, and runs nothing any more.
        subsystem, path: whose create returned NULL, and for which container.
        trace: what the kernel said; `dmesg` has the same lines.
    """

    __slots__ = ("current", "halted", "log", "path", "printk", "subsystem", "trace")

    def __init__(self, current: Current, printk: KernelLog, log: EventLog | None) -> None:
        self.current = current
        self.printk = printk
        self.log = log
        self.halted = False
        self.subsystem = ""
        self.path = ""
        self.trace: list[str] = []

    def null_css(self, subsystem: Subsystem, container: Container) -> OopsError:
        """Crash: a write through the NULL that a subsystem's create returned. Raises Stopped where the log is to stop.

        Returns the error for the caller to raise.
        """
        task = self.current.task
        last = "Attempted to kill init!" if task.pid == 1 else "Fatal exception"
        self.halted = True
        self.subsystem = subsystem.name
        self.path = container.path
        self.trace = [
            f"Unable to handle kernel NULL pointer dereference at {shown(NONE)[2:]}",
            "Oops: 0002 [1]",  # the page is not there, it was a write, the kernel did it
            f"CPU {self.current.cpu}",
            f"Pid: {task.pid}, comm: {task.comm} Not tainted",
            f"RIP: {FAULTED}",
            "Call Trace:",
            *(f" {function}" for function in TRACE),
            f"CR2: {shown(NONE)[2:]}",
            f"Kernel panic - not syncing: {last}",
        ]
        for line in self.trace:
            self.printk.say(line)
        if self.log is not None:
            self.log.add(OOPS, "", NONE, NONE, NONE, NONE, 0, errno.EFAULT, NONE)
        return OopsError(f"{subsystem.name}'s {WHY}", list(self.trace))

    def state(self) -> dict[str, Any]:
        """Return plain JSON values; nothing while all is well."""
        return {"subsystem": self.subsystem, "path": self.path, "trace": list(self.trace)} if self.halted else {}

    def restore(self, saved: dict[str, Any]) -> None:
        """Become what `state` said."""
        self.halted = bool(saved)
        self.subsystem = saved.get("subsystem", "")
        self.path = saved.get("path", "")
        self.trace = list(saved.get("trace", []))
