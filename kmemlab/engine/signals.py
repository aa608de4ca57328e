"""What a task leaves in the kernel by asking: queued signals, timers, locks, mounts. facts 7; orders by recollection.

sys_rt_sigqueueinfo (kernel/signal.c), timer_create (kernel/posix-timers.c), fcntl F_SETLK (fs/locks.c) and a mount namespace
(fs/namespace.c, kernel/nsproxy.c), all 2.6.23. The limits on their number (RLIMIT_SIGPENDING, CAP_SYS_ADMIN for mounts) are
lifted: what stops a bomb is memory, or a container (kmemlab's choice).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .errors import KernelError
from .sites import DEVICE_SITE, NSPROXY_SITE, SPACE_SITE
from .types import GFP_ATOMIC, NONE, i64

if TYPE_CHECKING:
    from .machine import Machine
    from .tasks import Task

SIGQUEUE: Final = "sigqueue"
TIMER: Final = "posix_timers_cache"
LOCK: Final = "file_lock_cache"
MOUNT: Final = "mnt_cache"
NSPROXY: Final = 48  # bytes of a struct nsproxy, by kmalloc; of a struct mnt_namespace: facts 2.7
NAMESPACE: Final = 64
DEVICE: Final = 5  # bytes of "none", the device's name, with its NUL


class Namespace:
    """A mount namespace of a task and of the children it had since.

    Attributes:
        users: tasks that are in it.
        nsproxy, space: addresses of its struct nsproxy and mnt_namespace, both of kmalloc.
        mounts: (vfsmount, its device's name or NONE) of each, root first.
    """

    def __init__(self) -> None:
        self.users: int = 1
        self.nsproxy: i64 = NONE
        self.space: i64 = NONE
        self.mounts: list[tuple[int, int]] = []

    def objects(self) -> list[tuple[str, int]]:
        """List (cache, address) of all that is allocated for it; "kmalloc" for no cache of its own."""
        names = [("kmalloc", name) for _, name in self.mounts if name != NONE]
        mounts = [(MOUNT, mount) for mount, _ in self.mounts]
        return [("kmalloc", self.nsproxy), ("kmalloc", self.space), *mounts, *names]


def refuse(number: int, cache: str) -> KernelError:
    """Make the complaint that there is no object of a cache."""
    return KernelError(number, f"There was no {cache} to be had: no memory, or the container's limit.")


# -- signals


def queue_signal(machine: Machine, task: Task) -> None:
    """Queue a real-time signal that the task blocks: a sigqueue, taken with GFP_ATOMIC (`send_signal`, `__sigqueue_alloc`).

    Raises:
        KernelError: EAGAIN, if there is none: for a real-time signal of sigqueue(2) that is the answer (recollection).
    """
    address = machine.kmem_cache_alloc(SIGQUEUE, GFP_ATOMIC)
    if address == NONE:
        raise refuse(errno.EAGAIN, SIGQUEUE)
    task.signals.append(address)


def kill(machine: Machine, task: Task) -> None:
    """End another task (kill -9), if the current one may. A SIGKILL takes no sigqueue here (kmemlab's choice).

    Raises:
        KernelError: EPERM for a task of another user: neither uid nor euid of the sender is the task's uid or its saved
            one, and the sender is not root (`check_kill_permission` 2.6.24; CAP_KILL is euid 0). EPERM for init.
    """
    sender = machine.current.task
    same = not {sender.uid, sender.euid}.isdisjoint((task.uid, task.suid))
    if sender.euid and not same:
        words = f"Task {sender.pid} is of user {sender.euid}, task {task.pid} of user {task.uid}: only root ends others' tasks."
        raise KernelError(errno.EPERM, words)
    machine.exit(task)


def flush_signals(machine: Machine, task: Task) -> None:
    """Free what is queued, oldest first (`flush_sigqueue` in `__exit_signal`)."""
    signals = task.signals
    task.signals = []
    for address in signals:
        machine.kmem_cache_free(address)


# -- timers


def timer_create(machine: Machine, task: Task) -> None:
    """Make a posix timer: a posix_timers_cache, and the sigqueue that it will send (`alloc_posix_timer`).

    Raises:
        KernelError: EAGAIN, for want of either (`sys_timer_create`).
    """
    timer = machine.kmem_cache_alloc(TIMER)
    if timer == NONE:
        raise refuse(errno.EAGAIN, TIMER)
    signal = machine.kmem_cache_alloc(SIGQUEUE)
    if signal == NONE:
        machine.kmem_cache_free(timer)
        raise refuse(errno.EAGAIN, SIGQUEUE)
    task.timers.append((timer, signal))


def exit_timers(machine: Machine, task: Task) -> None:
    """Free every timer, newest first, each after its sigqueue (`exit_itimers`, `release_posix_timer`)."""
    timers = task.timers
    task.timers = []
    for timer, signal in reversed(timers):
        machine.kmem_cache_free(signal)
        machine.kmem_cache_free(timer)


# -- locks


def lock_file(machine: Machine, task: Task) -> None:
    """Lock one more range of the task's first open file, apart from all others (`fcntl_setlk`, `__posix_lock_file`).

    Three file_locks are taken: the request, the lock that stays, and a spare for the case that a range is cut in two, which
    this one is not. Spare and request go back, so for a moment a lock costs three.

    Raises:
        KernelError: EBADF, without an open file. ENOLCK, for want of the request or the lock. The spare is not missed.
    """
    fd = next((fd for fd, address in enumerate(task.files) if address != NONE), NONE)
    if fd == NONE:
        raise KernelError(errno.EBADF, f"Task {task.pid} has no open file to lock: `open 1` first.")
    request = machine.kmem_cache_alloc(LOCK)
    if request == NONE:
        raise refuse(errno.ENOLCK, LOCK)
    lock = machine.kmem_cache_alloc(LOCK)
    spare = machine.kmem_cache_alloc(LOCK)
    if spare != NONE:
        machine.kmem_cache_free(spare)
    if lock == NONE:
        machine.kmem_cache_free(request)
        raise refuse(errno.ENOLCK, LOCK)
    machine.kmem_cache_free(request)
    task.locks.append((task.files[fd], lock))


def drop_locks(machine: Machine, task: Task, file: i64) -> None:
    """Free a task's locks on a file when it closes it, by range, that is oldest first (`locks_remove_posix`)."""
    dropped = [lock for where, lock in task.locks if where == file]
    task.locks = [each for each in task.locks if each[0] != file]
    for lock in dropped:
        machine.kmem_cache_free(lock)


# -- mounts


def unshare_mounts(machine: Machine, task: Task, count: int) -> None:
    """Give a task a mount namespace of its own with `count` mounts in it (`unshare`, `copy_mnt_ns`, `copy_tree`).

    In turn: nsproxy, mnt_namespace, and for each mount a mnt_cache and the name of its device. A name that cannot be had is
    done without (`alloc_vfsmnt`). The one it had before is left when the new one is there.

    Raises:
        KernelError: ENOMEM, for want of anything else; all of it has gone back.
    """
    marked = machine.marked
    made = Namespace()
    made.nsproxy = marked.kmalloc(NSPROXY_SITE, NSPROXY)
    if made.nsproxy == NONE:
        raise KernelError(errno.ENOMEM, f"There was no memory for the nsproxy{marked.because()}.")
    made.space = marked.kmalloc(SPACE_SITE, NAMESPACE)
    if made.space == NONE:
        why = marked.because()
        machine.kmalloc.kfree(made.nsproxy, machine.current.cpu)
        raise KernelError(errno.ENOMEM, f"There was no memory for the mnt_namespace{why}.")
    for _ in range(count):
        mount = machine.kmem_cache_alloc(MOUNT)
        if mount == NONE:
            put_namespace(machine, made)
            raise refuse(errno.ENOMEM, MOUNT)
        made.mounts.append((mount, marked.kmalloc(DEVICE_SITE, DEVICE)))
    left = task.namespace
    task.namespace = made
    if left is not None:
        put_namespace(machine, left)


def put_namespace(machine: Machine, namespace: Namespace) -> None:
    """Leave a namespace; the last task frees it: mounts, the last one first, name before mount, then the rest.

    `umount_tree` turns the order round, `release_mounts` frees, `put_mnt_ns` and `free_nsproxy` follow.
    """
    namespace.users -= 1
    if namespace.users:
        return
    cpu = machine.current.cpu
    while namespace.mounts:
        mount, name = namespace.mounts.pop()
        machine.kmalloc.kfree(name, cpu)
        machine.kmem_cache_free(mount)
    machine.kmalloc.kfree(namespace.space, cpu)
    machine.kmalloc.kfree(namespace.nsproxy, cpu)
