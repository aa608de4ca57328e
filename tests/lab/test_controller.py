"""What the buttons do, without a page: actions in, frames out."""

from __future__ import annotations

from typing import Any

import pytest

from kmemlab import Session
from kmemlab.lab.controller import Controller
from kmemlab.lab.pictures import TABS
from kmemlab.lab.slabsection import turns
from kmemlab.scenarios import SCENARIOS, play


def holds_none(value: Any) -> bool:
    """A null as a member of an object would mean "gone" in a patch; in a list it is a gap in a line, and means that."""
    if isinstance(value, dict):
        return any(each is None or holds_none(each) for each in value.values())
    if isinstance(value, list | tuple):
        return any(holds_none(each) for each in value)
    return False


@pytest.fixture
def bomb() -> Controller:
    session = play("fd-bomb")
    session.seek(0)
    return Controller(session)


def do(controller: Controller, action: str, **more: Any) -> dict[str, Any]:
    controller.do({"op": "do", "action": action, **more})
    return controller.frame()


def container(frame: dict[str, Any], path: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in frame["containers"] if each["path"] == path)
    return found


def test_the_next_refusal_is_shown_at_the_step_that_says_no(bomb: Controller) -> None:
    frame = do(bomb, "mark", by=1)
    assert frame["sentence"] == "Refused. bomb has 192 bytes left and this file needs 256."
    assert (frame["step"], frame["steps"], frame["refused"]) == (6, 10, True)
    assert frame["path"]["turn"] == 5
    assert frame["mark"]["kind"] == "taken"
    assert container(frame, "/bomb")["failcnt_before"] == 0


def test_at_the_first_refusal_the_partial_list_is_to_be_seen_with_several_owners_on_its_slabs(bomb: Controller) -> None:
    slabs = do(bomb, "mark", by=1)["slabs"]
    assert len(slabs["partial"]) == 2
    for number in slabs["partial"]:
        assert len({owner for owner in slabs["rows"][str(number)]["owners"] if owner >= 0}) > 1
    assert len(slabs["full"]) <= 10, "more would be folded at 1280 x 800"


def test_a_reference_is_held_between_get_and_put_only(bomb: Controller) -> None:
    do(bomb, "mark", by=1)
    held = container(bomb.frame(), "/bomb")["refs"]
    refs = {}
    for step in range(1, 11):
        bomb.look.step = step
        refs[step] = container(bomb.frame(), "/bomb")["refs"]
    assert refs == {step: held if 5 <= step <= 6 else held - 1 for step in range(1, 11)}


def test_the_cell_of_a_refusal_is_free_taken_and_free_again(bomb: Controller) -> None:
    frame = do(bomb, "mark", by=1)
    slab, slot = frame["mark"]["slab"], frame["mark"]["slot"]
    seen = []
    for step in range(1, 11):
        bomb.look.step = step
        row = bomb.frame()["slabs"]["rows"][str(slab)]
        seen.append((row["owners"][slot], turns(row)[slot]))
    assert seen == [(-2, 1)] + [(-1, 0)] * 7 + [(-2, 1)] * 2


def test_the_text_twin_says_what_the_picture_says_at_every_step(bomb: Controller) -> None:
    do(bomb, "mark", by=1)
    assert "twin" not in do(bomb, "twin", on=False)
    do(bomb, "twin", on=True)
    for step in range(1, 11):
        bomb.look.step = step
        frame = bomb.frame()
        lines = {int(line[:4]): line for line in frame["twin"].splitlines()[1:] if line[:4].strip().isdigit()}
        for number, row in frame["slabs"]["rows"].items():
            assert int(lines[int(number)].split("full")[-1].split()[0] if "full" in lines[int(number)] else
                       lines[int(number)][16:21]) == row["inuse"]  # fmt: skip


