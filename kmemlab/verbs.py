"""The commands: files (mount umount mkdir rmdir ls cat echo), tasks (ps fork exit kill open close), and help."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .commands import USAGE, VERBS, CommandError, is_number, refused, usage_error, verb, words_for
from .engine.errors import KernelError
from .engine.hierarchy import Hierarchy
from .engine.kmem_cache import Slab
from .engine.tasks import Task
from .engine.types import PAGE_SHIFT
from .engine.vfs import Dir
from .man import PAGES, page

if TYPE_CHECKING:
    from .shell import Shell

__all__ = ["VERBS"]

MOST = 1_000_000
RUNS_SHOWN = 6


@verb("mount [-t container] [-o [remount,]OPTIONS] none DIR")
def mount(shell: Shell, args: list[str]) -> str:
    """Mount a container hierarchy, change a mount, or list what is mounted."""
    tree = shell.machine.tree
    if not args:
        lines = ["proc on /proc type proc (rw)", "sysfs on /sys type sysfs (rw)"]
        for point, hierarchy in tree.mounts.items():
            lines.append(f"none on {point} type container (rw,{','.join(shown_options(hierarchy))})")
        return "\n".join(lines)
    kind, options, rest = "", None, []
    words = list(args)
    while words:
        word = words.pop(0)
        if word in ("-t", "-o") and words:
            if word == "-t":
                kind = words.pop(0)
            else:
                options = words.pop(0)
        else:
            rest.append(word)
    again, options = taken_out("remount", options)
    if again and len(rest) == 1:
        rest = ["none", *rest]
    if len(rest) != 2 or not (kind or again):
        raise usage_error("mount")
    if kind and kind != "container":
        hint = "The file system of 2007 is called container; it became cgroup with 2.6.24." if kind == "cgroup" else ""
        raise CommandError(f"mount: unknown filesystem type '{kind}'", errno.ENODEV, hint)
    try:
        if again:
            tree.remount(options, rest[1])
        else:
            tree.mount(options, rest[1])
    except KernelError as error:
        raise refused("mount", error) from None
    return ""


def taken_out(word: str, options: str | None) -> tuple[bool, str | None]:
    """Take a word that mount(8) keeps for itself out of the options; says whether it was there. Without others: None."""
    words = options.split(",") if options is not None else []
    if word not in words:
        return False, options
    left = [each for each in words if each != word]
    return True, ",".join(left) if left else None


def shown_options(hierarchy: Hierarchy) -> list[str]:
    """Name the options of a mount as `cgroup_show_options` does (2.6.24, recollection): highest subsystem first."""
    words = [subsystem.name for subsystem in reversed(hierarchy.subsystems)]
    if hierarchy.noprefix:
        words.append("noprefix")
    if hierarchy.release_agent:
        words.append(f"release_agent={hierarchy.release_agent}")
    return words


@verb("umount DIR")
def umount(shell: Shell, args: list[str]) -> str:
    """Take a mount away."""
    if len(args) != 1:
        raise usage_error("umount")
    try:
        shell.machine.tree.umount(args[0])
    except KernelError as error:
        raise refused(f"umount: can't unmount {args[0]}", error) from None
    return ""


@verb("mkdir DIR...")
def mkdir(shell: Shell, args: list[str]) -> str:
    """Make directories; in a container tree, containers."""
    if not args:
        raise usage_error("mkdir")
    for path in args:
        try:
            shell.machine.tree.mkdir(path)
        except KernelError as error:
            raise refused(f"mkdir: can't create directory '{path}'", error) from None
    return ""


@verb("rmdir DIR...")
def rmdir(shell: Shell, args: list[str]) -> str:
    """Remove directories; in a container tree, containers."""
    if not args:
        raise usage_error("rmdir")
    for path in args:
        try:
            shell.machine.tree.rmdir(path)
        except KernelError as error:
            raise refused(f"rmdir: '{path.rstrip('/').rpartition('/')[2]}'", error) from None
    return ""


@verb("mv OLD NEW")
def mv(shell: Shell, args: list[str]) -> str:
    """Rename a directory; in a container tree, a container."""
    if len(args) != 2:
        raise usage_error("mv")
    try:
        shell.machine.tree.rename(args[0], args[1])
    except KernelError as error:
        raise refused(f"mv: can't rename '{args[0]}'", error) from None
    return ""


@verb("chown UID DIR")
def chown(shell: Shell, args: list[str]) -> str:
    """Give a container's directory and files to a user."""
    if len(args) != 2 or not is_number(args[0]):
        raise usage_error("chown")
    try:
        shell.machine.tree.chown(args[1], int(args[0]))
    except KernelError as error:
        raise refused(f"chown: {args[1]}", error) from None
    return ""


@verb("ls [DIR]")
def ls(shell: Shell, args: list[str]) -> str:
    """List a directory."""
    if len(args) > 1:
        raise usage_error("ls")
    path = args[0] if args else "/"
    try:
        node = shell.machine.tree.lookup(path)
        return "\n".join(node.names()) if isinstance(node, Dir) else path
    except KernelError as error:
        raise refused(f"ls: {path}", error) from None


@verb("cat FILE...")
def cat(shell: Shell, args: list[str]) -> str:
    """Print files."""
    if not args:
        raise usage_error("cat")
    text = ""
    for path in args:
        try:
            text += shell.machine.tree.read(path)
        except KernelError as error:
            opening = error.errno in (errno.ENOENT, errno.ENOTDIR)
            prefix = f"cat: can't open '{path}'" if opening else f"cat: {path}"
            raise CommandError(f"{prefix}: {error.shell_words}\0{text}", error.errno or 0, error.strerror or "") from None
    return text


@verb("echo [-n] TEXT [> FILE]")
def echo(shell: Shell, args: list[str]) -> str:
    """Print, or write to a file in one write(2)."""
    newline = "\n"
    if args and args[0] == "-n":
        newline = ""
        args = args[1:]
    text = " ".join(args) + newline
    if not shell.target:
        return text
    try:
        file = shell.machine.tree.writable(shell.target)
    except KernelError as error:
        raise refused(f"sh: can't create {shell.target}", error) from None
    try:
        file.write(text)
    except KernelError as error:
        raise refused("sh: write error", error) from None
    return ""


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
        shell.machine.exit(shell.machine.tasks.find(int(args[0])))
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


@verb("help [COMMAND]")
def help_(shell: Shell, args: list[str]) -> str:
    """List the commands."""
    if args:
        return page(args[0], USAGE)
    topics = ", ".join(sorted(set(PAGES) - set(USAGE)))
    return "\n".join([*USAGE.values(), "", "as PID[@CPU] in front: another task runs it.", f"man also knows: {topics}"])


@verb("man TOPIC")
def man(shell: Shell, args: list[str]) -> str:
    """Explain a command or a file in plain words."""
    if len(args) != 1:
        raise usage_error("man")
    return page(args[0], USAGE)


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
        cell = (address - slab.base) // slab.cache.size
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
        lines.append(f"... to fd {fds[-1]:,}: {len(fds):,} files on {len({run[2] for run in runs}):,} slabs")
    return "\n".join(lines)


from . import verbs_more  # noqa: E402, F401 (importing them registers more commands, and they need what is above)
