"""The questions of lesson 02, SLUB: slabs, lists, and why a full slab is on none. Every answer is asked of a machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..records import ContainerRow, SlabRow
from ..session import Session
from .own import own_number
from .table import Case, Function, Prediction, Say, Story, Table, Trial, Values, cells_of
from .verdict import Verdict, blank, not_yet, right

BLUE: Final = (
    "mount -t container -o kmem none /dev/container", "mkdir /dev/container/blue", "echo 0 > /dev/container/blue/tasks",
    "echo 1 > /sys/slab/filp/cache_account",
)  # fmt: skip
FATES: Final = {"partial": "onto the partial list", "cpu": "becomes the cpu slab", "full": "stays on no list"}


def machine(*lines: str, slub: str = "2.6.24", memory: str = "64M", cpus: int = 1) -> Session:
    """Return the lesson's machine after some commands."""
    session = Session(slub=slub, cpus=cpus, boot="slub_nomerge", memory=memory)
    session.run(*lines)
    return session


def slabs(session: Session) -> dict[int, SlabRow]:
    """Return the slabs of filp by birth number."""
    return {row.number: row for row in session.records("slabs") if isinstance(row, SlabRow)}


def live(session: Session) -> int:
    """Return the objects of filp that are handed out."""
    return sum(row.inuse for row in slabs(session).values())


def unled(session: Session) -> list[int]:
    """Return the slabs that nothing leads to."""
    return [number for number, row in slabs(session).items() if row.where == "full"]


def reachable(session: Session) -> int:
    """Return the live objects that the cache's own pointers lead to."""
    filp = session.cache("filp")
    return sum(slab.live for slab in filp.cpu_slabs + filp.partial)


def charge_of_a_file() -> int:
    """Return what blue is charged for one file."""
    session = machine(*BLUE, "echo -n 65536 > /dev/container/blue/kmem.limit", "open 400")
    usage = next(row.usage for row in session.records("containers") if isinstance(row, ContainerRow) and row.path == "/blue")
    return usage // live(session)


def cell_size() -> int:
    """Return how wide a cell of filp is."""
    return int(machine().machine.find_cache("filp").size)


def order_of_turning() -> list[str]:
    """Return the steps of an allocation in the order in which a cpu turns to them, in the words of question 02.7.

    The machine has one page left, one slab on the partial list, and in the cpu's slab a cell of its own and two that another
    cpu freed. Files are opened one by one until there is no more; each new thing that is seen to happen is the next step.
    """
    most = live(machine("open 9999", memory="1M", cpus=2)) - 16
    session = machine(
        f"open {most}", f"close {most - 1}", f"as 1@0 close {most - 2} {most - 3}", "close 3", memory="1M", cpus=2
    )
    steps: list[str] = []
    for _ in range(64):
        before = slabs(session)
        refused = bool(session.run("open 1")[0].err)
        steps += [step for step in turned(before, slabs(session), cells_of(session), refused) if step not in steps]
        if refused:
            return steps
    return steps


def turned(before: dict[int, SlabRow], after: dict[int, SlabRow], cells: list[str], refused: bool) -> Iterator[str]:
    """Say what one allocation did: between two looks at the slabs, with the cell that it got."""
    hand = next((row for row in before.values() if row.where == "cpu 1"), None)
    if hand is not None and after[hand.number].where == "full":
        yield "Let go of the cpu slab"
    if refused:
        yield "return NULL"
        return
    slab, _, cell = cells[0].partition(":")
    row = before.get(int(slab))
    if row is None:
        yield "Ask the page allocator for a new slab"
    elif row is not hand:
        yield "Take the first slab of the partial list" if row.where == "partial 1" else "another slab of the partial list"
    else:
        yield "Take over cells of the cpu slab" if int(cell, 16) in row.remote else "Pop a cell from the cpu's private list"


def eighty(case: Case) -> list[str]:
    """Return the commands of exercise 2. Which two files of slab 2 are closed last is the learner's own, and in which order."""
    even, odd = 2 * own_number("02.6", case.seed, 16, 23), 2 * own_number("02.6b", case.seed, 16, 23) + 1
    return ["open 80", f"close 3 20 {even} {odd}"]


def refilled(case: Case) -> list[str]:
    """Return the cells of five opens after `eighty`, on the SLUB of the learner's machine.

    The five files are then opened there, too, so that there is something to step through.
    """
    slub = case.session.machine.profile.slub if case.session is not None else "2.6.24"
    if case.session is not None and case.session.commands == eighty(case):
        case.session.run("open 5")
    return cells_of(machine(*eighty(case), "open 5", slub=slub))


def of_slab_2(cells: Any) -> list[str]:
    """Return those of some cells that are slab 2's."""
    return [cell for cell in cells if cell.startswith("2:")]


def stocks(_: Case) -> Iterator[Trial]:
    """Yield machines to be looked through, the lesson's own first."""
    for lines in (
        ("open 40",), ("open 40", "close 5"), ("open 40", "close 5 20"), ("open 160", "close 0-14 17 33-40 150-159"),
        ("open 3",), ("open 160", "close all"),
    ):  # fmt: skip
        session = machine(*lines)
        yield Trial(f"after {', '.join(f'`{line}`' for line in lines)}", (session.cache("filp"),), reachable(session))


