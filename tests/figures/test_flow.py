from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import plotly.graph_objects as go
import pytest

from kmemlab.figures import Room, assign_owners, flow_figure, flow_text
from kmemlab.figures.palette import SHADES, TOKENS, Theme
from kmemlab.records import FlowRow

from .rows import FLOW

OWNERS = assign_owners(["/", "/web", "/db", "/bomb"])


def through(figure: go.Figure) -> tuple[Counter[int], Counter[int]]:
    """Link values into and out of each node."""
    link = figure.data[0].link
    came: Counter[int] = Counter()
    went: Counter[int] = Counter()
    for source, target, value, about in zip(link.source, link.target, link.value, link.customdata, strict=True):
        if about[1] != "refused":
            went[source] += value
            came[target] += value
    return came, went


def test_bytes_into_a_node_equal_bytes_out_of_it() -> None:
    figure = flow_figure(FLOW, OWNERS)
    came, went = through(figure)
    for place, (kind, name, size, _) in enumerate(figure.data[0].node.customdata):
        if kind == "slab state":
            assert came[place] == pytest.approx(went[place]) == pytest.approx(size), name
        elif kind == "cache":
            assert came[place] <= went[place] == pytest.approx(size), name
        elif kind == "pages":
            assert came[place] == pytest.approx(size)
        elif kind in ("task", "container"):
            assert went[place] == pytest.approx(size)


def test_labels_say_the_bytes_and_the_wall_says_refused() -> None:
    words = [note.text for note in flow_figure(FLOW, OWNERS).layout.annotations]
    assert words[:5] == ["task", "container", "cache", "slab state", "pages"]
    assert any("bomb" in text and "40,768" in text for text in words)
    assert "4,096 bytes in use without an owner: nobody pays" in words
    assert "2,816 bytes of free slots and page tails: nobody pays" in words
    assert any(text.startswith("<b>refused 256</b><br>") and "bomb's counter" in text for text in words)


def test_a_refused_stream_ends_at_the_wall_and_has_a_least_width() -> None:
    figure = flow_figure(FLOW, OWNERS)
    node, link = figure.data[0].node, figure.data[0].link
    wall = next(place for place, about in enumerate(node.customdata) if about[0] == "wall")
    into = [(v, c) for v, t, c in zip(link.value, link.target, link.customdata, strict=True) if t == wall]
    assert wall not in link.source
    assert {tuple(about) for _, about in into} == {("/bomb", "refused", 256)}
    assert sum(value for value, _ in into) > 256
    assert "not to scale" in flow_text(FLOW)


def test_no_refusal_no_wall() -> None:
    figure = flow_figure(FLOW[:-1], OWNERS)
    assert "wall" not in {about[0] for about in figure.data[0].node.customdata}
    assert "refused" not in flow_text(FLOW[:-1])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_pays_is_never_a_hue_and_refused_is_hatched(theme: Theme) -> None:
    link = flow_figure(FLOW, OWNERS, selected="/bomb", theme=theme).data[0].link
    seen: dict[str, set[str]] = {}
    for colour, about in zip(link.color, link.customdata, strict=True):
        seen.setdefault(about[0] or about[1], set()).add(colour)
        if about[1] == "refused":
            seen.setdefault("refused", set()).add(colour)
    tokens = TOKENS[theme]
    assert seen["free"] == {tokens.line2, tokens.canvas}
    assert seen["refused"] == {tokens.refused, tokens.refused_tint}
    assert seen["/bomb"] - seen["refused"] == {SHADES[theme]["orange"].solid}
    hues = {shade.solid for shade in SHADES[theme].values()}
    assert not hues & (seen["free"] | seen["no owner"] | seen["/web"])


def test_nodes_can_be_clicked_and_the_paper_is_opaque() -> None:
    figure = flow_figure(FLOW, OWNERS)
    assert figure.data[0].arrangement == "fixed"
    assert figure.layout.template.layout.paper_bgcolor == TOKENS["light"].canvas


def test_no_two_nodes_of_a_layer_overlap() -> None:
    node = flow_figure(FLOW, OWNERS).data[0].node
    for x in set(node.x):
        y = sorted(place for place, at in zip(node.y, node.x, strict=True) if at == x)
        assert all(b - a > 0.03 for a, b in pairwise(y))


def test_many_tasks_fold_but_a_refused_one_stays() -> None:
    rows = [replace(FLOW[0], task=f"task{n}", bytes=10_000 + n) for n in range(20)]
    rows += [replace(FLOW[4], bytes=1), FLOW[-1]]
    names = [about[3] for about in flow_figure(rows, OWNERS).data[0].node.customdata if about[0] == "task"]
    assert "other tasks" in names
    assert "fdbomb" in names
    assert len(names) <= 10


