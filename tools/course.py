"""What the made notebooks say about themselves: number, title, minutes, what comes before, objectives.

Book and slides ask here. A lesson is there when its notebook is: nothing else lists them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from . import notebooks

ASKS = re.compile(r"^\s*predict\(", re.MULTILINE)


@dataclass(frozen=True)
class Lesson:
    """One made notebook.

    Attributes:
        path: of the .ipynb.
        number: "02".
        title: without the number.
        minutes: that its first cell names.
        before: what to know, "" for nothing.
        objectives: Markdown, one for each.
        notebook: with its outputs.
    """

    path: Path
    number: str
    title: str
    minutes: int
    before: str
    objectives: tuple[str, ...]
    notebook: nbformat.NotebookNode


def lesson(path: Path) -> Lesson:
    """Read a made notebook.

    Raises:
        ValueError: with one sentence, if its first cell does not begin as a lesson does.
    """
    notebook = nbformat.read(path, as_version=4)
    first = notebook.cells[0].source
    title = re.match(r"# (\d\d) · (.+)", first)
    minutes = re.search(r"^\*\*(\d+) minutes\.\*\*", first, re.MULTILINE)
    if title is None or minutes is None:
        raise ValueError(f"{path.name} begins neither with '# NN · Title' nor with its minutes: docs/writing-lessons.md")
    before = re.search(r"Before: (.+?)\. After:", first, re.DOTALL)
    return Lesson(
        path, title[1], title[2].strip(), int(minutes[1]), " ".join(before[1].split()) if before else "",
        tuple(re.findall(r"^\* (.+)$", first, re.MULTILINE)), notebook,
    )  # fmt: skip


def lessons(folder: Path = notebooks.MADE) -> list[Lesson]:
    """Return every lesson whose notebook is made, in their order."""
    return [lesson(path) for path in sorted(folder.glob("[0-9][0-9]-*.ipynb"))]


def is_prediction(cell: Any) -> bool:
    """Say whether a cell asks for a prediction."""
    return cell.cell_type == "code" and ASKS.search(cell.source) is not None


def picture(cell: Any) -> str:
    """Return the SVG that a cell left, "" for none."""
    found = [output.data["image/svg+xml"] for output in cell.get("outputs", ()) if "image/svg+xml" in output.get("data", {})]
    return "".join(found[-1]) if found else ""


def words(cell: Any) -> str:
    """Return what a cell left as text: what it printed, and the text of its last value."""
    return "".join(
        "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs", ())
    )
