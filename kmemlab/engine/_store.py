"""What stands in for librt's typed storage where nothing is compiled: `vec` is a list, the numbers are ints."""

from __future__ import annotations

from typing import Any

i16 = i32 = i64 = int


class vec:  # noqa: N801 (the name of what it stands in for)
    """`vec[i64](items)` makes a list of the items."""

    def __class_getitem__(cls, item: object) -> type[list[Any]]:
        return list


def mypyc_attr(*names: str, **values: object) -> Any:
    """Mark nothing: only the compiler reads these marks."""
    return lambda decorated: decorated
