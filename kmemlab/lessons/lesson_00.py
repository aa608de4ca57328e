"""The questions of lesson 00, first light: one program's bomb, and a limit. Every answer is asked of a machine."""

from __future__ import annotations

from typing import Final

from ..engine.types import NONE
from ..records import ContainerRow
from ..session import Session
from .table import Case, Prediction, Say, Story, Table, Values
from .verdict import Verdict, blank, not_yet, right

RECIPE: Final = (
    "mount -t container -o kmem none /dev/container",
    "mkdir /dev/container/blue /dev/container/red",
    "echo 1 > /sys/slab/filp/cache_account",
    "fork 2",
    "echo 2 > /dev/container/blue/tasks",
    "echo 3 > /dev/container/red/tasks",
)
WANTED: Final = 1000  # files that blue is to get in exercise 3
BLUE: Final = "/dev/container/blue/kmem.limit"


def machine(*lines: str) -> Session:
    """Return the lesson's machine after some commands."""
    session = Session(memory="2M")
    session.run(*lines)
    return session


def files(session: Session, path: str = "/blue") -> int:
    """Return how many files the tasks of a container have."""
    (row,) = [row for row in session.records("containers") if isinstance(row, ContainerRow) and row.path == path]
    pids = {pid for pid, _ in row.tasks}
    return sum(fd != NONE for pid, task in session.machine.tasks.by_pid.items() if pid in pids for fd in task.files)


def under(limit: int, *more: str) -> int:
    """Return how many files the bomb gets under a limit, with more commands behind."""
    return files(machine(*RECIPE, f"echo -n {limit} > {BLUE}", "as 2 open 400", *more))


def one_more_after_the_bomb() -> str:
    """Say whether task 3 gets a file when task 2 has opened all it could."""
    session = machine("fork 2", "as 2 open 10000")
    pages = session.machine.slub.pages.nr_free
    if not session.run("as 3 open 1")[0].errno:
        return "keeps something back" if pages else "its own memory"
    return "no memory left" if pages == 0 else "file descriptors"


def exactly_so_many(_: Case, session: Session) -> Verdict:
    """Let the bomb go off on a copy of a learner's machine, then let red open a file."""
    if "/blue" not in {row.path for row in session.records("containers") if isinstance(row, ContainerRow)} or files(session):
        return not_yet("The bomb has gone off already, or blue is not there: run the cell above again, from its first line.")
    if all(row.limit is None for row in session.records("containers") if isinstance(row, ContainerRow)):
        return blank("No container has a limit yet.")
    copy = Session.from_dict(session.to_dict())
    copy.run("as 2 open 4000")
    got, red = files(copy), copy.run("as 3 open 1")[0]
    if red.errno:
        return not_yet(f"Blue gets {got:,} files, and red none. Whose limit did you write?")
    if got != WANTED:
        way = "more" if got < WANTED else "less"
        return not_yet(f"Blue gets {got:,} files, and {WANTED:,} are wanted: {way} is needed. What does one file cost?")
    return right(f"Blue gets {got:,} files and not one more, and red opens its own.")


TABLE: Table = {
    "00.0": Prediction(
        "choice",
        lambda _: one_more_after_the_bomb(),
        (
            Say("its own memory", "Whose memory is a struct file? Nobody has given task 2 a share of its own."),
            Say("keeps something back", "Not for this. Look at the picture: which page is free?"),
            Say("file descriptors", "Each task has descriptors of its own. What stands behind one?"),
        ),
    ),
    "00.1": Prediction(
        "number",
        lambda _: under(65536),
        (
            Say(303, "You divided by the length of the struct. Is that what is charged?"),
            Say(255, "Is a charge that fits exactly refused?"),
            Say(257, "May usage pass the limit once?"),
            Say(0, "It is refused what does not fit. What of the files that do?"),
            Say(400, "Then the limit would change nothing. When is the first one refused?"),
        ),
    ),
    "00.2": Prediction(
        "number",
        lambda _: under(65536, "as 3 open 5", f"echo -n 100000 > {BLUE}", "as 2 open 400"),
        (
            Say(391, "May usage pass the limit by a part of a file?"),
            Say(134, "Those are the new ones. What of the old?"),
            Say(462, "You divided by the length of the struct. What did a file cost above?"),
            Say(646, "Do the old files stay free of charge when the limit is raised?"),
        ),
    ),
    "00.3": Values(
        lambda _: under(4096), "What is one file charged? How often does that go into the limit?", praise="{answer}."
    ),
    "00.4": Values(
        lambda _: [under(limit) for limit in (4095, 4096, 5000)],
        "A charge is all or nothing: how many whole files fit?",
        (
            Say([16, 16, 19], "Is the sixteenth file refused if one byte is missing?"),
            Say([15, 16, 20], "Does a file fit into what is left of the third limit?"),
            Say([18, 16, 23], "You divided by the length of the struct. What is charged is its cell."),
        ),
        "{answer}: one byte less, and one file less.",
    ),
    "00.5": Story(exactly_so_many, session="mine"),
}
