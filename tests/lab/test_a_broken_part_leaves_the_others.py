"""One part of the frame that raises is left out and said; the others are built, and the session goes on."""

from __future__ import annotations

from typing import NoReturn

import pytest

from kmemlab import Session
from kmemlab.lab import frame as rooms
from kmemlab.lab.controller import Controller

KEYS = {
    "words": "sentence", "containers": "containers", "terminal": "terminal", "break_point": "break",
    "slab_pages": "slabs", "object_card": "object", "picture": "twin", "path_nodes": "path",
}  # fmt: skip


def fail(*_args: object) -> NoReturn:
    raise RuntimeError("broken on purpose")


@pytest.mark.parametrize("part", KEYS)
def test_a_broken_part_is_left_out_and_the_others_are_drawn(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Controller(Session())
    lab.do({"action": "run", "line": "open 1"})
    lab.do({"action": "twin", "on": True})
    lab.look.object = (next(int(number) for number in lab.frame()["slabs"]["rows"]), 0)
    whole = lab.frame()
    assert KEYS[part] in whole
    monkeypatch.setattr(rooms, part, fail)
    drawn = lab.frame()
    assert KEYS[part] not in drawn
    assert "broken on purpose" in drawn["notice"]["text"]
    assert all(key in drawn for name, key in KEYS.items() if name != part)
    lab.do({"action": "run", "line": "open 1"})
    assert lab.frame()["position"] > whole["position"]
