"""Tasks: who runs, what each has open, and what fork and exit allocate. kernel/fork.c and exit.c 2.6.23, facts 2.7 and 7.

A fork takes eight objects and a stack, in the order of `copy_process`; if one cannot be had, those before it go back, last
first, and the caller gets the errno. An exit gives all back and closes what nobody else has open. What else a task may have
(maps, pipes and sockets, signals, timers, locks, mounts) has rooms of its own: mm.py, sockets.py, signals.py.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .buddy import STACK, STACK_ORDER
from .errors import KernelError
from .mm import Map, dup_mmap, exit_mmap
from .signals import Namespace, drop_locks, exit_timers, flush_signals, put_namespace
from .sites import STACK_SITE
from .sockets import Behind, fput
from .syscalls import FILP
from .types import NONE, i64

if TYPE_CHECKING:
    from .containers import Container, Css
    from .machine import Machine

PID_MAX: Final = 32768

# In the order of copy_process (2.6.23; recollection). The stack stands between task_struct and the rest.
FORK_CACHES: Final = (
    "task_struct", "files_cache", "fs_cache", "sighand_cache", "signal_cache", "mm_struct", "pid",
)  # fmt: skip
RELEASED: Final = ("task_struct", "pid")  # may be looked at by others: a task that ends frees them through RCU


class Task:
    """A process of one thread.

    Attributes:
        css: its state for each subsystem, by the subsystem's index (the css_set).
        containers: its container in each hierarchy, by the hierarchy's number.
        uid, euid, suid: whose it is: real, effective (what it may do) and saved. 0 is root.
        files: address of the struct file of each descriptor, NONE for a closed one.
        next_fd: no descriptor below it is free.
        objects: (cache, address) of what fork took for it.
        stack: first page of its stack, NONE for init, whose memory is part of the kernel's image.
        maps: what it has mapped, oldest first; touched: how many of them, from the front, a page fault has filled.
        signals: sigqueues that wait, oldest first. timers: (posix timer, its sigqueue), oldest first.
        locks: (struct file, file_lock), oldest first. namespace: its mounts, None for those the machine booted with.
    """

    def __init__(self, pid: int, comm: str, parent: int) -> None:
        self.pid = pid
        self.comm = comm
        self.parent = parent
        self.css: list[Css] = []
        self.uid: int = 0
        self.euid: int = 0
        self.suid: int = 0
        self.containers: dict[int, Container] = {}
        self.files: list[int] = []
        self.next_fd: int = 0
        self.objects: list[tuple[str, int]] = []
        self.stack: i64 = NONE
        self.maps: list[Map] = []
        self.touched: int = 0
        self.signals: list[int] = []
        self.timers: list[tuple[int, int]] = []
        self.locks: list[tuple[int, int]] = []
        self.namespace: Namespace | None = None

    def open_files(self) -> list[int]:
        """List the descriptors that are open."""
        return [fd for fd, address in enumerate(self.files) if address != NONE]


class Current:
    """Who runs, and where: what `current` and `smp_processor_id()` say; gfp: how the allocation that runs was asked for."""

    __slots__ = ("cpu", "gfp", "task")

    def __init__(self, task: Task, cpu: int) -> None:
        self.task = task
        self.cpu: i64 = cpu
        self.gfp: int = 0


class Tasks:
    """All tasks of a machine, and the struct files they share.

    Attributes:
        by_pid: the tasks, oldest first.
        shared: how many descriptors point at a struct file, for those with more than one (f_count).
        behind: the pipe or socket behind a struct file; most have none.
        anon_shared: how many maps point at an anon_vma, for those with more than one.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.by_pid: dict[int, Task] = {}
        self.shared: dict[int, int] = {}
        self.behind: dict[int, Behind] = {}
        self.anon_shared: dict[int, int] = {}
        self.last_pid: int = 1

    def boot(self) -> Task:
        """Make init. Its objects are static, like the kernel's init_task: they take no memory here (kmemlab's choice)."""
        init = Task(1, "init", 0)
        self.by_pid[1] = init
        init.css = [subsystem.root_css for subsystem in self.machine.containers.subsystems]
        for css in init.css:
            css.refs += 1
        return init

    def find(self, pid: int) -> Task:
        """Return a task.

        Raises:
            KernelError: ESRCH.
        """
        task = self.by_pid.get(pid)
        if task is None:
            raise KernelError(errno.ESRCH, f"there is no task {pid}: `ps` lists them")
        return task

    def next_pid(self) -> int:
        """Return the next pid that is free, counting up and around (`alloc_pidmap`).

        Raises:
            KernelError: EAGAIN, with 32,767 tasks.
        """
        for step in range(1, PID_MAX):
            pid = (self.last_pid + step - 1) % (PID_MAX - 1) + 1
            if pid not in self.by_pid:
                return pid
        raise KernelError(errno.EAGAIN, "every pid is taken")

    def fork(self, parent: Task) -> Task:
        """Make a child of `parent` with the same open files and mounts and copies of its maps, in the same containers.

        Signals, timers and locks are not inherited.

        Raises:
            KernelError: ENOMEM, when one of its objects or its stack cannot be had; all that was taken has gone back.
        """
        machine = self.machine
        child = Task(self.next_pid(), parent.comm, parent.pid)
        for name in FORK_CACHES:
            address = machine.kmem_cache_alloc(name)
            if address == NONE:
                self.give_back(child)
                raise KernelError(errno.ENOMEM, f"fork could not get its {name}")
            child.objects.append((name, address))
            if name == "task_struct":
                child.stack = machine.marked.alloc_pages(STACK_SITE, STACK_ORDER, STACK)
                if child.stack == NONE:
                    why = machine.marked.because()
                    self.give_back(child)
                    raise KernelError(errno.ENOMEM, f"fork could not get two pages for the stack{why}")
            elif name == "mm_struct" and parent.maps and not dup_mmap(machine, child, parent):
                self.give_back(child)
                raise KernelError(errno.ENOMEM, "fork could not copy the maps")
        child.files = list(parent.files)
        child.next_fd = parent.next_fd
        child.uid, child.euid, child.suid = parent.uid, parent.euid, parent.suid
        child.namespace = parent.namespace
        if child.namespace is not None:
            child.namespace.users += 1
        for address in child.files:
            if address != NONE:
                self.shared[address] = self.shared.get(address, 1) + 1
        machine.containers.fork(child, parent)
        self.by_pid[child.pid] = child
        self.last_pid = child.pid
        return child

    def exit(self, task: Task) -> None:
        """End a task: timers, maps, files, mounts, signals, then what fork took, last first.

        The order is that of `do_exit` and, for the last two, `release_task` (2.6.23; recollection). The parent is taken to
        wait for it at once. Under `rcu="grace"` struct files, pid and task_struct are freed when the grace period ends.

        Raises:
            KernelError: EPERM for init.
        """
        if task.pid == 1:
            raise KernelError(errno.EPERM, "init may not exit: the kernel would panic")
        machine = self.machine
        exit_timers(machine, task)
        exit_mmap(machine, task)
        for fd in task.open_files():
            self.close(task, fd)
        namespace = task.namespace
        task.namespace = None
        if namespace is not None:
            put_namespace(machine, namespace)
        flush_signals(machine, task)
        self.give_back(task, machine.rcu.grace)
        machine.containers.exit(task)
        del self.by_pid[task.pid]
        for other in self.by_pid.values():
            if other.parent == task.pid:
                other.parent = 1

    def give_back(self, task: Task, grace: bool = False) -> None:
        """Free what fork took, last first. A container is paid back what it was charged, wherever the task is now.

        With `grace`, for a task that others have seen, pid and task_struct (and its stack) wait for a grace period.
        """
        while task.objects:
            name, address = task.objects.pop()
            if name == "mm_struct" and task.maps:
                exit_mmap(self.machine, task)
            stack = NONE
            if name == "task_struct":
                stack, task.stack = task.stack, NONE
            if grace and name in RELEASED:
                self.machine.rcu.free(name, address, NONE, stack)
                continue
            if stack != NONE:
                self.machine.slub.pages.free_pages(stack, STACK_ORDER)
            self.machine.kmem_cache_free(address)

    def close(self, task: Task, fd: int) -> None:
        """Close a descriptor; the last one that points at a struct file frees it, and what is behind it.

        Under `rcu="grace"` the struct file is freed when the grace period ends.

        Raises:
            KernelError: EBADF.
        """
        if not 0 <= fd < len(task.files) or task.files[fd] == NONE:
            raise KernelError(errno.EBADF, f"task {task.pid} has no open file {fd}")
        address = task.files[fd]
        task.files[fd] = NONE
        task.next_fd = min(task.next_fd, fd)
        count = self.shared.get(address, 1)
        if count > 2:
            self.shared[address] = count - 1
        elif count == 2:
            del self.shared[address]
        if task.locks:
            drop_locks(self.machine, task, address)
        if count == 1:
            behind = self.behind.pop(address, None) if self.behind else None
            if behind is not None:
                fput(self.machine, address, behind)
            elif self.machine.rcu.grace:
                self.machine.rcu.free(FILP, address)
            else:
                self.machine.kmem_cache_free(address)
