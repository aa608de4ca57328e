"""What a page's address asks for is opened; what it cannot have is said in the lab, not as a traceback."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from kmemlab import Session
from kmemlab.lab import opened


def test_a_link_in_the_address_opens_that_machine_at_that_event(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(memory="2M")
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/web", "open 9")
    session.seek(session.length - 3)
    link = session.to_link()
    monkeypatch.setenv("QUERY_STRING", f"token=abc&kmemlab={quote(link)}")
    lab = opened()
    assert lab.session.commands == session.commands
    assert lab.session.position == session.position
    assert lab.session.machine.state_hash() == session.machine.state_hash()


def test_without_a_link_it_is_the_scenario_asked_for_or_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUERY_STRING", raising=False)
    assert opened()._whole()["scenario"]["name"] == "fd-bomb"
    assert opened("scenario=quiet&token=x")._whole()["scenario"]["name"] == "quiet"


@pytest.mark.parametrize(
    "query", ["kmemlab=k1.damaged", "kmemlab=%3Cscript%3E", "kmemlab=k9.later", "scenario=../../etc/passwd", "kmemlab=%FF%00"]
)
def test_an_address_that_cannot_be_opened_is_told_and_the_first_scenario_is_there(query: str) -> None:
    lab = opened(query)
    frame = lab._whole()
    assert frame["scenario"]["name"] == "fd-bomb"
    assert frame["notice"]["kind"] == "error"
    assert frame["notice"]["text"].endswith(".") or "there is no scenario" in frame["notice"]["text"]
    lab._heard(None, {"op": "theme", "theme": "dark"}, None)
    assert lab._whole()["notice"] == frame["notice"], "the page says its theme as it opens: the words stay"


def test_a_lab_that_is_drawn_again_before_a_page_shows_it_sends_the_whole_and_no_patch() -> None:
    lab = opened("scenario=quiet")
    sent: list[Any] = []
    lab.send = lambda message, *_: sent.append(message)
    lab.session.seek(9)
    lab.refresh()
    assert lab._whole()["position"] == 9
    assert not sent, "a page that opens later would never get a patch that was sent now"
    assert lab.get_state("frame")["frame"]["position"] == 9
    assert lab.seq == 1, "a page that had the frame before asks for the whole: the next patch does not follow on its number"
    lab._heard(None, {"op": "whole"}, None)
    assert (sent[-1]["op"], sent[-1]["seq"], sent[-1]["frame"]["position"]) == ("whole", 1, 9)
