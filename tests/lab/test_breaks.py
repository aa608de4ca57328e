"""Break points: each kind is found both ways, none left is said, and nothing of the machine changes by looking."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.events import ALLOC, COMMAND, FAULT, FREEPAGE, NEWPAGE, REFUSED
from kmemlab.lab.breaks import Break, broken_invariant, errnos_of, events_of
from kmemlab.lab.controller import Controller
from kmemlab.scenarios import play


@pytest.fixture(scope="module")
def bomb() -> Session:
    return play("fd-bomb")


def do(controller: Controller, action: str, **more: Any) -> dict[str, Any]:
    controller.do({"op": "do", "action": action, **more})
    return controller.frame()


def naive(session: Session, point: Break) -> list[int]:
    """Return the events of a break point, from the records instead of the columns."""
    session.seek(session.length)
    found = []
    for row in session.records("events"):
        each = row.to_dict()
        paths = session.machine.kmem_subsystem.paths
        hit = {
            "refusal": each["kind"] == "refused",
            "command": each["kind"] == "command" and each["errno"] != 0,
            "slab": each["kind"] in ("newpage", "freepage") and each["cache"] == point.arg,
            "charge": each["kind"] == "alloc" and point.arg.isdigit() and each["container"] == paths[int(point.arg)],
            "errno": each["kind"] != "fault" and each["errno"] == getattr(errno, point.arg, -1),
        }[point.kind]  # fmt: skip
        if hit:
            found.append(each["n"])
    return found


POINTS = [Break(), Break("command"), Break("slab", "filp"), Break("slab", "dentry"), Break("charge", "3", "bomb"),
          Break("charge", "1", "web"),
          Break("errno", "ENFILE"), Break("errno", "EBUSY"), Break("errno", "EINVAL")]  # fmt: skip


@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point.kind}-{point.arg}")
def test_a_break_point_is_every_event_of_its_kind_and_no_other(bomb: Session, point: Break) -> None:
    found = list(events_of(bomb.log, bomb.length, point))
    assert found == naive(bomb, point)
    if point != Break("slab", "dentry"):
        assert found
    controller = Controller(bomb)
    bomb.seek(bomb.length)
    do(controller, "break", kind=point.kind, arg=point.arg)
    assert controller.look.point == point
    bomb.seek(0)
    for n in found:
        frame = do(controller, "mark", by=1)
        assert (frame["position"], frame["break"]["at"]) == (n, True)
    assert not frame["break"]["ahead"] if found else True
    frame = do(controller, "mark", by=1)
    assert frame["notice"]["text"] == f"No further {point.noun} in these {bomb.length:,} events."
    bomb.seek(bomb.length)
    for n in reversed(found):
        assert do(controller, "mark", by=-1)["position"] == n
    frame = do(controller, "mark", by=-1)
    assert frame["notice"]["text"] == f"No earlier {point.noun} in these {bomb.length:,} events."
    assert not frame["break"]["behind"]


def test_the_errnos_that_are_offered_are_those_that_occur(bomb: Session) -> None:
    log = bomb.log
    counted: dict[int, int] = {}
    for n in range(bomb.length):
        if log.kind[n] in (REFUSED, COMMAND) and log.errno[n] > 0:
            counted[int(log.errno[n])] = counted.get(int(log.errno[n]), 0) + 1
    assert dict(errnos_of(log, bomb.length)) == {errno.errorcode[number]: count for number, count in counted.items()}


def test_an_injected_fault_is_no_errno_but_what_comes_of_it_is() -> None:
    session = Session(memory="2M")
    session.run("mount -t debugfs none /sys/kernel/debug")
    session.run("echo 1 > /sys/kernel/debug/failslab/times", "echo 100 > /sys/kernel/debug/failslab/probability", "open 1")
    faults = [n for n in range(session.length) if session.log.kind[n] == FAULT]
    assert faults
    found = list(events_of(session.log, session.length, Break("errno", "ENOMEM")))
    assert not {n + 1 for n in faults} & set(found)


def test_choices_are_offered_only_while_somebody_chooses(bomb: Session) -> None:
    controller = Controller(bomb)
    assert "choices" not in controller.frame()["break"]
    offered = do(controller, "breaks", open=True)["break"]["choices"]
    assert [each["words"] for each in offered if each["kind"] == "charge"] == [
        f"Charge to {n}" for n in ("root", "web", "db", "bomb")
    ]
    assert {"refusal", "command", "slab", "charge", "errno", "invariant"} == {each["kind"] for each in offered}
    assert "choices" not in do(controller, "breaks")["break"]


@pytest.mark.parametrize("wrong", [{"kind": "moon"}, {"kind": "charge", "arg": "99"}, {"kind": "slab", "arg": "nobody"},
                                   {"kind": "errno"}], ids=str)  # fmt: skip
def test_a_break_point_that_does_not_exist_is_refused_and_the_old_one_stays(bomb: Session, wrong: dict[str, str]) -> None:
    controller = Controller(bomb)
    frame = do(controller, "break", **wrong)
    assert frame["notice"]["kind"] == "error"
    assert controller.look.point == Break()


def test_the_play_does_not_jump_over_a_break_point_that_stops_it(bomb: Session) -> None:
    controller = Controller(bomb)
    first = controller.history().refusals[0]
    do(controller, "first")
    assert do(controller, "event", by=first + 5, stop=True)["position"] == first + 5  # nobody said it should stop
    do(controller, "first")
    assert do(controller, "stop", on=True)["break"]["stop"]
    assert do(controller, "event", by=first + 5, stop=True)["position"] == first
    assert do(controller, "event", by=1)["position"] == first + 1


def test_a_broken_invariant_is_found_at_the_end_of_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(memory="2M")
    session.run("open 2", "open 2", "open 2", "open 2")
    machine, run = session.machine, session.machine.run

    def wrong(line: str) -> Any:
        result = run(line)
        if session.log.length >= session.ends[2]:
            machine.find_cache("filp").nr_slabs += 1
        return result

    monkeypatch.setattr(machine, "run", wrong)
    session.seek(0)
    found = broken_invariant(session, 1)
    assert (found.at, found.over) == (session.ends[2], False)
    assert found.broken
    monkeypatch.setattr(machine, "run", run)
    session.seek(0)
    found = broken_invariant(session, 1, most=2)
    assert (found.at, found.broken, found.over) == (session.ends[1], "", False)
    assert broken_invariant(session, 1).over


def test_looking_for_a_broken_invariant_in_a_sound_session_comes_back_to_where_it_began(bomb: Session) -> None:
    controller = Controller(bomb)
    do(controller, "seek", n=400)
    before = bomb.machine.state()
    do(controller, "break", kind="invariant")
    for by, way in ((1, "further"), (-1, "earlier")):
        frame = do(controller, "mark", by=by)
        while frame["notice"]["text"].endswith("N looks on."):
            frame = do(controller, "mark", by=by)
        assert frame["notice"]["text"] == f"No {way} broken invariant in these {bomb.length:,} events."
        do(controller, "seek", n=400)
        assert bomb.machine.state() == before


def test_kinds_of_pages_are_what_the_slab_break_point_takes(bomb: Session) -> None:
    kinds = {bomb.log.kind[n - 1] for n in events_of(bomb.log, bomb.length, Break("slab", "filp"))}
    assert kinds == {NEWPAGE, FREEPAGE}
    charges = {bomb.log.kind[n - 1] for n in events_of(bomb.log, bomb.length, Break("charge", "3"))}
    assert charges == {ALLOC}
