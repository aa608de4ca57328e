"""`kmemlab doctor`: findings with a fix, and an exit status that can fail."""

from __future__ import annotations

import json
from importlib import metadata

import pytest

from kmemlab.cli import doctor
from kmemlab.cli.main import main


def test_this_machine_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    failures = [line for line in lines if line.startswith("FAIL ")]
    assert (status, failures) == (0, [])
    counts = {kind: sum(line.startswith(f"{kind} ") for line in lines[:-1]) for kind in ("ok", "warn")}
    assert lines[-1] == f"doctor: {counts['ok']} ok, {counts['warn']} warnings, 0 failures"
    assert any(line.startswith("ok recordings 462 rows, 0 mismatches") for line in lines)


def test_every_finding_is_in_the_json_with_its_four_keys(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert found["engine"] in ("pure", "compiled")
    assert all(set(each) == {"name", "status", "value", "fix"} for each in found["checks"])
    assert {each["name"] for each in found["checks"]} >= {"python", "engine", "plotly", "front-end:anywidget", "recordings"}


def test_a_package_that_is_not_there_fails_with_a_fix(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = metadata.version

    def missing(name: str) -> str:
        if name == "plotly":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr("importlib.metadata.version", missing)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "FAIL plotly not installed fix: python -m pip install" in out


def test_a_page_out_of_step_with_the_jupyter_kernel_is_named() -> None:
    assert doctor.own_front_end("0.9.0", "anywidget", "0.11.0") == "the page has 0.9.0, the Jupyter kernel 0.11.0"
    assert doctor.own_front_end("0.11.1", "anywidget", "0.11.0") == ""
    assert doctor.own_front_end("5.0.16", "jupyterlab_widgets", "3.0.17") == ""
    assert doctor.own_front_end("3.1.0", "jupyterlab_widgets", "3.0.17") != ""


@pytest.mark.parametrize(
    ("version", "wanted", "good"),
    [("7.1.0", ">=7.1,<8", True), ("7.0.9", ">=7.1,<8", False), ("8.0.0", ">=7.1,<8", False), ("3.6.1", ">=3.4,<4", True)],
)
def test_versions_are_compared_as_numbers(version: str, wanted: str, good: bool) -> None:
    assert doctor.within(version, wanted) is good
