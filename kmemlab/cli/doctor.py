"""`kmemlab doctor`: what is installed, what does not fit together, and how to mend it."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from .. import __version__
from ..recordings import RECORDINGS, ForeignFileError
from ..verify import verify

OLDEST_PYTHON = (3, 11)
NEEDED = ("anywidget", "networkx", "plotly", "traitlets")  # by the library
FOR_THE_LAB = ("jupyterlab", "ipykernel")
# Front end (a folder of JupyterLab's extensions) -> the Python package that it must be in step with.
FRONT_ENDS = {
    "anywidget": "anywidget",
    "jupyterlab-plotly": "plotly",
    "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
}
REINSTALL = "python -m pip install --upgrade 'kmemlab[lab]'"
QUICK = "traces/empties_flush-a-2.6.24.csv.gz"


@dataclass(frozen=True)
class Finding:
    """One line: status is "ok", "warn" or "FAIL"; fix is "" where there is nothing to do."""

    name: str
    status: str
    value: str
    fix: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; 1 if something is broken."""
    findings = list(examine())
    counts = {status: sum(each.status == status for each in findings) for status in ("ok", "warn", "FAIL")}
    if arguments.json:
        from .main import envelope

        print(json.dumps({**envelope(), "checks": [asdict(each) for each in findings]}))
    else:
        for each in findings:
            print(f"{each.status} {each.name} {each.value}" + (f" fix: {each.fix}" if each.fix else ""))
        print(f"doctor: {counts['ok']} ok, {counts['warn']} warnings, {counts['FAIL']} failures")
    return 1 if counts["FAIL"] else 0


def examine() -> Iterator[Finding]:
    """Look at everything that has gone wrong for somebody."""
    new_enough = sys.version_info[:2] >= OLDEST_PYTHON
    yield Finding(
        "python", "ok" if new_enough else "FAIL", platform.python_version(), "" if new_enough else "use 3.11 or newer"
    )
    yield Finding("kmemlab", "ok", __version__)
    yield engine()
    for name in NEEDED:
        yield package(name, "FAIL")
    for name in FOR_THE_LAB:
        yield package(name, "warn")
    for folder, name in FRONT_ENDS.items():
        yield front_end(folder, name)
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
    missing = "apt-get install chromium, or set CHROMIUM" if not browser else ""
    yield Finding("browser-for-tests", "ok" if browser else "warn", browser or "none", missing)
    yield recording()


def engine() -> Finding:
    """Say which build of the engine runs."""
    from ..build import what_is_missing
    from ..engine import slub
    from ..engine.types import i64, vec

    if not slub.__file__.endswith(".py"):
        return Finding("engine", "ok", "compiled")
    storage = "lists" if isinstance(vec[i64]([]), list) else "typed vectors"
    missing = what_is_missing()
    fix = f"install what is missing ({missing})" if missing else "make compiled"
    return Finding("engine", "warn", f"interpreted, on {storage}", f"{fix}; it is slower, and nothing else")


def package(name: str, if_missing: str) -> Finding:
    """See that a package is installed, in a version that kmemlab asks for."""
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, if_missing, "not installed", REINSTALL)
    wanted = bounds(name)
    if wanted and not within(version, wanted):
        return Finding(name, if_missing, f"{version}, wanted {wanted}", REINSTALL)
    return Finding(name, "ok", version)


def bounds(name: str) -> str:
    """Return what kmemlab asks for, ">=7.1,<8"; "" where it does not say, or is not installed itself."""
    try:
        required = metadata.requires("kmemlab") or []
    except metadata.PackageNotFoundError:
        return ""
    for line in required:
        asked = line.partition(";")[0].strip()
        if asked.lower().startswith(name) and asked[len(name) : len(name) + 1] in "<>=!~":
            return asked[len(name) :]
    return ""


def within(version: str, wanted: str) -> bool:
    """Compare release numbers with bounds of the kind >=A,<B, which is all that kmemlab uses."""
    have = numbers(version)
    for bound in wanted.split(","):
        if bound.startswith(">=") and have < numbers(bound[2:]):
            return False
        if bound.startswith("<") and not bound.startswith("<=") and have >= numbers(bound[1:]):
            return False
    return True


def numbers(version: str) -> tuple[int, ...]:
    """Return the release numbers of a version: "7.1.0rc1" -> (7, 1, 0)."""
    found = []
    for part in version.split("."):
        digits = "".join(char for char in part if char.isdigit()) if part[:1].isdigit() else ""
        if not digits:
            break
        found.append(int(digits))
    return tuple(found)


def front_end(folder: str, name: str) -> Finding:
    """See that what JupyterLab loads in the page is of the version that the Jupyter kernel speaks to."""
    title = f"front-end:{folder}"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(title, "warn", f"{name} is not installed", REINSTALL)
    file = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / folder / "package.json"
    try:
        found = str(json.loads(file.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return Finding(title, "FAIL", "JupyterLab has no such extension", f"python -m pip install --force-reinstall {name}")
    page = own_front_end(found, name, version)
    if page:
        return Finding(title, "FAIL", page, f"python -m pip install --force-reinstall {name}, then reload the page")
    return Finding(title, "ok", found)


def own_front_end(found: str, name: str, version: str) -> str:
    """Say how page and Jupyter kernel are out of step, "" if they are not. A front end may have a number of its own."""
    if name == "jupyterlab_widgets":
        return "" if numbers(found)[:1] >= (5,) else f"{found}, too old for ipywidgets 8"
    same = numbers(found)[:2] == numbers(version)[:2]
    return "" if same else f"the page has {found}, the Jupyter kernel {version}"


def recording() -> Finding:
    """Check one small recording of a real kernel."""
    try:
        checked = next(iter(verify([RECORDINGS / "recordings" / QUICK])))
    except (StopIteration, ForeignFileError) as error:
        return Finding("recordings", "FAIL", str(error) or "none found", REINSTALL)
    value = f"{checked.rows} rows, {checked.mismatches} mismatches"
    return Finding("recordings", "ok" if checked.status == "ok" else "FAIL", value, "" if checked.status == "ok" else REINSTALL)
