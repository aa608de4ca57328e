"""The quiz: what only the machine can answer, asked before the course and after it.

    python tests/quiz/quiz.py --ask             # the questions, without their answers
    python tests/quiz/quiz.py --mark answers    # marks a file with a line `02-1: 0` for each answer
    python tests/quiz/quiz.py --lesson 02 --ask # one lesson's

A choice is answered by its letter or its words. A question without a line counts as not answered.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

QUESTIONS = Path(__file__).with_name("questions.toml")
LETTERS = "abcdefgh"

Question = dict[str, Any]


def questions(lesson: str = "") -> list[Question]:
    """Read the questions, of one lesson or all."""
    every: list[Question] = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))["question"]
    return [question for question in every if lesson in ("", question["lesson"])]


def ask(asked: list[Question]) -> str:
    """Return the questions as a sheet to fill in. No key is on it."""
    lines = []
    for question in asked:
        lines.append(f"{question['id']}  {question['text']}")
        lines += [f"      {letter}) {words}" for letter, words in zip(LETTERS, question.get("choices", ()), strict=False)]
        how = {"number": "a whole number", "word": "a name", "choice": "a letter"}[question["kind"]]
        lines += [f"      answer with {how}: {question['id']}: ...", ""]
    return "\n".join(lines)


def right(question: Question, given: str) -> bool:
    """Say whether an answer is the key, however it is written: 8,192 or 8192, b or the words of b."""
    given = given.strip().casefold()
    if question["kind"] == "number":
        return given.replace(",", "").replace("_", "") == str(question["key"])
    if question["kind"] == "choice" and len(given.rstrip(").")) == 1:
        at = LETTERS.find(given[0])
        return 0 <= at < len(question["choices"]) and question["choices"][at] == question["key"]
    return given == str(question["key"]).casefold()


def read_answers(text: str, asked: list[Question]) -> dict[str, str]:
    """Read lines `02-1: 0`; empty lines and those that begin with # are skipped.

    Raises:
        ValueError: with one sentence, for any other line, a question that there is not, or one answered twice.
    """
    known = {question["id"] for question in asked}
    answers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, given = line.partition(":")
        name = name.strip()
        if not colon:
            raise ValueError(f"line {number}: expected `ID: answer`, found {line.strip()[:40]!r}")
        if name not in known:
            raise ValueError(f"line {number}: there is no question {name[:40]!r}")
        if name in answers:
            raise ValueError(f"line {number}: {name} is answered twice")
        answers[name] = given
    return answers


def mark(answers: dict[str, str], asked: list[Question]) -> str:
    """Return how many answers are right, lesson by lesson and together, and which questions are not."""
    lines, total = [], 0
    for lesson in sorted({question["lesson"] for question in asked}):
        its = [question for question in asked if question["lesson"] == lesson]
        good = [question["id"] for question in its if right(question, answers.get(question["id"], ""))]
        total += len(good)
        missed = [question["id"] for question in its if question["id"] not in good]
        lines.append(f"lesson {lesson}: {len(good)} of {len(its)}" + (f"  not: {', '.join(missed)}" if missed else ""))
    return "\n".join([*lines, f"quiz: {total} of {len(asked)} right, {len(answers)} answered"])


def main(arguments: list[str] | None = None) -> int:
    """Ask or mark; 2 for a file that cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--ask", action="store_true", help="print the questions")
    what.add_argument("--mark", metavar="FILE", type=Path, help="mark a file of answers")
    parser.add_argument("--lesson", default="", help="only this lesson's questions: 02")
    chosen = parser.parse_args(arguments)
    asked = questions(chosen.lesson)
    if not asked:
        print(f"quiz: no questions for lesson {chosen.lesson!r}", file=sys.stderr)
        return 2
    if chosen.ask:
        print(ask(asked))
        return 0
    try:
        answers = read_answers(chosen.mark.read_text(encoding="utf-8"), asked)
    except (OSError, ValueError) as error:
        print(f"quiz: {chosen.mark}: {error}", file=sys.stderr)
        return 2
    print(mark(answers, asked))
    return 0


if __name__ == "__main__":
    sys.exit(main())
