"""Each bomb of the zoo is a scenario: typed by the zoo itself, a 32nd of its size, and ended by what ends the zoo's."""

from __future__ import annotations

import pytest

from kmemlab.scenarios import SCENARIOS, play
from kmemlab.shell import Machine
from kmemlab.survey import container_rows
from kmemlab.zoo import BOMBS, Bomb, chosen, explode
from kmemlab.zoo_stories import LIMIT, PROFILE, SHOWN, told
from kmemlab.zoo_text import share

UNSEEN = {"page-table", "pipe"}  # what the limit of the zoo does not stop


def by_name(bomb: Bomb) -> str:
    return bomb.name


def test_every_bomb_is_a_scenario_and_no_other_is_called_so() -> None:
    assert [name for name in SCENARIOS if name.startswith("zoo-")] == [f"zoo-{bomb.name}" for bomb in BOMBS]
    assert all(SCENARIOS[f"zoo-{name}"].cache == cache for name, cache in SHOWN.items())


@pytest.mark.parametrize("bomb", BOMBS, ids=by_name)
def test_a_story_ends_as_the_zoos_bomb_does_while_the_neighbour_works(bomb: Bomb) -> None:
    run, lines = told(bomb)
    assert run.stopped_by == ("memory" if bomb.name in UNSEEN else "limit")
    assert (run.failed, run.ops > 0, run.ops_done > 0) == (0, True, True)
    assert len(lines) < 600, "it can be walked"
    # The story on a machine of its own: the very same calls are refused, and nobody else's.
    machine = Machine(**PROFILE)
    refused = []
    for place, line in enumerate(SCENARIOS[f"zoo-{bomb.name}"].commands()):
        if machine.run(line).errno:
            refused.append((place, line.partition(" ")[2]))
        if place == len(lines) - 1:
            machine.check()
            rows = {row.path: row for row in container_rows(machine)}
            assert rows["/bomb"].failcnt == run.failcnt
            assert (rows["/bomb"].usage <= LIMIT, rows["/bomb"].limit) == (True, LIMIT)
            assert rows["/web"].failcnt == 0
    bombs = [line for place, line in refused if place < len(lines)]
    assert len(bombs) == (run.stopped_by == "limit")
    assert all(line.startswith("2 ") and line.split()[1] in {call.split()[0] for call in bomb.calls} for line in bombs)
    assert [line for place, line in refused if place >= len(lines)] in ([], ["/containers/bomb"]), "only the rmdir"
    if bomb.name.startswith(("dentry", "fork")):
        assert refused[-1][1] == "/containers/bomb", "dentries and children outlive the bomber"


@pytest.mark.parametrize("name", ["socket", "pipe"])
def test_as_much_of_it_is_seen_as_at_full_size(name: str) -> None:
    (bomb,) = chosen([name])
    whole = explode(bomb, 1 << 20)
    assert share(told(bomb)[0]) == share(whole)
    assert told(bomb)[0].stopped_by == whole.stopped_by


def test_the_tasks_of_a_story_have_names() -> None:
    session = play("zoo-socket")
    assert {2: "bomber", 3: "nginx"}.items() <= session.cast.tasks.items()
    assert session.cast.containers == {0: "/", 1: "/bomb", 2: "/web"}


def test_a_title_has_room_in_the_bar_of_the_lab() -> None:
    assert all(len(SCENARIOS[f"zoo-{bomb.name}"].title) <= 30 for bomb in BOMBS)
