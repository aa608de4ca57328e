"""Smaller things than a controller that the same grader takes: lesson 05's `charge(obj)`, 06's steps, 07's drain."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..engine.errors import KernelError, invalid
from ..engine.notify import SlabListener
from ..races.at import At
from ..races.explorer import explore
from ..races.operations import attach_rmdir
from ..races.run import SOFTIRQ, Run
from ..races.scene import Scene
from ..races.steps import Steps
from . import grader_words as words
from . import three_steps as toys
from .grader_drain import grade_drain
from .grader_kernel import Kernel
from .grader_run import Failure, Part, grade_part
from .grader_views import Group, SlabView


class Object:
    """What `charge(obj)` gets: `size` in bytes, `owner` (None; whoever stands there is paid back at the free), the kernel."""

    __slots__ = ("kernel", "number", "size", "slab")

    def __init__(self, kernel: Kernel, slab: SlabView, number: int) -> None:
        self.kernel = kernel
        self.slab = slab
        self.number = number
        self.size = slab.cache.size

    @property
    def owner(self) -> Group | None:
        """Who pays."""
        found: Group | None = self.slab.owners[self.number]
        return found

    @owner.setter
    def owner(self, group: Group | None) -> None:
        self.slab.owners[self.number] = group


class Around(SlabListener):
    """The controller around a student's `charge(obj)`: all but the charge."""

    def __init__(self, kernel: Kernel, charge: Callable[[Object], bool]) -> None:
        super().__init__()
        self.kernel = kernel
        self.charge = charge

    def newpage(self, slab: Any, cpu: int) -> bool:
        """Give a slab its array; without one it goes back."""
        slab.owners = self.kernel.kzalloc(slab.cache.objects)
        return slab.owners is not None

    def freepage(self, slab: Any, cpu: int) -> None:
        """Take it away."""
        if slab.owners is not None:
            self.kernel.kfree(slab.owners)
            slab.owners = None

    def alloc(self, slab: Any, number: int) -> bool:
        """Ask the student."""
        return True if slab.owners is None else self.charge(Object(self.kernel, slab, number))

    def free(self, slab: Any, number: int) -> None:
        """Pay the owner back."""
        group = slab.owners[number] if slab.owners is not None else None
        if group is not None:
            slab.owners[number] = None
            self.kernel.res_counter_uncharge(group, slab.cache.size)
            self.kernel.css_put(group)

    def may_switch(self, cache: Any, on: bool, live: int) -> None:
        """Refuse off with objects in use."""
        if not on and live:
            raise KernelError(errno.EBUSY, f"{cache.name} has objects in use.")

    def switched(self, cache: Any, on: bool) -> None:
        """Take the arrays of empty slabs away."""
        for slab in self.kernel.slabs(cache) if not on else []:
            self.freepage(slab, 0)


def grade_charge(charge: Any, seed: int) -> list[Part]:
    """Grade lesson 05's function: charge, limit, every nth charge and array, all schedules."""
    function = function_of(charge)

    def make(kernel: Kernel) -> Any:
        return Around(kernel, function)

    return [grade_part(name, make, seed) for name in ("charge", "limit", "every nth fault")]


def races_of_steps(steps: Any) -> list[Scene]:
    """Return lesson 06's generator of steps alone, and beside an attach and rmdir."""
    charge = ("charge", function_of(steps))
    return [Scene((charge,), old=0), Scene((charge, ("attach+rmdir", attach_rmdir)), old=0)]


def grade_steps(steps: Any, seed: int) -> list[Part]:
    """Grade lesson 06's generator of steps: it charges when it is alone, and nothing goes wrong beside an attach and rmdir."""
    part = Part("all schedules", 15)
    by_itself, beside = races_of_steps(steps)
    alone = run_alone(by_itself)
    part.tried = 1
    wrong = alone.end()
    charged = alone.machine.kmem_subsystem.owners[1]
    if not wrong and (charged is None or not charged.res.usage):
        wrong = "/a has paid nothing for its object"
    if wrong:
        part.failure = in_order(f"charge, alone: {wrong}", words.NOT_CHARGED, alone)
        return [part]
    found = explore(beside)
    part.tried = found.schedules
    worst = found.shortest()
    if worst is not None:
        count = f"{words.plural(worst.schedules, 'schedule')} of {found.schedules:,}"
        told = f"charge while attach+rmdir, {count}: {worst.what}"
        part.failure = Failure(told, words.USE_AFTER, schedule=worst.story, race=1, path=list(worst.path))
    else:
        part.got = part.points
    return [part]


def races_of_a_remover(steps: Any) -> list[Scene]:
    """Return lesson 06's remover beside somebody who does nothing, and beside a reader."""
    operation = function_of(steps)
    return [
        Scene(((toys.LEFT, no_steps), (toys.RIGHT, operation)), old=0, names=toys.NAMES),
        toys.race(toys.reader, operation),
    ]


