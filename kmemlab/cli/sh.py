"""`kmemlab sh`: the shell without Jupyter."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from ..engine.errors import KernelError
from ..engine.profiles import ERAS, parse_size
from ..recordings import ForeignFileError, open_text
from ..session import Session
from ..shell import Result


def run(arguments: argparse.Namespace) -> int:
    """Run commands from a script, from standard input, or as they are typed; the status is the last command's."""
    session = open_session(arguments)
    status = 0
    for line in lines(arguments.script):
        if line.strip() == "exit":
            break
        result = session.run(line)[0]
        show(line, result, arguments.json)
        status = result.status
        if arguments.session is not None:
            session.save(arguments.session)
    return status


def open_session(arguments: argparse.Namespace) -> Session:
    """Load the session, or boot a machine of the profile.

    Raises:
        ForeignFileError: for a session or a profile that cannot be had, and for a session booted with other options than
            are asked for.
    """
    if arguments.session is not None:
        if arguments.session.exists():
            return fitting(Session.load(arguments.session), arguments)
        if not arguments.session.parent.is_dir():
            raise ForeignFileError(arguments.session, 1, f"a folder {arguments.session.parent} to save to", "none")
    era, _, rest = arguments.profile.partition("-")
    if era not in ERAS or rest != "nomerge":
        known = " or ".join(f"{each}-nomerge" for each in ERAS)
        raise ForeignFileError(Path("--profile"), 1, known, arguments.profile)
    given = {name: value for name, value in asked(arguments).items() if value is not None}
    return Session(slub=era, rss=arguments.rss, **given)


def asked(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of `Profile` that options name; None where one is not given.

    Raises:
        ForeignFileError: for a size or a number that is none. Whether a machine can have it the machine says.
    """
    try:
        memory = None if arguments.memory is None else parse_size(arguments.memory)
    except KernelError as error:
        raise ForeignFileError(Path("--memory"), 1, "a size such as 64M", repr(arguments.memory[:20])) from error
    return {
        "memory": memory,
        "cpus": whole("--cpus", arguments.cpus),
        "seed": whole("--seed", arguments.seed),
        "rcu": arguments.rcu,
        "irq_payer": arguments.irq_payer,
        "boot": arguments.boot,
        "off": arguments.off,
        "patchset": arguments.patchset,
        "before_on": arguments.before_on,
        "kinds": arguments.kinds,
        "allocator": arguments.allocator,
    }


def whole(option: str, text: str | None) -> int | None:
    """Read a whole number of at most 18 digits.

    Raises:
        ForeignFileError: for anything else.
    """
    if text is not None and not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ForeignFileError(Path(option), 1, "a whole number", repr(text[:20]))
    return None if text is None else int(text)


def fitting(session: Session, arguments: argparse.Namespace) -> Session:
    """Return a loaded session if it was booted with the options that are given.

    Raises:
        ForeignFileError: if it was not.
    """
    profile = session.machine.profile
    for name, value in asked(arguments).items():
        has = getattr(profile, name)
        if value not in (None, has):
            option = f"--{name.replace('_', '-')}"
            raise ForeignFileError(arguments.session, 1, f"a session with {option} {value}", str(has))
    if arguments.rss and not profile.rss:
        raise ForeignFileError(arguments.session, 1, "a session with --rss", "one without")
    return session


def lines(script: str | None) -> Iterator[str]:
    """Yield commands; comments and empty lines are left out."""
    if script is None and sys.stdin.isatty():
        source: Iterable[str] = typed()
    elif script is None or script == "-":
        source = sys.stdin
    else:
        source = script_lines(Path(script))
    for line in source:
        text = line.strip()
        if text and not text.startswith("#"):
            yield text


def script_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a script.

    Raises:
        ForeignFileError: if it cannot be read as text.
    """
    with open_text(path) as file:
        number = 0
        try:
            for line in file:
                number += 1
                yield line
        except (UnicodeDecodeError, OSError) as error:
            raise ForeignFileError(path, number + 1, "a line of text", str(error).lower()) from error


def typed() -> Iterator[str]:
    """Ask for commands until end of file."""
    import readline  # noqa: F401 (gives input() its history)

    while True:
        try:
            yield input("# ")
        except EOFError:
            print()
            return


def show(line: str, result: Result, as_json: bool) -> None:
    """Print what a command printed: the kernel's words on stdout, errors and hints on stderr."""
    if as_json:
        keys = {"cmd": line, "out": result.out, "err": result.err, "errno": result.errno, "events": result.events}
        print(json.dumps(keys), flush=True)
        return
    say(result.out, sys.stdout)
    say(result.err, sys.stderr)
    say(f"sh: {result.hint}" if result.hint else "", sys.stderr)


def say(text: str, stream: IO[str]) -> None:
    """Print a text if there is one."""
    if text:
        print(text, file=stream, flush=True)
