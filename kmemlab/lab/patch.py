"""JSON merge patches (RFC 7386): only what changed travels to the page."""

from __future__ import annotations

from typing import Any

SAME: dict[str, Any] = {}


def difference(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the patch that makes `new` of `old`; {} for equal ones. No object in them may hold None: it means "gone" here."""
    patch: dict[str, Any] = {}
    for key in old:
        if key not in new:
            patch[key] = None
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = difference(before, value)
            if inner:
                patch[key] = inner
        elif before != value or key not in old:
            patch[key] = value
    return patch
