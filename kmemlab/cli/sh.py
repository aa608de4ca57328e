"""`kmemlab sh`: the shell without Jupyter."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from ..engine.allocators import SLUB
from ..engine.before_on import SKIP
from ..engine.irq import CURRENT
from ..engine.off import EMPTY
from ..engine.patchset import V3
from ..engine.profiles import ERAS
from ..engine.rcu import NOW
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
    return Session(
        slub=era,
        boot="slub_nomerge" if arguments.boot is None else arguments.boot,
        rcu=arguments.rcu or NOW,
        irq_payer=arguments.irq_payer or CURRENT,
        rss=arguments.rss,
        off=arguments.off or EMPTY,
        patchset=arguments.patchset or V3,
        allocator=arguments.allocator or SLUB,
        before_on=arguments.before_on or SKIP,
        kinds=arguments.kinds or "cache",
    )


def fitting(session: Session, arguments: argparse.Namespace) -> Session:
    """Return a loaded session if it was booted with the options that are given.

    Raises:
        ForeignFileError: if it was not.
    """
    profile = session.machine.profile
    for option, asked, has in (
        ("--rcu", arguments.rcu, profile.rcu),
        ("--irq-payer", arguments.irq_payer, profile.irq_payer),
        ("--boot", arguments.boot, profile.boot),
        ("--off", arguments.off, profile.off),
        ("--patchset", arguments.patchset, profile.patchset),
        ("--before-on", arguments.before_on, profile.before_on),
        ("--kinds", arguments.kinds, profile.kinds),
        ("--allocator", arguments.allocator, profile.allocator),
    ):
        if asked not in (None, has):
            raise ForeignFileError(arguments.session, 1, f"a session with {option} {asked}", has)
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
