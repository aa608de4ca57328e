"""What is being looked at: the part of a lab that is not the machine's, and never changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..figures import Owner, Room
from ..figures.palette import HUES, ROOT_HUE
from ..shell import Result
from .breaks import REFUSAL, Break
from .slabsection import SlabPages

# The number that the page has for a hue.
HUE_NUMBERS = {"sky blue": 0, "bluish green": 1, "orange": 2, "reddish purple": 3, "yellow": 4, "blue": 5}


class Look:
    """What is being looked at.

    Attributes:
        step: the function shown of the event at the session's position, from 1; 0 at event 0.
        selected: a container's path, "" for none.
        cache: name of the cache whose slabs are drawn.
        object: (slab, slot) of the chosen object, None for none.
        page: the page that the graph is about, -1: that of the object's slab, or of the cache's first one.
        tab: the stage.
        still: whether this answer may show the picture drawn last: so a fast play asks for few of them.
        drawn: that picture, and what it is of.
        theme: "light" or "dark": what figures are drawn for.
        room: size of the stage that figures are laid out for.
        owners: letters and hues, given once and kept.
        notice: (kind, text) of a message, None for none.
        report: what to copy where something went wrong, "" for nothing.
        completions, ghost: what the terminal offers.
        given: a link or a file that the page asked for, for one answer.
        looks: commands that only read, typed at this moment, with their results; no part of the session.
        point: the break point; `stop`: whether the play stops there; `picking`: the choice of them is open.
        twin: the text twin is shown.
        tip: (slab, slot) that the pointer is over, for one answer.
        pages: what the slab pages were drawn from the last time.
        events: the filter of the event log, None while the timeline is in its place.
        switches: the machine's switches are shown.
    """

    def __init__(self) -> None:
        self.step = 0
        self.selected = ""
        self.cache = "filp"
        self.object: tuple[int, int] | None = None
        self.page = -1
        self.tab = "slabs"
        self.still = False
        self.drawn: tuple[tuple[str, str], dict[str, Any]] | None = None
        self.theme = "light"
        self.room = Room()
        self.scenario = ""
        self.owners: dict[str, Owner] = {}
        self.notice: tuple[str, str] | None = None
        self.report = ""
        self.completions: list[str] = []
        self.ghost = ""
        self.given: dict[str, str] | None = None
        self.looks: list[tuple[str, Result]] = []
        self.point: Break = REFUSAL
        self.stop = False
        self.picking = False
        self.twin = False
        self.tip: tuple[int, int] | None = None
        self.pages = SlabPages()
        self.events: str | None = None
        self.switches = False


def saved_owners(owners: Mapping[str, Owner]) -> dict[str, list[Any]]:
    """Return letters and hues as they go into a session's view: a container keeps its letter wherever the session goes."""
    return {path: [owner.letter, owner.hue, owner.stripe] for path, owner in owners.items()}


def owners_of(saved: Any) -> dict[str, Owner]:
    """Return the owners of a view; what does not look like one is left out and gets a new letter."""
    owners: dict[str, Owner] = {}
    if not isinstance(saved, Mapping):
        return owners
    letters: set[str] = set()
    for path, one in saved.items():
        if not (isinstance(path, str) and path.startswith("/") and isinstance(one, list) and len(one) == 3):
            continue
        letter, hue, stripe = one
        known = isinstance(letter, str) and 1 <= len(letter) <= 2 and hue in (*HUES, ROOT_HUE) and isinstance(stripe, bool)
        if known and letter not in letters:
            letters.add(letter)
            owners[path] = Owner(path, path.rstrip("/").rpartition("/")[2] or "root", letter, hue, stripe)
    return owners