def everything_found(_: Case, session: Session) -> Verdict:
    """Judge what was closed so that every file can be found."""
    opened = [line for line in session.commands if line.split()[:1] == ["open"]]
    closed = 40 - live(session)
    if opened != ["open 40"] or closed < 0:
        return not_yet("You may only close files. Run the cell with `open 40` again, and begin anew.")
    if not closed:
        return blank("No file is closed yet.")
    fewest = machine("open 40")
    needed, hand = len(unled(fewest)), [row.number for row in slabs(fewest).values() if row.where.startswith("cpu")]
    lost = unled(session)
    seen = f"{reachable(session)} of {live(session)} files can be found."
    wasted = "That slab could be found already: the cpu has it in its hand." if holes(session) & set(hand) else ""
    if lost:
        return not_yet(seen, wasted or "Which slabs stand in the picture where nothing points at them?")
    if closed > needed:
        return not_yet(seen, f"All found. It can be done with fewer than {closed}.", wasted)
    return right(f"{seen} One free cell in a slab puts it on the list, and with it all its other objects.")


def holes(session: Session) -> set[int]:
    """Return the slabs in which a file was closed."""
    numbers = {row.number for row in slabs(session).values()}
    fresh = slabs(machine("open 40"))
    return {n for n, row in fresh.items() if n not in numbers or slabs(session)[n].inuse < row.inuse}


TABLE: Table = {
    "02.0": Prediction(
        "number",
        lambda _: charge_of_a_file(),
        (Say(216, "That is the struct. What did the files of lesson 00 come to, all together?"),),
    ),
    "02.1": Prediction(
        "choice",
        lambda _: f"{sum(4096 << row.order for row in slabs(machine('open 1')).values()):,} bytes",
        (
            Say("256 bytes", "A cell is 256. Can you buy one cell from the page allocator?"),
            Say("216 bytes", "That is the struct. Can you buy so little from the page allocator?"),
        ),
    ),
    "02.2": Prediction(
        "number",
        lambda _: len(machine("open 40").cache("filp").partial),
        (
            Say(1, "Slab 2 has room, true. Look where it stands in the picture: who has it?"),
            Say(2, "Full slabs have no room; the list is for slabs that have."),
            Say(3, "Full slabs have no room; the list is for slabs that have."),
        ),
    ),
    "02.3": Prediction(
        "choice",
        lambda _: FATES[slabs(machine("open 40", "close 5"))[0].where.split()[0]],
        (
            Say("no list", "Then its free cell could never be used. Follow the address from the object."),
            Say("cannot be found", "Nobody has to search. Follow the address from the object."),
            Say("cpu slab", "The cpu has a slab in its hand, with free cells in it. Why would it let go of it?"),
        ),
    ),
    "02.4": Prediction(
        "point",
        lambda _: cells_of(machine("open 40", "close 5", "open 1"))[0],
        (
            Say("0:5", "That is first fit. Where does the cpu look first?"),
            Say(
                lambda given, wanted: given.partition(":")[0] == wanted.partition(":")[0],
                "The right slab. Which of its cells is next?",
            ),
            Say(lambda given, _: given != "0:5", "There are free cells left in the cpu's hand."),
        ),
    ),
    "02.5": Values(
        lambda _: cells_of(machine("open 40", "close 33 37 35", "open 4")),
        "Read the table: a cell that comes back goes to the front.",
        (
            Say(["2:1", "2:3", "2:5", "2:8"], "In order of address? Which cell came back last?"),
            Say(["2:1", "2:5", "2:3", "2:8"], "First in, first out. It is a stack."),
        ),
        "The free list is a stack: {answer}.",
    ),
    "02.6": Values(
        refilled,
        "Each slab of the list is used up before the next is taken. In which order are they on it?",
        (
            Say(lambda given, _: any(each.startswith("3:") for each in given), "Slab 3 lost no object. Is it on the list?"),
            Say(
                lambda given, _: any(each.startswith("4:") for each in given),
                "Slab 4 is in the cpu's hand, and it has no free cell left.",
            ),
            Say(
                lambda given, wanted: of_slab_2(given) == of_slab_2(wanted)[::-1],
                "Both were freed into slab 2. Which was freed last?",
            ),
            Say(
                lambda given, _: any(len(each.partition(":")[2]) > 1 for each in given),
                "A slab has sixteen cells, 0 to 9 and then a to f. How is the cell behind 9 called?",
            ),
        ),
        "{answer}: slab by slab as they stand on the list, and a new slab when it is empty.",
        session="s2",
    ),
    "02.7": Prediction(
        "order",
        lambda _: order_of_turning(),
        (
            Say("Search the full slabs", "From where would you find them?"),
            Say("fewest free cells", "It takes the first of the list, whatever its fill."),
        ),
    ),
    "02.8": Function(
        stocks,
        "Which slabs do cache.cpu_slabs and cache.partial hold, one by one? Each has its live objects in .live.",
        (
            Say(0, "The cpu slab is a way out too."),
            Say(40, "You went through something that the kernel does not have."),
            Say(None, "It returns nothing: is there a return at its end?"),
        ),
        "{answer} of 40, and right on the other machines that were tried.",
    ),
    "02.9": Story(everything_found, session="s3"),
    "02.10": Prediction(
        "number",
        lambda _: sum(slabs(machine("open 40"))[n].inuse for n in unled(machine("open 40"))) * cell_size(),
        (
            Say(0, "Which charges can it find?"),
            Say(2048, "That is what it gives back."),
            Say(10240, "Can it find none of them? Where are the eight files opened last?"),
        ),
    ),
}
