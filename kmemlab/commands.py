"""What every command of the shell is made of: its words, how it registers, how it reads a number, how and why it says no."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from .engine.errors import KernelError
from .engine.events import NOPAGE, REFUSED, REFUSED_CALL, EventLog
from .engine.faults import FAULTS
from .engine.oops import OopsError
from .engine.types import NONE

if TYPE_CHECKING:
    from .shell import Shell

OPERATORS = frozenset("><|&;")
OUT_OF_MEMORY = (errno.ENOMEM, errno.ENFILE, errno.EAGAIN, errno.ENOLCK, errno.ENOBUFS)


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
    """Make the complaint of a command whose system call said no; of one that crashed the kernel, what the console shows."""
    if isinstance(error, OopsError):
        *trace, last = error.trace
        return CommandError("\0".join([last, "\n".join(trace)]), error.errno or 0, error.strerror or "")
    return CommandError(f"{prefix}: {error.shell_words}", error.errno or 0, error.strerror or "")


def words_for(number: int) -> str:
    """Return what a real shell prints for an errno."""
    return os.strerror(number)


def words_of(line: str) -> list[str]:
    """Split a line into words, quotes taken off, operators apart.

    Raises:
        ValueError: for a quote that is not closed.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars="".join(sorted(OPERATORS)))
    lexer.whitespace = " \t"
    lexer.commenters = ""
    lexer.whitespace_split = True
    return list(lexer)


def redirected(words: list[str]) -> tuple[list[str], str]:
    """Take the file that a command writes to off its words, "" for none."""
    return (words[:-2], words[-1]) if len(words) >= 3 and words[-2] == ">" else (words, "")


def echoed(args: list[str]) -> str:
    """Return what `echo` prints with these arguments: "" where it prints nothing, and makes no write(2)."""
    return " ".join(args[1:]) if args[:1] == ["-n"] else " ".join(args) + "\n"


def hint_of(number: int, hint: str, log: EventLog | None, before: int, faults: list[int]) -> tuple[str, list[str]]:
    """Say what a command was refused for when faults were injected: the hint to keep, and what to say besides.

    Args:
        number: the errno of the refusal, 0 for none.
        hint: what the refused call says; it knows of memory and limits only.
        log: the event log.
        before: its length before the command.
        faults: how many faults of each kind the command met.
    """
    told = [f"{FAULTS[n]} injected {count:,} fault{'' if count == 1 else 's'}" for n, count in enumerate(faults) if count]
    if not told or log is None or number not in OUT_OF_MEMORY:
        return hint, told
    rows = range(before, log.length)
    others = [n for n in rows if log.kind[n] in (REFUSED, REFUSED_CALL, NOPAGE) and log.order[n] == NONE]
    if others:
        return hint, told
    return "", [*told[:-1], f"{told[-1]}: no limit was hit and memory is not out"]
