"""Lessons: predictions that are made before a run, checks in plain words, progress, numbers of one's own.

What a notebook uses:

    from kmemlab.lessons import predict, check

    predict("02.1", choices=["216 bytes", "256 bytes", "4,096 bytes"])
    predict("02.2", number="slabs on the partial list")          # the text is the unit
    predict("02.7", order=["Pop a cell ...", "Ask the page allocator ...", ...])
    predict("02.4", point=SlabView(s, cache="filp"))             # a cell, clicked or typed: 2:8
    check("02.8", reachable)                                     # a value, a function, or a session

For the author of a lesson. Each lesson has a module `lesson_NN.py` with a `TABLE`, number -> row. There are four kinds of rows
(table.py); lesson_02.py has each of them:

    "03.1": Prediction("number", lambda _: usage_after_the_move(), (Say(2560, "Who is charged when a task moves?"),)),
    "03.2": Values(lambda case: [400, 800, 800], "Which charge does not fit?", session="s"),
    "03.3": Function(rows_of_the_counter, "Which row differs?"),
    "03.4": Story(busy_rmdir, session="s4"),

* No row holds an answer: `answer` boots a machine, runs commands and looks. A number is a number, a cell "2:8"; for choices it
  is a phrase that exactly one of the notebook's choices has, for an order a list of such phrases, without the distractors.
  A notebook and a table that do not fit raise when the cell is run, with one sentence.
* `Say(when, words)` is a foreseen wrong answer. `when` is an answer, a phrase of a wrong line, or a function of (given,
  wanted). The words are a question or a fact to look at, never the solution: `tests/lessons/test_tables.py` reads those of
  every lesson. `look` is what is said to a wrong answer that nobody foresaw.
* A `Values` whose answer is a list says by itself how far it is right. Dots that are left in, junk, exceptions and endless
  loops never reach a row (blanks.py, guarded.py).
* `session="s2"` names the notebook's variable that the exercise is about; `case.session` is that session, None without it.
  What is computed from it (its era, its commands, its seed) is the learner's own.
* `own_number("03.2", s, 20, 60)` gives a student whose session was made with `Session(seed=7)` a number of their own, the same
  in the notebook, in the table (`own_number(case.number, case.seed, 20, 60)`) and on the teacher's machine.
* What somebody answers is kept in their progress file (progress.py); `kmemlab progress FILE...` checks it again (grading.py).

Nothing here loads a widget but `predict`, in a notebook: this page of the package stands above the lab, its rooms below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..engine.errors import invalid
from ..notebook import jupyter_shell
from .asked import Asked, Pointed
from .checking import check, prediction_of
from .own import own_number
from .table import Case

if TYPE_CHECKING:
    from ..session import Session


def predict(
    question: str,
    /,
    *,
    number: str | None = None,
    choices: Sequence[str] | None = None,
    order: Sequence[str] | None = None,
    point: Pointed | None = None,
    session: Session | None = None,
) -> Any:
    """Ask for an answer before the run. Until it is given, the pictures below stay curtained; nothing is scored.

    Args:
        question: lesson and number, "02.1".
        number: asks for a number; the text is its unit.
        choices: asks for one of these.
        order: asks for lines in their order; those that do not belong are left out.
        point: asks for a cell of this picture, a `SlabView`.
        session: the learner's own, where the answer depends on it.

    Returns:
        In a notebook a widget, elsewhere the question itself; both have `answer("2:8")`.

    Raises:
        KernelError: EINVAL for a question that there is not, or that is of another kind.
    """
    given = {"number": number, "choice": choices, "order": order, "point": point}
    kinds = [kind for kind, value in given.items() if value is not None]
    row = prediction_of(question)
    if kinds != [row.kind]:
        wanted = "choices" if row.kind == "choice" else row.kind
        raise invalid(f"question {question} is asked with {wanted}=..., and with nothing else")
    seed = int(session.machine.profile.seed) if session is not None else 0
    asked = Asked(question, row, Case(question, session, seed), number or "", choices or order or (), point)
    if jupyter_shell() is None:
        return asked
    from ..lab.asking import Ask

    return Ask(asked)


__all__ = ["check", "own_number", "predict"]
