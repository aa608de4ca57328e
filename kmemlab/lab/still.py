"""The lab as a still picture: what a saved notebook shows where no page can draw, on GitHub say. A frame in, SVG out.

SVG and not PNG: a PNG with the lab's letters would need a rasterizer, which neither Python nor the lab's dependencies have, and
GitHub, nbviewer, nbconvert and JupyterLab all show `image/svg+xml`, if it is as plain as sheet.py keeps it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

from ..figures.palette import SHADES, TOKENS, Shade, Theme, Tokens
from .look import HUE_NUMBERS
from .sheet import MONO, PAD, WIDTH, Sheet, clip
from .still_cells import PITCH, Cells, pale
from .still_path import path

MIME: Final = "image/svg+xml"
COLUMN: Final = 238  # of the containers
LISTS: Final = PAD + COLUMN + 28
CELLS: Final = LISTS + 78
FULL: Final = CELLS + 16 * PITCH + 18
MOST_CONTAINERS: Final = 9
MOST_LISTED: Final = 10  # lines of cells on lists
MOST_FULL: Final = 12  # lines of cells of full slabs
LONGEST_TWIN: Final = 60  # lines
HUE_NAMES: Final = {number: name for name, number in HUE_NUMBERS.items()}

Frame = Mapping[str, Any]


Bundle = tuple[dict[str, Any], dict[str, Any]]


def beside(bundle: Bundle | None, draw: Callable[[], str]) -> Bundle | None:
    """Put a still picture beside a widget's MIME bundle. A page that can run the widget prefers that, and shows one of them.

    A picture that cannot be drawn is left out: the widget is the point.
    """
    if bundle is None:
        return None
    try:
        drawn = draw()
    except Exception as error:
        warnings.warn(f"the saved notebook will have no picture of this: {type(error).__name__}: {error}", stacklevel=3)
        return bundle
    data, metadata = bundle
    return {**data, MIME: drawn}, metadata


def still(frame: Frame, theme: str = "light") -> str:
    """Return a frame (docs/frame.md) as an SVG document, under 100 KB whatever the machine holds."""
    shown = cast("Theme", theme)
    sheet = Sheet(TOKENS[shown].canvas)
    tokens = TOKENS[shown]
    shades = {each["id"]: SHADES[shown][HUE_NAMES[each["hue"]]] for each in frame["containers"]}
    y = headline(sheet, frame, tokens)
    y = path(sheet, frame.get("path"), tokens, y)
    sheet.line(f"M0 {y:g}H{WIDTH}", tokens.line)
    low = max(containers(sheet, frame, tokens, shades, y + 30), stage(sheet, frame, tokens, shades, y + 30))
    sheet.line(f"M0 {low:g}H{WIDTH}", tokens.line)
    sheet.words(PAD, low + 20, "A still picture of a lab. Run the cell to have it live.", 12, tokens.ink3)
    sheet.words(WIDTH - PAD, low + 20, "kmemlab", 12, tokens.ink3, 600, "end")
    return sheet.svg(low + 34, f"kmemlab at event {frame['position']:,} of {frame['length']:,}: {frame.get('sentence', '')}")


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


def containers(sheet: Sheet, frame: Frame, tokens: Tokens, shades: Mapping[int, Shade], y: float) -> float:
    """Draw the containers with their gauges, all on one byte scale; returns the y below."""
    sheet.run(PAD, y, 14, ("Containers", tokens.ink, 650), ("who pays, in bytes", tokens.ink2, 400))
    rows = frame["containers"]
    y += 30
    for row in fewest(rows, frame):
        gauge(sheet, row, tokens, shades[row["id"]], frame, y)
        y += 62
    if len(rows) > MOST_CONTAINERS:
        sheet.words(PAD, y, f"and {len(rows) - MOST_CONTAINERS:,} more", 13, tokens.ink2)
        y += 24
    if len(rows) < 2:
        sheet.words(PAD, y, "No container yet.", 13, tokens.ink2)
        y += 24
    return y


def fewest(rows: Sequence[Frame], frame: Frame) -> Iterable[Frame]:
    """Leave out what there is no room for, never the container that this moment is about."""
    wanted = {frame.get("selected"), frame.get("mark", {}).get("owner")}
    first = sorted(rows, key=lambda row: (row["id"] not in wanted, "failcnt_before" not in row))[:MOST_CONTAINERS]
    kept = {row["id"] for row in first}
    return [row for row in rows if row["id"] in kept]


def gauge(sheet: Sheet, row: Frame, tokens: Tokens, shade: Shade, frame: Frame, y: float) -> None:
    """Draw one container: letter, name, usage of limit, gauge, tasks, references and failcnt."""
    chosen = row["id"] == frame.get("selected")
    indent = 10 * min(3, row["depth"])
    left, right = PAD + indent, PAD + COLUMN
    sheet.box(left, y - 16, 22, 22, shade.solid if chosen else shade.tint, 5)
    if row["stripe"]:
        sheet.line(f"M{left + 2:g} {y + 4:g}l18 -18", sheet.ground, 2)
    sheet.letters([(left + 11, str(row["letter"]))], y, 12, shade.on if chosen else shade.text, 600)
    limited = "limit" in row
    number = f"{row['usage']:,}"
    of = f"of {row['limit']:,}" if limited else "no limit"
    told = len(number + of) * 8 + 8
    sheet.words(left + 30, y, clip(row["name"], right - left - 30 - told, 13), 14, tokens.ink, 620)
    sheet.run(right, y, 13, (number, tokens.ink, 650), (of, tokens.ink2, 400), gap=4, anchor="end")
    track, room, scale = left + 30, right - left - 30, max(1, frame.get("scale", 1))
    reach = room * min(1.0, row["limit"] / scale) if limited else room
    sheet.box(track, y + 10, reach, 7, tokens.line)
    sheet.box(track, y + 10, room * min(1.0, row["usage"] / scale), 7, shade.solid if chosen else pale(shade, tokens))
    raised = "failcnt_before" in row
    if limited:
        sheet.box(track + reach - 1, y + 7, 2, 13, tokens.refused if raised else tokens.ink)
    tasks = len(row["tasks"])
    fail = f"failcnt {row['failcnt_before']:,} → {row['failcnt']:,}" if raised else f"failcnt {row['failcnt']:,}"
    quiet = (tokens.ink2, 400)
    loud = (tokens.refused_text, 650) if raised else quiet
    held, refs = f"{tasks:,} task{'s' * (tasks != 1)}", f"{row['refs']:,} ref{'s' * (row['refs'] != 1)}"
    counts = (held, *quiet), (refs, *quiet), (fail, *loud)
    sheet.run(track, y + 34, 12, *counts)


def stage(sheet: Sheet, frame: Frame, tokens: Tokens, shades: Mapping[int, Shade], y: float) -> float:
    """Draw the slab pages of the cache: those on lists, and the full ones, which are on none; returns the y below."""
    cache, slabs = frame.get("cache"), frame.get("slabs")
    if cache is None or slabs is None:
        sheet.words(LISTS, y, "Slab pages", 14, tokens.ink, 650)
        return y + 24
    nobody = "" if cache["accounted"] else f"Nobody is charged for {cache['name']}."
    sheet.run(LISTS, y, 14, ("Slab pages", tokens.ink, 650), (nobody, tokens.ink2, 400))
    told = f"cache {cache['name']}, {cache['size']:,} bytes, {cache['objects']:,} per slab"
    sheet.words(WIDTH - PAD, y, told, 13, tokens.ink2, anchor="end")
    cells = Cells(sheet, frame, tokens, shades)
    return max(listed(sheet, cells, slabs, tokens, y + 26), full(sheet, cells, slabs, tokens, y + 26))


def listed(sheet: Sheet, cells: Cells, slabs: Frame, tokens: Tokens, y: float) -> float:
    """Draw cpu slabs and the partial list."""
    rows = slabs["rows"]
    left = MOST_LISTED
    heads = {
        **({} if "arrays" in slabs else {"cpu slabs": [(f"cpu {cpu}", number) for cpu, number in slabs["cpus"].items()]}),
        "partial list": [(f"{place}.", number) for place, number in enumerate(slabs["partial"], 1)],
        **({"free list": [(f"{place}.", number) for place, number in enumerate(slabs["free"], 1)]} if "free" in slabs else {}),
    }
    for title, group in heads.items():
        sheet.words(LISTS, y, title, 12, tokens.ink, 650)
        note = slabs.get("note", "") if title == "cpu slabs" else "" if group else "empty"
        sheet.words(CELLS, y, note, 12, tokens.refused_text if group else tokens.ink3)
        y += 12
        drawn = 0
        for label, number in group:
            row = rows[str(number)]
            if drawn and cells.lines(row) > left:
                break
            sheet.words(LISTS, y + 12, label, 12, tokens.ink, 600)
            sheet.words(LISTS, y + 26, f"{number} · {row['inuse']}/{len(row['owners'])}", 11, tokens.ink2)
            y += max(32, cells.draw(CELLS, y, number, row)) + 2
            left -= cells.lines(row)
            drawn += 1
        if drawn < len(group):
            sheet.words(CELLS, y + 10, f"and {len(group) - drawn:,} more", 12, tokens.ink2)
            y += 18
        y += 16
    return y


def full(sheet: Sheet, cells: Cells, slabs: Frame, tokens: Tokens, y: float) -> float:
    """Draw the full slabs: nothing points at them, unless the allocator is SLAB."""
    group = slabs["full"]
    sheet.words(FULL, y, "full", 12, tokens.ink, 650)
    sheet.words(
        FULL + 30,
        y,
        f"{len(group):,} slab{'s' * (len(group) != 1)}, on {'a' if 'arrays' in slabs or 'listed' in slabs else 'no'} list",
        12,
        tokens.ink2,
    )
    y += 12
    left = MOST_FULL
    drawn = 0
    for number in group:
        row = slabs["rows"][str(number)]
        if drawn and cells.lines(row) > left:
            break
        sheet.words(FULL, y + 12, str(number), 11, tokens.ink3)
        y += cells.draw(FULL + 30, y, number, row) + 1
        left -= cells.lines(row)
        drawn += 1
    if drawn < len(group):
        sheet.words(FULL + 30, y + 12, f"and {len(group) - drawn:,} more", 12, tokens.ink2)
        y += 20
    return y + 10
