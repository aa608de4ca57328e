"""The questions of lesson 01, pages and buddies. Every answer is asked of a zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from ..engine.buddy import PAGES, Zone
from ..engine.types import PAGE_SIZE
from ..session import Session
from .own import own_number
from .table import Case, Function, Prediction, Say, Story, Table, Trial, Values
from .verdict import Verdict, blank, not_yet, right

PAIRS: Final = ((6, 1), (5, 0), (8, 3), (96, 5))
ORDERS: Final = (1, 0, 3, 5)  # of the blocks of exercise 2
MANY: Final = 1024  # pages of the lesson's machine
HUGE: Final = 9  # order of 2 MiB
Free = dict[int, set[int]]


def machine(*lines: str) -> Session:
    """Return the lesson's machine after some commands."""
    session = Session(memory="4M")
    session.run(*lines)
    return session


def free_of(zone: Zone) -> Free:
    """Return the first pages of a zone's free blocks, by order."""
    return {order: {int(pfn) for pfn in blocks} for order, blocks in enumerate(zone.free_blocks())}


def of_machine(*lines: str) -> Free:
    """Return the free blocks of the lesson's machine after some commands."""
    zone = machine(*lines).machine.slub.pages
    assert isinstance(zone, Zone)
    return free_of(zone)


def pages_of_the_bomb() -> int:
    """Return how many pages lesson 00's files are."""
    session = Session(memory="2M")
    session.run(
        "mount -t container -o kmem none /dev/container",
        "mkdir /dev/container/blue",
        "echo 0 > /dev/container/blue/tasks",
        "echo 1 > /sys/slab/filp/cache_account",
        "echo -n 65536 > /dev/container/blue/kmem.limit",
        "open 400",
    )
    return int(session.run("cat /dev/container/blue/kmem.usage")[0].out) // PAGE_SIZE


def neighbours() -> str:
    """Say what becomes of pages 1 and 2, freed between two that are in use."""
    free = of_machine("open 64", "close 16-47")
    if 1 in free[0] and 2 in free[0]:
        return "Two blocks of one page"
    return "One block of two pages" if 1 in free[1] else "Nothing yet"


def pages_with_the_first() -> int:
    """Return how many pages the block has that page 0 ends up in."""
    free = of_machine("open 64", "close 16-47", "close 0-15")
    return next(1 << order for order, blocks in free.items() if 0 in blocks)


def buddy_of(pfn: int, order: int) -> int:
    """Find a block's buddy by trial: on a full zone give it back, then a neighbour, and see whether the two become one."""
    for other in (pfn - (1 << order), pfn + (1 << order)):
        if not 0 <= other < MANY:
            continue
        zone = Zone(MANY)
        for _ in range(MANY >> order):
            zone.alloc_pages(order, PAGES)
        zone.free_pages(pfn, order)
        zone.free_pages(other, order)
        if min(pfn, other) in free_of(zone)[order + 1]:
            return other
    raise AssertionError("a block below the top has a buddy")


def own_blocks(case: Case) -> list[tuple[int, int]]:
    """Return the blocks of exercise 2, page and order. The first is everybody's; the last two are a lower and an upper half."""
    pages = (
        6, own_number("01.5", case.seed, 1, 99), 16 * own_number("01.5b", case.seed, 1, 12),
        64 * own_number("01.5c", case.seed, 1, 7) + 32,
    )  # fmt: skip
    return list(zip(pages, ORDERS, strict=True))


def each_turned(turn: Callable[[int, int], int]) -> Callable[[Any, Any], bool]:
    """Return a function that says whether three blocks of one's own were each answered by `turn(page, order)`."""

    def all_three(given: Any, wanted: Any) -> bool:
        pairs = zip(wanted, ORDERS, strict=True)
        return bool(given[1:] == [turn(buddy ^ (1 << order), order) for buddy, order in pairs][1:])

    return all_three


def is_behind(given: Any, wanted: int) -> bool:
    """Say whether an answer is the block behind where the one in front is meant: they are twice a block's size apart."""
    apart = given - wanted if isinstance(given, int) else 0
    return apart > 0 and apart & (apart - 1) == 0


def buddies(_: Case) -> Iterator[Trial]:
    """Yield blocks to find the buddy of."""
    for pfn, order in (*PAIRS, (0, 0), (1023, 0), (512, 9), (0, 9), (768, 8), (40, 3)):
        yield Trial(f"for page {pfn:,} at order {order}", (pfn, order), buddy_of(pfn, order))


def givings(case: Case) -> Iterator[Trial]:
    """Yield free lists and a block to give back: small ones first, then a zone at work."""
    for held, back in (((0, 1, 3), 0), ((1, 3), 1), ((1,), 1), ((3, 4), 4)):
        zone = Zone(MANY)
        for _ in range(8):
            zone.alloc_pages(0, PAGES)
        for page in range(8):
            if page not in held:
                zone.free_pages(page, 0)
        yield giving(zone, back, 0, f"with pages {', '.join(map(str, held))} of the first eight in use, page {back} given back")
    chance, zone, used = Random(case.seed), Zone(MANY), list[tuple[int, int]]()
    for turn in range(120):
        if used and (len(used) > 40 or chance.random() < 0.45):
            pfn, order = used.pop(chance.randrange(len(used)))
            told = f"on a zone at work, turn {turn}, page {pfn:,} of order {order} given back"
            yield giving(zone, pfn, order, told)
        else:
            order = chance.choice((0, 0, 0, 1, 1, 2, 3, 5))
            pfn = int(zone.alloc_pages(order, PAGES))
            if pfn >= 0:
                used.append((pfn, order))


