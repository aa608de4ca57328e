"""A race in one's own hands: steps are the explorer's, a trap ends it, and one can go back."""

from __future__ import annotations

import pytest

from kmemlab.lab.raceview import RaceView
from kmemlab.lab.steering import Steering
from kmemlab.lessons import asked as rooms
from kmemlab.lessons import predict
from kmemlab.lessons import three_steps as toys
from kmemlab.races import Scene, explore
from kmemlab.races.at import At
from kmemlab.races.steps import Steps
from kmemlab.races.versions import scene

FATAL = (0, 0, 1, 1, 1, 1, 1, 0)  # take, find | switch, wait, put, rmdir asked, freed | get


def test_the_reader_steers_into_the_use_of_a_freed_container_and_back_out() -> None:
    race = Steering("v2")
    for who in FATAL[:-1]:
        race.do("let", who=who)
    before = race.frame()
    (gone,) = [row for row in before["containers"] if row["gone"]]
    assert gone["path"] == "/a" and gone["hands"] == ["charge"]
    race.do("let", who=0)
    after = race.frame()
    assert after["wrong"] == "use of a freed container: css_get on /a" and after["ended"]
    assert not any(actor["can"] for actor in after["actors"])
    race.do("let", who=0)
    assert race.frame()["notice"]["text"] == "Nothing runs after a trap: go back."
    race.do("back")
    assert race.frame() == before
    race.do("reset")
    assert race.path == () and race.frame()["story"] == []


def test_in_v3_the_remover_waits_for_the_reader_and_says_so() -> None:
    race = Steering("v3")
    for who in (0, 0, 0, 1, 1):  # take, lock, find | switch, synchronize
        race.do("let", who=who)
    waiting = race.frame()["actors"][1]
    assert waiting == {
        "name": "attach+rmdir", "due": "put_css_set", "can": False,
        "why": "It waits until charge has left the read section.",
    }  # fmt: skip
    path = race.path
    race.do("let", who=1)
    assert race.path == path
    assert race.frame()["notice"]["text"] == waiting["why"]


def test_all_schedules_are_counted_and_the_shortest_that_fails_can_be_gone_to() -> None:
    race = Steering("v2")
    race.do("explore")
    found = explore(scene("v2", ("charge", "attach+rmdir")))
    told = race.frame()["found"]
    assert (told["schedules"], told["violations"]) == (found.schedules, found.violations)
    race.do("go", path=told["shortest"])
    assert race.frame()["wrong"] == told["what"]
    assert "rows" in race.frame() and race.rows == []  # too many to be listed
    race.do("go", path=[1, 1, 7, 0])
    assert race.path == (1, 1)  # as far as it can be followed


def test_before_the_first_step_each_task_shows_what_it_will_do_left_alone() -> None:
    race = Steering("v3")
    first = race.frame()
    assert first["sentence"] == "Nobody has stepped yet. Press a task's button, or 1 or 2."
    for who, (actor, plan) in enumerate(zip(first["actors"], first["plans"], strict=True)):
        alone = Steering("v3")
        while alone.frame()["actors"][who]["can"]:
            alone.do("let", who=who)
        assert [function for _, function, _ in alone.frame()["story"]] == [actor["due"], *plan], "as it does it, one by one"
    assert "then rcu_read_lock, task_css" in first["twin"]
    race.do("let", who=0)
    assert race.frame()["plans"] == [first["plans"][0][1:], first["plans"][1]]
    race.do("back")
    assert race.frame() == first


def test_a_task_that_has_gone_another_way_and_one_that_is_trapped_have_no_plan() -> None:
    full = Steering(scene("v3", ("charge", "charge"), limit=256))
    assert [plan[-1] for plan in full.frame()["plans"]] == ["slab owner array"] * 2, "each alone fits"
    while full.frame()["actors"][0]["can"]:
        full.do("let", who=0)
    while full.frame()["actors"][1]["due"] != "css_put":
        full.do("let", who=1)
    assert full.frame()["plans"] == [[], []], "there is no room, and that is not what was listed"
    race = Steering("v2")
    race.do("go", path=FATAL)
    assert race.frame()["wrong"] and race.frame()["plans"] == [[], []]


def endless(at: At) -> Steps:
    while True:
        yield "again"


def test_the_plan_of_a_task_that_does_not_end_is_its_first_steps() -> None:
    race = Steering(Scene((("endless", endless), ("two", two)), old=0))
    assert [len(plan) for plan in race.frame()["plans"]] == [15, 1]


def one(at: At) -> Steps:
    yield "One"
    at.find()


def two(at: At) -> Steps:
    yield "two"
    yield "Three"


def test_a_scene_of_ones_own_lists_its_schedules_as_letters() -> None:
    view = RaceView(Scene((("one", one), ("two", two)), old=0), explored=True)
    frame = view.steering.frame()
    assert sorted(letters for letters, _, _ in frame["rows"]) == ["OTT", "TOT", "TTO"]
    assert {wrong for _, wrong, _ in frame["rows"]} == {""}
    view.do("let", who=1)
    assert "RaceView after 1 steps" in repr(view)
    assert view._sent["twin"].splitlines()[1].split() == ["1", "two", "two", "two"]


def test_nonsense_from_the_page_is_a_notice_and_moves_nothing() -> None:
    race = Steering("v3")
    for action, given in (("fly", {}), ("let", {}), ("let", {"who": 9}), ("let", {"who": "x"}), ("go", {"path": None})):
        race.do(action, **given)
        assert race.frame()["notice"]["text"], action
        assert race.path == ()


def test_a_race_made_under_an_open_question_waits_for_the_answer_and_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_LAST", None)
    monkeypatch.setattr(rooms, "_GIVEN", {})
    monkeypatch.setenv("KMEMLAB_CURTAIN", "on")
    before = RaceView("v2")
    asked = predict("06.1", number="orders of 20")
    view = RaceView(Scene((("one", one), ("two", two)), old=0), explored=True)
    words = "This picture opens when prediction 06.1 is answered."
    assert view._sent["curtain"] == {"number": "06.1", "words": words}
    assert not {"rows", "found", "twin", "actors", "story", "wrong"} & set(view._sent)
    assert repr(view) == f"RaceView: {words}"
    bundle = view._repr_mimebundle_()
    assert bundle is not None and "OTT" not in bundle[0]["image/svg+xml"]
    view.do("let", who=0)
    view._heard(None, {"op": "do", "action": "let", "who": 0}, None)
    assert view.steering.path == () and "rows" not in view._sent
    assert "curtain" not in before._sent
    asked.answer("20")
    assert "curtain" not in view._sent
    assert len(view._sent["rows"]) == 3
    assert repr(view).endswith("All schedules: 0 of 3 go wrong.")
    asked.again()
    assert "rows" not in view._sent


def test_a_rule_that_is_broken_at_the_end_is_called_one() -> None:
    race = Steering(toys.race(toys.bare, toys.remover))
    race.do("explore")
    quiet = next(row for row in race.frame()["rows"] if row[0] == "FTKGCX")
    assert quiet[1] == 'at the end the rule "an owner exists" is broken'
    race.do("go", path=quiet[2])
    assert race.frame()["sentence"] == 'At the end the rule "an owner exists" is broken'


def test_a_step_of_ones_own_that_waits_for_readers_says_for_whom() -> None:
    race = Steering(toys.race(toys.reader, toys.waiting))
    for who in (0, 1):
        race.do("let", who=who)
    assert race.frame()["actors"][1] == {
        "name": "remover", "due": "checK", "can": False, "why": "It waits until charger has left the read section.",
    }  # fmt: skip
