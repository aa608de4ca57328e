"""Forward, back, anywhere, saved and loaded: the machine at event n is the machine that met event n on its way."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Machine, Session
from kmemlab.checkpoints import MOST
from kmemlab.engine.errors import KernelError
from kmemlab.engine.events import Stopped
from kmemlab.engine.kmem_cache import Slab
from kmemlab.engine.tasks import Task
from kmemlab.explain import steps_of
from kmemlab.explain_words import LONGEST
from kmemlab.recordings import ForeignFileError
from kmemlab.survey import container_rows, event_rows, page_rows, slab_rows
from kmemlab.survey_bytes import flow_rows

BOOT: dict[str, Any] = {"slub": "2.6.24", "cpus": 2, "memory": "512K"}

# Of everything something: a refusal by limit, by memory, by a rule; frees on another cpu; a shrink with several slabs.
MIXED = [
    "mount -t container -o kmem none /containers",
    "mkdir /containers/web /containers/bomb",
    "echo 1 > /sys/slab/filp/cache_account",
    "fork 2",
    "echo 2 > /containers/bomb/tasks",
    "echo -n 6000 > /containers/bomb/kmem.limit",
    "as 2@0 open 30",
    "as 3@1 open 36",
    "as 3@0 close 1-14 20",
    "opne",
    "as 2@1 close 0-15 17 18",
    "echo 1 > /sys/slab/filp/shrink",
    "echo 0 > /sys/slab/filp/cache_account",
    "as 3 fork",
    "as 2 exit",
    "rmdir /containers/bomb",
    "kill 3",
    "echo 1 > /sys/slab/filp/shrink",
]


@pytest.fixture(scope="module")
def mixed() -> Session:
    session = Session(**BOOT)
    session.run(*MIXED)
    return session


def fresh_machine_at(n: int) -> Machine:
    """Boot another machine and run it up to event n: no checkpoint, no restoring."""
    machine = Machine(**BOOT)
    assert machine.log is not None
    machine.log.stop_at = n or -1
    try:
        for line in MIXED if n else []:
            machine.run(line)
    except Stopped:
        pass
    return machine


def test_the_mixed_session_is_as_mixed_as_it_says(mixed: Session) -> None:
    mixed.seek(mixed.length)
    kinds = {row.kind for row in event_rows(mixed.machine, mixed.log)}
    assert kinds == {"newpage", "freepage", "alloc", "free", "refused", "switched", "command"}
    assert 150 < mixed.length < 500
    assert {result.errno for result in mixed.results} >= {0, 2, 16, 23}


def test_every_event_sought_is_the_machine_that_met_it_on_the_way(mixed: Session) -> None:
    for n in [*range(mixed.length, -1, -1)]:
        assert mixed.seek(n) == n == mixed.position
        assert mixed.machine.state() == fresh_machine_at(n).state(), f"event {n}"


def test_forward_and_in_leaps_is_as_good_as_backward(mixed: Session) -> None:
    mixed.seek(mixed.length)
    states = {n: (mixed.seek(n), mixed.machine.state_hash())[1] for n in range(mixed.length + 1)}
    for n in range(0, mixed.length * 7, 37):
        mixed.seek(n % (mixed.length + 1))
        assert mixed.machine.state_hash() == states[n % (mixed.length + 1)]


def test_at_every_event_the_machine_is_whole_and_can_be_drawn(mixed: Session) -> None:
    for n in range(mixed.length + 1):
        mixed.seek(n)
        mixed.machine.check()
        assert container_rows(mixed.machine)[0].path == "/"
        pages = page_rows(mixed.machine)
        assert sum(1 << row.order for row in pages) == mixed.machine.slub.pages.nr_pages
        assert sum(row.bytes for row in flow_rows(mixed.machine, mixed.log) if not row.refused) == 4096 * sum(
            1 << row.order
            for row in pages
            if row.cache  # pages that wait for their owner array are no slab yet
        )
        for cache in mixed.machine.slub.caches:
            assert len(slab_rows(mixed.machine, cache)) == cache.nr_slabs


def test_at_every_event_there_is_a_story_in_short_sentences(mixed: Session) -> None:
    assert mixed.seek(0) == 0
    assert steps_of(mixed) == ()
    for n in range(1, mixed.length + 1):
        mixed.seek(n)
        steps = steps_of(mixed)
        assert steps
        for step in steps:
            assert 0 < len(step.sentence) <= LONGEST
            assert step.fn
            assert step.value
            assert step.source
        refused = next(event_rows(mixed.machine, mixed.log, n, n)).kind == "refused"
        assert any(step.lane == "unwind" for step in steps) == refused


def test_in_the_middle_of_a_shrink_the_slabs_that_are_being_sorted_are_not_called_full() -> None:
    session = Session(**{**BOOT, "cpus": 1})
    session.run("open 40", "close 0", "close 32-39", "echo 1 > /sys/slab/filp/shrink")
    session.seek(session.length - 1)  # the empty slab has just gone; the partial one is in a bucket of kmem_cache_shrink
    session.machine.check()
    (first, _) = sorted(slab_rows(session.machine, session.machine.find_cache("filp")), key=lambda row: row.number)
    assert (first.inuse, first.where) != (15, "full")


def test_beyond_either_end_is_that_end(mixed: Session) -> None:
    assert (mixed.seek(-5), mixed.seek(10**9)) == (0, mixed.length)
    assert mixed.back(3) == mixed.length - 3
    assert mixed.back(10**9) == 0


def test_a_command_after_going_back_drops_those_that_came_later() -> None:
    session = Session(**BOOT)
    session.run("open 3", "open 4", "open 5")
    session.seek(session.ends[0])
    assert session.commands == ["open 3", "open 4", "open 5"]
    session.run("close 1")
    other = Session(**BOOT)
    other.run("open 3", "close 1")
    assert session.commands == other.commands == ["open 3", "close 1"]
    assert (session.position, session.length, len(session.results)) == (other.position, other.length, 2)
    assert session.machine.state_hash() == other.machine.state_hash()


def test_a_command_from_the_middle_of_one_starts_where_that_one_began() -> None:
    session = Session(**BOOT)
    session.run("open 3", "open 4")
    session.seek(session.ends[0] + 2)
    session.run("fork")
    other = Session(**BOOT)
    other.run("open 3", "fork")
    assert session.commands == ["open 3", "fork"]
    assert session.machine.state_hash() == other.machine.state_hash()


def test_what_came_after_is_kept_until_then() -> None:
    session = Session(**BOOT)
    session.run("open 3", "open 4")
    end = session.machine.state_hash()
    session.seek(1)
    session.seek(session.length)
    assert session.machine.state_hash() == end


def test_undo_takes_the_last_command_back_and_says_which() -> None:
    session = Session(**BOOT)
    boot = session.machine.state_hash()
    session.run("open 3")
    one = session.machine.state_hash()
    session.run("fork 2")
    assert session.undo() == "fork 2"
    assert (session.machine.state_hash(), session.commands) == (one, ["open 3"])
    assert session.undo() == "open 3"
    assert (session.machine.state_hash(), session.commands, session.position) == (boot, [], 0)
    assert session.undo() == ""


def test_a_refused_command_stops_nothing_and_dots_are_not_an_answer() -> None:
    session = Session(**BOOT)
    results = session.run("opne", ..., "open 1")  # type: ignore[arg-type]
    assert [result.status for result in results] == [127, 0, 0]
    assert "not answered yet" in results[1].err
    assert session.commands == ["opne", "open 1"]
    assert "Did you mean open?" in repr(results)


def test_with_many_events_checkpoints_stay_few_and_seeking_stays_right() -> None:
    session = Session(slub="2.6.23", cpus=1, memory="512K")
    hashes = {0: session.machine.state_hash()}
    for _ in range(90):
        session.run("open 400", "close 0-399")
        hashes[session.position] = session.machine.state_hash()
    assert session.length > 70_000
    assert len(session.checkpoints) <= MOST
    for position in list(hashes)[::-13]:
        session.seek(position)
        assert session.machine.state_hash() == hashes[position]


def test_checkpoints_of_commands_that_were_dropped_are_never_gone_back_to() -> None:
    session = Session(**BOOT)
    for _ in range(6):
        session.run("open 300", "close 0-299")
    session.seek(session.ends[1])
    other = Session(**BOOT)
    other.run("open 300", "close 0-299")
    for each in (session, other):
        for _ in range(5):
            each.run("fork", "as 2 open 200", "as 2 close all")
    assert session.commands == other.commands
    for position in other.ends[::-1]:
        session.seek(position)
        other.seek(position)
        assert session.machine.state() == other.machine.state()


def test_after_a_look_into_the_middle_of_a_command_nothing_is_half_done() -> None:
    session = Session(**BOOT)
    session.run("open 20", "close all")
    session.seek(session.ends[0] + 5)
    assert session.log.stopped
    session.seek(session.length)
    assert not session.log.stopped
    session.seek(3)
    session.run("open 1")
    assert not session.log.stopped


def test_a_recorded_trace_is_stepped_through_like_anything_else() -> None:
    session = Session(memory="64M")
    boot = session.machine.state_hash()
    session.run("open 2", "replay fd start", "replay fd 400", "replay fd 300")
    end = session.machine.state_hash()
    middle = session.ends[2]
    session.seek(middle)
    halfway = session.machine.state_hash()
    session.seek(session.length)
    assert session.machine.state_hash() == end
    session.seek(middle)
    assert session.machine.state_hash() == halfway
    session.seek(0)
    assert session.machine.state_hash() == boot, "back at boot the machine is not as it was at boot"


def test_a_recorded_trace_goes_on_after_one_has_been_back_at_boot() -> None:
    session = Session(memory="64M")
    session.run("replay fd start", *["replay fd 3000"] * 4)
    hashes = {0: Session(memory="64M").machine.state_hash(), session.length: session.machine.state_hash()}
    for position in (*session.ends[:-1], 0, session.length, 0, session.ends[2], session.length):
        session.seek(position)
        assert hashes.setdefault(position, session.machine.state_hash()) == session.machine.state_hash()
    session.seek(0)
    session.seek(session.length)
    assert session.run("replay fd 10")[0].out.startswith("12,010 of 82,043 operations")


# -- saving


def test_a_saved_session_is_the_same_when_it_is_loaded(tmp_path: Path) -> None:
    session = Session(**BOOT)
    session.run(*MIXED[:8])
    session.seek(session.ends[6] + 3)
    session.view = {"tab": "slabs"}
    session.save(tmp_path / "lab.json")
    loaded = Session.load(tmp_path / "lab.json")
    assert loaded.to_dict() == session.to_dict()
    assert loaded.machine.state_hash() == session.machine.state_hash()
    assert [result.out for result in loaded.results] == [result.out for result in session.results]


def test_the_file_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    session = Session(**BOOT)
    session.run("open 1")
    session.save(tmp_path / "lab.json")
    saved = json.loads((tmp_path / "lab.json").read_text())
    assert list(saved) == ["kmemlab_session", "profile", "commands", "position", "view"]
    assert (saved["kmemlab_session"], saved["commands"]) == (1, ["open 1"])
    assert saved["profile"]["slub"] == "2.6.24"
    assert [each.name for each in tmp_path.iterdir()] == ["lab.json"]


def test_a_save_that_fails_leaves_the_old_file_whole(tmp_path: Path) -> None:
    session = Session(**BOOT)
    session.save(tmp_path / "lab.json")
    before = (tmp_path / "lab.json").read_text()
    session.view = {"x": object()}
    with pytest.raises(TypeError):
        session.save(tmp_path / "lab.json")
    assert (tmp_path / "lab.json").read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ["lab.json"]


GOOD = {"kmemlab_session": 1, "profile": {"memory": "1M"}, "commands": [], "position": 0, "view": {}}
FOREIGN: list[tuple[str, str, int, str]] = [
    ("newer", json.dumps({**GOOD, "kmemlab_session": 2}), 1, "update kmemlab"),
    ("foreign", json.dumps({"cells": []}), 1, "a kmemlab session"),
    ("list", "[]", 1, "a kmemlab session"),
    ("truncated", json.dumps(GOOD, indent=1)[:-30], 6, "JSON"),
    ("empty", "", 1, "JSON"),
    ("text", "hello\n", 1, "JSON"),
    ("commands", json.dumps({**GOOD, "commands": "open"}), 1, "commands"),
    ("command", json.dumps({**GOOD, "commands": [1]}), 1, "commands"),
    ("position", json.dumps({**GOOD, "position": "end"}), 1, "position"),
    ("profile", json.dumps({**GOOD, "profile": {"slub": "3.0"}}), 1, "profile"),
    ("option", json.dumps({**GOOD, "profile": {"colour": "red"}}), 1, "profile"),
    ("boot", json.dumps({**GOOD, "profile": {"boot": 5}}), 1, "profile"),
    ("memory", json.dumps({**GOOD, "profile": {"memory": [1]}}), 1, "profile"),
    ("cpus", json.dumps({**GOOD, "profile": {"cpus": "2"}}), 1, "profile"),
    ("half a cpu", json.dumps({**GOOD, "profile": {"cpus": 1.5}}), 1, "profile"),
    ("view", json.dumps({**GOOD, "view": []}), 1, "view"),
]


@pytest.mark.parametrize(("text", "line", "words"), [row[1:] for row in FOREIGN], ids=[row[0] for row in FOREIGN])
def test_what_is_no_session_is_refused_with_one_sentence_that_names_file_and_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    file = tmp_path / "lab.json"
    file.write_text(text)
    with pytest.raises(ForeignFileError) as refusal:
        Session.load(file)
    said = str(refusal.value)
    assert said.startswith(f"{file}:{line}: expected ")
    assert ", found " in said
    assert words in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "change",
    [
        {"kmemlab_session": True},
        {"kmemlab_session": 0},
        {"position": -3},
        {"position": 1_000_000},
        {"profile": {"caches": 5}},
        {"profile": {"pages": "x"}},
    ],
    ids=str,
)
def test_a_session_file_that_was_tampered_with_is_refused(change: dict[str, object]) -> None:
    session = Session(memory="1M")
    session.run("fork")
    saved = session.to_dict()
    assert Session.from_dict(saved).position == session.position > 0
    with pytest.raises(ForeignFileError):
        Session.from_dict({**saved, **change})


def test_a_session_that_cannot_be_saved_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as refusal:
        Session(memory="1M").save(tmp_path / "nowhere" / "x.json")
    assert refusal.value.filename == str(tmp_path / "nowhere" / "x.json")


def test_a_file_that_is_not_there_or_not_text_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(ForeignFileError, match="no such file"):
        Session.load(tmp_path / "nope.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ForeignFileError, match="JSON"):
        Session.load(tmp_path / "bytes.json")


@settings(max_examples=25)
@given(
    lines=st.lists(
        st.sampled_from([*MIXED, "open 5", "close all", "as 2 open 3", "as 2@0 close 0", "fork", "mkdir /containers/x"]),
        max_size=12,
    ),
    seeks=st.lists(st.integers(0, 400), max_size=6),
)
def test_whatever_was_run_and_wherever_one_went_the_commands_tell_the_state(lines: list[str], seeks: list[int]) -> None:
    session = Session(**BOOT)
    session.run(*lines)
    for n in seeks:
        session.seek(n)
    session.run("ls")
    again = Session(**BOOT)
    again.run(*session.commands)
    assert again.machine.state_hash() == session.machine.state_hash()
    assert again.ends == session.ends


def travelled(checkpoint_bytes: int) -> tuple[Session, dict[int, str]]:
    """A session of many commands with that much room for checkpoints, and its machine's hash at each position seen."""
    session = Session(slub="2.6.23", cpus=1, memory="512K", checkpoint_bytes=checkpoint_bytes)
    hashes = {0: session.machine.state_hash()}
    for _ in range(20):
        session.run("open 400", "close 0-399")
        hashes[session.position] = session.machine.state_hash()
    return session, hashes


