"""What the Tab key offers in the terminal: commands, then paths, then cache and pid words."""

from __future__ import annotations

from ..commands import VERBS
from ..engine.errors import KernelError
from ..engine.vfs import Dir
from ..man import PAGES
from ..shell import Machine

MOST = 6


def completions(machine: Machine, line: str) -> tuple[list[str], str]:
    """Return up to six whole words that the last word may become, and the part of it that is certain and still to type."""
    head, _, last = line.rpartition(" ")
    words = head.split()
    if words[:1] == ["as"]:
        words = words[2:]
    if not words and not last.startswith("/"):
        candidates = [*VERBS, "as"]
    elif words[:1] in (["man"], ["help"]) and not last.startswith("/"):
        candidates = sorted(PAGES)
    elif words[:1] == ["kill"]:
        candidates = [str(pid) for pid in machine.tasks.by_pid if pid != 1]
    elif last.startswith("/"):
        candidates = paths(machine, last)
    else:
        candidates = []
    fitting = sorted(word for word in candidates if word.startswith(last) and word != last)
    common = shared(fitting)
    return fitting[:MOST], common[len(last) :] if last or fitting else ""


def paths(machine: Machine, last: str) -> list[str]:
    """List the paths that begin as the word does, directories with a slash."""
    folder, _, _ = last.rpartition("/")
    try:
        node = machine.tree.lookup(folder or "/")
    except KernelError:
        return []
    if not isinstance(node, Dir):
        return []
    found = []
    for name in node.names():
        child = node.get(name)
        found.append(f"{folder}/{name}{'/' if isinstance(child, Dir) else ''}")
    return found


def shared(words: list[str]) -> str:
    """Return what all words begin with."""
    if not words:
        return ""
    first, last = min(words), max(words)
    length = 0
    while length < min(len(first), len(last)) and first[length] == last[length]:
        length += 1
    return first[:length]
