"""The questions of lesson 08, four kinds of kernel memory. Every answer is asked of a machine."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

from ..engine.types import POINTER
from ..records import SiteRow
from ..session import Session
from .own import own_number
from .seen import seen
from .table import Case, Prediction, Say, Story, Table, Values
from .verdict import Verdict, blank, not_yet, right

ALL: Final = "cache,kmalloc,vmalloc,pages"
ENOUGH: Final = 90  # percent of a full pipe
RECIPE: Final = (
    "mount -t container -o kmem none /dev/container",
    "mkdir /dev/container/blue",
    "echo 0 > /dev/container/blue/tasks",
)
MARK: Final = "echo 1 > /sys/kernel/debug/kmem_sites/"

# A command, and which row of `sites` is meant: the eight of exercise 1.
EIGHT: Final = (
    ("open 1", "objects"), ("fork 1", "objects"), ("fork 1", "kernel_stack"), ("pipe -f 1", "pipe_buffer"),
    ("pipe 1", "pipe_inode_info"), ("stat -l 1", "d_name"), ("mmap 1; touch 1", "pte"), ("vmalloc 10000", "by hand"),
)  # fmt: skip


def blue(caches: str = "", **profile: Any) -> Session:
    """Return a machine whose shell is in blue; of some caches, or of all for "*", the accounting is on."""
    session = Session(**profile)
    session.run(*RECIPE)
    for cache in sorted(session.machine.caches) if caches == "*" else caches.split():
        session.run(f"echo 1 > /sys/slab/{cache}/cache_account")
    return session


def alias_of_filp() -> str:
    """Say whose name filp is, where caches merge."""
    return f"another name for {Session(boot='').machine.find_cache('filp').name}"


def share_of_a_pipe() -> int:
    """Return how much of a full pipe is seen, in percent, to the nearest one."""
    session = blue("filp dentry inode_cache")
    session.run("pipe -f 1")
    return seen(session).percent


def eight_kinds() -> list[str]:
    """Return the kind of each of the eight."""
    kinds = []
    for commands, name in EIGHT:
        session = Session()
        session.run(*commands.split("; "))
        kinds += [line.kind for line in seen(session).lines if line.name == name]
    return kinds


def bytes_of(command: str) -> list[int]:
    """Return what is seen of a command, what is not, and the share in percent, where every cache is accounted."""
    session = blue("*")
    session.run(command)
    held = seen(session)
    return [held.seen, held.unseen, held.percent]


def asked_for(case: Case) -> int:
    """Return how many bytes the learner's kmalloc asks for."""
    return own_number("08.5", case.seed, 65, 190)


def marked_call(case: Case) -> int:
    """Return what blue pays for a marked kmalloc."""
    session = blue(kinds="cache,kmalloc")
    session.run(f"kmalloc {asked_for(case)} ACCOUNT")
    return seen(session).seen


def chain() -> list[str]:
    """Return where owner arrays come from, beginning with kmalloc-128: caches by name, as often as they are asked."""
    session, names = Session(), ["kmalloc-128"]
    while len(names) < 4:
        array = session.machine.find_cache(names[-1]).objects * POINTER
        session.run(f"kmalloc {array}")
        names.append(session.results[-1].out.split(", ")[1])
    return names


def nested() -> str:
    """Say what kmalloc answers where both caches are accounted."""
    session = Session(boot="slub_nomerge kmalloc_account")
    for cache in ("kmalloc-128", "kmalloc-256"):
        session.run(f"echo 1 > /sys/slab/{cache}/cache_account")
    return session.run("kmalloc 100")[0].err.rpartition(": ")[2]


def fewest() -> int:
    """Return how many call sites have to be marked, at least, so that enough of a full pipe is seen."""
    session = blue("*")
    session.run("pipe -f 1")
    held = seen(session)
    hidden = [line.unseen for line in held.lines]
    whole = held.seen + held.unseen
    for number in range(len(hidden) + 1):
        if any(100 * (held.seen + sum(some)) >= ENOUGH * whole for some in combinations(hidden, number)):
            return number
    return len(hidden)


def marked_pipe(_: Case, session: Session) -> Verdict:
    """Judge a machine on which call sites were marked before a pipe was filled."""
    marks = [row.name for row in session.records("sites") if isinstance(row, SiteRow) and row.marked]
    if not marks:
        tried = any(MARK.split()[-1] in command for command in session.commands)
        if tried:
            return not_yet("No call site is marked. Read what the command said.")
        return blank("No call site is marked yet.")
    held = seen(session)
    if [line.seen + line.unseen for line in held.lines if line.name == "pipe_buffer"] != [full()]:
        return not_yet("The exercise is about one full pipe. Leave the last line of the cell as it is.")
    if 100 * held.seen < ENOUGH * (held.seen + held.unseen):
        late = any(line.unseen for line in held.lines if line.name in marks)
        hint = (
            "What was there before the mark stays unpaid: which comes first, the mark or the pipe?"
            if late
            else "Which of the hatched streams is the fattest?"
        )
        return not_yet(held.summary, hint)
    if len(marks) > fewest():
        return not_yet(held.summary, "But it can be done with fewer marks. Which of yours could you take away?")
    return right(f"{held.summary} Marked: {', '.join(marks)}.")