def test_checkpoints_take_no_more_memory_than_the_session_was_told() -> None:
    roomy, hashes = travelled(64 << 20)
    assert len(roomy.checkpoints) > 8
    room = roomy.checkpoints.bytes_kept // 4
    tight, again = travelled(room)
    assert again == hashes
    assert 0 < tight.checkpoints.bytes_kept <= room
    for position in list(hashes)[::-3]:
        assert tight.seek(position) == position
        assert tight.machine.state_hash() == hashes[position]


def test_with_no_room_for_checkpoints_only_boot_is_kept_and_the_way_back_is_not_lost() -> None:
    session, hashes = travelled(0)
    assert len(session.checkpoints) == 1
    assert 0 in session.checkpoints
    assert session.checkpoints.bytes_kept == 0
    for position in list(hashes)[::-5]:
        session.seek(position)
        assert session.machine.state_hash() == hashes[position]


def test_less_than_no_room_is_refused() -> None:
    with pytest.raises(KernelError, match="keep none but boot"):
        Session(checkpoint_bytes=-1)


def test_what_goes_when_one_goes_back_waits_for_no_collector() -> None:
    session = Session(memory="2M", cpus=2)
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/a", "echo 1 > /sys/slab/filp/cache_account")
    session.run(
        "fork 12", "echo 2 > /containers/a/tasks", "as 2 open 90", "as 2 close 1 17 33 49", "as 3 open 400", "as 3 close all"
    )
    kinds = (Task, Slab)

    def living() -> list[int]:
        return [sum(type(each) is kind for each in gc.get_objects()) for kind in kinds]

    gc.collect()
    session.seek(0)
    session.seek(session.length)
    gc.collect()
    here = living()
    assert here[0] >= 13
    assert here[1] > 8
    gc.disable()
    try:
        for _ in range(10):
            session.seek(session.length - 500)
            session.seek(session.length)
        assert living() == here
    finally:
        gc.enable()