def test_many_caches_fold_but_a_charged_one_stays() -> None:
    rows = [FlowRow("", None, f"cache{n}", 0, 9_000 + n, False, "partial", free=True) for n in range(20)]
    figure = flow_figure([*rows, replace(FLOW[0], bytes=64)], OWNERS)
    caches = {about[3]: about[2] for about in figure.data[0].node.customdata if about[0] == "cache"}
    assert caches["filp"] == 64
    assert len(caches) == 8
    assert sum(caches.values()) == sum(row.bytes for row in rows) + 64


def test_the_twin_has_every_byte() -> None:
    lines = flow_text(FLOW).splitlines()
    assert sum(int(line.split()[-1]) for line in lines[1 : len(FLOW) + 1]) == sum(row.bytes for row in FLOW)
    assert lines[-3:] == [
        "4,096 bytes in use without an owner: nobody pays",
        "2,816 bytes of free slots and page tails: nobody pays",
        "256 bytes refused: they stop at the counter (in the picture not to scale)",
    ]


def test_only_refused_bytes_are_a_picture_too() -> None:
    assert flow_figure([FLOW[-1]], OWNERS).data[0].link.value


def test_many_refusals_do_not_crush_the_rest() -> None:
    rows = [*FLOW[:-1], replace(FLOW[-1], bytes=10_000_000)]
    figure = flow_figure(rows, OWNERS)
    link = figure.data[0].link
    drawn = sum(value for value, about in zip(link.value, link.customdata, strict=True) if about[1] == "refused")
    assert drawn <= 0.07 * sum(row.bytes for row in FLOW[:-1]) + 1
    assert any("refused 10,000,000" in note.text for note in figure.layout.annotations)


def test_no_charge_yet() -> None:
    assert flow_figure([replace(FLOW[0], bytes=0)]) == flow_figure([])
    assert flow_text([]) == "No charge yet."
    assert [note.text for note in flow_figure([]).layout.annotations] == ["No charge yet."]


def test_bytes_that_nobody_pays_are_drawn_when_no_container_is_selected() -> None:
    rows = [FlowRow("init", None, "filp", 0, 4096, False, "full, on no list")]
    figure = flow_figure(rows, selected=None)
    assert sum(figure.data[0].link.value) > 0


STRANGE = [FlowRow("init", None, f"cache{n}", 1, 500_000, False, "partial", n % 2 == 1, False) for n in range(6)]


def test_caches_that_are_not_accounted_are_one_thin_stream_below_all_others() -> None:
    figure = flow_figure([*FLOW, *STRANGE], OWNERS)
    node, link = figure.data[0].node, figure.data[0].link
    names = {about[1]: place for place, about in enumerate(node.customdata)}
    other = names["other caches"]
    assert node.customdata[other][2] == 3_000_000
    assert node.y[other] == max(node.y)
    drawn = sum(v for v, source in zip(link.value, link.source, strict=True) if source == other)
    assert 0 < drawn < 0.05 * sum(row.bytes for row in FLOW)
    assert any("other caches, nobody pays" in note.text and "3,000,000" in note.text for note in figure.layout.annotations)
    assert "* 3,000,000 bytes in caches that are not accounted" in flow_text([*FLOW, *STRANGE])
    assert flow_figure(STRANGE) == flow_figure([]), "nothing is charged where no cache is accounted"


def test_on_a_narrow_page_tasks_and_slab_states_are_left_out_and_every_byte_is_kept() -> None:
    figure = flow_figure(FLOW, OWNERS, room=Room(368, 321))
    node = figure.data[0].node
    kinds = Counter[str]()
    for kind, _, size, _ in node.customdata:
        kinds[kind] += size
    assert set(kinds) == {"container", "cache", "pages", "wall"}
    assert kinds["cache"] == kinds["pages"] == sum(row.bytes for row in FLOW if not row.refused)
    assert kinds["wall"] == 256
    assert [note.text for note in figure.layout.annotations][:3] == ["container", "cache", "pages"]


def test_html_in_a_name_is_text_in_the_picture() -> None:
    rows = (
        FlowRow("<i>me</i>", "/<b>x", "filp", 0, 512, False, "cpu slab"),
        FlowRow("<i>me</i>", "/<b>x", "filp", -1, 256, True),
    )
    said = " ".join(note.text for note in flow_figure(rows).layout.annotations)
    assert "&lt;i>me&lt;/i>" in said
    assert "&lt;b>x" in said
    assert "<i>" not in said
