"""What the change in v3 is for: before it a freed container is used, after it never; and every planted bug is found."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from kmemlab.cli.races import can_race
from kmemlab.races import Scene, explore, reduced, story
from kmemlab.races.bugs import PLANTED, Bug, no_arrays
from kmemlab.races.operations import charge
from kmemlab.races.story import plural
from kmemlab.races.versions import THREE, V2, V3, scene

DOCUMENT = Path(__file__).parents[2] / "docs" / "races.md"


def test_v3_is_clean_in_every_schedule_of_charge_attach_rmdir_and_free() -> None:
    found = explore(scene(V3))
    assert found.tasks == THREE == ("charge", "attach+rmdir", "free")
    assert found.violations == 0
    assert found.steps == 7 + 5 + 4


def test_v3_is_clean_with_a_limit_that_lets_only_one_object_in() -> None:
    assert explore(scene(V3, limit=256)).violations == 0
    assert explore(scene(V3, ("charge", "charge", "free"), limit=512)).violations == 0


def test_v2_uses_a_freed_container_and_the_shortest_schedule_tells_how() -> None:
    found = explore(scene(V2, ("charge", "attach+rmdir")))
    worst = found.shortest()
    assert worst is not None
    assert [function for _, function, _ in worst.story] == [
        "kmem_cache_alloc", "task_css", "rcu_assign_pointer", "synchronize_rcu", "put_css_set", "container_rmdir",
        "kmem_destroy", "css_get",
    ]  # fmt: skip
    assert "   2  charge        task_css            finds that task 2 is in /a\n" in story(worst)
    assert story(worst).endswith("css_get             use of a freed container: css_get on /a")


def test_the_command_knows_which_pairs_race_in_v2() -> None:
    names = ("charge", "free", "attach", "rmdir", "attach+rmdir", "off")
    for tasks in itertools.product(names, repeat=2):
        assert bool(explore(scene(V2, tasks)).faults) == can_race(tasks), tasks
    for tasks in itertools.permutations(("charge", "attach", "rmdir")):
        assert bool(reduced(scene(V2, tasks)).faults) == can_race(tasks), tasks


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_every_planted_bug_is_found(bug: Bug) -> None:
    worst = explore(bug.scene).shortest()
    assert worst is not None
    assert len(worst.story) == len(worst.path) > 0


def test_without_memory_for_arrays_the_controller_of_v3_has_no_leak() -> None:
    found = explore(Scene((("charge", charge),), old=0, prepare=no_arrays))
    assert (found.violations, found.steps) == (0, 1)


# -- docs/races.md says what the explorer finds


def test_the_document_has_the_counts_of_both_versions() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| v[23] \|", line)]
    fresh = []
    for version, tasks in itertools.product((V2, V3), (("charge", "attach+rmdir"), THREE)):
        found, less = explore(scene(version, tasks)), reduced(scene(version, tasks))
        numbers = (found.steps, found.schedules, found.states, found.violations, found.transitions, less.transitions)
        fresh.append(f"| {version} | {', '.join(tasks)} | {' | '.join(f'{each:,}' for each in numbers)} |")
    assert rows == fresh


def test_the_document_lists_every_planted_bug_as_it_is_found() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| `", line)]
    fresh = []
    for bug in PLANTED:
        worst = explore(bug.scene).shortest()
        assert worst is not None
        fresh.append(f"| `{bug.name}` | {bug.sentence} | {worst.what} | {plural(len(worst.path), 'step')} |")
    assert rows == fresh


def test_the_document_tells_the_story_of_v2_and_its_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    worst = explore(scene(V2, ("charge", "attach+rmdir"))).shortest()
    assert worst is not None
    assert story(worst) in text
    code, told = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", text, re.DOTALL)[0]
    exec(code, {})
    assert capsys.readouterr().out == told
