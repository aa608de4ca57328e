"""All schedules of a scene. Either every one is counted, or only those that differ in more than the order of what commutes.

`explore` goes breadth first over the states: schedules that lead to the same state go on alike, so each state is tried once
and the schedules through it are counted, not run. The first way to a fault is then a shortest one. `reduced` goes depth
first with sleep sets (Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, 1996, 5): of two steps
that commute one order is left out. It finds the same faults in fewer steps, and counts no schedules.
"""

from __future__ import annotations

import errno
import time
from dataclasses import dataclass, field
from itertools import pairwise

from ..engine.errors import KernelError
from .run import SOFTIRQ, Run, Stage
from .scene import Scene
from .steps import Touches, independent

MOST_STATES = 50_000

Path = tuple[int, ...]


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        what: in words, the same whatever the schedule.
        schedules: how many end in it.
        path: the shortest of them, with the fewest changes of task among the shortest.
        story: (task, kernel function, what it did) of each of its steps.
    """

    what: str
    schedules: int
    path: Path
    story: list[tuple[str, str, str]]


@dataclass
class Explored:
    """What an exploration found.

    Attributes:
        tasks: their names.
        steps: the steps of a longest schedule.
        schedules: complete ones, and those that end in a trap; for `reduced`, the ends that it came to.
        states: that were seen, beginning and ends too.
        transitions: steps from one state to another that were tried.
        seconds: how long it took.
        faults: the likeliest in front.
    """

    tasks: tuple[str, ...]
    steps: int = 0
    schedules: int = 0
    states: int = 0
    transitions: int = 0
    seconds: float = 0.0
    faults: list[Fault] = field(default_factory=list)

    @property
    def violations(self) -> int:
        """How many schedules go wrong."""
        return sum(fault.schedules for fault in self.faults)

    def shortest(self) -> Fault | None:
        """Return the fault with the shortest schedule, None if there is none."""
        return min(self.faults, key=lambda fault: (rank(fault.path), fault.what)) if self.faults else None

    def note(self, what: str, run: Run, path: Path, schedules: int) -> None:
        """Add schedules that end in a fault."""
        for fault in self.faults:
            if fault.what == what:
                fault.schedules += schedules
                if rank(path) < rank(fault.path):
                    fault.path, fault.story = path, list(run.story)
                return
        self.faults.append(Fault(what, schedules, path, list(run.story)))


def rank(path: Path) -> tuple[int, int, Path]:
    """Order schedules: short ones first, then those that change tasks seldom."""
    return len(path), sum(before != after for before, after in pairwise(path)), path


class Node:
    """A state of the layer that is being tried: how many schedules lead here, and the best for each last task."""

    __slots__ = ("best", "ways")

    def __init__(self) -> None:
        self.ways = 0
        self.best: dict[int, Path] = {}

    def reach(self, path: Path, ways: int) -> None:
        """Note another way to get here."""
        self.ways += ways
        last = path[-1]
        if last not in self.best or rank(path) < rank(self.best[last]):
            self.best[last] = path


def explore(scene: Scene) -> Explored:
    """Try every state, count every schedule.

    Raises:
        KernelError: ETIMEDOUT for a step function that does not end; E2BIG for a scene of more than 50,000 states.
    """
    began = time.perf_counter()
    stage = rehearsed(Stage(scene))
    found = Explored(tuple(name for name, _ in scene.tasks))
    first = Node()
    first.ways = 1
    first.best[SOFTIRQ - 1] = ()
    layer = {"": first}
    found.states = 1
    while layer:
        deeper: dict[str, Node] = {}
        for node in layer.values():
            path = min(node.best.values(), key=rank)
            run = stage.run(path)
            ready = run.enabled()
            if not ready:
                found.schedules += node.ways
                found.steps = max(found.steps, len(path))
                what = run.end()
                if what:
                    found.note(what, run, path, node.ways)
                continue
            for number, who in enumerate(ready):
                if number:
                    run = stage.run(path)
                run.step(who)
                found.transitions += 1
                child = deeper.setdefault(run.key(), Node())
                for each in node.best.values():
                    child.reach((*each, who), 0)
                child.ways += node.ways
        found.states += len(deeper)
        if found.states > MOST_STATES:
            raise KernelError(errno.E2BIG, f"More than {MOST_STATES:,} states: take fewer tasks, or fewer steps.")
        layer = deeper
    return finish(found, began)


def reduced(scene: Scene) -> Explored:
    """Leave out what only swaps steps that commute, as the steps say they do.

    Raises:
        KernelError: as `explore`.
    """
    began = time.perf_counter()
    stage = rehearsed(Stage(scene))
    found = Explored(tuple(name for name, _ in scene.tasks))
    asleep: dict[str, frozenset[int]] = {}
    todo: list[tuple[Path, frozenset[int]]] = [((), frozenset())]
    while todo:
        path, sleep = todo.pop()
        run = stage.run(path)
        key = run.key()
        ready = run.enabled()
        if key in asleep:  # seen: only what slept then and is awake now is left to try
            awake = [who for who in ready if who in asleep[key] and who not in sleep]
            sleep &= asleep[key]
        else:
            found.states += 1
            awake = [who for who in ready if who not in sleep]
            if not ready:
                found.schedules += 1
                found.steps = max(found.steps, len(path))
                what = run.end()
                if what:
                    found.note(what, run, path, 1)
        asleep[key] = sleep
        touches = {who: run.touches(who) for who in ready}
        for who in awake:
            found.transitions += 1
            todo.append(((*path, who), still_asleep(sleep, who, touches)))
            sleep |= {who}
        if found.states > MOST_STATES:
            raise KernelError(errno.E2BIG, f"More than {MOST_STATES:,} states: take fewer tasks, or fewer steps.")
    return finish(found, began)


def enumerated(stage: Stage, most_changes: int = MOST_STATES) -> Explored:
    """Run every schedule from its start to its end, and compare no states: for tasks that keep more than a state tells.

    `most_changes`: how often a task may take over from another; what only more of them show is not found.

    Raises:
        KernelError: as `explore`; E2BIG for more than 50,000 schedules.
    """
    began = time.perf_counter()
    rehearsed(stage)
    found = Explored(tuple(name for name, _ in stage.scene.tasks))
    todo: list[Path] = [()]
    while todo:
        path = todo.pop()
        run = stage.run(path)
        while ready := run.enabled():
            ready.sort(key=lambda who: path[-1:] != (who,))  # the one that runs goes on; whoever else may is tried later
            todo += [(*path, who) for who in ready[1:] if rank((*path, who))[1] <= most_changes]
            path = (*path, ready[0])
            run.step(ready[0])
            found.transitions += 1
        found.schedules += 1
        found.steps = max(found.steps, len(path))
        what = run.end()
        if what:
            found.note(what, run, path, 1)
        if found.schedules > MOST_STATES:
            raise KernelError(errno.E2BIG, f"More than {MOST_STATES:,} schedules: take fewer tasks, or fewer steps.")
    return finish(found, began)


def rehearsed(stage: Stage) -> Stage:
    """Run one schedule, each task to its end in turn: one that never ends is found at once, not last.

    Raises:
        KernelError: ETIMEDOUT for a step function that does not end.
    """
    run = stage.run()
    while ready := run.enabled():
        run.step(ready[0])
    return stage


def still_asleep(sleep: frozenset[int], who: int, touches: dict[int, Touches | None]) -> frozenset[int]:
    """Name who sleeps on after a step: those whose own step commutes with it."""
    return frozenset(each for each in sleep if independent(touches.get(each), touches.get(who)))


def finish(found: Explored, began: float) -> Explored:
    """Put the likeliest fault in front, and note the time."""
    found.faults.sort(key=lambda fault: (-fault.schedules, fault.what))
    found.seconds = time.perf_counter() - began
    return found
