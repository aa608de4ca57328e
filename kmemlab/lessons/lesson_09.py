"""The questions of lesson 09, nine bombs. Every answer is asked of a machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ..engine.kmem_cache import KMALLOC
from ..engine.types import PAGE_SIZE
from ..records import SlabRow
from ..session import Session
from ..survey import all_slab_rows
from .arena import HONEST, MOST_MARKS, NAMED, NINE, arena, prepared, share_of
from .arena_table import Arena
from .own import own_number
from .seen import seen
from .table import Case, Prediction, Say, Table, Values
from .verdict import Verdict, blank, not_yet, right

FIVE: Final = ("fd", "fork", "pipe", "socket", "page-table")
FIRST: Final = ("filp", "dentry", "vm_area_struct", "task_struct")
BEST: Final = 8  # fd, fork, dentry, vma and sigqueue have no cache in common, so four marks miss one of them: a test says so
DECENT: Final = 6  # what a neighbour's marks have to stop, for a bomb against them to count


@dataclass(frozen=True)
class Fought:
    """An exercise that is answered by what `arena` returned. It is fought again, so that the machine is the judge.

    Attributes:
        judge_arena: looks at it.
        session: none.
    """

    judge_arena: Callable[[Arena], Verdict]
    session: str = ""

    def judge(self, case: Case, given: Any) -> Verdict:
        """Look at what was chosen, and how it ended."""
        if not isinstance(given, Arena):
            return not_yet("What arena(...) returned is wanted.")
        if not given.rows:
            return blank()
        bombs = [row.commands[0] for row in given.rows] if given.rows[0].commands[0] in NAMED else list(given.rows[0].commands)
        return self.judge_arena(arena(bombs, marks=given.marks, limit=given.limit))


def by_share() -> list[str]:
    """Return five bombs, of which most is seen first."""
    return sorted(FIVE, key=lambda bomb: -share_of(bomb))


def child() -> dict[str, int]:
    """Return the bytes of the objects that one fork takes, by cache."""
    session = Session()
    session.run("fork 1")
    found: dict[str, int] = {}
    for row in all_slab_rows(session.machine):
        cache = session.machine.caches[row.cache]
        if not cache.family & KMALLOC and row.inuse:
            found[row.cache] = row.inuse * int(cache.size)
    return found


def two_of_a_fork(fought: Arena) -> Verdict:
    """Judge two marks against the fork bomb."""
    if [row.bomb for row in fought.rows] != ["fork"]:
        return not_yet('The exercise is about the fork bomb: arena("fork", ...).')
    if len(fought.marks) != 2:
        return not_yet(f"Two different caches are wanted, and {len(fought.marks)} are marked.")
    objects = child()
    strangers = [mark for mark in fought.marks if mark not in objects]
    if strangers:
        return not_yet(f"A fork takes nothing from {strangers[0]}.", "`man fork` lists what it takes.")
    seen = sum(objects[mark] for mark in fought.marks)
    if seen < sum(sorted(objects.values())[-2:]):
        return not_yet(f"Of each child {seen:,} bytes are seen, and another pair sees more.", "How wide are the seven cells?")
    row = fought.rows[0]
    return right(f"Of each child {seen:,} bytes are seen. The bomb holds {row.seen:,} bytes seen and {row.unseen:,} unseen.")


def files_of_the_bomb() -> int:
    """Return how many files the fd bomb gets under a limit of 16 KiB."""
    return arena("fd", marks=["filp"], limit=16384).rows[0].seen // int(Session().machine.find_cache("filp").size)


def four_marks(fought: Arena) -> Verdict:
    """Judge four marks and a limit against all nine."""
    if {row.bomb for row in fought.rows} != set(NINE):
        return not_yet("All nine bombs are wanted: give arena only marks and a limit.")
    if fought.refused:
        return not_yet(fought.summary[1], "Kept out, but at whose cost? A limit has to leave room for what blue does honestly.")
    if fought.survived >= BEST:
        return right(f"{fought.summary[1]} More cannot be done with four marks.")
    dead = [row for row in fought.rows if not row.lives]
    late = [row.bomb for row in dead if row.seen]
    if late:
        return not_yet(
            fought.summary[1],
            f"Something is seen of {late[0]}, and still the limit comes too late. How much unseen goes with each seen byte?",
        )
    return not_yet(
        fought.summary[1], f"Nothing is seen of {dead[0].bomb}. Is there a mark that catches fewer bombs than it would?"
    )


def past_the_marks(fought: Arena) -> Verdict:
    """Judge a bomb of one's own against a neighbour's marks."""
    row = fought.rows[0]
    if row.bomb != "yours":
        return not_yet('Write it yourself: a list of commands, such as ["open 5", "stat 5"].')
    if len(fought.marks) != MOST_MARKS:
        return not_yet(f"Your neighbour has marked {len(fought.marks)} caches. There are four marks to give.")
    theirs = arena(NINE, marks=fought.marks, limit=fought.limit)
    if theirs.survived < DECENT or theirs.refused:
        return not_yet(
            f"Against the nine bombs {theirs.summary[1]}",
            f"That is no defence to boast of having passed: at least {DECENT}, with all of blue's work done.",
        )
    if row.lives:
        hint = (
            "The limit stopped it. Which of its commands takes an object of a marked cache?"
            if row.stopped_by == "the limit"
            else "Nothing stopped it: it takes too little. What gives whole pages for one command?"
        )
        return not_yet(f"red got all that it asked for, {row.calls} calls of {row.calls}.", hint)
    return right(
        f"red was refused {row.failed} of {row.calls} calls. Of the bomb {row.seen:,} bytes were seen, {row.unseen:,} not."
    )


def own_limit(case: Case) -> int:
    """Return the learner's own limit of exercise 5, in bytes: above the honest work, too low for memory to be full first."""
    return 50 * own_number("09.7", case.seed, 124, 194)


