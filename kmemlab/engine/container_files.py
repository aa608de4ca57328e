"""The files of a container: what each says and takes. kernel/cgroup.c 2.6.24, facts 4.2, slub-2.6 section 7.

A shell may hold a file open while its container is removed. 2.6.24 then says -ENODEV.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .container_input import PATH_MAX, check_name, parse_flag, parse_pid
from .errors import KernelError, invalid
from .hierarchy import ROOT_FILES, Container, Css, Subsystem, file_names, own_files
from .vfs import Dir, File, Node

if TYPE_CHECKING:
    from .machine import Machine


class ContainerDir(Dir):
    """A container as a directory: its own files, its subsystems' files, and its children."""

    def __init__(self, machine: Machine, container: Container) -> None:
        self.machine = machine
        self.container = container
        self.owner = container.owner

    def names(self) -> list[str]:
        """List files first, then children."""
        return own_files(self.container) + list(self.container.children)

    def get(self, name: str) -> Node | None:
        """Find a file or a child. Files belong to whom their directory belongs to."""
        child = self.container.children.get(name)
        if child is not None:
            return ContainerDir(self.machine, child)
        file = self.file(name)
        if file is not None:
            file.owner = self.owner
        return file

    def file(self, name: str) -> File | None:
        """Find a file."""
        if name in ROOT_FILES:
            return self.own_file(name)
        for subsystem in self.container.hierarchy.subsystems:
            for member, shown in zip(subsystem.files(), file_names(subsystem, self.container.hierarchy), strict=True):
                if shown == name:
                    return MemberFile(self.container, subsystem, self.container.css[subsystem.name], member)
        return None

    def own_file(self, name: str) -> File | None:
        """Find a file that every container has, or only a root."""
        if name == "tasks":
            return File(self.read_tasks, self.write_tasks)
        if name == "notify_on_release":
            return File(self.read_notify, self.write_notify)
        if name == "releasable":
            return File(self.read_releasable, self.write_releasable)
        return File(self.read_agent, self.write_agent) if self.container.parent is None else None

    def mkdir(self, name: str) -> None:
        """Make a child container; it belongs to whoever makes it."""
        self.machine.containers.mkdir(self.container, name, self.machine.current.task.euid)

    def rmdir(self, name: str) -> None:
        """Remove a child container.

        Raises:
            KernelError: ENOENT; ENOTDIR for a file; as `Containers.rmdir`.
        """
        child = self.container.children.get(name)
        if child is None:
            number = errno.ENOTDIR if name in self.names() else errno.ENOENT
            raise KernelError(number, f"there is no container {name} here")
        self.machine.containers.rmdir(child)

    def rename(self, name: str, target: Dir, new: str) -> None:
        """Rename a child container. `cgroup_rename` 2.6.24: the first of these that is so.

        Raises:
            KernelError: ENOTDIR for a file; EEXIST for a name that is taken; EIO for another parent; as `check_name`.
        """
        child = self.container.children.get(name)
        if child is None:
            raise KernelError(errno.ENOTDIR, f"{name} is a file: only containers can be renamed.")
        if target.get(new) is not None:
            raise KernelError(errno.EEXIST, f"there is a {new} already")
        check_name(new)
        if not isinstance(target, ContainerDir) or target.container is not self.container:
            raise KernelError(errno.EIO, "A container keeps its parent: only its name can change.")
        self.machine.containers.rename(child, new)

    def check_write(self, text: str) -> None:
        """Refuse a write that is too long, or to a container that is gone (`cgroup_common_file_write`).

        Raises:
            KernelError: E2BIG from 4,096 bytes on; ENODEV.
        """
        if len(text.encode()) >= PATH_MAX:
            raise KernelError(errno.E2BIG, f"one write has fewer than {PATH_MAX:,} bytes")
        check_alive(self.container)

    # -- tasks

    def read_tasks(self) -> str:
        """List the pids, ascending, one a line.

        Raises:
            KernelError: ENODEV for a removed container.
        """
        check_alive(self.container)
        return "".join(f"{pid}\n" for pid in sorted(self.container.tasks))

    def write_tasks(self, text: str) -> None:
        """Move the task that is named, 0 for the writer, into this container (`attach_task_by_pid`).

        Raises:
            KernelError: in this order E2BIG, ENODEV, EIO (no number), ESRCH, EACCES (a writer that is not root, whose euid
                is neither the task's uid nor its saved uid), and a subsystem's veto.
        """
        self.check_write(text)
        pid = parse_pid(text)
        writer = self.machine.current.task
        task = self.machine.tasks.find(pid) if pid else writer
        if pid and writer.euid and writer.euid not in (task.uid, task.suid):
            raise KernelError(errno.EACCES, f"Task {writer.pid} is of user {writer.euid}, task {pid} is of another.")
        self.machine.containers.attach(self.container, task)

    # -- the release agent

    def read_notify(self) -> str:
        """Say 1 if the release agent is to run.

        Raises:
            KernelError: ENODEV for a removed container.
        """
        check_alive(self.container)
        return f"{int(self.container.notify_on_release)}\n"

    def write_notify(self, text: str) -> None:
        """Ask for the release agent, or do without. Either forgets that the container was releasable.

        Raises:
            KernelError: E2BIG, ENODEV; never for what the text says.
        """
        self.check_write(text)
        self.container.releasable = False
        self.container.notify_on_release = parse_flag(text)
        self.machine.containers.released.look(self.container)

    def read_releasable(self) -> str:
        """Say 1 if a task, a child or the last object went since notify_on_release was written (`cgroup_is_releasable`).

        Raises:
            KernelError: ENODEV for a removed container.
        """
        check_alive(self.container)
        return f"{int(self.container.releasable and self.container.notify_on_release)}\n"

    def write_releasable(self, text: str) -> None:
        """Say no.

        Raises:
            KernelError: E2BIG, ENODEV, EINVAL.
        """
        self.check_write(text)
        raise invalid("releasable can only be read")

    def read_agent(self) -> str:
        """Name the release agent; a line even if there is none."""
        return f"{self.container.hierarchy.release_agent or ''}\n"

    def write_agent(self, text: str) -> None:
        """Set the release agent; one newline at the end is dropped, and what follows a NUL.

        Raises:
            KernelError: E2BIG.
        """
        self.check_write(text)
        self.container.hierarchy.release_agent = text.removesuffix("\n").partition("\0")[0]


class MemberFile(File):
    """One of a subsystem's files, tied to one container's state."""

    def __init__(self, container: Container, subsystem: Subsystem, css: Css, member: str) -> None:
        super().__init__(None)
        self.container = container
        self.subsystem = subsystem
        self.css = css
        self.member = member

    def read(self) -> str:
        """Return what the subsystem says.

        Raises:
            KernelError: ENODEV for a removed container; the subsystem's own.
        """
        check_alive(self.container)
        return self.subsystem.read(self.css, self.member)

    def write(self, text: str) -> None:
        """Hand to the subsystem what is written.

        Raises:
            KernelError: ENODEV for a removed container; the subsystem's own.
        """
        check_alive(self.container)
        self.subsystem.write(self.css, self.member, text)


def check_alive(container: Container) -> None:
    """Refuse a file of a container that is gone.

    Raises:
        KernelError: ENODEV.
    """
    if container.removed:
        raise KernelError(errno.ENODEV, "this container was removed")
