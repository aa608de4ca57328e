"""The same story on another machine, or with other limits: without a limit, on four cpus, on an older SLUB.

A variant runs a session's commands again on a machine of its own. Limits are changed in the commands that set them, and one
that is taken away becomes the largest number, which is what the kernel has where none was set: so both stories have the same
commands, and up to the first refusal event n of one is event n of the other.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .commands import echoed, redirected, words_of
from .engine.errors import invalid
from .session import Session

NO_LIMIT: Final = 2**63 - 1
FILE: Final = "kmem.limit"


def variant(session: Session, limits: Mapping[str, int | None] | None = None, **profile: Any) -> Session:
    """Return a session that has run the same commands, and stands at the same event; at its end if this one does.

    Args:
        session: whose commands are run again; it stays as it is.
        limits: container path -> bytes, None for no limit. Every limit that a command set for it becomes this one; where none
            did, it is set when the container has been made.
        profile: what is different about the machine: cpus, slub, memory, boot, seed, rcu ...

    Raises:
        KernelError: EINVAL for a container that no command makes, or a machine that cannot be booted.

    Example:
        >>> free = variant(session, limits={"/bomb": None})
    """
    lines = list(limited(session, dict(limits or {})))
    made = Session(**{**session.machine.profile.to_dict(), **profile})
    made.run(*lines)
    if session.position < session.length:
        made.seek(session.position)
    made.view = {name: value for name, value in session.view.items() if name != "scenario"}
    return made


def limits_of(session: Session) -> dict[str, int]:
    """Return the limits that the commands have set: container path -> bytes, the last one where there were several."""
    found: dict[str, int] = {}
    for line, result in zip(session.commands, session.results, strict=True):
        target, words = target_of(line), plain(line)
        for point in mount_points(session.commands):
            if target.startswith(f"{point}/") and target.endswith(f"/{FILE}") and not result.err:
                number = next((int(word) for word in words if word.isdigit()), NO_LIMIT)
                found[target[len(point) : -len(FILE) - 1] or "/"] = number
    return {path: limit for path, limit in found.items() if limit < NO_LIMIT}


def limited(session: Session, limits: dict[str, int | None]) -> Iterator[str]:
    """Return the session's commands with other limits."""
    points = mount_points(session.commands)
    files = {f"{point}{path.rstrip('/')}/{FILE}": path for point in points for path in limits}
    homes = {f"{point}{path.rstrip('/')}": path for point in points for path in limits}
    written = {
        files[target]
        for line, result in zip(session.commands, session.results, strict=True)
        if (target := target_of(line)) in files and not result.err
    }
    missing, mounted = set(limits) - written, set[str]()
    for line, result in zip(session.commands, session.results, strict=True):
        path = files.get(target_of(line))
        if path is not None and not result.err:
            yield write(target_of(line), limits[path])
            continue
        yield line
        for home in [] if result.err else made_by(line, mounted):
            path = homes.get(home.rstrip("/"))
            if path in missing:
                missing.discard(path)
                yield write(f"{home.rstrip('/')}/{FILE}", limits[path])
    if missing:
        raise invalid(f"no command makes a container {min(missing)!r}, so its limit cannot be another")


def write(target: str, limit: int | None) -> str:
    """Return the command that sets a limit."""
    return f"echo -n {NO_LIMIT if limit is None else limit} > {shlex.quote(target)}"


def plain(line: str) -> list[str]:
    """Return a command's words without `as PID`; none for a line that the shell would not read."""
    try:
        words = words_of(line)
    except ValueError:
        return []
    return words[2:] if words[:1] == ["as"] else words


def target_of(line: str) -> str:
    """Return the file that an echo writes to, "" for none: `echo -n` alone writes nothing."""
    words, target = redirected(plain(line))
    return target if words[:1] == ["echo"] and echoed(words[1:]) else ""


def made_by(line: str, mounted: set[str]) -> list[str]:
    """Return the containers that a command makes, as directories: mount makes the root of a hierarchy, and is noted."""
    words = plain(line)
    if words[:1] == ["mount"]:
        mounted.add(words[-1].rstrip("/"))
        return words[-1:]
    if words[:1] == ["mkdir"]:
        return [home for home in words[1:] if any(home.startswith(f"{point}/") for point in mounted)]
    return []


def mount_points(lines: list[str]) -> list[str]:
    """Return where containers were mounted, without a slash at the end."""
    found = (plain(line) for line in lines)
    return list(dict.fromkeys(words[-1].rstrip("/") for words in found if words[:1] == ["mount"] and len(words) > 1))
