from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Session
from kmemlab.figures import Room, assign_owners, cost_figure, cost_text
from kmemlab.figures.cost import cost_parts
from kmemlab.figures.palette import SHADES, Theme
from kmemlab.records import CostRow
from kmemlab.survey_bytes import cost_rows

OWNERS = assign_owners(["/", "/web", "/db", "/bomb"])
ROWS = [
    CostRow("filp", True, 16, 65_536, 57_344, 4_096, 0, 4_096, (("/bomb", 40_000), ("/web", 17_344))),
    CostRow("mm_struct", False, 2, 16_384, 0, 7_488, 0, 8_896),
    CostRow("kmalloc-128", False, 1, 4_096, 0, 128, 2_048, 1_920),
]
BEGIN = (
    "mount -t container -o kmem none /containers",
    "mkdir /containers/web /containers/bomb",
    "open 5",
    "fork 2",
    "echo 2 > /containers/web/tasks",
    "echo 3 > /containers/bomb/tasks",
    "echo -n 9000 > /containers/bomb/kmem.limit",
)
LINE = st.one_of(
    st.builds("as {}@{} open {}".format, st.integers(1, 3), st.integers(0, 1), st.integers(1, 30)),
    st.builds("as {}@{} close {}".format, st.integers(1, 3), st.integers(0, 1), st.integers(0, 20)),
    st.builds("as {} fork".format, st.integers(1, 3)),
    st.builds("as {} stat {}".format, st.integers(1, 3), st.integers(1, 9)),
    st.builds(
        "echo {} > /sys/slab/{}/cache_account".format,
        st.integers(0, 1),
        st.sampled_from(("filp", "sighand_cache", "fasync_cache", "anon_vma", "dentry")),
    ),
    st.builds("echo 1 > /sys/slab/{}/shrink".format, st.sampled_from(("filp", "kmalloc-128", "dentry"))),
    st.just("as 3 close all"),
)


def counted(state: dict[str, Any]) -> dict[str, int]:
    """Count the four parts in Machine.state(), object by object."""
    caches = state["caches"]
    cells: dict[int, tuple[str, str]] = {}  # address of each cell: its cache, and what is in it
    size = {cache["name"]: cache["size"] for cache in caches}
    parts = {"charged": 0, "no owner": 0, "arrays": 0, "free": 0, "bytes": 0}
    arrays = []
    for cache in caches:
        objects = (4096 << order_of(state, cache)) // cache["size"] if cache["slabs"] else 0
        for slab in cache["slabs"]:
            held = next((c for c in cache["cpus"] if c and c[0] == slab["number"]), None)
            free = {*slab["free"], *(held[1] if held else [])}
            parts["bytes"] += 4096 << order_of(state, cache)
            parts["free"] += (4096 << order_of(state, cache)) - objects * cache["size"]
            for cell in range(objects):
                owner = slab.get("owners", [-1] * objects)[cell]
                kind = "free" if cell in free else "charged" if owner >= 0 else "no owner"
                cells[slab["pfn"] * 4096 + cell * cache["size"]] = (cache["name"], kind)
            if slab.get("array", -1) >= 0:
                arrays.append(slab["array"])
    for address in arrays:
        cells[address] = (cells[address][0], "arrays")
    for name, kind in cells.values():
        parts[kind] += size[name]
    return parts


def order_of(state: dict[str, Any], cache: dict[str, Any]) -> int:
    """The order of the pages that a cache's first slab takes, from the zone's own list."""
    first = cache["slabs"][0]["pfn"]
    return next(int(order) for pfn, order, _ in state["zone"]["used"] if pfn == first)


@settings(max_examples=40, deadline=None)
@given(st.lists(LINE, max_size=14), st.data())
def test_the_four_parts_are_all_slab_bytes_of_the_machine(lines: list[str], data: st.DataObject) -> None:
    session = Session(memory="1M", cpus=2)
    session.run(*BEGIN, "echo 1 > /sys/slab/filp/cache_account", *lines)
    session.seek(data.draw(st.integers(0, session.length)))
    rows = cost_rows(session.machine)
    state = session.machine.state()
    wanted = counted(state)
    for row in rows:
        assert row.charged + row.unowned + row.arrays + row.free == row.bytes
        assert sum(size for _, size in row.owners) == row.charged
        assert min(row.charged, row.unowned, row.arrays, row.free) >= 0
    found = [sum(getattr(row, part) for row in rows) for part in ("charged", "unowned", "arrays", "free", "bytes")]
    assert found == [wanted[part] for part in ("charged", "no owner", "arrays", "free", "bytes")]
    usages = sum(row.usage for row in session.records("containers"))  # type: ignore[attr-defined]
    assert found[0] == usages
    figure = cost_figure(rows)
    if rows:
        assert sum(about[2] for about in figure.data[0].customdata) == wanted["bytes"]


def test_bars_begin_where_the_one_above_ends_and_share_one_scale() -> None:
    bars = cost_figure(ROWS, OWNERS).data[0]
    total = sum(row.bytes for row in ROWS)
    rate = sum(bars.x) / total
    edge = bars.base[0]
    for base, wide, about in zip(bars.base, bars.x, bars.customdata, strict=True):
        assert base == pytest.approx(edge)
        assert wide == pytest.approx(about[2] * rate)
        edge += wide
    assert [tuple(about[:2]) for about in bars.customdata] == [
        ("container", "/web"), ("container", "/bomb"), ("part", "in use, no owner"), ("part", "free slots, page tails"),
        ("part", "owner arrays"),
    ]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_only_what_somebody_pays_has_a_hue_and_free_bytes_are_hatched(theme: Theme) -> None:
    marker = cost_figure(ROWS, OWNERS, "/bomb", theme).data[0].marker
    hues = {shade.solid for shade in SHADES[theme].values()} | {shade.tint for shade in SHADES[theme].values()}
    assert marker.color[1] == SHADES[theme]["orange"].solid
    assert marker.color[0] == SHADES[theme]["sky blue"].tint
    assert not hues & set(marker.color[2:])
    assert list(marker.pattern.shape) == ["", "", "", "/", ""]


@pytest.mark.parametrize("width", [368, 690, 930, 1180])
def test_the_numbers_of_picture_and_twin_are_the_rows(width: int) -> None:
    words = " ".join(note.text for note in cost_figure(ROWS, OWNERS, room=Room(width)).layout.annotations)
    twin = cost_text(ROWS)
    for part in cost_parts(ROWS):
        assert f"<b>{part.bytes:,}</b>" in words
        assert str(part.bytes) in twin
    assert "in accounted caches 4,096" in words
    assert "in all other caches 7,616" in words
    assert "<b>86,016</b>" in words
    assert "Nobody pays 28,672, 8,192 of it in accounted caches" in words
    assert "Nobody pays 28,672, 8,192 of it in accounted caches: a limit counts objects, not pages." in twin


def test_no_slab_yet() -> None:
    assert [note.text for note in cost_figure([]).layout.annotations] == [cost_text([])]