def test_steps_and_back_walk_functions_and_then_events(bomb: Controller) -> None:
    do(bomb, "mark", by=1)
    position = bomb.session.position
    for _ in range(4):
        do(bomb, "step")
    assert (bomb.session.position, bomb.look.step) == (position, 10)
    do(bomb, "step")
    assert (bomb.session.position, bomb.look.step) == (position + 1, 1)
    do(bomb, "back")
    assert (bomb.session.position, bomb.look.step) == (position, 10)


def test_a_command_that_only_reads_answers_for_the_moment_and_changes_nothing(bomb: Controller) -> None:
    do(bomb, "mark", by=1)
    position, length = bomb.session.position, bomb.session.length
    frame = do(bomb, "run", line="cat /containers/bomb/kmem.usage")
    assert (bomb.session.position, bomb.session.length) == (position, length)
    assert frame["terminal"]["history"][-1] == {"cmd": "cat /containers/bomb/kmem.usage", "out": "40768", "err": ""}
    assert container(frame, "/bomb")["usage"] == 40768
    assert do(bomb, "step")["terminal"]["history"][-1]["out"] == "40768"
    assert do(bomb, "event", by=1)["terminal"]["history"][-1]["cmd"].startswith("as 10")


def test_a_command_in_the_middle_says_what_it_takes_away_and_undo_brings_it_back(bomb: Controller) -> None:
    do(bomb, "mark", by=1)
    length, commands = bomb.session.length, list(bomb.session.commands)
    frame = do(bomb, "run", line="open 1")
    assert "events that came after are gone" in frame["notice"]["text"]
    assert bomb.session.length < length
    frame = do(bomb, "undo")
    assert frame["notice"]["text"] == "Taken back: open 1"
    assert (bomb.session.length, bomb.session.commands) == (length, commands)
    bomb.session.machine.check()


def test_undo_takes_one_command_back_also_from_its_middle() -> None:
    controller = Controller(Session(memory="2M"))
    for line in ("open 1", "open 5"):
        do(controller, "run", line=line)
    do(controller, "event", by=-1)
    do(controller, "undo")
    assert controller.session.commands == ["open 1"]
    assert do(controller, "undo")["notice"]["text"] == "Taken back: open 1"
    assert do(controller, "undo")["notice"]["text"] == "Nothing to take back."


def test_undo_in_the_middle_of_a_story_takes_nothing_away(bomb: Controller) -> None:
    do(bomb, "seek", n=100)
    commands = list(bomb.session.commands)
    frame = do(bomb, "undo")
    assert "End goes there" in frame["notice"]["text"]
    assert bomb.session.commands == commands


