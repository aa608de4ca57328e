"""What every explanation is told with: the steps of one event as they are collected, and what its people are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .commands import redirected, words_of
from .explain_table import TABLE
from .explain_told import abbreviated, told
from .records import EventRow, StepRow

if TYPE_CHECKING:
    from .session import Session


class Story:
    """Collects the steps of one event. What a step says, and where that comes from, is in the table under its kind."""

    def __init__(self) -> None:
        self.steps: list[StepRow] = []

    def go(self, kind: str, fn: str, value: str, /, *, state: str = "done", **values: str | int) -> None:
        """Add a step of the forward lane."""
        row = TABLE[kind]
        self.steps.append(StepRow(fn, value, "forward", "", told(kind, values), row.source, row.model, state))

    def undo(self, kind: str, fn: str, value: str, undoes: str, /, **values: str | int) -> None:
        """Add a step of the unwind lane, under the function it undoes."""
        row = TABLE[kind]
        self.steps.append(StepRow(fn, value, "unwind", undoes, told(kind, values), row.source, row.model, "done"))


def short(name: str, most: int = 12) -> str:
    """Shorten a name for a line that has other words too."""
    return abbreviated(name, most)


def name_of(path: str | None) -> str:
    """Call a container by its last name, the root "root"."""
    return "nobody" if path is None else path.rstrip("/").rpartition("/")[2] or "root"


def title(path: str | None) -> str:
    """Call a container by its last name, a long one shortened."""
    return short(name_of(path))


def comm(session: Session, pid: int) -> str:
    """Name a task; one that is gone by its number."""
    task = session.machine.tasks.by_pid.get(pid)
    return task.comm if task is not None else f"task {pid}"


def split(line: str) -> tuple[list[str], str]:
    """Split a command as the shell does, without `as PID`: its words, and the file it writes to, "" for none."""
    try:
        words = words_of(line)
    except ValueError:
        words = line.split()
    if words[:1] == ["as"]:
        words = words[2:]
    return redirected(words)


def line_of(session: Session, event: EventRow) -> str:
    """Return the command that the event is part of."""
    return session.commands[event.command - 1] if 0 < event.command <= len(session.commands) else ""


def verb_of(session: Session, event: EventRow) -> str:
    """Return the command that the event is part of, without `as PID`: "open"."""
    words, _ = split(line_of(session, event))
    return words[0] if words else "sh"


def begin(session: Session, event: EventRow, story: Story) -> None:
    """Start with the system call."""
    verb = verb_of(session, event)
    name = comm(session, event.pid)
    kind = f"call {verb}" if f"call {verb}" in TABLE else "call"
    target = split(line_of(session, event))[1]
    folder, _, file = target.rpartition("/")
    values = {"who": name, "verb": verb, "file": file, "name": name_of(folder)}
    story.go(kind, f"{verb}()", f"{name}, task {event.pid}", **values)


def change(session: Session, step: str) -> tuple[int, int]:
    """Return the values before and after a step, as the controller noted them; (-1, -1) where it noted none."""
    for name, before, after in session.machine.kmem.steps:
        if name == step:
            return before, after
    return -1, -1


def refs(session: Session, step: str) -> str:
    """Return "refs 154 → 155" as the controller noted it."""
    before, after = change(session, step)
    return "" if before < 0 else f"refs {before:,} → {after:,}"


def slab_number(session: Session, event: EventRow) -> int:
    """Return the birth number of the event's slab."""
    return int(session.log.slab[event.n - 1])


def limit_of(session: Session, path: str | None) -> int:
    """Return the limit of a container, as the counter has it."""
    for group in session.machine.kmem_subsystem.owners:
        if group is not None and session.machine.kmem_subsystem.paths[int(group.ident)] == path:
            return group.res.limit
    return 0
