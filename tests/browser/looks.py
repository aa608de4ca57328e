"""Measures a lab as it is seen: what is cut off, what lies on something else, what is too small, too pale, or moves."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from .lab_page import LabPage

ROOT = ".kmemlab-lab"
SCRIPT = (Path(__file__).parent / "looks.js").read_text()


class Looks:
    """The eyes of a test on one lab that has the window for itself, or on all that a selector finds."""

    def __init__(self, lab: LabPage, root: str = ROOT) -> None:
        self.lab = lab
        lab.page.evaluate(SCRIPT.replace(f'const ROOT = "{ROOT}"', f'const ROOT = "{root}"'))

    def ask(self, name: str) -> list[str]:
        """Return what one measure finds wrong."""
        found: list[str] = self.lab.page.evaluate(f"() => window.klLooks.{name}()")
        return found

    def pale(self) -> list[str]:
        """Return the words that a reader can hardly tell from what is behind them, by a picture of the page."""
        png = base64.b64encode(self.lab.page.screenshot()).decode()
        found: list[str] = self.lab.page.evaluate("(png) => window.klLooks.pale(png)", png)
        return found

    def wrong(self, where: str, *, pale: bool = False, boxes: bool = True) -> list[str]:
        """Return everything that is wrong, each with the place where it was seen."""
        found: list[str] = []
        for name in ("clipped", "overlapping", "small", "targets") if boxes else ():
            found += [f"{where}, {name}: {each}" for each in self.ask(name)]
        if pale:
            found += [f"{where}, pale: {each}" for each in self.pale()]
        return found

    def boxes(self) -> dict[str, list[Any]]:
        """Return where every element is, by its place in the tree: left, top, width, height from the lab's corner, its text."""
        found: dict[str, list[Any]] = self.lab.page.evaluate("() => window.klLooks.boxes()")
        return found

    def repainted(self, allowed: list[list[float]]) -> tuple[int, list[str]]:
        """Compare the slab pages' pixels with those of the last call: how many changed in the allowed boxes, and where else."""
        told = self.lab.page.evaluate("(allowed) => window.klLooks.repainted(allowed)", allowed)
        return told["inside"], told["outside"]
