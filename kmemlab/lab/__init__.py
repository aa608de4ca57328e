"""The live lab: a session under a person's hands, in a notebook."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .address import opened
    from .hub import refresh
    from .panel import Picture
    from .views import BuddyView, ChargePath, ContainerView, FlowView, SlabView, Timeline
    from .widget import Lab

__all__ = [
    "BuddyView",
    "ChargePath",
    "ContainerView",
    "FlowView",
    "Lab",
    "Picture",
    "SlabView",
    "Timeline",
    "opened",
    "refresh",
]

_HOMES = {
    "BuddyView": ".views",
    "ChargePath": ".views",
    "ContainerView": ".views",
    "FlowView": ".views",
    "Lab": ".widget",
    "Picture": ".panel",
    "SlabView": ".views",
    "Timeline": ".views",
    "opened": ".address",
    "refresh": ".hub",
}


def __getattr__(name: str) -> Any:
    """Load a widget at its first use: it brings ipywidgets with it, which a server or a test may not want."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
