"""At every step of an event cost and flow have the bytes that the gauges have."""

from __future__ import annotations

from collections import Counter

import pytest

from kmemlab.lab.frame import moment_of
from kmemlab.lab.turned import cost_at, flow_at, more_at
from kmemlab.overhead import overhead_rows
from kmemlab.scenarios import play
from kmemlab.session import Session
from kmemlab.survey import container_rows
from kmemlab.survey_bytes import cost_rows, flow_rows, state_of_slab


@pytest.fixture(scope="module")
def session() -> Session:
    return play("fd-bomb")


def state(session: Session) -> str:
    """The state of the event's slab."""
    moment = moment_of(session, 0)
    return state_of_slab(session.machine.caches[moment.event.cache], moment.slab) if moment.event is not None else ""


@pytest.mark.parametrize("kind", ["alloc", "free", "refused"])
def test_cost_and_flow_are_the_gauges_at_every_step(session: Session, kind: str) -> None:
    session.seek(session.length)
    events = [row.to_dict() for row in session.records("events")]
    some = [each["n"] for each in events if each["kind"] == kind and each["container"] is not None]
    seen = 0
    for n in some[:: max(1, len(some) // 25)]:
        session.seek(n)
        steps = moment_of(session, 0).walked
        by_state: Counter[str] = Counter()
        for way in flow_rows(session.machine, session.log):
            by_state[way.state] += way.bytes * (not way.refused)
        whole = {row.cache: row.bytes for row in cost_rows(session.machine)}
        for step in range(1, len(steps) + 1):
            moment = moment_of(session, step)
            gauges = {row.path: moment.container(row)[0].usage for row in container_rows(session.machine)}
            cost = cost_at(moment, cost_rows(session.machine))
            assert sum(row.charged for row in cost) == sum(gauges.values()), (n, step)
            for row in cost:
                assert row.charged + row.unowned + row.arrays + row.free == row.bytes == whole[row.cache]
                assert min(row.charged, row.unowned, row.free) >= 0
                assert sum(size for _, size in row.owners) == row.charged
            beside = {row.what: row for row in overhead_rows(session.machine, more=more_at(moment))}
            assert sum(row.arrays for row in beside.values()) == sum(row.arrays for row in cost)
            for row in cost:
                mine = beside[row.cache]
                assert mine.reserve_bytes + mine.free + mine.tail == row.free, (n, step, row.cache)
            flow = flow_at(moment, flow_rows(session.machine, session.log), state(session))
            states = Counter({way.state: 0 for way in flow})
            for way in flow:
                states[way.state] += way.bytes * (not way.refused)
            assert +states == +by_state, "no bytes change their list"
            paid: Counter[str] = Counter()
            for way in flow:
                if way.container is not None and not way.refused:
                    paid[way.container] += way.bytes
            assert paid == {path: size for path, size in gauges.items() if size}, (n, step)
            assert sum(way.bytes for way in flow if not way.refused) == sum(whole.values())
            seen += 1
    assert seen > 50


def test_a_refused_stream_comes_with_the_refusal_and_not_before(session: Session) -> None:
    session.seek(480)
    walls = []
    for step in range(1, 11):
        flow = flow_at(moment_of(session, step), flow_rows(session.machine, session.log), state(session))
        walls.append(sum(way.bytes for way in flow if way.refused))
    assert walls == [0] * 5 + [256] * 5
