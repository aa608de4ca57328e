"""All views of one session share one position, one step and one selected container; here they hear of each other.

Python keeps the state, so a hub only passes on what one view did. What a view looks at besides (cache, tab, object, theme)
stays its own. A hub belongs to its session and goes with it; it holds its views weakly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary, WeakSet

from ..figures import Owner
from ..session import Session

if TYPE_CHECKING:
    from .controller import Controller
    from .predict import Card

Place = tuple[int, int, int, str, int]


class View(Protocol):
    """What a hub asks of a view."""

    @property
    def controller(self) -> Controller:
        """Session and look of the view."""
        ...

    @property
    def comm(self) -> object:
        """None once the widget is closed."""
        ...

    def follow(self) -> None:
        """Draw again, because another view did something."""


class Hub:
    """The views of one session.

    Attributes:
        views: all that are alive, in no order.
        place: history, position, step and selected container at which all of them stand, and the count of questions; None
            before the first.
        card: a question about the next event, None for none.
        cards: counts the changes of it.
        owners: letters and hues, the same in every view.
    """

    def __init__(self) -> None:
        self.views: WeakSet[View] = WeakSet()
        self.place: Place | None = None
        self.owners: dict[str, Owner] = {}
        self.card: Card | None = None
        self.cards = 0

    def put(self, card: Card | None) -> None:
        """Lay a question before everybody, or take it away."""
        if card is not self.card:
            self.card = card
            self.cards += 1

    def join(self, view: View) -> None:
        """Take a view in. It stands where the others stand, and names the containers as they do."""
        look, session = view.controller.look, view.controller.session
        if self.place is not None:
            look.selected = self.place[3]
            look.owners = dict(self.owners)
            if self.place[:2] == (session.history, session.position):
                look.step = self.place[2]
        self.views.add(view)

    def leave(self, view: View) -> None:
        """Let a view go: it shows another session now."""
        self.views.discard(view)

    def tell(self, teller: View | None, controller: Controller, always: bool = False) -> None:
        """Bring every other view to where this one stands, if that is another place than before.

        Args:
            teller: who draws itself, None for nobody.
            controller: whose look the others take over.
            always: tell it even if nobody moved.
        """
        place = place_of(controller)
        moved = self.place is None or place[:2] != self.place[:2]
        changed = place != self.place
        self.place = place
        self.owners = dict(controller.look.owners)
        if not (changed or always):
            return
        for view in list(self.views):
            if view is teller:
                continue
            if view.comm is None:
                self.views.discard(view)
                continue
            look = view.controller.look
            look.step, look.selected, look.owners = place[2], place[3], dict(self.owners)
            look.notice = look.given = None
            look.still = controller.look.still
            if moved:
                look.looks = []
            view.follow()


_HUBS: WeakKeyDictionary[Session, Hub] = WeakKeyDictionary()


def hub_of(session: Session) -> Hub:
    """Return the hub of a session; made when it is first asked for."""
    hub = _HUBS.get(session)
    if hub is None:
        hub = _HUBS[session] = Hub()
    return hub


def place_of(controller: Controller) -> Place:
    """Return where a controller stands."""
    session, look = controller.session, controller.look
    return session.history, session.position, look.step, look.selected, hub_of(session).cards


def refresh(session: Session) -> None:
    """Draw every view of a session again, after the session was changed from a cell.

    Example:
        >>> session.run("open 3")
        >>> refresh(session)
    """
    hub = hub_of(session)
    view = next((each for each in hub.views if each.comm is not None), None)
    if view is None:
        return
    view.controller.rest()
    view.controller.look.owners = dict(hub.owners)
    hub.tell(None, view.controller, always=True)