def grade_remover(steps: Any, seed: int) -> list[Part]:
    """Grade lesson 06's remover: alone it moves the task and removes blue; beside a reader no order of the steps goes wrong."""
    part = Part("all schedules", 15)
    by_itself, beside = races_of_a_remover(steps)
    alone = run_alone(by_itself)
    wrong = alone.end().removeprefix(f"{toys.RIGHT}: ")
    if (
        not wrong
        and alone.machine.tasks.find(toys.PID).css[alone.machine.kmem_subsystem.index] is alone.machine.kmem_subsystem.owners[1]
    ):
        wrong = f"task {toys.PID} is still in {toys.BLUE}"
    if not wrong and alone.machine.kmem_subsystem.owners[1] is not None:
        wrong = f"{toys.BLUE} is still there"
    if wrong:
        part.failure = in_order(f"remover, alone: {wrong}", words.NOT_REMOVED, alone)
        return [part]
    return [all_of(part, beside)]


def races_of_a_tryget(steps: Any) -> list[Scene]:
    """Return lesson 06's charger alone, and beside a remover in a hurry; in both somebody has to pay in the end."""
    operation = function_of(steps)

    def paid(at: At) -> Steps:
        yield from operation(at)
        owners = [*at.machine.kmem_subsystem.owners, at.group]  # a container that was removed pays for nothing, but that is
        if not any(owner.res.usage for owner in owners if owner is not None):  # another fault than to charge nobody
            raise KernelError(errno.ENOMSG, "the object is handed out, and nobody has paid for it")

    return [Scene(((toys.LEFT, paid),), old=0, names=toys.NAMES), toys.race(paid, toys.hasty)]


def grade_tryget(steps: Any, seed: int) -> list[Part]:
    """Grade lesson 06's charger that may be told no: every order of its steps and of a hasty remover's ends with a payer."""
    part = Part("all schedules", 15)
    by_itself, beside = races_of_a_tryget(steps)
    alone = run_alone(by_itself)
    wrong = alone.end().removeprefix(f"{toys.LEFT}: ")
    if wrong:
        part.failure = in_order(f"charger, alone: {wrong}", words.NOT_CHARGED, alone)
        return [part]
    stage = beside.stage()
    for steps_before in range(1, len(alone.story)):  # one that asks for ever is found here, not after all states
        run = stage.run((0,) * steps_before)
        for who in (1, 0):
            while who in run.enabled():
                run.step(who)
    return [all_of(part, stage.scene)]


def no_steps(at: At) -> Steps:
    """Do nothing."""
    yield from ()


def run_alone(scene: Scene) -> Run:
    """Run one schedule, each task to its end in turn."""
    run = scene.stage().run()
    while ready := run.enabled():
        run.step(ready[0])
    return run


def in_order(told: str, hint: str, alone: Run) -> Failure:
    """Return the failure of one that is wrong by itself: of the first of its scenes, in which nobody comes between."""
    names = [name for name, _ in alone.stage.scene.tasks]
    path = [names.index(task) if task in names else SOFTIRQ for task, _, _ in alone.story]
    return Failure(told, hint, schedule=alone.story, race=0, path=path)


def all_of(part: Part, scene: Scene) -> Part:
    """Explore a scene, and give the points if no schedule goes wrong."""
    found = explore(scene)
    part.tried = found.schedules
    worst = found.shortest()
    if worst is None:
        part.got = part.points
    else:
        go = "goes" if found.violations == 1 else "go"
        what = worst.what.removeprefix(f"{worst.story[-1][0]}: ")
        told = f"{found.violations:,} of {found.schedules:,} schedules {go} wrong: {what}"
        part.failure = Failure(told, words.USE_AFTER, schedule=worst.story, race=1, path=list(worst.path))
    return part


def function_of(thing: Any) -> Callable[..., Any]:
    """Return a function.

    Raises:
        KernelError: EINVAL for anything else.
    """
    if isinstance(thing, type) or not callable(thing):
        raise invalid("This exercise is a function, not a class.")
    function: Callable[..., Any] = thing
    return function


@dataclass(frozen=True)
class Exercise:
    """One of them.

    Attributes:
        title: what it asks for.
        grade: grades it.
        a_class: whether it is a controller, not a function.
        races: the scenes that are explored, by `Failure.race`; of a controller those of grader_races.py.
    """

    title: str
    grade: Callable[[Any, int], list[Part]]
    a_class: bool = False
    races: Callable[[Any], list[Scene]] | None = None


EXERCISES: dict[str, Exercise] = {
    "charge": Exercise("charge(obj): lesson 05", grade_charge),
    "drain": Exercise("off at once, and drain: lesson 07", grade_drain, a_class=True),
    "remover": Exercise("a remover that waits for readers: lesson 06", grade_remover, races=races_of_a_remover),
    "steps": Exercise("steps of a charge: lesson 06", grade_steps, races=races_of_steps),
    "tryget": Exercise(
        "a charge that takes a reference only where there still is one: lesson 06", grade_tryget, races=races_of_a_tryget
    ),
}
