"""Every schedule in a row of letters: as many as the explorer counts, and wrong where it says so."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.races import Scene, explore
from kmemlab.races.at import At
from kmemlab.races.schedules import every
from kmemlab.races.steps import Steps
from kmemlab.races.versions import scene


def charger(at: At) -> Steps:
    """Find, get, charge: without a read section."""
    yield "find"
    at.take()
    at.find()
    yield "get"
    at.get()
    yield "charge"
    at.charge()
    at.store()


def remover(at: At) -> Steps:
    """Take the task out, check, free."""
    yield "take out"
    at.switch(2, "/b")
    at.put_old(2)
    yield "checK"
    at.may_rmdir("/a")
    yield "X: free"
    if not at.refused:
        at.remove("/a")


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_the_list_is_what_the_explorer_counts(version: str) -> None:
    small = scene(version, ("charge", "attach+rmdir"))
    counted, listed = explore(small), every(small)
    assert len(listed) == counted.schedules
    assert sum(bool(each.wrong) for each in listed) == counted.violations
    assert len({each.path for each in listed}) == len(listed)
    assert {each.wrong for each in listed} - {""} == {fault.what for fault in counted.faults}


def test_of_the_twenty_orders_of_three_steps_and_three_it_finds_those_that_use_what_is_gone() -> None:
    listed = every(Scene((("charger", charger), ("remover", remover)), old=0))
    sound = {each.letters for each in listed if not each.wrong}
    wrong = {each.letters for each in listed if each.wrong}
    assert len(sound) == 17
    assert {letters.ljust(6, "-") for letters in wrong} == {"FTKGCX", "FTKGXC", "FTKXG-"}  # a trap ends the last one


def test_a_scene_with_more_schedules_than_can_be_listed_is_refused() -> None:
    with pytest.raises(KernelError) as refused:
        every(scene("v3"), most=50)
    assert refused.value.errno == errno.E2BIG
