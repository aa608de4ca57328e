"""The patchset's versions as the races see them, and what the command line can put on the stage.

The change log of the cover letter says "make container-to-object assignment in rcu-safe section". Before that change the
task's container is looked up and then used with nothing in between to keep it: that is `v2` here. The letter has the line
under "changes from v.1"; the mails could not be had, so which of them still had the gap is not known, and `v2` stands for the
one before the change (kmemlab's choice). A *machine* of `patchset="v2"` keeps to the letter instead: there v1 alone has the
gap (engine/patchset.py). `version_of` tells which of the two charges such a machine makes.
"""

from __future__ import annotations

from typing import Final

from ..engine.errors import invalid
from ..engine.off import EMPTY
from ..engine.patchset import Patchset
from . import off_steps, operations
from .operations import SAFE, charging, freeing
from .scene import Scene
from .steps import CHARGE, FIND, GET, PUT, STORE, UNCHARGE, Made

V2: Final = "v2"
V3: Final = "v3"

CHARGES: Final = {V2: charging(FIND, GET, CHARGE, STORE), V3: charging(*SAFE)}
TITLES: Final = {V2: "the container is looked up outside an RCU read section", V3: "the lookup is in an RCU read section"}

OTHERS: Final = {
    "free": operations.free,
    "attach": operations.attach,
    "rmdir": operations.rmdir,
    "attach+rmdir": operations.attach_rmdir,
    "off": operations.toggle,
}
NAMES: Final = ("charge", *OTHERS)
AGAIN: Final = ("off+on",)  # where off can be had with objects in use
THREE: Final = ("charge", "attach+rmdir", "free")
MOST_TASKS: Final = 4


def version_of(patchset: str) -> str:
    """Return the version here that charges as a machine of a patchset does: v2, where it looks up outside a read section.

    Raises:
        KernelError: EINVAL for a patchset that there is not.
    """
    return V2 if Patchset(patchset).bare_assign else V3


def scene(version: str = V3, tasks: tuple[str, ...] = THREE, limit: int | None = None, off: str = EMPTY) -> Scene:
    """Set operations beside each other. All that charge are in /a, the others in /b; an attach moves the first task to /b.

    Raises:
        KernelError: EINVAL for an operation that there is not, or for none or more than four.
    """
    known = NAMES if off == EMPTY else (*NAMES, *AGAIN)
    for name in tasks:
        if name not in known:
            raise invalid(f"There is no operation {name[:40]!r}: take some of {', '.join(known)}.")
    if off != EMPTY and version != V3:
        raise invalid(f"off={off} stands in v3: leave the version out.")
    if not 0 < len(tasks) <= MOST_TASKS:
        raise invalid(f"{len(tasks)} operations: take one to {MOST_TASKS}.")
    made: list[tuple[str, Made]] = []
    for number, name in enumerate(tasks):
        again = tasks[:number].count(name)
        nth = f" {again + 1}" if again else ""
        made.append((name + nth, operation_of(name, nth, version) if off == EMPTY else operation_under(name, nth, off)))
    homes = tuple("/a" if name == "charge" else "/b" for name in tasks)
    return Scene(tuple(made), limit=limit, old=tasks.count("free"), homes=homes, off=off)


def operation_of(name: str, nth: str, version: str) -> Made:
    """Return an operation by its name."""
    if name == "free":
        return freeing(UNCHARGE, PUT, name=f"old{nth}")
    return CHARGES[version] if name == "charge" else OTHERS[name]


def operation_under(name: str, nth: str, off: str) -> Made:
    """Return an operation by its name, as it is where off is a design that works with objects in use."""
    if name == "free":
        return off_steps.freeing(f"old{nth}")
    if name in ("off", *AGAIN):
        return off_steps.turning(off, again=name in AGAIN)
    return off_steps.charging() if name == "charge" else OTHERS[name]
