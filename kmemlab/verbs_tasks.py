"""The commands of tasks: ps fork exit kill open close, and how many of N were refused."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .commands import CommandError, is_number, refused, usage_error, verb, words_for
from .engine.errors import KernelError
from .engine.kmem_cache import Slab
from .engine.signals import kill as kill_task
from .engine.tasks import Task
from .engine.types import PAGE_SHIFT

if TYPE_CHECKING:
    from .shell import Shell

MOST = 1_000_000
RUNS_SHOWN = 6


@verb("ps")
def ps(shell: Shell, args: list[str]) -> str:
    """List the tasks."""
    if args:
        raise usage_error("ps")
    lines = ["  PID  PPID COMMAND          FILES CONTAINER"]
    for task in shell.machine.tasks.by_pid.values():
        where = ",".join(container.path for container in task.containers.values()) or "-"
        lines.append(f"{task.pid:5d} {task.parent:5d} {task.comm:<15} {len(task.open_files()):6d} {where}")
    return "\n".join(lines)


@verb("fork [N]")
def fork(shell: Shell, args: list[str]) -> str:
    """Make children of the task that runs; all N are tried, and the pids of those that came are printed."""
    count = amount("fork", args)
    machine = shell.machine
    pids: list[str] = []
    failed: KernelError | None = None
    for _ in range(count):
        try:
            pids.append(str(machine.fork(machine.current.task).pid))
        except KernelError as error:
            failed = error
    if failed is not None:
        raise some_refused("fork", count - len(pids), count, failed, "\n".join(pids))
    return "\n".join(pids)


@verb("exit")
def exit_(shell: Shell, args: list[str]) -> str:
    """End the task that runs."""
    if args:
        raise usage_error("exit")
    try:
        shell.machine.exit(shell.machine.current.task)
    except KernelError as error:
        raise refused("exit", error) from None
    return ""


@verb("kill PID")
def kill(shell: Shell, args: list[str]) -> str:
    """End another task."""
    if len(args) != 1 or not is_number(args[0]):
        raise usage_error("kill")
    try:
        kill_task(shell.machine, shell.machine.tasks.find(int(args[0])))
    except KernelError as error:
        raise refused(f"sh: can't kill pid {args[0]}", error) from None
    return ""


@verb("open N")
def open_(shell: Shell, args: list[str]) -> str:
    """Open a file N times; all N are tried. Prints descriptors and the cells that their struct files got."""
    if not args:
        raise usage_error("open")
    count = amount("open", args)
    machine = shell.machine
    task = machine.current.task
    fds: list[int] = []
    failed: KernelError | None = None
    for _ in range(count):
        try:
            fds.append(machine.open(task))
        except KernelError as error:
            failed = error
    printed = where_opened(shell, task, fds)
    if failed is not None:
        raise some_refused("open", count - len(fds), count, failed, printed)
    return printed


@verb("close FD... | FD-FD | all")
def close(shell: Shell, args: list[str]) -> str:
    """Close descriptors of the task that runs."""
    task = shell.machine.current.task
    fds = task.open_files() if args == ["all"] else descriptors(args, task)
    for fd in fds:
        try:
            shell.machine.close(task, fd)
        except KernelError as error:
            raise refused(f"close: {fd}", error) from None
    return ""


def amount(name: str, args: list[str]) -> int:
    """Read the N of a command, 1 if it is left out."""
    if not args:
        return 1
    if len(args) != 1 or not is_number(args[0]) or not 1 <= int(args[0]) <= MOST:
        raise CommandError(f"{name}: {' '.join(args)[:40]}: {words_for(errno.EINVAL)}", errno.EINVAL, f"N is 1 to {MOST:,}.", 2)
    return int(args[0])


def descriptors(args: list[str], task: Task) -> list[int]:
    """Read "3", "0-9", "1 4 7"; all must be open, so that a wrong one closes nothing."""
    if not args:
        raise usage_error("close")
    fds: list[int] = []
    for word in args:
        first, dash, last = word.partition("-")
        if not is_number(first) or (dash and not is_number(last)) or (dash and int(last) < int(first)):
            raise usage_error("close")
        fds += range(int(first), min(int(last), len(task.files)) + 1 if dash else int(first) + 1)
        if dash and int(last) >= len(task.files):
            fds.append(int(last))
    still_open = set(task.open_files())
    for fd in fds:
        if fd not in still_open:
            hint = f"Task {task.pid} has no open file {fd}; nothing was closed."
            raise CommandError(f"close: {fd}: {words_for(errno.EBADF)}", errno.EBADF, hint)
        still_open.remove(fd)
    return fds


def some_refused(name: str, refusals: int, count: int, error: KernelError, printed: str) -> CommandError:
    """Say how many of N were refused, after what the others printed."""
    words = f"{name}: {error.shell_words}"
    if count > 1:
        words += f" ({refusals:,} of {count:,} refused)"
    return CommandError(f"{words}\0{printed}", error.errno or 0, error.strerror or "")


def where_opened(shell: Shell, task: Task, fds: list[int]) -> str:
    """Print runs of descriptors with the cells of their struct files: "fd 0-15: slab 0 cells 0-f"."""
    runs: list[list[int]] = []  # first fd, last fd, slab, first cell, last cell
    for fd in fds:
        address = task.files[fd]
        slab = shell.machine.slub.slab_of[address >> PAGE_SHIFT]
        assert isinstance(slab, Slab)
        cell = (address - slab.s_mem) // slab.cache.size
        last = runs[-1] if runs else None
        if last and last[1] + 1 == fd and last[2] == slab.number and last[4] + 1 == cell:
            last[1] = fd
            last[4] = cell
        else:
            runs.append([fd, fd, slab.number, cell, cell])
    lines = []
    for first, last_fd, number, cell, last_cell in runs[:RUNS_SHOWN]:
        fd_words = f"fd {first}" if first == last_fd else f"fd {first}-{last_fd}"
        cell_words = f"cell {cell:x}" if cell == last_cell else f"cells {cell:x}-{last_cell:x}"
        lines.append(f"{fd_words}: slab {number} {cell_words}")
    if len(runs) > RUNS_SHOWN:
        slabs = len({run[2] for run in runs})
        lines.append(f"... to fd {fds[-1]:,}: {len(fds):,} files on {slabs:,} slab{'s' * (slabs > 1)}")
    return "\n".join(lines)
