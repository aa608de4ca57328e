"""Time travel over runs of a release agent, and over renames: there and back, every event is the same."""

from __future__ import annotations

import pytest

from kmemlab import Session
from kmemlab.explain import steps_of
from kmemlab.explain_words import LONGEST
from kmemlab.records import EventRow

LINES = [
    "mount -t container -o kmem,release_agent=/sbin/agent none /containers",
    "mkdir /containers/web",
    "echo 1 > /containers/web/notify_on_release",
    "echo 1 > /sys/slab/filp/cache_account",
    "fork",
    "echo 1000 > /proc/2/uid",
    "echo 2 > /containers/web/tasks",
    "as 2 open 3",
    "echo 2 > /containers/tasks",
    "mv /containers/web /containers/www",
    "as 2 close all",
    "mount -o remount,kmem,release_agent=/other /containers",
    "echo 2 > /containers/www/tasks",
    "kill 2",
    "rmdir /containers/www",
]


@pytest.fixture
def session() -> Session:
    made = Session(memory="512K")
    made.run(*LINES)
    return made


def agents(session: Session) -> list[EventRow]:
    return [row for row in session.records("events") if isinstance(row, EventRow) and row.kind == "agent"]


def test_two_runs_are_two_events_of_the_commands_that_caused_them(session: Session) -> None:
    assert [(row.command, row.container) for row in agents(session)] == [(11, "/www"), (14, "/www")]
    hints = [result.hint for result in session.results if result.hint.startswith("release agent")]
    assert hints == ["release agent /sbin/agent would run with /www", "release agent /other would run with /www"]


def test_every_event_is_the_same_on_the_way_back_and_forth_again(session: Session) -> None:
    on_the_way = {}
    for n in range(session.length + 1):
        session.seek(n)
        session.machine.check()
        on_the_way[n] = session.machine.state_hash()
    for n in range(session.length, -1, -1):
        session.seek(n)
        assert session.machine.state_hash() == on_the_way[n], f"event {n}"


def test_the_event_has_a_story_in_one_short_sentence(session: Session) -> None:
    session.seek(agents(session)[0].n)
    (step,) = steps_of(session)
    assert (step.fn, step.value) == ("cgroup_release_agent", "/sbin/agent /www")
    assert 0 < len(step.sentence) <= LONGEST
    assert session.machine.containers.released.runs == [("/sbin/agent", "/www")]


def test_before_the_rename_events_speak_of_the_old_path(session: Session) -> None:
    session.seek(session.ends[8])
    charged = {row.container for row in session.records("events") if isinstance(row, EventRow) and row.kind == "alloc"}
    assert charged == {"/", None, "/web"} or charged == {None, "/web"}
    session.seek(session.length)
    charged = {row.container for row in session.records("events") if isinstance(row, EventRow) and row.kind == "alloc"}
    assert "/www" in charged
    assert "/web" not in charged


def test_undo_takes_a_run_back(session: Session) -> None:
    session.undo()
    session.undo()
    assert len(session.machine.containers.released.runs) == 1
    assert session.run("kill 2")[0].hint == "release agent /other would run with /www"
