"""The stories that a controller is graded by: short lists of acts, told in words, run as commands of the shell.

An act is a plain tuple. `("open", 2, 4)` is "open 4" by task 2, which lives in blue; task 3 lives in red. Faults are acts too:
`("refuse", 2)` turns the knobs of fail_charge so that the second charge from there on is refused although it fits.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Act = tuple[Any, ...]

BLUE, RED = 2, 3
HOMES = {BLUE: "blue", RED: "red"}
KNOBS = "/sys/kernel/debug"
PRELUDE = (
    "mount -t container -o kmem none /containers",
    "mkdir /containers/blue",
    "mkdir /containers/red",
    "fork",
    "fork",
    f"echo {BLUE} > /containers/blue/tasks",
    f"echo {RED} > /containers/red/tasks",
)
ON: Act = ("on", "filp")
NUMBERS = {1: "1st", 2: "2nd", 3: "3rd"}


@dataclass(frozen=True)
class Story:
    """Acts on a machine.

    Attributes:
        acts: what happens after the prelude; memory, cpus: of the machine.
    """

    acts: tuple[Act, ...]
    memory: str = "2M"
    cpus: int = 2

    def words(self, array: int = 0) -> str:
        """Tell it: "open 4; close 1". If `array` says which owner array could not be had, the fault is told as that."""
        both = {act[1] for act in self.acts if act[0] in ("open", "close", "mmap", "munmap", "move")}
        told = [words_of(act, both != {BLUE}, array) for number, act in enumerate(self.acts) if number or act != ON]
        return "; ".join(told) or "switch on"


def nth(number: int) -> str:
    """Count in words."""
    return NUMBERS.get(number, f"{number}th")


def words_of(act: Act, named: bool = False, array: int = 0) -> str:
    """Tell an act."""
    kind, *rest = act
    if array and kind in ("no-object", "no-page"):
        return f"the {nth(array)} owner array cannot be had"
    who = f"{HOMES.get(rest[0], rest[0])}'s task: " if named and kind in ("open", "close", "mmap", "munmap") else ""
    if kind in ("open", "close", "mmap", "munmap"):
        return f"{who}{kind} {rest[1]}"
    if kind == "move":
        return f"move {HOMES[rest[0]]}'s task to {rest[1]}"
    return {
        "limit": lambda: f"limit {rest[0]} to {rest[1]:,}",
        "refuse": lambda: f"refuse the {nth(rest[0])} charge",
        "no-object": lambda: f"the {nth(rest[0])} object of any cache cannot be had",
        "no-page": lambda: f"the {nth(rest[0])} page cannot be had",
        "on": lambda: f"switch {rest[0]} on",
        "off": lambda: f"switch {rest[0]} off",
        "rmdir": lambda: f"rmdir {rest[0]}",
        "exit": lambda: f"{HOMES[rest[0]]}'s task ends",
    }[kind]()


def lines_of(act: Act, lowest: list[int]) -> list[str]:
    """Return an act's commands. `lowest` are the task's descriptors or mappings, lowest first, where some are given back."""
    kind, *rest = act
    if kind in ("open", "mmap"):
        return [f"as {rest[0]} {kind} {rest[1]}"]
    if kind == "close":
        which = " ".join(str(each) for each in lowest[: rest[1]])
        return [f"as {rest[0]} close {which}"] if which else []
    if kind == "munmap":
        return [f"as {rest[0]} munmap {min(rest[1], len(lowest))}"] if lowest else []
    if kind in ("refuse", "no-object", "no-page"):
        knob = {"refuse": "fail_charge", "no-object": "failslab", "no-page": "fail_page_alloc"}[kind]
        values = [("times", 1), ("interval", rest[0]), ("probability", 100)]
        if kind == "no-page":
            values.insert(0, ("min-order", 0))
        return [f"echo {value} > {KNOBS}/{knob}/{name}" for name, value in values]
    return {
        "move": lambda: [f"echo {rest[0]} > /containers/{rest[1]}/tasks"],
        "limit": lambda: [f"echo -n {rest[1]} > /containers/{rest[0]}/kmem.limit"],
        "on": lambda: [f"echo 1 > /sys/slab/{rest[0]}/cache_account"],
        "off": lambda: [f"echo 0 > /sys/slab/{rest[0]}/cache_account"],
        "rmdir": lambda: [f"rmdir /containers/{rest[0]}"],
        "exit": lambda: [f"as {rest[0]} exit"],
    }[kind]()


def smaller(acts: tuple[Act, ...]) -> Iterator[tuple[Act, ...]]:
    """Yield the stories that are one act, one task or one number smaller, the smallest first."""
    for at in range(len(acts)):
        yield acts[:at] + acts[at + 1 :]
    for at, (act, then) in enumerate(pairwise(acts)):
        if act[:-1] == then[:-1] and act[0] in ("open", "close", "mmap"):
            yield (*acts[:at], (*act[:-1], act[-1] + then[-1]), *acts[at + 2 :])
    if any(RED in act[1:2] for act in acts):
        yield tuple(swapped(act) for act in acts)
    for at, act in enumerate(acts):
        number = act[-1]
        if type(number) is not int or act[0] == "exit":
            continue
        for less in sorted({1, number // 2, number - 1}) if act[0] != "limit" else (256, 512, 768):
            if 0 < less < number:
                yield (*acts[:at], (*act[:-1], less), *acts[at + 1 :])


def swapped(act: Act) -> Act:
    """Tell of blue what was told of red, if it is not told already."""
    names = {RED: BLUE, "red": "blue", "blue": "red"}
    return tuple(
        names.get(each, each) if at and act[0] not in ("refuse", "no-object", "no-page") else each
        for at, each in enumerate(act[:2])
    ) + tuple({"red": "blue", "blue": "red"}.get(each, each) for each in act[2:])


def o(number: int, who: int = BLUE) -> Act:
    """Open some."""
    return ("open", who, number)


def c(number: int, who: int = BLUE) -> Act:
    """Close some."""
    return ("close", who, number)


CHARGE = (
    (ON, o(1)),
    (ON, o(1), c(1)),
    (ON, o(3), ("move", BLUE, "red"), c(1)),
    (ON, o(2), o(3, RED), c(2), c(1, RED)),
    (ON, o(1), ("move", BLUE, "red"), ("rmdir", "blue"), c(1), ("rmdir", "blue")),
    (ON, o(40), c(40), o(2)),
    (ON, o(18), c(17), o(20), ("exit", BLUE)),
    (ON, ("on", "vm_area_struct"), ("mmap", BLUE, 3), o(2), ("munmap", BLUE, 2), c(1)),
)
LIMIT = (
    (ON, ("limit", "blue", 768), o(4), c(1)),
    (ON, ("limit", "blue", 0), o(1)),
    (ON, ("limit", "blue", 600), o(4), c(1), o(2), c(2)),
    (ON, o(3), ("limit", "blue", 512), o(1), c(2), o(2)),
    (ON, o(2), c(2), ("limit", "blue", 256), o(3), ("move", BLUE, "red"), c(1), ("rmdir", "blue")),
    (ON, ("limit", "blue", 1000), o(2), o(20, RED), o(3), c(1), o(2), c(20, RED)),
)
REFUSED = ((ON, o(4), c(1)), (ON, o(1), c(1), o(2), c(1)), (ON, o(2), ("move", BLUE, "red"), o(2), c(2)))
SWITCH = (
    (ON, ("off", "filp"), o(1)),
    (ON, o(1), ("off", "filp"), c(1)),
    (o(2), ON, o(1), c(1)),
    (o(2), ON, o(20), c(22), ("off", "filp"), o(1)),
    (ON, o(40), c(40), ("off", "filp"), o(3), ON, o(2), c(5)),
    (ON, o(17), c(16), ("off", "filp"), c(1), ("off", "filp"), o(1), ON, o(1), c(1)),
    (ON, ("on", "vm_area_struct"), ("mmap", BLUE, 2), o(2), c(2), ("off", "filp"), ("munmap", BLUE, 1)),
)
FAULTED = (
    (ON, o(2), c(1)),
    (ON, o(17), c(17), o(1)),
    (o(2), ON, o(16), c(18), ("off", "filp")),
    (ON, o(3), ("move", BLUE, "red"), o(2), c(4)),
)


def faulty(acts: tuple[Act, ...], kind: str, number: int) -> tuple[Act, ...]:
    """Return a story in which the nth charge, object or page is refused, counted from where accounting is on."""
    at = acts.index(ON) + 1
    return (*acts[:at], (kind, number), *acts[at:])


def drawn(seed: int, stage: int, count: int) -> Iterator[Story]:
    """Draw stories by chance, the same ones for the same seed: acts of a stage's kind, on machines that differ."""
    chance = random.Random(f"kmemlab {seed} {stage}")
    for _ in range(count):
        acts: list[Act] = [] if stage >= 3 and chance.random() < 0.4 else [ON]
        if chance.random() < 0.5:
            acts.append(("on", "vm_area_struct"))
        kinds = ["open"] * 4 + ["close"] * 4 + ["mmap", "munmap", "move", "move"]
        if stage >= 2:
            kinds += ["limit", "limit", "refuse"]
        if stage >= 3:
            kinds += ["off", "on", "on", "no-object", "no-page"]
        acts += [an_act(chance, chance.choice(kinds)) for _ in range(chance.randint(4, 12))]
        yield Story(tuple(acts), chance.choice(["1M", "2M", "4M"]), chance.randint(1, 3))


def an_act(chance: random.Random, kind: str) -> Act:
    """Draw the rest of an act."""
    if kind in ("open", "close", "mmap", "munmap"):
        return (kind, chance.choice([BLUE, BLUE, RED]), chance.choice([1, 2, 3, 7, 17]))
    if kind == "move":
        return (kind, chance.choice([BLUE, RED]), chance.choice(["blue", "red"]))
    if kind == "limit":
        return (kind, chance.choice(["blue", "red"]), chance.choice([0, 255, 256, 600, 1000, 2048]))
    if kind in ("on", "off"):
        return (kind, chance.choice(["filp", "filp", "vm_area_struct"]))
    return (kind, chance.randint(1, 6))
