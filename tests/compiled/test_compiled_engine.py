"""The same engine, compiled by mypyc without a change to its source, against the same recordings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kmemlab.build import MADE_FROM, build, stale, what_is_missing

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.compiled, pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing())]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the engine, everything else linked."""
    home = tmp_path_factory.mktemp("compiled") / "out"
    build(home)
    assert not stale(home)
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
    done = run(compiled, "replay", str(ROOT / "kmemlab" / "data" / "trace-fd.csv.gz"), "--limit", "1M", "--json")
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


def test_the_races_come_to_the_same_on_the_compiled_engine(compiled: Path) -> None:
    for arguments in (["--version", "v2"], ["--bug", "off-in-two"], ["--bug", "array-leak"]):
        told = [json.loads(run(home, "races", *arguments, "--json").stdout) for home in (compiled, ROOT)]
        assert [each.pop("engine") for each in told] == ["compiled", "pure"]
        assert [each.pop("seconds") > 0 for each in told] == [True, True]
        assert told[0] == told[1]
        assert told[0]["violations"] > 0


@pytest.mark.long
@pytest.mark.parametrize("build_of", ["compiled", "lists"])
def test_the_engines_own_tests_pass_on_the_other_builds(compiled: Path, build_of: str) -> None:
    """This run itself tests the third build: interpreted, on typed vectors."""
    environment = {key: value for key, value in os.environ.items() if key != "KMEMLAB_PURE"}
    if build_of == "lists":
        environment["KMEMLAB_PURE"] = "1"
    else:
        environment["PYTHONPATH"] = str(compiled)
    probe = (
        "import kmemlab.engine.slub as s, kmemlab.engine.types as t; print(s.__file__.endswith('.so'), t.vec[t.i64] is list)"
    )
    # A Python that is started in the repository would find the interpreted package first.
    home = compiled if build_of == "compiled" else ROOT
    asked = subprocess.run([sys.executable, "-c", probe], cwd=home, env=environment, capture_output=True, text=True, check=True)
    told = asked.stdout
    assert told.split() == (["True", "False"] if build_of == "compiled" else ["False", "True"])
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not long", "-c", str(ROOT / "pyproject.toml"),
        "--rootdir", str(ROOT), str(ROOT / "tests" / "engine"), str(ROOT / "tests" / "session"),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_build_made_from_other_sources_is_stale(compiled: Path) -> None:
    made = compiled / MADE_FROM
    kept = made.read_text(encoding="ascii")
    try:
        made.write_text("0" * 64, encoding="ascii")
        assert stale(compiled)
    finally:
        made.write_text(kept, encoding="ascii")
    assert not stale(compiled)
