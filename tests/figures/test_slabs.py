from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from kmemlab.figures import assign_owners, slabs_figure, slabs_text
from kmemlab.figures.palette import SHADES, TOKENS, Theme

from .rows import SLABS, slab

OWNERS = assign_owners(["/", "/web", "/db", "/bomb"])


def cells(figure: go.Figure) -> dict[int, list[tuple[int, str]]]:
    """Codes and texts of the drawn cells by slab."""
    trace = figure.data[0]
    held: dict[int, list[tuple[int, str]]] = {}
    for codes, texts, custom in zip(trace.z, trace.text, trace.customdata, strict=True):
        for code, text, about in zip(codes, texts, custom, strict=True):
            if code is not None:
                held.setdefault(about[1], []).append((code, text))
    return held


def test_the_twin_is_the_kernels_table() -> None:
    twin = slabs_text(SLABS, OWNERS, taken=(17, 14)).splitlines()
    assert twin[:4] == [
        "slab  list      inuse objs  owners            freelist",
        "  15  cpu 0         8   16  BWW.WBWWW.......  3 9 10 11 12 13 14 (15)",
        "  17  cpu 1        15   16  BBBBBBWBBDBBBB?.  15        ? = taken, no owner",
        "   4  partial 1    14   16  WWWWW.WWW.WBWWWW  9 5",
    ]
    assert "   0  full         16   16  ––––––––––––––––" in twin
    assert twin[-1] == "– is in use without an owner"


def test_marks_of_two_letters_keep_the_columns_of_the_twin() -> None:
    owners = assign_owners(["/", *(f"/c{n}" for n in range(5)), "/web"])
    assert owners["/web"].letter == "We"
    line = slabs_text([slab(0, "full", "W" * 8 + "?" * 8)], owners).splitlines()[1]
    assert line.endswith("We" * 8 + "– " * 7 + "–")


def test_picture_and_twin_agree() -> None:
    drawn = cells(slabs_figure(SLABS, OWNERS))
    for line in slabs_text(SLABS, OWNERS).splitlines()[1:-1]:
        number, marks = int(line[:4]), line[28:44]
        letters = [text if text.isalpha() else "–" if code == 1 else "." for code, text in drawn[number]]
        assert "".join(letters) == marks


def test_a_free_cell_shows_its_turn_and_a_remote_one_in_brackets() -> None:
    drawn = cells(slabs_figure(SLABS, OWNERS))
    assert [text for code, text in drawn[15] if code == 0] == ["1", "2", "3", "4", "5", "6", "7", "(8)"]
    assert [text for code, text in drawn[4] if code == 0] == ["2", "1"]


def test_the_first_of_each_freelist_is_outlined() -> None:
    trace = next(part for part in slabs_figure(SLABS, OWNERS).data if part.name == "next free")
    assert list(trace.x).count(None) == 4  # one box for each slab with a free cell


def test_pointers_lead_to_listed_slabs_only() -> None:
    heads = next(part for part in slabs_figure(SLABS, OWNERS).data if part.name == "pointer heads")
    assert len(heads.x) == 4


def test_slabs_stand_in_the_order_of_their_lists() -> None:
    assert list(cells(slabs_figure(SLABS, OWNERS)))[:2] == [15, 0]
    assert [int(line[:4]) for line in slabs_text(SLABS).splitlines()[1:-1]] == [15, 17, 4, 6, 0, 5]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_cell_has_a_colour_of_the_palette(theme: Theme) -> None:
    figure = slabs_figure(SLABS, OWNERS, selected="/bomb", theme=theme)
    colours = {colour for _, colour in figure.data[0].colorscale}
    tints = {SHADES[theme][hue].tint for hue in ("sky blue", "bluish green", "reddish purple")}
    assert colours == tints | {SHADES[theme]["orange"].solid, TOKENS[theme].canvas, TOKENS[theme].none}
    letters: Any = next(part for part in figure.data if part.name == "letters")
    assert {letters.textfont.color[i] for i, text in enumerate(letters.text) if text == "B"} == {SHADES[theme]["orange"].on}


def test_full_slabs_fold_and_lists_do_not() -> None:
    rows = [slab(n, f"partial {n}", "W.", (1,)) for n in range(1, 30)]
    rows += [slab(n, "full", "BB") for n in range(30, 60)]
    figure = slabs_figure(rows, OWNERS)
    assert len([number for number in cells(figure) if number < 30]) == 29
    assert any(note.text == "16 more, all bomb" for note in figure.layout.annotations)
    assert len(slabs_text(rows).splitlines()) == 60


def test_wide_slabs_stand_below_one_another() -> None:
    figure = slabs_figure([slab(1, "cpu 0", "W" * 40), slab(2, "full", "D" * 40)], OWNERS)
    assert len(figure.data[0].z[0]) == 40


def test_no_slab_yet() -> None:
    said = "filp has no slabs. The first open makes one."
    assert slabs_text([]) == said
    assert [note.text for note in slabs_figure([]).layout.annotations] == [said]
    assert slabs_text([], cache="dentry").startswith("dentry has no slabs.")


def test_cells_of_the_sixth_owner_on_are_striped() -> None:
    owners = assign_owners(["/", "/bomb", "/db", "/e", "/f", "/g", "/web"])
    assert owners["/web"].stripe
    stripes = next(part for part in slabs_figure(SLABS, owners).data if part.name == "stripes")
    assert list(stripes.x).count(None) == 2 * sum(row.owners.count("/web") for row in SLABS)
