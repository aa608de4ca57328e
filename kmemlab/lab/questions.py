"""Questions about the next event, and what is told once they are answered. Made up from the machine, or brought by a lesson."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..engine.errors import invalid
from ..explain import steps_of
from ..explain_story import comm, title
from ..records import ContainerRow, EventRow, StepRow
from ..session import Session
from ..survey import container_rows, event_row, slab_rows

MOST_ANSWERS: Final = 4
COUNTED: Final = {"alloc": "res_counter_charge", "refused": "res_counter_charge", "free": "res_counter_uncharge"}


@dataclass(frozen=True)
class Change:
    """One quantity before and after the event."""

    what: str
    before: int
    after: int


@dataclass(frozen=True)
class Question:
    """What is asked, and what is told once somebody has answered.

    Attributes:
        text: the question.
        answers: two to four of them.
        right: the place of the right one, from 0.
        why: two sentences.
        number: the one number needed: a container's path for its gauge, or words.
        hint: shown on demand before the answer, "" for none.
        source: where the rule comes from.
        changes: quantities that changed or did not.
        event: what is asked about; 0 for the event after the position.

    Raises:
        KernelError: EINVAL for a question that cannot be asked.
    """

    text: str
    answers: tuple[str, ...]
    right: int
    why: str
    number: str = ""
    hint: str = ""
    source: str = ""
    changes: tuple[Change, ...] = ()
    event: int = 0

    def __post_init__(self) -> None:
        if not 2 <= len(self.answers) <= MOST_ANSWERS or not 0 <= self.right < len(self.answers):
            raise invalid(f"a question has two to four answers, and right is the place of one of them: {self.right}")


def question_about(session: Session, event: int) -> Question:
    """Make a question about an event that charges a container or gives back to it. The session stands before it afterwards."""
    session.seek(event)
    row, steps = event_row(session.machine, session.log, event), steps_of(session)
    path, slab = str(row.container), int(session.log.slab[event - 1])
    after = counted(session, path, row.cache, slab)
    task = session.machine.tasks.by_pid.get(row.pid)
    # Before the event the open before it may not have returned yet: only here every file is counted.
    files = len(task.open_files()) if task is not None else 0
    session.seek(event - 1)
    before = counted(session, path, row.cache, slab)
    changes = tuple(Change(what, before[what], number) for what, number in after.items())
    source = next((step.source for step in steps if step.fn == COUNTED[row.kind]), "")
    payer = next(each for each in container_rows(session.machine) if each.path == path)
    make = free_question if row.kind == "free" else charge_question
    return make(session, row, steps, payer, Story(path, changes, source, event, files))


@dataclass(frozen=True)
class Story:
    """What every question about an event has."""

    path: str
    changes: tuple[Change, ...]
    source: str
    event: int
    files: int

    def asked(self, text: str, answers: tuple[str, ...], right: int, why: str, hint: str) -> Question:
        """Return the question."""
        return Question(text, answers, right, why, self.path, hint, self.source, self.changes, self.event)


def counted(session: Session, path: str, cache: str, slab: int) -> dict[str, int]:
    """Return what a charge may change: three numbers of the container, one of the slab."""
    machine = session.machine
    one = next(each for each in container_rows(machine) if each.path == path)
    made = {"usage": one.usage, "failcnt": one.failcnt, "css refs": one.css_refs}
    if slab >= 0:
        rows = slab_rows(machine, machine.find_cache(cache))
        made[f"slab {slab} in use"] = next((each.inuse for each in rows if each.number == slab), 0)
    return made


def charge_question(session: Session, row: EventRow, steps: tuple[StepRow, ...], payer: ContainerRow, story: Story) -> Question:
    """Ask what happens to a charge. The answers do not tell: what fits is said as plainly as what does not."""
    who, name, size, usage, limit = comm(session, row.pid), title(payer.path), row.bytes, payer.usage, payer.limit
    if row.cache == "filp" and steps[:1] and steps[0].fn.startswith("open"):
        text = f"{who} opens its {ordinal(story.files + 1)} file. A filp object is {size:,} bytes. What happens?"
        given, refused = "The file opens", "The open is refused and the object goes back"
        victim = f"The oldest file of {name} is closed to make room"
    else:
        text = f"{who} needs a {row.cache} object of {size:,} bytes, and {name} is to pay. What happens?"
        given, refused = "The object is handed out", "It is refused and the object goes back"
        victim = f"The oldest object of {name} is freed to make room"
    over = usage + size - limit if limit is not None else 0
    pays = f"{name} goes {over:,} bytes over its limit" if over > 0 else f"{name} pays {usage + size:,} bytes in all"
    answers = (f"{given}; {pays}", refused, victim, f"The kernel kills {who}")
    if row.kind == "refused":
        why = (
            f"A counter only counts: nothing is closed or killed to make room. {usage:,} + {size:,} is more than "
            f"{limit or 0:,}, so the charge fails and every step before it is undone. Only failcnt remembers."
        )
    elif limit is None:
        why = f"Nobody has limited {name}, so its counter only adds: {usage:,} + {size:,} is {usage + size:,}."
    else:
        why = (
            f"{usage:,} + {size:,} is {usage + size:,}, and that is not more than {limit:,}: the charge is made. "
            f"The owner array notes {name}, so that it gets the bytes back whoever frees the object."
        )
    return story.asked(text, answers, int(row.kind == "refused"), why, f"Add {size:,} to what {name} pays now.")


def free_question(session: Session, row: EventRow, steps: tuple[StepRow, ...], payer: ContainerRow, story: Story) -> Question:
    """Ask who gets the bytes back. The right answer does not always stand at the same place."""
    who, name, size = comm(session, row.pid), title(payer.path), row.bytes
    home = next((each.path for each in container_rows(session.machine) if row.pid in dict(each.tasks)), "/")
    lives = f"{title(home)}, where {who} lives" if home != payer.path else "The root, which holds every container"
    answers = [
        f"{name}, which owns the object", lives, "Nobody until the whole page is given back",
        f"Nobody: what {name} has paid stays until rmdir",
    ]  # fmt: skip
    right = row.n % MOST_ANSWERS
    answers = answers[-right:] + answers[:-right] if right else answers
    why = (
        f"The owner array says who paid for the object, and that is {name}. "
        f"So {name} gets the {size:,} bytes back at once, whoever frees it: {payer.usage:,} becomes {payer.usage - size:,}."
    )
    text = f"{who} gives a {row.cache} object back, and {name} had paid for it. Who gets the {size:,} bytes?"
    return story.asked(text, tuple(answers), right, why, "The owner array has a pointer for each object.")


def ordinal(n: int) -> str:
    """Return "1st", "2nd", "3rd", "4th", "11th"."""
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"
