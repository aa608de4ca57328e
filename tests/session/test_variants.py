"""The same commands on another machine or with other limits."""

from __future__ import annotations

import pytest

from kmemlab import Session
from kmemlab.engine.errors import KernelError
from kmemlab.scenarios import play
from kmemlab.variants import limited, variant


def story() -> Session:
    session = Session(memory="2M", cpus=2)
    session.run(
        "mount -t container -o kmem none /containers",
        "mkdir /containers/blue /containers/red",
        "echo -n 1024 > /containers/blue/kmem.limit",
        "echo -n many > /containers/blue/kmem.limit",
        "echo 1 > /sys/slab/filp/cache_account",
        "fork",
        "echo 2 > /containers/blue/tasks",
        "as 2 open 9",
    )
    return session


def limits(session: Session) -> dict[str, int | None]:
    return {str(row.to_dict()["path"]): row.to_dict()["limit"] for row in session.records("containers")}


def test_without_its_limit_the_same_story_has_the_same_events_up_to_the_refusal() -> None:
    session = story()
    before = session.to_dict()
    free = variant(session, limits={"/blue": None})
    assert (limits(session)["/blue"], limits(free)["/blue"]) == (1024, None)
    assert len(free.commands) == len(session.commands)
    refusal = next(row.to_dict()["n"] for row in session.records("events") if row.to_dict()["kind"] == "refused")
    for n in range(refusal):
        session.seek(n)
        free.seek(n)
        assert [r.to_dict()["usage"] for r in session.records("containers")] == [
            r.to_dict()["usage"] for r in free.records("containers")
        ]
    session.seek(session.length)
    assert session.to_dict() == before, "the session itself stays as it is"
    free.machine.check()


def test_a_limit_that_nobody_set_is_set_when_the_container_is_made() -> None:
    other = variant(story(), limits={"/red": 4096})
    assert limits(other) == {"/": None, "/blue": 1024, "/red": 4096}
    assert other.commands[2] == "echo -n 4096 > /containers/red/kmem.limit"


def test_a_refused_write_stays_what_it_was_and_another_containers_file_is_left_alone() -> None:
    session = story()
    session.run("mkdir /containers/red/blue", "echo -n 77 > /containers/red/blue/kmem.limit")
    lines = list(limited(session, {"/blue": 2048}))
    assert "echo -n 2048 > /containers/blue/kmem.limit" in lines
    assert "echo -n many > /containers/blue/kmem.limit" in lines
    assert "echo -n 77 > /containers/red/blue/kmem.limit" in lines


def test_the_root_and_names_with_spaces_have_limits_too() -> None:
    session = Session(memory="2M")
    session.run("mkdir /c", "mount -t container -o kmem none /c", 'mkdir "/c/a b"', 'echo -n 512 > "/c/a b/kmem.limit"')
    assert limits(variant(session, limits={"/a b": 1024, "/": 2048})) == {"/": 2048, "/a b": 1024}


def test_an_echo_of_nothing_set_no_limit() -> None:
    session = story()
    session.run("echo -n > /containers/red/kmem.limit")
    lines = list(limited(session, {"/red": 2048}))
    assert "echo -n > /containers/red/kmem.limit" in lines
    assert limits(variant(session, limits={"/red": 2048}))["/red"] == 2048


def test_another_machine_is_booted_and_stands_at_the_same_event() -> None:
    session = story()
    session.seek(12)
    other = variant(session, cpus=1, slub="2.6.23")
    assert (other.machine.profile.cpus, other.machine.profile.slub, other.position) == (1, "2.6.23", 12)


def test_what_cannot_be_is_refused_with_a_sentence() -> None:
    with pytest.raises(KernelError, match="no command makes a container '/green'"):
        variant(story(), limits={"/green": 1})
    with pytest.raises(KernelError, match="cpus=0"):
        variant(story(), cpus=0)


def test_a_session_becomes_its_variant_and_can_go_on_from_there() -> None:
    session = play("fd-bomb")
    history = session.history
    free = variant(session, limits={"/bomb": None})
    state = free.machine.state_hash()
    session.become(free)
    assert session.history > history
    assert session.machine.state_hash() == state
    session.seek(300)
    here = session.machine.state_hash()
    session.seek(session.length)
    assert session.machine.state_hash() == state
    session.seek(300)
    session.run("open 1")
    session.undo()
    session.seek(300)
    assert session.machine.state_hash() == here
    session.machine.check()
