"""Paths as text: walked from the root, "." and ".." taken as they mean; and what a rename does to those below."""

from __future__ import annotations


def steps(path: str) -> list[tuple[str, str]]:
    """Split a path into (path so far, name) for each name on the way."""
    names: list[str] = []
    for name in path.split("/"):
        if name == "..":
            if names:
                names.pop()
        elif name and name != ".":
            names.append(name)
    return [("/" + "/".join(names[: count + 1]), name) for count, name in enumerate(names)]


def canonical(path: str) -> str:
    """Return a path from the root without dots or double slashes."""
    walked = steps(path)
    return walked[-1][0] if walked else "/"


def parent_of(path: str) -> str:
    """Return the directory part of a path as it is written, so that a name of dots is still seen."""
    return path.rstrip("/").rpartition("/")[0] or "/"


def name_of(path: str) -> str:
    """Return the last name of a path as it is written."""
    return path.rstrip("/").rpartition("/")[2]


def is_below(path: str, above: str) -> bool:
    """Say whether a clean path leads through another, or is it."""
    return path == above or path.startswith(above.rstrip("/") + "/")


def point_above(points: list[str], path: str) -> str:
    """Return the mount point that the directory of a path is in, "" for none: the longest that it leads through."""
    best = ""
    for point in points:
        if len(point) > len(best) and point != path and is_below(path, point):
            best = point
    return best


def renamed_points(points: list[str], in_tree: list[str], old: str, new: str) -> dict[str, str]:
    """Return what every mount point is called after a directory of a tree was renamed.

    Args:
        points: mount points, a tree's before those inside it.
        in_tree: the points where the tree is mounted, "" for the root directory's.
        old: the directory's path below such a point.
        new: what it is called now.
    """
    called = {"": ""}
    for point in points:
        above = point_above(points, point)
        rest = point[len(above) :]
        if above in in_tree and is_below(rest, old):
            rest = new + rest[len(old) :]
        called[point] = called[above] + rest
    del called[""]
    return called
