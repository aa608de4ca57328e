"""A resource counter: how much a container uses, how much it may use, and how often it was refused.

`struct res_counter` (kernel/res_counter.c) as first committed in February 2008 and as the -mm tree had it in September
2007: facts 4.3. A charge is all or nothing; a refusal is counted and changes nothing else. There is no hierarchy.
"""

from __future__ import annotations

from typing import Final

from .errors import invalid
from .types import PAGE_SIZE

U64: Final = (1 << 64) - 1
PLAIN: Final = 1 << 61  # below it numbers fit into a machine word, compiled too, and a sum cannot wrap
NO_LIMIT: Final = (1 << 63) - 1
WHITE: Final = " \t\n\v\f\r\u00a0"
DIGITS: Final = "0123456789abcdef"
SHIFTS: Final = {"K": 10, "M": 20, "G": 30}


class ResCounter:
    """Usage against a limit, in bytes.

    Attributes:
        usage: bytes charged now. Never above `limit`, unless the limit was lowered below it.
        limit: bytes that may be charged. Starts at 2**63 - 1: no limit.
        failcnt: charges refused since boot, or since someone wrote the file.
        underflows: uncharges that asked for more than was charged; the kernel warns at each.
    """

    __slots__ = ("_limit", "failcnt", "roof", "underflows", "usage")

    def __init__(self) -> None:
        self.usage: int = 0
        self._limit: int = NO_LIMIT
        self.roof: int = PLAIN  # the limit, or PLAIN if that is less: what most charges need to be compared with
        self.failcnt: int = 0
        self.underflows: int = 0

    @property
    def limit(self) -> int:
        """Bytes that may be charged."""
        return self._limit

    @limit.setter
    def limit(self, value: int) -> None:
        self._limit = value
        self.roof = min(value, PLAIN)

    def charge(self, size: int) -> bool:
        """Take `size` bytes if they fit; an exact fit does. False is the kernel's -ENOMEM.

        The sum is 64 bits wide and wraps, as it did (recorded: 10 + (2**64 - 1) leaves 9).
        """
        usage = self.usage + size
        if usage <= self.roof:
            self.usage = usage
            return True
        usage &= U64
        if usage > self._limit:
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


def parse_stripped(text: str) -> int:
    """Read digits as 2.6.25 did: white space behind them is dropped, so a plain `echo` works. In front it is not.

    Raises:
        KernelError: EINVAL, for anything else.
    """
    return parse_decimal(text.partition("\0")[0].rstrip(WHITE))


def parse_memory(text: str) -> int:
    """Read what the memory controller of February 2008 took: C prefixes, one of K M G behind, rounded up to a page.

    Overflows wrap, also in the rounding: 2**64 - 1 becomes 0, as recorded.

    Raises:
        KernelError: EINVAL, for anything behind the number and its suffix.
    """
    body = text.partition("\0")[0]
    base, rest = 10, body
    if body[:2] in ("0x", "0X") and body[2:3] and body[2].lower() in DIGITS:
        base, rest = 16, body[2:]
    elif body.startswith("0"):
        base = 8
    count = 0
    while count < len(rest) and rest[count].lower() in DIGITS[:base]:
        count += 1
    value = int(rest[:count] or "0", base)
    suffix = rest[count : count + 1].upper()
    if suffix and suffix in SHIFTS:
        value <<= SHIFTS[suffix]
        count += 1
    if rest[count:]:
        raise invalid(f"Nothing may stand behind the number, here {rest[count:][:20]!r}.")
    return ((value & U64) + PAGE_SIZE - 1 & U64) & ~(PAGE_SIZE - 1)


def parse_memory_stripped(text: str) -> int:
    """Read as `parse_memory`, white space behind dropped (2.6.25).

    Raises:
        KernelError: EINVAL, as `parse_memory`.
    """
    return parse_memory(text.partition("\0")[0].rstrip(WHITE))


PARSERS: Final = {
    "2007": parse_decimal,
    "2.6.25": parse_stripped,
    "memory": parse_memory,
    "memory-2.6.25": parse_memory_stripped,
}
