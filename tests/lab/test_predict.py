"""Predict: the future is not sent before there is an answer, nobody goes on, and what is told then is the machine's."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.errors import KernelError
from kmemlab.lab import Change, Lab, Predict, Question, SlabView, Timeline, refresh
from kmemlab.lab.predict import HELD
from kmemlab.lab.questions import ordinal
from kmemlab.scenarios import play

OWN = Question("Who pays for the page?", ("blue", "nobody"), 1, "Only objects are charged. A page is not one.", "one page")


def do(lab: Lab, action: str, **more: Any) -> dict[str, Any]:
    lab._heard(None, {"op": "do", "action": action, **more}, None)
    return lab._sent


def story() -> list[str]:
    return [
        "mount -t container -o kmem none /containers",
        "mkdir /containers/blue /containers/red",
        "echo -n 1024 > /containers/blue/kmem.limit",
        "echo 1 > /sys/slab/filp/cache_account",
        "fork 2",
        "echo 2 > /containers/blue/tasks",
        "echo 3 > /containers/red/tasks",
        *["as 2 open 1"] * 4,
        "as 2 open 1",
        "as 3 open 20",
        "as 2 close 0-3",
    ]


def at(session: Session, command: int) -> int:
    return session.ends[command - 1]


def test_while_a_question_is_open_every_frame_is_that_of_a_story_that_ends_here() -> None:
    whole = Session(memory="2M", cpus=2)
    whole.run(*story())
    short = Session(memory="2M", cpus=2)
    short.run(*story()[:11])
    for kind in (Lab, SlabView, Timeline):
        whole.seek(at(whole, 11))
        lab, ended = kind(whole), kind(short)
        if kind is Lab:
            for each in (lab, ended):
                do(each, "events", filter="")
                do(each, "breaks", open=True)
            do(ended, "breaks")  # what can be chosen counts the whole story's errors: it is not offered
        asked = Lab(whole)
        card = do(asked, "predict")["predict"]
        assert card["before"] == short.length + 1
        refresh(whole)
        shown = lab.controller.frame()
        shown.pop("predict")
        assert shown == ended.controller.frame(), kind.__name__
        do(asked, "predict", on=False)
        assert lab.controller.frame()["length"] == whole.length


def events_in(value: Any, key: str = "") -> list[int]:
    """Every number in the parts of a frame that count events."""
    if isinstance(value, dict):
        return [n for name, each in value.items() for n in events_in(each, name)]
    if isinstance(value, list) and value and key in ("refusals", "births", "window"):
        return [n for each in value for n in (each if isinstance(each, list) else [each])]
    if isinstance(value, list) and key in ("failcnt", "slab", "charged", "1", "2", "3", "4"):
        return [step[0] for step in value]
    return [value] if isinstance(value, int) and key in ("position", "length", "first", "n") else []


@pytest.mark.parametrize("seed", [int(os.environ["KMEMLAB_SEED"])])
def test_no_event_later_than_now_is_sent_before_the_answer(seed: int) -> None:
    print(f"seed={seed}")
    chance = random.Random(seed)
    session = play("fd-bomb")
    lab = Lab(session)
    for n in chance.sample(range(1, session.length - 400), 12):
        session.seek(n)
        lab.refresh()
        do(lab, "tab", name=chance.choice(["slabs", "flow", "memory"]))
        frame = do(lab, "predict")
        here = frame["position"]
        assert frame["predict"]["before"] == here + 1
        found = events_in({key: value for key, value in frame.items() if key in ("position", "length", "timeline", "object")})
        assert found
        assert max(found) <= here
        assert not {"chosen", "right", "why", "changes", "source"} & set(frame["predict"])
        told = do(lab, "commit", answer=0)
        assert told["length"] == session.length
        assert {"chosen", "right", "why", "changes"} <= set(told["predict"])
        do(lab, "predict", on=False)


@pytest.mark.parametrize("action", sorted(HELD))
def test_nobody_goes_on_before_the_answer(action: str) -> None:
    session = play("quiet")
    lab, other = Lab(session, at=200), SlabView(session)
    do(lab, "predict")
    before = (session.position, list(session.commands), json.dumps(lab._sent["predict"]))
    arguments: dict[str, dict[str, Any]] = {
        "event": {"by": 1}, "seek": {"n": 300}, "mark": {"by": 1}, "run": {"line": "open 1"}, "scenario": {"name": "quiet"},
        "open": {"text": "k1."},
    }  # fmt: skip
    more = arguments.get(action, {})
    for view in (lab, other):
        said = do(view, action, **more)["notice"]["text"]
        assert said == "The future is hidden: commit to an answer, or put the question away."
        assert (session.position, session.commands) == before[:2]
    assert json.dumps(lab.controller.frame()["predict"]) == before[2]


def test_the_refusal_of_the_bomb_is_asked_and_told_with_the_machines_numbers() -> None:
    session = play("fd-bomb")
    refusal = next(row.to_dict()["n"] for row in session.records("events") if row.to_dict()["kind"] == "refused")
    lab = Lab(session, at=refusal - 1)
    card = do(lab, "predict")["predict"]
    assert card["question"].endswith("A filp object is 256 bytes. What happens?")
    assert (card["gauge"]["name"], card["gauge"]["usage"], card["gauge"]["limit"]) == ("bomb", 40768, 40960)
    assert card["answers"][0] == "The file opens; bomb goes 64 bytes over its limit"
    told = do(lab, "commit", answer=2)["predict"]
    assert (told["chosen"], told["right"]) == (2, 1)
    changes = {each["what"]: (each["before"], each["after"]) for each in told["changes"]}
    assert changes["usage"] == (40768, 40768)
    assert changes["failcnt"] == (0, 1)
    assert changes["css refs"][0] == changes["css refs"][1]
    assert len(changes) == 4
    assert "40,768 + 256 is more than 40,960" in told["why"]
    frame = do(lab, "watch")
    assert (frame["position"], frame["step"]) == (refusal, 1)
    assert "predict" not in frame


@pytest.mark.parametrize("seed", [int(os.environ["KMEMLAB_SEED"])])
def test_what_is_told_is_what_happens(seed: int) -> None:
    print(f"seed={seed}")
    chance = random.Random(seed)
    session = play("fd-bomb")
    lab = Lab(session)
    for n in chance.sample(range(session.length - 400), 15):
        session.seek(n)
        lab.refresh()
        do(lab, "predict")
        told = do(lab, "commit", answer=1)["predict"]
        before = {row.to_dict()["path"]: row.to_dict() for row in session.records("containers")}
        do(lab, "watch")
        event = session.records("events")[-1].to_dict()
        row = next(each.to_dict() for each in session.records("containers") if each.to_dict()["path"] == event["container"])
        path, was = row["path"], before[row["path"]]
        changes = {each["what"]: (each["before"], each["after"]) for each in told["changes"]}
        assert changes["usage"] == (was["usage"], row["usage"]), path
        assert changes["failcnt"] == (was["failcnt"], row["failcnt"])
        assert changes["css refs"] == (was["css_refs"], row["css_refs"])
        said = told["answers"][told["right"]]
        if event["kind"] == "refused":
            assert "refused" in said
        elif event["kind"] == "alloc":
            assert f"{row['usage']:,} bytes in all" in said
        else:
            assert said.endswith("which owns the object")
        assert len(told["answers"]) == len(set(told["answers"])) == 4


def test_a_lesson_asks_a_question_of_its_own_with_or_without_a_lab() -> None:
    session = play("quiet")
    lab = Lab(session, at=90)
    lab.predict(OWN)
    card = lab._sent["predict"]
    assert card == {
        "before": 91, "question": "Who pays for the page?", "answers": ["blue", "nobody"], "number": "one page",
    }  # fmt: skip
    small = Predict(session, Question(**{**OWN.__dict__, "event": 50, "changes": (Change("usage", 1, 2),)}))
    assert (session.position, small._sent["predict"]["before"]) == (49, 50)
    told = do(small, "commit", answer=0)["predict"]
    assert (told["right"], told["why"]) == (1, OWN.why)
    assert told["changes"] == [{"what": "usage", "before": 1, "after": 2}]


def test_a_question_that_a_cell_has_walked_away_from_is_put_away() -> None:
    session = play("quiet")
    lab = Lab(session, at=90)
    do(lab, "predict")
    session.seek(20)
    lab.refresh()
    assert "predict" not in lab._sent
    assert lab._sent["length"] == session.length


def test_where_no_charge_follows_that_is_said() -> None:
    session = Session(memory="1M")
    session.run("open 2")
    session.seek(0)
    assert do(Lab(session), "predict")["notice"]["text"] == f"No charge follows in these {session.length:,} events."


def test_a_question_that_cannot_be_asked_is_refused() -> None:
    for answers, right in ((("a",), 0), (("a", "b"), 2), (tuple("abcde"), 0), (("a", "b"), -1)):
        with pytest.raises(KernelError, match="two to four answers"):
            Question("?", answers, right, "")
    lab = Lab(play("quiet"), at=100)
    do(lab, "predict")
    assert "there is no answer 7" in do(lab, "commit", answer=7)["notice"]["text"]
    assert "chosen" not in lab.controller.frame()["predict"]


def test_ordinals() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 113, 1001)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "113th", "1,001st",
    ]  # fmt: skip
