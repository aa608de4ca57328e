"""What is different about two machines, in numbers and in words: pairs that differ, one sentence, and what each is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from ..engine.profiles import DEFAULTS
from ..explain_story import short
from ..session import Session
from ..survey import container_rows
from ..variants import FILE, NO_LIMIT, target_of
from .frame import containers, moment_of
from .slabsection import slab_pages
from .viewwords import called, fullest
from .walking import Walker

MOST_PAIRS = 10
NEAR = 4096  # bytes below its limit: a container that close is held by it
GONE: Final[dict[str, Any]] = {"id": -9, "usage": 0, "failcnt": 0}  # a container that one side does not have

Frame = Mapping[str, Any]
Rows = Mapping[str, Mapping[str, Any]]
Names = tuple[tuple[str, str], tuple[str, str]]


def comparison(a: Walker, b: Walker, n: int, names: Names) -> dict[str, Any]:
    """Return both sides, their common scale, what differs, and the difference in words; `n` is where they were sent."""
    one, two = side(a, names[0]), side(b, names[1])
    return {
        "sides": {"a": one, "b": two},
        "scale": max(one.pop("scale"), two.pop("scale")),
        "chosen": a.look.selected,
        "differs": list(pairs(one, two, a.look.selected)),
        "sentence": sentence(one, two, n, a.look.selected),
    }


def side(walker: Walker, name: tuple[str, str]) -> dict[str, Any]:
    """Return one side: containers, the slabs of the drawn cache, and what is counted of the whole machine."""
    session, look = walker.session, walker.look
    machine = session.machine
    moment = moment_of(session, look.step)
    rows = container_rows(machine)
    cache = machine.caches.get(look.cache)
    made: dict[str, Any] = {"name": name[0], "how": name[1], "position": session.position, "length": session.length}
    made |= containers(moment, rows, look)
    accounted = sum(int(each.nr_slabs) << (12 + int(each.order)) for each in machine.slub.caches if machine.accounted(each))
    made["unpaid"] = accounted - sum(each["usage"] for each in made["containers"])
    if cache is not None:
        made |= slab_pages(session, moment, cache, rows, look.pages)
    return made


def pairs(a: Frame, b: Frame, selected: str) -> Iterator[dict[str, Any]]:
    """Yield the numbers that differ, those of the selected container first; equal ones are left out."""
    found = [each for each in counted(a, b, selected) if each["a"] != each["b"]]
    yield from found[:MOST_PAIRS]


def counted(a: Frame, b: Frame, selected: str) -> Iterator[dict[str, Any]]:
    """Yield every number that both sides are compared by: of one container, of the machine, of the other containers."""
    here, there = ({each["path"]: each for each in one["containers"]} for one in (a, b))
    cells = [[owner for row in one.get("slabs", {"rows": {}})["rows"].values() for owner in row["owners"]] for one in (a, b)]
    cache = short(str((a.get("cache") or b.get("cache") or {"name": "object"})["name"]), 16)
    for place, path in enumerate(by_difference({**here, **there}, here, there, selected)):
        one, two = here.get(path, GONE), there.get(path, GONE)
        name = called(here.get(path) or there[path])
        yield {"what": f"{name} holds, bytes", "a": one["usage"], "b": two["usage"]}
        yield {"what": f"{cache} objects of {name}", "a": cells[0].count(one["id"]), "b": cells[1].count(two["id"])}
        yield {"what": f"refused charges of {name}", "a": one["failcnt"], "b": two["failcnt"], "refused": True}
        if place:
            continue
        slabs = [len(one["slabs"]["rows"]) if "slabs" in one else 0 for one in (a, b)]
        yield {"what": f"{cache} slabs", "a": slabs[0], "b": slabs[1]}
        yield {"what": "slab bytes nobody pays", "a": a["unpaid"], "b": b["unpaid"]}


def by_difference(paths: Iterable[str], here: Rows, there: Rows, selected: str) -> list[str]:
    """Sort containers: the selected one first, then by how much more one of them holds on one side."""

    def rank(path: str) -> tuple[bool, int]:
        return path != selected, -abs(here.get(path, GONE)["usage"] - there.get(path, GONE)["usage"])

    return sorted(paths, key=rank)


def sentence(a: Frame, b: Frame, n: int, selected: str) -> str:
    """Return the difference in words: what a limit kept out, else who holds more where, else the first number that differs."""
    here, there = ({each["path"]: each for each in one["containers"]} for one in (a, b))
    differ = [path for path in {**here, **there} if here.get(path, GONE)["usage"] != there.get(path, GONE)["usage"]]
    after = f"After {n:,} events " if n <= min(a["length"], b["length"]) else ""
    for path in by_difference(differ, here, there, selected)[:1]:
        sides = [(here.get(path, GONE), a), (there.get(path, GONE), b)]
        (one, _), (two, more) = sorted(sides, key=lambda each: each[0]["usage"])
        by, name = two["usage"] - one["usage"], called(two)
        if "limit" in one and one["limit"] < two.get("limit", NO_LIMIT) and one["failcnt"]:
            if one["limit"] - one["usage"] < NEAR:
                kept = f"the limit has kept {by:,} bytes out of {name}."
                return fullest(after + kept if after else opening(kept), opening(kept))
            # It has let go of bytes meanwhile: what is missing now is not only what the limit refused.
            less = f"{name} holds {by:,} bytes less with its limit."
            return fullest(after + less, less)
        words = f"{name} holds {by:,} bytes more"
        return fullest(f"{after}{words} ({more['name']}).", f"{words} ({more['name']}).", f"{words}.")
    first = next(pairs(a, b, selected), None)
    if first is None:
        return opening(f"{after}no number differs.") if n else "Nothing has happened yet."
    words = f"{first['what']}: {first['a']:,} and {first['b']:,}."
    return fullest(f"{after.rstrip()}, {words}" if after else words, words)


def opening(words: str) -> str:
    """Return words as the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def named(a: Session, b: Session) -> Names:
    """Name two sessions by the first thing that is different about them: machine, limits, commands."""
    one, two = ({**DEFAULTS, **each.machine.profile.to_dict()} for each in (a, b))
    for key in DEFAULTS:
        if one[key] != two[key]:
            return machine_named(key, one[key]), machine_named(key, two[key])
    for first, other in zip_longest(a.commands, b.commands, fillvalue=""):
        if first == other:
            continue
        if all(target_of(line).endswith(f"/{FILE}") for line in (first, other)):
            return limit_named(limit_of(first), limit_of(other))
        return ("Left", short(first, 40)), ("Right", short(other, 40))
    return ("Left", "the same commands"), ("Right", "the same commands")


def machine_named(key: str, value: Any) -> tuple[str, str]:
    """Name a session by a word of its profile."""
    known = {"cpus": f"{value} cpu{'' if value == 1 else 's'}", "slub": f"SLUB of {value}"}
    name = f"{value >> 20:,} MiB" if key == "memory" else known.get(key, f"{key} {value}")
    return name, f"{key}={value}"


def limit_named(one: int | None, two: int | None) -> Names:
    """Name two sessions by their limits."""

    def name(limit: int | None, other: int | None) -> tuple[str, str]:
        if limit is None:
            return "Limit off", f"no {FILE}"
        return "Limit on" if other is None else f"Limit {limit:,}", f"{FILE} {limit}"

    return name(one, two), name(two, one)


def limit_of(line: str) -> int | None:
    """Return the limit that a command sets, None for none."""
    number = next((int(word) for word in line.split() if word.isdigit()), NO_LIMIT)
    return None if number >= NO_LIMIT else number
