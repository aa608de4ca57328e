"""A scene: a small real machine, two containers, and the tasks that race on it.

/a and /b stand under the root of a mounted kmem hierarchy; `filp` is accounted. The first task of a scene lives in /a (it is
pid 2, the one that an attach moves), the others in /b. Where a task is to free something, /a owns objects from before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..engine.errors import invalid
from ..engine.geometry import HWCACHE_ALIGN
from ..engine.kmem import KmemContainer
from ..engine.machine import Machine
from ..engine.off import EMPTY
from ..engine.tasks import Task
from .at import CACHE
from .steps import Operation

if TYPE_CHECKING:
    from .run import Stage

FIRST_PID = 2


@dataclass(frozen=True)
class Scene:
    """What is to be explored.

    Attributes:
        tasks: name and operation of each.
        limit: bytes that /a may use, None for no limit.
        old: how many objects /a owns when it begins, called "old", "old 2" and so on.
        homes: for each task the container it is in; the first in /a and the others in /b if it is not given.
        off: the design of off that the machine boots with (Profile.off).
        prepare: a last touch to the machine before anything runs.
        names: of the two containers.

    Raises:
        KernelError: EINVAL for tasks that are no pairs, and for containers of one name.
    """

    tasks: tuple[tuple[str, Operation], ...]
    limit: int | None = None
    old: int = 1
    homes: tuple[str, ...] = ()
    off: str = EMPTY
    prepare: Callable[[Machine], None] | None = field(default=None, compare=False)
    names: tuple[str, str] = ("a", "b")

    def __post_init__(self) -> None:
        """Raise EINVAL for what cannot be set up."""
        if not all(isinstance(each, tuple) and len(each) == 2 and callable(each[1]) for each in self.tasks):
            raise invalid('tasks are pairs of a name and a step function: (("charger", charger), ("remover", remover))')
        if self.names[0] == self.names[1]:
            raise invalid(f"both containers are called {self.names[0]!r}: take two names")

    def home(self, number: int) -> str:
        """Return the container that a task begins in."""
        if number < len(self.homes):
            return self.homes[number]
        return f"/{self.names[1 if number else 0]}"

    def machine(self) -> Machine:
        """Boot the machine."""
        return Machine(memory="256K", cpus=2, caches=False, log=False, off=self.off)

    def stage(self) -> Stage:
        """Set it up for runs."""
        from .run import Stage

        return Stage(self)

    def boot(self) -> tuple[Machine, dict[str, int]]:
        """Set the machine up. Returns it, and its objects by name."""
        machine = self.machine()
        cache = machine.create_cache(CACHE, 216, 0, HWCACHE_ALIGN)
        containers = machine.containers
        machine.tree.mount("kmem", "/containers")
        root = containers.hierarchies[0].root
        homes = {f"/{name}": containers.mkdir(root, name) for name in self.names}
        first = homes[f"/{self.names[0]}"]
        init = machine.tasks.find(1)
        for number, (name, _) in enumerate(self.tasks):
            task = Task(FIRST_PID + number, name, 1)
            containers.fork(task, init)
            machine.tasks.by_pid[task.pid] = task
            containers.attach(homes[self.home(number)], task)
        machine.account(cache, True)
        objects = {}
        containers.attach(first, init)
        for number in range(self.old):
            objects[f"old {number + 1}" if number else "old"] = int(machine.kmem_cache_alloc(CACHE))
        containers.attach(root, init)
        if self.limit is not None:
            group = first.css["kmem"]
            assert isinstance(group, KmemContainer)
            group.res.limit = self.limit
        if self.prepare is not None:
            self.prepare(machine)
        machine.run_as(1, 0)
        return machine, objects
