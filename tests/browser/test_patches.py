"""The page's patches are Python's: the same old value and patch make the same new value in a browser."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import kmemlab.lab
from kmemlab.lab.patch import difference, merged

pytestmark = pytest.mark.browser


def value(chance: random.Random, depth: int = 3) -> Any:
    kind = chance.randrange(6) if depth else chance.randrange(2)
    if kind < 2:
        return chance.choice([0, 1, 2, "a", "b"])  # a key keeps its type in frames: True and 1 are equal here
    if kind < 4:
        return {key: value(chance, depth - 1) for key in chance.sample("abcd", chance.randrange(4))}
    return [value(chance, depth - 1) for _ in range(chance.randrange(7))]


def changed(old: Any, chance: random.Random) -> Any:
    """Change a value a little, as events change frames."""
    if isinstance(old, dict):
        new = {key: changed(each, chance) if chance.random() < 0.4 else each for key, each in old.items()}
        for key in [key for key in new if chance.random() < 0.1]:
            del new[key]
        if chance.random() < 0.2:
            new[chance.choice("abcdef")] = value(chance, 1)
        return new
    if isinstance(old, list):
        items = [changed(each, chance) if chance.random() < 0.2 else each for each in old if chance.random() > 0.1]
        if chance.random() < 0.4:
            items.insert(chance.randrange(len(items) + 1), value(chance, 1))
        return items
    return value(chance, 0)


def test_old_and_patch_make_the_same_in_the_browser(page: Page) -> None:
    chance = random.Random(7)
    cases = []
    for _ in range(400):
        old = {key: value(chance, 4) for key in "abcde"}
        old["long"] = [chance.randrange(9) for _ in range(40)]
        new = changed(old, chance)
        patch = difference(old, new)
        assert merged(old, patch) == new
        cases.append([old, patch, new])
    assert sum("~" in json.dumps(patch) for _, patch, _ in cases) > 100
    source = (Path(kmemlab.lab.__file__).parent / "js" / "dom.js").read_text(encoding="utf-8")
    page.goto("about:blank")
    wrong = page.evaluate(
        """async ([source, cases]) => {
          const { mergePatch } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
          const sorted = (v) => Array.isArray(v) ? v.map(sorted) : v && typeof v === "object"
            ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])])) : v;
          const text = (v) => JSON.stringify(sorted(v));
          return cases.filter(([old, patch, made]) => {
            const before = text(old);
            return text(mergePatch(old, patch)) !== text(made) || text(old) !== before;
          }).length }""",
        [source, cases],
    )
    assert wrong == 0
