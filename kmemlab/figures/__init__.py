"""Pictures of a kernel's memory: a record in, a Plotly Figure out, and a text twin beside each.

Names are loaded when they are first used, so that importing this package costs neither plotly nor networkx.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmemlab.figures.buddy import buddy_figure, buddy_text
    from kmemlab.figures.buddy_marks import Newborn
    from kmemlab.figures.cost import cost_figure, cost_text
    from kmemlab.figures.export import ExportError, write_image
    from kmemlab.figures.flow import flow_figure, flow_text
    from kmemlab.figures.found import found_text
    from kmemlab.figures.frame import Room, room_for
    from kmemlab.figures.graphs import charge_path_graph, container_graph, flow_graph
    from kmemlab.figures.held import graph_figure
    from kmemlab.figures.held_graph import machine_graph, why_held
    from kmemlab.figures.held_words import graph_text
    from kmemlab.figures.hierarchy import hierarchy_figure, hierarchy_text
    from kmemlab.figures.off import off_figure, off_text
    from kmemlab.figures.overhead import overhead_figure, overhead_text
    from kmemlab.figures.palette import Owner, Theme, assign_owners, template
    from kmemlab.figures.path import path_figure, path_text
    from kmemlab.figures.slabs import slabs_figure, slabs_text
    from kmemlab.figures.timeline import timeline_figure, timeline_text
    from kmemlab.figures.zoo import zoo_figure, zoo_text

_ROOMS = {
    "buddy": ("buddy_figure", "buddy_text"),
    "buddy_marks": ("Newborn",),
    "cost": ("cost_figure", "cost_text"),
    "export": ("ExportError", "write_image"),
    "flow": ("flow_figure", "flow_text"),
    "found": ("found_text",),
    "frame": ("Room", "room_for"),
    "graphs": ("charge_path_graph", "container_graph", "flow_graph"),
    "held": ("graph_figure",),
    "held_words": ("graph_text",),
    "hierarchy": ("hierarchy_figure", "hierarchy_text"),
    "held_graph": ("machine_graph", "why_held"),
    "overhead": ("overhead_figure", "overhead_text"),
    "off": ("off_figure", "off_text"),
    "palette": ("Owner", "Theme", "assign_owners", "template"),
    "path": ("path_figure", "path_text"),
    "slabs": ("slabs_figure", "slabs_text"),
    "timeline": ("timeline_figure", "timeline_text"),
    "zoo": ("zoo_figure", "zoo_text"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load the room of a public name at its first use."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)


__all__ = [
    "ExportError",
    "Newborn",
    "Owner",
    "Room",
    "Theme",
    "assign_owners",
    "buddy_figure",
    "buddy_text",
    "charge_path_graph",
    "container_graph",
    "cost_figure",
    "cost_text",
    "flow_figure",
    "flow_graph",
    "flow_text",
    "found_text",
    "graph_figure",
    "graph_text",
    "hierarchy_figure",
    "hierarchy_text",
    "machine_graph",
    "overhead_figure",
    "overhead_text",
    "off_figure",
    "off_text",
    "path_figure",
    "path_text",
    "room_for",
    "slabs_figure",
    "slabs_text",
    "template",
    "timeline_figure",
    "timeline_text",
    "why_held",
    "write_image",
    "zoo_figure",
    "zoo_text",
]
