"""Where a task of a race is: what it holds, and the functions of the kernel that it may call, one a step.

Each method is one function of the real engine, or what a reader and a writer of RCU do. Nothing is copied: `find`, `get`,
`charge`, `store`, `unwind`, `owner`, `uncharge`, `put` are the controller's, `switch`, `put_old`, `may_rmdir`, `remove` the
containers'. The allocator's part of an allocation runs with the controller's place taken by `Ear`, which only listens: the
controller's own steps follow one by one.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from ..engine.errors import KernelError
from ..engine.kmem import KmemContainer
from ..engine.notify import SlabListener
from ..engine.types import NONE
from .grace import Grace, UseAfterFreeError

if TYPE_CHECKING:
    from ..engine.containers import Container
    from ..engine.kmem import KmemController
    from ..engine.kmem_cache import Slab
    from ..engine.machine import Machine

CACHE = "filp"


class Ear(SlabListener):
    """Hears in the controller's place which object was taken. Slabs and their arrays stay the controller's."""

    def __init__(self, kmem: KmemController, careless: bool) -> None:
        super().__init__()
        self.kmem = kmem
        self.careless = careless
        self.heard: tuple[Slab, int] | None = None

    def newpage(self, slab: Slab, cpu: int) -> bool:
        """Let the controller give the slab its array; one who is careless does not look whether there is one."""
        return self.kmem.newpage(slab, cpu) or self.careless

    def freepage(self, slab: Slab, cpu: int) -> None:
        """Let the controller take the array away."""
        self.kmem.freepage(slab, cpu)

    def alloc(self, slab: Slab, number: int) -> bool:
        """Note the object. The controller's steps are yet to come."""
        self.heard = (slab, number)
        return True


