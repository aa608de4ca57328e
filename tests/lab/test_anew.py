"""Begin anew: the next who sits before a lab finds what its cell made, and nothing of what was there is lost."""

from __future__ import annotations

from typing import Any

import pytest

from kmemlab import Session
from kmemlab.lab.controller import Controller

COMMANDS = (
    "mount -t container -o kmem none /dev/container",
    "mkdir /dev/container/blue",
    "echo 1 > /sys/slab/filp/cache_account",
    "open 5",
)


@pytest.fixture
def session() -> Session:
    made = Session(memory="2M", cpus=1)
    made.run(*COMMANDS)
    return made


def do(controller: Controller, action: str, **more: Any) -> str:
    controller.do({"op": "do", "action": action, **more})
    return str(controller.frame().get("notice", {}).get("text", ""))


def test_what_was_typed_is_gone_and_undo_brings_it_back(session: Session) -> None:
    lab = Controller(session)
    first = session.machine.state_hash()
    do(lab, "run", line="open 40")
    do(lab, "run", line="close 3")
    later = session.machine.state_hash()
    do(lab, "back")
    where = session.position
    assert "as its cell made it" in do(lab, "anew")
    assert (session.commands, session.machine.state_hash()) == (list(COMMANDS), first)
    assert lab.session is session, "the notebook's variable is the lab's still"
    session.machine.check()
    do(lab, "first")
    assert do(lab, "undo") == "Back again: 6 commands."
    assert (session.commands[4:], session.position) == (["open 40", "close 3"], where)
    session.seek(session.length)
    assert session.machine.state_hash() == later


def test_the_beginning_is_where_the_lab_stood(session: Session) -> None:
    session.seek(3)
    lab = Controller(session)
    do(lab, "last")
    do(lab, "anew")
    assert session.position == 3
    assert do(lab, "anew") == "The lab is as its cell made it."


def test_a_command_that_took_the_place_of_the_cells_own_is_taken_away_too(session: Session) -> None:
    lab = Controller(session)
    do(lab, "first")
    do(lab, "run", line="fork")
    assert session.commands == ["fork"]
    do(lab, "anew")
    assert session.commands == list(COMMANDS)


def test_another_scenario_gives_way_to_the_cells_session(session: Session) -> None:
    lab = Controller(session)
    do(lab, "scenario", name="quiet")
    quiet = lab.session
    do(lab, "anew")
    assert lab.session is session
    do(lab, "undo")
    assert lab.session is quiet
    assert quiet.view.get("scenario") == "quiet"


def test_once_something_is_typed_undo_takes_that_back_and_nothing_else(session: Session) -> None:
    lab = Controller(session)
    do(lab, "run", line="open 1")
    do(lab, "anew")
    do(lab, "run", line="open 2")
    assert do(lab, "undo") == "Taken back: open 2"
    assert session.commands == list(COMMANDS)
    assert do(lab, "undo") == "Taken back: open 5"


def test_while_a_question_is_open_there_is_no_new_beginning(session: Session) -> None:
    session.seek(0)
    lab = Controller(session)
    do(lab, "predict")
    before = session.to_dict()
    do(lab, "anew")
    assert session.to_dict() == before
