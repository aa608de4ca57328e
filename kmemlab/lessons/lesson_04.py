"""The questions of lesson 04, one charge all the way. Every answer is asked of a machine."""

from __future__ import annotations

from typing import Any, Final

from ..engine.kmem_cache import Slab
from ..engine.notify import SlabListener
from ..engine.types import i64
from ..records import SlabRow
from ..session import Session
from .hearing import listen
from .table import Case, Prediction, Say, Story, Table, Values
from .verdict import Verdict, blank, not_yet, right

SIX: Final = ("dentry", "filp", "mnt_cache", "pid", "sighand_cache", "skbuff_head_cache")
THREE: Final = ("fork 2", "as 2 open 10", "as 3 open 5", "as 2 open 3")

# The five patches in an order in which each builds on the ones before it: recollection of v4 and v5 (facts 1.2).
PATCHES: Final = ("events of slabs", "whoever registers", "for one cache", "kmem as a subsystem", "charge and give back")


class Counts(SlabListener):
    """Counts the four events."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = self.objects = self.freed = self.given_back = 0

    def newpage(self, slab: Slab, cpu: i64) -> bool:
        """Count a new slab page."""
        self.pages += 1
        return True

    def freepage(self, slab: Slab, cpu: i64) -> None:
        """Count a slab page that goes."""
        self.given_back += 1

    def alloc(self, slab: Slab, number: i64) -> bool:
        """Count an object."""
        self.objects += 1
        return True

    def free(self, slab: Slab, number: i64) -> None:
        """Count an object that goes."""
        self.freed += 1


def seventeen() -> list[int]:
    """Return how often each event is heard when 17 files are opened and closed: pages, objects, frees, pages given back."""
    session = Session()
    ear = listen(session, Counts())
    session.run("open 17", "close all")
    return [ear.pages, ear.objects, ear.freed, ear.given_back]


def files(session: Session) -> int:
    """Return the objects of filp that are handed out."""
    return sum(row.inuse for row in session.records("slabs") if isinstance(row, SlabRow))


def slabs_of(lines: str) -> int:
    """Return how many slabs filp has after a command."""
    session = Session()
    session.run(lines)
    return len(session.records("slabs"))


def of_the_letter() -> str:
    """Say what the letter's recipe comes to where caches merge."""
    session = Session(boot="")
    words = session.run("echo 1 > /sys/slab/filp/cache_account")[0].err.rpartition(": ")[2]
    return words or "It is accounted"


def accepted() -> list[bool]:
    """Return for each of six caches whether it can be accounted where caches merge."""
    session = Session(boot="")
    return [not session.run(f"echo 1 > /sys/slab/{cache}/cache_account")[0].errno for cache in SIX]


def every_third(_: Case, session: Session) -> Verdict:
    """Judge a machine on which a listener refused."""
    if session.commands != ["open 9"]:
        return not_yet("The exercise is about `open 9`, once, on a fresh machine. Run its cell again.")
    got = files(session)
    if got == 9:
        return blank("Nothing was refused yet.")
    if got != 6:
        return not_yet(
            f"{got} of 9 files are open.", "Which objects are to be refused: how does a number show that it is a third one?"
        )
    return right("6 of 9 files are open, and open says what it always says when it gets no struct file.")


def bills() -> list[int]:
    """Return what tasks 2 and 3 have asked for, in bytes."""
    size, asked = int(Session().machine.find_cache("filp").size), {2: 0, 3: 0}
    for line in THREE[1:]:
        session = Session()
        session.run("fork 2", line)
        asked[int(line.split()[1])] += files(session) * size
    return [asked[2], asked[3]]


def both(given: Any, wanted: list[int]) -> bool:
    """Say whether all was put on one bill."""
    return isinstance(given, list) and sum(wanted) in given


TABLE: Table = {
    "04.0": Prediction(
        "number",
        lambda _: slabs_of("open 17"),
        (Say(1, "How many cells has a slab of filp?"), Say(17, "One slab holds more than one file.")),
    ),
    "04.1": Prediction(
        "choice",
        lambda _: "{} new pages, {} objects, {} freed, {} page".format(*seventeen()),
        (
            Say("2 pages freed", "What does the cpu do with the slab in its hand?"),
            Say("1 new page,", "How many slabs do 17 files need?"),
            Say("no page freed", "The other slab is on nobody's hand. When does its page go back?"),
        ),
    ),
    "04.2": Values(lambda _: seventeen(), "Count the letters.", praise="Pages, objects, frees, pages given back: {answer}."),
    "04.3": Prediction(
        "order",
        lambda _: list(PATCHES),
        (
            Say("allocator compares", "Then the allocator would have to know what a limit is. Run it with another controller."),
            Say("allocator looks up", "Then the allocator would have to know what a container is."),
        ),
    ),
    "04.4": Prediction(
        "choice",
        lambda _: of_the_letter(),
        (
            Say("It is accounted", "How wide is a cell of filp? Which other cache has cells as wide?"),
            Say("No such file", "The name is there: ls shows it. What does it lead to?"),
            Say("busy", "No file is open yet. Which cache have you really written to?"),
        ),
    ),
    "04.5": Values(
        lambda _: accepted(),
        "Which caches have cells as wide as those of a kmalloc cache, and no constructor and no flag of their own?",
        (
            Say([True] * 6, "One of them you have just tried."),
            Say(
                lambda given, wanted: isinstance(given, list) and given[2] and not given[1],
                "How wide is a cell of mnt_cache, and how wide one of filp?",
            ),
            Say(
                lambda given, wanted: isinstance(given, list) and not given[4],
                "A cache with a constructor is merged with nobody.",
            ),
        ),
        "Two accept, four are kmalloc caches under another name.",
    ),
    "04.6": Story(every_third, session="h"),
    "04.7": Values(
        lambda _: bills(),
        "Which task runs when an object is taken, and how wide is its cell?",
        (
            Say(lambda given, wanted: both(given, wanted), "All is on one bill. Which task runs?"),
            Say([13, 5], "Those are objects. How many bytes is each?"),
            Say([2808, 1080], "You counted structs. What is a cell wide?"),
            Say([768, 1280], "The bill begins anew each time: is the old sum added?"),
        ),
        "{answer} bytes.",
    ),
}
