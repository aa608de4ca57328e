"""A show of hands from progress files: what a class has predicted, how many each answer, and which one is the machine's.

Predictions are not graded, so nobody's name is in it. All of this is kmemlab's choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .checking import prediction_of
from .reading import number_of, plain
from .table import Case, Prediction

MANY: Final = 3  # a wrong answer that one in three has given is worth a word in class


@dataclass(frozen=True)
class Hands:
    """One question.

    Attributes:
        number: of the question.
        answers: (answer, how many gave it, whether it is the machine's), the most frequent first. Of an order nobody here
            knows the lines that its letters stand for, so that is None; the key has it.
    """

    number: str
    answers: tuple[tuple[str, int, bool | None], ...]

    @property
    def all(self) -> int:
        """How many answered."""
        return sum(count for _, count, _ in self.answers)

    def shared(self, count: int, right: bool | None) -> bool:
        """Say whether an answer is wrong, and one in three or more gave it."""
        return right is False and self.all > 1 and count * MANY >= self.all


def hands(files: Iterable[dict[str, Any]]) -> Sequence[Hands]:
    """Return what was predicted, by number; what is no answer to a question that there is is left out.

    Args:
        files: progress as `progress.read` gives it, one for each learner.
    """
    given: dict[str, Counter[tuple[str, int]]] = {}
    for saved in files:
        for number, row in saved["predicted"].items():
            if isinstance(row.get("answer"), str):
                seed = row.get("seed")
                given.setdefault(number, Counter())[row["answer"], seed if isinstance(seed, int) else 0] += 1
    made = []
    for number in sorted(given, key=lambda each: [int(part) if part.isdigit() else 0 for part in each.split(".")]):
        try:
            row = prediction_of(number)
        except OSError:
            continue
        found = {seed: row.answer(Case(number, seed=seed)) for seed in {seed for _, seed in given[number]}}
        counted: Counter[tuple[str, bool | None]] = Counter()
        for (answer, seed), count in given[number].items():  # the same number is right for one, and wrong for a neighbour
            counted[answer, same(row, answer, found[seed])] += count
        ordered = sorted(counted.items(), key=lambda each: (-each[1], each[0][0], not each[0][1]))
        made.append(Hands(number, tuple((answer, count, right) for (answer, right), count in ordered)))
    return made


def same(row: Prediction, answer: str, found: Any) -> bool | None:
    """Say whether an answer is the machine's; None where that cannot be told."""
    if row.kind == "order":
        return None
    if row.kind == "choice":
        return plain(str(found)) in plain(answer)
    if row.kind == "number":
        try:
            return bool(number_of(answer) == found)
        except OSError:
            return False
    return bool(answer == found)
