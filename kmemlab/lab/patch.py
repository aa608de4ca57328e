"""What changed between two frames, and how it is put in: JSON merge patches (RFC 7386), and edits for lists.

A merge patch replaces a list whole. Here a patch that meets a list may be an object with the key "~": a list of edits
[at, drop, item ...], done one after the other on a copy, each place counted in the list as it is by then. Its other keys
are places in the edited list, their values patches for what stands there. No object of a frame has a key "~".
"""

from __future__ import annotations

from itertools import chain, compress, islice
from operator import eq, is_not
from typing import Any

EDITS = "~"
NEAR = 12  # items that are looked ahead in both lists for where they agree again


def difference(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the patch that makes `new` of `old`; {} for equal ones. No object in them may hold None: it means "gone" here."""
    patch: dict[str, Any] = {}
    if old is new:
        return patch
    grown = len(new) >= len(old) and all(map(eq, old, new))  # the same keys in the same order, then perhaps more
    if not grown:
        patch |= {key: None for key in old if key not in new}
    for key in chain(compress(new, map(is_not, new.values(), old.values())), islice(new, len(old), None)) if grown else new:
        value, before = new[key], old.get(key)
        if value is before:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            inner = difference(before, value)
            if inner:
                patch[key] = inner
        elif before != value:
            patch[key] = list_difference(before, value) if isinstance(before, list) and isinstance(value, list) else value
    return patch


def merged(old: Any, patch: Any) -> Any:
    """Return what a patch makes of a value, which stays as it is: what the page does."""
    if not isinstance(patch, dict):
        return patch
    if isinstance(old, list) and EDITS in patch:
        items = list(old)
        for at, drop, *put in patch[EDITS]:
            items[at : at + drop] = put
        for place, inner in patch.items():
            if place != EDITS:
                items[int(place)] = merged(items[int(place)], inner)
        return items
    made = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


def list_difference(old: list[Any], new: list[Any]) -> dict[str, Any] | list[Any]:
    """Return edits that make `new` of `old`, which are not equal; `new` itself where edits would not be shorter."""
    edits: list[list[Any]] = []
    inside: dict[str, Any] = {}
    length = 0
    for at, was, put in hunks(old, new):
        pairs = min(len(was), len(put))
        if all(isinstance(each, dict) for each in was[:pairs] + put[:pairs]):
            inside |= {str(at + k): difference(was[k], put[k]) for k in range(pairs) if was[k] != put[k]}
            at, was, put = at + pairs, was[pairs:], put[pairs:]
        if was or put:
            edits.append([at, len(was), *put])
            length += 2 + len(put)
    return new if length > len(new) and not inside else {EDITS: edits, **inside}


def hunks(old: list[Any], new: list[Any]) -> list[tuple[int, list[Any], list[Any]]]:
    """Return where the lists differ: place in `new`, items that go, items that come."""
    head = shared(old, new)
    tail = shared(old[head:][::-1], new[head:][::-1])
    found = []
    i, j, last_i, last_j = head, head, len(old) - tail, len(new) - tail
    while i < last_i or j < last_j:
        down, right = agree_again(old[i : min(i + NEAR, last_i)], new[j : min(j + NEAR, last_j)])
        if down < 0:
            down, right = last_i - i, last_j - j
        if down or right:
            found.append((j, old[i : i + down], new[j : j + right]))
        i, j = i + down, j + right
        same = shared(old[i:last_i], new[j:last_j])
        i, j = i + same, j + same
    return found


def agree_again(old: list[Any], new: list[Any]) -> tuple[int, int]:
    """Return how many items of each list come before the next that both have, the fewest together; (-1, -1) for none."""
    for apart in range(len(old) + len(new) - 1):
        for k in range(apart + 1):
            # As many of each before more of one: an item that was replaced is commoner than one that came or went.
            right = apart // 2 + ((k + 1) // 2 if k % 2 else -(k // 2))
            down = apart - right
            if down < len(old) and right < len(new) and old[down] == new[right]:
                return down, right
    return -1, -1


def shared(old: list[Any], new: list[Any]) -> int:
    """Count the first items that are equal in both; halving, because lists are compared much faster than walked."""
    end = min(len(old), len(new))
    if old[:end] == new[:end]:
        return end
    start = 0
    while end - start > 1:
        middle = (start + end) // 2
        if old[start:middle] == new[start:middle]:
            start = middle
        else:
            end = middle
    return start
