"""What a learner hands in, as a program that can be graded: of a notebook the definitions, and nothing that they do not use.

What a notebook runs (checks, predictions, labs) stays behind. Graded is the last class, for an exercise the last function,
that has no dots left and needs nothing that has: a stage that was not begun does not hide the one before it.
All of this is kmemlab's choice.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ..engine.errors import invalid
from .grader_source import Program, definition, dots_in, plain_python, program_of

BASE: Final = "SlabListener"
MOST_BYTES: Final = 50_000_000


@dataclass(frozen=True)
class Piece:
    """One statement that binds names.

    Attributes:
        names: that it binds; uses: that it reads.
        text: as it was written.
        kind: class, function, import or value.
        dots: whether there is a `...` in it.
    """

    names: frozenset[str]
    uses: frozenset[str]
    text: str
    kind: str
    dots: bool


def program_in(path: Path, name: str = "", function: bool = False) -> Program:
    """Return what is to be graded in a notebook.

    Args:
        path: of the .ipynb.
        name: of the class or function, "" for the last one that is complete.
        function: a function is wanted, not a class.

    Raises:
        OSError: if it cannot be read. KernelError: EINVAL, if it is no notebook or has nothing to be graded.
    """
    pieces = [piece for cell in cells(path) for piece in pieces_of(cell)]
    kind = "function" if function else "class"
    wanted = [piece for piece in pieces if piece.kind == kind and (not name or name in piece.names)]
    if not function and not name:
        wanted = [piece for piece in wanted if BASE in reached(pieces, piece)]
    if not wanted:
        raise invalid(
            f"{path.name} has no {kind} {name or f'that derives from {BASE}' * (not function)}".rstrip() + " in its cells"
        )
    for piece in reversed(wanted):
        used = needed(pieces, piece)
        if not any(each.dots for each in used):
            return Program(next(iter(piece.names)), parts=[("\n".join(each.text for each in used), "")])
    last = next(iter(wanted[-1].names))
    raise invalid(f"not answered yet: {last}, or something that it uses, still has its dots")


def cells(path: Path) -> Iterator[str]:
    """Yield the text of a notebook's code cells.

    Raises:
        OSError: if it cannot be read. KernelError: EINVAL, if it is no notebook.
    """
    if path.stat().st_size > MOST_BYTES:
        raise invalid(f"{path.name} is larger than {MOST_BYTES:,} bytes: clear its outputs first")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in found:
            if cell["cell_type"] == "code":
                yield "".join(cell["source"])
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, KeyError, TypeError):
        raise invalid(f"{path.name} is no notebook: JupyterLab did not write it") from None


def pieces_of(cell: str) -> Iterator[Piece]:
    """Yield what a cell defines. A cell that is no Python has nothing: whoever wrote it was told so when it ran."""
    text = plain_python(cell)
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return
    lines = text.splitlines()
    for node in body:
        names, kind = bound(node)
        if names:
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
            yield Piece(
                names,
                frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)),
                "\n".join(lines[first - 1 : node.end_lineno]),
                kind,
                any(isinstance(each, ast.Constant) and each.value is ... for each in ast.walk(node)),
            )


def bound(node: ast.stmt) -> tuple[frozenset[str], str]:
    """Return the names that a statement defines, and what they are; none of one that runs something."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return frozenset([node.name]), "class" if isinstance(node, ast.ClassDef) else "function"
    if isinstance(node, ast.Import | ast.ImportFrom):
        return frozenset((each.asname or each.name).partition(".")[0] for each in node.names), "import"
    if isinstance(node, ast.Assign | ast.AnnAssign) and not any(isinstance(each, ast.Call) for each in ast.walk(node)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return frozenset(each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)), "value"
    return frozenset(), ""


def reached(pieces: list[Piece], piece: Piece) -> frozenset[str]:
    """Return every name that a definition uses, by itself or by what it uses."""
    names, fresh = set(piece.names), set(piece.uses)
    while fresh:
        names |= fresh
        fresh = {use for each in pieces if each.names & fresh for use in each.uses} - names
    return frozenset(names)


def needed(pieces: list[Piece], piece: Piece) -> list[Piece]:
    """Return a definition and what it uses, in their order. Of what was defined twice the last counts, as in a notebook."""
    names = reached(pieces, piece)
    last = {name: each for each in pieces for name in each.names}
    kept = {id(last[name]) for name in names if name in last}
    return [each for each in pieces if id(each) in kept]


def read(thing: Any, exercise: str, name: str) -> Program:
    """Return what was handed in, a class, a function or the path of a file, as a program.

    Raises:
        OSError: as `file_of` and `program_of`.
    """
    from .grader_exercises import EXERCISES

    if not isinstance(thing, str | Path):
        return program_of(thing)
    return file_of(Path(thing), name, bool(exercise) and not EXERCISES[exercise].a_class)


def job_of(program: Program, exercise: str, stage: int = 4, seed: int = 1) -> dict[str, Any]:
    """Return what a child is given (`grader_child.load`)."""
    return {**asdict(program), "seen": [], "stage": stage, "seed": seed, "exercise": exercise}


def file_of(path: Path, name: str, function: bool) -> Program:
    """Return a file's whole text as a program; of a notebook what is to be graded.

    Args:
        path: the file.
        name: of what is graded, "" for the last one.
        function: a function is wanted, not a class.

    Raises:
        OSError: if it cannot be read. KernelError: EINVAL, if it is no Python, or has nothing of that name.
    """
    if path.suffix == ".ipynb":
        return program_in(path, name, function)
    try:
        text = path.read_text(encoding="utf-8")
        compile(plain_python(text), str(path), "exec", dont_inherit=True)
    except UnicodeDecodeError:
        raise invalid(f"{path.name} is no text.") from None
    except (SyntaxError, ValueError) as error:
        line = f" line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise invalid(f"{path.name}{line}: {getattr(error, 'msg', None) or error}") from None
    if name:
        definition(text, name)
    return Program(name, parts=[(text, "")])


def blanks(program: Program) -> str:
    """Say where there are still dots, "" if nowhere."""
    for text, name in program.parts:
        if name and not text.startswith(f"{name} = "):
            names = [name]
        else:
            names = [
                each.name for each in ast.parse(plain_python(text)).body if isinstance(each, ast.ClassDef | ast.FunctionDef)
            ]
        for each in names:
            found = dots_in(text, each)
            if found is not None:
                return f"not answered yet: {found[0]} still has its dots (line {found[1]})"
    return ""
