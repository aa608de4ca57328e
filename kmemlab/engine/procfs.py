"""/proc: buddyinfo, cgroups, slabinfo, version, and a directory for each task."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .buddy import Zone
from .errors import KernelError, invalid
from .slab import SlabAllocator
from .slab_slabinfo import show_slabinfo, store_slabinfo
from .sysfs import slab_objects
from .tasks import Task
from .vfs import Dir, File, Node

if TYPE_CHECKING:
    from .machine import Machine

COMM_LENGTH: Final = 15  # TASK_COMM_LEN less the NUL
UID_MAX: Final = (1 << 32) - 2  # the highest 32-bit number means "no user"


class ProcDir(Dir):
    """The directory /proc."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def names(self) -> list[str]:
        """Name the tasks, then the files."""
        tasks = [str(pid) for pid in sorted(self.machine.tasks.by_pid)]
        return [*tasks, "buddyinfo", "cgroups", "slabinfo", "version"]

    def get(self, name: str) -> Node | None:
        """Find a file or a task."""
        if name == "buddyinfo":
            return File(self.buddyinfo)
        if name == "cgroups":
            return File(self.cgroups)
        if name == "slabinfo":
            slub = self.machine.slub
            if isinstance(slub, SlabAllocator):
                cpu = self.machine.current.cpu
                return File(lambda: show_slabinfo(slub), lambda text: store_slabinfo(slub, text, cpu))
            return File(self.slabinfo)
        if name == "version":
            return File(lambda: f"Linux version {self.machine.profile.slub} (kmemlab, a simulation)\n")
        if name == "self":
            return TaskDir(self.machine.current.task)
        if name.isascii() and name.isdigit():
            task = self.machine.tasks.by_pid.get(int(name))
            return None if task is None else TaskDir(task)
        return None

    def buddyinfo(self) -> str:
        """Count the free blocks of each order; a page source without lists has none to count."""
        pages = self.machine.slub.pages
        return pages.buddyinfo() if isinstance(pages, Zone) else ""

    def cgroups(self) -> str:
        """List the subsystems: name, bits of its hierarchy's subsystems (0: unmounted), number of containers.

        `proc_cgroupstats_show` 2.6.24, slub-2.6 7; that an unmounted one has 1 container, the words of the header and the
        tabs are recollection.
        """
        lines = ["#subsys_name\thierarchy\tnum_cgroups\n"]
        for subsystem in self.machine.containers.subsystems:
            hierarchy = subsystem.hierarchy
            bits = sum(1 << each.index for each in hierarchy.subsystems) if hierarchy is not None else 0
            count = len(hierarchy.root.walk()) if hierarchy is not None else 1
            lines.append(f"{subsystem.name}\t{bits}\t{count}\n")
        return "".join(lines)

    def slabinfo(self) -> str:
        """Show the caches that have slabs, in the columns of 2.6.24."""
        lines = [
            "slabinfo - version: 2.1",
            "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
            " : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>",
        ]
        for cache in self.machine.slub.caches:
            slabs = cache.nr_slabs
            lines.append(
                f"{cache.name:<17} {slab_objects(cache):6d} {slabs * cache.objects:6d} {cache.size:6d} "
                f"{cache.objects:4d} {1 << cache.order:4d} : tunables {0:4d} {0:4d} {0:4d} : "
                f"slabdata {slabs:6d} {slabs:6d} {0:6d}"
            )
        return "\n".join(lines) + "\n"


class TaskDir(Dir):
    """The directory of one task."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def names(self) -> list[str]:
        """Name the files."""
        return ["comm", "cgroup", "fd", "uid"]

    def get(self, name: str) -> Node | None:
        """Find a file. `comm` can be written, as it can since 2.6.33: so a lesson can call a task nginx."""
        if name == "comm":
            comm = File(lambda: f"{self.task.comm}\n", self.store_comm)
            comm.owner = self.task.euid
            return comm
        if name == "cgroup":
            return File(self.cgroup)
        if name == "fd":
            return FdDir(self.task)
        if name == "uid":
            return File(lambda: f"{self.task.uid} {self.task.euid} {self.task.suid}\n", self.store_uid)
        return None

    def store_uid(self, text: str) -> None:
        """Make the task another user's: "UID" for all three, or "UID EUID SUID". kmemlab's own file, for root.

        Raises:
            KernelError: EINVAL for anything else; EPERM for init, so that somebody stays root.
        """
        words = text.split()
        numbers = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= 10]
        if len(numbers) != len(words) or len(words) not in (1, 3) or max(numbers) > UID_MAX:
            raise invalid("Write one uid, or three: real, effective, saved.")
        if self.task.pid == 1:
            raise KernelError(errno.EPERM, "init stays root's")
        self.task.uid, self.task.euid, self.task.suid = numbers * 3 if len(numbers) == 1 else numbers

    def store_comm(self, text: str) -> None:
        """Name the task; what is longer than 15 characters is cut off.

        Raises:
            KernelError: EINVAL for no name.
        """
        name = text.partition("\n")[0][:COMM_LENGTH]
        if not name:
            raise invalid("a task's name has at least one character")
        self.task.comm = name

    def cgroup(self) -> str:
        """List the task's container in each hierarchy, newest hierarchy first, highest subsystem first (2.6.24)."""
        lines = []
        for container in reversed(list(self.task.containers.values())):
            names = [subsystem.name for subsystem in reversed(container.hierarchy.subsystems)]
            lines.append(f"{','.join(names)}:{container.path}\n")
        return "".join(lines)


class FdDir(Dir):
    """The open descriptors of a task, by number. What they lead to is not modelled."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def names(self) -> list[str]:
        """Name the descriptors."""
        return [str(fd) for fd in self.task.open_files()]
