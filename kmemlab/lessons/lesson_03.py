"""The questions of lesson 03, containers and counters. Every answer is asked of a machine or of a counter."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from random import Random
from typing import Any, Final

from ..engine.res_counter import NO_LIMIT, U64, ResCounter
from ..records import ContainerRow
from ..session import Session
from .own import own_number
from .table import Case, Function, Prediction, Say, Story, Table, Trial, Values
from .verdict import Verdict, blank, not_yet, right

MOUNT: Final = "mount -t container -o kmem none /dev/container"
MOVED: Final = (
    MOUNT,
    "mkdir /dev/container/blue /dev/container/red",
    "echo 1 > /sys/slab/filp/cache_account",
    "fork",
    "echo 2 > /dev/container/blue/tasks",
    "as 2 open 10",
    "echo 2 > /dev/container/red/tasks",
    "as 2 close 0-3",
)
SIX: Final = (
    "mount -t container -o kmen none /mnt",
    "mount -t container -o kmem,cpuset none /mnt",
    "echo abc > /dev/container/blue/tasks",
    "echo 999 > /dev/container/blue/tasks",
    "mkdir /dev/container/blue",
    "rmdir /dev/container/blue",
)
MOST: Final = 3  # commands in exercise 1
Steps = list[tuple[str, int]]

# The order of the lines of res_counter_charge, kernel/res_counter.c 2.6.25, in the words of question 03.8.
CHARGE: Final = ("Take the lock", "Compare usage", "Does not fit", "Fits", "Let go of the lock, return 0")


def machine(*lines: str) -> Session:
    """Return the lesson's machine after some commands."""
    session = Session()
    session.run(*lines)
    return session


def containers(session: Session) -> dict[str, ContainerRow]:
    """Return a machine's containers by path."""
    return {row.path: row for row in session.records("containers") if isinstance(row, ContainerRow)}


def after_the_move() -> str:
    """Say what blue and red use when the task has moved and closed four files."""
    rows = containers(machine(*MOVED))
    return f"blue {rows['/blue'].usage:,}, red {rows['/red'].usage:,}"


def said(session: Session, line: str) -> str:
    """Return the kernel's words for a refusal, "" if there was none."""
    return session.run(line)[0].err.partition("\n")[0].rpartition(": ")[2]


def of_rmdir() -> str:
    """Say what the removal of a container without tasks comes to."""
    session = machine(*MOVED)
    words = said(session, "rmdir /dev/container/blue")
    return words or ("it is empty" if containers(session)["/"].usage == 0 else "moved to its parent")


def of_the_newline() -> str:
    """Say what a limit with a newline behind it comes to."""
    session = machine(MOUNT, "mkdir /dev/container/blue")
    words = said(session, "echo 8192 > /dev/container/blue/kmem.limit")
    limit = containers(session)["/blue"].limit
    return words or ("It sets the limit to 8192 pages" if limit == 8192 * 4096 else "It sets the limit")


def six_errors() -> list[str]:
    """Return the errors of the six wrong commands by name."""
    session = machine("mkdir /mnt", MOUNT, "mkdir /dev/container/blue /dev/container/blue/one")
    return [errno.errorcode[session.run(line)[0].errno] for line in SIX]


def rows_of(limit: int, steps: Steps) -> list[list[int]]:
    """Return usage and failcnt of the kernel's counter after each step."""
    counter, rows = ResCounter(), []
    counter.limit = limit
    for what, size in steps:
        if what == "charge":
            counter.charge(size)
        else:
            counter.uncharge(size)
        rows.append([int(counter.usage), int(counter.failcnt)])
    return rows


def own_steps(case: Case) -> Steps:
    """Return the steps of exercise 4: the learner's own, but an exact fit and a byte too many. The last may fit or not."""
    first = 100 * own_number("03.7", case.seed, 3, 7)
    back, last = own_number("03.7b", case.seed, 110, 290), own_number("03.7c", case.seed, 110, 290)
    return [("charge", first), ("charge", 1000 - first), ("charge", 1), ("uncharge", back), ("charge", last)]