def through(case: Case) -> list[int]:
    """Return how many full pipes the bomb gets under the learner's own limit, the pages in them, what is left of the limit."""
    limit = own_limit(case)
    got = arena("pipe", marks=["filp"], limit=limit).rows[0].seen
    session = Session()
    session.run("pipe -f 1")
    files = sum(row.inuse for row in session.records("slabs") if isinstance(row, SlabRow))
    written = next(line.unseen for line in seen(session).lines if line.name == "pipe_buffer")
    pipes = got // (files * int(session.machine.find_cache("filp").size))
    return [pipes, pipes * written // PAGE_SIZE, limit - honest_usage() - got]


@cache
def honest_usage() -> int:
    """Return what blue's honest work is charged where `filp` is marked, in bytes."""
    machine, honest, _, _, owner = prepared(("filp",))
    for line in HONEST:
        machine.run(f"as {honest} {line}")
    return int(owner.res.usage)


def honest_too(given: Any, wanted: Any) -> bool:
    """Say whether the honest work's files were taken for the bomb's, two a pipe."""
    files = honest_usage() // int(Session().machine.find_cache("filp").size)
    return bool(given[0] == wanted[0] + files // 2)


TABLE: Table = {
    "09.0": Prediction(
        "number",
        lambda _: round(share_of("pipe")),
        (Say(98, "That is the other part."), Say(100, "The objects are all seen. What lies in the pipe?")),
    ),
    "09.1": Prediction(
        "order",
        lambda _: by_share(),
        (
            Say(lambda given, wanted: given == wanted[::-1], "That is from the least to the most."),
            Say(lambda given, wanted: given[-1] != wanted[-1], "Which of them fills most pages for each object that it takes?"),
            Say(lambda given, wanted: given[0] != wanted[0], "Which of them takes objects of a cache and nothing else?"),
            Say(lambda given, wanted: True, "A child has two pages of stack; a message is about as large as a struct or two."),
        ),
    ),
    "09.2": Values(
        lambda _: files_of_the_bomb(),
        "What is seen, through the width of a cell.",
        praise="{answer} files, and then no more.",
    ),
    "09.3": Fought(two_of_a_fork),
    "09.4": Prediction(
        "number",
        lambda _: arena(marks=FIRST, limit=65536).survived,
        (
            Say(9, "Which bomb takes none of these four?"),
            Say(len(FIRST), "A mark can catch more than one bomb. What does a socket need besides its memory?"),
            Say(lambda given, wanted: given > wanted, "It is not enough that something of a bomb is seen."),
            Say(lambda given, wanted: given < wanted, "Some bombs need a file, or a mapping, for something else."),
        ),
    ),
    "09.5": Fought(four_marks),
    "09.6": Fought(past_the_marks),
    "09.7": Values(
        through,
        "What is left of the limit after blue's honest files, and how much of it does one pipe take?",
        (
            Say(honest_too, "Is all of the limit the bomb's? blue has files open already."),
            Say(lambda given, wanted: given[0] // 2 == wanted[0], "So many files, perhaps. How many of them has a pipe?"),
            Say(lambda given, wanted: given[0] == wanted[0] + 1, "For the last one there is room for a file. Is that a pipe?"),
            Say(
                lambda given, wanted: (
                    given[0] == wanted[0] and given[1] in (PAGE_SIZE * wanted[1], wanted[1] * PAGE_SIZE >> 10)
                ),
                "The pipes are right. The second number is wanted in pages.",
            ),
            Say(
                lambda given, wanted: given[0] == wanted[0] and given[1] != wanted[1],
                "The pipes are right. How many pages are in a full one? The table of section 1 says it.",
            ),
            Say(
                lambda given, wanted: given[:2] == wanted[:2],
                "What is left: the limit, without blue's honest files, without those of the pipes. Is one of them there twice?",
            ),
        ),
        "{answer}: pipes, pages that nobody is charged for, and bytes that are too few for one more.",
        session="me",
    ),
}
