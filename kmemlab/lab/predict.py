"""Predict: a question about the next event, answered before it is seen.

While a question is open the future is not sent: no view of the session gets an event later than now, and none can go on. What
is asked of a charge is made up from the machine (questions.py); a lesson brings a `Question` of its own. There are no points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..engine.events import ALLOC, FREE, REFUSED
from ..engine.types import NONE
from ..lessons.asked import Asked
from ..session import Session
from .hub import hub_of
from .lifting import curtain_words
from .questions import Question, question_about

if TYPE_CHECKING:
    from .look import Look

UNHELD: Final = frozenset(("theme", "room", "draw"))  # what a page does by itself
HELD: Final = frozenset(
    ("step", "back", "event", "seek", "first", "last", "mark", "run", "undo", "anew", "scenario", "open", "become")
)


@dataclass
class Card:
    """A question that somebody sits over.

    Attributes:
        question: what is asked.
        position: the event before the one that is asked about.
        chosen: the answer, None while the question is open.
    """

    question: Question
    position: int
    chosen: int | None = None

    @property
    def open(self) -> bool:
        """Whether nobody has answered."""
        return self.chosen is None

    def section(self, containers: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the frame's `predict`; what happens is not in it before there is an answer."""
        asked = self.question
        made: dict[str, Any] = {"before": self.position + 1, "question": asked.text, "answers": list(asked.answers)}
        gauge = next((each for each in containers if asked.number and each["path"] == asked.number), None)
        if gauge is not None:
            made["gauge"] = {key: gauge[key] for key in ("name", "usage", "limit", "hue", "stripe") if key in gauge}
        elif asked.number:
            made["number"] = asked.number
        if asked.hint:
            made["hint"] = asked.hint
        if self.chosen is not None:
            changes = [{"what": each.what, "before": each.before, "after": each.after} for each in asked.changes]
            made |= {"chosen": self.chosen, "right": asked.right, "why": asked.why, "changes": changes}
            if asked.source:
                made["source"] = asked.source
        return made


def without_future(frame: Mapping[str, Any]) -> dict[str, Any]:
    """Return a frame as it would be if the story ended where one stands."""
    here = frame["position"]
    made = {**frame, "length": here}
    timeline = dict(frame.get("timeline", {}))
    for key, line in timeline.items():
        if key == "usage":
            kept = {owner: past(each, here) for owner, each in line.items()}
            timeline[key] = {owner: each for owner, each in kept.items() if len(each) > 1}
        elif key in ("failcnt", "slab", "charged"):
            timeline[key] = past(line, here)
        elif key == "refusals":
            timeline[key] = [[first, min(last, here)] for first, last in line if first <= here]
        elif key == "births":
            timeline[key] = [n for n in line if n <= here]
        elif key == "window":
            timeline[key] = [min(each, here) for each in line]
    if timeline.get("first", 0) > here:
        del timeline["first"]
    made["timeline"] = timeline
    if "log" in frame:
        made["log"] = {**frame["log"], "rows": {n: row for n, row in frame["log"]["rows"].items() if int(n) <= here}}
    if "break" in frame:
        # What can be chosen counts errors of the whole story.
        made["break"] = {name: value for name, value in frame["break"].items() if name != "choices"} | {"ahead": False}
    if "sides" in frame:
        made["sides"] = {key: {**side, "length": side["position"]} for key, side in frame["sides"].items()}
    made.pop("compare", None)
    return made


def behind_the_curtain(frame: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """Return what is sent of a frame while a lesson's question is open: where it stands, and whose answer it waits for."""
    words = curtain_words(asked)
    return {
        "position": frame["position"], "length": frame["position"], "step": 0, "steps": 0, "refused": False, "refusal": False,
        "containers": [], "timeline": {}, "sentence": words, "curtain": {"number": asked.number, "words": words},
    }  # fmt: skip


def past(line: list[list[int]], here: int) -> list[list[int]]:
    """Return the steps of a line up to an event."""
    return [step for step in line if step[0] <= here]


def next_charge(session: Session) -> int:
    """Return the next event that is about a container's bytes, 0 if there is none. The machine is not asked."""
    log = session.log
    for n in range(session.position, session.length):
        if log.kind[n] in (ALLOC, FREE) and log.owner[n] != NONE:
            return n + 1
        if log.kind[n] == REFUSED and log.order[n] == NONE:
            return n + 1
    return 0


class Predictor:
    """The part of a controller that asks. All views of the session know of an open question, through their hub."""

    session: Session
    look: Look
    curtain: Asked | None = None  # a lesson's question that what is shown here would answer

    @property
    def card(self) -> Card | None:
        """The question that the session's views sit over, if it still is about the next event."""
        hub = hub_of(self.session)
        if hub.card is not None and hub.card.position != self.session.position:
            hub.put(None)  # somebody went elsewhere from a cell
        return hub.card

    def held(self, action: str) -> bool:
        """Say whether an action would show the future of an open question, or what is behind the curtain."""
        if self.curtained:
            return action not in UNHELD
        return action in HELD and self.card is not None and self.card.open

    def do_predict(self, on: bool = True) -> None:
        """Ask about the next charge, or put the question away."""
        if not on:
            hub_of(self.session).put(None)
            return
        event = next_charge(self.session)
        if event:
            self.ask(question_about(self.session, event))
        else:
            self.look.notice = ("info", f"No charge follows in these {self.session.length:,} events.")

    def ask(self, question: Question) -> None:
        """Put a question over the stage; the session goes to the event before the one that is asked about."""
        if question.event:
            self.session.seek(question.event - 1)
        self.rest()
        hub_of(self.session).put(Card(question, self.session.position))

    def rest(self) -> None:
        """Stand on the step that one came for."""
        raise NotImplementedError

    def do_commit(self, answer: int) -> None:
        """Answer the question: from now on the future is there again."""
        card = self.card
        if card is None or not card.open:
            return
        if not 0 <= int(answer) < len(card.question.answers):
            raise ValueError(f"there is no answer {answer}")
        hub_of(self.session).put(Card(card.question, card.position, int(answer)))

    def do_watch(self) -> None:
        """Put the answered question away, and walk through the event from its first function."""
        card = self.card
        if card is None or card.open:
            return
        hub_of(self.session).put(None)
        self.session.seek(card.position + 1)
        self.rest()
        self.look.step = min(1, self.look.step)

    @property
    def curtained(self) -> bool:
        """Whether a lesson's question has to be answered first."""
        return self.curtain is not None and self.curtain.open

    def covered(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Return a frame with the question in it; without the future, while that is open; behind a curtain next to nothing."""
        if self.curtain is not None and self.curtain.open:
            return behind_the_curtain(frame, self.curtain)
        card = self.card
        if card is None:
            return frame
        made = without_future(frame) if card.open else dict(frame)
        made["predict"] = card.section(frame.get("containers", []))
        return made
