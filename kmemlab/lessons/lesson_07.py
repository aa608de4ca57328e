"""The questions of lesson 07, turning accounting off. Every answer is asked of a machine that boots with a design of off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..engine.off import CHARGED_LIST, DESIGNS, DRAIN, EMPTY, FULL_LIST, WALK
from ..records import ContainerRow, OffRow, SlabRow
from ..session import Session
from ..turning_off import FILE, OFF, off_row
from ..variants import variant
from .graded import Handed
from .lesson_02 import reachable
from .table import Case, Prediction, Say, Story, Table, Values
from .verdict import Verdict, blank, not_yet, right

ON: Final = f"echo 1 > {FILE}"
SIXTY: Final = (
    "mount -t container -o kmem none /dev/container",
    "mkdir /dev/container/blue",
    "echo 0 > /dev/container/blue/tasks",
    "open 20",
    ON,
    "open 40",
)
FORTY: Final = (ON, "open 40")
LISTED: Final = (ON, "open 60", "close 16-31", "close 40-47")
# The designs in the words of question 07.1.
LINES: Final = {
    FULL_LIST: "list of all full slabs",
    CHARGED_LIST: "list of all charged slabs",
    WALK: "every page of memory",
    DRAIN: "Stop charging, and wait",
}
MANY: Final = 100  # list operations, events
RECORDS: Final = 100_000  # of pages, for each slab that was found


def ran(*lines: str, off: str = EMPTY, memory: str = "64M") -> Session:
    """Return a machine with a design of off after some commands."""
    session = Session(off=off, memory=memory)
    session.run(*lines)
    return session


def designs() -> dict[str, OffRow]:
    """Return what each design that can do it took, in the story of the lesson on its machine of 1 GiB."""
    can = (design for design in DESIGNS if design != EMPTY)
    return {design: off_row(ran(*SIXTY, OFF, off=design, memory="1G").machine) for design in can}


def from_quick_to_slow() -> list[str]:
    """Return the designs in the order of what off looks at before it answers, the least first."""
    rows = designs()
    return [LINES[design] for design in sorted(rows, key=lambda design: rows[design].visited)]


def when_drained() -> str:
    """Say when nothing is charged any more by a machine that drains."""
    session = ran(*SIXTY, OFF, off=DRAIN)
    usage = "cat /dev/container/blue/kmem.usage"
    if session.run(usage)[0].out.strip() == "0":
        return "At once"
    session.run(ON, OFF)
    if session.run(usage)[0].out.strip() == "0":
        return "accounting is switched on again"
    session.run("close all")
    return "the last file that was charged is closed" if session.run(usage)[0].out.strip() == "0" else "Never"


def walked(case: Case) -> list[int]:
    """Return what a walk over memory looks at and finds: page records, charged slabs, charged objects."""
    story = case.session if case.session is not None else ran(*SIXTY, memory="1G")
    session = variant(story, off=WALK)
    if OFF not in session.commands:
        session.run(OFF)
    row = off_row(session.machine)
    return [row.visited, row.found, row.uncharged]


@dataclass(frozen=True)
class Listed:
    """The row of an exercise whose answer is a list of slabs, or of their numbers: all of a session's, and no other."""

    session: str = "c"

    def judge(self, case: Case, given: Any) -> Verdict:
        """Compare the list with the machine's slabs."""
        read = [getattr(each, "number", each) for each in given] if isinstance(given, list) else []
        numbers = [int(each) for each in read if isinstance(each, int)]
        if not numbers or len(numbers) < len(read):
            return not_yet("A list of slabs is wanted, or of their numbers.")
        there = slabs_of(case.session if case.session is not None else ran(*LISTED))
        if gone := sorted(set(numbers) - set(there)):
            return not_yet(f"Slab {gone[0]} is on it, and its page has gone back. Who tells you that a slab dies?")
        if missed := sorted(set(there) - set(numbers)):
            return not_yet(f"Slab {missed[0]} is not on it. Who tells you that a slab is born?")
        if len(set(numbers)) < len(numbers):
            return not_yet("A slab is on it twice. How often is it born?")
        full = sum(where == "full" for where in there.values())
        return right(f"All {len(there)} slabs are on it, and {full} of them nothing else leads to.")


def slabs_of(session: Session) -> dict[int, str]:
    """Return the slabs that there are by number, and what leads to them."""
    return {row.number: row.where for row in session.records("slabs") if isinstance(row, SlabRow)}


def usage_of(session: Session) -> int:
    """Return what all containers together are charged."""
    return sum(row.usage for row in session.records("containers") if isinstance(row, ContainerRow))


