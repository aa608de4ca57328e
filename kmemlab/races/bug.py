"""What a planted bug is."""

from __future__ import annotations

from dataclasses import dataclass

from .scene import Scene


@dataclass(frozen=True)
class Bug:
    """A planted bug: its name, what is wrong in a sentence, and where to see it."""

    name: str
    sentence: str
    scene: Scene
