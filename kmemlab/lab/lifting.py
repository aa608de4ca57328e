"""The curtain of a lesson before a widget: its words, and who lifts it."""

from __future__ import annotations

from typing import Protocol
from weakref import ref

from ..lessons.asked import Asked


class Curtained(Protocol):
    """A widget that waits for a question to be answered."""

    @property
    def comm(self) -> object:
        """None once the widget is closed."""
        ...

    def lift(self) -> None:
        """Draw again."""


class Lifting:
    """Draws a widget again when the question that it waits for is answered; it does not keep the widget alive."""

    def __init__(self, widget: Curtained) -> None:
        self._widget = ref(widget)

    def __call__(self) -> None:
        """The question was answered, or is asked again."""
        widget = self._widget()
        if widget is not None and widget.comm is not None:
            widget.lift()


def curtain_words(asked: Asked) -> str:
    """Return what stands in a picture's place."""
    return f"This picture opens when prediction {asked.number} is answered."
