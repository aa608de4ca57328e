"""The cells' marks are those that nbgrader 0.9 takes (schema 3 of its cell metadata): what its validator asks, asked here."""

from __future__ import annotations

from typing import Any

import pytest

from tools import course

KEYS: dict[str, type] = {
    "schema_version": int, "grade": bool, "solution": bool, "locked": bool, "task": bool, "grade_id": str, "points": int,
}  # fmt: skip
ALLOWED_IN_ID = set("abcdefghijklmnopqrstuvwxyz0123456789-_")


def wrong(cells: list[Any]) -> list[str]:
    """What nbgrader would refuse in a notebook's cells."""
    told, met = [], set()
    for number, cell in enumerate(cells):
        if "nbgrader" not in cell.metadata:
            continue
        mark = cell.metadata["nbgrader"]
        told += [f"cell {number}: {key} is none of nbgrader's" for key in mark if key not in KEYS]
        told += [
            f"cell {number}: {key} is a {type(mark[key]).__name__}"
            for key, of in KEYS.items()
            if type(mark.get(key, of())) is not of
        ]
        told += [f"cell {number}: no {key}" for key in KEYS if key not in mark and key != "points"]
        if mark.get("schema_version") != 3:
            told.append(f"cell {number}: schema {mark.get('schema_version')}")
        points = mark.get("points", -1)
        if mark.get("grade") and not (isinstance(points, int) and points >= 0 and mark.get("locked")):
            told.append(f"cell {number}: a graded cell has points and is locked")
        if not mark.get("grade") and "points" in mark:
            told.append(f"cell {number}: points, and nothing is graded")
        if mark.get("grade") and mark.get("solution"):
            told.append(f"cell {number}: graded by hand, and nobody says by whom")
        if cell.cell_type != "code":
            told.append(f"cell {number}: prose is neither an exercise nor a check")
        name = str(mark.get("grade_id", ""))
        if not name or set(name) - ALLOWED_IN_ID or name in met:
            told.append(f"cell {number}: grade_id {name!r} is empty, odd or taken")
        met.add(name)
    return told


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.number)
def test_nbgrader_takes_every_lesson(lesson: course.Lesson) -> None:
    cells = lesson.notebook.cells
    assert wrong(cells) == []
    marked = [cell for cell in cells if "nbgrader" in cell.metadata]
    exercises = [cell.metadata["exercise"] for cell in marked if cell.metadata["nbgrader"]["solution"]]
    checks = [cell.metadata["graded"] for cell in marked if cell.metadata["nbgrader"]["grade"]]
    assert sorted(exercises) == sorted(checks) != []
    order = [cell.metadata["nbgrader"]["grade_id"] for cell in marked]
    for number in checks:
        name = number.replace(".", "-")
        assert order.index(f"exercise-{name}") < order.index(f"check-{name}"), "who checks comes after who writes"


@pytest.mark.parametrize(("key", "value", "found"), [
    ("points", "1", "points is a str"), ("grade_id", "", "is empty, odd or taken"), ("schema_version", 2, "schema 2"),
    ("locked", False, "has points and is locked"), ("solution", True, "graded by hand"), ("color", "red", "none of nbgrader's"),
])  # fmt: skip
def test_a_mark_that_nbgrader_refuses_is_found(key: str, value: object, found: str) -> None:
    cells = course.lesson(course.lessons()[0].path).notebook.cells
    check = next(cell for cell in cells if "graded" in cell.metadata)
    check.metadata["nbgrader"][key] = value
    assert any(found in each for each in wrong([check] if key != "grade_id" else cells))
    assert check.metadata["nbgrader"][key] == value
