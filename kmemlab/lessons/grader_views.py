"""What a controller holds: a container, an owner array, a slab, a cache; and what the grader notes of a hook's calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..engine.kmem import KmemContainer
from ..engine.types import NONE

if TYPE_CHECKING:
    from ..engine.kmem_cache import KmemCache, Slab
    from .grader_kernel import Kernel


class Group:
    """A container as a controller holds it: what css_get, res_counter_charge and an owner array are about.

    Attributes:
        path: "/blue"; for printing.
    """

    __slots__ = ("css", "path")

    def __init__(self, css: KmemContainer, path: str) -> None:
        self.css = css
        self.path = path

    def __repr__(self) -> str:
        """Print as its path."""
        return self.path


class OwnerArray:
    """Pointers in simulated memory, all None at first: `array[number] = group`. After kfree it must not be touched."""

    __slots__ = ("address", "cells", "kernel")

    def __init__(self, kernel: Kernel, count: int, address: int) -> None:
        self.kernel = kernel
        self.cells: list[Any] = [None] * count
        self.address = address

    def __len__(self) -> int:
        """Count the pointers."""
        return len(self.cells)

    def __getitem__(self, number: int) -> Any:
        """Read one."""
        self.alive()
        return self.cells[number]

    def __setitem__(self, number: int, group: Any) -> None:
        """Write one."""
        self.alive()
        if not 0 <= number < len(self.cells):
            raise IndexError(f"this array has {len(self.cells)} cells, there is no {number}")
        self.cells[number] = group
        if any(isinstance(each, Group) for each in (group if isinstance(group, tuple | list) else [group])):
            self.kernel.actor.call.done.append("store")

    def __iter__(self) -> Iterator[Any]:
        """Go through them."""
        self.alive()
        return iter(list(self.cells))

    def alive(self) -> None:
        """Trap a use after kfree."""
        if self not in self.kernel.arrays:
            self.kernel.trap("use of a freed owner array")


class CacheView:
    """A cache: name, size of a cell in bytes (what an object costs), objects of a slab."""

    __slots__ = ("name", "objects", "size")

    def __init__(self, cache: KmemCache) -> None:
        self.name = cache.name
        self.size = int(cache.size)
        self.objects = int(cache.objects)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a cache shows a controller its {', '.join(self.__slots__)}, and no {name}")


class SlabView:
    """A slab: its cache, its number, and `owners`, which is the controller's: None until it stores something there."""

    __slots__ = ("born_on", "cache", "number", "owners")

    def __init__(self, slab: Slab, born_on: bool) -> None:
        self.cache = CacheView(slab.cache)
        self.number = int(slab.number)
        self.owners: Any = None
        self.born_on = born_on

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a slab shows a controller its cache, number and owners, and no {name}")


class Call:
    """What one hook did: bytes and references by container, net, and as they were left; the functions; what was refused it."""

    __slots__ = ("done", "left", "no_array", "outside", "refs", "refused", "usage")

    def __init__(self) -> None:
        self.usage: dict[int, int] = {}
        self.refs: dict[int, int] = {}
        self.left: dict[int, tuple[int, int]] = {}
        self.done: list[str] = []
        self.refused = NONE
        self.no_array = False
        self.outside = False


class Actor:
    """Who calls: the one task of a story, or one of those that race.

    Attributes:
        number: of the task in its scene; call: the hook it is in.
        stop: lets the others go before a function is called; None where there are no others.
    """

    def __init__(self, number: int, stop: Callable[[str], None] | None = None) -> None:
        self.number = number
        self.stop = stop
        self.call = Call()
        self.told = ""
