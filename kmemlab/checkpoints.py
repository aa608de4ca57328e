"""States kept on the way through a session, so that going back need not begin at boot each time: few, and bounded in bytes.

Boot's is always kept and not counted. They are packed: a small part of what the same lists and numbers take alive, and their
sum is known. With too many of them every other goes, and from then on fewer are kept.
"""

from __future__ import annotations

import gc
import marshal
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .engine.errors import invalid

SPACING = 1000  # events between two, to begin with
MOST = 64
MOST_BYTES = 64 << 20  # what they may take together, unless a session is told otherwise


class Checkpoints:
    """Packed states of one machine by the number of commands that were complete.

    Attributes:
        most_bytes: the most that all but boot's may take.
        spacing: events that must have happened since the last kept one; doubles whenever some had to go.
    """

    def __init__(self, boot: dict[str, Any], most_bytes: int = MOST_BYTES) -> None:
        if most_bytes < 0:
            raise invalid(f"checkpoint_bytes={most_bytes}: give 0 (keep none but boot) or more")
        self.most_bytes = most_bytes
        self.spacing = SPACING
        self._packed: dict[int, bytes] = {0: packed(boot)}

    def __len__(self) -> int:
        return len(self._packed)

    def __contains__(self, command: int) -> bool:
        return command in self._packed

    @property
    def bytes_kept(self) -> int:
        """Bytes of all but boot's."""
        return sum(len(saved) for command, saved in self._packed.items() if command)

    def before(self, command: int) -> int:
        """Return the last kept one at or before a command."""
        return max(at for at in self._packed if at <= command)

    def keep(self, command: int, state: dict[str, Any]) -> None:
        """Keep a state; where that is too much, drop every other."""
        self._packed[command] = packed(state)
        while len(self._packed) > MOST or self.bytes_kept > self.most_bytes:
            self.spacing *= 2
            self._packed = {at: self._packed[at] for at in sorted(self._packed)[::2]}

    def forget_after(self, command: int) -> None:
        """Drop those of commands that no longer are."""
        self._packed = {at: saved for at, saved in self._packed.items() if at <= command}

    def state(self, command: int) -> Any:
        """Return a kept state; its values are shared with no other."""
        return marshal.loads(zlib.decompress(self._packed[command]))


def packed(state: dict[str, Any]) -> bytes:
    """Pack a state, quickly rather than tightly."""
    return zlib.compress(marshal.dumps(state), 1)


@contextmanager
def no_cyclic_garbage() -> Iterator[None]:
    """Collect once, at the end: a machine that is made again has a hundred thousand objects, and nearly all of them stay.

    The collector would walk them after every few hundred: a third of the time of going back in a large session.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
            gc.collect(0)
