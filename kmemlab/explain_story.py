"""What every explanation is told with: the steps of one event as they are collected, and what its people are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .explain_words import LONGEST, WISHES
from .records import EventRow, StepRow

if TYPE_CHECKING:
    from .session import Session


class Story:
    """Collects the steps of one event."""

    def __init__(self) -> None:
        self.steps: list[StepRow] = []

    def go(self, fn: str, value: str, sentence: str, source: str, *, model: bool = False, state: str = "done") -> None:
        """Add a step of the forward lane."""
        self.steps.append(StepRow(fn, value, "forward", "", clip(sentence), source, model, state))

    def undo(self, fn: str, value: str, undoes: str, sentence: str, source: str, model: bool = False) -> None:
        """Add a step of the unwind lane, under the function it undoes."""
        self.steps.append(StepRow(fn, value, "unwind", undoes, clip(sentence), source, model, "done"))


def clip(sentence: str) -> str:
    """Cut a sentence that a long name made too long."""
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…"


def short(name: str, most: int = 12) -> str:
    """Shorten a name for a sentence."""
    return name if len(name) <= most else name[: most - 1] + "…"


def title(path: str | None) -> str:
    """Call a container by its last name, the root "root"."""
    return "nobody" if path is None else short(path.rpartition("/")[2] or "root")


def comm(session: Session, pid: int) -> str:
    """Name a task; one that is gone by its number."""
    task = session.machine.tasks.by_pid.get(pid)
    return short(task.comm) if task is not None else f"task {pid}"


def verb_of(session: Session, event: EventRow) -> str:
    """Return the command that the event is part of, without `as PID`: "open"."""
    words = session.commands[event.command - 1].split() if event.command <= len(session.commands) else []
    if words[:1] == ["as"]:
        words = words[2:]
    return words[0] if words else "sh"


def begin(session: Session, event: EventRow, story: Story) -> None:
    """Start with the system call."""
    verb = verb_of(session, event)
    name = comm(session, event.pid)
    wish = WISHES.get(verb, f"runs {verb}")
    story.go(f"{verb}()", f"{name}, task {event.pid}", f"{name} {wish}.", "fs/open.c, kernel/fork.c 2.6.23")


def refs(session: Session, event: EventRow, step: str) -> str:
    """Return "refs 154 → 155" as the controller noted it."""
    for name, before, after in session.machine.kmem.steps:
        if name == step:
            return f"refs {before:,} → {after:,}"
    return ""


def noted(session: Session, step: str) -> int:
    """Return the value before a step, as the controller noted it; -1 where it noted none."""
    for name, before, _ in session.machine.kmem.steps:
        if name == step:
            return before
    return -1


def slab_number(session: Session, event: EventRow) -> int:
    """Return the birth number of the event's slab."""
    return int(session.log.slab[event.n - 1])
