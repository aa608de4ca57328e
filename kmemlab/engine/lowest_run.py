"""The page source that the recordings of slub-2.6 were made with: no buddies, the lowest run that fits."""

from __future__ import annotations

from .buddy import PageSource
from .types import NONE, i64, mypyc_attr


@mypyc_attr(allow_interpreted_subclasses=True)
class LowestRun(PageSource):
    """The recordings' page source: the lowest free run that is aligned to its own size. No lists, no merging."""

    __slots__ = ("_taken",)

    def __init__(self, nr_pages: int) -> None:
        super().__init__(nr_pages)
        self._taken = bytearray(nr_pages)

    def take(self, order: int) -> i64:
        """Search upwards from page 0."""
        count: int = 1 << order
        pfn = 0
        while True:
            pfn = self._taken.find(0, pfn)
            if pfn < 0:
                return NONE
            pfn = (pfn + count - 1) & -count
            if pfn + count > self.nr_pages:
                return NONE
            blocked = self._taken.rfind(1, pfn, pfn + count)
            if blocked < 0:
                self._taken[pfn : pfn + count] = b"\1" * count
                self.split_from = order
                return pfn
            pfn = blocked + 1

    def give(self, pfn: i64, order: i64) -> None:
        """Mark the pages as free; they may be used again at once, at any order."""
        start: int = pfn
        count: int = 1 << order
        self._taken[start : start + count] = bytes(count)

    def restore(self, blocks: list[list[int]], runs: list[list[int]]) -> None:
        """Become what `runs_in_use()` said."""
        self.mark_runs(runs)
        self._taken = bytearray(self.nr_pages)
        for pfn, order, _ in runs:
            self._taken[pfn : pfn + (1 << order)] = b"\1" * (1 << order)