def usages(steps: Steps) -> list[int]:
    """Return usage after each step under a limit of 1,000, then failcnt."""
    rows = rows_of(1000, steps)
    return [*(usage for usage, _ in rows), rows[-1][1]]


def stories(case: Case) -> Iterator[Trial]:
    """Yield limits and steps, the plain ones first, the oddities last."""
    plain: list[tuple[str, int, Steps]] = [
        ("limit 1,000, 400 charged three times", 1000, [("charge", 400)] * 3),
        ("an exact fit", 1000, [("charge", 400), ("charge", 600), ("charge", 1)]),
        ("charged, given back, charged", 1000, [("charge", 400), ("uncharge", 400), ("charge", 1000)]),
        ("limit 0", 0, [("charge", 0), ("charge", 1), ("charge", 0)]),
        ("more given back than there is", 1000, [("charge", 300), ("uncharge", 400), ("charge", 1000)]),
    ]
    chance = Random(case.seed)
    for _ in range(6):
        limit = chance.randrange(2000)
        made = [(chance.choice(("charge", "charge", "uncharge")), chance.randrange(900)) for _ in range(12)]
        plain.append((f"limit {limit:,}, {', '.join(f'{what} {size}' for what, size in made[:3])} and so on", limit, made))
    plain.append(("no limit, 10 charged, then 2^64 - 1", NO_LIMIT, [("charge", 10), ("charge", U64)]))
    for told, limit, steps in plain:
        yield Trial(told, (limit, steps), rows_of(limit, steps))


def compares_first(given: Any, wanted: Any) -> bool:
    """Say whether a counter keeps what it refused: its usage is too large at the first difference."""
    first = first_difference(given, wanted)
    return first is not None and first[0][0] > first[1][0] and first[0][1] == first[1][1]


def first_difference(given: Any, wanted: list[list[int]]) -> tuple[list[int], list[int]] | None:
    """Return the first row that differs, of an answer that has the form of rows."""
    if not isinstance(given, list) or len(given) != len(wanted):
        return None
    for mine, right_one in zip(given, wanted, strict=True):
        if not isinstance(mine, list) or len(mine) != 2 or not all(isinstance(each, int) for each in mine):
            return None
        if mine != right_one:
            return mine, right_one
    return None


def blue_gone(_: Case, session: Session) -> Verdict:
    """Judge how blue was removed."""
    if session.commands[: len(MOVED)] != list(MOVED):
        return not_yet("The first commands are not the exercise's: run its cell again, from its first line.")
    typed = [line for line in session.commands[len(MOVED) :] if line.split()[0] not in ("cat", "ls", "ps")]
    if not typed:
        return blank("Nothing has been done yet.")
    rows = containers(session)
    if "/red" not in rows or 2 not in {pid for pid, _ in rows["/red"].tasks}:
        return not_yet("Task 2 is to stay alive, and in red.")
    if "/blue" in rows:
        left = rows["/blue"].css_refs
        if left:
            return not_yet(f"So many still refer to blue: {left}. Whose debts are they, and how does a debt end?")
        return not_yet("Nothing refers to blue any more. What is left to do?")
    if not rows["/red"].usage:
        return not_yet("Blue is gone. But task 2 has no file open: whose would a new one be?")
    if len(typed) > MOST:
        return not_yet(f"Blue is gone, with {len(typed)} commands. It can be done with {MOST}.")
    return right(f"Blue is gone, and red pays {rows['/red'].usage:,} bytes for what task 2 has open.")


def has_failed(given: Any, wanted: Any) -> bool:
    """Say whether a counter does not count what it refuses."""
    first = first_difference(given, wanted)
    return first is not None and first[0][0] == first[1][0] and first[0][1] < first[1][1]


def below_zero(given: Any, wanted: Any) -> bool:
    """Say whether a counter goes below zero, or wraps there."""
    first = first_difference(given, wanted)
    return first is not None and first[1][0] == 0 and not 0 <= first[0][0] <= 2**63


