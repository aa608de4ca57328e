"""/sys/kernel/debug: the knobs of fault injection, one directory for each thing that can be made to fail (faults.py).

Documentation/fault-injection of 2.6.24 mounts debugfs on /debug; /sys/kernel/debug is the directory that the kernel itself
makes for it (fs/debugfs/inode.c), and where everybody mounts it since. fail_charge is kmemlab's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .debugfs_sites import SITES_DIR, SitesDir
from .errors import invalid
from .faults import FAIL_PAGE_ALLOC, FAULTS, KNOBS, arm
from .vfs import Dir, File, Node

if TYPE_CHECKING:
    from .machine import Machine

MIN_ORDER: Final = "min-order"
SIGNED: Final = ("times", "space")
SET_BUF: Final = 23  # characters that a simple attribute reads
MOST: Final = (1 << 31) - 1


class DebugDir(Dir):
    """The directory /sys/kernel/debug."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def names(self) -> list[str]:
        """Name what can be made to fail, and the call sites where they can be marked."""
        return [*FAULTS, *([SITES_DIR] if len(self.machine.marked.kinds) > 1 else [])]

    def get(self, name: str) -> Node | None:
        """Find the directory of one."""
        if name == SITES_DIR:
            return SitesDir(self.machine)
        return FaultDir(self.machine, FAULTS.index(name)) if name in FAULTS else None


class FaultDir(Dir):
    """The knobs of one thing that can be made to fail."""

    def __init__(self, machine: Machine, number: int) -> None:
        self.machine = machine
        self.number = number

    def names(self) -> list[str]:
        """Name the knobs."""
        return [*KNOBS, MIN_ORDER] if self.number == FAIL_PAGE_ALLOC else list(KNOBS)

    def get(self, name: str) -> Node | None:
        """Find a knob."""
        if name not in self.names():
            return None
        return File(lambda: f"{self.show(name)}\n", lambda text: self.store(name, text))

    def show(self, name: str) -> int:
        """Return a knob's value."""
        faults = self.machine.slub.faults
        return int(faults.min_order) if name == MIN_ORDER else faults.attrs[self.number].get(name)

    def store(self, name: str, text: str) -> None:
        """Turn a knob.

        Raises:
            KernelError: EINVAL, as `parse_attribute`.
        """
        value = parse_attribute(name, text)
        faults = self.machine.slub.faults
        if name == MIN_ORDER:
            faults.min_order = value
        else:
            faults.attrs[self.number].set(name, value)
        arm(self.machine)


def parse_attribute(name: str, text: str) -> int:
    """Read what someone wrote to a knob: a decimal number, white space around it dropped. times and space may be negative.

    The kernel (`simple_attr_write`, fs/debugfs/file.c 2.6.24) reads 23 characters with simple_strtol, takes hexadecimal and
    octal too, and anything else silently for 0; saying no is kmemlab's choice, as later kernels do.

    Raises:
        KernelError: EINVAL.
    """
    word = text.partition("\0")[0].strip()
    digits = word[1:] if word.startswith("-") and name in SIGNED else word
    if not (digits.isascii() and digits.isdigit()) or len(text) > SET_BUF or int(digits) > MOST:
        range_ = f"-{MOST:,}" if name in SIGNED else "0"
        raise invalid(f"{name} is a decimal number, {range_} to {MOST:,}.")
    return int(word)
