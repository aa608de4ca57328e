"""What a user writes to the container file system, read as the kernel read it: mount options, pids, names. facts 4.2."""

from __future__ import annotations

import errno
from typing import Final

from .errors import KernelError, invalid

PATH_MAX: Final = 4096
UINT_BYTES: Final = 64
U64: Final = (1 << 64) - 1


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


def parse_flag(text: str) -> bool:
    """Read what is written to notify_on_release: a decimal prefix that is not zero sets it, anything else clears it.

    Raises:
        KernelError: E2BIG from 4,096 bytes on.
    """
    if len(text) >= PATH_MAX:
        raise KernelError(errno.E2BIG, f"a flag has fewer than {PATH_MAX} bytes")
    digits = text.partition("\0")[0]
    count = 0
    while count < len(digits) and "0" <= digits[count] <= "9":
        count += 1
    return count > 0 and int(digits[:count]) & U64 != 0


def parse_uint(text: str) -> int:
    """Read what is written to a subsystem's number file (`cgroup_write_uint`): C prefixes, one newline, 64 bits that wrap.

    Raises:
        KernelError: E2BIG from 64 bytes on; EINVAL for an empty write and for anything behind the number.
    """
    if len(text.encode()) >= UINT_BYTES:
        raise KernelError(errno.E2BIG, f"a number has fewer than {UINT_BYTES} bytes")
    if not text:
        raise invalid("an empty write is no number")
    body = text.partition("\0")[0].removesuffix("\n")
    base, digits = (16, body[2:]) if body[:2] in ("0x", "0X") else (8, body) if body.startswith("0") else (10, body)
    if digits and not all(char in "0123456789abcdef"[:base] for char in digits.lower()):
        raise invalid(f"{body!r} is not a number")
    return int(digits or "0", base) & U64


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
