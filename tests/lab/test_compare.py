"""Two machines side by side: one transport, one selection, one scale, and only the numbers that differ."""

from __future__ import annotations

from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.errors import KernelError
from kmemlab.lab import Compare, ContainerView, Lab, refresh
from kmemlab.scenarios import play
from kmemlab.variants import variant


@pytest.fixture
def bomb() -> Session:
    return play("fd-bomb")


@pytest.fixture
def free(bomb: Session) -> Session:
    return variant(bomb, limits={"/bomb": None})


def frame(widget: Lab) -> dict[str, Any]:
    found: dict[str, Any] = widget.controller.frame()
    return found


def do(widget: Lab, action: str, **more: Any) -> dict[str, Any]:
    widget._heard(None, {"op": "do", "action": action, **more}, None)
    return frame(widget)


def wake(*widgets: Lab) -> None:
    for widget in widgets:
        widget._heard(None, {"op": "theme", "theme": "light"}, None)


def usage(session: Session, path: str) -> int:
    return next(int(row.to_dict()["usage"]) for row in session.records("containers") if row.to_dict()["path"] == path)


def test_both_go_to_the_same_event_and_each_stays_at_its_end(bomb: Session, free: Session) -> None:
    compare = Compare(bomb, free, at=640)
    assert (bomb.position, free.position) == (640, 640)
    assert do(compare, "step")["position"] == 641
    do(compare, "back")
    do(compare, "event", by=-40)
    assert (bomb.position, free.position) == (600, 600)
    shown = do(compare, "last")
    assert bomb.length < free.length
    assert (shown["position"], shown["length"]) == (free.length, free.length)
    assert (bomb.position, free.position) == (bomb.length, free.length)
    do(compare, "event", by=-1)
    assert (bomb.position, free.position) == (bomb.length, free.length - 1)
    do(compare, "seek", n=300)
    assert (bomb.position, free.position) == (300, 300)
    refusal = next(row.to_dict()["n"] for row in play("fd-bomb").records("events") if row.to_dict()["kind"] == "refused")
    assert do(compare, "mark", by=1)["position"] == refusal
    assert do(compare, "first")["position"] == 0


def test_the_numbers_that_differ_are_the_machines_and_equal_ones_are_not_shown(bomb: Session, free: Session) -> None:
    compare = Compare(bomb, free, at=640, select="bomb")
    shown = frame(compare)
    told = {each["what"]: (each["a"], each["b"]) for each in shown["differs"]}
    assert all(one != two for one, two in told.values())
    assert told["bomb holds, bytes"] == (usage(bomb, "/bomb"), usage(free, "/bomb"))
    owned = [sum(row.to_dict()["owners"].count("/bomb") for row in each.records("slabs")) for each in (bomb, free)]
    assert told["filp objects of bomb"] == tuple(owned)
    slabs = tuple(len(each.records("slabs")) for each in (bomb, free))
    assert told["filp slabs"] == slabs
    assert usage(bomb, "/db") == usage(free, "/db")
    assert "db holds, bytes" not in told
    assert next(iter(told)) == "bomb holds, bytes", "the selected container comes first"
    kept = usage(free, "/bomb") - usage(bomb, "/bomb")
    assert shown["sentence"] == f"After 640 events the limit has kept {kept:,} bytes out of bomb."


def test_what_nobody_pays_is_what_the_cost_says(bomb: Session, free: Session) -> None:
    told = {each["what"]: (each["a"], each["b"]) for each in frame(Compare(bomb, free, at=640))["differs"]}
    costs = [[row.to_dict() for row in each.records("cost")] for each in (bomb, free)]
    unpaid = tuple(sum(row["bytes"] - row["charged"] for row in rows if row["accounted"]) for rows in costs)
    assert told["slab bytes nobody pays"] == unpaid


def test_gauges_share_one_scale_and_containers_their_letters(bomb: Session, free: Session) -> None:
    shown = frame(Compare(bomb, free, at=900))
    sides = shown["sides"].values()
    assert shown["scale"] == max(max(each["usage"], each.get("limit", 0)) for side in sides for each in side["containers"])
    letters = [{each["path"]: (each["letter"], each["hue"]) for each in side["containers"]} for side in sides]
    assert letters[0] == letters[1]


def test_a_container_is_selected_by_path_on_both_sides(bomb: Session, free: Session) -> None:
    compare = Compare(bomb, free, at=640)
    shown = do(compare, "choose", path="/web")
    for side in shown["sides"].values():
        assert next(each["path"] for each in side["containers"] if each["id"] == side["selected"]) == "/web"
    assert "selected" not in do(compare, "choose")["sides"]["a"]


