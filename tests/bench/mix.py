"""A made trace for the benchmarks: grow to `live` objects, a steady mix of frees and allocations, then (`down`) tear down.

Whose turn it is to be freed is drawn from all that live, or from the youngest `window` once so many live.

Twenty object sizes, small ones more often; eight containers, two of them tight, so that some charges are refused; 32 tasks
on four cpus. The same columns run through the engine here and through reference.c.
"""

from __future__ import annotations

import random
from array import array
from typing import Any

from kmemlab.engine.machine import Machine
from kmemlab.engine.replay import ALLOC, FREE, Batch, Operations

SIZES = [32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024, 1536, 2048, 3072, 4096]
CONTAINERS = 8
TASKS = 32
CPUS = 4
MEAN = 560  # bytes of an object, about


class Mix:
    """Columns: `thing` is an index into SIZES for an allocation, -1 for a free; `slot` the object; `task` who."""

    def __init__(self, events: int, live: int, *, window: int = 0, down: bool = True, seed: int = 1) -> None:
        chance = random.Random(seed)
        things = chance.choices(range(len(SIZES)), weights=[size**-0.5 for size in SIZES], k=events)
        self.thing, self.task, self.slot = array("i"), array("i"), array("i")
        self.slots = 0
        alive: list[int] = []
        vacant: list[int] = []
        draw = chance.random
        for n in range(events):
            left = events - n
            grows = len(alive) < live and (draw() < 0.8 if len(alive) < live * 0.99 else draw() < 0.5)
            if alive and ((down and left <= len(alive)) or not grows):
                young = min(window or len(alive), len(alive))
                at = len(alive) - 1 - int(draw() * young)
                slot = alive[at]
                alive[at] = alive[-1]
                alive.pop()
                vacant.append(slot)
                self.thing.append(-1)
            else:
                if vacant:
                    slot = vacant.pop()
                else:
                    slot = self.slots
                    self.slots += 1
                alive.append(slot)
                self.thing.append(things[n])
            self.task.append(int(draw() * TASKS))
            self.slot.append(slot)

    def limits(self, live: int) -> list[int]:
        """Bytes that each container may have: two of them get less than they will ask for."""
        return [live * MEAN] * 6 + [live * MEAN // 14, live * MEAN // 16]


def machine_for_mix(memory: str, limits: list[int]) -> Machine:
    """Boot four cpus, with twenty accounted caches and a task in every container, its tasks 2 to 33."""
    machine = Machine(slub="2.6.24", cpus=CPUS, memory=memory, arrays="free", log=False)
    for size in SIZES:
        machine.account(machine.create_cache(f"object-{size}", size), True)
    machine.tree.mount("kmem", "/containers")
    hierarchy = machine.kmem_subsystem.hierarchy
    assert hierarchy is not None
    init = machine.tasks.find(1)
    for n, limit in enumerate(limits):
        machine.tree.mkdir(f"/containers/c{n}")
        machine.tree.write(f"/containers/c{n}/kmem.limit", str(limit))
    for n in range(TASKS):
        task = machine.fork(init)
        machine.tree.write(f"/containers/c{n % CONTAINERS}/tasks", str(task.pid))
    return machine


def batch_of(machine: Machine, mix: Mix) -> Batch:
    """Make the run of a trace, nothing of it done yet."""
    count = len(mix.thing)
    columns: list[Any] = [
        [FREE if thing < 0 else ALLOC for thing in mix.thing],
        [max(thing, 0) for thing in mix.thing],
        [0] * count,
        list(mix.task),
        [task % CPUS for task in mix.task],
        list(mix.slot),
        list(range(count)),
    ]
    pids = [2 + n for n in range(TASKS)]
    return Batch(machine, Operations(columns), [f"object-{size}" for size in SIZES], pids, mix.slots)


def geometry(machine: Machine) -> list[tuple[int, int, int]]:
    """(size, order, objects) of the twenty caches: reference.c rules its slabs the same way."""
    caches = [machine.caches[f"object-{size}"] for size in SIZES]
    return [(int(cache.size), int(cache.order), int(cache.objects)) for cache in caches]
