"""Fault injection at the shell: who is to blame is said in hints and explanations, and time goes to and fro through it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.explain_words import LONGEST, SOURCES
from kmemlab.lab.controller import Controller

DEBUG = "/sys/kernel/debug"


def prepared(**keywords: Any) -> Session:
    """Task 2 in `blue`, struct files accounted."""
    session = Session(memory="1M", **keywords)
    session.run(
        "mount -t container -o kmem none /containers",
        "mkdir /containers/blue",
        "echo 1 > /sys/slab/filp/cache_account",
        "fork",
        "echo 2 > /containers/blue/tasks",
        f"echo 0 > {DEBUG}/fail_page_alloc/min-order",
    )
    return session


def events(session: Session) -> list[dict[str, Any]]:
    return [event.to_dict() for event in session.records("events")]


def sentences(session: Session, kind: str) -> list[str]:
    """What the last event of a kind says, step by step."""
    last = max(event["n"] for event in events(session) if event["kind"] == kind)
    session.seek(last)
    session.machine.check()
    told = [step.to_dict()["sentence"] for step in session.records("steps")]
    session.seek(session.length)
    return told


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("failslab", "fault", "failslab was injected: no filp, though there is room."),
        ("fail_page_alloc", "fault", "fail_page_alloc was injected: a page is refused."),
        ("fail_page_alloc", "nopage", "fail_page_alloc was injected: no page for filp."),
        ("fail_charge", "refused", "fail_charge was injected: refused, though it fits the limit."),
    ],
)
def test_a_refusal_by_a_fault_says_so_and_blames_nothing_else(fault: str, kind: str, says: str) -> None:
    session = prepared()
    session.run(f"echo 100 > {DEBUG}/{fault}/probability")
    session.run("as 2 open 1")
    result = session.results[-1]
    assert result.errno == errno.ENFILE
    assert result.hint == f"{fault} injected 1 fault: no limit was hit and memory is not out"
    told = sentences(session, kind)
    assert says in told
    assert not [each for each in told if "bytes left" in each or "memory is out" in each]


def test_an_owner_array_that_a_fault_takes_away_is_explained() -> None:
    session = prepared()
    session.run(f"echo 2 > {DEBUG}/failslab/interval", f"echo 100 > {DEBUG}/failslab/probability", "as 2 open 1")
    assert "failslab was injected: no owner array, so no slab." in sentences(session, "nopage")


def test_a_true_refusal_in_the_same_command_keeps_its_hint() -> None:
    session = prepared()
    session.run("echo -n 256 > /containers/blue/kmem.limit", f"echo 100 > {DEBUG}/failslab/probability", "as 2 open 3")
    result = session.results[-1]
    assert "(2 of 3 refused)" in result.err
    assert result.hint == "There was no struct file to be had: no memory, or the container's limit.; failslab injected 1 fault"
    assert any("bytes left" in each for each in sentences(session, "refused"))


def test_a_refusal_for_another_reason_keeps_its_hint() -> None:
    session = prepared()
    session.run("as 2 mmap 1", f"echo 100 > {DEBUG}/failslab/probability", "as 2 touch 9")
    assert "untouched map" in session.results[-1].hint


def test_the_knobs_go_to_and_fro_with_the_session(tmp_path: Path) -> None:
    session = prepared(seed=11)
    session.run(f"echo -1 > {DEBUG}/failslab/times", f"echo 40 > {DEBUG}/failslab/probability", "as 2 open 30")
    course, state = session.results[-1], session.machine.state()
    assert "injected" in course.hint
    assert session.undo() == "as 2 open 30"
    session.run("as 2 open 30")
    assert (session.results[-1], session.machine.state()) == (course, state)
    session.seek(0)
    assert session.look(f"cat {DEBUG}/failslab/times").out == "1"  # type: ignore[union-attr]
    session.seek(session.length)
    assert session.machine.state() == state
    for n in range(session.length, 0, -1):
        session.seek(n)
        session.machine.check()
        for step in session.records("steps"):
            assert 0 < len(step.to_dict()["sentence"]) <= LONGEST
            assert not (step.to_dict()["sentence"].endswith("…") and "injected" in step.to_dict()["sentence"])
    session.seek(session.length)
    session.save(tmp_path / "faults.json")
    assert Session.load(tmp_path / "faults.json").machine.state() == state


def test_the_lab_draws_every_event_of_a_session_with_faults() -> None:
    session = prepared()
    for fault in ("failslab", "fail_page_alloc", "fail_charge"):
        session.run(f"echo 100 > {DEBUG}/{fault}/probability", "as 2 open 2")
    controller = Controller(session)
    for n in range(session.length + 1):
        controller.do({"action": "seek", "n": n})
        frame = controller.frame()
        assert "notice" not in frame
        assert frame["position"] == n


def test_a_turned_knob_is_told_and_explained_by_man() -> None:
    session = prepared()
    session.run(f"echo 7 > {DEBUG}/fail_page_alloc/interval")
    assert sentences(session, "command")[-1] == "Fault injection: interval of fail_page_alloc is 7."
    pages = {session.look(f"man {topic}").out for topic in ("faults", f"{DEBUG}/failslab", "min-order", "fail_charge")}  # type: ignore[union-attr]
    assert len(pages) == 1
    assert "probability" in pages.pop()
    session.run(f"echo lots > {DEBUG}/failslab/times")
    assert session.results[-1].err == "sh: write error: Invalid argument"


def test_where_a_fault_comes_from_can_be_read_in_full() -> None:
    session = prepared()
    session.run(f"echo 100 > {DEBUG}/failslab/probability", "as 2 open 1")
    fault = next(event["n"] for event in events(session) if event["kind"] == "fault")
    session.seek(fault)
    assert session.records("steps")[1].to_dict()["source"] in SOURCES
