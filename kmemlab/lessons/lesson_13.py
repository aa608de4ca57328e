"""The questions of lesson 13, write your own controller: four of them are answered by a class."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.errors import KernelError
from ..races.explorer import explore
from ..races.versions import scene
from ..records import ContainerRow
from ..session import Session
from .graded import Handed
from .mistakes import EIGHT
from .table import Prediction, Say, Table

BLUE = (
    "mount -t container -o kmem none /containers", "mkdir /containers/blue", "fork", "echo 2 > /containers/blue/tasks",
    "echo 1 > /sys/slab/filp/cache_account",
)  # fmt: skip


def blue(*lines: str, patchset: str = "v3") -> ContainerRow:
    """Return blue after some commands."""
    session = Session(cpus=1, patchset=patchset)
    session.run(*BLUE, *lines)
    session.machine.check()
    return next(row for row in session.records("containers") if isinstance(row, ContainerRow) and row.path == "/blue")


def references() -> int:
    """Return how many references there are on blue when two of three files fit."""
    return blue("echo -n 512 > /containers/blue/kmem.limit", "as 2 open 3").css_refs


def usage_of_the_deaf() -> int:
    """Return what two files come to when the counter takes one and refuses the other."""
    return blue("echo -n 256 > /containers/blue/kmem.limit", "as 2 open 2").usage


def only_raced() -> str:
    """Say which of the eight shows in schedules alone: v2 looks up outside, its stories are sound, its races are not."""
    stories: Sequence[tuple[str, ...]] = (
        ("as 2 open 3", "as 2 close 0"), ("as 2 open 3", "echo 0 > /containers/tasks"),
        ("echo -n 256 > /containers/blue/kmem.limit", "as 2 open 2", "as 2 exit"),
    )  # fmt: skip
    for story in stories:
        blue(*story, patchset="v2")  # raises, if a book is wrong
    if not explore(scene("v2", ("charge", "attach+rmdir"))).violations:
        raise KernelError(22, "v2 has no race here")
    return EIGHT[3]


TABLE: Table = {
    "13.0": Prediction(
        "number",
        lambda _: references(),
        (
            Say(2, "Those are the files. Who else is in blue?"),
            Say(4, "One open was refused. What became of the reference that was taken for it?"),
            Say(1, "That is the task. What does each file hold?"),
        ),
    ),
    "13.1": Prediction(
        "choice",
        lambda _: only_raced(),
        (
            Say("at the free", "Open one file and close it. What does the bill say?"),
            Say("whoever frees", "Open one file, move the task, close it. Whose bill is wrong?"),
            Say("before the charge", "Set a limit and open one file too many. Which bill is wrong?"),
            Say("switched off", "Open one file and switch off. Is it refused?"),
            Say("array", "A knob refuses the next object or page. Which call sees it?"),
            Say("twice", "Open and close until a cell is used again, and refuse a charge. What does the bill say?"),
            Say("moves", "Open one file and move the task. Which bills change?"),
        ),
    ),
    "13.2": Handed(
        praise="{runs} stories of opens, closes, moves and exits, and the bills are right: {points} points.", stage=1
    ),
    "13.3": Prediction(
        "number",
        lambda _: usage_of_the_deaf(),
        (
            Say(512, "The second charge was refused. What does a refused charge add?"),
            Say(0, "The first one fits exactly. Is that allowed?"),
        ),
    ),
    "13.4": Handed(praise="{runs} stories, with limits and every nth charge refused: {points} points.", stage=2),
    "13.5": Handed(
        praise="{runs} stories, with every nth charge, object and page refused, on and off: {points} points.", stage=3
    ),
    "13.6": Handed(
        praise="{runs} stories and schedules: {points} points, and the last 10 are your neighbour's to give.", stage=4
    ),
}
