"""The rules of a lesson's text that a machine can check: numbers, lengths, levels, and that a picture has a task.

Each function returns sentences; none means that the rule is kept. `make notebooks` prints them, tests/lessons asks for none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any

import nbformat

from .values import EXPRESSION

MOST_WORDS = 140
MOST_LINES = 12
WIDEST = 104  # letters of a line of code beside JupyterLab's file browser, on 1280 pixels
LEVELS = ("viewing", "responding", "changing", "constructing", "presenting")
PICTURES = re.compile(
    r"\b(SlabView|ContainerView|ChargePath|FlowView|BuddyView|Timeline|Picture|Lab|Compare|RaceView|OffDesigns)\("
)
DOES = re.compile(r"\b(predict|check|grade)\(")

# A number stands alone: not in a name (kmalloc-256), a version (2.6.24), an address (0x1000, 7b00), a link or a larger number.
NUMBER = re.compile(r"(?<![\w.,/#-])(?<!\d )(\d[\d,]*\d)(?:\.\d+)?(?![\w/]|-\w)(<!-- *(.*?) *-->)?")
CODE_SPAN = re.compile(r"`[^`]*`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
GIVEN = "given"
SOURCE = re.compile(r"facts \d|letter|recorded|lesson \d|\w+, \S+|[\w/]+\.[ch]|kmemlab's choice")


def prose(notebook: Any) -> Iterator[tuple[int, str]]:
    """Yield the number and text of each cell of prose."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            yield number, cell.source


def literals(code: Iterable[str]) -> set[int]:
    """Return every whole number that is written in code, also inside commands: what a lesson itself gives."""
    return {int(found) for source in code for found in re.findall(r"(?<![\w.])\d+(?![\w.])", source.replace("_", ""))}


def bare_numbers(text: str, given: set[int]) -> list[str]:
    """Find numbers of three digits or more that are neither evaluated nor marked with where they come from.

    A number is evaluated as `{{ expression }}`, or marked by a comment that touches it: `216<!-- facts 2.7 -->`. The mark
    `<!-- given -->` says that the lesson chose the number itself, and holds only if it stands in the lesson's code too.

    Args:
        text: of a cell, as it stands in the lesson's source.
        given: numbers that stand in the lesson's code.
    """
    told = [
        f"{{{{{expression}}}}} evaluates nothing: it is the number itself"
        for expression in EXPRESSION.findall(text)
        if not any(isinstance(node, ast.Name) for node in ast.walk(ast.parse(expression.strip(), mode="eval")))
    ]
    if re.search(r"^\{\{[^}]*\}\}[.)] ", text, re.MULTILINE):
        told.append("a line that begins with a number and a full stop is read as a list")
    text = "\n".join(line for line in EXPRESSION.sub("", FENCE.sub("", text)).splitlines() if not line.startswith(">"))
    text = CODE_SPAN.sub(lambda span: "" if re.search(r"[A-Za-z/…]", span[0]) else span[0], text)
    for found in NUMBER.finditer(text):
        digits, mark = found[1].replace(",", ""), found[3]
        if len(digits) < 3:
            continue
        if mark == GIVEN:
            if int(digits) not in given:
                told.append(f"{found[1]} is marked as given, and no code of the lesson has it")
        elif mark is None or not SOURCE.search(mark):
            told.append(f"{found[1]} is neither evaluated nor marked with its source")
    return told


def stale_numbers(notebook: Any) -> list[str]:
    """Find bare numbers in a lesson's source."""
    given = literals(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return [f"cell {number}: {each}" for number, text in prose(notebook) for each in bare_numbers(text, given)]


def explanations(text: str) -> list[str]:
    """Return the stretches of explanation in a cell: no headings, quotations, tables, code; what folds by itself."""
    text = COMMENT.sub("", FENCE.sub("", text))
    folded = re.findall(r"<details>.*?</summary>(.*?)</details>", text, re.DOTALL)
    text = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not re.match(r"#|>|\||\* \*\*|\[\^", line.strip())]
    return ["\n".join(lines), *folded]


