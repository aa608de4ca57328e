"""A lesson's question as a widget, and the curtain before the pictures below it: what is not answered is not sent."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

import pytest

from kmemlab import Lab
from kmemlab.lab import Compare, ContainerView, OffDesigns, Picture, SlabView, refresh
from kmemlab.lab.asking import Ask
from kmemlab.lessons import asked as rooms
from kmemlab.lessons import predict
from kmemlab.lessons.lesson_02 import machine

FATES = ["onto the partial list", "on no list"]


@pytest.fixture(autouse=True)
def somebody_sits_there(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rooms, "_LAST", None)
    monkeypatch.setattr(rooms, "_GIVEN", {})
    monkeypatch.setattr(rooms, "_ASKED", WeakSet())
    monkeypatch.setenv("KMEMLAB_CURTAIN", "on")
    yield


def do(widget: Any, action: str, **more: Any) -> dict[str, Any]:
    widget._heard(None, {"op": "do", "action": action, **more}, None)
    sent: dict[str, Any] = widget._sent
    return sent


def test_a_card_takes_an_answer_locks_it_and_says_what_is_none() -> None:
    card = Ask(predict("02.3", choices=FATES))
    assert "machine" not in json.dumps(card._sent)
    assert do(card, "commit", answer="Z")["notice"]["text"] == "Choose one of A, B."
    frame = do(card, "commit", answer="B")
    assert "notice" not in frame
    assert frame["asked"]["right"] == [0]
    assert frame["asked"]["told"].startswith("Then its free cell could never be used.")
    assert do(card, "commit", answer="A")["asked"]["mine"] == [1], "the first answer counts"
    assert "machine" not in do(card, "again")["asked"]


@pytest.mark.parametrize(
    "message", [None, "commit", {}, {"op": "do"}, {"op": "do", "action": 5}, {"op": "do", "action": "commit"}]
)
def test_what_no_page_says_harms_no_card(message: Any) -> None:
    card = Ask(predict("02.3", choices=FATES))
    card._heard(None, message, None)
    assert card.asked.open


def test_every_view_made_under_an_open_question_waits_for_the_answer_and_tells_nothing() -> None:
    before = SlabView(machine("open 3"))
    asked = predict("02.3", choices=FATES)
    session = machine("open 40", "close 5")
    made = [SlabView(session), ContainerView(session), Lab(session), Compare(session, machine("open 40"))]
    for view in made:
        assert view._sent["curtain"] == {"number": "02.3", "words": "This picture opens when prediction 02.3 is answered."}
        assert not {"slabs", "cache", "twin", "path", "sides"} & set(view._sent)
    picture = Picture(session, "slabs")
    assert (picture.pictures, picture.twin) == ({}, "")
    assert picture.curtain == "This picture opens when prediction 02.3 is answered."
    picture._heard(None, {"op": "room", "width": 500}, None)
    assert picture.pictures == {}
    do(made[0], "step")
    assert session.position == session.length, "the machine stays where the cell left it"
    refresh(session)
    assert "slabs" not in made[0]._sent
    assert "curtain" not in before._sent
    asked.answer("A")
    for view in made:
        assert "curtain" not in view._sent
    assert picture.curtain == ""
    assert "partial 1" in picture.twin
    assert picture.pictures["light"]["data"]
    assert made[0]._sent["slabs"]["partial"] == [0]
    asked.again()
    assert picture.pictures == {}
    assert "curtain" in made[0]._sent


def test_the_designs_of_off_wait_too_and_no_meter_is_sent() -> None:
    asked = predict("02.3", choices=FATES)
    designs = OffDesigns(machine("open 40", "close 5"))
    said = "This picture opens when prediction 02.3 is answered."
    assert (designs.pictures, designs.curtain, repr(designs)) == ({}, said, said)
    bundle = designs._repr_mimebundle_()
    assert bundle is not None and "drain" not in json.dumps(bundle[0])
    asked.answer("A")
    assert set(designs.pictures) == {"light", "dark"}
    assert "drain" in repr(designs)


def test_without_anybody_there_the_pictures_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KMEMLAB_CURTAIN")
    predict("02.3", choices=FATES)
    assert "slabs" in SlabView(machine("open 40"))._sent


def test_a_question_keeps_no_view_alive() -> None:
    asked = predict("02.3", choices=FATES)
    view = SlabView(machine("open 40"))
    view.close()
    del view
    gc.collect()
    asked.answer("A")
    assert not asked.open


def test_a_view_has_its_task() -> None:
    assert SlabView(machine("open 1"), task="Find cell 3.")._sent["task"] == "Find cell 3."
    assert "task" not in SlabView(machine("open 1"))._sent


def test_a_saved_notebook_shows_the_question_in_words() -> None:
    bundle = Ask(predict("02.3", choices=FATES))._repr_mimebundle_()
    assert bundle is not None
    assert "onto the partial list" in bundle[0]["image/svg+xml"]
