"""Who asked for kernel memory, and how much of it somebody pays for: a bar for each call site, solid or hatched.

`seen(session)` shows what the command `sites` lists, without the call sites that hold nothing.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..records import SiteRow
from ..session import Session
from .asked import curtain

WIDE: Final = 40  # letters of the longest bar, as text
WAITS: Final = "Answer prediction {} first, then run this cell again."
SOLID: Final = "#0072b2"
HATCHED: Final = "repeating-linear-gradient(45deg,#8e9197 0 2px,transparent 2px 6px)"
WAITING: Final = '<p style="margin:4px 0;padding:8px 14px;border:1px dashed #8e9197;border-radius:8px">{}</p>'
LEFT: Final = "text-align:left;white-space:nowrap"
RIGHT: Final = "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"
BAR: Final = "display:inline-block;height:.9em;vertical-align:middle;box-sizing:border-box;{}"


@dataclass(frozen=True)
class Line:
    """Bytes of one row: what it is, and how much of it some container pays for."""

    name: str
    kind: str
    seen: int
    unseen: int


@dataclass(frozen=True)
class Seen:
    """A picture of bytes seen and unseen; as text it has the same words, `#` for seen and `/` for unseen.

    Attributes:
        lines: a row each, with at least one byte.
    """

    lines: tuple[Line, ...]

    @property
    def seen(self) -> int:
        """Return the bytes that some container pays for."""
        return sum(line.seen for line in self.lines)

    @property
    def unseen(self) -> int:
        """Return the bytes that nobody pays for."""
        return sum(line.unseen for line in self.lines)

    @property
    def percent(self) -> int:
        """Return the share that is seen, to the nearest percent; 0 where there is nothing."""
        return round(100 * self.seen / (self.seen + self.unseen)) if self.lines else 0

    @property
    def summary(self) -> str:
        """Return the last line in words."""
        whole = self.seen + self.unseen
        return f"{self.seen:,} of {whole:,} bytes are seen" + (f", {100 * self.seen / whole:.1f} %." if whole else ".")

    def parts(self, line: Line, whole: int) -> tuple[int, int]:
        """Return how long a row's two bars are, where the longest row is `whole`. What is there has a bar of 1 at least."""
        longest = max(each.seen + each.unseen for each in self.lines)
        seen, unseen = (max(-(-whole * part // longest), 1) if part else 0 for part in (line.seen, line.unseen))
        return seen, unseen

    def __repr__(self) -> str:
        rows = []
        for line in self.lines:
            seen, unseen = self.parts(line, WIDE)
            rows.append(f"{line.name:<16} {line.kind:<8} {line.seen:>9,} {line.unseen:>9,}  {'#' * seen}{'/' * unseen}")
        return "\n".join([f"{'':<16} {'kind':<8} {'seen':>9} {'unseen':>9}", *rows, self.summary])

    def _repr_html_(self) -> str:
        """Return the same for a notebook, once the question before it is answered."""
        waits = curtain()
        if waits is not None:
            return WAITING.format(WAITS.format(waits.number))
        rows = [row_of("th", [("", LEFT), ("kind", LEFT), ("seen", RIGHT), ("unseen", RIGHT), ("", LEFT)])]
        for line in self.lines:
            seen, unseen = self.parts(line, 300)
            solid = BAR.format(f"width:{seen}px;background:{SOLID}")
            hatched = BAR.format(f"width:{unseen}px;background:{HATCHED};border:1px solid #8e9197")
            bars = "".join(f'<span style="{style}"></span>' for style, long in ((solid, seen), (hatched, unseen)) if long)
            words = [(html.escape(line.name), LEFT), (html.escape(line.kind), LEFT)]
            numbers = [(f"{line.seen:,}", RIGHT), (f"{line.unseen:,}", RIGHT)]
            rows.append(row_of("td", [*words, *numbers, (bars, LEFT)]))
        return f"<table>{''.join(rows)}</table><p>{self.summary} Solid: seen. Hatched: unseen.</p>"


def row_of(tag: str, cells: Sequence[tuple[str, str]]) -> str:
    """Return a table's row of HTML, each cell with its own style: JupyterLab's is right-aligned, GitHub's left."""
    return "<tr>" + "".join(f'<{tag} style="{style}">{cell}</{tag}>' for cell, style in cells) + "</tr>"


def seen(session: Session) -> Seen:
    """Return the picture of a session, at the event where it stands.

    Example:
        >>> seen(Session())
        ...
        0 of 0 bytes are seen.
    """
    rows = [row for row in session.records("sites") if isinstance(row, SiteRow)]
    return Seen(tuple(Line(row.name, row.kind, row.seen, row.unseen) for row in rows if row.seen + row.unseen))


__all__ = ["Line", "Seen", "seen"]
