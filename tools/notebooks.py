"""Makes the notebooks of the course from their text: `make notebooks`, or `python -m tools.notebooks [--check] [NN ...]`.

A lesson is written in notebooks/text/NN-name.md (jupytext, MyST Markdown). Its notebook is executed from a clean state in a
Jupyter kernel of its own, and what each cell says is kept with it, light: text, and a still picture where a widget would be
blank on GitHub; no widget's state. The same text gives the same bytes, so a test can say that no output is stale.

In JupyterLab the outputs of a notebook that nobody has run are folded away: they hold the answers to its predictions. A cell
that is run unfolds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from . import prose, values

ROOT = Path(__file__).parents[1]
MADE = ROOT / "notebooks"
TEXT = MADE / "text"
WIDGET = "application/vnd.jupyter.widget-view+json"
KEPT = ("text/plain", "text/html", "text/markdown", "image/svg+xml", "image/png")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
SILENT = "KMEMLAB_AUTOSAVE", "KMEMLAB_PROGRESS", "KMEMLAB_CURTAIN"  # for learners: what is made here is shown, and not kept


def lessons(chosen: list[str] | None = None) -> list[Path]:
    """Return the sources, all or those whose names begin so."""
    return [path for path in sorted(TEXT.glob("[0-9]*.md")) if not chosen or path.name.startswith(tuple(chosen))]


def source_of(path: Path) -> nbformat.NotebookNode:
    """Read a lesson's text: its cells with their metadata, not executed, expressions as they stand."""
    notebook: nbformat.NotebookNode = jupytext.read(path)
    lesson = path.name.partition("-")[0]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"lesson-{lesson}-{number:02}"
        complete(cell, lesson)
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "kmemlab": notebook.metadata.get("kmemlab", {}), "language_info": {"name": "python"}}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def complete(cell: nbformat.NotebookNode, lesson: str) -> None:
    """Add to a cell's metadata what follows from its own words.

    `exercise: "02.6"`: the cell that a learner writes in, `graded: "02.6"`: the cell that checks it, both as nbgrader marks
    them (schema 3). The tag `hide-cell`, for code that is a solution: folded in JupyterLab too.
    """
    metadata = cell.metadata
    if "exercise" in metadata:
        metadata["nbgrader"] = nbgrader(metadata["exercise"], "exercise", solution=True)
    if "graded" in metadata:
        metadata["nbgrader"] = nbgrader(metadata["graded"], "check", grade=True, locked=True, points=1)
    if cell.cell_type == "code":
        folded = {"outputs_hidden": True}
        if "hide-cell" in metadata.get("tags", ()):
            folded["source_hidden"] = True
        metadata["jupyter"] = folded


def nbgrader(name: str, what: str, **marks: Any) -> dict[str, Any]:
    """Return the mark of a cell as nbgrader 0.9 writes it."""
    plain = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {**plain, "grade_id": f"{what}-{name.replace('.', '-')}", **marks}


def make(path: Path) -> nbformat.NotebookNode:
    """Execute a lesson from a clean state, and return the notebook as it is kept.

    Raises:
        CellExecutionError: of nbclient, if a cell ends with an exception or an expression of the prose does.
    """
    notebook = source_of(path)
    with tempfile.TemporaryDirectory() as home:
        quiet = {**dict.fromkeys(SILENT, "off"), "IPYTHONDIR": home, "PYTHONHASHSEED": "0"}
        quiet["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", ""), str(ROOT)]))
        before = {name: os.environ.get(name) for name in quiet}
        os.environ.update(quiet)
        try:
            client = NotebookClient(
                notebook, timeout=120, record_timing=False, coalesce_streams=True, resources={"metadata": {"path": str(MADE)}}
            )
            with client.setup_kernel():
                for number, cell in enumerate(notebook.cells):
                    if cell.cell_type == "code":
                        client.execute_cell(cell, number)
                    elif values.EXPRESSION.search(cell.source):
                        cell.source = fill(client, cell.source)
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [light(output) for output in joined(cell.outputs) if worth_keeping(output)]
            cell.metadata.pop("execution", None)
        else:
            cell.source = re.sub(r"<!--.*?-->", "", cell.source, flags=re.DOTALL)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def fill(client: NotebookClient, text: str) -> str:
    """Evaluate the expressions of a text in the lesson's Jupyter kernel, where it stands now."""
    code = (
        "exec(compile({source!r}, 'values.py', 'exec'), (_space := {{'__name__': 'values'}})) or "
        "print(__import__('json').dumps(_space['filled']({text!r}, globals())))\ndel _space"
    ).format(source=Path(values.__file__).read_text(encoding="utf-8"), text=text)
    cell = nbformat.v4.new_code_cell(code)
    client.nb.cells.append(cell)  # nbclient runs no cell that is not the notebook's
    client.execute_cell(cell, len(client.nb.cells) - 1, store_history=False)
    client.nb.cells.pop()
    filled: str = json.loads("".join(output.text for output in cell.outputs))
    return filled


def joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Return outputs with what was printed in one go as one: how a stream is cut into messages is a matter of moments."""
    made: list[nbformat.NotebookNode] = []
    for output in outputs:
        if made and output.output_type == made[-1].output_type == "stream" and output.name == made[-1].name:
            made[-1].text += output.text
        else:
            made.append(output)
    return made


def worth_keeping(output: nbformat.NotebookNode) -> bool:
    """Say whether an output shows something where no Jupyter kernel runs."""
    return output.output_type in ("stream", "error") or any(kind in output.data for kind in KEPT)


def light(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Leave of an output what needs no widget. Nothing in it may differ from run to run."""
    if "data" in output:
        output.data = nbformat.from_dict({kind: output.data[kind] for kind in KEPT if kind in output.data})
        output.metadata = nbformat.from_dict({})
    return output


def written(notebook: nbformat.NotebookNode) -> str:
    """Return a notebook as it stands in its file."""
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook, version=4)
    return text.rstrip("\n") + "\n"


def place(path: Path) -> Path:
    """Return where a lesson's notebook stands."""
    return MADE / f"{path.stem}.ipynb"


def main(arguments: list[str] | None = None) -> int:
    """Make notebooks; 1 if a rule is broken, or with --check if one that stands there is not what its text makes."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description="Make the notebooks from their text.")
    parser.add_argument("lesson", nargs="*", help="only lessons whose names begin so: 02")
    parser.add_argument("--check", action="store_true", help="write nothing: say which are not what their text makes")
    chosen = parser.parse_args(arguments)
    wrong = 0
    for path in lessons(chosen.lesson):
        for sentence in prose.broken_rules(source_of(path)):
            print(f"{path.name}: {sentence}", file=sys.stderr)
            wrong += 1
        try:
            text = written(make(path))
        except CellExecutionError as error:
            told = re.sub(r"\x1b\[[\d;]*m", "", str(error)).splitlines()
            print(f"{path.name}: a cell failed: {error.ename}: {error.evalue}", *told[-30:], sep="\n  ", file=sys.stderr)
            wrong += 1
            continue
        if not chosen.check:
            place(path).write_text(text, encoding="utf-8")
        elif not place(path).exists() or place(path).read_text(encoding="utf-8") != text:
            print(f"{path.name}: {place(path).name} is stale: make notebooks", file=sys.stderr)
            wrong += 1
        print(f"{place(path).name}: {len(text.encode()):,} bytes")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
