"""The questions of lesson 05, the owner array and the unwind. Every answer is asked of a machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..engine.types import PAGE_SIZE
from ..overhead import overhead_rows
from ..records import ContainerRow, OverheadRow, SlabRow
from ..session import Session
from .charging import charge_with, undo
from .graded import Handed
from .table import Prediction, Say, Table, Values

BLUE: Final = (
    "mount -t container -o kmem none /dev/container",
    "mkdir /dev/container/blue",
    "echo 0 > /dev/container/blue/tasks",
    "echo 1 > /sys/slab/filp/cache_account",
)
LIMITED: Final = (*BLUE, "echo -n 1000 > /dev/container/blue/kmem.limit")
SHARED: Final = (
    "mount -t container -o kmem none /dev/container",
    "mkdir /dev/container/blue /dev/container/red",
    "echo 1 > /sys/slab/filp/cache_account",
    "fork",
    "echo 2 > /dev/container/blue/tasks",
    "as 2 open 3",
    "as 2 fork",
    "echo 3 > /dev/container/red/tasks",
    "as 2 exit",
)
NO_ARRAY: Final = (
    "echo 300 > /sys/kernel/debug/failslab/space",
    "echo 100 > /sys/kernel/debug/failslab/probability",
    "open 1",
)
FOUR: Final = ("filp", "mm_struct", "anon_vma", "dentry")

# What each function of a refused charge is called in question 05.5.
LINES: Final = {
    "kmem_cache_alloc": "Take a free object",
    "rcu lookup": "Find the container",
    "css_get": "Take a reference",
    "res_counter_charge": "Charge its counter",
    "css_put": "Drop the reference",
    "kmem_cache_free": "Free the object",
    "NULL": "Return NULL",
}


def usages(session: Session) -> dict[str, int]:
    """Return what each container uses, by path."""
    return {row.path: row.usage for row in session.records("containers") if isinstance(row, ContainerRow)}


def cell_of_an_address() -> int:
    """Return the cell of filp whose address ends in b00."""
    session = Session()
    session.run("open 16")
    cache = session.machine.find_cache("filp")
    slab = cache.cpu_slab[0].slab or next(each for each in session.machine.slub.slab_of if each is not None)
    addresses = [int(slab.base) + number * int(cache.size) for number in range(int(cache.objects))]
    return next(number for number, address in enumerate(addresses) if address % PAGE_SIZE == 0xB00)


def paid_back() -> str:
    """Say who is given back the bytes of a shared file that red's task closes last."""
    session = Session()
    session.run(*SHARED)
    before = usages(session)
    session.run("as 3 close 0")
    fewer = [path for path, usage in usages(session).items() if usage < before[path]]
    return {"/blue": "blue:", "/red": "red:"}.get("".join(fewer), "nobody:")


def in_order(obj: Any) -> bool:
    """Charge as the machine does."""
    group = obj.kernel.current_container()
    obj.kernel.css_get(group)
    if not obj.kernel.res_counter_charge(group, obj.size):
        return undo(obj, group)
    obj.owner = group
    return True


def swapped(obj: Any) -> bool:
    """Charge with two lines swapped: the owner is stored first."""
    group = obj.kernel.current_container()
    obj.kernel.css_get(group)
    obj.owner = group
    return bool(obj.kernel.res_counter_charge(group, obj.size)) or undo(obj, group)


def twelve(charge: Callable[[Any], bool]) -> list[int]:
    """Return files, usage and failcnt after twelve opens under a limit of 1,000, charged by a function."""
    session = charge_with(Session(), charge)
    session.run(*LIMITED, "open 12")
    files = sum(row.inuse for row in session.records("slabs") if isinstance(row, SlabRow))
    blue = next(row for row in session.records("containers") if isinstance(row, ContainerRow) and row.path == "/blue")
    return [files, blue.usage, blue.failcnt]


def of_a_refusal() -> list[str]:
    """Return the lines of a refused charge in the order of the machine's steps, there and back."""
    session = Session()
    session.run(*LIMITED, "open 4")
    session.back()  # to the refusal, before the end of the command
    return [LINES[step.fn] for step in session.records("steps") if hasattr(step, "fn") and taken(step) and step.fn in LINES]