def test_before_the_difference_nothing_differs(bomb: Session, free: Session) -> None:
    shown = frame(Compare(bomb, free, at=400))
    assert (shown["differs"], shown["sentence"]) == ([], "After 400 events no number differs.")


def test_views_of_either_session_move_with_the_comparison_and_move_it(bomb: Session, free: Session) -> None:
    compare, left, right = Compare(bomb, free, at=640), ContainerView(bomb), ContainerView(free)
    wake(compare, left, right)
    do(compare, "seek", n=500)
    assert left._sent["position"] == right._sent["position"] == 500
    do(right, "seek", n=450)
    assert (bomb.position, compare._sent["position"], left._sent["position"]) == (450, 450, 450)
    do(left, "select", id=next(each["id"] for each in left._sent["containers"] if each["name"] == "bomb"))
    assert compare._sent["chosen"] == "/bomb"
    assert right.controller.look.selected == "/bomb"
    free.seek(620)
    refresh(free)
    assert (bomb.position, compare._sent["position"], left._sent["position"]) == (620, 620, 620)


def test_sides_are_named_after_what_is_different(bomb: Session, free: Session) -> None:
    def names(a: Session, b: Session) -> list[tuple[str, str]]:
        return [(side["name"], side["how"]) for side in frame(Compare(a, b, at=9))["sides"].values()]

    assert names(bomb, free) == [("Limit on", "kmem.limit 40960"), ("Limit off", "no kmem.limit")]
    assert names(free, variant(bomb, limits={"/bomb": 8192})) == [
        ("Limit off", "no kmem.limit"),
        ("Limit on", "kmem.limit 8192"),
    ]
    assert names(bomb, variant(bomb, limits={"/bomb": 8192}))[1] == ("Limit 8,192", "kmem.limit 8192")
    assert names(bomb, variant(bomb, cpus=4)) == [("2 cpus", "cpus=2"), ("4 cpus", "cpus=4")]
    assert [side["name"] for side in frame(Compare(bomb, free, names=("with", "without")))["sides"].values()] == [
        "with",
        "without",
    ]


def test_every_headline_fits_a_line(bomb: Session, free: Session) -> None:
    compare = Compare(bomb, free, at=0)
    for n in range(0, free.length + 1, 37):
        said = do(compare, "seek", n=n)["sentence"]
        assert 0 < len(said) <= 64, said


def test_what_cannot_be_compared_is_refused(bomb: Session, free: Session) -> None:
    with pytest.raises(KernelError, match="give two sessions"):
        Compare(bomb, bomb)
    with pytest.raises(KernelError, match="no container 'green'"):
        Compare(bomb, free, select="green")
    with pytest.raises(KernelError, match="no cache pie"):
        Compare(bomb, free, cache="pie")


def test_the_lab_compares_its_story_with_the_same_one_without_limits(bomb: Session) -> None:
    lab = Lab(bomb, at=640)
    state = bomb.machine.state_hash()
    shown = do(lab, "compare")["compare"]
    free = variant(bomb, limits={"/web": None, "/db": None, "/bomb": None})
    assert [(side["name"], side["how"]) for side in shown["sides"].values()] == [
        ("Limits on", "3 limits"), ("Limits off", "no kmem.limit"),
    ]  # fmt: skip
    told = {each["what"]: (each["a"], each["b"]) for each in shown["differs"]}
    assert told["bomb holds, bytes"] == (usage(bomb, "/bomb"), usage(free, "/bomb"))
    assert bomb.machine.state_hash() == state
    # The other machine goes where the lab goes, to its end at most.
    moved = do(lab, "last")["compare"]["sides"]
    assert (moved["a"]["position"], moved["b"]["position"]) == (bomb.length, bomb.length)
    # A question hides both; another story ends the comparison, and so does the menu.
    do(lab, "seek", n=400)
    assert "compare" not in do(lab, "predict")
    assert "compare" in do(lab, "predict", on=False)
    assert "compare" not in do(lab, "compare", on=False)
    assert "compare" in do(lab, "compare")
    assert "compare" not in do(lab, "run", line="as 2 open 1")


def test_without_any_limit_there_is_nothing_to_compare_with(free: Session) -> None:
    shown = do(Lab(variant(free, limits={"/web": None, "/db": None})), "compare")
    assert "compare" not in shown
    assert "No container has a limit" in shown["notice"]["text"]
