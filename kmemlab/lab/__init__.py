"""The live lab: a session under a person's hands, in a notebook."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .address import opened
    from .compare import Compare
    from .hub import refresh
    from .knobs import Knob, cpus_knob, era_knob, knob_row, limit_knob, size_knob
    from .off_designs import OffDesigns
    from .panel import Picture
    from .questions import Change, Question
    from .raceview import RaceView
    from .views import BuddyView, ChargePath, ContainerView, FlowView, Predict, SlabView, Timeline
    from .widget import Lab
    from .zoo import Zoo

_HOMES = {
    "BuddyView": ".views",
    "Change": ".questions",
    "ChargePath": ".views",
    "Compare": ".compare",
    "ContainerView": ".views",
    "FlowView": ".views",
    "Knob": ".knobs",
    "Lab": ".widget",
    "OffDesigns": ".off_designs",
    "Picture": ".panel",
    "Predict": ".views",
    "Question": ".questions",
    "RaceView": ".raceview",
    "SlabView": ".views",
    "Timeline": ".views",
    "Zoo": ".zoo",
    "cpus_knob": ".knobs",
    "era_knob": ".knobs",
    "knob_row": ".knobs",
    "limit_knob": ".knobs",
    "opened": ".address",
    "refresh": ".hub",
    "size_knob": ".knobs",
}

__all__ = [
    "BuddyView",
    "Change",
    "ChargePath",
    "Compare",
    "ContainerView",
    "FlowView",
    "Knob",
    "Lab",
    "OffDesigns",
    "Picture",
    "Predict",
    "Question",
    "RaceView",
    "SlabView",
    "Timeline",
    "Zoo",
    "cpus_knob",
    "era_knob",
    "knob_row",
    "limit_knob",
    "opened",
    "refresh",
    "size_knob",
]


def __getattr__(name: str) -> Any:
    """Load a widget at its first use: it brings ipywidgets with it, which a server or a test may not want."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
