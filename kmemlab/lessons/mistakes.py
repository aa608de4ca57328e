"""The eight mistakes of lesson 13: which somebody expects to make, and which the grader has found in what they wrote."""

from __future__ import annotations

from typing import Final

from ..engine.errors import invalid
from . import grader_words as words
from .grader import Graded
from .reading import LETTERS

EIGHT: Final = (
    "I forget to give the bytes back at the free",
    "I give them back to whoever frees",
    "I write the owner down before the charge is granted",
    "I look the container up outside an RCU read section",
    "I let accounting be switched off with objects in use",
    "I leave something behind when the owner array cannot be had",
    "I give the same bytes back twice",
    "I charge anew when a task moves",
)

# What the grader says to each (grader_words.py), in their order.
SAID: Final = (
    (words.NO_UNCHARGE,),
    (words.CURRENT,),
    (words.OWNER_FIRST,),
    (words.OUTSIDE, words.TOO_EARLY),
    (words.OFF,),
    (words.ARRAY_LEAK, words.NO_ARRAY),
    (words.STALE, words.TWICE),
    (words.of_other("attached"),),
)
TAKEN: Final = LETTERS[: len(EIGHT)]

_FOUND: list[str] = []  # what the grader said in this process, each thing once


def noted(graded: Graded) -> None:
    """Note the mistake that a grading has found, if it has found one."""
    if graded.hint and graded.hint not in _FOUND:
        _FOUND.append(graded.hint)


def found() -> list[int]:
    """Return the places of those of the eight that were found, in the order of the list."""
    return [place for place, said in enumerate(SAID) if any(each in _FOUND for each in said)]


def tally(ticked: str) -> str:
    """Set the mistakes that somebody ticked beside those that checks have found since the Jupyter kernel was started.

    Args:
        ticked: letters, "BD"; "" for none.

    Raises:
        KernelError: EINVAL for what is no letter of the eight.
    """
    if not isinstance(ticked, str):
        raise invalid(f"Letters from A to {TAKEN[-1]} are wanted, such as 'BD', not {ticked!r:.40}.")
    letters = [each for each in ticked.upper() if each not in " ,;"]
    wrong = next((each for each in letters if each not in TAKEN), "")
    if wrong:
        raise invalid(f"{wrong!r} is none of the eight: letters from A to {TAKEN[-1]} are wanted, such as 'BD'.")
    made = found()
    lines = [
        f"{'ticked' if letter in letters else '':<7} {'made' if place in made else '':<5} {letter}  {EIGHT[place]}"
        for place, letter in enumerate(TAKEN)
    ]
    others = len([said for said in _FOUND if not any(said in each for each in SAID)])
    return "\n".join([*lines, f"{others} of another kind" if others else ""]).rstrip()
