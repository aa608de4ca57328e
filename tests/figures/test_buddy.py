from __future__ import annotations

import base64
import random
from bisect import bisect_right

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Session
from kmemlab.figures import Newborn, Room, assign_owners, buddy_figure, buddy_text
from kmemlab.figures.free_lists import free_blocks, largest_order, servable
from kmemlab.figures.palette import SHADES, TOKENS
from kmemlab.figures.strip import EDGE, GROUND, KERNEL, MINE, SLAB
from kmemlab.records import PageRow
from kmemlab.survey import page_rows

from .rows import PAGES


def column(figure: go.Figure, page: int) -> list[int]:
    """Codes of one page from its top down, at the left of the page, without the gap below it."""
    trace = figure.data[0]
    down, across = (int(part) for part in trace.z["shape"].split(","))
    cells = base64.b64decode(trace.z["bdata"])
    tall, wide = round(1 / trace.dy), round(1 / trace.dx)
    starts = trace.meta["starts"]
    line = bisect_right(starts, page // trace.meta["each"]) - 1
    place = page // trace.meta["each"] - starts[line]
    assert len(cells) == down * across
    return [cells[(line * tall + row) * across + place * wide + wide // 2] for row in range(tall - 1)]


def machine(total: int) -> list[PageRow]:
    """A machine of `total` pages, its first half in single pages."""
    some = random.Random(1)
    users = ("slab", "stack", "free", "kernel")
    half = [
        PageRow(n, 0, user, "filp", (("/bomb", some.randint(0, 16)),), 16, n) if user == "slab" else PageRow(n, 0, user)
        for n, user in enumerate(some.choices(users, k=total // 2))
    ]
    return [*half, *(PageRow(n, 10, "free") for n in range(total // 2, total, 1024))]


def test_pages_show_their_user() -> None:
    figure = buddy_figure(PAGES)
    assert set(column(figure, 3)) == {KERNEL}
    assert set(column(figure, 16)) == {SLAB}
    free = column(figure, 40)
    assert free[0] == free[-1] == EDGE
    assert set(free[1:-1]) == {GROUND}


def test_the_selected_share_of_a_slab_page_is_filled_from_below() -> None:
    codes = column(buddy_figure(PAGES, selected="/bomb"), 16)
    assert codes == sorted(codes)
    assert codes.count(MINE) / len(codes) == pytest.approx(12 / 16, abs=0.06)
    assert set(column(buddy_figure(PAGES, selected="/web"), 18)) == {MINE}
    assert MINE not in column(buddy_figure(PAGES, selected="/bomb"), 18)


def test_a_share_is_never_rounded_to_nothing_or_to_all() -> None:
    def slab(owned: int) -> list[PageRow]:
        return [PageRow(0, 0, "slab", "c", (("/w", owned),), 512, 0)]

    assert column(buddy_figure(slab(1), selected="/w"), 0).count(MINE) == 1
    assert column(buddy_figure(slab(511), selected="/w"), 0).count(SLAB) == 1


def test_free_blocks_are_counted_by_order() -> None:
    bars = buddy_figure(PAGES).data[1]
    assert list(bars.y) == [0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]
    assert list(bars.text) == [str(blocks) for blocks in bars.y]


def test_the_twin_is_the_line_of_proc_buddyinfo() -> None:
    line, could, head, *users, said = buddy_text(PAGES).splitlines()
    assert [int(part) for part in could.split()[2:]] == servable(free_blocks(PAGES))
    assert said == "The largest that can be served is order 5, 128 KiB."
    assert line.startswith("Node 0, zone   Normal      0      0      0      1")
    assert [int(part) for part in line.split()[4:]] == list(buddy_figure(PAGES).data[1].y)
    assert head.split() == ["user", "pages", "runs", "KiB"]
    assert {row.split()[0]: int(row.split()[1]) for row in users} == {
        "free": 40, "kernel": 16, "stack": 1, "kmalloc-large": 4, "slab": 3,
    }  # fmt: skip


def test_colours_come_from_the_palette() -> None:
    owners = assign_owners(["/", "/web", "/db", "/bomb"])
    colours = {colour for _, colour in buddy_figure(PAGES, "/bomb", owners, "dark").data[0].colorscale}
    tokens = TOKENS["dark"]
    greys = {tokens.canvas, tokens.line2, tokens.none, tokens.hush, tokens.ink3, tokens.ink}
    assert colours == greys | {SHADES["dark"]["orange"].solid}


def test_sixteen_thousand_pages_are_a_small_picture() -> None:
    assert len(buddy_figure(machine(16_384), selected="/bomb").to_json()) < 200_000


def test_a_larger_machine_is_no_larger_picture() -> None:
    figure = buddy_figure(machine(131_072), selected="/bomb")
    assert figure.data[0].meta["each"] == 8
    assert len(figure.to_json()) < 200_000
    assert set(column(figure, 65_536)) <= {GROUND, EDGE}


def test_long_free_stretches_fold_and_say_how_long_they_are() -> None:
    rows = [PageRow(n << 10, 10, "free") for n in range(15)]
    rows += [PageRow(15_360 + n, 0, "slab", "filp", (("/bomb", 16),), 16, n) for n in range(1024)]
    figure = buddy_figure(rows, selected="/bomb")
    assert figure.data[0].meta["starts"] == [0, *range(15_360, 16_384, 128)]
    assert "15,360 pages free" in [note.text for note in figure.layout.annotations]
    assert set(column(figure, 15_360)) == set(column(figure, 16_383)) == {MINE}


def test_pages_in_no_run_stay_blank() -> None:
    figure = buddy_figure([PageRow(0, 0, "slab")], total_pages=64)
    assert set(column(figure, 5)) == {GROUND}
    assert any(note.text.startswith("64 pages") for note in figure.layout.annotations)


def test_no_page_yet() -> None:
    assert [note.text for note in buddy_figure([]).layout.annotations] == [buddy_text([])]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds("open {}".format, st.integers(1, 60)),
            st.just("fork"),
            st.builds("close {}".format, st.integers(0, 60)),
            st.builds("kill {}".format, st.integers(2, 6)),
            st.builds("echo 1 > /sys/slab/{}/shrink".format, st.sampled_from(("filp", "mm_struct", "task_struct"))),
        ),
        max_size=25,
    )
)
def test_what_each_order_could_serve_is_what_a_naive_count_of_free_pages_says(lines: list[str]) -> None:
    session = Session(memory="512K")
    session.run(*lines)
    blocks = free_blocks(page_rows(session.machine))
    free = {pfn + n for order, firsts in enumerate(session.machine.state()["zone"]["free"]) for pfn in firsts
            for n in range(1 << order)}  # fmt: skip
    naive = [
        sum(free.issuperset(range(first, first + (1 << order))) for first in range(0, 128, 1 << order))
        for order in range(len(blocks))
    ]
    assert servable(blocks) == naive
    assert largest_order(blocks) == max((order for order, number in enumerate(naive) if number), default=-1)


def test_words_say_whether_a_larger_order_can_be_served() -> None:
    words = " ".join(note.text for note in buddy_figure(PAGES).layout.annotations)
    assert "The largest that can be served is order 5, 128 KiB." in words
    assert "No page is free: nothing can be served." in buddy_text([PageRow(0, 4, "kernel")])
    assert "Every order can be served, up to order 10." in buddy_text([PageRow(0, 10, "free")])


def frames(figure: go.Figure) -> list[tuple[float, float]]:
    """Where ink frames are: their middles, in pages of the first line."""
    return [
        ((one.x0 + one.x1) / 2, (one.y0 + one.y1) / 2)
        for one in figure.layout.shapes
        if one.type == "rect" and one.line.color == TOKENS["light"].ink
    ]


def test_a_newborn_slab_is_framed_in_ink_and_words_say_when_it_came() -> None:
    born = Newborn(0, 16, 296, 3)
    figure = buddy_figure(PAGES, born=born, room=Room(1180, 470))
    ((x, y),) = frames(figure)
    assert 16 < x < 17
    assert 0 < y < 1
    said = "slab 0, page 16 came at event 296, split from order 3"
    assert f"<b>{said}</b>" in [note.text for note in figure.layout.annotations]
    assert said in buddy_text(PAGES, born)
    straight = buddy_text(PAGES, Newborn(1, 18, 9, 1))
    assert "slab 1, pages 18-19 came at event 9, straight from the order 1 list" in straight
    assert not frames(buddy_figure(PAGES))


def test_a_chosen_page_is_framed_and_named() -> None:
    figure = buddy_figure(PAGES, page=19, room=Room(1180, 470))
    ((x, _),) = frames(figure)
    assert 18 < x < 20
    assert any("chosen: page 19, slab 1 of sighand_cache" in note.text for note in figure.layout.annotations)
    assert "chosen: page 60, free" in buddy_text(PAGES, page=60)


@pytest.mark.parametrize(("width", "height"), [(368, 321), (690, 321), (930, 350), (1180, 470)])
def test_no_words_are_smaller_than_eleven_pixels(width: int, height: int) -> None:
    figure = buddy_figure(PAGES, room=Room(width, height, small=12), born=Newborn(0, 16, 296, 3))
    assert min(note.font.size or 13 for note in figure.layout.annotations) >= 11
    assert figure.layout.yaxis.tickfont.size >= 11
