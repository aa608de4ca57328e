"""The trees a user sees: directories and files whose content is made when it is read, and where they are mounted."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from .container_input import check_name, parse_flag, parse_pid
from .containers import RESERVED, Container, Hierarchy, file_names
from .errors import KernelError
from .procfs import ProcDir
from .sysfs import SlabRootDir
from .vfs import Dir, File, Node, PlainDir

if TYPE_CHECKING:
    from .machine import Machine


class ContainerDir(Dir):
    """A container as a directory: its subsystems' files, `tasks`, and its children."""

    def __init__(self, machine: Machine, container: Container) -> None:
        self.machine = machine
        self.container = container

    def names(self) -> list[str]:
        """List files first, then children."""
        listed = list(RESERVED)
        for subsystem in self.container.hierarchy.subsystems:
            listed += file_names(subsystem, self.container.hierarchy)
        return listed + list(self.container.children)

    def get(self, name: str) -> Node | None:
        """Find a file or a child."""
        child = self.container.children.get(name)
        if child is not None:
            return ContainerDir(self.machine, child)
        if name == "tasks":
            return File(self.read_tasks, self.write_tasks)
        if name == "notify_on_release":
            return File(lambda: f"{int(self.container.notify_on_release)}\n", self.write_notify)
        for subsystem in self.container.hierarchy.subsystems:
            for member, shown in zip(subsystem.files(), file_names(subsystem, self.container.hierarchy), strict=True):
                if shown == name:
                    css = self.container.css[subsystem.name]
                    return member_file(subsystem.read, subsystem.write, css, member)
        return None

    def mkdir(self, name: str) -> None:
        """Make a child container."""
        self.machine.containers.mkdir(self.container, name)

    def rmdir(self, name: str) -> None:
        """Remove a child container."""
        child = self.container.children.get(name)
        if child is None:
            number = errno.ENOTDIR if name in self.names() else errno.ENOENT
            raise KernelError(number, f"there is no container {name} here")
        self.machine.containers.rmdir(child)

    def read_tasks(self) -> str:
        """List the pids, ascending, one a line."""
        return "".join(f"{pid}\n" for pid in sorted(self.container.tasks))

    def write_notify(self, text: str) -> None:
        """Ask for the release agent, or do without. No agent is run: that is not modelled yet."""
        self.container.notify_on_release = parse_flag(text)

    def write_tasks(self, text: str) -> None:
        """Move the task that is named, 0 for the writer, into this container."""
        pid = parse_pid(text)
        task = self.machine.tasks.find(pid) if pid else self.machine.current.task
        self.machine.containers.attach(self.container, task)


def member_file(read: Callable[..., str], write: Callable[..., None], css: object, member: str) -> File:
    """Tie one of a subsystem's files to one container's state."""
    return File(lambda: read(css, member), lambda text: write(css, member, text))


