"""Merge patches: what is sent makes the old frame the new one, and nothing more is sent."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kmemlab.lab.patch import difference

KEYS = st.sampled_from(["a", "b", "c"])
LEAVES = st.one_of(st.integers(), st.text(max_size=3), st.booleans(), st.lists(st.integers(), max_size=3))
FRAMES = st.dictionaries(KEYS, st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8))


def merged(old: Any, patch: Any) -> Any:
    """RFC 7386, as the page does it."""
    if not isinstance(patch, dict):
        return patch
    made = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


@given(old=FRAMES, new=FRAMES)
def test_old_and_patch_make_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert merged(old, difference(old, new)) == new


@given(frame=FRAMES)
def test_equal_frames_send_nothing(frame: dict[str, Any]) -> None:
    assert difference(frame, dict(frame)) == {}
