"""A user's own step functions: run among ours, stopped when they do not end, and shown their own mistakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.races import At, Scene, explore, reduced
from kmemlab.races.operations import attach_rmdir, charge
from kmemlab.races.steps import Operation

from .test_explorer import one_by_one


def beside(mine: Operation, old: int = 0) -> Scene:
    """Put it in /a, with an attach and an rmdir beside it."""
    return Scene((("mine", mine), ("attach + rmdir", attach_rmdir)), old=old)


def looks_twice(at: At) -> Iterator[str]:
    yield "find"
    at.find()
    yield "look"
    at.look("my_own_function")


def careful(at: At) -> Iterator[str]:
    yield "lock, find, get, unlock"
    at.read_lock()
    at.find()
    at.get()
    at.read_unlock()
    yield "put"
    at.unwind()


def test_a_function_of_ones_own_is_explored_with_words_for_steps() -> None:
    found = explore(beside(looks_twice))
    worst = found.shortest()
    assert worst is not None
    assert worst.what == "use of a freed container: my_own_function on /a"
    assert worst.story[0] == ("mine", "find", "finds that task 2 is in /a")
    assert explore(beside(careful)).violations == 0


def test_what_it_keeps_in_variables_of_its_own_is_not_merged_away() -> None:
    def keeps(at: At) -> Iterator[str]:
        yield "read refs"
        before = at.container("/b").css["kmem"].refs
        yield "nothing"
        yield "compare"
        if before == 1:
            raise ValueError("it was one")

    what = Scene((("mine", keeps), ("attach", attach_rmdir)))
    found = explore(what)
    schedules, faults, _ = one_by_one(what)
    assert found.schedules == schedules
    assert {fault.what: (fault.schedules, len(fault.path)) for fault in found.faults} == faults
    assert list(faults) == ["mine raised ValueError: it was one"]
    assert 0 < found.violations < found.schedules
    assert {fault.what for fault in reduced(what).faults} == set(faults)


def test_what_two_of_them_tell_each_other_through_objects_is_not_merged_away() -> None:
    def writes(at: At) -> Iterator[str]:
        yield "write"
        at.objects["flag"] = 1
        yield "write again"
        at.objects["flag"] = 2

    def reads(at: At) -> Iterator[str]:
        yield "read"
        flag = at.objects.get("flag", 0)
        yield "think"
        if flag == 1:
            raise ValueError("half written")

    what = Scene((("writes", writes), ("reads", reads)))
    found = explore(what)
    schedules, faults, _ = one_by_one(what)
    assert (found.schedules, list(faults)) == (schedules, ["reads raised ValueError: half written"])
    assert [(fault.schedules, len(fault.path)) for fault in found.faults] == list(faults.values())


def test_one_that_yields_for_ever_is_stopped_with_a_sentence() -> None:
    def runaway(at: At) -> Iterator[str]:
        while True:
            yield "again"

    for search in (explore, reduced):
        with pytest.raises(KernelError, match=r"mine has not ended after 100 steps: a step function must return\.") as caught:
            search(Scene((("mine", runaway),)))
        assert caught.value.shell_words == "Connection timed out"


@pytest.mark.parametrize("where", ["before", "behind", "in one line"])
def test_one_that_never_yields_is_stopped_with_a_sentence(where: str) -> None:
    def runaway(at: At) -> Iterator[str]:
        if where == "before":
            while True:
                pass
        if where == "in one line":
            while True: pass  # fmt: skip  # noqa: E701
        yield "begin"
        while True:
            try:
                at.find()
            except Exception:
                continue

    with pytest.raises(KernelError, match=r"mine ran 1,000,000 instructions without a stop: yield before each step, and end\."):
        explore(Scene((("mine", runaway),)))


def test_a_runaway_changes_nothing_for_the_next_exploration() -> None:
    def runaway(at: At) -> Iterator[str]:
        while True:
            yield "again"

    fresh = explore(Scene((("charge", charge),)))
    with pytest.raises(KernelError):
        explore(Scene((("charge", charge), ("mine", runaway), ("attach", attach_rmdir))))
    again = explore(Scene((("charge", charge),)))
    assert (again.states, again.schedules, again.faults) == (fresh.states, fresh.schedules, fresh.faults)


def test_a_mistake_in_it_is_a_fault_with_its_schedule() -> None:
    def wrong(at: At) -> Iterator[str]:
        yield "divide"
        print(1 // 0)

    def early(at: At) -> Iterator[str]:
        yield "get"
        at.get()

    def unlocks(at: At) -> Iterator[str]:
        yield "unlock"
        at.read_unlock()

    def what(mine: Operation) -> str:
        (fault,) = explore(Scene((("mine", mine),))).faults
        return fault.what

    assert what(wrong).startswith("mine raised ZeroDivisionError")
    assert what(early) == "mine: There is no container in hand: call find() or owner() first."
    assert what(unlocks) == "mine: rcu_read_unlock without rcu_read_lock: call read_lock() first."


def test_waiting_for_readers_inside_a_read_section_is_a_deadlock() -> None:
    def waits(at: At) -> Iterator[object]:
        yield "lock"
        at.read_lock()
        yield from attach_rmdir(at)

    (fault,) = explore(Scene((("mine", waits),))).faults  # type: ignore[arg-type]
    assert fault.what == "deadlock: mine would wait for ever"


def test_a_scene_too_large_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kmemlab.races.explorer.MOST_STATES", 50)
    for search in (explore, reduced):
        with pytest.raises(KernelError, match="More than 50 states: take fewer tasks, or fewer steps"):
            search(Scene((("one", charge), ("two", charge))))


def test_a_scene_that_cannot_be_set_up_is_refused_when_it_is_made() -> None:
    with pytest.raises(KernelError, match="pairs of a name and a step function"):
        Scene((("a",),))  # type: ignore[arg-type]
    with pytest.raises(KernelError, match="both containers are called 'x'"):
        Scene((), names=("x", "x"))


def test_a_step_that_exits_is_a_fault_with_its_schedule_and_does_not_end_the_program() -> None:
    def leaves(at: At) -> Iterator[str]:
        yield "leave"
        raise SystemExit(3)

    found = explore(Scene((("mine", leaves),)))
    assert [fault.what for fault in found.faults] == ["mine raised SystemExit: 3"]
