"""What somebody types as an answer, read: a number, a choice, an order of lines, a cell. One sentence where it is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..engine.errors import invalid

LETTERS: Final = "ABCDEFGHIJKL"
LARGEST: Final = 2**64
CELL: Final = re.compile(
    r"^\s*(?:slab\s*)?(\d{1,6})\s*(?:[:/.,]|\s+cell|\s)\s*(?:cell\s*)?(?:0x)?([0-9a-f]{1,3})\s*$", re.IGNORECASE
)
NUMBER: Final = re.compile(r"^([0-9][0-9 ,_'\u00a0\u202f]*)\s*([^\W\d].*)?$")


def number_of(typed: Any) -> int:
    """Read a whole number: 4096, "4,096", "4 096 bytes", "0x1000".

    Raises:
        KernelError: EINVAL for anything else.
    """
    if isinstance(typed, bool) or not isinstance(typed, int | float | str):
        raise invalid("a whole number is wanted, such as 4096")
    if isinstance(typed, float):
        if not typed.is_integer():  # of a NaN and an infinity, too
            raise invalid("a whole number is wanted, such as 4096")
        typed = int(typed)
    if isinstance(typed, str):
        text = typed.strip()
        if re.fullmatch(r"0x[0-9a-fA-F]{1,16}", text):
            return int(text, 16)
        found = NUMBER.match(text)
        digits = re.sub(r"\D", "", found[1]) if found else ""
        if not digits or len(digits) > 20:
            raise invalid("a whole number is wanted, such as 4096")
        typed = int(digits)
    if not 0 <= typed <= LARGEST:
        raise invalid("a number from 0 to 2^64 is wanted")
    return int(typed)


def choice_of(typed: Any, choices: Sequence[str]) -> int:
    """Read a choice: its letter, its words, or a part of them that no other has; returns its place, from 0.

    Raises:
        KernelError: EINVAL for none or several.
    """
    text = str(typed).strip()
    place = LETTERS.find(text.upper()) if len(text) == 1 else -1
    if 0 <= place < len(choices):
        return place
    same = [n for n, each in enumerate(choices) if plain(each) == plain(text)]
    found = same or [n for n, each in enumerate(choices) if plain(text) and plain(text) in plain(each)]
    if len(found) != 1:
        raise invalid(f"choose one of {', '.join(LETTERS[: len(choices)])}")
    return found[0]


def order_of(typed: Any, lines: Sequence[str]) -> tuple[int, ...]:
    """Read an order: the letters of the lines ("DGHA", "d, g, h, a") or a list of letters, places or lines; returns places.

    Raises:
        KernelError: EINVAL for a line that there is not, a line twice, or no line.
    """
    if isinstance(typed, str):
        words = re.findall(r"[A-Za-z]", typed) if re.fullmatch(r"[A-Za-z\s,;>·-]*", typed) else [typed]
    elif isinstance(typed, Sequence):
        words = list(typed)
    else:
        raise invalid(f"letters are wanted, in your order: {LETTERS[: len(lines)][::-1]}, say")
    places = [word if type(word) is int else choice_of(word, lines) for word in words]
    if not places or not all(0 <= each < len(lines) for each in places):
        raise invalid(f"letters from {LETTERS[0]} to {LETTERS[len(lines) - 1]} are wanted, in your order")
    if len(set(places)) != len(places):
        raise invalid("a line can stand in one place only")
    return tuple(places)


def cell_of(typed: Any, picture: Mapping[int, int] | None = None) -> str:
    """Read a cell of a slab: "2:8", "2:a", "slab 2 cell 8", (2, 8); returns "2:8", the cell in hexadecimal.

    Args:
        typed: what was typed or clicked.
        picture: cells of each slab that can be pointed at; None for any.

    Raises:
        KernelError: EINVAL for something else, or a cell that is not in the picture.
    """
    found = CELL.match(typed) if isinstance(typed, str) else None
    if found is not None:
        slab, cell = int(found[1]), int(found[2], 16)
    elif isinstance(typed, tuple | list) and len(typed) == 2 and all(type(each) is int for each in typed):
        slab, cell = typed
    else:
        raise invalid("a cell is wanted as slab:cell, such as 2:8; cells are counted in hexadecimal")
    if picture is not None and slab not in picture:
        raise invalid(f"there is no slab {slab} in this picture")
    if picture is not None and not 0 <= cell < picture[slab]:
        raise invalid(f"slab {slab} has cells 0 to {picture[slab] - 1:x}")
    if slab < 0 or cell < 0:
        raise invalid("a cell is wanted as slab:cell, such as 2:8; cells are counted in hexadecimal")
    return f"{slab}:{cell:x}"


def plain(text: str) -> str:
    """Return a text without what does not matter: case, white space, an end."""
    return " ".join(str(text).lower().split()).rstrip(".")
