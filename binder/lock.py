"""Writes requirements.txt: every package that kmemlab, JupyterLab and Voila need on Binder's Python, at one exact version.

Run by `make lock`. It asks the package index what pip would install there, and installs nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
HEAD = "# Written by `make lock`: what Binder installs, then kmemlab itself from the repository.\n"


def wanted() -> list[str]:
    """Return what pyproject.toml asks for: the library's needs and those of the extras `lab` and `app`."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["lab"], *project["optional-dependencies"]["app"]]


def resolve(python: str, requirements: list[str]) -> list[str]:
    """Return "name==version" of everything that pip would install for a Python version on Linux."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--only-binary=:all:",
            "--python-version", python, "--implementation", "cp", "--platform", "manylinux2014_x86_64",
            "--platform", "manylinux_2_28_x86_64", "--target", folder, "--report", str(report), *requirements,
        ]  # fmt: skip
        subprocess.run(command, check=True)
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return sorted(f"{each['metadata']['name'].lower()}=={each['metadata']['version']}" for each in found)


def main() -> None:
    """Write requirements.txt beside this file."""
    python = (HERE / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    pins = resolve(python, wanted())
    (HERE / "requirements.txt").write_text(HEAD + "\n".join([*pins, ".", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
