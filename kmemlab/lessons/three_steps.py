"""Lesson 06's race of three steps against three, on the real engine: F, G, C of a charge, T, K, X of a move and a removal.

Each step holds what no other may come between; the explorer's own scenes have one kernel function a step instead. The
notebook has these functions as its own cells; here they are what a learner's are run against, and what the table asks.
"""

from __future__ import annotations

from ..races.at import At
from ..races.readers import after_readers, remove_later
from ..races.run import Run, Stage
from ..races.scene import Scene
from ..races.schedules import letter
from ..races.steps import Operation, Steps

LEFT, RIGHT = "charger", "remover"
BLUE, RED = "/blue", "/red"
NAMES = ("blue", "red")
PID = 2


def race(charger: Operation, remover: Operation) -> Scene:
    """Put two of them on one machine: task 2 lives in blue, with no file open."""
    return Scene(((LEFT, charger), (RIGHT, remover)), old=0, names=NAMES)


def bare(at: At) -> Steps:
    """Charge, as before the change: nothing keeps the container between Find and Get."""
    at.take()
    yield "Find"
    at.find()
    yield "Get"
    at.get()
    yield "Charge"
    at.charge()
    at.store()


def reader(at: At) -> Steps:
    """Charge, with Find and Get in one read section."""
    at.take()
    yield "Find"
    at.read_lock()
    at.find()
    yield "Get"
    at.get()
    at.read_unlock()
    yield "Charge"
    at.charge()
    at.store()


def taking_out(at: At) -> Steps:
    """Point the task at red."""
    yield "Take task 2 out"
    at.switch(PID, RED)


def remover(at: At) -> Steps:
    """Move the task, drop its reference, remove blue: nobody is waited for."""
    yield from taking_out(at)
    yield "checK"
    at.put_old(PID)
    at.may_rmdir(BLUE)
    yield "X: free it"
    if not at.refused:
        at.remove(BLUE)


def waiting(at: At) -> Steps:
    """The same, with a wait for readers before the task's reference is dropped."""
    yield from taking_out(at)
    yield from after_readers(at, "checK")
    at.put_old(PID)
    at.may_rmdir(BLUE)
    yield "X: free it"
    if not at.refused:
        at.remove(BLUE)


def hasty(at: At) -> Steps:
    """The same without a wait; the memory is left to a grace period."""
    yield from taking_out(at)
    yield "checK"
    at.put_old(PID)
    at.may_rmdir(BLUE)
    yield "X: remove it"
    if not at.refused:
        remove_later(at, BLUE)


def followed(scene: Scene, letters: str) -> tuple[Run, str]:
    """Follow a schedule as far as it can be. Returns where it came to, and the first letter that does not fit, "" for none."""
    run = Stage(scene).run()
    for each in letters:
        due = {letter(actor.due.name): who for who, actor in enumerate(run.actors) if actor.due is not None}
        if each not in due or due[each] not in run.enabled():
            return run, each
        run.step(due[each])
    return run, ""


def references(scene: Scene, letters: str) -> list[int]:
    """Return the references on blue after each step of a schedule."""
    counts = []
    for end in range(1, len(letters) + 1):
        run, _ = followed(scene, letters[:end])
        owner = run.machine.kmem_subsystem.owners[1]
        counts.append(int(owner.refs) if owner is not None else 0)
    return counts
