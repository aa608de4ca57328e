from __future__ import annotations

import base64
import random
import time
from bisect import bisect_right

import plotly.graph_objects as go
import pytest

from kmemlab.figures import assign_owners, buddy_figure, buddy_text
from kmemlab.figures.palette import SHADES, TOKENS
from kmemlab.figures.strip import EDGE, GROUND, KERNEL, MINE, SLAB
from kmemlab.records import PageRow

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
    line, head, *users = buddy_text(PAGES).splitlines()
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


def test_sixteen_thousand_pages_are_quick_and_small() -> None:
    rows = machine(16_384)
    begin = time.perf_counter()
    made = buddy_figure(rows, selected="/bomb").to_json()
    assert time.perf_counter() - begin < 2
    assert len(made) < 200_000


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
