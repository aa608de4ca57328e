"""Patches: what is sent makes the old frame the new one, and little more is sent than what changed."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kmemlab.lab.patch import difference, hunks, merged

KEYS = st.sampled_from(["a", "b", "c"])
LEAVES = st.one_of(st.integers(0, 3), st.text(max_size=3), st.booleans())
VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.dictionaries(KEYS, inner, max_size=3), st.lists(inner, max_size=5)), max_leaves=12
)
FRAMES = st.dictionaries(KEYS, VALUES)


@given(old=FRAMES, new=FRAMES)
def test_old_and_patch_make_new_and_old_stays(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = json.dumps(old)
    assert merged(old, json.loads(json.dumps(difference(old, new)))) == new
    assert json.dumps(old) == before


@given(frame=FRAMES)
def test_equal_frames_send_nothing(frame: dict[str, Any]) -> None:
    assert difference(frame, json.loads(json.dumps(frame))) == {}


@given(old=st.lists(st.integers(0, 4), max_size=40), new=st.lists(st.integers(0, 4), max_size=40))
def test_hunks_are_all_that_differs(old: list[int], new: list[int]) -> None:
    made = list(old)
    for at, was, put in hunks(old, new):
        assert made[at : at + len(was)] == was
        made[at : at + len(was)] = put
    assert made == new


def test_a_long_list_with_few_changes_is_sent_as_these() -> None:
    chance = random.Random(4)
    old = {"list": [chance.randrange(10**6) for _ in range(20_000)]}
    new = {"list": [*old["list"][1:10_000], *old["list"][10_001:], 7]}
    new["list"][500] = 8
    assert difference(old, new) == {"list": {"~": [[0, 1], [500, 1, 8], [9_999, 1], [19_998, 0, 7]]}}


def test_an_item_that_changed_is_patched_where_it_stands() -> None:
    old = {"rows": [{"id": 1, "usage": 0, "name": "a long name"}, {"id": 2, "usage": 0, "limit": 4}]}
    new = {"rows": [{"id": 1, "usage": 5, "name": "a long name"}, {"id": 2, "usage": 0}, {"id": 3}]}
    patch = difference(old, new)
    assert patch == {"rows": {"~": [[2, 0, {"id": 3}]], "0": {"usage": 5}, "1": {"limit": None}}}
    assert merged(old, patch) == new


def test_a_list_of_which_little_is_left_is_sent_whole() -> None:
    assert difference({"list": [1, 2, 3]}, {"list": [4, 5]}) == {"list": [4, 5]}
