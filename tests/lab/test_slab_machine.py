"""The lab of a machine whose allocator is SLAB: frames say what the records say, at every step."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kmemlab.figures.slabs import slabs_text
from kmemlab.lab import Lab
from kmemlab.lab.controller import Controller
from kmemlab.lab.slabsection import OTHERS, turns
from kmemlab.lab.still import still
from kmemlab.scenarios import SCENARIOS
from kmemlab.session import Session
from kmemlab.survey import slab_rows


def bombed(cpus: int = 2) -> Controller:
    session = Session(allocator="slab", cpus=cpus, memory="2M")
    session.run(*list(SCENARIOS["fd-bomb"].commands())[:60])
    return Controller(session)


@pytest.mark.parametrize("seed", range(2))
def test_the_rows_of_the_frame_are_the_records_of_the_machine(seed: int) -> None:
    chance = random.Random(seed)
    one = bombed()
    one.do({"action": "run", "line": "echo filp 6 3 1 > /proc/slabinfo"})
    for _ in range(40):
        acts: list[dict[str, Any]] = [
            {"action": "step"}, {"action": "back"}, {"action": "seek", "n": chance.randrange(one.session.length + 1)},
            {"action": "run", "line": f"as {chance.choice([2, 3, 4])}@{chance.randrange(2)} open {chance.randrange(1, 9)}"},
            {"action": "run", "line": f"as {chance.choice([2, 3, 4])}@{chance.randrange(2)} close {chance.randrange(9)}"},
        ]  # fmt: skip
        one.do(chance.choice(acts))
        one.look.step = one.frame()["steps"]
        frame, machine = one.frame(), one.session.machine
        assert one.look.report == ""
        records = slab_rows(machine, machine.caches[one.look.cache])
        slabs = frame["slabs"]
        assert slabs["cpus"] == {}
        order = [*slabs["partial"], *sorted(slabs["full"]), *slabs["free"]]
        by_list = sorted(records, key=lambda row: (row.where.startswith("free"), row.where.startswith("full")))
        assert sorted(order) == sorted(record.number for record in by_list)
        for record in records:
            row = slabs["rows"][str(record.number)]
            kind, _, place = record.where.partition(" ")
            assert slabs[kind][int(place) - 1] == record.number
            assert row["inuse"] == record.inuse
            assert [cell for cell, owner in enumerate(row["owners"]) if owner == -2] == sorted(record.freelist)
            turn = turns(row)
            assert {cell for cell, at in enumerate(turn) if at < 0} == set(record.remote)
            assert {(cell, at) for cell, at in enumerate(turn) if at > 0} == {
                (cell, OTHERS if whose == "shared" else at) for cell, whose, at in record.resting
            }
        assert sum(avail for _, avail, _ in slabs["arrays"]) == sum(len(record.resting) for record in records)


def test_every_step_of_every_event_of_a_bomb_has_a_frame() -> None:
    one = bombed()
    end = one.session.length
    for n in range(end, max(0, end - 40), -1):
        one.do({"action": "seek", "n": n})
        for step in range(one.frame()["steps"] + 1):
            one.look.step = step
            frame = one.frame()
            assert one.look.report == ""
            for row in frame["slabs"]["rows"].values():
                rests = [cell for cell, _, _ in row.get("resting", [])]
                assert all(row["owners"][cell] == -2 for cell in rests)
                assert row.get("free", [])[: len(rests)] == rests or frame["step"] < frame["steps"]


@pytest.mark.parametrize("tab", ["slabs", "flow", "memory", "cost", "overhead", "graph"])
def test_every_tab_its_twin_and_the_still_picture_are_drawn(tab: str) -> None:
    one = bombed()
    one.do({"action": "tab", "name": tab})
    one.do({"action": "twin", "on": True})
    frame = one.frame()
    assert one.look.report == ""
    assert frame["twin"]
    if tab == "slabs":
        rows = slab_rows(one.session.machine, one.session.machine.caches["filp"])
        assert ": rests in an array" in slabs_text(rows)
        assert ": rests in an array" in frame["twin"]


def test_a_lab_opens_such_a_session_and_its_picture_says_that_full_slabs_are_on_a_list() -> None:
    one = bombed()
    lab = Lab(one.session)
    assert lab.session is one.session
    assert "free list" in still(one.frame())
    assert "on no list" not in still(one.frame())