def taken(step: Any) -> bool:
    """Say whether a step was reached."""
    return bool(step.state != "never")


def shares() -> list[str]:
    """Return four caches by the share of a slab that its owner array takes, the largest first."""
    rows = {row.what: row for row in overhead_rows(Session().machine, every=True) if isinstance(row, OverheadRow)}
    return sorted(FOUR, key=lambda name: -rows[name].array_percent)


def failures_without_an_array() -> int:
    """Return blue's failcnt when an open has failed for want of an owner array; -1 if none did."""
    session = Session()
    session.run(*BLUE)
    refused = session.run(*NO_ARRAY)[-1].errno
    blue = next(row for row in session.records("containers") if isinstance(row, ContainerRow) and row.path == "/blue")
    return blue.failcnt if refused else -1


def charged_after_on() -> int:
    """Return blue's usage: four files before the cache was marked, four more after it, in the same slab."""
    session = Session()
    session.run("open 4", *BLUE, "open 4")
    return usages(session)["/blue"]


TABLE: Table = {
    "05.0": Prediction(
        "number",
        lambda _: cell_of_an_address(),
        (
            Say(7, "That digit belongs to the page. What is left says where in the page."),
            Say(12, "Cells are counted from 0."),
            Say(2816, "So many bytes into its page. How wide is a cell?"),
        ),
    ),
    "05.1": Prediction(
        "choice",
        lambda _: paid_back(),
        (
            Say("red:", "Red's task closed it. Whose name stands in the array?"),
            Say("nobody:", "Blue has no task any more. Is its counter gone, too?"),
            Say("half", "How many names fit into one entry of the array?"),
        ),
    ),
    "05.2": Values(lambda _: twelve(in_order), "Count what fits under the limit.", praise="Files, usage, failcnt: {answer}."),
    "05.3": Prediction(
        "number",
        lambda _: twelve(swapped)[0],
        (
            Say(3, "A refused object is freed, as any object is. What does the free find in the array now?"),
            Say(12, "Each charge is still compared with the limit. Follow usage from the third open on."),
            Say(4, "One too many fits, you say. And what does usage read after the refusal that follows?"),
            Say(0, "The first opens fit. What could refuse them?"),
        ),
    ),
    "05.4": Values(
        lambda _: twelve(swapped),
        "Files from the first line that open prints; usage and failcnt from the last two.",
        (
            Say([3, 768, 9], "So it was before. Have the two lines changed places, and has the cell been run again?"),
            Say(
                lambda given, wanted: isinstance(given, list) and given[1] == 256 * wanted[0],
                "That is what the files take. What does kmem.usage say?",
            ),
        ),
        "Files, usage, failcnt: {answer}. That is no limit any more.",
    ),
    "05.5": Prediction(
        "order",
        lambda _: of_a_refusal(),
        (
            Say("Uncharge the bytes", "Was anything charged?"),
            Say("Store the owner", "Then the free would find it. What does whoever stands in the array get?"),
        ),
    ),
    "05.6": Handed("charge", "It passes: no refusal leaves anything behind.", function=True),
    "05.7": Handed(
        "charge",
        "It passes: each charge refused in turn, each array, each page, and stories by chance.",
        function=True,
        without=(("undo", "It calls the undo that you were given. Write out what it does."),),
    ),
    "05.8": Prediction(
        "order",
        lambda _: shares(),
        (
            Say(
                lambda given, _: given[0] == FOUR.index("mm_struct"),
                "Its objects are the largest. How many of them are in a slab, and how many pointers is that?",
            ),
        ),
    ),
    "05.9": Prediction(
        "number",
        lambda _: failures_without_an_array(),
        (Say(1, "What does failcnt count? Was a limit hit?"),),
    ),
    "05.10": Prediction(
        "number",
        lambda _: charged_after_on(),
        (
            Say(1024, "The new files, you say. When does a slab get its array?"),
            Say(2048, "Who would have found the first four?"),
        ),
    ),
}
