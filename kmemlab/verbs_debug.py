"""The commands of SLUB_DEBUG: poke, which overwrites kernel memory, and dmesg, which prints what the checks have found."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

from .commands import CommandError, refused, usage_error, verb
from .engine.errors import KernelError, invalid
from .engine.poke import poke
from .engine.slub_admin import slabs_of
from .engine.types import PAGE_OFFSET

if TYPE_CHECKING:
    from .shell import Shell

MOST_BYTES = 256
NUMBER = r"0x[0-9a-fA-F]{1,16}|[0-9]{1,20}"
ADDRESS = re.compile(rf"({NUMBER})(?:\+({NUMBER}))?")
PLACE = re.compile(rf"([0-9]{{1,9}})\.([0-9]{{1,9}})(?:([+-])({NUMBER}))?")


@verb("poke ADDRESS[+OFFSET] BYTE... | CACHE SLAB.OBJECT[+OFFSET] BYTE...")
def poke_(shell: Shell, args: list[str]) -> str:
    """Overwrite bytes of a SLUB_DEBUG slab, as a bug in the kernel would."""
    if len(args) < 2:
        raise usage_error("poke")
    slub = shell.machine.slub
    where = ADDRESS.fullmatch(args[0])
    try:
        if where:
            address = number(where[1]) + number(where[2] or "0")
            if address >= PAGE_OFFSET:
                address -= PAGE_OFFSET
            words = args[1:]
        else:
            address = place(shell, args[0], args[1])
            words = args[2:]
        return poke(slub, address, bytes_in(words))
    except KernelError as error:
        raise refused(f"poke: {args[0]}", error) from None


def number(text: str) -> int:
    """Read a decimal number, or a hexadecimal one after 0x."""
    return int(text, 16) if text.startswith("0x") else int(text)


def place(shell: Shell, cache: str, text: str) -> int:
    """Return the address that SLAB.OBJECT+OFFSET of a cache is. Slabs are numbered from birth; an offset may lead anywhere.

    Raises:
        CommandError: EINVAL, for what is no such place.
        KernelError: ENOENT for no such cache or slab, EINVAL for no such object.
    """
    found = PLACE.fullmatch(text)
    if not found:
        raise usage_error("poke")
    kmem_cache = shell.machine.find_cache(cache)
    born, slot = int(found[1]), int(found[2])
    slab = next((each for each in slabs_of(shell.machine.slub, kmem_cache) if each.number == born), None)
    if slab is None:
        raise KernelError(errno.ENOENT, f"{cache} has no slab {born} (any more): slabs are numbered from their birth")
    if slot >= kmem_cache.objects:
        raise invalid(f"the objects of a {cache} slab are 0 to {kmem_cache.objects - 1}")
    offset = number(found[4]) if found[4] else 0
    return int(slab.s_mem) + slot * int(kmem_cache.size) + (-offset if found[3] == "-" else offset)


def bytes_in(words: list[str]) -> bytes:
    """Read bytes, 0 to 255 each.

    Raises:
        CommandError: EINVAL, for none, too many, or what is no byte.
    """
    if not words or len(words) > MOST_BYTES:
        raise usage_error("poke")
    values = []
    for word in words:
        if not re.fullmatch(NUMBER, word) or number(word) > 255:
            raise CommandError(f"poke: {word}: Invalid argument", errno.EINVAL, "A byte is 0 to 255, or 0x0 to 0xff.", 2)
        values.append(number(word))
    return bytes(values)


@verb("dmesg")
def dmesg(shell: Shell, args: list[str]) -> str:
    """Print the kernel's log."""
    if args:
        raise usage_error("dmesg")
    return "\n".join(shell.machine.slub.printk.lines)
