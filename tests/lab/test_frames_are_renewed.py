"""A frame that is renewed from the last one is the frame that is built from nothing, and what is sent for it is small."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.lab.controller import Controller
from kmemlab.lab.history import POINTS, History, Line, stretches
from kmemlab.lab.patch import difference, merged
from kmemlab.lab.slabsection import turns
from kmemlab.scenarios import play
from kmemlab.survey import slab_rows

LIMIT = 2000  # bytes of a single object's step


def from_nothing(one: Controller) -> dict[str, Any]:
    """Build the same frame with nothing remembered."""
    other = Controller(one.session)
    kept = other.look.pages
    other.look.__dict__.update(one.look.__dict__)
    other.look.pages = kept
    return other.frame()


def act(one: Controller, chance: random.Random) -> dict[str, Any]:
    """Return something that a person may do next."""
    session = one.session
    pids = sorted(session.machine.tasks.by_pid)
    pid, cpu = chance.choice(pids), chance.randrange(2)
    line = chance.choice(
        [
            f"as {pid}@{cpu} open {chance.randrange(1, 40)}", f"as {pid}@{cpu} close {chance.randrange(30)}", "fork",
            f"as {pid} close all", f"echo {pid} > /containers/{chance.choice('ab')}/tasks", "fork 3", "close all",
            f"echo {chance.randrange(2)} > /sys/slab/filp/cache_account", "echo 1 > /sys/slab/filp/shrink",
            f"echo -n {chance.randrange(1, 9000)} > /containers/{chance.choice('ab')}/kmem.limit", "cat /proc/slabinfo",
            f"echo {chance.randrange(2)} > /sys/devices/system/cpu/cpu1/online", "mkdir /containers/c", "rmdir /containers/c",
            f"as {pid} exit",
        ]
    )  # fmt: skip
    return chance.choice(
        [
            {"action": "run", "line": line}, {"action": "run", "line": line}, {"action": "step"}, {"action": "step"},
            {"action": "back"}, {"action": "event", "by": chance.randrange(-5, 6)}, {"action": "undo"}, {"action": "last"},
            {"action": "seek", "n": chance.randrange(session.length + 1)}, {"action": "mark", "by": chance.choice([1, -1])},
            {"action": "cache", "name": chance.choice(["filp", "dentry", "task_struct", "kmalloc-64"])},
            {"action": "object", "slab": chance.randrange(4), "slot": chance.randrange(8)}, {"action": "object"},
            {"action": "twin", "on": chance.random() < 0.5}, {"action": "tab", "name": chance.choice(["slabs", "tree"])},
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("debug", [False, True])
def test_a_frame_that_was_patched_and_renewed_is_the_frame_built_from_nothing(seed: int, debug: bool) -> None:
    chance = random.Random(seed)
    boot = "slub_debug=FZPU" if debug else ""
    one = Controller(Session(memory="2M", cpus=2, boot=boot))
    for line in ("mount -t container -o kmem none /containers", "mkdir /containers/a", "mkdir /containers/b", "fork 4"):
        one.do({"action": "run", "line": line})
    page = one.frame()
    for _ in range(60):
        asked = act(one, chance)
        one.do(asked)
        frame = one.frame()
        page = merged(page, json.loads(json.dumps(difference(page, frame))))
        assert page == frame, asked
        assert frame == from_nothing(one), asked


@pytest.mark.parametrize("seed", range(12))
def test_what_commands_do_to_slabs_that_no_event_names_is_seen(seed: int) -> None:
    chance = random.Random(seed)
    boot = "slub_debug=FZPU,filp" if seed % 3 == 0 else ""
    one = Controller(Session(memory="2M", cpus=2, boot=boot))
    session = one.session
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/a", "fork 3", "echo 3 > /containers/a/tasks")
    session.run(*[f"as {2 + n % 3}@{n % 2} open 13" for n in range(12)])
    page = one.frame()
    for _ in range(60):
        pid, cpu = chance.randrange(2, 5), chance.randrange(2)
        line = chance.choice(
            [
                f"as {pid}@{cpu} open {chance.randrange(1, 4)}", f"as {pid}@{cpu} close {chance.randrange(60)}",
                f"as {pid}@{cpu} close {chance.randrange(60)}", f"as {pid}@{cpu} open 1", "echo 1 > /sys/slab/filp/shrink",
                f"echo {chance.randrange(2)} > /sys/devices/system/cpu/cpu1/online",
                f"echo {chance.randrange(2)} > /sys/slab/filp/cache_account",
                f"poke filp {chance.randrange(6)}.{chance.randrange(12)}+{8 * chance.randrange(40)} 7", "cat /proc/slabinfo",
                "echo 1 > /sys/slab/filp/validate",
            ]
        )  # fmt: skip
        one.do({"action": "run", "line": line})
        frame = one.frame()
        page = merged(page, difference(page, frame))
        assert page == frame, line
        assert frame == from_nothing(one), line


def test_slabs_that_lose_their_owner_arrays_are_read_again() -> None:
    one = Controller(Session(memory="2M", cpus=4))
    one.session.run("mount -t container -o kmem none /containers", "echo 1 > /sys/slab/filp/cache_account")
    one.session.run("as 1@1 open 1", "as 1@2 open 1", "as 1@3 open 1", "close all")
    one.session.run(*[f"echo 0 > /sys/devices/system/cpu/cpu{cpu}/online" for cpu in (1, 2, 3)])
    assert [row["array"] for row in one.frame()["slabs"]["rows"].values()] == [True] * 3
    one.do({"action": "run", "line": "echo 0 > /sys/slab/filp/cache_account"})
    assert [row["array"] for row in one.frame()["slabs"]["rows"].values()] == [False] * 3
    assert one.frame() == from_nothing(one)


def test_a_machine_that_went_back_and_forth_between_two_frames_is_read_again() -> None:
    one = Controller(Session(memory="2M", cpus=2))
    session = one.session
    session.run("open 1000", "close 5")
    one.frame()
    session.undo()
    session.run("close 900", "close 901")
    one.rest()
    assert one.frame() == from_nothing(one)


@pytest.mark.parametrize("seed", range(4))
def test_the_rows_of_the_frame_are_the_records_of_the_machine(seed: int) -> None:
    chance = random.Random(seed)
    one = Controller(Session(memory="2M", cpus=2))
    for line in ("mount -t container -o kmem none /containers", "mkdir /containers/a", "mkdir /containers/b", "fork 4"):
        one.do({"action": "run", "line": line})
    for _ in range(40):
        one.do(act(one, chance))
        one.look.step = one.frame()["steps"]  # the event's end: what the machine has
        frame, machine = one.frame(), one.session.machine
        cache = machine.caches[one.look.cache]
        records = slab_rows(machine, cache)
        slabs = frame["slabs"]
        listed = [*slabs["cpus"].values(), *slabs["partial"], *slabs["full"]]
        assert listed == [record.number for record in records]
        idents = {each["path"]: each["id"] for each in frame["containers"]}
        for record in records:
            row = slabs["rows"][str(record.number)]
            assert (row["pfn"], row["inuse"], row["array"]) == (record.pfn, record.inuse, record.array)
            assert row.get("free", []) == list(record.freelist)
            owners = [-1 if path is None else idents[path] for path in record.owners]
            assert [-2 if cell in record.freelist else owner for cell, owner in enumerate(owners)] == row["owners"]
            turn = turns(row)
            assert {cell for cell, place in enumerate(turn) if place < 0} == set(record.remote)
            assert [abs(turn[cell]) for cell in record.freelist] == list(range(1, len(record.freelist) + 1))


def crowd(objects: int) -> Controller:
    """A machine with so many objects of filp, owned by two containers, with a dozen partial slabs."""
    session = Session(memory=f"{objects // 2048 + 8}M", cpus=2)
    session.run(
        "mount -t container -o kmem none /containers", "mkdir /containers/red", "mkdir /containers/blue",
        "echo 1 > /sys/slab/filp/cache_account", "fork 3", "echo 2 > /containers/red/tasks", "echo 3 > /containers/blue/tasks",
        f"as 2@0 open {objects // 3}", f"as 3@1 open {objects - objects // 3}",
        *[f"as 2@1 close {objects // 5 + 17 * n}" for n in range(12)], "as 3@1 open 1",
    )  # fmt: skip
    return Controller(session)


@pytest.mark.parametrize("objects", [1_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_one_object_is_sent_in_under_two_thousand_bytes(objects: int) -> None:
    chance = random.Random(objects)
    one = crowd(objects)
    page = one.frame()
    sizes: dict[str, int] = {}
    for _ in range(90):
        lines = [
            f"as {2 + (n := chance.randrange(2))}@{chance.randrange(2)} open 1",
            f"as {2 + n} close {chance.randrange(300)}",
        ]
        asked = chance.choice(
            [{"action": "step"}, {"action": "back"}, {"action": "run", "line": lines[0]}, {"action": "run", "line": lines[1]}]
        )
        before = one.session.position
        one.do(asked)
        frame = one.frame()
        patch = difference(page, frame)
        page = frame
        if "twin" in patch or abs(one.session.position - before) > 3:
            continue
        name = asked["action"] if "line" not in asked else asked["line"].split()[2]
        sizes[name] = max(sizes.get(name, 0), len(json.dumps(patch, separators=(",", ":"))))
    assert set(sizes) == {"step", "back", "open", "close"}
    assert max(sizes.values()) < LIMIT, sizes


@pytest.mark.parametrize("name", ["fd-bomb", "quiet"])
def test_an_event_more_changes_little_of_the_lines_at_any_length(name: str) -> None:
    session = play(name)
    history = History()
    before: dict[str, Any] = {}
    for n in range(1, session.length + 1):
        history.extend(session.log, n)
        drawn = history.drawn("filp")
        assert max(len(line) for line in drawn["usage"].values() or [[]]) <= POINTS + 1
        if before:
            assert len(json.dumps(difference(before, drawn), separators=(",", ":"))) < LIMIT // 2, n
        before = drawn
    again = History()
    again.extend(session.log, session.length)
    assert again.drawn("filp") == before


def test_every_value_of_a_thinned_line_is_one_it_had() -> None:
    chance = random.Random(1)
    line = Line()
    values = {0: 0}
    for n in range(1, 5000):
        if chance.random() < 0.6:
            line.add(n, chance.randrange(-50, 60))
            values[n] = line.values[-1]
    for length in (4999, 5000, 6399, 6400, 6401):
        thin = line.thin(stretches(length)[0])
        assert thin[-1] == [max(values), values[max(values)]]
        assert all(values[n] == value for n, value in thin)
        assert POINTS // 3 < len(thin) <= POINTS + 1


@pytest.mark.parametrize("length", [0, 1, 399, 400, 401, 402, 799, 800, 801, 1600, 1601, 12345, 10**6])
def test_stretches_cover_everything_and_are_about_as_many_as_a_picture_shows(length: int) -> None:
    ends, coarse, fine = stretches(length)
    assert ends[0] == 0
    assert ends == sorted(set(ends))
    assert length <= ends[-1] < length + fine
    assert len(ends) <= POINTS + 1
    assert all(b - a == (2 * fine if b <= coarse else fine) for a, b in itertools.pairwise(ends))
