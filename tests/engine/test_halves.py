"""An attach, an rmdir and a free are steps called in turn; between them the machine is as the kernel's is."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.containers import Container
from kmemlab.engine.errors import KernelError
from kmemlab.engine.kmem import KmemContainer
from kmemlab.engine.machine import Machine
from kmemlab.engine.tasks import Task
from kmemlab.engine.types import PAGE_SHIFT


def booted() -> tuple[Machine, Container, Container, Task]:
    """Return a machine with /a and /b, and a task in /a that has one file open."""
    machine = Machine(memory="2M")
    machine.tree.mount("kmem", "/containers")
    root = machine.containers.hierarchies[0].root
    one, two = machine.containers.mkdir(root, "a"), machine.containers.mkdir(root, "b")
    machine.account(machine.find_cache("filp"), True)
    task = machine.fork(machine.tasks.find(1))
    machine.containers.attach(one, task)
    machine.run_as(task.pid)
    machine.open(task)
    return machine, one, two, task


def group(container: Container) -> KmemContainer:
    css = container.css["kmem"]
    assert isinstance(css, KmemContainer)
    return css


def test_a_task_that_was_switched_pays_in_the_new_container_and_still_holds_the_old() -> None:
    machine, one, two, task = booted()
    machine.close(task, 0)
    assert machine.containers.switch(two, task) is one
    machine.open(task)
    assert (group(one).res.usage, group(two).res.usage) == (0, 256)
    with pytest.raises(KernelError) as caught:
        machine.containers.may_rmdir(one)
    assert caught.value.errno == errno.EBUSY
    machine.containers.put_old(one, task)
    machine.check()
    machine.containers.may_rmdir(one)
    machine.containers.remove(one)
    machine.check()
    assert one.removed


def test_both_halves_of_an_attach_are_the_attach() -> None:
    machine, one, two, task = booted()
    other, _, away, moved = booted()
    other.containers.attach(away, moved)
    assert machine.containers.switch(two, task) is one
    machine.containers.put_old(one, task)
    assert machine.state() == other.state()
    assert machine.containers.switch(two, task) is None
    assert machine.state() == other.state()


def test_asking_for_an_rmdir_changes_nothing() -> None:
    machine, one, two, _ = booted()
    before = machine.state_hash()
    machine.containers.may_rmdir(two)
    with pytest.raises(KernelError, match="1 task and 1 object still refer to a"):
        machine.containers.may_rmdir(one)
    assert machine.state_hash() == before


def test_a_free_reads_the_owner_pays_back_and_lets_go() -> None:
    machine, one, _, task = booted()
    address = task.files[0]
    slab = machine.slub.slab_of[address >> PAGE_SHIFT]
    assert slab is not None
    number = (address - slab.base) // slab.cache.size
    kmem = machine.kmem
    assert kmem.owner(slab, number) is group(one)
    kmem.uncharge(group(one), slab.cache.size)
    assert (group(one).res.usage, group(one).refs) == (0, 2)
    kmem.put(slab, number, group(one))
    assert (group(one).refs, kmem.owner(slab, number)) == (1, None)
    machine.close(task, 0)
    machine.check()
