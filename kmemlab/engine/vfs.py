"""Directories and files, as few of the kernel's as the trees need: names, get, read, write, mkdir, rmdir."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

from .errors import KernelError
from .types import mypyc_attr

ANYONE: Final = -1


@mypyc_attr(allow_interpreted_subclasses=True)
class Node:
    """A directory or a file. Anyone may read it; write only root and its owner, a uid (modes 0755 and 0644)."""

    owner: int = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class File(Node):
    """A file whose content is made when it is read. Without a reader or writer that half says no (-EIO, as sysfs does)."""

    def __init__(self, reader: Callable[[], str] | None, writer: Callable[[str], None] | None = None) -> None:
        self.reader = reader
        self.writer = writer

    def read(self) -> str:
        """Return the content.

        Raises:
            KernelError: EIO, if there is none to read.
        """
        if self.reader is None:
            raise KernelError(errno.EIO, "this file can only be written")
        return self.reader()

    def write(self, text: str) -> None:
        """Take what is written.

        Raises:
            KernelError: EIO, if it takes nothing; or what the file says no with.
        """
        if self.writer is None:
            raise KernelError(errno.EIO, "this file can only be read")
        self.writer(text)


@mypyc_attr(allow_interpreted_subclasses=True)
class Dir(Node):
    """A directory. What is not overridden is not permitted."""

    def names(self) -> list[str]:
        """Name the entries."""
        return []

    def get(self, name: str) -> Node | None:
        """Find an entry."""
        return None

    def mkdir(self, name: str) -> None:
        """Make a directory.

        Raises:
            KernelError: EPERM, where only the kernel makes them.
        """
        raise KernelError(errno.EPERM, "the kernel makes these directories, nobody else")

    def rmdir(self, name: str) -> None:
        """Remove a directory.

        Raises:
            KernelError: EPERM, where only the kernel removes them.
        """
        raise KernelError(errno.EPERM, "the kernel makes these directories, nobody else")

    def rename(self, name: str, target: Dir, new: str) -> None:
        """Give an entry another name.

        Raises:
            KernelError: EPERM, where only the kernel names things.
        """
        raise KernelError(errno.EPERM, "the kernel names these, nobody else")


class PlainDir(Dir):
    """A directory that holds directories: enough to mount something on."""

    def __init__(self) -> None:
        self.children: dict[str, PlainDir] = {}

    def names(self) -> list[str]:
        """Name the entries, oldest first."""
        return list(self.children)

    def get(self, name: str) -> Node | None:
        """Find an entry."""
        return self.children.get(name)

    def add(self, path: str) -> None:
        """Make a directory below; those above it exist."""
        here = self
        *above, last = path.split("/")
        for name in above:
            here = here.children[name]
        here.children[last] = PlainDir()

    def mkdir(self, name: str) -> None:
        """Make a directory."""
        self.children[name] = PlainDir()

    def rmdir(self, name: str) -> None:
        """Remove an empty directory.

        Raises:
            KernelError: ENOENT, ENOTEMPTY.
        """
        child = self.children.get(name)
        if child is None:
            raise KernelError(errno.ENOENT, f"there is no {name}")
        if child.children:
            raise KernelError(errno.ENOTEMPTY, f"{name} is not empty")
        del self.children[name]

    def rename(self, name: str, target: Dir, new: str) -> None:
        """Move a directory to another place among such.

        Raises:
            KernelError: EEXIST, also for an empty directory, which the kernel would replace (kmemlab's choice); EXDEV.
        """
        if target.get(new) is not None:
            raise KernelError(errno.EEXIST, f"there is a {new} already")
        if not isinstance(target, PlainDir):
            raise KernelError(errno.EXDEV, "a directory stays in its file system")
        target.children[new] = self.children.pop(name)

    def paths(self, above: str = "") -> list[str]:
        """List every directory below, parents first."""
        found: list[str] = []
        for name, child in self.children.items():
            found.append(above + name)
            found += child.paths(f"{above}{name}/")
        return found