class At:
    """One task of a race.

    Attributes:
        machine, grace: what all tasks of a race share.
        number, pid, name: which task it is.
        objects: addresses by name, shared, too.
        address, slab, slot, heard: the object in hand, and whether the controller is to hear of it.
        group, fits: the container found, and whether it had room.
        left: the container that an attach leaves. refused: the kernel said no. usage: what was read, where a bug reads it.
        told: what the latest step did, in words.
    """

    def __init__(self, machine: Machine, grace: Grace, objects: dict[str, int], number: int, pid: int, name: str) -> None:
        self.machine = machine
        self.grace = grace
        self.objects = objects
        self.number = number
        self.pid = pid
        self.name = name
        self.address = NONE
        self.slab: Slab | None = None
        self.slot = NONE
        self.heard = False
        self.group: KmemContainer | None = None
        self.fits = False
        self.left: Container | None = None
        self.refused = False
        self.usage = 0
        self.told = ""

    def key(self) -> list[Any]:
        """Return what it holds as plain values."""
        group = [self.group.ident, self.group.refs, self.group.res.usage] if self.group is not None else None
        slab = [self.slab.cache.name, self.slab.number] if self.slab is not None else None
        left = self.left.path if self.left is not None else None
        return [self.address, slab, self.slot, self.heard, group, self.fits, left, self.refused, self.usage]

    def container(self, path: str) -> Container:
        """Return a container of the hierarchy by its path.

        Raises:
            KernelError: ENOENT, where there is none (any more).
        """
        for each in self.machine.containers.hierarchies[0].root.walk():
            if each.path == path:
                return each
        raise KernelError(errno.ENOENT, f"There is no container {path}.")

    def path_of(self, group: KmemContainer) -> str:
        """Name a container."""
        return self.machine.kmem_subsystem.paths[group.ident]

    def holding(self) -> KmemContainer:
        """Return the container that was found, without looking into it.

        Raises:
            KernelError: EINVAL, if none was.
        """
        if self.group is None:
            raise KernelError(errno.EINVAL, "There is no container in hand: call find() or owner() first.")
        return self.group

    def look(self, function: str) -> KmemContainer:
        """Return the container in hand for a function that looks into it.

        Raises:
            UseAfterFreeError: if its memory was freed.
        """
        group = self.holding()
        self.grace.look_into(group, self.machine.kmem_subsystem, function)
        return group

    # -- the allocator, with the controller held back

    def take(self, careless: bool = False) -> None:
        """Take an object (`kmem_cache_alloc`) as far as the notifier: the controller's steps come after.

        `careless`: a slab that got no owner array is taken all the same.
        """
        cache = self.machine.find_cache(CACHE)
        listeners = cache.listeners
        ear = Ear(self.machine.kmem, careless)
        cache.listeners = [ear if each is self.machine.kmem else each for each in listeners]
        try:
            self.address = int(self.machine.slub.kmem_cache_alloc(cache, self.machine.current.cpu))
        finally:
            cache.listeners = listeners
        self.heard = False
        if ear.heard is not None:
            self.slab, self.slot = ear.heard
            self.heard = self.slab.has_owners
        if self.address == NONE:
            self.told = "there is no object to be had"
        elif self.slab is None:
            self.told = "takes an object; nobody is to be charged"
        else:
            self.told = f"takes object {self.slot} of slab {self.slab.number}"

    def give(self) -> None:
        """Give the object back (`kmem_cache_free`) once the controller has heard of it."""
        cache = self.machine.find_cache(CACHE)
        listeners = cache.listeners
        ear = Ear(self.machine.kmem, False)
        cache.listeners = [ear if each is self.machine.kmem else each for each in listeners]
        try:
            self.machine.slub.kmem_cache_free(self.address, self.machine.current.cpu)
        finally:
            cache.listeners = listeners
        self.told = "gives the object back"

    def hold(self, name: str) -> None:
        """Take an object of the scene in hand, to free it."""
        self.address = self.objects[name]
        self.slab = self.machine.slub.find(self.address)
        self.slot = (self.address - int(self.slab.s_mem)) // int(self.slab.cache.size)

    def array(self) -> Slab:
        """Return the slab in hand for a function that looks into its owner array.

        Raises:
            UseAfterFreeError: if the array was freed.
        """
        assert self.slab is not None
        if not self.slab.has_owners:
            raise UseAfterFreeError("use of a freed owner array")
        return self.slab

    # -- the controller's steps

    def read_lock(self) -> None:
        """Enter an RCU read section."""
        self.grace.read_lock(self.number)
        self.told = "enters an RCU read section"

    def read_unlock(self) -> None:
        """Leave it."""
        self.grace.read_unlock(self.number)
        self.told = "leaves the RCU read section"

    def find(self) -> KmemContainer:
        """Look the task's container up."""
        self.group = self.machine.kmem.find()
        self.told = f"finds that task {self.pid} is in {self.path_of(self.group)}"
        return self.group

    def get(self) -> None:
        """Take a reference on the container in hand."""
        group = self.look("css_get")
        self.machine.kmem.get(group)
        self.told = f"has a reference on {self.path_of(group)}: {group.refs - 1} -> {group.refs}"

    def charge(self) -> bool:
        """Charge the container in hand for the object in hand."""
        group, size = self.look("res_counter_charge"), self.machine.find_cache(CACHE).size
        before = group.res.usage
        self.fits = self.machine.kmem.charge(group, size)
        rest = f"usage {before} -> {group.res.usage}" if self.fits else f"{before} + {size} is over the limit"
        self.told = f"charges {self.path_of(group)}: {rest}"
        return self.fits

    def store(self) -> None:
        """Write the owner into the slab's array."""
        group = self.holding()
        self.machine.kmem.store(self.array(), self.slot, group)
        self.told = f"writes {self.path_of(group)} down as the owner"

    def unwind(self) -> None:
        """Drop the reference of a charge that was refused."""
        group = self.look("css_put")
        self.machine.kmem.unwind(group)
        self.told = f"drops the reference on {self.path_of(group)}: {group.refs + 1} -> {group.refs}"

    def owner(self) -> KmemContainer | None:
        """Read the owner of the object in hand; None for nobody, and where no notifier listens any more."""
        slab = self.slab
        assert slab is not None
        if not slab.has_owners or not self.machine.accounted(slab.cache):
            self.told = "asks nobody: the cache is not accounted"
            return None
        ident = slab.owners[self.slot]
        kmem = self.machine.kmem_subsystem
        if ident != NONE and kmem.owners[ident] is None:
            raise UseAfterFreeError(f"use of a freed container: the owner array names {kmem.paths[ident]}")
        self.group = self.machine.kmem.owner(slab, self.slot)
        self.told = f"reads the owner: {self.path_of(self.group) if self.group is not None else 'nobody'}"
        return self.group

    def uncharge(self) -> None:
        """Give the bytes back to the container in hand."""
        group, size = self.look("res_counter_uncharge"), self.machine.find_cache(CACHE).size
        before = group.res.usage
        self.machine.kmem.uncharge(group, size)
        self.told = f"uncharges {self.path_of(group)}: usage {before} -> {group.res.usage}"

    def put(self) -> None:
        """Drop the object's reference and clear its owner."""
        group = self.look("css_put")
        self.machine.kmem.put(self.array(), self.slot, group)
        self.told = f"drops the reference on {self.path_of(group)}: {group.refs + 1} -> {group.refs}"

    # -- the containers' steps; the mutex is held from the first to the last of an operation

    def switch(self, pid: int, path: str) -> None:
        """Point a task at another container; -ENOENT sets `refused`."""
        self.grace.lock(self.number)
        self.left = None
        self.refused = False
        try:
            self.left = self.machine.containers.switch(self.container(path), self.machine.tasks.find(pid))
            self.told = f"points task {pid} at {path}" if self.left is not None else f"task {pid} is in {path} already"
        except KernelError as error:
            self.refused = True
            self.told = f"-ENOENT: {error.strerror}"
        if self.left is None:
            self.grace.unlock()

    def synchronize(self) -> None:
        """Begin to wait for the readers of now."""
        self.grace.synchronize(self.number)
        waits = len(self.grace.waits[self.number])
        self.told = f"waits for {waits} reader{'s' if waits != 1 else ''}"

    def put_old(self, pid: int) -> None:
        """Drop the reference of the task that was switched away."""
        left = self.left
        assert left is not None
        self.machine.containers.put_old(left, self.machine.tasks.find(pid))
        self.grace.unlock()
        self.told = f"drops the task's reference on {left.path}: {left.css['kmem'].refs} left"

    def may_rmdir(self, path: str) -> None:
        """Ask whether a container may go; -EBUSY and -ENOENT set `refused`."""
        self.grace.lock(self.number)
        self.refused = False
        try:
            self.machine.containers.may_rmdir(self.container(path))
            self.told = f"sees that nobody uses {path}"
        except KernelError as error:
            self.refused = True
            self.grace.unlock()
            self.told = f"-{errno.errorcode[error.errno or 0]}: {error.strerror}"

    def remove(self, path: str) -> None:
        """Free a container."""
        self.machine.containers.remove(self.container(path))
        self.grace.unlock()
        self.told = f"frees {path}"