@pytest.mark.parametrize(
    "action",
    [
        {"action": "tab", "name": "nope"},
        {"action": "cache", "name": "nope"},
        {"action": "scenario", "name": "nope"},
        {"action": "seek"},
        {"action": "seek", "n": "x"},
        {"action": "nope"},
        {"action": ["seek"]},
        {},
        {"action": "select", "id": 99},
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said_and_changes_nothing(bomb: Controller, action: dict[str, Any]) -> None:
    before = bomb.frame()
    bomb.do({"op": "do", **action})
    after = bomb.frame()
    assert after.pop("notice")["kind"] == "error"
    assert after == before


def test_a_broken_picture_leaves_the_rest_of_the_frame_alive(bomb: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no ink")

    do(bomb, "seek", n=200)
    monkeypatch.setattr("kmemlab.lab.pictures.flow_figure", broken)
    frame = do(bomb, "tab", name="flow")
    assert frame["notice"]["text"] == "This picture could not be drawn: RuntimeError: no ink. The machine is unharmed."
    assert frame["containers"]
    assert frame["position"] == 200


def test_the_life_of_an_object_is_told_up_to_now(bomb: Controller) -> None:
    frame = do(bomb, "mark", by=1)
    frame = do(bomb, "object", slab=5, slot=0)
    life = frame["object"]["life"]
    assert life[0]["text"].endswith("became filp slab 5")
    assert life[-1] == {"n": 480, "text": "In use, so rmdir bomb is refused", "owner": 3, "now": True}
    assert "object" not in do(bomb, "object")


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_plays_checks_and_makes_frames_without_null(name: str) -> None:
    session = play(name)
    session.machine.check()
    controller = Controller(session)
    for n in (0, 1, session.length // 3, session.length // 2, session.length):
        do(controller, "seek", n=n)
        for tab, _ in TABS:
            frame = do(controller, "tab", name=tab)
            assert "notice" not in frame, frame.get("notice")
            assert not holds_none(frame)


@pytest.mark.parametrize("name", ["quiet", "fd-bomb"])
def test_no_sentence_is_longer_than_a_line(name: str) -> None:
    session = play(name)
    for n in range(1, session.length + 1, 3):
        session.seek(n)
        steps = session.records("steps")
        assert steps
        for step in steps:
            assert 0 < len(step.to_dict()["sentence"]) <= 64


def test_completions_go_from_command_to_path(bomb: Controller) -> None:
    assert do(bomb, "complete", line="um")["terminal"]["ghost"] == "ount"
    assert "/sys/slab/filp/" in do(bomb, "complete", line="cat /sys/slab/fi")["terminal"]["completions"]
    assert do(bomb, "complete", line="cat /sys/slab/filp/cache_a")["terminal"]["ghost"] == "ccount"
    assert do(bomb, "complete", line="zzz")["terminal"]["completions"] == []


def test_a_link_that_was_shared_opens_the_same_machine_at_the_same_event_with_the_same_view() -> None:
    one = Controller(play("fd-bomb"))
    for action in ({"action": "seek", "n": 318}, {"action": "tab", "name": "flow"}, {"action": "select", "id": 3}):
        one.do(action)
    one.do({"action": "share"})
    given = one.frame()["given"]
    assert given["kind"] == "link"
    assert given["words"] == "Link copied. It opens this machine at event 318."
    other = Controller(Session(memory="256K"))
    other.do({"action": "open", "text": f" {given['text']}\n"})
    assert other.look.notice is None
    assert other.session.machine.state_hash() == one.session.machine.state_hash()
    looked = [(each.session.position, each.look.tab, each.look.selected, each.look.scenario) for each in (one, other)]
    assert looked[0] == looked[1]
    assert looked[0][1:] == ("flow", "/bomb", "fd-bomb")
    one.do({"action": "step"})
    assert "given" not in one.frame()


def test_a_file_that_was_saved_opens_again() -> None:
    one = Controller(play("quiet"))
    one.do({"action": "save"})
    text = one.frame()["given"]["text"]
    other = Controller(Session(memory="256K"))
    other.do({"action": "open", "text": text})
    assert other.session.to_dict() == one.session.to_dict()


def test_a_history_too_long_for_a_link_is_handed_over_as_a_file() -> None:
    session = Session(memory="256K")
    session.run(*[f"echo {number * 0x9E3779B97F4A7C15 % 2**200:x}" for number in range(1, 900)])
    one = Controller(session)
    one.do({"action": "share"})
    assert one.frame()["given"]["kind"] == "file"
    assert one.frame()["notice"]["text"] == "Saved as a file: the link would be too long."


@pytest.mark.parametrize("text", ["", "k1.AAAA", "hello", "{", '{"kmemlab_session": 9}', "{}", '{"a": ' * 5000])
def test_what_is_neither_link_nor_file_is_refused_and_the_session_stays(text: str) -> None:
    one = Controller(play("quiet"))
    before = one.session.to_dict()
    one.do({"action": "open", "text": text})
    notice = one.frame()["notice"]
    assert notice["kind"] == "error"
    assert "Traceback" not in notice["text"]
    assert ".py" not in notice["text"]
    assert one.session.to_dict() == before


def test_what_is_selected_no_longer_is_not_in_the_next_link() -> None:
    one = Controller(play("fd-bomb"))
    one.session.view["a lesson's own"] = 7
    one.do({"action": "select", "id": 3})
    one.do({"action": "share"})
    one.do({"action": "select"})
    one.do({"action": "share"})
    other = Session.from_link(one.frame()["given"]["text"])
    assert "selected" not in other.view
    assert other.view["a lesson's own"] == 7


def test_the_tabs_stand_in_the_order_of_their_keys_and_a_link_with_a_tab_of_an_older_lab_opens_the_slab_pages() -> None:
    session = Session(memory="1M")
    assert [tab for tab, _ in Controller(session).frame()["tabs"]] == ["slabs", "flow", "memory", "cost", "overhead", "graph"]
    session.view = {"tab": "tree"}
    frame = Controller(Session.from_link(session.to_link())).frame()
    assert (frame["tab"], "figure" in frame) == ("slabs", False)


def test_a_figure_is_laid_out_for_the_stage_that_the_page_told_of(bomb: Controller) -> None:
    do(bomb, "last")
    frame = do(bomb, "tab", name="cost", size="M", width=700)
    assert frame["figure"]["layout"]["xaxis"]["range"] == [0, 700]
    frame = do(bomb, "room", size="S", width=368)
    assert frame["figure"]["layout"]["xaxis"]["range"] == [0, 368]
    assert "notice" not in frame


def test_the_graph_is_about_the_chosen_page_or_the_chosen_objects(bomb: Controller) -> None:
    do(bomb, "last")
    frame = do(bomb, "tab", name="graph")
    first = bomb.session.records("slabs")[0]
    assert frame["twin"].startswith(f"Why is page {first.to_dict()['pfn']} held?")
    other = bomb.session.records("slabs")[-1].to_dict()
    assert do(bomb, "object", slab=other["number"], slot=0)["twin"].startswith(f"Why is page {other['pfn']} held?")
    stranger = bomb.session.records("slabs", "mm_struct")[0].to_dict()
    frame = do(bomb, "page", pfn=stranger["pfn"] + 1)
    assert frame["twin"].startswith(f"Why are pages {stranger['pfn']}-{stranger['pfn'] + 1} held?")
    assert frame["cache"]["name"] == "mm_struct", "the slab pages follow"
    assert do(bomb, "page")["twin"].startswith(f"Why are pages {stranger['pfn']}-")
    assert "there is no page" in do(bomb, "page", pfn=10**9)["notice"]["text"]


def test_a_still_answer_keeps_the_figure_and_the_next_one_makes_it_new(
    bomb: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(bomb, "seek", n=200)
    first = do(bomb, "tab", name="cost")["figure"]
    monkeypatch.setattr("kmemlab.lab.frame.picture", lambda *_: pytest.fail("a figure was made that nobody sees"))
    frame = do(bomb, "event", by=150, still=True)
    assert (frame["position"], frame["figure"] == first) == (350, True)
    monkeypatch.undo()
    assert do(bomb, "draw")["figure"] != first
    assert do(bomb, "draw")["position"] == 350


def test_a_tip_tells_where_an_object_is_and_who_took_it_and_leaves_what_is_said(bomb: Controller) -> None:
    do(bomb, "mark", by=1)
    do(bomb, "mark", by=-1)
    notice = bomb.frame()["notice"]
    frame = do(bomb, "tip", slab=5, slot=0)
    assert frame["notice"] == notice
    card = do(bomb, "object", slab=5, slot=0)["object"]
    born = next(each["n"] for each in reversed(card["life"]) if "took it" in each["text"])
    pid = int(bomb.session.log.who[born - 1])
    comm = bomb.session.machine.tasks.by_pid[pid].comm
    assert frame["tip"] == {"slab": 5, "slot": 0, "address": card["address"], "born": f"born at event {born} by {comm} {pid}"}
    assert "tip" not in do(bomb, "step")
    mark = do(bomb, "mark", by=1)["mark"]
    assert "born" not in do(bomb, "tip", slab=mark["slab"], slot=mark["slot"])["tip"]
    for slab, slot in ((5, 99), (999, 0), (-1, -1)):
        frame = do(bomb, "tip", slab=slab, slot=slot)
        assert "tip" not in frame
        assert frame.get("notice", {}).get("kind") != "error"
