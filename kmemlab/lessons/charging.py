"""`charge_with(session, charge)`: a function of the learner's own charges on a session's machine, which can then be stepped.

The function is the one that `grade(charge, exercise="charge")` takes (grader_exercises.py), and may call the same things:
`obj.size`, `obj.owner`, and of `obj.kernel` current_container, css_get, css_put, res_counter_charge, res_counter_uncharge,
rcu_read_lock and rcu_read_unlock. There nothing may be wrong; here everything may, and one looks at what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.kmem import KmemController
from ..engine.kmem_cache import Slab
from ..engine.own_charge import charge_by
from ..engine.types import NONE, i32
from ..session import Session
from .grader_views import Group


class Functions:
    """The kernel as `charge(obj)` sees it on a session: each function is a step of the machine's controller."""

    __slots__ = ("kmem",)

    def __init__(self, kmem: KmemController) -> None:
        self.kmem = kmem

    def current_container(self) -> Group:
        """Return the container of the task that runs."""
        css = self.kmem.find()
        return Group(css, self.kmem.subsystem.paths[int(css.ident)])

    def css_get(self, group: Group) -> None:
        """Take a reference on a container."""
        self.kmem.get(group.css)

    def css_put(self, group: Group) -> None:
        """Give a reference back."""
        self.kmem.unwind(group.css)

    def res_counter_charge(self, group: Group, size: int) -> bool:
        """Charge bytes; False if they do not fit under the limit."""
        return bool(self.kmem.charge(group.css, size))

    def res_counter_uncharge(self, group: Group, size: int) -> None:
        """Give bytes back."""
        self.kmem.uncharge(group.css, size)

    def rcu_read_lock(self) -> None:
        """Enter a read section. Alone on a session nobody is kept waiting by it: lesson 06."""

    def rcu_read_unlock(self) -> None:
        """Leave it."""


class Charged:
    """What `charge(obj)` gets: `size` in bytes, `owner` (None; whoever stands there is paid back at the free), the kernel."""

    __slots__ = ("kernel", "kmem", "number", "size", "slab")

    def __init__(self, kmem: KmemController, slab: Slab, number: int) -> None:
        self.kernel = Functions(kmem)
        self.kmem = kmem
        self.slab = slab
        self.number = number
        self.size = int(slab.cache.size)

    @property
    def owner(self) -> Group | None:
        """Who pays: the entry of the slab's owner array."""
        ident = int(self.slab.owners[self.number])
        css = self.kmem.subsystem.owners[ident] if ident != NONE else None
        return None if css is None else Group(css, self.kmem.subsystem.paths[ident])

    @owner.setter
    def owner(self, group: Group | None) -> None:
        if group is None:
            nobody: i32 = NONE
            self.slab.owners[self.number] = nobody
        else:
            self.kmem.store(self.slab, self.number, group.css)


def undo(obj: Any, group: Any) -> bool:
    """Undo a refused charge: what was taken is given back, and the object is not handed out."""
    obj.kernel.css_put(group)
    return False


def charge_with(session: Session, charge: Callable[[Any], bool]) -> Session:
    """Let `charge(obj)` charge on a session's machine; returns the session. Give a fresh one: nothing is accounted yet.

    A step back runs commands again, and these call the function again, so it had better keep nothing of its own. What it
    raises ends the command in its middle: make the session anew. A saved session does not have it.

    Raises:
        KernelError: as `charge_by`.
        TypeError: when it runs, if it answers neither True nor False.

    Example:
        >>> s = charge_with(Session(), charge)
    """

    def how(kmem: KmemController, slab: Slab, number: int) -> bool:
        answer = charge(Charged(kmem, slab, number))
        if not isinstance(answer, bool):
            raise TypeError(f"charge(obj) answered {answer!r:.40}: it answers True or False, on every way through")
        return answer

    charge_by(session.machine, how)
    return session
