"""Command line: exit 0 good, 1 the check found a difference, 2 wrong usage or unreadable input, 130 interrupted."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..engine.before_on import CHOICES
from ..engine.errors import KernelError
from ..engine.irq import PAYERS
from ..engine.off import DESIGNS
from ..engine.patchset import SWITCHES, switches
from ..engine.profiles import ERAS, parse_size
from ..engine.rcu import MODES
from ..engine.res_counter import NO_LIMIT
from ..recordings import ForeignFileError
from ..zoo import BOMBS
from . import app, cost, doctor, grade, merging, off, progress, races, replay, sh, verify, zoo

PATCHSET_HELP = f"v3, v2 or v1, and behind commas single differences to turn on (no-NAME: off): {', '.join(SWITCHES)}"
BOMB_NAMES = [bomb.name for bomb in BOMBS]


def size(text: str) -> int:
    """Read a size option.

    Raises:
        ArgumentTypeError: for anything but digits with K, M or G, and for what no res_counter holds.
    """
    try:
        found = parse_size(text)
    except KernelError as error:
        raise argparse.ArgumentTypeError(error.strerror) from error
    if found > NO_LIMIT:
        raise argparse.ArgumentTypeError(f"{text!r} is more than a res_counter holds: at most {NO_LIMIT}")
    return found


def patchset(text: str) -> str:
    """Read a version of the patchset.

    Raises:
        ArgumentTypeError: for one that there is not.
    """
    try:
        switches(text)
    except KernelError as error:
        raise argparse.ArgumentTypeError(error.strerror) from error
    return text


def port(text: str) -> int:
    """Read a port.

    Raises:
        ArgumentTypeError: for anything but 1 to 65535.
    """
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"expected a port, 1 to 65535, found {text[:20]!r}")
    return number


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(prog="kmemlab", description="Learn and explore how a kernel accounts its own memory.")
    top.add_argument("--version", action="version", version=f"kmemlab {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("verify", help="check the engine against recordings of real kernels")
    one.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files or folders; without: what ships with kmemlab")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.add_argument("--strict", action="store_true", help="a skipped file fails the run")
    one.set_defaults(run=verify.run)

    two = commands.add_parser("replay", help="run a trace of a real kernel under the controller of 2007")
    two.add_argument("trace", type=Path, metavar="TRACE")
    two.add_argument("--meta", type=Path, metavar="FILE", help="the recording's .json; by default the one beside the trace")
    two.add_argument("--assign", action="append", default=[], metavar="PID=PATH", help="put a pid into a container")
    two.add_argument("--container", action="append", default=[], metavar="PATH", help="a container that gets the limit")
    two.add_argument("--limit", type=size, metavar="N", help="bytes, with K, M or G if you like")
    two.add_argument("--account", default="auto", metavar="auto|all|none|C1,C2", help="caches to charge for")
    two.add_argument("--slub", default="2.6.24", choices=list(ERAS), help="era of the allocator")
    two.add_argument("--allow-filtered", action="store_true", help="replay a trace of some pids only")
    two.add_argument("--json", action="store_true", help="print one JSON object")
    two.set_defaults(run=replay.run)

    three = commands.add_parser("sh", help="the shell, without Jupyter")
    three.add_argument("script", nargs="?", metavar="SCRIPT|-", help="a file of commands; without: ask, or read standard input")
    three.add_argument("--profile", default="2.6.24-nomerge", metavar="P", help="2.6.24-nomerge or 2.6.23-nomerge")
    three.add_argument("--memory", metavar="SIZE", help="of the machine, in bytes, with K, M or G if you like; 64M")
    three.add_argument("--cpus", metavar="N", help="1 to 64; 1")
    three.add_argument("--seed", metavar="N", help="what every random choice starts from; 0")
    three.add_argument("--rcu", choices=list(MODES), help="free at once (now), or when a grace period ends (grace)")
    three.add_argument("--allocator", choices=["slub", "slab"], help="the slab allocator: slub, or slab, the older one")
    three.add_argument("--irq-payer", choices=list(PAYERS), help="who pays for an interrupt's objects")
    three.add_argument("--boot", metavar="WORDS", help='the boot line, such as "" (caches merge) or slab_account=filp')
    three.add_argument("--before-on", choices=list(CHOICES), help="what becomes of objects from before a cache is accounted")
    three.add_argument("--kinds", metavar="cache,K...", help="what can be charged: cache, and marked kmalloc,vmalloc,pages")
    three.add_argument("--rss", action="store_true", help="with the rss subsystem: page faults are charged")
    three.add_argument("--off", choices=list(DESIGNS), help="what turning accounting off can do: empty is the letter's")
    three.add_argument("--patchset", type=patchset, metavar="VERSION", help=PATCHSET_HELP)
    three.add_argument("--session", type=Path, metavar="FILE", help="a saved session to go on with, and to save to")
    three.add_argument("--json", action="store_true", help="print one JSON object a command")
    three.set_defaults(run=sh.run)

    four = commands.add_parser("doctor", help="say what is installed, what does not fit, and how to mend it")
    four.add_argument("--json", action="store_true", help="print one JSON object")
    four.set_defaults(run=doctor.run)

    five = commands.add_parser("app", help="the lab alone on a page of its own, on this machine (needs Voila)")
    five.add_argument("--port", type=port, default=8866, metavar="PORT", help="8866 if it is not given")
    five.add_argument("--token", default="", metavar="T", help="what lets a browser in; by default a random one")
    five.add_argument("--scenario", default="", metavar="NAME", help="what to begin with, such as quiet or fd-bomb")
    five.add_argument("--browser", action="store_true", help="open a browser too")
    five.set_defaults(run=app.run)

    six = commands.add_parser("zoo", help="what each kind of bomb pins, and how much of it the controller of v3 sees")
    six.add_argument(
        "--scenario", default=None, metavar="NAME,...", help=f"of {', '.join(BOMB_NAMES)}; all, if it is not given"
    )
    six.add_argument("--limit", type=size, default=1 << 20, metavar="N", help="bytes of the bomb's container; 1M")
    six.add_argument("--seed", type=int, default=1, metavar="N", help="of the neighbour's work; 1")
    six.add_argument(
        "--kinds", default="cache", metavar="cache,K...", help="with kmalloc, vmalloc, pages: all call sites marked"
    )
    six.add_argument("--json", action="store_true", help="print one JSON object")
    six.set_defaults(run=zoo.run)

    seven = commands.add_parser("merging", help="which caches merge, and what cache_account then says, in three boots")
    seven.add_argument("--slub", default="2.6.24", choices=list(ERAS), help="era of the allocator")
    seven.add_argument("--json", action="store_true", help="print one JSON object")
    seven.set_defaults(run=merging.run)

    eight = commands.add_parser("races", help="all schedules of a few operations: where they use what is freed, and why not")
    races.add(eight)
    eight.add_argument(
        "--patchset", type=patchset, metavar="VERSION", help="charge as a machine of this patchset does (kmemlab sh)"
    )

    costs = commands.add_parser("cost", help="what slabs cost that nobody is charged for, cache by cache")
    costs.add_argument("--scenario", default="", metavar="NAME", help="run it to its end; fd-bomb, if it is not given")
    costs.add_argument("--session", type=Path, metavar="FILE", help="a saved session instead")
    costs.add_argument("--every", action="store_true", help="caches without a slab too")
    costs.add_argument("--json", action="store_true", help="print one JSON object")
    costs.set_defaults(run=cost.run)

    nine = commands.add_parser("off", help="what it takes to switch accounting off with objects in use: four designs, measured")
    nine.add_argument("--files", type=int, default=40, metavar="N", help="files open when it is switched off; 40")
    nine.add_argument("--memory", type=size, default=1 << 30, metavar="N", help="of the machine; 1G")
    nine.add_argument("--json", action="store_true", help="print one JSON object")
    nine.set_defaults(run=off.run)
    progress.add(commands.add_parser("progress", help="which exercises of the lessons are solved, checked again here"))
    grade.add(commands.add_parser("grade", help="grade a controller that a student wrote, and tell its shortest failing story"))
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    arguments = parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except ForeignFileError as error:
        print(f"kmemlab: {error}", file=sys.stderr)
        return 2
    except KernelError as error:
        print(f"kmemlab: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # the output or a session file cannot be written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"kmemlab: {error.filename or 'standard output'}: {error.strerror}", file=sys.stderr)
        return 2
    return status


def envelope() -> dict[str, Any]:
    """Return the keys that every --json object begins with."""
    from ..engine import slub

    compiled = not slub.__file__.endswith(".py")
    return {"schema": 1, "kmemlab": __version__, "engine": "compiled" if compiled else "pure"}
