"""An answer beside what is wanted: read as that is, compared with it, and how far it is right."""

from __future__ import annotations

from typing import Any, Final

from ..engine.errors import invalid
from .reading import cell_of, number_of, plain

ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
COUNTS: Final = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def sentence(error: OSError) -> str:
    """Return an error's words as a sentence."""
    words = str(error.strerror or error)
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def spelled(value: Any) -> str:
    """Return an answer as it is told."""
    if isinstance(value, list | tuple):
        return ", ".join(spelled(each) for each in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def alike(given: Any, wanted: Any) -> Any:
    """Read an answer as what is wanted is.

    Raises:
        KernelError: EINVAL with one sentence, if it is of another kind.
    """
    if isinstance(wanted, list | tuple):
        if isinstance(given, str) or not isinstance(given, list | tuple):
            raise invalid(f"a list of {len(wanted)} answers is wanted, in [ ]")
        if len(given) != len(wanted):
            raise invalid(f"{len(wanted)} answers are wanted, and there {'is' if len(given) == 1 else 'are'} {len(given):,}")
        read = []
        for place, (each, model) in enumerate(zip(given, wanted, strict=True), 1):
            try:
                read.append(alike(each, model))
            except OSError as error:
                raise invalid(f"answer {place}: {error.strerror}") from None
        return type(wanted)(read)
    if isinstance(wanted, bool):
        if not isinstance(given, bool):
            raise invalid("True or False is wanted")
        return given
    if isinstance(wanted, int):
        return number_of(given)
    if is_cell(wanted):
        return cell_of(given)
    if not isinstance(given, str):
        raise invalid("a text is wanted, in quotes")
    return wanted if plain(given) == plain(wanted) else given


def is_cell(value: Any) -> bool:
    """Say whether a value is written slab:cell."""
    try:
        return isinstance(value, str) and cell_of(value) == value
    except OSError:
        return False


def so_far(read: Any, wanted: Any) -> str:
    """Say what is right of a list, and what is not: by place, and whether it is only the order."""
    if not isinstance(wanted, list | tuple) or len(wanted) < 2:
        return ""
    good = next((n for n, (a, b) in enumerate(zip(read, wanted, strict=True)) if a != b), len(wanted))
    wrong = ORDINALS[good] if good < len(ORDINALS) else f"{good + 1}th"
    start = f"The first {COUNTS[good]} are right, the {wrong} is not." if good > 1 else f"The {wrong} is not right."
    if good == 1:
        start = f"The first is right, the {wrong} is not."
    return (
        f"{start} All of them are the right ones, in another order."
        if sorted(map(str, read)) == sorted(map(str, wanted))
        else start
    )