def too_strict(given: Any, wanted: Any) -> bool:
    """Say whether a counter refuses what fits exactly, or what wraps."""
    first = first_difference(given, wanted)
    return first is not None and first[0][1] > first[1][1]


TABLE: Table = {
    "03.0": Prediction(
        "number",
        lambda _: containers(machine(MOUNT, "echo 1 > /sys/slab/filp/cache_account", "open 40"))["/"].usage,
        (Say(8640, "That is forty times the struct. What is charged for one?"), Say(256, "That is one file.")),
    ),
    "03.1": Prediction(
        "choice",
        lambda _: after_the_move(),
        (
            Say("its memory with it", "Who would have found the six files, and rewritten their names?"),
            Say("gives blue nothing", "The bytes are free again. Who had paid for them?"),
            Say("red gets the credit", "Can a bill go below nothing? Whose name stands beside the object?"),
        ),
    ),
    "03.2": Prediction(
        "choice",
        lambda _: of_rmdir(),
        (
            Say("it is empty", "Six files will have to be given back to somebody. To whom, if blue is gone?"),
            Say("Directory not empty", "Those files are the kernel's, they never count. What else hangs on blue?"),
            Say("moved to its parent", "Who would find those six names and rewrite them?"),
        ),
    ),
    "03.3": Story(blue_gone, session="mine"),
    "03.4": Values(
        lambda _: six_errors(),
        "No such thing; no such task; it is there already; somebody uses it; that is no number. Which is which?",
        (
            Say(
                lambda given, wanted: isinstance(given, list) and given[2:4] == ["ESRCH", "EIO"],
                "One of them is no number at all, the other a number of nobody.",
            ),
            Say(
                lambda given, wanted: isinstance(given, list) and given[1] != wanted[1],
                "A subsystem can be in one tree only, and it is in one already.",
            ),
        ),
        "{answer}.",
    ),
    "03.5": Prediction(
        "choice",
        lambda _: of_the_newline(),
        (
            Say("It sets the limit", "What stands behind the last digit when echo has no -n?"),
            Say("Permission denied", "You are root. What stands behind the last digit?"),
        ),
    ),
    "03.6": Values(lambda _: usages([("charge", 400)] * 3), "What does a refused charge change?", praise="{answer}."),
    "03.7": Values(
        lambda case: usages(own_steps(case)),
        "An exact fit is allowed; a refused charge changes failcnt and nothing else.",
        (
            Say(lambda given, wanted: given[1] == wanted[0], "Does an exact fit not fit?"),
            Say(lambda given, _: max(given) > 1000, "May usage pass the limit?"),
            Say(
                lambda given, wanted: wanted[4] < given[4] == 1000,
                "The last one: is a charge that does not fit cut down to what fits?",
            ),
            Say(
                lambda given, wanted: given[4] == wanted[3] < wanted[4],
                "The last one: how much room had the uncharge made, and how much is asked for?",
            ),
            Say(lambda given, _: given[-1] == 0, "Was none of the five refused?"),
            Say(
                lambda given, wanted: given[:-1] == wanted[:-1],
                "Usage is right all along. At how many of the five did it not change?",
            ),
        ),
        "{answer}.",
        session="me",
    ),
    "03.8": Prediction(
        "order",
        lambda _: list(CHARGE),
        (
            Say("Set usage to the limit", "Then a program would be charged for what it did not get."),
            Say("then compare", "And if it does not fit? Somebody would have to take it off again."),
        ),
    ),
    "03.9": Function(
        stories,
        "Go through the steps by hand, with usage and failcnt on paper. Which row is the first that differs?",
        (
            Say(compares_first, "Usage is too large. Does a refused charge stay on it?"),
            Say(has_failed, "A refusal is not counted."),
            Say(below_zero, "Usage cannot go below nothing."),
            Say(
                too_strict, "It refuses what the kernel's counter takes. Is an exact fit refused, or a sum wider than 64 bits?"
            ),
        ),
        "Row by row the same as the kernel's counter, its oddity too.",
    ),
}
