"""A sheet of SVG: rectangles, lines and words with their looks as attributes of their own.

Saved notebooks are shown by pages that put an SVG inside themselves and take out what they do not trust: GitHub's and
nbviewer's drop style sheets, and references between elements may point into another picture of the page. So there is no style,
no class, no id, no pattern, no script, and nothing is fetched: the font is whichever of the list the reader has.
"""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

SANS: Final = "Inter, system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"
MONO: Final = "JetBrains Mono, ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"
# What XML 1.0 cannot hold, not even escaped; a container's name may.
FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
WIDTH: Final = 1000  # of every still picture, in pixels
PAD: Final = 24
LETTER_WIDTH: Final = 0.6  # of the size: wide enough for each font of the list


def clip(words: str, room: float, size: float) -> str:
    """Shorten words to a width in pixels; … stands for what was left out."""
    most = max(1, int(room / (size * LETTER_WIDTH)))
    return words if len(words) <= most else words[: most - 1] + "…"


def safe(words: str) -> str:
    """Return words as XML text."""
    return escape(FORBIDDEN.sub("�", words))


class Sheet:
    """What is drawn so far, over an opaque ground: the page around it may be white or dark."""

    def __init__(self, ground: str) -> None:
        self.ground = ground
        self.parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, fill: str, round_by: float = 0) -> None:
        """Draw a filled rectangle."""
        corner = f' rx="{round_by:g}"' if round_by else ""
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{corner}/>')

    def line(self, d: str, stroke: str, width: float = 1, dash: str = "", fill: str = "none") -> None:
        """Draw a path; of many equal shapes in one, too."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        edge = f' stroke="{stroke}" stroke-width="{width:g}"{dashed}' if stroke else ""
        self.parts.append(f'<path d="{d}" fill="{fill}"{edge}/>')

    def dot(self, x: float, y: float, radius: float, fill: str, stroke: str) -> None:
        """Draw a circle."""
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{stroke}" stroke-width="2"/>')

    def words(
        self, x: float, y: float, words: str, size: float, fill: str, weight: int = 400, anchor: str = "", font: str = ""
    ) -> None:
        """Write words on one line; `y` is the line they stand on. `anchor` is middle or end."""
        more = f' text-anchor="{anchor}"' if anchor else ""
        more += f' font-family="{font}" xml:space="preserve"' if font else ""
        more += f' font-weight="{weight}"' if weight != 400 else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}"{more}>{safe(words)}</text>')

    def run(self, x: float, y: float, size: float, *runs: tuple[str, str, int], gap: float = 8, anchor: str = "") -> None:
        """Write words of several looks (words, fill, weight) one after the other, however wide the reader's font is."""
        spans = "".join(
            f'<tspan fill="{fill}" font-weight="{weight}" dx="{gap if place else 0:g}">{safe(words)}</tspan>'
            for place, (words, fill, weight) in enumerate(runs)
        )
        more = f' text-anchor="{anchor}"' if anchor else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{more}>{spans}</text>')

    def letters(self, places: list[tuple[float, str]], y: float, size: float, fill: str, weight: int) -> None:
        """Write marks centred at their places: those of one character in one element, and a little smaller the others."""
        single = [(x, mark) for x, mark in places if len(mark) == 1]
        wider = [(x, mark) for x, mark in places if len(mark) > 1]
        look = f'fill="{fill}" font-weight="{weight}" text-anchor="middle"'
        if single:
            at = " ".join(f"{x:g}" for x, _ in single)
            marks = safe("".join(mark for _, mark in single))
            self.parts.append(f'<text x="{at}" y="{y:g}" font-size="{size:g}" {look}>{marks}</text>')
        if wider:
            spans = "".join(f'<tspan x="{x:g}">{safe(mark)}</tspan>' for x, mark in wider)
            self.parts.append(f'<text y="{y:g}" font-size="{size - 1.5:g}" {look}>{spans}</text>')

    def svg(self, height: float, title: str) -> str:
        """Return the document. `title` is what a screen reader says."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:g}" '
            f'viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label={quoteattr(FORBIDDEN.sub("�", title))} '
            f'font-family="{SANS}"><rect width="{WIDTH}" height="{height:g}" fill="{self.ground}"/>'
            f"{''.join(self.parts)}</svg>"
        )