def giving(zone: Zone, pfn: int, order: int, told: str) -> Trial:
    """Give a block back to a zone; returns the trial with the lists as they were before."""
    before: dict[int, Any] = free_of(zone)
    zone.free_pages(pfn, order)
    after = free_of(zone)
    ((start, size),) = [(at, k) for k in after for at in after[k] if at <= pfn < at + (1 << k)]
    return Trial(told, (before, pfn, order), [start, size])


def pages_that_leave_no_pair() -> int:
    """Return how many pages must be held so that no two are in one piece: of each pair of buddies as many."""
    zone = Zone(MANY)
    for _ in range(MANY):
        zone.alloc_pages(0, PAGES)
    held = 2
    for page in (0, 1):
        zone.free_pages(page, 0)
        held -= not free_of(zone)[1]
    return held * (MANY // 2)


def few_and_no_large(_: Case, session: Session) -> Verdict:
    """Judge how few pages are held while no block of 2 MiB is free."""
    zone = session.machine.slub.pages
    if session.commands[:1] != ["open 16384"] or any(not line.startswith("close ") for line in session.commands[1:]):
        return not_yet("You may only close files. Run the cell with `open 16384` again, and begin anew.")
    if len(session.commands) == 1:
        return blank("No file is closed yet.")
    used = int(zone.nr_pages - zone.nr_free)
    largest = max((order for order, blocks in enumerate(zone.free_blocks()) if blocks), default=-1)
    seen = f"{used:,} {'page is' if used == 1 else 'pages are'} in use, the largest free block is of order {largest}."
    if largest >= HUGE:
        return not_yet(seen, "Which half of memory has nobody in it?")
    if used > fewest():
        return not_yet(seen, "No 2 MiB can be had. It can be done with fewer pages: which of them spoils nothing new?")
    return right(f"{seen} So little spoils so much: {zone.nr_free:,} free pages, and no 2 MiB in one piece.")


def fewest() -> int:
    """Return the fewest pages that spoil every block of 2 MiB: one in each."""
    return MANY >> HUGE


TABLE: Table = {
    "01.0": Prediction(
        "number",
        lambda _: pages_of_the_bomb(),
        (
            Say(256, "That many files. Do they need a page each?"),
            Say(65536, "Those are bytes. How many pages are they?"),
            Say(lambda given, wanted: given == wanted + 1, "Does it go in evenly?"),
        ),
    ),
    "01.1": Prediction(
        "number",
        lambda _: sum(len(blocks) for blocks in of_machine("open 1").values()),
        (
            Say(1, "Is what is left a power of two, in one piece?"),
            Say(1023, "That many free pages. Do they have to fall to dust?"),
            Say(2, "It is cut in half. Is the half a page already?"),
            Say(11, "Is there one of each order now, even of the largest?"),
        ),
    ),
    "01.2": Prediction(
        "choice",
        lambda _: neighbours(),
        (
            Say("they have joined", "They are neighbours. Were they ever one piece?"),
            Say("when somebody asks", "The lists are what they are as soon as the page is back. Read the first two numbers."),
        ),
    ),
    "01.3": Prediction(
        "number",
        lambda _: pages_with_the_first(),
        (
            Say(3, "A block has a power of two of pages."),
            Say(1, "Who is the buddy of page 0? Is it free?"),
            Say(4, "Are all four of these pages free?"),
        ),
    ),
    "01.4": Values(
        lambda _: buddy_of(12, 2),
        "Turn over the one bit that is worth the block's size.",
        praise="The buddy begins at page {answer}.",
    ),
    "01.5": Values(
        lambda case: [buddy_of(pfn, order) for pfn, order in own_blocks(case)],
        "Write the page in binary, and turn over the bit that is worth 2 to the power of the order. Only that one.",
        (
            Say(
                each_turned(lambda pfn, order: pfn + (1 << order)),
                "Those are the blocks behind. Which are the upper halves, and have their buddy in front?",
            ),
            Say(
                each_turned(lambda pfn, order: pfn - (1 << order)),
                "Those are the blocks in front. Which are the lower halves, and have their buddy behind?",
            ),
            Say(
                each_turned(lambda pfn, order: pfn ^ order),
                "You have turned over the bits of the order itself. What is 2 to the power of the order?",
            ),
            Say(
                lambda given, wanted: given[3] == wanted[3] + 64,
                "In binary the fourth page ends in 10 0000. Which bit is worth 32?",
            ),
            Say(
                lambda given, wanted: given[2] == wanted[2] - 16,
                "In binary the third page ends in 0000. Which bit is worth 8, and is it set?",
            ),
        ),
        "{answer}.",
        session="me",
    ),
    "01.6": Function(
        buddies,
        "Which bit says whether a block of this order is the lower or the upper half?",
        (
            Say(lambda given, wanted: is_behind(given, wanted), "That is the block behind. Is it always that one?"),
            Say(lambda given, wanted: isinstance(given, int) and given > wanted, "Is it ^ in your function, and not **?"),
        ),
        "Right for all that were tried, among them the very first and the very last page.",
    ),
    "01.7": Function(
        givings,
        "When two buddies join: which of the two is gone from its list, where does the pair begin, and of what order is it?",
        (
            Say(
                lambda given, wanted: isinstance(given, list) and len(given) == 2 and given[1] == wanted[1],
                "The order is right. Where does a pair begin if the block that came back is its upper half?",
            ),
        ),
        "Right for all blocks that were given back, on a zone at work too.",
    ),
    "01.8": Prediction(
        "number",
        lambda _: pages_that_leave_no_pair(),
        (
            Say(1023, "One page may be free, you say. May two, if they are not buddies?"),
            Say(2, "Then the largest blocks are spoilt. What of the pairs?"),
            Say(1024, "Must every page be held?"),
        ),
    ),
    "01.9": Story(few_and_no_large, session="mine"),
}
