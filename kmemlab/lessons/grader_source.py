"""How a class gets from a notebook's cell into the child: as its source, with whatever else of the notebook it uses.

The cell's text is parsed and only the definition is taken, so the `grade(...)` below it does not run again. A name that the
definition uses is brought along: a module or an importable thing by an import, a function or a class of another cell by its
own source, a plain value as it is written. Source and not pickle: what is graded is what is read.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import textwrap
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from ..engine.errors import invalid

LONGEST = 200_000


@dataclass
class Program:
    """What the child needs.

    Attributes:
        name: of what is graded, in the namespace that comes of it.
        imports: lines that come first; values: assignments that come next.
        parts: (text of a whole cell, the names that are taken from it), in the order in which they are needed.
        seen: names that are brought along already.
    """

    name: str
    imports: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def program_of(thing: Any) -> Program:
    """Return the source of a class or a function, and of what it uses.

    Raises:
        KernelError: EINVAL, with a sentence, where the source is not to be had or uses what cannot be brought along.
    """
    name = getattr(thing, "__name__", "")
    if not isinstance(thing, type | FunctionType) or not name.isidentifier():
        raise invalid(f"grade() takes the class itself, as in grade(MyController); it got {thing!r:.60}.")
    program = Program(name)
    bring(program, name, thing)
    return program


def bring(program: Program, name: str, thing: Any) -> None:
    """Bring a definition along, and first what it uses."""
    program.seen.add(name)
    text, namespace = text_of(thing)
    node = definition(text, thing.__name__)
    used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
    for each in sorted(used - program.seen - set(dir(builtins))):
        if each in namespace:
            bring_name(program, each, namespace[each], namespace)
    program.parts.append((text, thing.__name__))
    if name != thing.__name__:
        program.parts.append((f"{name} = {thing.__name__}", name))


def bring_name(program: Program, name: str, value: Any, namespace: dict[str, Any]) -> None:
    """Bring along what a name means."""
    home = getattr(value, "__module__", None)
    if isinstance(value, ModuleType):
        program.seen.add(name)
        program.imports.append(f"import {value.__name__} as {name}")
    elif isinstance(value, type | FunctionType) and home != namespace.get("__name__"):
        program.seen.add(name)
        program.imports.append(f"from {home} import {value.__qualname__} as {name}")
    elif isinstance(value, type | FunctionType):
        bring(program, name, value)
    elif is_plain(value):
        program.seen.add(name)
        program.values.append(f"{name} = {value!r}")
    elif hasattr(value, "__name__") and home and home != namespace.get("__name__"):
        program.seen.add(name)
        program.imports.append(f"from {home} import {value.__name__} as {name}")
    else:
        what = type(value).__name__
        raise invalid(
            f"{program.name} uses {name}, a {what} of the notebook: it runs apart, so make what it needs inside of it."
        )


def is_plain(value: Any) -> bool:
    """Say whether a value can be written down as it is."""
    try:
        return len(repr(value)) < LONGEST and bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False


def text_of(thing: Any) -> tuple[str, dict[str, Any]]:
    """Return the text of the cell or file that something was defined in, and the names that it sees.

    Raises:
        KernelError: EINVAL, where there is none.
    """
    functions = [thing] if isinstance(thing, FunctionType) else [each for each in map(bare, vars(thing).values()) if each]
    if not functions:
        raise invalid(f"not answered yet: {thing.__name__} has no method of its own")
    text = "".join(linecache.getlines(functions[0].__code__.co_filename))
    if not text or len(text) > LONGEST:
        raise invalid(f"The source of {thing.__name__} is not to be had: write it in a cell or a file, and run that again.")
    return text, functions[0].__globals__


def bare(value: Any) -> FunctionType | None:
    """Return the function in a class attribute, None where there is none."""
    value = getattr(value, "__func__", value)
    value = getattr(value, "fget", value)
    return value if isinstance(value, FunctionType) else None


def definition(text: str, name: str) -> ast.ClassDef | ast.FunctionDef:
    """Find the last definition of a name in a text.

    Raises:
        KernelError: EINVAL, where the text has none or cannot be parsed.
    """
    found = None
    try:
        tree = ast.parse(plain_python(text))
    except SyntaxError as error:
        raise invalid(f"line {error.lineno}: {error.msg}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            found = node
    if found is None:
        raise invalid(f"There is no definition of {name} in the cell that it came from any more: run the cell again.")
    return found


def plain_python(text: str) -> str:
    """Blank out what only a notebook understands: lines that begin with % or !."""
    return "\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in textwrap.dedent(text).splitlines())


def dots_in(text: str, name: str) -> tuple[str, int] | None:
    """Return (function, line) of the first `...` that is left in a definition, None if there is none."""
    node = definition(text, name)
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef):
            for each in ast.walk(inner):
                if isinstance(each, ast.Constant) and each.value is ...:
                    return inner.name, each.lineno
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and each.value is ...:
            return name, each.lineno
    return None
