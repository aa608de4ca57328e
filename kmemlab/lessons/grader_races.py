"""All schedules of two tasks, one of which runs a student's hooks: between any two calls that they make the other may go.

The explorer is the one of `kmemlab.races`. It steps through generators, and a controller is plain code, so each hook runs in
a thread of its own that stops before every call into the kernel until it is let on: one thread runs at any time.
"""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Callable

from ..engine.errors import CheckError, KernelError
from ..engine.machine import Machine
from ..races.at import CACHE, At
from ..races.explorer import Explored, enumerated
from ..races.operations import attach, attach_rmdir, rmdir
from ..races.run import Stage
from ..races.scene import Scene
from ..races.steps import Operation, Step, Steps
from . import grader_words as words
from .grader_bench import Bench
from .grader_gate import Gate, WrongError
from .grader_kernel import Kernel
from .grader_run import Failure, Make
from .grader_views import Actor

MOST_CHANGES = 5
"""How often tasks change over in a schedule: without a bound a chatty controller has millions. v2's race needs two."""
PATIENCE = 20.0  # seconds until a hook comes to its next call: what runs on in C has no steps that could be counted


class AbandonedError(BaseException):
    """The schedule is given up: the thread is to end."""


class Hand:
    """One hook, or one operation of the allocator around it, in a thread that stops before every call into the kernel."""

    def __init__(self, kernel: Kernel, number: int, function: Callable[[], object]) -> None:
        self.kernel = kernel
        self.function = function
        self.actor = Actor(number, self.stop)
        self.go = threading.Semaphore(0)
        self.back = threading.Semaphore(0)
        self.due = ""
        self.given_up = False
        self.lost = False
        self.thrown: BaseException | None = None
        self.thread = threading.Thread(target=self.main, daemon=True)
        self.thread.start()

    def main(self) -> None:
        """Run it, once it is let."""
        self.go.acquire()
        try:
            if not self.given_up:
                self.function()
        except AbandonedError:
            pass
        except BaseException as error:  # it belongs to the thread that explores
            self.thrown = error
        self.due = ""
        self.back.release()

    def stop(self, function: str) -> None:
        """Wait before a call (in the thread)."""
        self.due = function
        self.back.release()
        self.go.acquire()
        if self.given_up:
            raise AbandonedError

    def on(self) -> str:
        """Let it go to its next call; returns which, "" at its end (in the explorer).

        Raises:
            BaseException: what the hook threw.
        """
        self.kernel.actor = self.actor
        self.actor.told = ""
        self.go.release()
        if not self.back.acquire(timeout=PATIENCE):
            self.lost = True
            raise WrongError("a hook does not come to its next call, nor to its end", words.ENDLESS)
        if self.thrown is not None:
            raise self.thrown
        return self.due

    def give_up(self) -> None:
        """End the thread, wherever it is; one that does not come back is left to itself."""
        self.given_up = True
        self.go.release()  # a lost one ends here, should it ever come back
        while self.thread.is_alive() and not self.lost:
            self.go.release()
            self.thread.join(0.01)


def by_hand(function: str, do: Callable[[At], object]) -> Operation:
    """Make an operation of the explorer's: `do` in a thread, a step for each call that it makes."""

    def run(at: At) -> Steps:
        machine = at.machine
        assert isinstance(machine, Bench)
        machine.student.grace = at.grace
        yield Step(function, function, nothing)
        hand = Hand(machine.student, at.number, lambda: do(at))
        try:
            while due := on(hand, at):
                yield Step(due, due, nothing)
        finally:
            hand.give_up()

    return run


def on(hand: Hand, at: At) -> str:
    """Let a hook go on, and tell what it did.

    Raises:
        KernelError: ENOMSG with what is wrong.
    """
    try:
        due = hand.on()
    except WrongError as wrong:
        assert isinstance(at.machine, Bench)
        at.machine.gate.hint = wrong.hint
        raise KernelError(0, wrong.what) from None
    at.told = hand.actor.told or at.told
    return due


def nothing(at: At) -> None:
    """Do nothing: the thread has done it."""


def allocate(at: At) -> None:
    """Take an object; the student's newpage and alloc hear of it."""
    at.machine.kmem_cache_alloc(CACHE)


def release(at: At) -> None:
    """Free the object that /a owns."""
    at.machine.slub.kmem_cache_free(at.objects["old"], at.number)


