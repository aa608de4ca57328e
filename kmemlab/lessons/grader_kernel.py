"""The kernel as a student's controller sees it: the few functions that it may call, each one of the real engine.

`KERNEL` of the engine does the work: `current_container` is the controller's `find`, `css_get` its `get`,
`res_counter_charge` its `charge` (limits and fail_charge included), `kzalloc` takes kmalloc'ed memory that can run out.
Nothing is simulated twice. Beside that every call is noted, so that what a hook did can be compared with what it should do,
and where tasks race (grader_races.py) every call is a stop before which the others may go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine.errors import invalid
from ..engine.hierarchy import css_put
from ..engine.kmem import KmemContainer
from ..engine.types import NONE, POINTER
from ..races.grace import Grace, UseAfterFreeError
from .grader_views import Actor, CacheView, Group, OwnerArray, SlabView

if TYPE_CHECKING:
    from ..engine.kmem_cache import Slab
    from ..engine.machine import Machine


ALONE = ("kzalloc", "kfree", "slabs", "rcu_read_unlock")
"""Nobody else sees the first three, and leaving a section early only lets the others do more: before these nobody need go."""


CALLS = (
    "current_container", "css_get", "css_put", "res_counter_charge", "res_counter_uncharge", "kzalloc", "kfree",
    "rcu_read_lock", "rcu_read_unlock", "slabs",
)  # fmt: skip
"""What a controller may call."""


class Calls:
    """The kernel as a controller holds it: the functions that it may call, and nothing to change."""

    __slots__ = CALLS

    def __init__(self, kernel: Kernel) -> None:
        for name in CALLS:
            object.__setattr__(self, name, getattr(kernel, name))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"the kernel is called, not changed: {name} cannot be set")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the kernel has no {name} for a controller; there is {', '.join(CALLS)}")


class Kernel:
    """The kernel behind what a controller is given when it is made (`Calls`): `MyController(kernel)`.

    Example:
        >>> kernel.rcu_read_lock()
        >>> group = kernel.current_container()
        >>> kernel.css_get(group)
        >>> kernel.rcu_read_unlock()
    """

    __slots__ = ("actor", "arrays", "asked", "grace", "machine", "missed", "trapped", "views")

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.grace = Grace()
        self.actor = Actor(0)
        self.arrays: dict[OwnerArray, None] = {}
        self.views: dict[tuple[str, int], SlabView] = {}
        self.trapped = ""
        self.asked = 0  # for arrays
        self.missed = 0  # which of them could not be had, the last one

    # -- what a controller may call

    def rcu_read_lock(self) -> None:
        """Enter an RCU read section: no container that is found in it is freed before it is left."""
        self.enter("rcu_read_lock", "enters an RCU read section")
        self.grace.read_lock(self.actor.number)

    def rcu_read_unlock(self) -> None:
        """Leave it."""
        self.enter("rcu_read_unlock", "leaves the RCU read section")
        if not self.grace.depth.get(self.actor.number):
            self.trap("rcu_read_unlock() without rcu_read_lock()")
        self.grace.read_unlock(self.actor.number)

    def current_container(self) -> Group:
        """Return the container of the task that runs. It may be freed as soon as nobody reads and nobody has a reference."""
        self.enter("current_container")
        if not self.grace.depth.get(self.actor.number):
            self.actor.call.outside = True
        css = self.machine.kmem.find()
        group = Group(css, self.machine.kmem_subsystem.paths[css.ident])
        self.say(f"finds that the task is in {group.path}")
        return group

    def css_get(self, group: Group) -> None:
        """Take a reference on a container: it cannot be removed before css_put."""
        css = self.look("css_get", group)
        self.machine.kmem.get(css)
        self.note(self.actor.call.refs, css, 1)
        self.say(f"takes a reference on {group.path}: {css.refs - 1} -> {css.refs}")

    def css_put(self, group: Group) -> None:
        """Give a reference back."""
        css = self.look("css_put", group)
        css_put(css)
        self.note(self.actor.call.refs, css, -1)
        self.say(f"drops a reference on {group.path}: {css.refs + 1} -> {css.refs}")

    def res_counter_charge(self, group: Group, size: int) -> bool:
        """Charge bytes. False if they do not fit under the limit (or fail_charge says so): then nothing was charged."""
        css = self.look("res_counter_charge", group)
        before = css.res.usage
        if not self.machine.kmem.charge(css, bytes_of(size)):
            self.actor.call.refused = css.ident
            self.say(f"is refused {size} bytes by {group.path}")
            return False
        self.note(self.actor.call.usage, css, size)
        self.say(f"charges {group.path}: usage {before} -> {css.res.usage}")
        return True

    def res_counter_uncharge(self, group: Group, size: int) -> None:
        """Give bytes back."""
        css = self.look("res_counter_uncharge", group)
        before = css.res.usage
        css.res.uncharge(bytes_of(size))
        self.note(self.actor.call.usage, css, -size)
        self.say(f"uncharges {group.path}: usage {before} -> {css.res.usage}")

    def kzalloc(self, count: int) -> OwnerArray | None:
        """Return an array of `count` pointers, all None; or None if there is no memory."""
        self.enter("kzalloc", f"asks for an array of {count} pointers")
        if type(count) is not int or not 0 < count <= 4096:
            raise invalid(f"kzalloc takes a number of pointers, slab.cache.objects for an owner array; it got {count!r:.40}.")
        machine = self.machine
        self.asked += 1
        address = int(machine.kmalloc.kmalloc(count * POINTER, machine.current.cpu))
        if address == NONE:
            self.actor.call.no_array = True
            self.missed = self.asked
            return None
        array = OwnerArray(self, count, address)
        self.arrays[array] = None
        return array

    def kfree(self, array: OwnerArray) -> None:
        """Give an array's memory back."""
        self.enter("kfree", "frees an array")
        if not isinstance(array, OwnerArray):
            raise invalid(f"kfree takes what kzalloc gave; it got {array!r:.40}.")
        array.alive()
        del self.arrays[array]
        self.machine.kmalloc.kfree(array.address, self.machine.current.cpu)

    def slabs(self, cache: CacheView) -> list[SlabView]:
        """List the slabs that a cache can find: in the hand of a cpu, or on its partial list. Full ones are on no list."""
        self.enter("slabs", f"goes through the slabs of {cache.name}")
        return [self.view(slab) for slab in self.machine.find_cache(cache.name).reachable()]

    # -- what a controller need not know

    def enter(self, function: str, told: str = "") -> None:
        """Let the others go first, then note the call."""
        if self.actor.stop is not None and function not in ALONE:
            self.actor.stop(function)
        self.actor.call.done.append(function)
        if told:
            self.say(told)

    def say(self, told: str) -> None:
        """Note what a step did in words, where somebody reads them."""
        if self.actor.stop is not None:
            self.actor.told += f"; {told}" if self.actor.told else told

    def look(self, function: str, group: Group) -> KmemContainer:
        """Return the container for a function that looks into it; trap it if it was freed."""
        self.enter(function)
        if not isinstance(group, Group):
            raise invalid(f"{function} takes a container (from current_container, or an owner array); it got {group!r:.40}.")
        try:
            self.grace.look_into(group.css, self.machine.kmem_subsystem, function)
        except UseAfterFreeError as error:
            self.trap(str(error))
        return group.css

    def trap(self, sentence: str) -> None:
        """End the story here, whatever the controller catches.

        Raises:
            UseAfterFreeError: always.
        """
        self.trapped = self.trapped or sentence
        raise UseAfterFreeError(sentence)

    def note(self, book: dict[int, int], css: KmemContainer, by: int) -> None:
        """Add to a book; what comes to nothing is not in it. The counters are noted as they are (usage stops at 0)."""
        self.actor.call.left[css.ident] = (int(css.res.usage), int(css.refs))
        book[css.ident] = book.get(css.ident, 0) + by
        if not book[css.ident]:
            del book[css.ident]

    def view(self, slab: Slab, born_on: bool = False) -> SlabView:
        """Return the one view of a slab."""
        key = (slab.cache.name, int(slab.number))
        if key not in self.views:
            self.views[key] = SlabView(slab, born_on)
        return self.views[key]

    def path(self, ident: int) -> str:
        """Name a container."""
        return self.machine.kmem_subsystem.paths[ident]


def bytes_of(size: int) -> int:
    """Return a size.

    Raises:
        KernelError: EINVAL for anything but a whole number that is not negative.
    """
    if type(size) is not int or size < 0:
        raise invalid(f"A charge is a number of bytes, slab.cache.size for an object; it got {size!r:.40}.")
    return size
