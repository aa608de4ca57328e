"""More commands: what else a task can make the kernel allocate, and what the kernel allocates on its own account."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from .commands import CommandError, refused, usage_error, verb, words_for
from .engine.dcache import LONG_NAME, SHORT_NAME
from .engine.errors import KernelError
from .engine.irq import KTHREAD, PACKET, SOFTIRQ
from .engine.mm import fault, mmap, munmap, room, touch
from .engine.signals import lock_file, queue_signal, timer_create, unshare_mounts
from .engine.sockets import sys_pipe, sys_socket
from .engine.types import GFP_KERNEL, GFP_NOFAIL
from .overhead import overhead_rows, overhead_text
from .verbs_tasks import amount, some_refused

if TYPE_CHECKING:
    from .shell import Shell


def try_all(name: str, count: int, call: Callable[[], tuple[int, ...] | None]) -> str:
    """Make a system call `count` times, also after a refusal; returns the descriptors that came of it, as a line.

    Raises:
        CommandError: with the last refusal and how many there were. What the others did stays.
    """
    fds: list[int] = []
    refusals = 0
    failed: KernelError | None = None
    for _ in range(count):
        try:
            fds += call() or ()
        except KernelError as error:
            failed = error
            refusals += 1
    if failed is not None:
        raise some_refused(name, refusals, count, failed, descriptors_given(fds))
    return descriptors_given(fds)


def flagged(args: list[str], flag: str) -> tuple[bool, list[str]]:
    """Take an option off the front."""
    return (True, args[1:]) if args[:1] == [flag] else (False, args)


def needed(name: str, args: list[str]) -> int:
    """Read the N of a command that cannot do without."""
    if not args:
        raise usage_error(name)
    return amount(name, args)


@verb("stat [-l] N")
def stat(shell: Shell, args: list[str]) -> str:
    """Look for N names that are not there."""
    long, rest = flagged(args, "-l")
    dcache = shell.machine.dcache
    try_all("stat", needed("stat", rest), lambda: dcache.stat_missing(LONG_NAME if long else SHORT_NAME))
    return ""


@verb("prune N|all")
def prune(shell: Shell, args: list[str]) -> str:
    """Free the oldest unused dentries."""
    dcache = shell.machine.dcache
    pruned = dcache.prune(len(dcache.negative) if args == ["all"] else needed("prune", args))
    return f"{pruned:,} dentries pruned"


@verb("rcu")
def rcu(shell: Shell, args: list[str]) -> str:
    """End a grace period."""
    if args:
        raise usage_error("rcu")
    return f"{shell.machine.rcu.end_grace_period():,} objects freed"


@verb("cost [all]")
def cost(shell: Shell, args: list[str]) -> str:
    """Say what nobody is charged for, cache by cache; with `all` of caches without a slab too."""
    if args not in ([], ["all"]):
        raise usage_error("cost")
    return overhead_text(overhead_rows(shell.machine, args == ["all"]))


@verb("mmap N")
def mmap_(shell: Shell, args: list[str]) -> str:
    """Map 2 MiB N times."""
    machine = shell.machine
    try_all("mmap", needed("mmap", args), lambda: mmap(machine, machine.current.task))
    return ""


@verb("touch N")
def touch_(shell: Shell, args: list[str]) -> str:
    """Write into N maps that were not touched yet. With fewer of them nothing is touched."""
    machine = shell.machine
    task = machine.current.task
    count = needed("touch", args)
    at_hand(count, len(task.maps) - task.touched, "touch", errno.EFAULT, "untouched map")
    try_all("touch", count, lambda: touch(machine, task))
    return ""


@verb("fault N")
def fault_(shell: Shell, args: list[str]) -> str:
    """Write into N more pages of the maps that were touched. With room for fewer nothing is written."""
    machine = shell.machine
    task = machine.current.task
    count = needed("fault", args)
    if machine.rss is None:
        hint = "The user's pages are modelled where rss is: boot with rss=True, or `kmemlab sh --rss`."
        raise CommandError(f"fault: {words_for(errno.ENOSYS)}", errno.ENOSYS, hint)
    at_hand(count, room(task), "fault", errno.EFAULT, "page", "that is not there in its touched maps")
    try_all("fault", count, lambda: fault(machine, task))
    return ""


@verb("munmap N")
def munmap_(shell: Shell, args: list[str]) -> str:
    """Unmap the N maps that were made last. With fewer of them nothing is unmapped."""
    machine = shell.machine
    task = machine.current.task
    count = needed("munmap", args)
    at_hand(count, len(task.maps), "munmap", errno.EINVAL, "map")
    try_all("munmap", count, lambda: munmap(machine, task))
    return ""


def at_hand(count: int, there: int, name: str, number: int, thing: str, more: str = "") -> None:
    """See that there are as many as are asked for."""
    if count > there:
        things = f"{there:,} {thing}{'' if there == 1 else 's'}"
        hint = f"The task has {things} {more}; nothing was done." if more else f"The task has {things}; nothing was done."
        raise CommandError(f"{name}: {count}: {words_for(number)}", number, hint)


@verb("pipe [-f] N")
def pipe(shell: Shell, args: list[str]) -> str:
    """Make N pipes, with -f full ones."""
    fill, rest = flagged(args, "-f")
    machine = shell.machine
    return try_all("pipe", needed("pipe", rest), lambda: sys_pipe(machine, machine.current.task, fill))


@verb("socket [-s] N")
def socket(shell: Shell, args: list[str]) -> str:
    """Make N UNIX sockets, with -s each with an unread message."""
    send, rest = flagged(args, "-s")
    machine = shell.machine
    return try_all("socket", needed("socket", rest), lambda: (sys_socket(machine, machine.current.task, send),))


def descriptors_given(fds: list[int]) -> str:
    """Print descriptors: "fd 3-6", or how many where they are not in one piece; "" for none."""
    if len(fds) < 2:
        return f"fd {fds[0]}" if fds else ""
    if fds == list(range(fds[0], fds[0] + len(fds))):
        return f"fd {fds[0]}-{fds[-1]}"
    return f"{len(fds):,} descriptors, fd {min(fds)} to {max(fds)}"


@verb("sigqueue N")
def sigqueue(shell: Shell, args: list[str]) -> str:
    """Queue N real-time signals that the task blocks."""
    machine = shell.machine
    try_all("sigqueue", needed("sigqueue", args), lambda: queue_signal(machine, machine.current.task))
    return ""


@verb("timer N")
def timer(shell: Shell, args: list[str]) -> str:
    """Make N posix timers."""
    machine = shell.machine
    try_all("timer", needed("timer", args), lambda: timer_create(machine, machine.current.task))
    return ""


@verb("flock N")
def flock(shell: Shell, args: list[str]) -> str:
    """Lock N ranges of the first open file."""
    machine = shell.machine
    try_all("flock", needed("flock", args), lambda: lock_file(machine, machine.current.task))
    return ""


@verb("mountns N")
def mountns(shell: Shell, args: list[str]) -> str:
    """Give the task a mount namespace of its own with N mounts: all of them, or none."""
    machine = shell.machine
    try:
        unshare_mounts(machine, machine.current.task, needed("mountns", args))
    except KernelError as error:
        raise refused("mountns", error) from None
    return ""


@verb("softirq [-n] N [CACHE] | -d N")
def softirq(shell: Shell, args: list[str]) -> str:
    """Allocate N objects in an interrupt."""
    return in_kernel(shell, SOFTIRQ, args, PACKET)


@verb("kthread [-n] N CACHE | -d N")
def kthread(shell: Shell, args: list[str]) -> str:
    """Allocate N objects in a kernel thread."""
    return in_kernel(shell, KTHREAD, args, "")


def in_kernel(shell: Shell, context: str, args: list[str], cache: str) -> str:
    """Do what both have in common: -d frees the oldest, -n may not fail."""
    interrupts = shell.machine.interrupts
    drop, rest = flagged(args, "-d")
    if drop:
        return f"{interrupts.free(context, needed(context, rest)):,} objects freed"
    no_fail, rest = flagged(rest, "-n")
    if len(rest) == 2:
        cache = rest[1]
    if not cache or len(rest) not in (1, 2):
        raise usage_error(context)
    count = amount(context, rest[:1])
    try:
        shell.machine.find_cache(cache)
    except KernelError as error:
        raise refused(f"{context}: {cache}", error) from None
    gfp = GFP_NOFAIL if no_fail else GFP_KERNEL
    try_all(context, count, lambda: interrupts.alloc(context, cache, gfp))
    return ""
