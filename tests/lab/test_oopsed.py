"""A machine that has crashed in a lab: its trace is in the frame, nothing else runs, and the way back is open."""

from __future__ import annotations

from typing import Any

from kmemlab import Session
from kmemlab.engine.patchset import switches
from kmemlab.lab.controller import Controller
from kmemlab.lab.switches import SWITCHES
from kmemlab.scenarios import play

DEBUG = "/sys/kernel/debug/failslab/probability"


def crashed(**more: Any) -> Controller:
    controller = Controller(Session(memory="2M", **{"patchset": "v1", **more}))
    for line in ("mount -t container -o kmem none /containers", f"echo 100 > {DEBUG}", "mkdir /containers/web"):
        controller.do({"action": "run", "line": line})
    return controller


def test_the_card_has_the_trace_and_the_last_position_before() -> None:
    controller = crashed()
    frame = controller.frame()
    oops = frame["oops"]
    assert oops["text"] == "The kernel has oopsed: kmem's create returned NULL for web."
    assert oops["trace"] == controller.session.machine.crash.trace
    assert frame["terminal"]["history"][-1]["out"].splitlines() == oops["trace"][:-1]
    assert "notice" not in frame
    controller.do({"action": "seek", "n": oops["before"]})
    assert "oops" not in controller.frame()
    assert not controller.session.machine.crash.halted


def test_it_is_in_no_frame_of_a_machine_that_runs() -> None:
    controller = crashed(patchset="v3")
    assert "oops" not in controller.frame()
    assert controller.frame()["terminal"]["history"][-1]["err"].endswith("Cannot allocate memory")


def test_every_position_on_the_way_has_a_frame_without_an_error() -> None:
    controller = crashed()
    before = controller.frame()["oops"]["before"]
    for tab in ("slabs", "flow", "memory", "cost", "overhead", "graph"):
        controller.do({"action": "tab", "name": tab, "size": "L", "width": 900})
        for n in range(controller.session.length + 1):
            controller.do({"action": "seek", "n": n})
            frame = controller.frame()
            assert ("oops" in frame) == (n > before)
            assert frame.get("notice", {}).get("kind") != "error"


def test_the_functions_of_the_crash_are_walked_like_any_others() -> None:
    controller = crashed()
    controller.do({"action": "seek", "n": controller.frame()["oops"]["before"] + 1})
    frame = controller.frame()
    assert frame["sentence"] == "A write to the state that is not there, at address 0: oops."
    assert (frame["refusal"], frame["step"], frame["steps"]) == (True, 5, 6)
    seen = []
    for _ in range(4):
        controller.do({"action": "back"})
        seen.append(controller.frame()["path"]["nodes"][controller.frame()["step"] - 1]["fn"])
    assert seen == ["IS_ERR", "kmem_create", "container_create", "mkdir()"]


def test_what_is_typed_is_refused_until_one_goes_back_and_undo_takes_the_crash_away() -> None:
    controller = crashed()
    controller.do({"action": "run", "line": "open 1"})
    assert controller.frame()["terminal"]["history"][-1]["err"] == "sh: Host is down"
    controller.do({"action": "undo"})
    controller.do({"action": "undo"})
    assert "oops" not in controller.frame()
    controller.do({"action": "run", "line": f"echo 0 > {DEBUG}"})
    controller.do({"action": "run", "line": "mkdir /containers/web"})
    frame = controller.frame()
    assert [row["name"] for row in frame["containers"]] == ["root", "web"]
    assert "oops" not in frame


def test_a_command_after_going_back_takes_the_crashs_place() -> None:
    controller = crashed()
    controller.do({"action": "seek", "n": controller.frame()["oops"]["before"]})
    controller.do({"action": "run", "line": f"echo 0 > {DEBUG}"})
    assert controller.frame()["terminal"]["history"][-1] == {"cmd": f"echo 0 > {DEBUG}", "out": "", "err": ""}
    assert controller.session.commands[-1] == f"echo 0 > {DEBUG}"


def test_the_word_that_marks_a_cache_is_the_versions() -> None:
    assert Controller(Session(memory="2M", patchset="v1")).frame()["cache"]["on"] == "on"
    assert "on" not in Controller(Session(memory="2M")).frame()["cache"]


def test_without_rcu_lock_the_path_has_no_bracket_and_hooks_have_no_notifier() -> None:
    drawn = {}
    for patchset in ("v3", "v2", "v1,no-word-toggle"):
        controller = Controller(play("fd-bomb"))
        if patchset != "v3":
            controller.do({"action": "become", "changes": {"patchset": patchset}})
        controller.do({"action": "seek", "n": 480})
        path = controller.frame()["path"]
        drawn[patchset] = ("rcu" in path, {"notifier", "kmem hook"} & {node["fn"] for node in path["nodes"]})
    assert drawn == {
        "v3": (True, {"notifier"}), "v2": (True, {"kmem hook"}), "v1,no-word-toggle": (False, {"kmem hook"}),
    }  # fmt: skip


def test_the_switches_card_offers_versions_that_understand_the_same_commands() -> None:
    (switch,) = (each for each in SWITCHES if each.name == "patchset")
    assert all("word-toggle" not in switches(value) for value, _ in switch.choices)
    assert len({frozenset(switches(value)) for value, _ in switch.choices}) == len(switch.choices)
