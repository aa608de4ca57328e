"""One schedule, run on a real machine: tasks step in turn, and everything that goes wrong is trapped.

There is no way to copy a task that stands in the middle of a step function, so a schedule is run again from the start
whenever another way to go on is tried: a machine of this size is restored in a tenth of a millisecond.
"""

from __future__ import annotations

import errno
import hashlib
import json
from typing import Any

from ..engine.errors import CheckError, KernelError
from ..engine.machine import Machine
from .at import At
from .budget import budgeted
from .grace import Grace, UseAfterFreeError
from .scene import FIRST_PID, Scene
from .steps import Made, Step, Touches

MOST_STEPS = 100
SOFTIRQ = -1
"""Who runs the callbacks of call_rcu: not a task, but it takes its turn like one."""


class Actor:
    """A task of the scene in one run: its place, the step that is due, how many it has done."""

    def __init__(self, at: At, made: bool) -> None:
        self.at = at
        self.made = made
        self.due: Step | None = None
        self.done: list[str] = []
        self.history = ""


class Stage:
    """A scene set up once, on which runs begin. There is one machine: a new run ends the one before it.

    Attributes:
        compared: whether states are compared (`Run.key`); where not, what users' functions could see is not noted.
        most_changes: how often a task may take over from another, where every schedule is run to its end.
    """

    compared = True
    most_changes = MOST_STEPS

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.machine, self.objects = scene.boot()
        self.machine.check()
        self.begin = self.machine.state()

    def again(self) -> Machine:
        """Put the machine back to where it was when the scene was set up."""
        self.machine.restore(self.begin)
        return self.machine

    def check(self) -> None:
        """See that all is well when a schedule has ended.

        Raises:
            CheckError: if it is not.
        """
        self.machine.check()

    def run(self, path: tuple[int, ...] = ()) -> Run:
        """Begin again and follow a path, which is known to be one."""
        run = Run(self)
        for who in path:
            run.step(who)
        return run


class Run:
    """A schedule so far.

    Attributes:
        wrong: what was trapped; "" while all is well. Nothing runs after it.
        story: (task's name, kernel function, what it did) of each step.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.machine = stage.again()
        self.grace = Grace()
        self.wrong = ""
        self.story: list[tuple[str, str, str]] = []
        self.actors: list[Actor] = []
        self.generators = []
        self.objects = dict(stage.objects)
        for number, (name, operation) in enumerate(stage.scene.tasks):
            at = At(self.machine, self.grace, self.objects, number, FIRST_PID + number, name)
            actor = Actor(at, isinstance(operation, Made))
            self.actors.append(actor)
            self.generators.append(operation(at))
            self.advance(number)

    def enabled(self) -> list[int]:
        """Name who may step now."""
        if self.wrong:
            return []
        found = [number for number, actor in enumerate(self.actors) if actor.due is not None and may_run(actor)]
        if self.grace.ready():
            found.append(SOFTIRQ)
        return found

    def touches(self, who: int) -> Touches | None:
        """Say what someone's due step reads and writes."""
        if who == SOFTIRQ:
            return None
        actor = self.actors[who]
        if actor.due is None or actor.due.touches is None:
            return None
        return actor.due.touches(actor.at)

    def step(self, who: int) -> None:
        """Let one of the enabled do its step.

        Raises:
            KernelError: ETIMEDOUT, if a step function of the user's does not end.
        """
        if who == SOFTIRQ:
            self.story.append(("softirq", "rcu_do_batch", self.grace.run_callback()))
            return
        actor = self.actors[who]
        due = actor.due
        assert due is not None
        self.machine.run_as(actor.at.pid)
        if not actor.made and self.stage.compared:
            actor.history = digest([actor.history, self.world()])
        actor.at.told = ""
        self.advance(who)
        actor.done.append(due.name)
        self.story.append((actor.at.name, due.function, self.wrong or actor.at.told or due.name))
        self.machine.run_as(1, 0)

    def advance(self, who: int) -> None:
        """Run a task's generator to its next stop."""
        actor = self.actors[who]
        if len(actor.done) >= MOST_STEPS:
            raise KernelError(
                errno.ETIMEDOUT, f"{actor.at.name} has not ended after {MOST_STEPS} steps: a step function must return."
            )
        actor.due = None
        try:
            said = next(self.generators[who]) if actor.made else budgeted(self.generators[who], actor.at.name)
        except StopIteration:
            return
        except UseAfterFreeError as trap:
            self.wrong = str(trap)
            return
        except KernelError as error:
            if error.errno == errno.ETIMEDOUT:
                raise
            self.wrong = f"{actor.at.name}: {error.strerror}"
            return
        except (Exception, SystemExit) as error:  # a user's own: it is his bug, and he is to see the schedule
            self.wrong = f"{actor.at.name} raised {type(error).__name__}: {error}"
            return
        actor.due = said if isinstance(said, Step) else Step(str(said), str(said), lambda at: None)

    def end(self) -> str:
        """Say what is wrong with a schedule in which nobody can step any more, "" if nothing is."""
        if self.wrong:
            return self.wrong
        stuck = [actor.at.name for actor in self.actors if actor.due is not None]
        if stuck or self.grace.callbacks:
            return f"deadlock: {' and '.join(stuck or ['a callback'])} would wait for ever"
        if self.grace.depth:
            return "an RCU read section was never left"
        try:
            self.stage.check()
        except CheckError as error:
            return f"broken at the end: {str(error).partition(chr(10))[0]}"
        return ""

    def world(self) -> list[Any]:
        """Return what all tasks share, as plain values. Functions that share anything else are not seen to."""
        return [self.machine.state(), self.grace.key(), self.objects]

    def key(self) -> str:
        """Name the state that this schedule has led to: what goes on from equal ones is equal.

        All that an operation of ours knows is in its place. Of a user's function that is not known, so what it could have
        seen stands for it: the states that its steps began in.
        """
        places = [[actor.done, actor.due is None, actor.at.key() if actor.made else actor.history] for actor in self.actors]
        return digest([self.world(), places, self.wrong])


def may_run(actor: Actor) -> bool:
    """Say whether the step that is due need not wait."""
    due = actor.due
    return due is not None and (due.ready is None or due.ready(actor.at))


def digest(value: object) -> str:
    """Hash plain values."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()
