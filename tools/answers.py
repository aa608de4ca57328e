"""Makes the answer keys: `make answers`, or `python -m tools.answers [--into build/answers] [NN ...]`.

For teachers, and not in git. No answer is written down anywhere but in the worked solutions that the tests run
(tests/lessons/solutions). Here each lesson is run with them, and the machine is asked: what it says to every prediction and
every exercise, and beside it what is said to wrong answers that the lesson foresees, so that a teacher knows them in a class.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import linecache
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from kmemlab.lessons.asked import Asked
from kmemlab.lessons.checking import table_of
from kmemlab.lessons.comparing import spelled
from kmemlab.lessons.table import Case, Prediction, Row, Say, Values
from kmemlab.lessons.verdict import RIGHT, Verdict

from . import notebooks, slides, values

INTO = notebooks.ROOT / "build" / "answers"
SOLUTIONS = notebooks.ROOT / "tests" / "lessons" / "solutions"
SEEDS = range(31)  # a class
ASKED = SOLUTIONS / "asked.toml"  # what a teacher asks, and what to listen for


def run(source: str, names: dict[str, Any], title: str) -> Any:
    """Run a cell as a notebook does; returns the value of its last expression. Its text can be looked up, as IPython's can."""
    linecache.cache[title] = (len(source), None, source.splitlines(keepends=True), title)
    tree = ast.parse(source, title)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, title, "exec"), names)
    return eval(compile(ast.Expression(last.value), title, "eval"), names) if isinstance(last, ast.Expr) else None


def key(path: Path) -> str:
    """Return the answer key of a lesson, as Markdown.

    Args:
        path: of its text.

    Raises:
        RuntimeError: if a question of the table was not met, or a worked solution is not right.
    """
    lesson = path.name.partition("-")[0]
    solutions = tomllib.loads((SOLUTIONS / f"{lesson}.toml").read_text(encoding="utf-8"))
    table = table_of(lesson)
    names: dict[str, Any] = {"__name__": "__main__"}
    told: dict[str, str] = {}
    exercises: dict[str, str] = {}  # what each of them asks
    before, worked, solved = "", "", ""
    notebook = notebooks.source_of(path)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            before = asked_of(cell.source, names)
            worked = before if "**Exercise" in before else worked
            continue
        exercise = cell.metadata.get("exercise", "")
        if exercise:
            exercises[exercise] = before
        solved = solutions.get(exercise, "") if exercise else solved
        with contextlib.redirect_stdout(io.StringIO()):
            value = run(solutions.get(exercise, cell.source), names, f"{path.stem}-{number}")
        if isinstance(value, Asked):
            told[value.number] = predicted(value, before)
        elif isinstance(value, Verdict):
            if value.state != RIGHT:
                raise RuntimeError(f"{path.name}: the worked solution of {value.number} is not right: {value.words}")
            source = solved if "graded" in cell.metadata else cell.source
            told[value.number] = checked(value, table[value.number], source, exercises.get(value.number, worked))
    missing = [number for number in table if number not in told]
    if missing:
        raise RuntimeError(f"{path.name}: no answer to {', '.join(missing)}")
    head = notebook.cells[0].source.partition("\n")[0]
    return "\n".join([
        f"{head}: answers", "",
        "What the machine says, asked when this file was made.", "",
        *(told[number] for number in table), *listening(lesson),
    ])  # fmt: skip


def listening(lesson: str) -> list[str]:
    """Return the part about what a teacher asks in class, nothing for a lesson without."""
    rows = tomllib.loads(ASKED.read_text(encoding="utf-8")).get(lesson, [])
    said = [line for row in rows for line in (f"**{row['ask']}** {row['listen'].strip()}", "")]
    return ["## To ask in class, and what to listen for", "", *said] if said else []


def asked_of(text: str, names: dict[str, Any]) -> str:
    """Return what a cell of prose asks, with the numbers of the machine as it stands there; "" if it asks nothing."""
    if re.search(r"^\*\*(Predict|Warm-up|Exercise|Round)", text, re.MULTILINE) is None:
        return ""
    return re.sub(r"<!--.*?-->", "", values.filled(slides.question(text), names)).strip()


def predicted(asked: Asked, question: str) -> str:
    """Return the part about a prediction."""
    lines = [f"{chr(65 + place)}. {line}" for place, line in enumerate(asked.lines)]
    own = by_seed(asked.number, asked.row) if asked.case.session is not None and asked.kind == "number" else []
    return "\n".join([
        f"## {asked.number} · prediction", "", question, "", *(f"* {line}" for line in lines), "",
        f"**The machine:** {asked.spelled(asked.wanted)}", "", *own, *foreseen(asked.row.says),
    ])  # fmt: skip


def checked(verdict: Verdict, row: Row, source: str, question: str) -> str:
    """Return the part about an exercise."""
    value = []
    if isinstance(row, Values):
        value = by_seed(verdict.number, row) if row.session else said_to(verdict.number, row)
    says = getattr(row, "says", ())
    return "\n".join([
        f"## {verdict.number} · exercise", "", *([question, ""] if question else []), *value,
        "```python", source.strip(), "```", "", *foreseen(says),
        *([f"Anything else: {row.look}", ""] if isinstance(row, Values) else []),
    ])  # fmt: skip


def said_to(number: str, row: Values) -> list[str]:
    """Return the one value that is right for everybody."""
    return [f"**The machine:** {spelled(row.answer(Case(number)))}", ""]


def by_seed(number: str, row: Values | Prediction) -> list[str]:
    """Return what is right for each number that a learner may have been given, where it is not the same for all."""
    found = [spelled(row.answer(Case(number, seed=seed))) for seed in SEEDS]
    if len(set(found)) == 1:
        return []
    return [
        "**The machine,** by the seed of the session:", "", "| seed | answer |", "|---|---|",
        *(f"| {seed} | {answer} |" for seed, answer in zip(SEEDS, found, strict=True)), "",
    ]  # fmt: skip


def foreseen(says: tuple[Say, ...]) -> list[str]:
    """Return what is said to foreseen wrong answers."""
    rows = [(f"`{say.when}`" if not callable(say.when) else "by its shape", say.words.replace("|", "\\|")) for say in says]
    if not rows:
        return []
    return ["| wrong | what is said |", "|---|---|", *(f"| {when} | {words} |" for when, words in rows), ""]


def main(arguments: list[str] | None = None) -> int:
    """Write a key for each lesson; 1 with the reason if one cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m tools.answers", description="Make the answer keys of the lessons.")
    parser.add_argument("lesson", nargs="*", help="only lessons whose names begin so: 02")
    parser.add_argument("--into", type=Path, default=INTO, help="folder of the files (default: build/answers)")
    chosen = parser.parse_args(arguments)
    os.environ.update(dict.fromkeys(notebooks.SILENT, "off"))
    wrong = 0
    for path in notebooks.lessons(chosen.lesson):
        try:
            text = key(path)
        except (RuntimeError, OSError) as error:
            print(error, file=sys.stderr)
            wrong += 1
            continue
        chosen.into.mkdir(parents=True, exist_ok=True)
        place = chosen.into / path.name
        place.write_text(text, encoding="utf-8")
        print(place)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
