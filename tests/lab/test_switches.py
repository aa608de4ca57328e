"""The machine's card: the same commands on a machine with one switch changed, in place of this one or beside it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.profiles import Profile
from kmemlab.lab.controller import Controller
from kmemlab.lab.switches import SWITCHES, switches_of
from kmemlab.scenarios import play

CHANGES = [pytest.param(switch.name, value, id=f"{switch.name}-{value}") for switch in SWITCHES for value, _ in switch.choices]


def bomb() -> Controller:
    return Controller(play("fd-bomb"))


def notice(controller: Controller) -> str:
    told: str = controller.frame()["notice"]["text"]
    return told


def test_the_card_is_in_the_frame_only_while_it_is_open() -> None:
    controller = bomb()
    assert "machine" not in controller.frame()
    controller.do({"action": "machine", "open": True})
    rows: list[dict[str, Any]] = controller.frame()["machine"]
    profile = controller.session.machine.profile
    assert {row["name"]: row["value"] for row in rows} == {row["name"]: getattr(profile, row["name"]) for row in rows}
    controller.do({"action": "machine", "open": False})
    assert "machine" not in controller.frame()


def test_each_switch_is_a_field_of_the_profile_and_its_first_choice_is_what_boots_by_default() -> None:
    known = {field.name for field in fields(Profile)}
    names = [switch.name for switch in SWITCHES]
    assert len(set(names)) == len(names) == len({switch.label for switch in SWITCHES})
    for switch in SWITCHES:
        assert switch.name in known
        assert switch.choices[0][0] == getattr(Profile(), switch.name)


def test_a_value_that_is_no_choice_is_offered_as_it_is() -> None:
    row = next(row for row in switches_of(Profile(cpus=7)) if row["name"] == "cpus")
    assert row["value"] == 7 and row["choices"][0] == [7, "As this machine was booted."]


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_every_choice_boots_and_tells_the_story_with_that_switch(name: str, value: object) -> None:
    controller = bomb()
    if getattr(controller.session.machine.profile, name) == value:
        return
    session, commands = controller.session, list(controller.session.commands)
    controller.do({"action": "become", "changes": {name: value}})
    assert controller.session is session  # its other views follow
    assert getattr(session.machine.profile, name) == value
    assert session.commands == commands
    session.machine.check()
    assert notice(controller).startswith(f"The same {len(commands)} commands with {name}=")
    assert "error" not in controller.frame().get("notice", {}).get("kind", "")


def test_what_cannot_be_booted_is_refused_and_the_machine_stays() -> None:
    controller = bomb()
    before = controller.session.machine.state_hash()
    for changes in ({"cpus": 1000}, {"nothing": 1}, {"cpus": 2}, {"slub": "3.0"}, {"cpus": "many"}):
        controller.do({"action": "become", "changes": changes})
        assert controller.frame()["notice"]["kind"] == "error", changes
        controller.do({"action": "compare", "on": True, "changes": changes})
        assert "compare" not in controller.frame()
        assert controller.session.machine.state_hash() == before


def test_another_machine_stands_beside_this_one_and_goes_where_it_goes() -> None:
    controller = bomb()
    controller.do({"action": "compare", "on": True, "changes": {"cpus": 4}})
    compare = controller.frame()["compare"]
    assert [compare["sides"][side]["name"] for side in "ab"] == ["2 cpus", "4 cpus"]
    controller.do({"action": "seek", "n": 100})
    assert controller.frame()["compare"]["sides"]["b"]["position"] == 100
    controller.do({"action": "become", "changes": {"slub": "2.6.23"}})
    assert "compare" not in controller.frame()


def test_a_card_that_asks_for_an_answer_holds_the_machine() -> None:
    controller = Controller(play("fd-bomb"))
    controller.do({"action": "seek", "n": 100})
    controller.do({"action": "predict"})
    controller.do({"action": "become", "changes": {"cpus": 4}})
    assert notice(controller) == "The future is hidden: commit to an answer, or put the question away."
    assert controller.session.machine.profile.cpus == 2


def test_the_object_that_was_chosen_is_another_machines() -> None:
    controller = Controller(Session())
    controller.do({"action": "run", "line": "open 40"})
    controller.do({"action": "object", "slab": 0, "slot": 3})
    controller.do({"action": "become", "changes": {"slub": "2.6.23"}})
    assert "object" not in controller.frame()
