"""The questions of lesson 10, the other allocator. Every answer is asked of a machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ..records import ContainerRow, ListedSlab, SlabCacheRow, SlabRow
from ..session import Session
from .own import own_number
from .table import Case, Function, Prediction, Say, Table, Trial, Values, cells_of

BLUE: Final = (
    "mount -t container -o kmem none /dev/container", "mkdir /dev/container/blue", "echo 0 > /dev/container/blue/tasks",
    "echo 1 > /sys/slab/filp/cache_account",
)  # fmt: skip
CLOSED: Final = ("open 40", "close 0-9")
FOUND: Final = ("open 50", "close 8", "close 11", "close 30")
HOOKS: Final = ("newpage", "alloc", "free", "freepage")
LISTED: Final = {"full": "On the full list", "partial": "On the partial list"}


def machine(*lines: str, allocator: str = "slab", off: str = "empty") -> Session:
    """Return the lesson's machine after some commands."""
    session = Session(allocator=allocator, cpus=1, off=off)
    session.run(*lines)
    return session


def filp(session: Session) -> SlabCacheRow:
    """Return what leads to the slabs of filp, under SLAB."""
    found = session.cache("filp")
    assert isinstance(found, SlabCacheRow)
    return found


def lists(session: Session) -> dict[int, str]:
    """Map the slabs of filp to the list each is on: "full"."""
    rows = filp(session)
    of: dict[str, Sequence[ListedSlab]] = {"full": rows.full, "partial": rows.partial, "free": rows.free}
    return {slab.number: name for name, slabs in of.items() for slab in slabs}


def in_use(session: Session) -> int:
    """Return how many cells of filp its slabs count as in use."""
    rows = filp(session)
    return sum(getattr(slab, "inuse", 0) for slab in [*rows.full, *rows.partial, *rows.free])


def files(session: Session) -> int:
    """Return how many files are open."""
    return sum(row.inuse for row in session.records("slabs") if isinstance(row, SlabRow))


def of_slub() -> str:
    """Say what leads to SLUB's first slab when it is full."""
    rows = machine("open 40", allocator="slub").records("slabs")
    where = next(row.where for row in rows if isinstance(row, SlabRow) and row.number == 0)
    return "On no list" if where == "full" else LISTED[where.split()[0]]


def all_closed() -> str:
    """Say on which one list SLAB's slabs are when every file is closed."""
    (name,) = set(lists(machine(*CLOSED, "open 1", "close all")).values())
    return f"on the {name} list"


def rewritten() -> int:
    """Return how many of the controller's four functions a machine with SLAB has otherwise than one with SLUB."""
    slub, slab = (type(machine(allocator=name).machine.kmem) for name in ("slub", "slab"))
    return sum(getattr(slub, hook) is not getattr(slab, hook) for hook in HOOKS)


def closed_five(case: Case) -> list[str]:
    """Return the commands of exercise 2. The first three files that are closed are the learner's own."""
    own = own_number("10.8", case.seed, 1, 6), own_number("10.8b", case.seed, 8, 13), own_number("10.8c", case.seed, 15, 18)
    return ["open 20", *(f"close {file}" for file in (*own, 19, 0))]


def five(case: Case) -> list[str]:
    """Return the cells of five opens after `closed_five`; they are opened on the learner's machine, too, to be looked at."""
    commands = closed_five(case)
    if case.session is not None and case.session.commands == commands:
        case.session.run("open 5")
    return cells_of(machine(*commands, "open 5"))


def upward(cell: str) -> str:
    """Return the cell of the same file if files had got their cells from 0 up."""
    slab, _, number = cell.partition(":")
    return f"{slab}:{14 - int(number, 16):x}"


def stocks(_: Case) -> Iterator[Trial]:
    """Yield caches to be looked through: each list has something in one of them."""
    for lines in (("open 40",), ("open 40", "close 0-9"), ("open 200", "close all"), ("open 150", "close 0-139"), ("open 3",)):
        session = machine(*lines)
        yield Trial(f"after {', '.join(f'`{line}`' for line in lines)}", (filp(session),), in_use(session))


def beyond() -> list[Any]:
    """Return how many more cells than files are found after `FOUND`, and the array that has them."""
    session = machine(*FOUND)
    (where,) = [name for name, resting in filp(session).arrays.items() if resting]
    return [in_use(session) - files(session), where]


def usage_after_off() -> int:
    """Return what blue pays when every slab was visited."""
    session = machine(*BLUE, *CLOSED, "echo 0 > /sys/slab/filp/cache_account", off="full-list")
    rows = session.records("containers")
    return next(row.usage for row in rows if isinstance(row, ContainerRow) and row.path == "/blue")


