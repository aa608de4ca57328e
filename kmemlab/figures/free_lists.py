"""The free lists of the buddy allocator: how many blocks wait in each order, and what could still be served."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from kmemlab.figures.frame import Room, bare_axis, text_width, words
from kmemlab.figures.palette import TOKENS, Theme
from kmemlab.records import PageRow

ORDERS: Final = 11
PAGE_KIB: Final = 4


def free_blocks(pages: Sequence[PageRow]) -> list[int]:
    """Return how many free blocks each order has, from order 0 to at least 10."""
    held = Counter(row.order for row in pages if row.user == "free")
    return [held[order] for order in range(max(ORDERS, *(order + 1 for order in held), 0))]


def servable(blocks: Sequence[int]) -> list[int]:
    """Return how many blocks of each order could be had from the free lists, larger ones split.

    The page allocator splits and never moves what is in use: pages that are free but not together serve small orders only.
    """
    return [
        sum(number << (larger - order) for larger, number in enumerate(blocks) if larger >= order)
        for order in range(len(blocks))
    ]


def largest_order(blocks: Sequence[int]) -> int:
    """Return the largest order that can be served, -1 if there is no free page."""
    return max((order for order, number in enumerate(blocks) if number), default=-1)


def told(blocks: Sequence[int]) -> str:
    """Answer in a sentence whether a larger order could still be served."""
    largest = largest_order(blocks)
    if largest < 0:
        return "No page is free: nothing can be served."
    if largest == len(blocks) - 1:
        return f"Every order can be served, up to order {largest}."
    return f"The largest that can be served is order {largest}, {PAGE_KIB << largest:,} KiB."


def bars(
    blocks: Sequence[int], top: float, room: Room, theme: Theme
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """Return trace, axes and words of the free lists; `top` is where their heading stands, pixels from above."""
    tokens = TOKENS[theme]
    small, tall = room.small, room.height
    could = servable(blocks)
    line = small * 1.45
    said = f"<span style='font-size:{small}px;color:{tokens.ink2}'>{told(blocks)}</span>"
    notes = [words(f"<b>Free blocks</b>  {said}", 0, 1 - (top + line * 0.6) / tall, yanchor="middle", font={"size": room.text})]
    if room.narrow:  # one fact to a line
        notes = [words(said, 0, 1 - (top + line * 0.6) / tall, yanchor="middle", font={"size": small})]
    left = 0 if room.narrow else room.across(text_width("can serve", small) + 14)
    orders = line * 1.4 if room.narrow else 0  # narrow: the names of the rows stand above the numbers, in a line of their own
    low, high = (2 * line + 6 + orders) / tall, 1 - (top + line * 1.9 + small) / tall
    rows = (("order", 1.5), ("can serve", 0.5))
    if room.narrow:
        text = "each order, and how many of it could be served:"
        notes.append(
            words(text, 0, (2 * line + orders * 0.4) / tall, yanchor="middle", font={"size": small, "color": tokens.ink3})
        )
    for text, place in () if room.narrow else rows:
        quiet = {"size": small, "color": tokens.ink3}
        notes.append(words(text, 0, place * line / tall, yanchor="middle", font=quiet))
    for order, number in enumerate(could):
        x = left + (1 - left) * (order + 0.5) / len(could)
        ink = tokens.ink2 if number else tokens.ink3
        wide = (1 - left) * room.width / len(could)
        name = f"order {order}" if wide > 60 else str(order)
        for shown, place in ((name, 1.5), (short(number, wide, small), 0.5)):
            font = {"size": small, "color": ink}
            notes.append(words(shown, x, place * line / tall, xanchor="center", yanchor="middle", font=font))
    trace = {
        "type": "bar",
        "name": "free blocks",
        "x": list(range(len(blocks))),
        "y": list(blocks),
        "text": [f"{number:,}" for number in blocks],
        "textposition": "outside",
        "textfont": {"size": small, "color": [tokens.ink if number else tokens.ink3 for number in blocks]},
        "cliponaxis": False,
        "marker": {"color": tokens.ink2, "line": {"width": 0}},
        "customdata": could,
        "width": 0.5,
        "xaxis": "x2",
        "yaxis": "y2",
        "hoverinfo": "skip",
    }
    base = {"showline": True, "linecolor": tokens.line2, "showticklabels": False}
    axes = {
        "xaxis2": {"anchor": "y2", "range": [-0.5, len(blocks) - 0.5], "domain": [left, 1], **base},
        "yaxis2": bare_axis(0, max(1, *blocks) * 1.02, domain=[low, max(low + 0.01, high)], anchor="x2"),
    }
    return trace, axes, notes


def short(number: int, pixels: float, size: float) -> str:
    """Write a number; in thousands if it would not fit."""
    return f"{number:,}" if number < 1000 or text_width(f"{number:,}", size) < pixels - 4 else f"{number // 1000:,}k"


__all__ = ["bars", "free_blocks", "largest_order", "servable", "told"]
