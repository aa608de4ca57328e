"""Five machines on the same commands, in one widget."""

from __future__ import annotations

import pytest

from kmemlab import Session
from kmemlab.engine.errors import KernelError
from kmemlab.engine.off import DESIGNS
from kmemlab.lab import OffDesigns
from kmemlab.lab.controller import Controller
from kmemlab.scenarios import play


def test_the_designs_stand_side_by_side_on_the_sessions_commands() -> None:
    session = play("off")
    before = session.machine.state_hash()
    shown = OffDesigns(session)
    assert session.machine.state_hash() == before
    assert list(shown.sessions) == list(DESIGNS)
    assert all(each.commands == session.commands for each in shown.sessions.values())
    assert shown.sessions["empty"] is session
    assert set(shown.pictures) == {"light", "dark"} and all("layout" in each for each in shown.pictures.values())
    assert shown.question.startswith("Who pays") and repr(shown) == shown.twin
    assert "refused" in shown.twin and "not done" in shown.twin
    shown.sessions["drain"].run("as 4 close all", "as 7 close all")
    assert shown.sessions["drain"].machine.state()["off"]["offs"][0][3] > 0


@pytest.mark.parametrize(("off", "listed"), [("empty", False), ("full-list", True), ("drain", False)])
def test_the_slab_pages_know_whether_full_slabs_are_on_a_list(off: str, listed: bool) -> None:
    session = Session(off=off)
    session.run("open 40")
    slabs = Controller(session).frame()["slabs"]
    assert len(slabs["full"]) == 2
    assert slabs.get("listed", False) is listed


def test_at_an_earlier_event_nobody_has_asked_for_off() -> None:
    session = play("off")
    session.seek(100)
    shown = OffDesigns(session)
    assert shown.twin.count("not asked yet") == 4
    assert all(each.position == 100 for each in shown.sessions.values())
    for each in shown.sessions.values():
        each.machine.check()


def test_a_cache_that_is_not_there_is_refused() -> None:
    with pytest.raises(KernelError, match="there is no cache"):
        OffDesigns(play("off"), cache="flip")
