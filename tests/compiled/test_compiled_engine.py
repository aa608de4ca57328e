"""The same engine, compiled by mypyc without a change to its source, against the same recordings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HAS_COMPILER = shutil.which("cc") is not None and (Path(sysconfig.get_paths()["include"]) / "Python.h").exists()
pytestmark = [
    pytest.mark.compiled,
    pytest.mark.skipif(not HAS_COMPILER, reason="no C compiler or no Python.h"),
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the package and compile its engine in place."""
    home = tmp_path_factory.mktemp("compiled")
    shutil.copytree(ROOT / "kmemlab", home / "kmemlab", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    environment = dict(os.environ, PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    built = subprocess.run(
        [sys.executable, "-m", "mypyc", "kmemlab/engine"],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    return home


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(home)}
    environment.pop("KMEMLAB_PURE", None)
    command = [sys.executable, "-m", "kmemlab", *arguments]
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)


def test_every_shipped_recording_verifies_on_the_compiled_engine(compiled: Path) -> None:
    done = run(compiled, "verify", "--json")
    found = json.loads(done.stdout)
    assert found["engine"] == "compiled"
    assert found["totals"]["mismatches"] == 0
    assert found["totals"]["rows"] > 100_000
    assert done.returncode == 0


def test_the_recorded_bomb_costs_the_same_on_the_compiled_engine(compiled: Path) -> None:
    done = run(compiled, "replay", "kmemlab/data/trace-fd.csv.gz", "--limit", "1M", "--json")
    found = json.loads(done.stdout)
    assert found["engine"] == "compiled"
    fd = found["containers"]["/cg/fd"]
    assert (fd["peak"], fd["failcnt"], fd["first_refused"]["row"]) == (1048528, 7908, 16953)


def test_a_session_goes_to_and_fro_on_the_compiled_engine(compiled: Path, tmp_path: Path) -> None:
    script = tmp_path / "bomb.sh"
    script.write_text(
        "mount -t container -o kmem none /containers\nmkdir /containers/a\necho 1 > /sys/slab/filp/cache_account\n"
        "echo -n 4096 > /containers/a/kmem.limit\nfork\necho 2 > /containers/a/tasks\nas 2 open 20\n"
        "cat /containers/a/kmem.failcnt\n",
        encoding="utf-8",
    )
    done = run(compiled, "sh", "--session", str(tmp_path / "s.json"), str(script))
    assert done.stdout.splitlines()[-1] == "4"
    again = run(compiled, "sh", "--session", str(tmp_path / "s.json"), "-")
    assert again.returncode == 0, again.stderr
