"""The trees a user sees: directories and files whose content is made when it is read, and where they are mounted."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .container_files import ContainerDir
from .container_input import check_name
from .debugfs import DebugDir
from .errors import KernelError
from .hierarchy import Hierarchy
from .paths import canonical as canonical
from .paths import is_below, point_above, renamed_points, steps
from .paths import name_of as name_of
from .paths import parent_of as parent_of
from .procfs import ProcDir
from .sysfs import SlabRootDir
from .vfs import ANYONE, Dir, File, Node, PlainDir

if TYPE_CHECKING:
    from .machine import Machine


class FileTree:
    """The root directory and what is mounted where.

    Attributes:
        mounts: path -> hierarchy, in order of mounting. /proc and /sys are there from boot.
            Nothing is mounted over a mount, so a tree stands before those inside it.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.mounts: dict[str, Hierarchy] = {}
        self.root = PlainDir()
        for path in ("containers", "dev", "dev/container", "proc", "sys", "sys/slab", "sys/kernel", "sys/kernel/debug", "tmp"):
            self.root.add(path)
        self.fixed: dict[str, Dir] = {
            "/proc": ProcDir(machine),
            "/sys/kernel/debug": DebugDir(machine),
            "/sys/slab": SlabRootDir(machine),
        }

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
            KernelError: ENOENT, ENOTDIR; EISDIR for a directory; EACCES where a file would have to be created, and for
                another user's file.
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
        self.check_writer(node, path)
        return node

    def check_writer(self, node: Node, path: str) -> None:
        """Let root and the owner write; in /tmp anyone may. `generic_permission`, modes 0755 and 0644.

        Raises:
            KernelError: EACCES.
        """
        anyone = isinstance(node, PlainDir) and is_below(canonical(path), "/tmp")
        euid = self.machine.current.task.euid
        if euid and not anyone and node.owner not in (euid, ANYONE):
            raise KernelError(errno.EACCES, f"{path} belongs to user {node.owner}; you are user {euid}.")

    def check_root(self, what: str) -> None:
        """Let only root do something (CAP_SYS_ADMIN, CAP_CHOWN).

        Raises:
            KernelError: EPERM.
        """
        if self.machine.current.task.euid:
            raise KernelError(errno.EPERM, f"only root may {what}")

    def write(self, path: str, text: str) -> None:
        """Write to a file, in one write(2).

        Raises:
            KernelError: as `writable`, or what the file says no with.
        """
        self.writable(path).write(text)

    def mkdir(self, path: str) -> None:
        """Make a directory, in a container tree a container.

        Raises:
            KernelError: ENOENT, ENOTDIR, EEXIST, EINVAL, EPERM; EACCES in another user's directory.
        """
        if path and canonical(path) == "/":
            raise KernelError(errno.EEXIST, "the root is there already")
        parent = self.directory(parent_of(path))
        name = name_of(path)
        check_name(name)
        if parent.get(name) is not None:
            raise KernelError(errno.EEXIST, f"there is a {name} already")
        self.check_writer(parent, parent_of(path))
        parent.mkdir(name)

    def rmdir(self, path: str) -> None:
        """Remove a directory, in a container tree a container.

        Raises:
            KernelError: ENOENT, ENOTDIR, ENOTEMPTY; EACCES in another user's directory; EBUSY where something is mounted,
                also for a container that is a mount point in another mount of its tree (`vfs_rmdir`, d_mountpoint).
        """
        clean = canonical(path)
        if clean == "/":
            raise KernelError(errno.EBUSY, "something is mounted on /")
        parent = self.directory(parent_of(path))
        name = name_of(path)
        found = parent.get(name)
        if found is not None:
            self.check_writer(parent, parent_of(path))
        self.check_uncovered(clean, found)
        parent.rmdir(name)

    def check_uncovered(self, clean: str, node: Node | None) -> None:
        """Refuse a directory that something is mounted on, by whatever path.

        Raises:
            KernelError: EBUSY.
        """
        points = [*self.mounts, *self.fixed]
        busy = [clean] if clean in points else []
        if isinstance(node, ContainerDir):
            for point in self.mounts:
                under = self.directory(parent_of(point)).get(name_of(point))
                if isinstance(under, ContainerDir) and under.container is node.container:
                    busy.append(point)
        if busy:
            raise KernelError(errno.EBUSY, f"something is mounted on {busy[0]}")

    def rename(self, old: str, new: str) -> None:
        """Rename a directory, in a container tree a container. Mount points inside it move along.

        As rename(2), not as mv(1): nothing is moved into a directory that exists (mv -T). `do_rename`, `vfs_rename` 2.6.23
        (recollection), slub-2.6 7.

        Raises:
            KernelError: ENOENT, ENOTDIR; EXDEV between two mounts; EINVAL into itself; EACCES in another user's directory;
                EBUSY for a mount point and for dots; else as the directory says: ENOTDIR, EEXIST, EIO in a container tree.
        """
        before, after = canonical(old), canonical(new)
        if not {name_of(old), name_of(new)}.isdisjoint(("", ".", "..")):
            raise KernelError(errno.EBUSY, "the root and names of dots stay as they are")
        here, there = self.directory(parent_of(old)), self.directory(parent_of(new))
        points = [*self.fixed, *self.mounts]
        mounted = point_above(points, before)
        if mounted != point_above(points, after):
            raise KernelError(errno.EXDEV, "a name cannot move from one mount to another")
        node = here.get(name_of(old))
        if node is None:
            raise KernelError(errno.ENOENT, f"there is no {before}")
        if before == after:
            return
        if isinstance(node, Dir) and is_below(after, before):
            raise KernelError(errno.EINVAL, "a directory cannot move into itself")
        self.check_writer(here, parent_of(old))
        self.check_writer(there, parent_of(new))
        self.check_uncovered(before, node)
        self.check_uncovered(after, there.get(name_of(new)))
        if mounted == "" and any(is_below(point, before) for point in self.fixed):
            raise KernelError(errno.EBUSY, f"the kernel has something mounted in {before}")
        here.rename(name_of(old), there, name_of(new))
        tree = self.mounts.get(mounted)
        same = [point for point, hierarchy in self.mounts.items() if hierarchy is tree] if tree is not None else [mounted]
        called = renamed_points(points, same, before[len(mounted) :], after[len(mounted) :])
        self.mounts = {called[point]: hierarchy for point, hierarchy in self.mounts.items()}

    def chown(self, path: str, uid: int) -> None:
        """Give a container's directory and its files to a user. Not those below it.

        Raises:
            KernelError: ENOENT, ENOTDIR; EPERM for anyone but root, and for anything but a container (kmemlab's choice).
        """
        node = self.lookup(path)
        self.check_root("give things away")
        if not isinstance(node, ContainerDir):
            raise KernelError(errno.EPERM, "Only a container can be given away: its directory, its files with it.")
        node.container.owner = uid

    def mount(self, options: str | None, point: str) -> None:
        """Mount a container hierarchy.

        Raises:
            KernelError: ENOENT, ENOTDIR for the point; EPERM for anyone but root; EBUSY if something is mounted there, and
                if something is mounted inside it, so that no mount hides another (kmemlab's choice); as `Containers.mount`.
        """
        self.directory(point)
        self.check_root("mount")
        clean = canonical(point)
        taken = [each for each in [*self.mounts, *self.fixed] if is_below(each, clean)]
        if taken:
            raise KernelError(errno.EBUSY, f"something is mounted on {taken[0]} already")
        tasks = list(self.machine.tasks.by_pid.values())
        self.mounts[clean] = self.machine.containers.mount(options, tasks)

    def remount(self, options: str | None, point: str) -> None:
        """Change a mount: its subsystems, its release agent.

        Raises:
            KernelError: ENOENT; EPERM for anyone but root; EINVAL, if no hierarchy is mounted there; as `Containers.remount`.
        """
        self.lookup(point)
        self.check_root("mount")
        hierarchy = self.mounts.get(canonical(point))
        if hierarchy is None:
            raise KernelError(errno.EINVAL, f"no container hierarchy is mounted on {canonical(point)}")
        self.machine.containers.remount(hierarchy, options)

    def umount(self, point: str) -> None:
        """Take a mount away.

        Raises:
            KernelError: EINVAL, if nothing is mounted there; EPERM for anyone but root; EBUSY for what the kernel itself
                mounted, and if something is mounted inside.
        """
        clean = canonical(point)
        if clean in self.fixed:
            raise KernelError(errno.EBUSY, f"{clean} is in use by the kernel")
        if clean not in self.mounts:
            raise KernelError(errno.EINVAL, f"nothing is mounted on {clean}")
        self.check_root("unmount")
        inside = [each for each in self.mounts if each != clean and is_below(each, clean)]
        if inside:
            raise KernelError(errno.EBUSY, f"something is mounted on {inside[0]}, inside")
        self.machine.containers.umount(self.mounts.pop(clean))
