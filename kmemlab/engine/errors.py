"""What a refused operation raises: the kernel's errno, and a sentence that tells the fix."""

from __future__ import annotations

import errno
import json
import os

from .types import mypyc_attr


@mypyc_attr(native_class=False)
class KernelError(OSError):
    """A system call or a write to a file said no.

    `errno` is what the kernel returns, `strerror` kmemlab's sentence. Hot paths return NONE instead of raising.
    """

    def __init__(self, number: int, sentence: str) -> None:
        super().__init__(number, sentence)

    @property
    def shell_words(self) -> str:
        """What a real shell prints for this errno, "Device or resource busy"."""
        return os.strerror(self.errno or 0)


@mypyc_attr(native_class=False)
class CheckError(AssertionError):
    """`Machine.check()` found an invariant broken. The message says which, where, and prints the state around."""


def invalid(sentence: str) -> KernelError:
    """Make an EINVAL."""
    return KernelError(errno.EINVAL, sentence)


def require(true: bool, rule: str, around: object) -> None:
    """Go on, or print the rule and the state around it.

    Raises:
        CheckError: if the rule does not hold.
    """
    if not true:
        raise CheckError(f"{rule}\n{json.dumps(around, default=str, indent=1)}")
