"""The event log: typed columns, one row for each notifier event, refusal, run of a release agent and command end.

A *position* in a session is a number of these events. The log is what the kernel would call its tracepoints; it is kept
in columns because a tuple for each event costs two thirds of the engine's speed.
"""

from __future__ import annotations

from typing import Final

from .types import NONE, i64, vec

NEWPAGE: Final = 0
FREEPAGE: Final = 1
ALLOC: Final = 2
FREE: Final = 3
REFUSED: Final = 4
NOPAGE: Final = 5
SWITCHED: Final = 6
COMMAND: Final = 7
AGENT: Final = 8
FAULT: Final = 9
UNCHARGED: Final = 10  # an object that accounting was switched off under: it stays in use, and is nobody's
OOPS: Final = 11  # the kernel crashed (oops.py)
CHARGED_CALL: Final = 12  # a marked call: its memory has an owner (marked.py)
UNCHARGED_CALL: Final = 13
REFUSED_CALL: Final = 14
KINDS: Final = (
    "newpage", "freepage", "alloc", "free", "refused", "nopage", "switched", "command", "agent", "fault",
    "uncharged", "oops", "charged-call", "uncharged-call", "refused-call",
)  # fmt: skip


class Stopped(Exception):  # noqa: N818 (it is not an error)
    """The log reached `stop_at`: the machine stands in the middle of a command, to be looked at and not gone on with."""


class EventLog:
    """Columns of equal length; row n - 1 is event n.

    Attributes:
        length: events so far: the position.
        stop_at: raise Stopped when this many events are there; NONE never does.
        stopped: it did, so something may be half done: a slab in flight between two lists.
        command: number of the command that runs, for new rows.
        pid: who runs, for new rows.
        kind, who, commands, cache, pfn, slab, slot, owner, size, errno, order: the columns. `cache` is an index into
            `names`, `owner` a container's number, `slab` the slab's birth number. A SWITCHED row has in `owner` and `size` who
            pays, and how much, for what was there before (before_on.py). FAULT rows have the number of the
            fault in `slot`; REFUSED and NOPAGE rows that of the fault they came of in `order`, NONE for none (faults.py).
            CHARGED_CALL, UNCHARGED_CALL and REFUSED_CALL rows are of marked calls: `cache` is the call site, `slot` its
            kind (marked.py).
    """

    __slots__ = (
        "cache", "command", "commands", "errno", "kind", "length", "names", "numbers", "order", "owner", "pfn", "pid",
        "room", "size", "slab", "slot", "stop_at", "stopped", "who",
    )  # fmt: skip

    def __init__(self) -> None:
        self.length: i64 = 0
        self.stop_at: i64 = NONE
        self.stopped = False
        self.command: i64 = 0
        self.pid: i64 = 0
        self.names: list[str] = [""]
        self.numbers: dict[str, int] = {"": 0}
        self.room: i64 = 0
        empty: vec[i64] = vec[i64]([])
        self.kind = self.who = self.commands = self.cache = self.pfn = self.slab = empty
        self.slot = self.owner = self.size = self.errno = self.order = empty
        self.grow()

    def grow(self) -> None:
        """Double the room of every column."""
        old = self.room
        self.room = old * 2 if old else 1024
        self.kind = longer(self.kind, old, self.room)
        self.who = longer(self.who, old, self.room)
        self.commands = longer(self.commands, old, self.room)
        self.cache = longer(self.cache, old, self.room)
        self.pfn = longer(self.pfn, old, self.room)
        self.slab = longer(self.slab, old, self.room)
        self.slot = longer(self.slot, old, self.room)
        self.owner = longer(self.owner, old, self.room)
        self.size = longer(self.size, old, self.room)
        self.errno = longer(self.errno, old, self.room)
        self.order = longer(self.order, old, self.room)

    def name(self, text: str) -> int:
        """Number of a cache's name, given out at its first event."""
        number = self.numbers.get(text, -1)
        if number < 0:
            number = len(self.names)
            self.numbers[text] = number
            self.names.append(text)
        return number

    def add(
        self,
        kind: i64,
        cache: str,
        pfn: i64,
        slab: i64,
        slot: i64,
        owner: i64,
        size: i64,
        errno: i64,
        order: i64,
    ) -> None:
        """Append a row. Raises Stopped when it is the one to stop at."""
        n = self.length
        if n == self.room:
            self.grow()
        self.kind[n] = kind
        self.who[n] = self.pid
        self.commands[n] = self.command
        number: i64 = self.name(cache)
        self.cache[n] = number
        self.pfn[n] = pfn
        self.slab[n] = slab
        self.slot[n] = slot
        self.owner[n] = owner
        self.size[n] = size
        self.errno[n] = errno
        self.order[n] = order
        self.length = n + 1
        if self.length == self.stop_at:
            self.stopped = True
            raise Stopped


def longer(column: vec[i64], filled: i64, room: i64) -> vec[i64]:
    """Copy a column into a longer one."""
    new: vec[i64] = vec[i64]([0] * room)
    n: i64 = 0
    while n < filled:
        new[n] = column[n]
        n += 1
    return new
