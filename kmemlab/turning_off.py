"""Who pays for making "off" possible: four designs and the letter's refusal on the same commands, measured.

Three may pay: memory (what a design keeps beside the letter's owner arrays), the fast path (list operations and comparisons
on the way of an alloc or a free), and off itself (what it looks at, and how long until nothing is charged any more).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence

from .engine.events import ALLOC, FREE, REFUSED, SWITCHED, EventLog
from .engine.machine import Machine as Kernel
from .engine.off import DESIGNS, OffController
from .engine.off_drain import DrainController
from .engine.types import NONE, PAGE_SHIFT, POINTER
from .records import OffRow
from .session import Session
from .shell import Machine
from .variants import variant

CACHE = "filp"
FILE = f"/sys/slab/{CACHE}/cache_account"
OFF = f"echo 0 > {FILE}"
MEMORY = "1G"
FILES = 40


def kept_bytes(machine: Kernel) -> int:
    """Return the bytes that a design keeps more than the letter's rule does.

    List heads or numbers in each cache's record, and what its part of an owner array makes the array's kmalloc slot larger.
    """
    kmem = machine.kmem
    if not isinstance(kmem, OffController):
        return 0
    kept = kmem.head * len(machine.slub.caches)
    pfn = 0
    for slab in machine.slub.slab_of:
        if slab is not None and slab.pfn == pfn and slab.has_owners:
            plain = int(slab.cache.objects) * POINTER
            kept += slot_bytes(machine, plain + kmem.header) - slot_bytes(machine, plain)
        pfn += 1
    return kept


def slot_bytes(machine: Kernel, size: int) -> int:
    """Return what kmalloc takes for so many bytes; the bytes themselves where arrays are free, or take whole pages."""
    if machine.kmem.kzalloc is None:
        return size
    cache = machine.kmalloc.slab_for(size)
    return int(cache.size) if cache is not None else -(-size >> PAGE_SHIFT) << PAGE_SHIFT


def compared(machine: Kernel, log: EventLog, cache: str, here: int) -> int:
    """Return how often drain has compared generation numbers for a cache by an event: at each alloc and free it hears of."""
    kmem = machine.kmem
    if not isinstance(kmem, DrainController):
        return 0
    number = log.numbers.get(cache, NONE)
    ends = [int(off.done) for off in kmem.offs if off.cache == cache]
    until, count = 0, 0  # it hears up to this event; 0: it hears nothing
    for n in range(here):
        if log.cache[n] != number:
            continue
        if log.kind[n] == SWITCHED:
            until = here if log.slot[n] or NONE in ends else max(ends)
        elif log.kind[n] in (ALLOC, FREE, REFUSED) and (n < until or log.owner[n] != NONE):
            count += 1
    return count


def off_row(machine: Kernel, cache: str = CACHE, position: int | None = None) -> OffRow:
    """Return what a machine's design has cost so far, and what the latest off of a cache took.

    `position`: the event at which the machine stands; by default the end of its log. A session's log goes on behind it.

    Raises:
        KernelError: ENOENT for no such cache.
    """
    machine.find_cache(cache)
    kmem, log = machine.kmem, machine.log
    design = machine.profile.off
    here = 0 if log is None else int(log.length) if position is None else position
    operations = sum(log.kind[n] in (ALLOC, FREE, REFUSED) for n in range(here)) if log is not None else 0
    if not isinstance(kmem, OffController):
        return OffRow(design, cache, 0, 0, 0, operations, 0, 0, 0, 0, 0, 0, 0, 0)
    compares = compared(machine, log, cache, here) if log is not None else 0
    row = (design, cache, kept_bytes(machine), kmem.list_ops(), compares, operations)
    off = next((each for each in reversed(kmem.offs) if each.cache == cache), None)
    if off is None:
        return OffRow(*row, 0, 0, 0, 0, 0, 0, 0, 0)
    answered = off.asked
    if log is not None:
        answered = next((n + 1 for n in range(int(off.asked) - 1, here) if log.kind[n] == SWITCHED), 0)
    return OffRow(
        *row, int(off.visited), int(off.found), int(off.pointers), int(off.uncharged), int(off.list_ops),
        int(off.asked), int(answered), int(off.done),
    )  # fmt: skip


def with_designs(session: Session) -> tuple[Session, ...]:
    """Return five sessions that have run the same commands: the letter's rule, and each design that can do it."""
    return tuple(session if session.machine.profile.off == design else variant(session, off=design) for design in DESIGNS)


def workload(files: int) -> Iterator[str]:
    """Yield what is typed before: a container, accounting on, files opened and some of them closed."""
    yield "mount -t container -o kmem none /containers"
    yield "mkdir /containers/web"
    yield "fork"
    yield "echo 2 > /containers/web/tasks"
    yield f"echo 1 > {FILE}"
    yield f"as 2 open {2 * files}"
    yield f"as 2 close {files}-{2 * files - 1}"


def measure(design: str, files: int = FILES, memory: str | int = MEMORY) -> tuple[OffRow, str]:
    """Run the workload on a machine of a design, switch off with so many files open, then close them all.

    Returns the record, its `kept` as it was when off was asked for, and the errno by name with which off was refused, "" for
    none.

    Raises:
        KernelError: EINVAL for a machine that cannot be booted.
    """
    machine = Machine(memory=memory, off=design)
    for line in workload(files):
        machine.run(line)
    kept = kept_bytes(machine)
    result = machine.run(OFF)
    refused = errno.errorcode[result.errno] if result.errno else ""
    for fd in range(files):
        machine.run(f"as 2 close {fd}")
    machine.check()
    row = off_row(machine)
    return row.with_kept(kept), refused


def off_lines(rows: Sequence[tuple[OffRow, str]]) -> list[str]:
    """Return the table, a line a design."""
    head = ("design", "kept", "list ops", "compares", "looks at", "slabs", "pointers", "uncharged", "answers", "done", "")
    lines: list[tuple[str, ...]] = [head]
    for row, refused in rows:
        if refused:
            lines.append((row.design, "0", "0", "0", "", "", "", "", "", "never", f"refused: {refused}"))
            continue
        after = row.done - row.answered
        note = "" if not after else f"{after} events after its answer"
        numbers = (row.kept, row.list_ops, row.compares, row.visited, row.found, row.pointers, row.uncharged)
        lines.append((row.design, *(f"{each:,}" for each in (*numbers, row.answered, row.done)), note))
    wide = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return [
        "  ".join(text.ljust(width) if column in (0, 10) else text.rjust(width)
                  for column, (text, width) in enumerate(zip(line, wide, strict=True))).rstrip()
        for line in lines
    ]  # fmt: skip


__all__ = ["kept_bytes", "measure", "off_lines", "off_row", "with_designs", "workload"]