def too_long(notebook: Any) -> list[str]:
    """Find explanations above 140 words and code cells above 12 lines."""
    told = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            lines = len(cell.source.splitlines())
            if lines > MOST_LINES:
                told.append(f"cell {number}: {lines} lines of code, at most {MOST_LINES}")
        else:
            words = max(len(re.findall(r"[^\s*_`|]*\w[^\s|]*", each)) for each in explanations(cell.source))
            if words > MOST_WORDS:
                told.append(f"cell {number}: {words} words in one go, at most {MOST_WORDS}")
    return told


def levels(notebook: Any) -> list[str]:
    """Say what is wrong with the levels of a lesson: a word that is none, or no activity of the level "changing" or above."""
    said = [(number, cell.metadata["naps"]) for number, cell in enumerate(notebook.cells) if "naps" in cell.metadata]
    told = [f"cell {number}: {level!r} is no level: {', '.join(LEVELS)}" for number, level in said if level not in LEVELS]
    if not any(level in LEVELS[2:] for _, level in said):
        told.append("no activity reaches the level 'changing'")
    return told


def sections(notebook: Any) -> Iterator[list[tuple[int, Any]]]:
    """Yield the cells between one heading and the next."""
    part: list[tuple[int, Any]] = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and re.search(r"^#{1,3} ", cell.source, re.MULTILINE) and part:
            yield part
            part = []
        part.append((number, cell))
    yield part


def idle_pictures(notebook: Any) -> list[str]:
    """Find pictures in a section that asks for nothing: no prediction, no check, nothing of the level "changing" or above."""
    told = []
    for part in sections(notebook):
        asks = any(
            (cell.cell_type == "code" and DOES.search(cell.source)) or cell.metadata.get("naps") in LEVELS[2:]
            for _, cell in part
        )
        if not asks:
            told += [
                f"cell {number}: a picture, and nothing to do with it"
                for number, cell in part
                if cell.cell_type == "code" and PICTURES.search(cell.source)
            ]
    return told


def shape(notebook: Any) -> list[str]:
    """Say what a lesson lacks: objectives, a prediction, the ladder of exercises, a self-check, the real kernel, the next."""
    text = "\n".join(text for _, text in prose(notebook))
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    wanted = {
        "minutes in its first cell": re.search(r"^\*\*\d+ minutes\.\*\*", notebook.cells[0].source, re.MULTILINE),
        "objectives, each with its verb": len(re.findall(r"^\* \*\*\w+", notebook.cells[0].source, re.MULTILINE)) >= 3,
        "a prediction": "predict(" in code,
        "a check": "check(" in code,
        "an exercise worked, half worked and blank": {cell.metadata.get("ladder") for cell in notebook.cells}
        >= {"worked", "half", "blank"},
        "a hint that folds": "<details>" in text,
        "a self-check": "## Self-check" in text,
        "what the real kernel does": "## What the real kernel does" in text,
        "what is next": re.search(r"\*\*Next", text),
    }
    return [f"it lacks {what}" for what, there in wanted.items() if not there]


def out_of_sight(notebook: Any) -> list[str]:
    """Find code that is cut off on a screen of 1280 pixels, and Markdown inside of HTML, which is not rendered there."""
    told = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            long = max(len(line) for line in cell.source.split("\n"))
            if long > WIDEST:
                told.append(f"cell {number}: a line of {long} letters, at most {WIDEST} are seen")
        told += [
            f"cell {number}: `{signs}` in a <summary> is not drawn as code: write <code>{signs}</code>"
            for summary in re.findall(r"<summary>(.*?)</summary>", cell.source, re.DOTALL)
            for signs in re.findall(r"`([^`]*)`", summary)
        ]
    return told


def broken_rules(notebook: Any) -> list[str]:
    """Return every sentence there is about a lesson's source."""
    assert isinstance(notebook, nbformat.NotebookNode)
    return [
        *stale_numbers(notebook),
        *too_long(notebook),
        *levels(notebook),
        *idle_pictures(notebook),
        *shape(notebook),
        *out_of_sight(notebook),
    ]
