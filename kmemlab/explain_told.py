"""How a row of the table of sentences becomes one: the fullest wording that fits a line, with names as whole as can be."""

from __future__ import annotations

from string import Formatter

from .explain_table import TABLE
from .explain_words import LONGEST

WIDTHS = (255, 16, 12, 10, 8)  # what a name may take, tried in this order
NAMES = frozenset(
    ("cache", "file", "here", "name", "old", "value", "where", "who")
)  # these words can be long: they are shortened


def abbreviated(name: str, most: int) -> str:
    """Shorten a name: of a path its last part, of that its two ends. "production-web-17" in 12: "produc~eb-17"."""
    if len(name) <= most:
        return name
    name = name.rstrip("/").rpartition("/")[2] or name
    if len(name) <= most:
        return name
    tail = (most - 1) // 2
    return f"{name[: most - 1 - tail]}~{name[-tail:]}"


def fields(words: str) -> set[str]:
    """Name the values that a wording needs."""
    return {name for _, name, _, _ in Formatter().parse(words) if name}


def told(kind: str, values: dict[str, str | int]) -> str:
    """Return the sentence of a kind of step: the fullest wording that fits, with names as whole as can be.

    Args:
        kind: a key of `TABLE`.
        values: what the wordings need; numbers get their thousands' commas.

    Raises:
        ValueError: for what fits in no wording.
    """
    for most in WIDTHS:
        shown = {
            name: f"{value:,}" if isinstance(value, int) else abbreviated(value, most) if name in NAMES else value
            for name, value in values.items()
        }
        for words in TABLE[kind].words:
            sentence = words.format(**shown)
            if len(sentence) <= LONGEST:
                return sentence
    raise ValueError(f"{kind}: no wording fits {values}")
