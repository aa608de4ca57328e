"""Grace periods: who is waited for, and when a callback runs."""

from __future__ import annotations

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.races.grace import Grace


def test_a_grace_period_waits_for_the_readers_of_its_beginning_only() -> None:
    grace = Grace()
    grace.read_lock(1)
    grace.synchronize(0)
    grace.read_lock(2)
    assert not grace.over(0)
    grace.read_unlock(1)
    assert grace.over(0)
    assert grace.depth == {2: 1}


def test_a_section_in_a_section_ends_with_the_outer_one() -> None:
    grace = Grace()
    grace.read_lock(1)
    grace.read_lock(1)
    grace.synchronize(0)
    grace.read_unlock(1)
    assert not grace.over(0)
    grace.read_unlock(1)
    assert grace.over(0)


def test_a_reader_that_comes_back_is_a_new_one() -> None:
    grace = Grace()
    grace.read_lock(1)
    grace.synchronize(0)
    grace.read_unlock(1)
    grace.read_lock(1)
    assert grace.over(0)


def test_callbacks_run_in_order_each_after_its_own_readers() -> None:
    grace, ran = Grace(), list[str]()
    grace.read_lock(1)
    grace.call_rcu("first", lambda: ran.append("first"))
    grace.read_lock(2)
    grace.call_rcu("second", lambda: ran.append("second"))
    assert not grace.ready()
    grace.read_unlock(1)
    assert grace.ready()
    assert grace.run_callback() == "first"
    assert not grace.ready()
    grace.read_unlock(2)
    assert grace.run_callback() == "second"
    assert ran == ["first", "second"]


def test_what_was_not_entered_cannot_be_left_and_a_held_mutex_not_taken() -> None:
    grace = Grace()
    with pytest.raises(KernelError, match="call read_lock"):
        grace.read_unlock(1)
    grace.lock(1)
    with pytest.raises(KernelError, match="mutex is held"):
        grace.lock(2)
    assert grace.mutex == 1
    grace.unlock()
    grace.lock(2)
    assert grace.mutex == 2
