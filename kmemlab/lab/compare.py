"""Two machines side by side, to see what one difference changed.

One transport for both: each goes to the same event, or stays at its end. One selected container, by path; one byte scale for
all gauges, or the picture would lie. Below them are the numbers that differ (differs.py).
"""

from __future__ import annotations

from typing import Any

import traitlets

from ..engine.errors import invalid
from ..figures import assign_owners
from ..session import Session
from ..survey import container_rows
from . import assets
from .controller import Controller
from .differs import Names, comparison, named
from .frame import guarded
from .hub import hub_of
from .views import View, path_of


class CompareController(Controller):
    """Two sessions that are walked through together.

    Attributes:
        session: the first.
        second: the other, as its own controller.
        n: the event at which both stand, if they have that many.
        names: (name, how it differs) of each.
    """

    def __init__(self, first: Session, second: Session, cache: str, names: Names) -> None:
        self.second = Controller(second)
        self.names = names
        super().__init__(first)
        self.n = max(first.position, second.position)
        self.look.cache = self.second.look.cache = cache
        self.go(self.n)

    @property
    def length(self) -> int:
        """Events of the longer story."""
        return max(self.session.length, self.second.session.length)

    def go(self, n: int) -> None:
        """Go to event n with both; a story that is shorter stays at its end."""
        self.n = max(0, min(n, self.length))
        for each in (self, self.second):
            if each.session.position != min(self.n, each.session.length):
                each.session.seek(self.n)
            each.rest()

    def came(self, leader: Controller) -> None:
        """Follow one of the two, which another view has moved."""
        if leader.session.position != min(self.n, leader.session.length):
            self.n = leader.session.position
        other = self.second if leader is self else self
        other.session.seek(self.n)
        other.rest()
        self.agree(leader)

    def agree(self, leader: Controller) -> None:
        """Let the other side look at what this one looks at: the container of the same path, in the same colour."""
        other = self.second if leader is self else self
        other.look.selected = leader.look.selected
        paths = [row.path for each in (self, self.second) for row in container_rows(each.session.machine)]
        self.look.owners = self.second.look.owners = assign_owners(paths, leader.look.owners)

    # -- actions: there are no functions to walk here, only events

    def do_step(self) -> None:
        """One event on."""
        self.go(self.n + 1)

    def do_back(self) -> None:
        """One event back."""
        self.go(self.n - 1)

    def do_event(self, by: int, stop: bool = False) -> None:
        """Go some events on or back."""
        self.go(self.n + int(by))

    def do_seek(self, n: int) -> None:
        """Go to event n."""
        self.go(int(n))

    def do_first(self) -> None:
        """Go to boot."""
        self.go(0)

    def do_last(self) -> None:
        """Go to the end of the longer story."""
        self.go(self.length)

    def do_mark(self, by: int) -> None:
        """Go to the next (previous) refusal of either."""
        found = {n for each in (self, self.second) for n in each.history().refusals}
        ahead = [n for n in found if (n > self.n if by > 0 else n < self.n)]
        if ahead:
            self.go(min(ahead) if by > 0 else max(ahead))
        else:
            way = "further" if by > 0 else "earlier"
            self.look.notice = ("info", f"No {way} refusal in these {self.length:,} events.")

    def do_choose(self, path: str = "") -> None:
        """Select the container of a path on both sides, or none."""
        self.look.selected = str(path)

    def frame(self) -> dict[str, Any]:
        """Return the newest frame."""
        drawn = [each.history().drawn(self.look.cache) for each in (self, self.second)]
        frame: dict[str, Any] = {
            "position": self.n,
            "length": self.length,
            "timeline": {"refusals": sorted(run for line in drawn for run in line["refusals"]), "births": drawn[0]["births"]},
        }
        with guarded(frame, self.look):
            self.agree(self)
            frame |= comparison(self, self.second, self.n, self.names)
        if self.look.notice is not None:
            frame["notice"] = {"kind": self.look.notice[0], "text": self.look.notice[1]}
        return self.covered(frame)


class Compare(View):
    """Two sessions side by side: one transport, one selected container, one byte scale, and the numbers that differ.

    Args:
        a: a session.
        b: another one. `kmemlab.variants.variant` makes it of the first: without a limit, with more cpus ...
        names: what they are called; by default after the first thing that is different about them.
        select: the container in full colour, by name or path.
        at: event to go to with both; by default the later of where they stand.
        cache: whose slabs are drawn.

    Raises:
        KernelError: EINVAL for one session twice or a container that neither has, ENOENT for a cache that there is not.

    Example:
        >>> Compare(session, variant(session, limits={"/bomb": None}))
    """

    _esm = assets.module("compare.js")
    part = traitlets.Unicode("compare").tag(sync=True)

    def __init__(
        self,
        a: Session,
        b: Session,
        *,
        names: tuple[str, str] | None = None,
        select: str | None = None,
        at: int | None = None,
        cache: str = "filp",
    ) -> None:
        if a is b:
            raise invalid("give two sessions: kmemlab.variants.variant makes another one of the first")
        for session in (a, b):
            session.machine.find_cache(cache)
        told = named(a, b)
        if names is not None:
            told = (names[0], told[0][1]), (names[1], told[1][1])
        controller = CompareController(a, b, cache, told)
        if at is not None:
            controller.go(at)
        paths = [row.path for session in (a, b) for row in container_rows(session.machine)]
        wanted = None if select is None else path_of(select, dict.fromkeys(paths))
        self._other = Other(self, controller.second)
        hub_of(b).join(self._other)
        self._begin(controller, wanted)
        hub_of(b).tell(self._other, controller.second)

    def follow(self) -> None:
        """Go with the first session where another view of it went."""
        self._led_by(self.controller)
        hub_of(self._both.second.session).tell(self._other, self._both.second)

    def follow_second(self) -> None:
        """Go with the second session where another view of it went."""
        self._led_by(self._both.second)
        hub_of(self.session).tell(self, self.controller)

    @property
    def _both(self) -> CompareController:
        assert isinstance(self.controller, CompareController)
        return self.controller

    def _led_by(self, leader: Controller) -> None:
        self._both.came(leader)
        super().follow()

    def _heard(self, widget: Any, message: Any, buffers: Any) -> None:
        super()._heard(widget, message, buffers)
        hub_of(self._both.second.session).tell(self._other, self._both.second)


class Other:
    """The second session of a comparison, as the hub of that session knows it.

    Attributes:
        controller: of that session.
    """

    def __init__(self, compare: Compare, controller: Controller) -> None:
        self._compare = compare
        self.controller = controller

    @property
    def comm(self) -> object:
        """None once the comparison is closed."""
        return self._compare.comm

    def follow(self) -> None:
        """Tell the comparison that another view went somewhere."""
        self._compare.follow_second()
