"""Compile the engine: `python -m kmemlab.build OUT` makes a kmemlab in OUT whose engine is compiled, from the same source.

Everything but the engine is linked, not copied. With OUT in PYTHONPATH it takes the place of the interpreted one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
MADE_FROM = "made-from.sha256"


def what_is_missing() -> str:
    """Say why nothing can be compiled here, "" if it can."""
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        return "no C compiler"
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        return "no Python.h"
    if shutil.which("mypyc", path=str(Path(sys.executable).parent)) is None:
        return "mypyc is not installed"
    return ""


def build(out: Path) -> None:
    """Compile into `out`, replacing what is there.

    Raises:
        RuntimeError: if something is missing, or the compiler says no; the text is the end of what it said.
    """
    missing = what_is_missing()
    if missing:
        raise RuntimeError(missing)
    sources = fingerprint()
    with tempfile.TemporaryDirectory(prefix="kmemlab-build-") as folder:
        here = Path(folder)
        (here / "kmemlab").mkdir()
        (here / "kmemlab" / "__init__.py").touch()
        shutil.copytree(PACKAGE / "engine", here / "kmemlab" / "engine", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        environment = dict(os.environ, PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        done = subprocess.run(
            [sys.executable, "-m", "mypyc", "kmemlab/engine"],
            cwd=here,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError((done.stdout + done.stderr)[-3000:])
        shutil.rmtree(out, ignore_errors=True)
        home = out / "kmemlab"
        (home / "engine").mkdir(parents=True)
        for made in here.glob("*.so"):
            shutil.copy(made, out)
        for made in (here / "kmemlab" / "engine").glob("*.so"):
            shutil.copy(made, home / "engine")
    for each in PACKAGE.iterdir():
        if each.name not in ("engine", "__pycache__"):
            (home / each.name).symlink_to(each)
    for each in (PACKAGE / "engine").glob("*.py"):
        (home / "engine" / each.name).symlink_to(each)
    (out / MADE_FROM).write_text(sources, encoding="ascii")


def fingerprint() -> str:
    """Hash what a build is made from: the engine's sources, and the Python that will run it."""
    found = hashlib.sha256(sys.version.encode())
    for each in sorted((PACKAGE / "engine").glob("*.py")):
        found.update(each.name.encode() + b"\0" + each.read_bytes())
    return found.hexdigest()


def stale(out: Path) -> bool:
    """Say whether a build is missing, or was made from other sources than there are now."""
    made = out / MADE_FROM
    return not made.exists() or made.read_text(encoding="ascii") != fingerprint()


def main(argv: list[str] | None = None) -> int:
    """Build if that is needed and possible; 0 also where it is not possible, with one line that says why."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        print("kmemlab: usage: python -m kmemlab.build OUT", file=sys.stderr)
        return 2
    out = Path(arguments[0])
    missing = what_is_missing()
    if missing:
        print(f"kmemlab: the engine stays interpreted ({missing})", file=sys.stderr)
        return 0
    if stale(out):
        try:
            build(out)
        except RuntimeError as error:
            print(f"kmemlab: the engine could not be compiled\n{error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
