from __future__ import annotations

import re
import subprocess
import sys

import pytest

from kmemlab.figures.palette import HUES, SHADES, TOKENS, Theme, assign_owners, blend, template


def test_who_is_called_by_a_colour_is_not_painted_in_another() -> None:
    owners = assign_owners(["/", "/red", "/blue", "/web", "/green", "/a/red"])
    assert [owner.hue for owner in owners.values()][1:] == ["orange", "sky blue", "bluish green", "yellow", "blue"]
    assert [owner.letter for owner in owners.values()] == ["R", "E", "B", "W", "G", "D"]
    assert [owner.hue for owner in assign_owners(["/green"], owners).values()] == [owner.hue for owner in owners.values()]


def test_letters_are_the_first_of_the_name_then_the_next_free_one_then_a_digit() -> None:
    owners = assign_owners(["/", "/web", "/wide", "/wi", "/w", "/w/ww"])
    assert [owner.letter for owner in owners.values()] == ["R", "W", "I", "1", "2", "3"]


def test_r_and_reddish_purple_are_kept_for_the_root() -> None:
    owners = assign_owners(["/rabbit", "/"])
    assert (owners["/"].name, owners["/"].letter, owners["/"].hue) == ("root", "R", "reddish purple")
    assert owners["/rabbit"].letter == "A"
    assert owners["/rabbit"].hue == "sky blue"


def test_hues_come_in_order_and_then_again_with_a_stripe() -> None:
    owners = list(assign_owners(f"/c{n}" for n in range(14)).values())
    assert [owner.hue for owner in owners[:5]] == ["sky blue", "bluish green", "orange", "yellow", "blue"]
    assert [owner.hue for owner in owners[5:11]] == list(HUES)
    assert [owner.stripe for owner in owners] == [False] * 5 + [True] * 9
    assert len({owner.letter for owner in owners}) == 14


def test_from_the_seventh_owner_on_the_root_counted_marks_have_two_letters() -> None:
    names = ["/", "/web", "/db", "/bomb", "/mail", "/cron", "/backup", "/build", "/bulk", "/x"]
    owners = assign_owners(names)
    assert [owner.letter for owner in owners.values()] == ["R", "W", "D", "B", "M", "C", "Ba", "Bu", "Bl", "X0"]
    assert [len(owner.letter) == 2 for owner in owners.values()] == [owner.stripe for owner in owners.values()]


def test_forty_containers_of_one_name_still_have_forty_letters() -> None:
    owners = assign_owners(f"/{n}/web" for n in range(40))
    assert len({owner.letter for owner in owners.values()}) == 40


def test_known_owners_keep_what_they_have() -> None:
    before = assign_owners(["/", "/web", "/db"])
    after = assign_owners(["/", "/db", "/bomb"], before)
    assert after["/db"] == before["/db"]
    assert after["/bomb"].hue == "orange"


def test_selection_is_saturation() -> None:
    owner = assign_owners(["/web"])["/web"]
    assert owner.fill("light", "/web") == SHADES["light"]["sky blue"].solid
    assert owner.fill("light", None) == owner.fill("light", "/db") == SHADES["light"]["sky blue"].tint


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_owner_is_vermilion_and_every_colour_is_a_full_hex(theme: Theme) -> None:
    solids = {shade.solid for shade in SHADES[theme].values()}
    assert TOKENS[theme].refused not in solids
    assert len(solids) == 6
    assert all(re.fullmatch("#[0-9A-F]{6}", solid) for solid in solids)


def test_blend_goes_from_the_ground_to_the_colour() -> None:
    assert blend("#000000", "#FFFFFF", 0) == "#000000"
    assert blend("#000000", "#FFFFFF", 1) == "#FFFFFF"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_template_is_small_and_its_paper_is_opaque(theme: Theme) -> None:
    made = template(theme).to_plotly_json()
    assert len(str(made)) < 2_000
    assert made["layout"]["paper_bgcolor"] == TOKENS[theme].canvas


def test_importing_the_package_loads_neither_plotly_nor_networkx() -> None:
    code = "import sys, kmemlab.figures; print([m for m in ('plotly', 'networkx') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    import kmemlab.figures as figures

    assert all(getattr(figures, name) is not None for name in figures.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'pie_chart'"):
        _ = figures.pie_chart
