"""On a machine that charges calls flow and cost have every kind: what is seen adds up to the counters, at every event."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Session
from kmemlab.figures import Room, cost_figure, cost_text, flow_figure, flow_text
from kmemlab.figures.cost import UNSEEN, cost_parts
from kmemlab.figures.palette import SHADES, TOKENS, Theme
from kmemlab.lab.frame import moment_of
from kmemlab.lab.pictures import home_of, picture
from kmemlab.lab.turned import cost_at, flow_at
from kmemlab.records import CostRow, FlowRow, SiteRow
from kmemlab.survey import container_rows
from kmemlab.survey_bytes import cost_rows, flow_rows
from kmemlab.survey_kinds import call_name, site_rows

KINDS = "cache,kmalloc,vmalloc,pages"
BEGIN = (
    "mount -t container -o kmem none /containers",
    "mkdir /containers/web /containers/bomb",
    "fork 2",
    "echo 2 > /containers/web/tasks",
    "echo 3 > /containers/bomb/tasks",
    "echo -n 90000 > /containers/bomb/kmem.limit",
    "echo 1 > /sys/slab/filp/cache_account",
)
SITES = st.sampled_from(("pipe_buffer", "pipe_inode_info", "pte", "kernel_stack", "skb_data", "d_name"))
LINE = st.one_of(
    st.builds("as {} pipe -f 1".format, st.integers(1, 3)),
    st.builds("as {} close all".format, st.integers(2, 3)),
    st.builds("as {} open {}".format, st.integers(1, 3), st.integers(1, 9)),
    st.builds("as {} socket -s 1".format, st.integers(2, 3)),
    st.builds("as {} stat -l 1".format, st.integers(2, 3)),
    st.builds("as {} fork".format, st.integers(2, 3)),
    st.builds(
        "as {} kmalloc {}{}".format, st.integers(2, 3), st.sampled_from((64, 3000, 9000)), st.sampled_from(("", " ACCOUNT"))
    ),
    st.builds("as {} vmalloc {}{}".format, st.integers(2, 3), st.just(9000), st.sampled_from(("", " ACCOUNT"))),
    st.builds("echo {} > /sys/kernel/debug/kmem_sites/{}".format, st.integers(0, 1), SITES),
)


def told(session: Session) -> tuple[tuple[FlowRow, ...], tuple[CostRow, ...]]:
    return flow_rows(session.machine, session.log), cost_rows(session.machine)


def usages(session: Session) -> dict[str, int]:
    return {row.path: row.usage for row in container_rows(session.machine) if row.usage}


def paid(flow: tuple[FlowRow, ...]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for row in flow:
        if row.container is not None and not row.refused:
            sums[row.container] += row.bytes
    return dict(sums)


def paid_of(cost: tuple[CostRow, ...]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for row in cost:
        for path, size in row.owners:
            sums[path] += size
    return dict(sums)


@settings(max_examples=25, deadline=None)
@given(st.lists(LINE, max_size=10), st.data())
def test_what_is_seen_adds_up_to_the_counters(lines: list[str], data: st.DataObject) -> None:
    session = Session(memory="1M", cpus=2, kinds=KINDS)
    session.run(*BEGIN, *lines)
    session.seek(data.draw(st.integers(0, session.length)))
    flow, cost = told(session)
    assert paid(flow) == paid_of(cost) == usages(session)
    slabs = 4096 * sum(cache.nr_slabs << cache.order for cache in session.machine.slub.caches)
    beside = sum(row.bytes for row in flow if "in no slab" in row.state)
    assert sum(row.bytes for row in flow if not row.refused) == slabs + beside == sum(row.bytes for row in cost)
    for row in cost:
        assert row.charged + row.unowned + row.unseen + row.arrays + row.free == row.bytes
        assert min(row.charged, row.unowned, row.unseen, row.arrays, row.free) >= 0
    if cost:
        assert sum(about[2] for about in cost_figure(cost).data[0].customdata) == sum(row.bytes for row in cost)


@settings(max_examples=25, deadline=None)
@given(st.lists(LINE, max_size=10))
def test_each_call_site_has_the_bytes_that_the_sites_have(lines: list[str]) -> None:
    session = Session(memory="1M", cpus=2, kinds=KINDS)
    session.run(*BEGIN, *lines)
    flow, cost = told(session)
    for row in site_rows(session.machine):
        assert isinstance(row, SiteRow)
        if row.kind == "cache":
            continue
        name = call_name(row.kind if row.name == "by hand" else row.name)
        mine = [way for way in flow if way.cache == name and way.kind == row.kind and not way.refused]
        assert sum(way.bytes for way in mine if way.container is not None) == row.seen, name
        assert sum(way.bytes for way in mine if way.container is None) == row.unseen, name
    wanted = sum(row.unseen for row in site_rows(session.machine) if row.kind != "cache")
    assert sum(row.unseen for row in cost) == wanted


def test_inside_a_marked_call_pictures_and_gauges_agree() -> None:
    session = Session(memory="2M", cpus=2, kinds=KINDS)
    marks = tuple(f"echo 1 > /sys/kernel/debug/kmem_sites/{site}" for site in ("pipe_buffer", "pipe_inode_info"))
    session.run(*BEGIN, *marks, "as 3 pipe -f 2", "as 3 vmalloc 9000 ACCOUNT", "as 3 close all")
    kinds = Counter(str(row.to_dict()["kind"]) for row in session.records("events"))
    assert min(kinds["charged-call"], kinds["uncharged-call"], kinds["refused-call"]) > 0
    events = [(n, row.to_dict()["kind"]) for n, row in enumerate(session.records("events"), 1)]
    for n, _ in [each for each in events if str(each[1]).endswith("-call")][::3]:
        session.seek(n)
        for step in range(1, len(moment_of(session, 0).walked) + 1):
            moment = moment_of(session, step)
            gauges = {path: size for row in container_rows(session.machine)
                      for path, size in [(row.path, moment.container(row)[0].usage)] if size}  # fmt: skip
            flow, cost = told(session)
            assert paid(flow_at(moment, flow, "")) == gauges, (n, step)
            assert paid_of(cost_at(moment, cost, home_of(session, moment))) == gauges, (n, step)


@pytest.fixture(scope="module")
def piped() -> Session:
    session = Session(memory="2M", cpus=2, kinds=KINDS)
    session.run(*BEGIN, "as 2 pipe -f 1")
    return session


def link(session: Session, site: str, theme: Theme) -> dict[str, set[str]]:
    """Stream -> colours of the links that leave a call site."""
    trace = flow_figure(told(session)[0], selected="/bomb", theme=theme).data[0]
    place = next(n for n, about in enumerate(trace.node.customdata) if about[1] == site)
    found: dict[str, set[str]] = {}
    for source, colour, about in zip(trace.link.source, trace.link.color, trace.link.customdata, strict=True):
        if source == place:
            found.setdefault(about[0] or about[1], set()).add(colour)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_unmarked_call_is_hatched_and_a_marked_one_is_solid_in_its_containers_colour(theme: Theme) -> None:
    session = Session(memory="2M", cpus=2, kinds=KINDS)
    session.run(*BEGIN, "as 3 pipe -f 1")
    tokens = TOKENS[theme]
    assert link(session, "pipe_buffer", theme) == {"unseen": {tokens.hush, tokens.canvas}}
    session.run("as 3 close all", "echo 1 > /sys/kernel/debug/kmem_sites/pipe_buffer", "as 3 pipe -f 1")
    now = link(session, "pipe_buffer", theme)
    assert set(now) == {"/bomb"}
    assert len(now["/bomb"]) == 1
    assert now["/bomb"] <= {shade.solid for shade in SHADES[theme].values()}


def test_the_fattest_unseen_stream_is_the_pages_of_the_pipe(piped: Session) -> None:
    trace = flow_figure(told(piped)[0]).data[0]
    wide: Counter[str] = Counter()
    for source, value, about in zip(trace.link.source, trace.link.value, trace.link.customdata, strict=True):
        if about[1] == "unseen" and trace.node.customdata[source][0] == "cache":
            wide[trace.node.customdata[source][1]] += value
    (name, size), *_ = wide.most_common()
    assert name == "pipe_buffer"
    assert size == pytest.approx(65_536)
    assert "pipe_buffer (pages)" in flow_text(told(piped)[0])


@pytest.mark.parametrize("width", [368, 690, 930, 1180])
def test_the_fifth_part_of_the_cost_is_what_calls_got_and_nobody_pays(piped: Session, width: int) -> None:
    cost = told(piped)[1]
    part = cost_parts(cost)[-1]
    assert part.name == UNSEEN
    assert part.bytes == sum(row.unseen for row in site_rows(piped.machine) if row.kind != "cache")
    words = " ".join(note.text for note in cost_figure(cost, room=Room(width)).layout.annotations)
    assert f"<b>{part.bytes:,}</b>" in words
    assert "pages 81,920, kmalloc 1,024" in words
    assert "unseen" in cost_text(cost).splitlines()[0]


def test_a_machine_that_charges_caches_only_is_drawn_as_before(piped: Session) -> None:
    session = Session(memory="2M", cpus=2)
    session.run(*BEGIN, "as 2 pipe -f 1")
    flow, cost = told(session)
    assert {row.kind for row in flow} | {row.kind for row in cost} == {"cache"}
    assert len(cost_parts(cost)) == 4
    assert "cache or call" not in str(picture(session, moment_of(session, 0), "flow", "filp", "", {}, "light"))
    assert "cache or call" in str(picture(piped, moment_of(piped, 0), "flow", "filp", "", {}, "light"))
