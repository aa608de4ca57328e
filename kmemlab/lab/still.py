"""The lab as a still picture: what a saved notebook shows where no page can draw, on GitHub say. A frame in, SVG out.

SVG and not PNG: a PNG with the lab's letters would need a rasterizer, which neither Python nor the lab's dependencies have, and
GitHub, nbviewer, nbconvert and JupyterLab all show `image/svg+xml`, if it is as plain as sheet.py keeps it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from ..figures.palette import SHADES, TOKENS, Shade, Theme, Tokens
from .look import HUE_NUMBERS
from .sheet import MONO, PAD, WIDTH, Sheet, clip
from .still_containers import containers
from .still_path import path
from .still_slabs import BESIDE, slab_pages

MIME: Final = "image/svg+xml"
LONGEST_TWIN: Final = 60  # lines
HUE_NAMES: Final = {number: name for name, number in HUE_NUMBERS.items()}

Frame = Mapping[str, Any]


Bundle = tuple[dict[str, Any], dict[str, Any]]


def beside(bundle: Bundle | None, draw: Callable[[], str], twin: str = "") -> Bundle | None:
    """Put a still picture beside a widget's MIME bundle. A page that can run the widget prefers that, and shows one of them.

    A picture that cannot be drawn is left out: the widget is the point. A text twin follows what the widget says as plain text.
    """
    if bundle is None:
        return None
    try:
        drawn = draw()
    except Exception as error:
        warnings.warn(f"the saved notebook will have no picture of this: {type(error).__name__}: {error}", stacklevel=3)
        return bundle
    data, metadata = bundle
    more = {"text/plain": f"{data['text/plain']}\n{twin}"} if twin else {}
    return {**data, **more, MIME: drawn}, metadata


def still(frame: Frame, theme: str = "light") -> str:
    """Return a frame (docs/frame.md) as an SVG document, under 100 KB whatever the machine holds."""
    shown = cast("Theme", theme)
    sheet = Sheet(TOKENS[shown].canvas)
    tokens = TOKENS[shown]
    shades = shades_of(frame, shown)
    y = headline(sheet, frame, tokens)
    y = path(sheet, frame.get("path"), tokens, y)
    sheet.line(f"M0 {y:g}H{WIDTH}", tokens.line)
    low = max(containers(sheet, frame, tokens, shades, y + 30), stage(sheet, frame, tokens, shades, y + 30))
    sheet.line(f"M0 {low:g}H{WIDTH}", tokens.line)
    sheet.words(PAD, low + 20, "A still picture of a lab. Run the cell to have it live.", 12, tokens.ink3)
    sheet.words(WIDTH - PAD, low + 20, "kmemlab", 12, tokens.ink3, 600, "end")
    return sheet.svg(low + 34, f"kmemlab at event {frame['position']:,} of {frame['length']:,}: {frame.get('sentence', '')}")


def shades_of(frame: Frame, theme: Theme) -> dict[int, Shade]:
    """Return the colours of each container of a frame, by its number."""
    return {each["id"]: SHADES[theme][HUE_NAMES[each["hue"]]] for each in frame["containers"]}


def twin_still(title: str, twin: str, theme: str = "light") -> str:
    """Return a text twin as an SVG document: what a single picture leaves in a saved notebook."""
    tokens = TOKENS[cast("Theme", theme)]
    sheet = Sheet(tokens.canvas)
    sheet.words(PAD, 32, clip(title, WIDTH - 2 * PAD, 15), 15, tokens.ink, 650)
    lines = twin.splitlines()
    left = len(lines) - LONGEST_TWIN
    for number, line in enumerate([*lines[:LONGEST_TWIN], *([f"... and {left:,} more lines"] if left > 0 else [])]):
        sheet.words(PAD, 58 + 18 * number, clip(line.expandtabs(), WIDTH - 2 * PAD, 13), 13, tokens.ink2, font=MONO)
    return sheet.svg(70 + 18 * min(len(lines), LONGEST_TWIN + 1), title)


def headline(sheet: Sheet, frame: Frame, tokens: Tokens) -> float:
    """Write the sentence and where one stands; returns the y below."""
    words = frame.get("sentence") or ("" if frame["length"] else "Nothing has happened yet.")
    refusal = bool(frame.get("refusal"))
    sheet.words(PAD, 46, clip(words, WIDTH - 2 * PAD, 21), 23, tokens.refused_text if refusal else tokens.ink, 620)
    told = [f"event {frame['position']:,} of {frame['length']:,}"]
    if frame.get("steps", 0) > 1:
        told.append(f"step {frame['step']} of {frame['steps']}")
    if "source" in frame:
        told.append(f"source: {frame['source']['text']}{', model' if frame['source'].get('model') else ''}")
    title = str(frame.get("scenario", {}).get("title", ""))
    sheet.words(PAD, 70, clip("  ·  ".join([title, *told] if title else told), WIDTH - 2 * PAD, 13), 13, tokens.ink2)
    return 92


def stage(sheet: Sheet, frame: Frame, tokens: Tokens, shades: Mapping[int, Shade], y: float) -> float:
    """Draw the slab pages of the cache: those on lists, and the full ones, which are on none; returns the y below."""
    cache = frame.get("cache")
    if cache is None or "slabs" not in frame:
        sheet.words(BESIDE.lists, y, "Slab pages", 14, tokens.ink, 650)
        return y + 24
    nobody = "" if cache["accounted"] else f"Nobody is charged for {cache['name']}."
    sheet.run(BESIDE.lists, y, 14, ("Slab pages", tokens.ink, 650), (nobody, tokens.ink2, 400))
    told = f"cache {cache['name']}, {cache['size']:,} bytes, {cache['objects']:,} per slab"
    sheet.words(WIDTH - PAD, y, told, 13, tokens.ink2, anchor="end")
    return slab_pages(sheet, frame, tokens, shades, BESIDE, y + 26)