def full() -> int:
    """Return the bytes that a full pipe has in it."""
    session = Session()
    session.run("pipe -f 1")
    return next(line.unseen for line in seen(session).lines if line.name == "pipe_buffer")


def stack_of_one_page(given: Any, wanted: Any) -> bool:
    """Say whether a stack was taken for one page."""
    return isinstance(given, list) and len(given) == 3 and given[0] == wanted[0] and given[1] * 2 == wanted[1]


def rounded_down(given: Any, wanted: Any) -> bool:
    """Say whether only the share differs, by one."""
    return isinstance(given, list) and given[:2] == wanted[:2] and given[2] == wanted[2] - 1


def at(place: int, kind: str) -> Any:
    """Return a function that says whether a kind was given at a place."""
    return lambda given, wanted: isinstance(given, list) and given[place] == kind and wanted[place] != kind


TABLE: Table = {
    "08.0": Prediction(
        "choice",
        lambda _: alias_of_filp(),
        (
            Say("no container", "The recipe had mounted them. Which cache did the 1 really go to?"),
            Say("open already", "Then it would have said that something is busy, or nothing at all."),
            Say("spelled", "The name was there. Whose name was it, too?"),
        ),
    ),
    "08.1": Prediction(
        "choice",
        lambda _: f"{share_of_a_pipe()} %",
        (
            Say("100 %", "All four objects are on the bill. But where do the 64 KiB lie that were written?"),
            Say("50 %", "Think in pages: how large are four objects, and how large is what was written?"),
            Say("20 %", "You suspect the right thing. Compare four objects with 64 KiB."),
        ),
    ),
    "08.2": Values(
        lambda _: eight_kinds(),
        "Run the command on a fresh machine and read `sites`: in which row does it show?",
        (
            Say(
                at(2, "cache"), "Look at the third again: `fork 1`, then `sites`. A stack is not among the objects of a cache."
            ),
            Say(at(3, "kmalloc"), "Look at the fourth again: what is written arrives in pieces of which size?"),
            Say(at(4, "cache"), "Look at the fifth again: is there a cache of that name in /sys/slab?"),
            Say(at(5, "cache"), "Look at the sixth again: a short name fits into its dentry. And one that does not?"),
            Say(at(6, "cache"), "Look at the seventh again: a table is as large as what it is a table of."),
        ),
        "Eight calls, four kinds.",
    ),
    "08.3": Values(lambda _: bytes_of("open 1")[:2], "Read the picture.", praise="Seen and unseen: {answer} bytes."),
    "08.4": Values(
        lambda _: bytes_of("fork 1"),
        "Run `fork 1` as in the worked exercise, and read both columns.",
        (
            Say(stack_of_one_page, "How many pages has a stack?"),
            Say(rounded_down, "Round to the nearest percent; `sites` rounds down."),
            Say(lambda given, wanted: given[1] == 0, "Is there no call site that holds something besides the caches?"),
            Say(lambda given, wanted: given[0] == 1824, "That is the task_struct alone. What else does a child need?"),
        ),
        "Seen, unseen, percent: {answer}.",
    ),
    "08.5": Prediction(
        "number",
        marked_call,
        (
            Say(lambda given, wanted: given == 0, "The call says itself that it wants to be charged."),
            Say(
                lambda given, wanted: 64 < given < wanted, "That is what was asked for. What does a kmalloc cache really give?"
            ),
            Say(256, "Some slots lie between 64 and that: `ls /sys/slab`."),
            Say(4096, "That is a page. The call takes a slot of one."),
        ),
    ),
    "08.6": Story(marked_pipe, session="mine"),
    "08.7": Prediction(
        "choice",
        lambda _: nested(),
        (
            Say("Invalid argument", "The boot word took that answer away. Both caches are accounted."),
            Say("It gets", "The slot comes from a slab, and that slab needs an array first. From where?"),
            Say("busy", "Nothing is in use yet. What does the first slab need before it can be used?"),
        ),
    ),
    "08.8": Values(
        lambda _: chain(),
        "Objects a slab, times 8 bytes: how large is the array, and which kmalloc cache has slots of that size?",
        (
            Say(lambda given, wanted: len(set(given)) == 1, "How many objects has a slab of kmalloc-128? Each needs 8 bytes."),
            Say(
                lambda given, wanted: given[:2] == wanted[:2] and given[2] == given[1],
                "The second step is another slab: with larger objects, so with fewer of them.",
            ),
        ),
        "{answer}, and so on.",
    ),
}
