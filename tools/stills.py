"""The lessons' still pictures on a dark page: for each colour that they are painted in by day, the lab's colour by night.

A still picture is an SVG with its colours written into it. A page that holds the SVG itself, not a file of it, repaints it.
"""

from __future__ import annotations

import re

from kmemlab.figures.palette import SHADES, TOKENS, Theme, blend

PAINT = re.compile(r'\b(?:fill|stroke)="(#[0-9A-Fa-f]{6})"')


def colours(theme: Theme) -> list[str]:
    """Return the colours that a still picture can have, in an order that is the same for both themes."""
    tokens = TOKENS[theme]
    plain = [getattr(tokens, name) for name in type(tokens).__slots__]
    shades = [each for shade in SHADES[theme].values() for each in (shade.solid, shade.tint, shade.text, shade.on)]
    return [*plain, *shades, *(blend(tokens.canvas, shade.solid, 0.55) for shade in SHADES[theme].values())]


def repaints() -> dict[str, str]:
    """Return the colours of the light theme with those that stand for them in the dark one."""
    return dict(zip(colours("light"), colours("dark"), strict=True))


def sheet(scope: str) -> str:
    """Return a style sheet that repaints every picture below a selector."""
    return "".join(
        f'{scope} svg [{what}="{light}"] {{ {what}: {dark}; }}\n'
        for light, dark in repaints().items()
        for what in ("fill", "stroke")
    )


def unpainted(svg: str) -> set[str]:
    """Return the colours of a picture that stay as they are by night."""
    return set(PAINT.findall(svg)) - set(repaints())
