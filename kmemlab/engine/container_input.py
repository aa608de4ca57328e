"""What a user writes to the container file system, read as the kernel read it: mount options, pids, names. facts 4.2."""

from __future__ import annotations

import errno
from typing import Final

from .errors import KernelError, invalid

PATH_MAX: Final = 4096


class MountOptions:
    """What `mount -o` asked for: subsystem names in the kernel's order, noprefix, release_agent."""

    def __init__(self, names: list[str], noprefix: bool, release_agent: str | None) -> None:
        self.names = names
        self.noprefix = noprefix
        self.release_agent = release_agent


def parse_mount_options(data: str | None, known: list[str]) -> MountOptions:
    """Read the data of a container mount (`parse_containerfs_options`); None means "all".

    Raises:
        KernelError: EINVAL for an empty word, no subsystem, two release agents; ENOENT for a word that is no subsystem.
            The first error wins, from left to right.
    """
    wanted: set[str] = set()
    noprefix = False
    agent: str | None = None
    for word in ("all" if data is None else data).split(","):
        if not word:
            raise invalid("an empty word between the commas of the mount options")
        if word == "all":
            wanted.update(known)
        elif word == "noprefix":
            noprefix = True
        elif word.startswith("release_agent="):
            if agent is not None:
                raise invalid("release_agent is given twice")
            agent = word.removeprefix("release_agent=")
        elif word in known:
            wanted.add(word)
        else:
            near = [name for name in known if len(set(name) ^ set(word)) <= 2]
            hint = f" Did you mean {near[0]}?" if near else f" There is: {', '.join(known)}."
            raise KernelError(errno.ENOENT, f"No subsystem is called {word}.{hint}")
    if not wanted:
        raise invalid("the mount options name no subsystem")
    return MountOptions([name for name in known if name in wanted], noprefix, agent)


def parse_pid(text: str) -> int:
    """Read a pid as the tasks file did: the first number, the rest is ignored, 32 bits that wrap. 0 is the writer.

    Raises:
        KernelError: E2BIG from 4,096 bytes on; EIO where no number starts.
    """
    if len(text) >= PATH_MAX:
        raise KernelError(errno.E2BIG, f"one pid has fewer than {PATH_MAX} bytes")
    rest = text.partition("\0")[0].lstrip(" \t\n\v\f\r\u00a0")
    sign = -1 if rest.startswith("-") else 1
    rest = rest.removeprefix("-")
    digits = 0
    while digits < len(rest) and "0" <= rest[digits] <= "9":
        digits += 1
    if digits == 0:
        raise KernelError(errno.EIO, "Write one pid: a number, or 0 for yourself.")
    value = sign * int(rest[:digits]) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def check_name(name: str) -> None:
    """Refuse what cannot be one name in a directory.

    Raises:
        KernelError: ENOENT for no name, EEXIST, ENAMETOOLONG, or EINVAL.
    """
    if not name:
        raise KernelError(errno.ENOENT, "a name has at least one character")
    if name in (".", ".."):
        raise KernelError(errno.EEXIST, f"{name} is there in every directory")
    if "/" in name or "\0" in name or "\n" in name:
        raise invalid("a name has no slash, newline or NUL in it")
    if len(name.encode()) > 255:
        raise KernelError(errno.ENAMETOOLONG, "a name has at most 255 bytes")


def plural(count: int, word: str, words: str = "") -> str:
    """Say "2 tasks", "1 task", "" for none."""
    if count == 0:
        return ""
    return f"{count:,} {word if count == 1 else words or word + 's'}"