def looks_bad(_: Case, session: Session) -> Verdict:
    """Judge a story that is to show what a design costs."""
    if not session.commands:
        return blank("Nothing has been run yet.")
    judge = {FULL_LIST: bad_full_list, WALK: bad_walk, DRAIN: bad_drain, CHARGED_LIST: bad_charged_list}
    design = str(session.machine.profile.off)
    if design not in judge:
        return not_yet(f"Choose a design: Session(off=...) takes {', '.join(judge)}.")
    return judge[design](session, off_row(session.machine, position=session.length))


def bad_full_list(session: Session, row: OffRow) -> Verdict:
    """Nobody has ever asked for accounting, and the list was kept all the same."""
    if any("cache_account" in line for line in session.commands):
        return not_yet("It looks worst where it was never of use. Is accounting of use on this machine?")
    if row.list_ops < MANY:
        return not_yet(
            f"List operations so far: {row.list_ops}. At what moment does a slab join that list, and when does it leave?"
        )
    return right(f"{row.list_ops} list operations for an off that nobody has asked for, by a cache that is not accounted.")


def bad_walk(_: Session, row: OffRow) -> Verdict:
    """Much is looked at, and next to nothing found."""
    if not row.asked:
        return not_yet("It costs nothing before off, and off has not been asked for.")
    if row.visited < RECORDS * max(1, row.found):
        each = "nothing" if not row.found else "one slab" if row.found == 1 else f"{row.found} slabs"
        return not_yet(
            f"{row.visited:,} page records for {each}.", "What decides how long the walk is, and what how much it finds?"
        )
    return right(f"{row.visited:,} page records, and slabs that were found: {row.found}.")


def bad_drain(session: Session, row: OffRow) -> Verdict:
    """Off has answered long ago, and somebody still pays."""
    if not row.asked:
        return not_yet("Off has not been asked for.")
    if row.done > 0:
        return not_yet(
            f"It was done {row.done - row.answered} events after its answer. Who could keep it from ever being done?"
        )
    since = session.length - row.answered
    if since < MANY:
        return not_yet(f"It is not done, but only {since} events have gone by. Life goes on, and on.")
    return right(f"{since} events after off has answered, {usage_of(session):,} bytes are still charged.")


def bad_charged_list(_: Session, row: OffRow) -> Verdict:
    """Slabs come and go, and each joins and leaves."""
    if row.asked:
        return not_yet("Off is where it shines. What does it cost those who never ask for off?")
    if row.list_ops < MANY:
        return not_yet(
            f"List operations so far: {row.list_ops}. At what moment does a slab join that list, and when does it leave?"
        )
    return right(f"{row.list_ops} list operations, and nobody has asked for off.")


TABLE: Table = {
    "07.0": Prediction(
        "number",
        lambda _: reachable(ran(*FORTY)),
        (
            Say(40, "Those of full slabs, too? What leads to a full slab?"),
            Say(0, "One slab is in somebody's hand."),
            Say(32, "Those are the ones in full slabs."),
        ),
    ),
    "07.1": Prediction(
        "order",
        lambda _: from_quick_to_slow(),
        (
            Say(
                lambda given, wanted: given[-1] != wanted[-1],
                "One of them looks at memory that never was filp's. How much is there?",
            ),
            Say(lambda given, wanted: given[0] != wanted[0], "One of them has next to nothing to do before it answers."),
            Say(
                lambda given, wanted: given != wanted,
                "Twenty files were there before anybody said on. Are their slabs full, and are they charged?",
            ),
        ),
    ),
    "07.2": Values(
        walked,
        "How many pages are 1 GiB, and which slabs got an array?",
        praise="Page records, slabs, objects: {answer}.",
        session="s",
    ),
    "07.3": Prediction(
        "choice",
        lambda _: when_drained(),
        (
            Say("At once", "Who would have paid back for the files that are open?"),
            Say("blue is removed", "Can a container be removed while an object holds it?"),
            Say("on again", "Then two stories would run at a time. What has become of the debts of the first?"),
        ),
    ),
    "07.4": Prediction(
        "number",
        lambda _: off_row(ran("open 40", off=FULL_LIST).machine).list_ops,
        (
            Say(0, "Nobody has asked for accounting. How would SLUB know that nobody ever will?"),
            Say(3, "Which of the three slabs is not full?"),
            Say(40, "A list of slabs, not of files. When does a slab join it?"),
        ),
    ),
    "07.5": Listed(),
    "07.6": Story(looks_bad, session="worst"),
    "07.7": Handed(
        "drain", "On the real engine, {runs} runs: off and on, every nth fault, all schedules. Whoever paid is paid back."
    ),
}
