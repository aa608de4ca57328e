"""A class begins anew: `make reset` gives a machine back as it was on the first day. Nothing is thrown away, all is put aside.

What a learner leaves behind is in four places: the folder of the notebooks (those that were changed, and whatever is new there:
notebooks, folders, saved sessions, pictures, JupyterLab's checkpoints), the progress file, the sessions that labs keep, and
JupyterLab's open tabs. They are moved into one folder, `.jupyter/before-reset-1` and so on, and the notebooks of the course are
taken again from git. The lessons' text is an author's, and stays. It asks first, and not while the lab still runs: an open tab
would write back what was put aside. All of this is kmemlab's choice.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..lessons import progress
from .autosave import folder

RUNNING = "runtime/jpserver-*.json"  # a Jupyter server has one while it runs, with its process in the name
TEXT = "text"
KEPT = ("autosave", "workspaces")  # folders of the server's own files: what labs keep, and which tabs are open


class NotAsked(Exception):  # noqa: N818 - no error: somebody said no, or nobody was there
    """Nobody said yes."""


@dataclass(frozen=True)
class Left:
    """What somebody left behind.

    Attributes:
        notebooks: names in the folder of the notebooks, of those that were changed.
        new: names there of files and folders that are no part of the course.
        lost: names of notebooks of the course that are not there.
        others: files and folders elsewhere.
        clone: whether git knows the folder: if not, the notebooks stay as they are.
    """

    notebooks: tuple[str, ...]
    new: tuple[str, ...]
    lost: tuple[str, ...]
    others: tuple[Path, ...]
    clone: bool

    def __bool__(self) -> bool:
        return bool(self.notebooks or self.new or self.lost or self.others)


def git(root: Path, *arguments: str) -> list[str] | None:
    """Return the names that git prints, None if it knows nothing of the folder or is not there."""
    try:
        told = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return [name for name in told.stdout.split("\0") if name] if told.returncode == 0 else None


def look(root: Path, home: Path) -> Left:
    """Return what was left behind; nothing is changed.

    Args:
        root: folder of the notebooks.
        home: folder of the server's own files.
    """
    known = git(root, "ls-files", "-z", "--", ":(glob)*.ipynb")
    changed = git(root, "diff", "--name-only", "--relative", "-z", "HEAD", "--", ":(glob)*.ipynb") if known else None
    # What git ignores as well: a checkpoint of JupyterLab's is a learner's notebook, too.
    new = git(root, "ls-files", "-z", "--others", "--directory", "--", ".", f":(exclude){TEXT}") if known else None
    names = changed or []
    kept = progress.place()
    # A lab in a JupyterLab of somebody's own keeps its sessions beside the progress file.
    places = [*(home / name for name in KEPT), folder(True), kept]
    others = list(dict.fromkeys(path for path in places if path is not None and path.exists()))
    return Left(
        tuple(name for name in names if (root / name).exists()),
        tuple(name.rstrip("/") for name in new or []),
        tuple(name for name in names if not (root / name).exists()),
        tuple(others),
        bool(known),
    )


def running(home: Path) -> int | None:
    """Return the process of a Jupyter server that still runs, None if there is none, or if that cannot be told here."""
    for path in home.glob(RUNNING) if os.name == "posix" else ():
        number = path.stem.rpartition("-")[2]
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            continue  # it was killed, and left its file
        except (ValueError, OverflowError):
            continue
        except PermissionError:
            pass  # somebody else's, and it runs
        return int(number)
    return None


def told(left: Left) -> str:
    """Return what will be put aside, a line for each."""
    lines = [f"  notebook {name}" for name in left.notebooks]
    lines += [f"  {name}, which is new" for name in left.new]
    lines += [f"  notebook {name}, which is not there and is taken again" for name in left.lost]
    lines += [f"  {path}" for path in left.others]
    if not left.clone:
        lines.append("  (not the notebooks: this folder is no git clone; unpack a fresh copy of them)")
    return "\n".join(lines)


def aside(home: Path) -> Path:
    """Make a folder that is not there yet."""
    number = 1
    while (place := home / f"before-reset-{number}").exists():
        number += 1
    place.mkdir(parents=True)
    return place


def reset(root: Path, home: Path, ask: Callable[[str], str]) -> Path | None:
    """Put aside what was left behind and take the notebooks again; returns where it is, None if there was nothing.

    Args:
        root: folder of the notebooks.
        home: folder of the server's own files.
        ask: is given the question, and returns what was typed.

    Raises:
        NotAsked: if the answer is not yes; nothing is changed then.
        OSError: if the lab still runs: nothing is changed then; or if something cannot be moved: what was moved before is in
            the folder, and the sentence says so.
    """
    process = running(home)
    if process is not None:
        raise OSError(
            None, f"the lab still runs (process {process}) and would write back what it has open: end it first, Ctrl-C"
        )
    left = look(root, home)
    if not left:
        return None
    answer = ask(f"This is put aside, and the notebooks are as on the first day:\n{told(left)}\nGo on? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise NotAsked
    place = aside(home)
    for name in (*left.notebooks, *left.new):
        goes = place / "notebooks" / name
        goes.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(root / name, goes)
    for path in left.others:
        goes = place / path.name
        shutil.move(path, goes if not goes.exists() else place / f"{path.parent.name}-{path.name}")
    again = git(root, "ls-files", "-z", "--", ":(glob)*.ipynb") or []
    if again and git(root, "checkout", "--quiet", "HEAD", "--", *again) is None:
        raise OSError(None, f"git could not give the notebooks back; what was there is in {place}")
    return place


def main(argv: list[str] | None = None) -> int:
    """Reset; 0 if all is as on the first day, 1 if it is not."""
    parser = argparse.ArgumentParser(prog="python -m kmemlab.lab.reset", description="Give a machine back as on the first day.")
    parser.add_argument("--root", type=Path, required=True, help="folder of the notebooks")
    parser.add_argument("--home", type=Path, required=True, help="folder of the server's own files")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    chosen = parser.parse_args(argv)
    try:
        place = reset(chosen.root.resolve(), chosen.home.resolve(), (lambda _: "yes") if chosen.yes else input)
    except (NotAsked, EOFError):
        print("kmemlab: nothing was changed", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"kmemlab: {error.strerror or error}", file=sys.stderr)
        return 1
    print(f"kmemlab: as on the first day; what was there is in {place}" if place else "kmemlab: nothing was left behind")
    return 0


if __name__ == "__main__":
    sys.exit(main())
