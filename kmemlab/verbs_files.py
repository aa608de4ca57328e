"""The commands on files and directories: mount umount mkdir rmdir mv chown ls cat echo."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .commands import CommandError, echoed, is_number, refused, usage_error, verb
from .engine.container_input import parse_mount_options
from .engine.errors import KernelError
from .engine.hierarchy import Hierarchy
from .engine.vfs import Dir

if TYPE_CHECKING:
    from .shell import Shell


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
        unknown = unknown_subsystem(shell, options) if error.errno == errno.ENOENT else None
        raise refused("mount", unknown or error) from None
    return ""


def unknown_subsystem(shell: Shell, options: str | None) -> KernelError | None:
    """Complain of a word that is no subsystem: where the directory is missing too, the kernel's ENOENT fits both."""
    try:
        parse_mount_options(options, shell.machine.containers.names())
    except KernelError as error:
        return error if error.errno == errno.ENOENT else None
    return None


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
    """Print, or write to a file in one write(2); with nothing to say in none, so that the file is opened and no more."""
    text = echoed(args)
    if not shell.target:
        return text
    try:
        file = shell.machine.tree.writable(shell.target)
    except KernelError as error:
        raise refused(f"sh: can't create {shell.target}", error) from None
    try:
        if text:
            file.write(text)
    except KernelError as error:
        raise refused("sh: write error", error) from None
    return ""
