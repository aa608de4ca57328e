"""A resource counter: how much a container uses, how much it may use, and how often it was refused.

`struct res_counter` (kernel/res_counter.c) as first committed in February 2008 and as the -mm tree had it in September
2007: facts 4.3. A charge is all or nothing; a refusal is counted and changes nothing else. There is no hierarchy.
"""

from __future__ import annotations

from typing import Final

from .errors import invalid

U64: Final = (1 << 64) - 1
NO_LIMIT: Final = (1 << 63) - 1


class ResCounter:
    """Usage against a limit, in bytes.

    Attributes:
        usage: bytes charged now. Never above `limit`, unless the limit was lowered below it.
        limit: bytes that may be charged. Starts at 2**63 - 1: no limit.
        failcnt: charges refused since boot, or since someone wrote the file.
        underflows: uncharges that asked for more than was charged; the kernel warns at each.
    """

    __slots__ = ("failcnt", "limit", "underflows", "usage")

    def __init__(self) -> None:
        self.usage: int = 0
        self.limit: int = NO_LIMIT
        self.failcnt: int = 0
        self.underflows: int = 0

    def charge(self, size: int) -> bool:
        """Take `size` bytes if they fit; an exact fit does. False is the kernel's -ENOMEM.

        The sum is 64 bits wide and wraps, as it did (recorded: 10 + (2**64 - 1) leaves 9).
        """
        usage = (self.usage + size) & U64
        if usage > self.limit:
            self.failcnt += 1
            return False
        self.usage = usage
        return True

    def uncharge(self, size: int) -> None:
        """Give `size` bytes back; more than was charged leaves zero and a warning."""
        if size > self.usage:
            self.underflows += 1
            size = self.usage
        self.usage -= size


def parse_decimal(text: str) -> int:
    """Read what someone wrote to kmem.limit, as the counters of 2007 did: digits, and nothing else.

    No sign, suffix or white space, so the newline of a plain `echo` is refused: write with `echo -n`. An empty write is
    zero, and digits beyond 64 bits wrap. Both are recorded, neither is sensible. What follows a NUL byte is never read.

    Raises:
        KernelError: EINVAL, for anything that is not a digit.
    """
    text = text.partition("\0")[0]
    value = 0
    for char in text:
        if not "0" <= char <= "9":
            if char == "\n":
                raise invalid("The newline counts as junk here: use `echo -n`.")
            raise invalid(f"Only decimal digits are read here, not {char!r}.")
        value = (value * 10 + int(char)) & U64
    return value