TABLE: Table = {
    "10.0": Prediction(
        "choice",
        lambda _: of_slub(),
        (
            Say("partial", "That list is for slabs with room."),
            Say("full list", "SLUB has such a list only where a cache is debugged."),
        ),
    ),
    "10.1": Prediction(
        "number",
        lambda _: len(lists(machine("open 40"))),
        (
            Say(0, "That is SLUB. Which slabs does a list of full ones leave out?"),
            Say(1, "You count those with room. What are the other two lists for?"),
            Say(2, "A slab that the cpu has in its hand: is there one here?"),
        ),
    ),
    "10.2": Prediction(
        "number",
        lambda _: in_use(machine("open 40")),
        (
            Say(40, "That is who has them. What does a slab know of a cell that lies in the cpu's array?"),
            Say(35, "What rests in the array has left its slab: does the slab count it as in use, or as free?"),
            Say(5, "Those rest. What do the slabs count besides?"),
        ),
    ),
    "10.3": Prediction(
        "choice",
        lambda _: f"on the {lists(machine(*CLOSED))[0]} list",
        (
            Say("partial", "Does the slab hear of the close? Where does the cell go first?"),
            Say("free list", "Five of its files are open, whatever it may hear."),
        ),
    ),
    "10.4": Prediction(
        "point",
        lambda _: cells_of(machine(*CLOSED, "open 1"))[0],
        (
            Say("0:e", "That was closed first. At which end of the array does a cell come in, and at which go out?"),
            Say("2:4", "It would have been next before the closes. What lies on top of it now?"),
            Say(lambda given, _: given.startswith("2:"), "Those lay in the array before. What lies on top of them?"),
            Say(lambda given, _: given.startswith("0:"), "The right slab. Which of its files was closed last?"),
        ),
    ),
    "10.5": Prediction(
        "choice",
        lambda _: all_closed(),
        (
            Say("page allocator", "Who would have told the slabs that they are empty?"),
            Say("free list", "Nobody has an object of theirs, true. Do the slabs know?"),
            Say("partial", "Has any cell come back to its slab?"),
        ),
    ),
    "10.6": Prediction(
        "number",
        lambda _: rewritten(),
        (
            Say(
                lambda given, wanted: given > wanted,
                "Does one of the events say how the slab is found? Think of the four words of lesson 04.",
            ),
        ),
    ),
    "10.7": Values(
        lambda _: cells_of(machine("open 3", "close 0", "close 2", "open 3")),
        "Read the last line of the table from the left.",
        praise="From the top: {answer}.",
    ),
    "10.8": Values(
        five,
        "The array is one pile for all slabs: what was closed last lies on top.",
        (
            Say(lambda given, wanted: given == wanted[::-1], "First in, first out. It is a pile."),
            Say(
                lambda given, wanted: sorted(given) == sorted(wanted),
                "These five, but in another order: which file was closed last?",
            ),
            Say(
                lambda given, wanted: any(given[place] == upward(wanted[place]) for place in (3, 4)),
                "Cells go out from e down: which cell has file 1? And yours?",
            ),
            Say(
                lambda given, wanted: given[2] == upward(wanted[2]),
                "File 15 has cell e of slab 1. Which has the one after it?",
            ),
        ),
        "From the top of one pile, whichever slab a cell is of: {answer}.",
        session="s2",
    ),
    "10.9": Function(
        stocks,
        "Three lists lead to slabs, and each slab has .inuse. Which list is left out?",
        (
            Say(40, "That is live, which no kernel knows. What does a slab itself say?"),
            Say(3, "That is how many slabs there are."),
            Say(None, "It returns nothing: is there a return at its end?"),
            Say(0, "Nothing is found. On which list are slabs whose cells all are taken?"),
        ),
        "{answer} of 40, and as many as the slabs say on the other machines that were tried.",
    ),
    "10.10": Values(
        lambda _: beyond(),
        "Call reachable(s4.cache('filp')), take away the files that are open, and look into s4.cache('filp').arrays.",
        (
            Say(lambda given, _: given[0] == 3, "Three were closed. What had the array before that?"),
            Say(lambda given, wanted: given[0] == wanted[0] - 3, "That was before the closes. Where did those go?"),
            Say(lambda given, _: given[0] in (60, 47), "How many more is that than there are files?"),
        ),
        "{answer}: free, and counted as in use.",
        session="s4",
    ),
    "10.11": Prediction(
        "number",
        lambda _: usage_after_off(),
        (
            Say(2560, "The ten that rest: when were they given back, and what stands in their place of the owner array?"),
            Say(7680, "Then off had done nothing. Can the visitor find the open ones?"),
            Say(lambda given, wanted: given < wanted, "Can a cell be given back twice, if it has no owner any more?"),
        ),
    ),
}
