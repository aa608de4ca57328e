"""What every command of the shell is made of: how it registers, how it says no, how it reads a number."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from .engine.errors import KernelError

if TYPE_CHECKING:
    from .shell import Shell


class CommandError(Exception):
    """A command says no: `words` as a shell prints them, and kmemlab's hint."""

    def __init__(self, words: str, number: int, hint: str = "", status: int = 1) -> None:
        super().__init__(words)
        self.words = words
        self.number = number
        self.hint = hint
        self.status = status


Verb = Callable[["Shell", list[str]], str]
VERBS: dict[str, Verb] = {}
USAGE: dict[str, str] = {}


def verb(usage: str) -> Callable[[Verb], Verb]:
    """Register a command under the first word of its usage line."""

    def register(function: Verb) -> Verb:
        name = usage.split()[0]
        VERBS[name] = function
        USAGE[name] = usage
        return function

    return register


def is_number(text: str) -> bool:
    """Say whether a word is a plain decimal number that a command can take."""
    return text.isascii() and text.isdigit() and len(text) <= 9


def usage_error(name: str) -> CommandError:
    """Make the complaint about wrong arguments."""
    return CommandError(f"{name}: usage: {USAGE[name]}", errno.EINVAL, f"`man {name}` says more.", 2)


def refused(prefix: str, error: KernelError) -> CommandError:
    """Make the complaint of a command whose system call said no."""
    return CommandError(f"{prefix}: {error.shell_words}", error.errno or 0, error.strerror or "")


def words_for(number: int) -> str:
    """Return what a real shell prints for an errno."""
    return os.strerror(number)
