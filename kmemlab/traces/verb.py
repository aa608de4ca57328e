"""The command `replay`, which takes a recorded trace through a session's machine a piece at a time.

As every command it is deterministic and can be run again, so one steps and seeks in a recorded trace as in anything else.
"""

from __future__ import annotations

import errno
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..commands import CommandError, is_number, usage_error, verb
from ..engine.machine import Guest, Machine
from ..engine.replay import MARK, Batch, Operations
from ..recordings import RECORDINGS, ForeignFileError
from .linux import Trace, read_trace
from .replay import Plan, prepare

if TYPE_CHECKING:
    from ..shell import Shell

GUEST = "replay"
PIECE = 500  # operations of one `replay NAME 500`: what is run again for a step back


def shipped() -> dict[str, Path]:
    """Return the traces that ship with kmemlab, by name."""
    return {
        path.name.removeprefix("trace-").removesuffix(".csv.gz"): path for path in sorted(RECORDINGS.glob("trace-*.csv.gz"))
    }


@lru_cache(maxsize=4)
def trace_named(name: str) -> Trace:
    """Read a shipped trace, once.

    Raises:
        CommandError: for a name that none has; ForeignFileError if the file is damaged.
    """
    found = shipped().get(name)
    if found is None:
        raise CommandError(f"replay: {name}: No such file or directory", errno.ENOENT, f"There is: {', '.join(shipped())}.")
    return read_trace(found)


class TraceGuest(Guest):
    """The trace that a machine is in the middle of. What it has done is part of the machine's state."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine = machine
        self.name = name
        self.batch: Batch | None = None

    def start(self) -> None:
        """Make caches, containers and tasks, and stand before the first operation."""
        self.batch = prepare(self.machine, trace_named(self.name), Plan())

    def go_on(self, count: int) -> str:
        """Take the next operations; returns what was passed."""
        assert self.batch is not None
        trace = trace_named(self.name)
        total = len(trace.columns[0])
        passed: list[str] = []
        wanted = min(self.batch.done + count, total)
        while self.batch.done < wanted:
            self.batch.run(wanted - self.batch.done)
            last = self.batch.done - 1
            if trace.columns[0][last] == MARK:
                passed.append(trace.markers[trace.columns[5][last]].text)
        return "\n".join([f"{self.batch.done:,} of {total:,} operations", *passed])

    def state(self) -> Any:
        """Return plain JSON values."""
        return None if self.batch is None else {"name": self.name, "run": self.batch.state()}

    def restore(self, saved: Any) -> None:
        """Become what `state()` said; None is not started."""
        if saved is None:
            self.batch = None
            return
        if self.batch is None:
            trace = trace_named(saved["name"])
            self.name = saved["name"]
            self.batch = Batch(self.machine, Operations(trace.columns), list(trace.caches), list(trace.pids), len(trace.names))
        self.batch.restore(saved["run"])


@verb("replay NAME start | N")
def replay(shell: Shell, args: list[str]) -> str:
    """Set a recorded trace up (caches, containers, tasks; accounting on), or take its next N operations."""
    if len(args) != 2 or not (args[1] == "start" or is_number(args[1])):
        raise usage_error("replay")
    try:
        trace = trace_named(args[0])
    except ForeignFileError as error:
        raise CommandError(f"replay: {args[0]}: Input/output error", errno.EIO, str(error)) from error
    guests = shell.machine.guests
    guest = guests.get(GUEST)
    if args[1] == "start":
        if isinstance(guest, TraceGuest) and guest.batch is not None:
            raise CommandError("replay: Device or resource busy", errno.EBUSY, "A trace runs already on this machine.")
        guest = TraceGuest(shell.machine, args[0])
        guest.start()
        guests[GUEST] = guest
        return f"{trace.meta.get('description', args[0])}\n{len(trace.columns[0]):,} operations"
    if not isinstance(guest, TraceGuest) or guest.batch is None or guest.name != args[0]:
        raise CommandError(f"replay: {args[0]}: Invalid argument", errno.EINVAL, f"`replay {args[0]} start` comes first.")
    return guest.go_on(int(args[1]))
