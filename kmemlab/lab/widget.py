"""`Lab()`: the live lab as one widget. Python keeps all state; the page draws frames and reports what was clicked."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from ..engine.errors import invalid
from ..lessons.asked import curtain
from ..scenarios import play
from ..session import Session
from . import assets
from .autosave import Autosave
from .controller import Controller
from .hub import hub_of
from .lifting import Lifting
from .panel import plotly_js
from .patch import difference
from .questions import Question
from .still import beside, still

FIRST = "fd-bomb"
SLOW = frozenset(("run", "scenario", "seek", "last", "undo", "anew", "open", "reopen", "compare", "become"))


class Lab(anywidget.AnyWidget):
    """A laboratory around one session.

    Args:
        session: your own session; by default the session of the scenario.
        scenario: name of a scenario to begin with: quiet, fd-bomb, fd-bomb-free, off, merging, rss, rss-shared, fd-6.1,
            fd-6.1-limit, mix-6.1.
        link: a link that somebody copied: opens that machine at that event.
        at: event to begin at; by default the start of a scenario, or where your session stands.
        autosave: whether to keep the session on disk, and to offer it again after a restart of the Jupyter kernel; by
            default in a Jupyter kernel, unless the environment has KMEMLAB_AUTOSAVE=off.
        key: a name under which it is kept; by default the lab's cell.

    Example:
        >>> lab = Lab(scenario="fd-bomb")
        >>> lab.session.run("ps")
    """

    _esm = assets.module()
    _css = assets.style()
    frame = traitlets.Any().tag(sync=True, to_json=lambda value, lab: lab._whole())
    seq = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        session: Session | None = None,
        scenario: str | None = None,
        at: int | None = None,
        link: str | None = None,
        autosave: bool | None = None,
        key: str | None = None,
    ) -> None:
        if (session is not None) + (scenario is not None) + (link is not None) > 1:
            raise invalid("give a session, a scenario or a link, one of them")
        if link is not None:
            session = Session.from_link(link)
        if session is None:
            session = play(scenario or FIRST)
            session.seek(0)
        if at is not None:
            session.seek(at)
        controller = Controller(session)
        controller.autosave = Autosave.make(controller, autosave, key)
        self._begin(controller)

    def _begin(self, controller: Controller, select: str | None = None) -> None:
        """Join the other views of the session, select a container if one is given, and make the first frame."""
        self.controller = controller
        self._awake = False  # no page is known to show it yet: nothing is drawn for nobody
        hub = hub_of(self.session)
        hub.join(self)
        if select is not None:
            controller.look.selected = select
        controller.curtain = curtain()
        if controller.curtain is not None:
            controller.curtain.watch(Lifting(self))
        self._sent = controller.frame()
        self._seen = (self.session.history, self.session.position)
        super().__init__(frame=0)
        self.on_msg(self._heard)
        hub.tell(self, controller)

    @property
    def session(self) -> Session:
        """The session that is shown. After `lab.session.run(...)` in a cell, `lab.refresh()` draws what came of it.

        All views of one session share position, step and selected container: one refresh draws them all.
        """
        return self.controller.session

    def records(self, name: str) -> tuple[Any, ...]:
        """Return what a picture is drawn from.

        Args:
            name: containers, slabs (of the drawn cache), pages, flow, cost, events or steps.

        Raises:
            KernelError: EINVAL, for another name.
        """
        return self.session.records(name, self.controller.look.cache)

    def refresh(self) -> None:
        """Draw every view of the session again, after it was changed from a cell."""
        self.controller.rest()
        self.controller.look.still = False
        if self.controller.autosave is not None:
            self.controller.autosave.note(self.controller)
        self._again()
        hub_of(self.session).tell(self, self.controller, always=True)

    def lift(self) -> None:
        """Draw again: a lesson's question that the widget waits for was answered, or is asked again."""
        self._again()

    def _again(self) -> None:
        """Draw again though no page asked. A page that opens later would miss a patch: it gets the whole."""
        if self._awake:
            self._answer(asked=False)
        else:
            self._sent = self.controller.frame()
            self._seen = (self.session.history, self.session.position)
            self.set_trait("seq", self.seq + 1)  # patches after it do not fit to what a page had before
            self.send_state("frame")

    def predict(self, question: Question | None = None) -> None:
        """Put a question over the stage: your own, or one about the next charge. Until it is answered the future is hidden.

        Example:
            >>> lab.predict(Question("Who pays for the page?", ("blue", "nobody"), 1, "Only objects are charged."))
        """
        if question is None:
            self.controller.do_predict()
        else:
            self.controller.ask(question)
        self._again()
        hub_of(self.session).tell(self, self.controller)

    def follow(self) -> None:
        """Draw again, because another view of the session did something. A page that opens later asks for itself."""
        self._seen = (self.session.history, self.session.position)
        kept = self.controller.autosave
        if kept is not None:
            kept.note(self.controller)
        if self._awake:
            self._answer(asked=False)

    # -- the page

    def _whole(self) -> dict[str, Any]:
        """Return the newest frame: for a page that opens, or opens again."""
        return self._sent

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live widget, and beside it the still picture that a saved notebook shows where it cannot run."""
        return beside(super()._repr_mimebundle_(), lambda: still(self._whole()))

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        """Do what the page asks and answer with what changed."""
        if not isinstance(message, dict):
            return
        self._awake = message.get("op") != "gone"
        if message.get("op") == "need-plotly":
            self.send({"op": "plotly", "gz": True}, [plotly_js()])
        if message.get("op") == "whole":
            self.send({"op": "whole", "seq": self.seq, "frame": self._whole()})
        if message.get("op") == "theme":
            message = {"op": "do", "action": "theme", "name": message.get("theme")}
        if message.get("op") != "do":
            return
        if message.get("action") in SLOW:
            self.send({"op": "working"})
        session = self.session
        if (session.history, session.position) != self._seen:
            self.controller.rest()  # a cell has run something since
        self.controller.do(message)
        kept, action = self.controller.autosave, message.get("action")
        if kept is not None:
            kept.listen(action)
        self._answer()
        if self.session is not session:
            hub_of(session).leave(self)
            hub_of(self.session).join(self)
        hub_of(self.session).tell(self, self.controller)
        if kept is not None and kept.note(self.controller, action):  # after the answer: nobody waits for a disk
            self._answer(asked=False)

    def _answer(self, asked: bool = True) -> None:
        """Send the difference to the last frame, even an empty one: the page waits for its answer."""
        frame = self.controller.frame()
        patch = difference(self._sent, frame)
        self._sent = frame
        self._seen = (self.session.history, self.session.position)
        with self.hold_trait_notifications():
            self.set_trait("seq", self.seq + 1)
        message: dict[str, Any] = {"op": "patch", "seq": self.seq, "patch": patch}
        self.send(message if asked else {**message, "unasked": True})

    def __repr__(self) -> str:
        frame = self._sent
        return f"Lab at event {frame['position']:,} of {frame['length']:,}: {frame['sentence']}"
