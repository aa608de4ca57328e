"""The picture of the designs of off: one scale a meter, and the numbers of picture and twin are the rows'."""

from __future__ import annotations

import pytest

from kmemlab.engine.off import DESIGNS
from kmemlab.figures import Room, off_figure, off_text
from kmemlab.figures.off import off_meters
from kmemlab.figures.palette import TOKENS, Theme
from kmemlab.records import OffRow

ROWS = [
    OffRow("empty", "filp", 0, 0, 0, 400, 0, 0, 0, 0, 0, 0, 0, 0),
    OffRow("full-list", "filp", 608, 8, 0, 400, 4, 4, 64, 40, 0, 156, 200, 200),
    OffRow("walk", "filp", 0, 0, 0, 400, 262_144, 4, 64, 40, 0, 156, 200, 200),
    OffRow("drain", "filp", 864, 0, 160, 400, 2, 2, 32, 0, 0, 156, 157, -1),
    OffRow("charged-list", "filp", 864, 6, 0, 400, 4, 4, 64, 40, 4, 156, 200, 200),
]


@pytest.mark.parametrize("width", [320, 848, 1400])
def test_each_meter_has_a_scale_of_its_own_that_begins_at_nothing(width: int) -> None:
    (bars,) = off_figure(ROWS, room=Room(width)).data
    assert len(bars.x) == 3 * len(ROWS)
    for meter in ("memory", "fast path", "off itself"):
        lengths = {data[2]: wide for wide, data in zip(bars.x, bars.customdata, strict=True) if data[1] == meter}
        most = max(lengths)
        assert all(wide == pytest.approx(amount / most * lengths[most]) for amount, wide in lengths.items())
        begins = {base for base, data in zip(bars.base, bars.customdata, strict=True) if data[1] == meter}
        assert len(begins) == 1
        assert max(begins) + lengths[most] <= width


@pytest.mark.parametrize("theme", TOKENS)
def test_no_meter_has_an_owners_hue_and_the_fast_path_is_hatched(theme: Theme) -> None:
    (bars,) = off_figure(ROWS, theme).data
    tokens = TOKENS[theme]
    assert set(bars.marker.color) == {tokens.ink, tokens.ink3, tokens.hush}
    hatched = {data[1] for data, shape in zip(bars.customdata, bars.marker.pattern.shape, strict=True) if shape}
    assert hatched == {"fast path"}
    red = [note.text for note in off_figure(ROWS, theme).layout.annotations if note.font.color == tokens.refused_text]
    assert red == ["<b>refused</b>"]


def test_the_numbers_of_picture_and_twin_are_the_rows() -> None:
    words = [note.text for note in off_figure(ROWS).layout.annotations]
    twin = off_text(ROWS)
    for row in ROWS:
        assert f"<b>{row.design}</b>" in words
        for meter in off_meters(row):
            assert f"<b>{meter.number}</b>" in words
    assert "262,248" in twin and "answered at 157, not done" in twin and "done at event 200" in twin
    assert [line.split()[0] for line in twin.splitlines()[2:]] == list(DESIGNS)


def test_who_never_asked_for_off_is_told_so_and_no_row_is_no_picture() -> None:
    early = OffRow("walk", "filp", 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0)
    assert off_meters(early)[2].about == "not asked yet"
    assert off_figure([]).layout.annotations[0].text == off_text([]) == "No design to compare."
