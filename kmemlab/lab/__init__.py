"""The live lab: a session under a person's hands, in a notebook."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .panel import Picture
    from .widget import Lab

__all__ = ["Lab", "Picture"]

_HOMES = {"Lab": ".widget", "Picture": ".panel"}


def __getattr__(name: str) -> Any:
    """Load a widget at its first use: it brings ipywidgets with it, which a server or a test may not want."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
