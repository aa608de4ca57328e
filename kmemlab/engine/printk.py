"""The kernel's log, what `dmesg` prints: the newest lines, and how many reports SLUB_DEBUG has made in all.

A report is a bug ("BUG name: ...") or a repair ("FIX name: ..."), counted as slub_kunit counts its `slab_errors`.
"""

from __future__ import annotations

from typing import Any, Final

from .types import PAGE_OFFSET

LOG_LINES: Final = 1000  # kmemlab's choice; the log of 2007 was 128 KiB


class KernelLog:
    """Lines, oldest first. Part of the machine's state: going back in time takes them back.

    Attributes:
        lines: the newest LOG_LINES lines.
        bugs, fixes: how many of each were ever reported.
    """

    __slots__ = ("bugs", "fixes", "lines")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.bugs = 0
        self.fixes = 0

    @property
    def reports(self) -> int:
        """Bugs and fixes together."""
        return self.bugs + self.fixes

    def say(self, line: str) -> None:
        """Append a line (`printk`); the oldest goes when there are too many."""
        self.lines.append(line)
        if len(self.lines) > LOG_LINES:
            del self.lines[0]

    def bug(self, name: str, words: str) -> None:
        """Report a bug in a cache (`slab_bug`)."""
        self.bugs += 1
        self.say("=" * 77)
        self.say(f"BUG {name}: {words}")
        self.say("-" * 77)

    def fix(self, name: str, words: str) -> None:
        """Report a repair (`slab_fix`)."""
        self.fixes += 1
        self.say(f"FIX {name}: {words}")

    def state(self) -> dict[str, Any]:
        """Return plain JSON values; nothing where nothing was ever said."""
        return {"lines": list(self.lines), "bugs": self.bugs, "fixes": self.fixes} if self.lines else {}

    def restore(self, saved: dict[str, Any]) -> None:
        """Become what `state` said."""
        self.lines = list(saved.get("lines", []))
        self.bugs = saved.get("bugs", 0)
        self.fixes = saved.get("fixes", 0)


def shown(address: int) -> str:
    """Print an address as a person reads it; NULL for a negative one."""
    return f"0x{PAGE_OFFSET + address:016x}" if address >= 0 else "0x0000000000000000"
