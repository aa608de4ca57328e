"""Views of one session stand at one place and hear of each other; views of two sessions do not."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import pytest

from kmemlab import Lab, Session
from kmemlab.lab.autosave import flush_all
from kmemlab.lab.hub import hub_of, refresh
from kmemlab.lab.patch import merged


class Page:
    """What a page would do with one widget: keep the frame by merging patches."""

    def __init__(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lab = lab
        self.frame: Any = lab._whole()
        self.unasked = 0
        self.answers = 0
        monkeypatch.setattr(lab, "send", self.hear)
        self.say({"op": "theme", "theme": "light"})

    def hear(self, message: dict[str, Any], buffers: Any = None) -> None:
        if message["op"] != "patch":
            return
        self.frame = merged(self.frame, message["patch"])
        if message.get("unasked"):
            self.unasked += 1
        else:
            self.answers += 1

    def say(self, message: dict[str, Any]) -> None:
        self.lab._heard(None, message, None)

    def do(self, action: str, **more: Any) -> None:
        self.say({"op": "do", "action": action, **more})


def small(*lines: str) -> Session:
    session = Session(memory="1M")
    session.run(
        "mount -t container -o kmem none /containers",
        "mkdir /containers/blue",
        "echo 1 > /sys/slab/filp/cache_account",
        "fork",
        "echo 2 > /containers/blue/tasks",
        "as 2 open 3",
        *lines,
    )
    return session


def test_two_labs_on_one_session_move_together(monkeypatch: pytest.MonkeyPatch) -> None:
    session = small()
    one, two = (Page(Lab(session), monkeypatch) for _ in range(2))
    one.do("seek", n=3)
    assert (two.frame["position"], two.unasked) == (3, 1)
    two.do("last")
    two.do("back")
    assert one.frame["position"] == session.position
    assert (one.frame["step"], one.frame["sentence"]) == (two.frame["step"], two.frame["sentence"])
    two.do("run", line="as 2 open 2")
    assert one.frame["containers"] == two.frame["containers"]
    assert one.frame["length"] == session.length


def test_the_selected_container_is_one_everywhere_and_tab_and_cache_are_each_views_own(monkeypatch: pytest.MonkeyPatch) -> None:
    session = small()
    one, two = (Page(Lab(session), monkeypatch) for _ in range(2))
    blue = next(each["id"] for each in one.frame["containers"] if each["name"] == "blue")
    one.do("select", id=blue)
    assert two.frame["selected"] == blue
    told = two.unasked
    one.do("tab", name="memory")
    one.do("cache", name="anon_vma")
    assert (two.frame["tab"], two.frame["cache"]["name"], two.unasked) == ("slabs", "filp", told)
    two.do("select")
    assert "selected" not in one.frame


def test_letters_and_colours_are_the_same_in_a_view_that_comes_late(monkeypatch: pytest.MonkeyPatch) -> None:
    session = small()
    early = Page(Lab(session), monkeypatch)
    early.do("run", line="mkdir /containers/bread")
    early.do("run", line="rmdir /containers/bread")
    early.do("run", line="mkdir /containers/butter")
    late = Page(Lab(session), monkeypatch)
    assert late.frame["containers"] == early.frame["containers"]
    assert late.frame["containers"][1]["letter"] != late.frame["containers"][2]["letter"]


def test_the_letters_of_a_link_are_kept_by_the_first_view_and_given_to_the_next() -> None:
    session = small()
    session.view = {"letters": {"/blue": ["Q", "orange", False]}}
    for lab in (Lab(session), Lab(session)):
        assert [each["letter"] for each in lab._whole()["containers"]] == ["R", "Q"]


@pytest.mark.parametrize("how", ["one", "all"])
def test_what_a_cell_ran_is_drawn_everywhere_by_one_refresh(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    session = small()
    one, two = (Page(Lab(session), monkeypatch) for _ in range(2))
    session.run("as 2 open 1")
    session.seek(5)
    if how == "one":
        one.lab.refresh()
    else:
        refresh(session)
    assert one.frame["position"] == two.frame["position"] == 5
    assert one.frame["step"] == two.frame["step"]


def test_a_new_view_brings_the_others_along_when_a_cell_moved_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    session = small()
    one = Page(Lab(session), monkeypatch)
    Lab(session, at=2)
    assert one.frame["position"] == 2


def test_two_labs_on_two_sessions_do_not_hear_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (Page(Lab(small()), monkeypatch) for _ in range(2))
    before = two.frame
    one.do("select", id=one.frame["containers"][1]["id"])
    one.do("seek", n=1)
    one.lab.refresh()
    assert two.frame is before
    assert two.unasked == 0
    assert two.lab.session.position == two.lab.session.length


def test_a_lab_that_opens_another_session_leaves_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    session = small()
    one, two = (Page(Lab(session), monkeypatch) for _ in range(2))
    link = session.to_link()
    one.do("open", text=link)
    assert one.lab.session is not session
    one.do("first")
    assert two.frame["position"] == session.length
    two.do("seek", n=2)
    assert one.frame["position"] == 0


def test_a_closed_view_is_forgotten_and_the_session_goes_with_its_last_view(monkeypatch: pytest.MonkeyPatch) -> None:
    session = small()
    one, two = (Page(Lab(session), monkeypatch) for _ in range(2))
    two.lab.close()
    one.do("seek", n=1)
    assert two.unasked == 0
    assert set(hub_of(session).views) == {one.lab}
    one.lab.close()
    kept = weakref.ref(session)
    monkeypatch.undo()
    del one, two, session
    gc.collect()
    assert kept() is None


def test_a_view_that_no_page_shows_is_not_drawn_until_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    session = small()
    one, two = (Page(Lab(session), monkeypatch) for _ in range(2))
    two.say({"op": "gone"})
    one.do("seek", n=2)
    assert (two.unasked, two.lab._whole()["position"]) == (0, session.length)
    two.say({"op": "theme", "theme": "light"})
    assert two.frame["position"] == 2
    assert two.frame["step"] == one.frame["step"]


def test_what_one_lab_said_is_not_said_by_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    session = small()
    one, two = (Page(Lab(session), monkeypatch) for _ in range(2))
    one.do("seek", n=1)
    one.do("run", line="as 2 open 1")
    assert "events that came after are gone" in one.frame["notice"]["text"]
    assert "notice" not in two.frame


def test_what_another_view_did_is_kept_on_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMEMLAB_AUTOSAVE", str(tmp_path))
    session = small()
    lab = Lab(session, key="hub")
    other = Page(Lab(session, autosave=False), monkeypatch)
    other.do("run", line="as 2 open 2")
    flush_all()
    (file,) = tmp_path.glob("*.json")
    assert json.loads(file.read_text())["commands"][-1] == "as 2 open 2"
    lab.close()
