"""The commands of the four kinds: kmalloc, pages and vmalloc by hand, marked or not, kfree, and sites, which lists who asks."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

from .commands import CommandError, is_number, refused, usage_error, verb, words_for
from .engine.errors import KernelError
from .engine.sites import bytes_at
from .engine.types import PAGE_OFFSET, PAGE_SIZE, ZERO_SIZE_PTR
from .survey_kinds import site_rows

if TYPE_CHECKING:
    from .shell import Shell

ACCOUNT = "ACCOUNT"
ADDRESS = re.compile(r"0x[0-9a-fA-F]{1,16}")


@verb("kmalloc SIZE [ACCOUNT]")
def kmalloc(shell: Shell, args: list[str]) -> str:
    """Take SIZE bytes of kmalloc."""
    return by_hand(shell, "kmalloc", args)


@verb("pages ORDER [ACCOUNT]")
def pages(shell: Shell, args: list[str]) -> str:
    """Take 2**ORDER pages."""
    return by_hand(shell, "pages", args)


@verb("vmalloc SIZE [ACCOUNT]")
def vmalloc(shell: Shell, args: list[str]) -> str:
    """Take SIZE bytes of vmalloc."""
    return by_hand(shell, "vmalloc", args)


def by_hand(shell: Shell, call: str, args: list[str]) -> str:
    """Make a call by hand; prints where the memory is and how much it is."""
    much, *flags = args or [""]
    if not is_number(much) or flags not in ([], [ACCOUNT]):
        raise usage_error(call)
    machine = shell.machine
    try:
        address = machine.by_hand.take(call, int(much), bool(flags))
    except KernelError as error:
        raise refused(call, error) from None
    if address == ZERO_SIZE_PTR:
        return "0x10, which is no bytes (ZERO_SIZE_PTR)"
    size = bytes_at(machine, address)
    area = machine.vmalloc.areas.get(address)
    if area is not None:
        pages, them = (f"{area.count:,} pages", "them") if area.count > 1 else ("1 page", "it")
        return f"{PAGE_OFFSET + address:#x}, {pages} and a guard page behind {them}, {size:,} bytes"
    slab = machine.slub.slab_of[address // PAGE_SIZE]
    where = f"{slab.cache.name}, " if slab is not None else ""
    return f"{PAGE_OFFSET + address:#x}, {where}{size:,} bytes"


@verb("kfree ADDRESS|all")
def kfree(shell: Shell, args: list[str]) -> str:
    """Give back what was taken by hand, all of it or none."""
    if len(args) != 1 or (args[0] != "all" and not ADDRESS.fullmatch(args[0])):
        raise usage_error("kfree")
    hand = shell.machine.by_hand
    if args[0] == "all":
        addresses = [address for address, _, _ in hand.held]
    else:
        number = int(args[0], 16)
        addresses = [number - PAGE_OFFSET if number >= PAGE_OFFSET else number]
    for address in addresses:
        try:
            hand.give(address)
        except KernelError as error:
            hint = "Nothing that kmalloc, pages or vmalloc gave here begins there: `kfree all` gives all of it back."
            raise CommandError(f"kfree: {args[0]}: {words_for(errno.EINVAL)}", error.errno or 0, hint) from None
    return f"{len(addresses):,} given back"


@verb("sites")
def sites(shell: Shell, args: list[str]) -> str:
    """List the call sites with the bytes that a container pays for, and those that nobody does."""
    if args:
        raise usage_error("sites")
    lines = ["call site        kind     function              now      seen    unseen  marked"]
    rows = site_rows(shell.machine)
    for row in rows:
        mark = {True: "yes", False: "no", None: "-"}[row.marked]
        lines.append(f"{row.name:<16} {row.kind:<8} {row.function:<18} {row.count:>6,} {row.seen:>9,} {row.unseen:>9,}  {mark}")
    seen, unseen = sum(row.seen for row in rows), sum(row.unseen for row in rows)
    share = f"  {100 * seen // (seen + unseen)} % seen" if seen + unseen else ""
    lines.append(f"{'total':<44} {sum(row.count for row in rows):>6,} {seen:>9,} {unseen:>9,}{share}")
    return "\n".join(lines)