class FileTree:
    """The root directory and what is mounted where.

    Attributes:
        mounts: path -> hierarchy, in order of mounting. /proc and /sys are there from boot.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.mounts: dict[str, Hierarchy] = {}
        self.root = PlainDir()
        for path in ("containers", "dev", "dev/container", "proc", "sys", "sys/slab", "tmp"):
            self.root.add(path)
        self.fixed: dict[str, Dir] = {"/proc": ProcDir(machine), "/sys/slab": SlabRootDir(machine)}

    def lookup(self, path: str) -> Node:
        """Follow a path from the root; "", "." and ".." mean what they mean.

        Raises:
            KernelError: ENOENT, ENOTDIR.
        """
        node: Node = self.at("/", self.root)
        for here, name in steps(path):
            if not isinstance(node, Dir):
                raise KernelError(errno.ENOTDIR, f"{here.rpartition('/')[0] or '/'} is a file, not a directory")
            found = node.get(name)
            if found is None:
                raise KernelError(errno.ENOENT, f"there is no {here}")
            node = self.at(here, found) if isinstance(found, Dir) else found
        return node

    def at(self, path: str, under: Dir) -> Dir:
        """Return what is mounted at a path, or the directory under it."""
        hierarchy = self.mounts.get(path)
        if hierarchy is not None:
            return ContainerDir(self.machine, hierarchy.root)
        return self.fixed.get(path, under)

    def directory(self, path: str) -> Dir:
        """Follow a path to a directory.

        Raises:
            KernelError: ENOENT, ENOTDIR.
        """
        node = self.lookup(path)
        if not isinstance(node, Dir):
            raise KernelError(errno.ENOTDIR, f"{path} is a file, not a directory")
        return node

    def listdir(self, path: str) -> list[str]:
        """Name what is in a directory.

        Raises:
            KernelError: ENOENT, ENOTDIR.
        """
        return self.directory(path).names()

    def read(self, path: str) -> str:
        """Return what a file says.

        Raises:
            KernelError: ENOENT; EISDIR for a directory; EINVAL or EIO from the file.
        """
        node = self.lookup(path)
        if isinstance(node, File):
            return node.read()
        raise KernelError(errno.EISDIR, f"{path} is a directory: `ls` lists it")

    def writable(self, path: str) -> File:
        """Open a file for writing, as a shell does before it runs `echo`.

        Raises:
            KernelError: ENOENT, ENOTDIR; EISDIR for a directory; EACCES where a file would have to be created.
        """
        try:
            node = self.lookup(path)
        except KernelError as error:
            if error.errno != errno.ENOENT:
                raise
            self.directory(parent_of(path))
            raise KernelError(errno.EACCES, "No file can be created here: these trees hold what the kernel shows.") from None
        if not isinstance(node, File):
            raise KernelError(errno.EISDIR, f"{path} is a directory.")
        return node

    def write(self, path: str, text: str) -> None:
        """Write to a file, in one write(2).

        Raises:
            KernelError: as `writable`, or what the file says no with.
        """
        self.writable(path).write(text)

    def mkdir(self, path: str) -> None:
        """Make a directory, in a container tree a container.

        Raises:
            KernelError: ENOENT, ENOTDIR, EEXIST, EINVAL, EPERM.
        """
        if path and canonical(path) == "/":
            raise KernelError(errno.EEXIST, "the root is there already")
        parent = self.directory(parent_of(path))
        name = name_of(path)
        check_name(name)
        if parent.get(name) is not None:
            raise KernelError(errno.EEXIST, f"there is a {name} already")
        parent.mkdir(name)

    def rmdir(self, path: str) -> None:
        """Remove a directory, in a container tree a container.

        Raises:
            KernelError: ENOENT, ENOTDIR, ENOTEMPTY, EBUSY.
        """
        clean = canonical(path)
        if clean in self.mounts or clean in self.fixed or clean == "/":
            raise KernelError(errno.EBUSY, f"something is mounted on {clean}")
        if any(point.startswith(clean + "/") for point in [*self.mounts, *self.fixed]):
            raise KernelError(errno.ENOTEMPTY, f"{clean} is not empty")
        self.directory(parent_of(path)).rmdir(name_of(path))

    def mount(self, options: str | None, point: str) -> None:
        """Mount a container hierarchy.

        Raises:
            KernelError: ENOENT, ENOTDIR for the point; EBUSY if something is mounted there; as `Containers.mount`.
        """
        self.directory(point)
        clean = canonical(point)
        if clean in self.mounts or clean in self.fixed:
            raise KernelError(errno.EBUSY, f"something is mounted on {clean} already")
        tasks = list(self.machine.tasks.by_pid.values())
        self.mounts[clean] = self.machine.containers.mount(options, tasks)

    def umount(self, point: str) -> None:
        """Take a mount away.

        Raises:
            KernelError: EINVAL, if nothing is mounted there; EBUSY for what the kernel itself mounted.
        """
        clean = canonical(point)
        if clean in self.fixed:
            raise KernelError(errno.EBUSY, f"{clean} is in use by the kernel")
        if clean not in self.mounts:
            raise KernelError(errno.EINVAL, f"nothing is mounted on {clean}")
        self.machine.containers.umount(self.mounts.pop(clean))


def steps(path: str) -> list[tuple[str, str]]:
    """Split a path into (path so far, name) for each name on the way."""
    names: list[str] = []
    for name in path.split("/"):
        if name == "..":
            if names:
                names.pop()
        elif name and name != ".":
            names.append(name)
    return [("/" + "/".join(names[: count + 1]), name) for count, name in enumerate(names)]


def canonical(path: str) -> str:
    """Return a path from the root without dots or double slashes."""
    walked = steps(path)
    return walked[-1][0] if walked else "/"


def parent_of(path: str) -> str:
    """Return the directory part of a path as it is written, so that a name of dots is still seen."""
    return path.rstrip("/").rpartition("/")[0] or "/"


def name_of(path: str) -> str:
    """Return the last name of a path as it is written."""
    return path.rstrip("/").rpartition("/")[2]
