"""The small widgets as still pictures: one frame, one part of it, drawn by the same rooms as the lab's still picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from ..figures.palette import TOKENS, Shade, Theme, Tokens
from .sheet import PAD, WIDTH, Sheet, clip
from .still import LONGEST_TWIN, shades_of, twin_still
from .still_containers import ALONE as WIDE
from .still_containers import containers
from .still_path import LARGE, path
from .still_slabs import ALONE, slab_pages

Frame = Mapping[str, Any]
Shades = Mapping[int, Shade]
Part = Callable[[Sheet, Frame, Tokens, Shades, float], float]

MOST_SIGNS: Final = 6  # that are explained on one line
NEXT: Final = "is the next free slot, then 2, 3, …"
NEXT_OF_SLAB: Final = "is next in its cpu's array; (1) in its slab; s: shared"


def view_still(frame: Frame, theme: str = "light") -> str:
    """Return a small widget's frame (docs/frame.md) as an SVG document: sentence, place, picture.

    A part that has no still picture of its own, or nothing to draw at this event, is its text twin.
    """
    part = PARTS.get(str(frame.get("tab", "")))
    words, twin = str(frame.get("sentence", "")), str(frame.get("twin", ""))
    if part is None or part[0] not in frame:
        return twin_still(words, twin, theme)
    shown = cast("Theme", theme)
    tokens = TOKENS[shown]
    sheet = Sheet(tokens.canvas)
    refused = bool(frame.get("refusal"))
    sheet.words(PAD, 34, clip(words, WIDTH - 2 * PAD, 17), 18, tokens.refused_text if refused else tokens.ink, 620)
    sheet.words(PAD, 57, clip("  ·  ".join(place(frame)), WIDTH - 2 * PAD, 13), 13, tokens.ink2)
    low = part[1](sheet, frame, tokens, shades_of(frame, shown), 84)
    return sheet.svg(low, f"{words}\n{shortened(twin)}" if twin else words)


def place(frame: Frame) -> list[str]:
    """Return where the session stands, and which cache is drawn."""
    told = [f"event {frame['position']:,} of {frame['length']:,}"]
    if frame["tab"] == "path" and frame.get("steps", 0) > 1:
        told.append(f"step {frame['step']} of {frame['steps']}")
    cache = frame.get("cache")
    if cache is not None:
        told.append(f"cache {cache['name']}, {cache['size']:,} bytes, {cache['objects']:,} per slab, order {cache['order']}")
        told += [] if cache["accounted"] else [f"nobody is charged for {cache['name']}"]
    return told


def shortened(twin: str) -> str:
    """Return a text twin, a long one without its end."""
    lines = twin.splitlines()
    left = len(lines) - LONGEST_TWIN
    return "\n".join([*lines[:LONGEST_TWIN], *([f"... and {left:,} more lines"] if left > 0 else [])])


def draw_slabs(sheet: Sheet, frame: Frame, tokens: Tokens, shades: Shades, y: float) -> float:
    """Draw the slab pages, and below them what their signs mean."""
    low = slab_pages(sheet, frame, tokens, shades, ALONE, y)
    slabs = frame["slabs"]
    seen = {owner for row in slabs["rows"].values() for owner in row["owners"]}
    quiet = tokens.ink2, 400
    signs = [
        ((each["letter"], shades[each["id"]].text, 650), (each["name"], *quiet))
        for each in frame["containers"]
        if each["id"] in seen
    ]
    if -1 in seen:
        signs.append((("–", tokens.none_text, 650), ("nobody's", *quiet)))
    if -2 in seen:
        signs.append((("1", tokens.ink, 650), (NEXT_OF_SLAB if "arrays" in slabs else NEXT, *quiet)))
    words = [each for sign in signs[:MOST_SIGNS] for each in (*sign, ("·", tokens.ink3, 400))]
    if any(row["array"] for row in slabs["rows"].values()):
        words.append(("thin strip: the owner array", *quiet))
    if not words:
        return low
    sheet.run(PAD, low + 8, 13, *words[: -1 if words[-1][0] == "·" else None])
    return low + 26


def draw_containers(sheet: Sheet, frame: Frame, tokens: Tokens, shades: Shades, y: float) -> float:
    """Draw the containers over the whole width."""
    return containers(sheet, frame, tokens, shades, y + 6, WIDE)


def draw_path(sheet: Sheet, frame: Frame, tokens: Tokens, _: Shades, y: float) -> float:
    """Draw the path of the charge."""
    return path(sheet, frame["path"], tokens, y, LARGE) + 12


PARTS: Final[dict[str, tuple[str, Part]]] = {  # what a frame needs to have for it
    "slabs": ("slabs", draw_slabs),
    "containers": ("containers", draw_containers),
    "path": ("path", draw_path),
}
