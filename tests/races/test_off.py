"""Off against charge, against free and against both, in every schedule, for each design; and what docs/turning-off.md says."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from kmemlab.cli.main import main
from kmemlab.engine.errors import KernelError
from kmemlab.engine.off import DESIGNS, DRAIN, WORKING
from kmemlab.races import Explored, explore, reduced
from kmemlab.races.versions import V2, V3, scene
from kmemlab.turning_off import measure, off_lines

DOCUMENT = Path(__file__).parents[2] / "docs" / "turning-off.md"
BESIDE = (("charge", "off"), ("free", "off"), ("charge", "free", "off"), ("charge", "free", "off+on"))
FOUND: dict[tuple[str, tuple[str, ...]], Explored] = {}


def found(off: str, tasks: tuple[str, ...]) -> Explored:
    if (off, tasks) not in FOUND:
        FOUND[off, tasks] = explore(scene(V3, tasks, off=off))
    return FOUND[off, tasks]


@pytest.mark.parametrize("off", WORKING)
def test_no_schedule_of_charge_free_off_and_on_goes_wrong(off: str) -> None:
    for tasks in BESIDE:
        assert found(off, tasks).violations == 0, tasks
    assert reduced(scene(V3, ("charge", "free", "off"), off=off)).faults == []


def test_with_a_limit_that_the_off_makes_room_under() -> None:
    for off in WORKING:
        assert explore(scene(V3, ("charge", "off"), limit=256, off=off)).violations == 0
    assert explore(scene(V3, ("charge", "free", "off+on"), limit=256, off=DRAIN)).violations == 0


def test_rmdir_beside_an_off_never_uses_what_is_freed() -> None:
    for off in WORKING:
        assert explore(scene(V3, ("free", "rmdir", "off"), off=off)).violations == 0


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(KernelError, match="leave the version out"):
        scene(V2, ("charge", "off"), off=DRAIN)
    with pytest.raises(KernelError, match="There is no operation 'off\\+on'"):
        scene(V3, ("charge", "off+on"))


def test_the_command_explores_a_design(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["races", "--tasks", "charge,free,off", "--off", "drain"]) == 0
    told = capsys.readouterr().out
    counts = found(DRAIN, ("charge", "free", "off"))
    assert told.startswith("off=drain") and f"{counts.schedules:,} schedules" in told.splitlines()[-1]
    assert main(["races", "--tasks", "charge,off", "--off", "walk", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["violations"] == 0
    assert main(["races", "--bug", "off-twice", "--off", "walk"]) == 2


def test_the_document_has_the_counts_of_every_design() -> None:
    fresh = []
    for off, tasks in itertools.product(WORKING, BESIDE):
        each = found(off, tasks)
        numbers = (each.steps, each.schedules, each.states, each.violations)
        fresh.append(f"| {off} | {', '.join(tasks)} | {' | '.join(f'{number:,}' for number in numbers)} |")
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    first = lines.index("| design | tasks | steps | schedules | states | violations |")
    assert lines[first + 2 : first + 2 + len(fresh)] == fresh


def test_the_document_has_the_table_that_the_command_prints() -> None:
    table = "\n".join(off_lines([measure(design) for design in DESIGNS]))
    assert f"```\n$ kmemlab off\n{table}\n" in DOCUMENT.read_text(encoding="utf-8")
