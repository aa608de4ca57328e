"""The arena: blue sets off a bomb, red goes on working, four caches are marked; and who lives.

All of it happens inside the simulated kernel, on a machine of 1 MiB. blue first does some honest work and keeps what it
takes; then a second task of blue bombs, as fast as it may, while red opens files, fills a pipe, maps memory and makes
children, and gives all of it back. The bombs are the zoo's (kmemlab/zoo.py), or ten commands of one's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, Final

from ..commands import is_number
from ..engine.errors import invalid
from ..engine.kmem import KmemContainer
from ..engine.kmem_cache import KMALLOC
from ..shell import Machine
from ..survey_kinds import site_rows
from ..zoo import BOMBS, POINT, Pinned, pinned
from .arena_table import Arena, Row
from .blanks import is_blank

MEMORY: Final = "1M"
TICKS: Final = 20
PACE: Final = 400  # commands of the bomb in a tick, at most
FULL: Final = 32  # where fewer pages are free a refusal that no container made is for want of memory
MOST_MARKS: Final = 4
MOST_COMMANDS: Final = 10
MOST_AT_ONCE: Final = 100

NAMED: Final = {bomb.name: bomb for bomb in BOMBS}
NINE: Final = ("fd", "fork", "dentry", "vma", "sigqueue", "mount", "pipe", "socket", "page-table")
HONEST: Final = ("fork 2", "open 20", "stat 20", "mmap 20", "sigqueue 4")
CALLS: Final = ("close", "flock", "fork", "mmap", "munmap", "open", "pipe", "sigqueue", "socket", "stat", "timer", "touch")


def arena(bombs: str | Sequence[str] = NINE, *, marks: Iterable[str] = (), limit: int = 1 << 16) -> Arena:
    """Let bombs go off, each on a fresh machine, and say how red and blue fared.

    Args:
        bombs: the name of a bomb; names; or at most ten commands, a bomb of one's own, which are repeated in turn.
        marks: caches that are accounted, at most four.
        limit: of blue, in bytes.

    Returns:
        A picture; an empty one where there are still dots in what was given.

    Raises:
        KernelError: EINVAL, for a bomb, marks or a limit that cannot be; ENOENT, for a cache that there is not.

    Example:
        >>> arena("fd", marks=["filp"], limit=16384)
    """
    given, wanted = listed(bombs), listed(marks)
    if any(is_blank(each) for each in (*given, *wanted, limit)):
        return Arena((), (), 0)
    marked = marks_of(wanted)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit < 1 << 63:
        raise invalid("the limit is a number of bytes, such as 65536")
    if given and all(isinstance(each, str) and each in NAMED for each in given):
        return Arena(tuple(fight((each,), marked, limit) for each in given), marked, limit)
    return Arena((fight(commands_of(given), marked, limit),), marked, limit)


def listed(given: Any) -> list[Any]:
    """Return one or several as a list."""
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]


def marks_of(marks: Iterable[Any]) -> tuple[str, ...]:
    """Read the names of the caches that are to be accounted; returns them sorted, each once.

    Raises:
        KernelError: EINVAL for more than four, for a kmalloc cache, for what is no name; ENOENT for a cache that there is not.
    """
    names = list(marks)
    if not all(isinstance(name, str) for name in names):
        raise invalid('marks are names of caches, such as ["filp", "dentry"]')
    names = sorted(set(names))
    if len(names) > MOST_MARKS:
        raise invalid(f"{len(names)} caches are marked, and there are four marks to give")
    machine = Machine(memory=MEMORY)
    for name in names:
        if machine.find_cache(name).family & KMALLOC:
            raise invalid(f"{name} cannot be accounted: its callers are not known by cache")
    return tuple(names)


def commands_of(bomb: Sequence[Any]) -> tuple[str, ...]:
    """Read a bomb of one's own.

    Raises:
        KernelError: EINVAL for none, for more than ten, and for what a program without privileges cannot do.
    """
    if not 0 < len(bomb) <= MOST_COMMANDS or not all(isinstance(each, str) for each in bomb):
        raise invalid(f"a bomb is the name of one, or 1 to {MOST_COMMANDS} commands such as 'open 5'; there are {len(bomb)}")
    for command in bomb:
        call, *words = command.split() or [""]
        if call not in CALLS or ">" in command:
            raise invalid(f"{command!r}: a bomb is made of {', '.join(CALLS)}; a program without privileges has no others here")
        if any(is_number(word) and int(word) > MOST_AT_ONCE for word in words):
            raise invalid(f"{command!r}: at most {MOST_AT_ONCE} at once; it is repeated anyway")
    return tuple(bomb)


class Red:
    """Somebody else's work: a few calls, in turn, from their beginning to their end.

    Attributes:
        machine, pid: where and who.
        calls, failed: calls made, and those that were refused.
    """

    def __init__(self, machine: Machine, pid: int) -> None:
        self.machine, self.pid = machine, pid
        self.calls = self.failed = 0

    def call(self, line: str, pid: int = 0) -> str:
        """Make a call and count it; returns what it printed, "" where it was refused."""
        result = self.machine.run(f"as {pid or self.pid} {line}")
        self.calls += 1
        self.failed += result.errno != 0
        return "" if result.errno else result.out or "done"

    def work(self) -> None:
        """Do a bit of everything, and give it back."""
        for line in ("open 32", "pipe -f 1"):
            self.call(line)
            self.call("close all")
        if self.call("mmap 4"):
            self.call("touch 4")
            self.call("munmap 4")
        for child in self.call("fork 2").split():
            if child.isdigit():
                self.call("exit", int(child))


@lru_cache(maxsize=256)
def fight(bomb: tuple[str, ...], marks: tuple[str, ...], limit: int) -> Row:
    """Let one bomb go off; it is the same every time, so it is remembered.

    Args:
        bomb: the name of one, or commands.
        marks: caches that are accounted, sorted.
        limit: of blue, in bytes.

    Raises:
        CheckError: if an invariant of the machine is broken in the end.
    """
    machine, honest, bomber, red, owner = prepared(marks)
    machine.run(f"echo -n {limit} > {POINT}/blue/kmem.limit")
    refused = sum(machine.run(f"as {honest} {line}").errno != 0 for line in HONEST)
    before, calls, stopped, ticks = pinned(machine), calls_of(bomb), "nothing", ""
    cycle = len(NAMED[bomb[0]].calls) if bomb[0] in NAMED else len(bomb)
    for _ in range(TICKS):
        missed = 0
        for _ in range(PACE):
            line, failcnt = next(calls), owner.res.failcnt
            missed = missed + 1 if machine.run(f"as {bomber} {line}").errno else 0
            if owner.res.failcnt > failcnt:
                stopped = "the limit"
            elif missed and machine.slub.pages.nr_free < FULL:
                stopped = "no memory"
            if missed >= cycle or line.startswith("mountns"):
                break  # nothing is to be had any more; a mount namespace is as large as it is, so one a tick
        failed = red.failed
        red.work()
        ticks += "x" if red.failed > failed else "."
    machine.check()
    held: Pinned = pinned(machine).since(before)
    name, whole = bomb[0] if bomb[0] in NAMED else "yours", int(machine.slub.pages.nr_pages) << 12
    return Row(name, bomb, stopped, red.calls, red.failed, held.accounted, held.total - held.accounted, whole, ticks, refused)


def prepared(marks: tuple[str, ...]) -> tuple[Machine, int, int, Red, KmemContainer]:
    """Boot; put two tasks into blue and one into red, which works once so that its slabs are there."""
    machine = Machine(memory=MEMORY)
    machine.run(f"mount -t container -o kmem none {POINT}")
    for cache in marks:
        machine.run(f"echo 1 > /sys/slab/{cache}/cache_account")
    pids: list[int] = []
    for name in ("blue", "blue", "red"):
        if not pids or name == "red":
            machine.run(f"mkdir {POINT}/{name}")
        pids.append(int(machine.run("fork 1").out))
        machine.run(f"echo {pids[-1]} > {POINT}/{name}/tasks")
    red = Red(machine, pids[2])
    red.work()
    red.calls = red.failed = 0
    owner = machine.kmem_subsystem.owners[1]  # blue was made first
    assert owner is not None
    return machine, pids[0], pids[1], red, owner


def calls_of(bomb: tuple[str, ...]) -> Iterator[str]:
    """Yield a bomb's commands for ever. One that grows asks for more every time."""
    if bomb[0] not in NAMED:
        return chain.from_iterable(repeat(bomb))
    kind = NAMED[bomb[0]]
    if kind.growing:
        return (line.format(n=100 * n) for n in range(1, TICKS + 1) for line in kind.calls)
    return chain(kind.before, chain.from_iterable(repeat(kind.calls)))


def share_of(bomb: str) -> float:
    """Return how much of one operation of a bomb is seen where every cache is marked, in percent to one decimal.

    Raises:
        KernelError: EINVAL, for a bomb that there is not.
    """
    if bomb not in NAMED:
        raise invalid(f"there is no bomb {bomb!r}: choose of {', '.join(NAMED)}")
    machine = Machine()
    machine.run(f"mount -t container -o kmem none {POINT}")
    for cache in sorted(machine.caches):
        machine.run(f"echo 1 > /sys/slab/{cache}/cache_account")
    machine.run(f"mkdir {POINT}/blue")
    machine.run(f"echo 0 > {POINT}/blue/tasks")
    for line in (*NAMED[bomb].before, *NAMED[bomb].calls):
        machine.run(line.format(n=100))
    rows = site_rows(machine)
    seen, unseen = sum(row.seen for row in rows), sum(row.unseen for row in rows)
    return round(100 * seen / (seen + unseen), 1)


__all__ = ["HONEST", "NINE", "arena", "share_of"]