class GradedScene(Scene):
    """A scene whose machine is a bench with a student's controller.

    Attributes:
        make: makes the controller.
        bench: which machine.
    """

    make: Make
    bench: type[Bench]

    def stage(self) -> Stage:
        """Set it up for runs, each from the beginning."""
        return GradedStage(self)

    def machine(self) -> Machine:
        """Boot the bench."""
        return self.bench(self.make, memory="256K", cpus=4, caches=False, log=False)


class GradedStage(Stage):
    """Sets the scene up anew for every run: what a controller keeps to itself can be neither compared nor put back."""

    compared = False
    most_changes = MOST_CHANGES

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.again()

    def again(self) -> Machine:
        """Boot another machine."""
        self.machine, self.objects = self.scene.boot()
        return self.machine

    @property
    def gate(self) -> Gate:
        """The gate of the run."""
        assert isinstance(self.machine, Bench)
        return self.machine.gate

    def check(self) -> None:
        """See that usage and references are what the objects add up to.

        Raises:
            CheckError: if they are not.
        """
        gate = self.gate
        for ident, css in enumerate(gate.kernel.machine.kmem_subsystem.owners):
            if css is None:
                continue
            container = css.container
            refs = container.objects(css) if container is not None else gate.refs.get(ident, 0)
            for name, is_, due in (("usage", css.res.usage, gate.usage), ("references", refs, gate.refs)):
                if is_ != due.get(ident, 0):
                    path = gate.kernel.path(ident)
                    raise CheckError(f"{name} of {path} {is_:,}, should be {due.get(ident, 0):,}")


CHARGE = by_hand("kmem_cache_alloc", allocate)
FREE = by_hand("kmem_cache_free", release)


def switch_off(at: At) -> None:
    """Write "0" to cache_account; a refusal is as good."""
    machine = at.machine
    with contextlib.suppress(KernelError):
        machine.account(machine.find_cache(CACHE), False)


OFF = by_hand("cache_account_store", switch_off)


def scenes(make: Make, bench: type[Bench]) -> list[GradedScene]:
    """Return the races: whom a charge or a free meets. The first task lives in /a, and is the one that is moved."""
    found = [
        GradedScene((("charge", CHARGE), ("attach+rmdir", attach_rmdir)), old=0),
        GradedScene((("charge", CHARGE), ("attach", attach)), limit=0, old=0),
        GradedScene((("charge", CHARGE), ("charge too", CHARGE)), limit=256, old=0, homes=("/a", "/a")),
        GradedScene((("charge", CHARGE), ("free", FREE)), limit=256),
        GradedScene((("free", FREE), ("rmdir", rmdir)), homes=("/b", "/b")),
        GradedScene((("free", FREE), ("attach+rmdir", attach_rmdir))),
        GradedScene((("free", FREE), ("off", OFF))),
    ]
    if bench.drains:  # where off is refused with objects in use it waits for charges, too
        found.append(GradedScene((("charge", CHARGE), ("off", OFF))))
    for scene in found:
        object.__setattr__(scene, "make", make)
        object.__setattr__(scene, "bench", bench)
    return found


def grade_races(make: Make, bench: type[Bench]) -> tuple[int, Failure | None]:
    """Explore every scene. Returns how many schedules there are, and the shortest that fails of the first scene with one."""
    schedules = 0
    for number, scene in enumerate(scenes(make, bench)):
        try:
            stage = GradedStage(scene)
            found: Explored = enumerated(stage, MOST_CHANGES)
        except WrongError as wrong:
            return schedules, Failure(f"{scene.tasks[0][0]}: {wrong.what}", wrong.hint)
        except KernelError as error:
            if error.errno != errno.ETIMEDOUT:
                raise
            return schedules, Failure(f"{scene.tasks[0][0]} calls the kernel 100 times and has not ended", words.ENDLESS)
        schedules += found.schedules
        worst = found.shortest()
        if worst is not None:
            what = worst.what.removeprefix(f"{worst.story[-1][0]}: ").removeprefix("broken at the end: ")
            stage.run(worst.path)  # once more, for the hint
            names = " while ".join(name for name, _ in scene.tasks)
            count = f"{words.plural(worst.schedules, 'schedule')} of {found.schedules:,}"
            story = [(task, function, told.removeprefix(f"{task}: ")) for task, function, told in worst.story]
            hint = stage.gate.hint or words.USE_AFTER
            return schedules, Failure(f"{names}, {count}: {what}", hint, schedule=story, race=number, path=list(worst.path))
    return schedules, None
