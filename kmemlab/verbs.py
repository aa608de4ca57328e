"""All the commands there are, and those that explain them: help man."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import verbs_debug, verbs_files, verbs_kinds, verbs_more, verbs_tasks
from .commands import USAGE, VERBS, usage_error, verb
from .man import PAGES, page

if TYPE_CHECKING:
    from .shell import Shell

__all__ = [
    "VERBS",
    "verbs_debug",
    "verbs_files",
    "verbs_kinds",
    "verbs_more",
    "verbs_tasks",
]  # importing the rooms registers what is in them


@verb("help [COMMAND]")
def help_(shell: Shell, args: list[str]) -> str:
    """List the commands."""
    if args:
        return page(args[0], USAGE)
    topics = ", ".join(sorted(set(PAGES) - set(USAGE)))
    return "\n".join([*USAGE.values(), "", "as PID[@CPU] in front: another task runs it.", f"man also knows: {topics}"])


@verb("man TOPIC")
def man(shell: Shell, args: list[str]) -> str:
    """Explain a command or a file in plain words."""
    if len(args) != 1:
        raise usage_error("man")
    return page(args[0], USAGE)
