"""Small widgets: each frame holds what its picture needs and no more, and its sentence says the machine's numbers."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from kmemlab import Lab, Session
from kmemlab.engine.errors import KernelError
from kmemlab.lab import BuddyView, ChargePath, ContainerView, FlowView, SlabView, Timeline
from kmemlab.lab.views import View, path_of
from kmemlab.scenarios import play

VIEWS: tuple[type[View], ...] = (SlabView, ContainerView, ChargePath, FlowView, BuddyView, Timeline)
ALWAYS = {
    "position", "length", "step", "steps", "refused", "refusal", "sentence", "tab", "tabs", "twin", "timeline", "containers",
    "scale",
}  # fmt: skip
OWN = {
    SlabView: {"slabs", "cache"},
    ContainerView: set(),
    ChargePath: {"path"},
    FlowView: {"figure", "question"},
    BuddyView: {"figure", "question"},
    Timeline: set(),
}


@pytest.fixture(scope="module")
def session() -> Session:
    session = play("fd-bomb")
    session.seek(next(row.to_dict()["n"] for row in session.records("events") if row.to_dict()["kind"] == "refused"))
    return session


def frame(view: Lab) -> dict[str, Any]:
    found: dict[str, Any] = view.controller.frame()
    return found


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_sends_the_parts_of_its_picture_only(session: Session, kind: type[View]) -> None:
    made = frame(kind(session))
    assert set(made) - {"selected", "mark"} == ALWAYS | OWN[kind]
    if kind is not Timeline:
        assert set(made["timeline"]) == {"refusals", "births"}, "the marks of the seek slider"


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_draws_what_the_lab_draws(session: Session, kind: type[View]) -> None:
    lab = Lab(session)
    view = kind(session, select="bomb")
    if kind is FlowView or kind is BuddyView:
        lab.controller.look.tab = view.part
    lab.controller.look.selected = "/bomb"
    shown, whole = frame(view), frame(lab)
    for part in ("containers", "scale", "selected", "position", "step", *OWN[kind]):
        assert shown[part] == whole[part], part
    if kind is Timeline:
        assert shown["timeline"] == whole["timeline"]


def test_at_a_refusal_each_sentence_answers_its_pictures_question(session: Session) -> None:
    told = {kind.__name__: frame(kind(session, select="bomb"))["sentence"] for kind in VIEWS}
    owned = sum(row.to_dict()["owners"].count("/bomb") for row in session.records("slabs"))
    assert told["ChargePath"] == "Refused. bomb has 192 bytes left and this file needs 256."
    assert told["ContainerView"] == "bomb is full: 192 bytes left, 256 needed."
    assert told["SlabView"].startswith(f"bomb owns {owned} of the ")
    assert told["FlowView"].startswith("bomb pays 40,768 of the ")
    assert "the largest block is order" in told["BuddyView"]
    assert told["Timeline"] == f"One charge has been refused, at event {session.position:,}."
    assert [name for name, kind in zip(told, VIEWS, strict=True) if frame(kind(session))["refusal"]] == ["ChargePath"]


def test_the_timelines_sentence_knows_nothing_of_the_future(session: Session) -> None:
    here = session.position
    try:
        session.seek(here - 1)
        assert frame(Timeline(session))["sentence"] == f"No charge has been refused by event {here - 1:,}."
    finally:
        session.seek(here)


@pytest.mark.parametrize("seed", [int(os.environ["KMEMLAB_SEED"])])
def test_every_sentence_fits_a_line_and_counts_what_the_machine_has(seed: int) -> None:
    print(f"seed={seed}")
    chance = random.Random(seed)
    session = play("fd-bomb")
    long = "container-with-a-name-of-no-small-length"
    session.run(f"mkdir /containers/{long}", "fork", f"echo $! > /containers/{long}/tasks")
    views = [kind(session) for kind in VIEWS]
    for n in sorted(chance.sample(range(session.length + 1), 25)):
        session.seek(n)
        rows = {row.to_dict()["path"]: row.to_dict() for row in session.records("containers")}
        chosen = chance.choice(["", *rows])
        for view in views:
            view.controller.rest()
            view.controller.look.selected = chosen
            said = frame(view)["sentence"]
            assert 0 < len(said) <= 64, said
        slabs = [row.to_dict() for row in session.records("slabs")]
        if chosen and any(row["inuse"] for row in slabs):
            moment = frame(views[0])
            mine = sum(row["owners"].count(i) for row in moment["slabs"]["rows"].values() for i in [moment.get("selected")])
            assert f" owns {mine:,} of " in moment["sentence"]
        if chosen and rows[chosen]["usage"]:
            assert f"pays {rows[chosen]['usage']:,} " in frame(views[3])["sentence"]


def test_a_container_is_called_by_name_or_path(session: Session) -> None:
    assert path_of("bomb", ["/", "/web", "/bomb"]) == path_of("/bomb", ["/", "/web", "/bomb"]) == "/bomb"
    assert path_of("root", ["/", "/web"]) == "/"
    with pytest.raises(KernelError, match="no container 'green': choose one of /, /web"):
        ContainerView(session, select="green")
    with pytest.raises(KernelError, match="several containers are called 'a': choose one of /a, /b/a"):
        path_of("a", ["/", "/a", "/b", "/b/a"])
    with pytest.raises(KernelError):
        SlabView(session, cache="pie")


def test_a_saved_notebook_has_the_words_of_a_view(session: Session) -> None:
    view = SlabView(session, select="bomb")
    assert "bomb owns" in repr(view)
    bundle = view._repr_mimebundle_()
    assert bundle is not None
    assert "bomb owns" in bundle[0]["image/svg+xml"]
