"""What the arena shows: a line for each bomb, with red's success, what is seen and unseen of the memory, and the time."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Final

from .asked import curtain
from .seen import BAR, HATCHED, LEFT, RIGHT, SOLID, WAITING, WAITS, row_of

WIDE: Final = 24  # letters of a bar that is all of the memory
WHOLE: Final = "display:inline-block;width:104px;padding:1px;border:1px solid #8e9197;line-height:1;overflow:hidden"


@dataclass(frozen=True)
class Row:
    """What came of one bomb.

    Attributes:
        bomb: its name; "yours" for commands of one's own.
        commands: what it was given as: its name, or commands.
        stopped_by: what the bomb was refused for last: "the limit" of blue, "no memory"; "nothing" if it was not.
        calls, failed: red's, and how many of them were refused.
        seen, unseen: bytes that the bomb holds in the end, paid for by blue and by nobody.
        memory: bytes of the machine.
        ticks: a letter for each: "." if red got all that it asked for, "x" if not.
        refused: lines of blue's honest work that were refused.
    """

    bomb: str
    commands: tuple[str, ...]
    stopped_by: str
    calls: int
    failed: int
    seen: int
    unseen: int
    memory: int
    ticks: str
    refused: int

    @property
    def lives(self) -> bool:
        """Whether red was never refused anything."""
        return not self.failed

    def parts(self, whole: int) -> tuple[int, int]:
        """Return how long the bars of seen and unseen are, where the machine's memory is `whole`."""
        seen, unseen = (-(-whole * part // self.memory) if part > 0 else 0 for part in (self.seen, self.unseen))
        return seen, unseen


@dataclass(frozen=True)
class Arena:
    """Some bombs against the same marks and the same limit.

    Attributes:
        rows: one for each bomb; none where something was not chosen yet.
        marks: the caches that were accounted.
        limit: of blue, in bytes.
    """

    rows: tuple[Row, ...]
    marks: tuple[str, ...]
    limit: int

    @property
    def survived(self) -> int:
        """Return how many bombs red lived through."""
        return sum(row.lives for row in self.rows)

    @property
    def refused(self) -> int:
        """Return how many lines of blue's honest work were refused; they are the same before every bomb."""
        return max((row.refused for row in self.rows), default=0)

    @property
    def summary(self) -> tuple[str, str]:
        """Return the last two lines in words."""
        if not self.rows:
            return "Nothing has gone off yet: something stands as dots.", ""
        marks = ", ".join(self.marks) or "nothing"
        work = (
            f"{self.refused} of blue's own calls {'is' if self.refused == 1 else 'are'} refused."
            if self.refused
            else "blue's own work is done."
        )
        return (
            f"Marked: {marks}. Limit: {self.limit:,} bytes.",
            f"red lives through {self.survived} of {len(self.rows)}. {work}",
        )

    def __repr__(self) -> str:
        head = f"{'bomb':<11} {'refused by':<10} {'red got':>10} {'seen':>8} {'unseen':>9}  {'red, tick by tick':<21} memory"
        rows = []
        for row in self.rows:
            seen, unseen = row.parts(WIDE)
            got = f"{row.calls - row.failed} of {row.calls}"
            bar = f"{'#' * seen}{'/' * unseen}"
            rows.append(
                f"{row.bomb:<11} {row.stopped_by:<10} {got:>10} {row.seen:>8,} {row.unseen:>9,}  {row.ticks:<21} {bar}".rstrip()
            )
        return "\n".join([head, *rows, *self.summary] if rows else self.summary).rstrip()

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        waits = curtain()
        if waits is not None:
            return WAITING.format(WAITS.format(waits.number))
        if not self.rows:
            return WAITING.format(self.summary[0])
        styles = (LEFT, LEFT, RIGHT, RIGHT, RIGHT, LEFT, LEFT)
        heads = ("bomb", "refused by", "red got", "seen", "unseen", "red, tick by tick", "memory")
        rows = [row_of("th", list(zip(heads, styles, strict=True)))]
        for row in self.rows:
            seen, unseen = row.parts(100)
            solid = BAR.format(f"width:{seen}px;background:{SOLID}")
            hatched = BAR.format(f"width:{unseen}px;background:{HATCHED};border:1px solid #8e9197")
            bars = "".join(f'<span style="{style}"></span>' for style, long in ((solid, seen), (hatched, unseen)) if long)
            cells = [
                html.escape(row.bomb), row.stopped_by, f"{row.calls - row.failed} of {row.calls}", f"{row.seen:,}",
                f"{row.unseen:,}", f"<code>{row.ticks}</code>", f'<span style="{WHOLE}">{bars}</span>',
            ]  # fmt: skip
            rows.append(row_of("td", list(zip(cells, styles, strict=True))))
        words = "<br>".join(html.escape(line) for line in self.summary)
        return f"<table>{''.join(rows)}</table><p>{words} Solid: seen. Hatched: unseen. x: red was refused something.</p>"
