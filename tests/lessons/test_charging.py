"""A charge of one's own on a session: it is stepped, goes back in time, and what is wrong with it shows in the path."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.engine.errors import CheckError, KernelError
from kmemlab.lessons.charging import charge_with
from kmemlab.lessons.lesson_05 import LIMITED, in_order, swapped


def blue(session: Session) -> tuple[int, int]:
    """Usage and references."""
    return next((row.usage, row.css_refs) for row in session.records("containers") if row.path == "/blue")  # type: ignore[attr-defined]


def path(session: Session, event: int) -> list[tuple[str, str]]:
    """Functions and values of an event."""
    session.seek(event)
    return [(step.fn, step.value) for step in session.records("steps")]  # type: ignore[attr-defined]


def refusals(session: Session) -> list[int]:
    return [row.n for row in session.records("events") if row.kind == "refused"]  # type: ignore[attr-defined]


def test_the_machines_own_charge_written_out_leaves_the_same_machine() -> None:
    mine, own = charge_with(Session(), in_order), Session()
    for session in (mine, own):
        session.run(*LIMITED, "open 12", "close 1", "open 2")
        session.machine.check()
    assert mine.machine.state_hash() == own.machine.state_hash()
    first = refusals(mine)[0]
    assert path(mine, first) == path(own, first)


def test_stored_first_a_refusal_pays_back_what_was_never_paid() -> None:
    session = charge_with(Session(), swapped)
    session.run(*LIMITED, "open 12")
    assert blue(session) == (512, 3)
    with pytest.raises(CheckError, match="usage = the sum"):
        session.machine.check()
    first = refusals(session)[0]
    steps = path(session, first)
    functions = [function for function, _ in steps]
    assert functions.index("store owner") + 1 == functions.index("res_counter_charge")
    assert ("kmem_cache_free", "owner blue: 768 → 512") in steps
    assert "never reached" not in dict(steps).values()
    assert blue(session) == (512, 3)
    session.back()
    assert blue(session) == (768, 4)
    session.seek(session.length)
    assert blue(session) == (512, 3)


def test_a_granted_charge_is_told_in_the_order_in_which_it_happened() -> None:
    session = charge_with(Session(), swapped)
    session.run(*LIMITED, "open 1")
    functions = [function for function, _ in path(session, session.length - 1)]
    assert functions.index("store owner") + 1 == functions.index("res_counter_charge")
    assert functions.count("store owner") == 1


def test_a_reference_that_is_kept_is_not_told_as_given_back() -> None:
    def keeps(obj: Any) -> bool:
        group = obj.kernel.current_container()
        obj.kernel.css_get(group)
        if not obj.kernel.res_counter_charge(group, obj.size):
            return False
        obj.owner = group
        return True

    session = charge_with(Session(), keeps)
    session.run(*LIMITED, "open 4")
    assert blue(session) == (768, 5)
    assert "css_put" not in dict(path(session, refusals(session)[0]))


def test_what_charge_may_read_and_undo() -> None:
    seen: list[Any] = []

    def looks(obj: Any) -> bool:
        kernel = obj.kernel
        kernel.rcu_read_lock()
        group = kernel.current_container()
        kernel.rcu_read_unlock()
        seen.append((obj.size, obj.owner, str(group)))
        kernel.css_get(group)
        assert kernel.res_counter_charge(group, obj.size)
        obj.owner = group
        seen.append(str(obj.owner))
        obj.owner = None
        kernel.res_counter_uncharge(group, obj.size)
        kernel.css_put(group)
        return False

    session = charge_with(Session(), looks)
    session.run(*LIMITED, "open 1")
    assert seen == [(256, None, "/blue"), "/blue"]
    assert blue(session) == (0, 1)
    session.machine.check()


def test_a_charge_that_answers_nothing_says_so() -> None:
    session = charge_with(Session(), lambda obj: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match="answered None"):
        session.run(*LIMITED, "open 1")


def test_a_charge_is_given_before_anything_is_accounted_and_to_the_letters_controller() -> None:
    session = Session()
    session.run(*LIMITED)
    before = session.machine.state_hash()
    with pytest.raises(KernelError) as busy:
        charge_with(session, in_order)
    assert (busy.value.errno, session.machine.state_hash()) == (errno.EBUSY, before)
    for other in (Session(off="walk"), Session(patchset="v2"), Session(boot="slub_nomerge kmalloc_account")):
        before = other.machine.state_hash()
        with pytest.raises(KernelError) as refused:
            charge_with(other, in_order)
        assert (refused.value.errno, other.machine.state_hash()) == (errno.ENOSYS, before)


def test_the_second_charge_takes_the_place_of_the_first() -> None:
    session = charge_with(charge_with(Session(), swapped), in_order)
    session.run(*LIMITED, "open 12")
    assert blue(session) == (768, 4)
    session.machine.check()
