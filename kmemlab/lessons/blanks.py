"""Dots that nobody has replaced: in an answer, in what an answer holds, in the body of a function or a class."""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from types import CodeType
from typing import Any, Final

DEEPEST: Final = 20
NOTHING_ELSE: Final = frozenset(("RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"))


def is_blank(answer: Any, depth: int = 0) -> bool:
    """Say whether an answer still has `...` in it, or is none at all (None, an empty text, an empty list)."""
    if answer is ... or answer is None or depth > DEEPEST:
        return depth <= DEEPEST
    if isinstance(answer, str):
        return answer.strip() in ("", "...")
    if isinstance(answer, list | tuple | set | frozenset):
        return (not answer and depth == 0) or any(is_blank(each, depth + 1) for each in answer)
    if isinstance(answer, dict):
        return (not answer and depth == 0) or any(is_blank(each, depth + 1) for each in answer.values())
    if isinstance(answer, type):
        return has_dots(answer)
    code = getattr(answer, "__code__", None)
    return isinstance(code, CodeType) and has_dots(answer)


def has_dots(written: Any) -> bool:
    """Say whether a function or a class still has `...` in its body.

    The text is asked where it is known: a compiler leaves out dots that stand on a line of their own. Else its constants.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(written)))
    except (OSError, TypeError, SyntaxError, ValueError):
        pass
    else:
        if any(isinstance(node, ast.Constant) and node.value is ... for node in ast.walk(tree)):
            return True
    if isinstance(written, type):
        return any(has_dots(each) for each in vars(written).values() if hasattr(each, "__code__"))
    code = getattr(written, "__code__", None)
    return isinstance(code, CodeType) and (dots_in(code) or does_nothing(code))


def dots_in(code: CodeType) -> bool:
    """Say whether `...` is among the constants of some code, or of a function inside it."""
    return any(each is ... or (isinstance(each, CodeType) and dots_in(each)) for each in code.co_consts)


def does_nothing(code: CodeType) -> bool:
    """Say whether some code only returns None: of a body that is nothing but `...`, a compiler leaves no more."""
    steps = list(dis.get_instructions(code))
    returned = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return all(step.opname in NOTHING_ELSE for step in steps) and returned == [None]
