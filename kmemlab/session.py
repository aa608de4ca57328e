"""A session: a machine, the commands it was given, and a position among their events that one can move.

The list of commands is everything: it is the journal, the way back, the saved file. To go to event n the nearest checkpoint
before it is restored and the commands from there are run again; inside a command the machine is stopped at n and can be
looked at. A new command starts at a command's end; what came after is kept until then.
"""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import Any

from . import survey
from .cast import Cast
from .checkpoints import MOST_BYTES, Checkpoints, no_cyclic_garbage
from .engine.errors import invalid
from .engine.events import EventLog, Stopped
from .engine.machine import Machine as Kernel
from .explain import steps_of
from .overhead import overhead_rows
from .recordings import ForeignFileError, read_json
from .records import CacheRow, Row
from .session_file import FORMAT, what_is_wrong, write_whole
from .session_link import pack, unpack
from .shell import Machine, Result
from .transcript import Transcript


class Session:
    """Commands, and where one stands among their events.

    Attributes:
        machine: the machine at `position`. Look at it; change it through `run` only, or the way back is lost.
        commands: what was run, oldest first, those after `position` too.
        results: what each printed.
        position: events up to here; 0 is boot.
        cast: names of all containers and tasks that ever appear.
        view: what a lab wants to find again (selected container, tab ...); saved with the session.

    Keywords are those of `Machine` (slub, cpus, boot, memory, seed ...), and `checkpoint_bytes`: the most that the states kept
    on the way may take together. With less of it seeking runs more commands again; the way back is never lost.

    Example:
        >>> session = Session(memory="2M")
        >>> session.run("open 3")
        fd 0-2: slab 0 cells 0-2
    """

    def __init__(self, *, machine: Kernel | None = None, checkpoint_bytes: int = MOST_BYTES, **keywords: Any) -> None:
        made = machine if machine is not None else Machine(**keywords)
        if not isinstance(made, Machine) or made.log is None:
            raise TypeError("a session needs a Machine with a shell and an event log")
        self.machine: Machine = made
        self.machine.kmem.tracing = True
        self.log: EventLog = made.log
        self.commands: list[str] = []
        self.results: list[Result] = []
        self.ends: list[int] = []  # position at the end of each command
        self.position = 0
        self.cast = Cast()
        self.cast.meet(made)
        self.view: dict[str, Any] = {}
        self.history = 0  # counts changes of what happened, for whoever draws it
        self._dropped: tuple[int, list[str]] = (0, [])  # where the latest branch began, and what stood there before
        self._at = 0  # commands that are complete in the machine, -1 in the middle of one
        self.checkpoints = Checkpoints(self.machine.state(), checkpoint_bytes)

    @property
    def length(self) -> int:
        """Events of all commands."""
        return self.ends[-1] if self.ends else 0

    # -- forward

    def run(self, *lines: str) -> Transcript:
        """Run commands one after the other; a refused one stops nothing. `...` is not answered yet, and says so."""
        results: list[Result] = []
        for line in lines:
            if not isinstance(line, str):
                results.append(Result(err="sh: not answered yet: put a command in place of the dots"))
                continue
            self._drop_what_came_after()
            result = self.machine.run(line)
            self.commands.append(line)
            self.results.append(result)
            self.ends.append(self.log.length)
            self.position = self.log.length
            self._at = len(self.commands)
            self.history += 1
            self.cast.meet(self.machine, line)
            self._checkpoint()
            results.append(result)
        return Transcript(results)

    def look(self, line: str) -> Result | None:
        """Run a command that only reads at the position, without making it part of the session; None if it is not one."""
        return self.machine.shell.look(line)

    def _drop_what_came_after(self) -> None:
        """Stand at the last command's end at or before the position; the commands behind it are kept for `undo`."""
        complete = bisect_right(self.ends, self.position)
        if self._at != complete or complete < len(self.commands):
            self.seek(self.ends[complete - 1] if complete else 0)
            if complete < len(self.commands):
                self._dropped = (complete, self.commands[complete:])
            self._forget_from(complete)

    def _forget_from(self, complete: int) -> None:
        """Forget every command but the first ones. The machine stands at their end."""
        del self.commands[complete:], self.results[complete:], self.ends[complete:]
        self.checkpoints.forget_after(complete)
        self.cast.forget()
        self.history += 1

    @property
    def dropped(self) -> int:
        """How many commands the latest branch took away: an undo of it brings them back."""
        return len(self._dropped[1])

    def undo(self) -> str:
        """Take the last command back, and return it; "" if there is none.

        If it had taken the place of later commands, those come back, and the position stays before them.
        """
        if not self.commands:
            return ""
        kept = len(self.commands) - 1
        undone = self.commands[kept]
        here = self.ends[kept - 1] if kept else 0
        self.seek(here)
        self._forget_from(kept)
        branched, commands = self._dropped
        if branched == kept and commands:
            self._dropped = (0, [])
            self.run(*commands)
            self.seek(here)
        return undone

    def become(self, other: Session) -> None:
        """Take over another session's machine, commands and position; what is looked at (`view`) stays.

        Whoever shows this session shows the other machine from now on. The other session is used up: do not go on with it.
        """
        view, history = self.view, self.history + other.history + 1
        self.__dict__.update(other.__dict__)
        self.view, self.history = view, history

    # -- to and fro

    def back(self, events: int = 1) -> int:
        """Go some events back; returns the new position."""
        return self.seek(self.position - events)

    def seek(self, n: int) -> int:
        """Go to event n, 0 to `length`; beyond either end is that end. Returns the new position."""
        n = max(0, min(n, self.length))
        complete = bisect_right(self.ends, n)
        if n == self.position and (self._at >= 0 or complete == 0 or self.ends[complete - 1] != n):
            return n
        start = self.checkpoints.before(complete)
        with no_cyclic_garbage():
            if not start <= self._at <= complete:
                self._restore(start)
            while self._at < complete:
                self._again(self._at)
                self._at += 1
            here = self.ends[complete - 1] if complete else 0
            if n > here:
                self._stop_inside(complete, n)
        self.position = n
        return n

    def _again(self, command: int) -> None:
        """Run a command that was run before."""
        self.machine.run(self.commands[command])
        if self.log.length != self.ends[command]:
            raise AssertionError(f"command {command + 1} came out different the second time: {self.commands[command]}")

    def _stop_inside(self, command: int, n: int) -> None:
        """Run a command again up to event n. The machine may then be looked at, not gone on with."""
        self._at = -1
        self.log.stop_at = n
        try:
            self.machine.run(self.commands[command])
        except Stopped:
            pass
        finally:
            self.log.stop_at = -1

    # -- looking

    def records(self, name: str, cache: str = "filp") -> tuple[Row, ...]:
        """Return what a picture is drawn from, at the position.

        Args:
            name: containers (of the kmem hierarchy), hierarchies (of all), slabs (of `cache`), pages, flow,
                cost, overhead, events or steps (of the event at the position).
            cache: for slabs, whose; "*" for those of every cache.

        Raises:
            KernelError: EINVAL for another name, ENOENT for no such cache.
        """
        if name == "steps":
            return steps_of(self)
        if name == "overhead":
            return overhead_rows(self.machine)
        return survey.rows(self.machine, self.log, self.position, name, cache)

    def cache(self, name: str) -> CacheRow:
        """Return a cache and what its own pointers lead to, at the position. ENOENT, if there is no such cache."""
        return survey.cache_row(self.machine.find_cache(name))

    # -- checkpoints

    def _checkpoint(self) -> None:
        """Keep the state here if the last kept one is far."""
        last = self.checkpoints.before(self._at)
        if self._at > last and self.ends[self._at - 1] - (self.ends[last - 1] if last else 0) >= self.checkpoints.spacing:
            self.checkpoints.keep(self._at, self.machine.state())

    def _restore(self, command: int) -> None:
        """Stand at the end of a command that has a checkpoint."""
        self.machine.restore(self.checkpoints.state(command))
        self.log.length = self.ends[command - 1] if command else 0
        self.log.command = command
        self.log.stopped = False
        self._at = command

    # -- saving

    def to_dict(self) -> dict[str, Any]:
        """Return what a session file holds."""
        return {
            "kmemlab_session": FORMAT,
            "profile": self.machine.profile.to_dict(),
            "commands": list(self.commands),
            "position": self.position,
            "view": dict(self.view),
        }

    def save(self, path: str | Path) -> None:
        """Write a session file; an old one stays whole until the new one is."""
        write_whole(Path(path), self.to_dict())

    def to_link(self) -> str:
        """Return the session as a short string (session_link.py): commands, position and view, no state.

        Raises:
            KernelError: EINVAL, if the history is too long for a link; `save` writes it to a file.
        """
        return pack(self.to_dict())

    @classmethod
    def from_link(cls, link: str) -> Session:
        """Make the session of a link: its commands are run again, up to its position.

        Raises:
            KernelError: EINVAL, with one sentence, for a string that `to_link` did not make.
        """
        saved = unpack(link)
        try:
            return cls.from_dict(saved, Path("link"))
        except ForeignFileError as error:
            raise invalid(f"This link does not hold a session: {error}") from None

    @classmethod
    def load(cls, path: str | Path) -> Session:
        """Read a session file and run it up to its position.

        Raises:
            ForeignFileError: for a file that is none, or of a newer kmemlab.
        """
        source = Path(path)
        return cls.from_dict(read_json(source), source)

    @classmethod
    def from_dict(cls, saved: Any, source: Path = Path("session")) -> Session:
        """Make a session from what `to_dict` gave.

        Raises:
            ForeignFileError: for anything else.
        """
        problem = what_is_wrong(saved)
        if problem:
            raise ForeignFileError(source, 1, *problem)
        try:
            session = cls(**saved["profile"])
        except (OSError, TypeError) as error:
            raise ForeignFileError(source, 1, "a profile that this kmemlab can boot", str(error)) from error
        session.run(*saved["commands"])
        if saved["position"] > session.length:
            raise ForeignFileError(source, 1, f"a position up to {session.length}", str(saved["position"]))
        session.seek(saved["position"])
        session.view = dict(saved.get("view", {}))
        return session
