"""What several commands said, as a terminal would show it."""

from __future__ import annotations

from typing import SupportsIndex, overload

from .shell import Result


class Transcript(tuple[Result, ...]):
    """The results of several commands. Printed, it looks as a terminal would."""

    __slots__ = ()

    @overload
    def __getitem__(self, at: SupportsIndex) -> Result: ...

    @overload
    def __getitem__(self, at: slice) -> Transcript: ...

    def __getitem__(self, at: SupportsIndex | slice) -> Result | Transcript:
        if isinstance(at, slice):
            return Transcript(super().__getitem__(at))
        return super().__getitem__(at)

    def __repr__(self) -> str:
        lines = [text for result in self for text in (result.out, result.err, result.hint) if text]
        return "\n".join(lines)
