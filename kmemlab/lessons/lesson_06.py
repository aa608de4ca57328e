"""Lesson 06: RCU and the race of v2. The answers come from races of three steps and three, and from the explorer's own."""

from __future__ import annotations

from typing import Any

from ..races.explorer import Explored, explore
from ..races.run import Stage
from ..races.scene import Scene
from ..races.schedules import every
from ..races.versions import V3, scene
from ..session import Session
from ..survey import container_rows
from .graded import Raced
from .lesson_03 import MOVED
from .racing import Steered
from .table import Prediction, Say, Table, Values
from .three_steps import bare, followed, race, reader, references, remover, waiting

LINES = {
    "rcu_read_lock": "Enter the read section",
    "task_css": "Find the task's container",
    "css_get": "Take a reference on it",
    "rcu_read_unlock": "Leave the read section",
    "res_counter_charge": "Charge it",
}


def left_on_blue() -> int:
    """Return how many references blue has in lesson 03, when task 2 has left it."""
    session = Session()
    session.run(*MOVED)
    return next(row.css_refs for row in container_rows(session.machine) if row.path == "/blue")


def wrong_of(what: Scene) -> int:
    """Return how many schedules of a scene go wrong."""
    return sum(bool(each.wrong) for each in every(what))


def who_waits() -> str:
    """Say which step of the remover's waits while the charger stands between Find and Get in its read section."""
    run, _ = followed(race(reader, waiting), "F")
    taken = 1 in run.enabled()
    if taken:
        run.step(1)
    return "K waits" if taken and 1 not in run.enabled() else "T and K may run" if taken else "T waits"


def order_of_a_charge() -> list[str]:
    """Return the steps of v3's charge on the engine, as the lines of the exercise."""
    run = Stage(scene(V3, ("charge",))).run()
    while ready := run.enabled():
        run.step(ready[0])
    return [LINES[function] for _, function, _ in run.story if function in LINES]


def sound(letters: str) -> str:
    """Say why a schedule of the bare race ends well."""
    if letters.index("T") < letters.index("F"):
        return "Which container did the charger find, when T came before F?"
    if letters.index("G") < letters.index("K"):
        return "K found a reference on blue, and X let it stand. When does the charger take one?"
    return "Look again at what each of the last steps found."


def real(version: str) -> Explored:
    """Explore the explorer's own scene of a charge against an attach and an rmdir."""
    return explore(scene(version, ("charge", "attach+rmdir")))


def drops_at_t(given: Any, wanted: Any) -> bool:
    """Say whether an answer has T drop the task's reference."""
    return bool(given[2] < given[1])


def before(given: Any, wanted: Any, one: int, other: int) -> bool:
    """Say whether an order has one of the machine's steps before another, where the machine has it behind."""
    places = [given.index(wanted[n]) if wanted[n] in given else -1 for n in (one, other)]
    return -1 < places[0] < places[1]


TABLE: Table = {
    "06.0": Prediction(
        "number",
        lambda _: left_on_blue(),
        (
            Say(0, "Then rmdir would have removed it. What did it say?"),
            Say(7, "The task was gone by then. What else referred to blue?"),
            Say(10, "Four of them were closed. What does a closed file hold?"),
        ),
    ),
    "06.1": Prediction(
        "number",
        lambda _: wrong_of(race(bare, remover)),
        (
            Say(20, "Half of them have one task end before the other has begun, or nearly so. What could go wrong there?"),
            Say(10, "Perhaps you tossed a coin. Which orders of F, G, K are the dangerous ones?"),
            Say(0, "What does the charger have in hand between F and G, and who knows of it?"),
            Say(1, "There is one order of F, T, K, G. How many places are left for C and X?"),
            Say(lambda given, wanted: given > wanted, "Does it matter when K comes, if G was before it?"),
        ),
    ),
    "06.2": Steered(lambda: race(bare, remover), sound, "{wrong} Now say why, in one sentence, before you read on."),
    "06.3": Values(lambda _: references(race(bare, remover), "FTK"), "Who holds a reference on blue, and who drops it?"),
    "06.4": Values(
        lambda _: references(race(bare, remover), "FGTK"),
        "F only looks, and T only turns a pointer. Which two steps change the count?",
        (
            Say(drops_at_t, "T points the task at red. Which step drops what the task held on blue?"),
            Say(lambda given, _: given[1] == given[0], "What does G do?"),
            Say(lambda given, _: given[3] == 0, "K drops the task's reference. Was that the only one?"),
            Say(lambda given, _: given[3] == given[1], "K drops something before it looks."),
        ),
        "{answer}: K finds one reference, and blue stays.",
    ),
    "06.5": Prediction(
        "number",
        lambda _: wrong_of(race(reader, remover)),
        (
            Say(0, "Who reads the sign that the charger has put up?"),
            Say(1, "Which of the old ones would the section have stopped, and how? It stops nobody."),
            Say(2, "Which of the old ones would the section have stopped, and how? It stops nobody."),
        ),
    ),
    "06.6": Prediction(
        "choice",
        lambda _: who_waits(),
        (
            Say("T waits", "That would be a lock. What does a pointer that is turned take away from somebody who has read it?"),
            Say("only the freeing", "By X the question has been asked. What may the charger do after K has looked?"),
            Say("refused", "Nobody is told no here. What is dropped in K, that T leaves as it is?"),
        ),
    ),
    "06.7": Raced(
        "remover",
        look="Which step must not happen while somebody may still take a reference?",
        says=(
            Say("still in /blue", "With nobody beside it, it must still do its three steps."),
            Say("still there", "With nobody beside it, it must still do its three steps."),
            Say(
                "of 20 schedules",
                "Is anybody waited for? One who begins to read after the wait is not. What can still be found then?",
            ),
            Say("of 18 schedules", "The memory is safe with that. But what did K see, and what may a reader do after it?"),
            Say("raised", "That is a slip in the Python, not in the order of the steps."),
            Say("mutex", "Between T and K the containers are locked: no step may be left out."),
        ),
        praise="{runs} of the 20 orders are left, and none of them goes wrong.",
    ),
    "06.8": Prediction(
        "order",
        lambda _: order_of_a_charge(),
        (
            Say("then take", "Whoever waited has stopped waiting by then. Is it still there?"),
            Say(
                lambda given, wanted: before(given, wanted, 3, 2),
                "Whoever waited has stopped waiting by then. Is it still there?",
            ),
            Say(
                lambda given, wanted: before(given, wanted, 4, 2),
                "The counter is in the container. What keeps that alive while you write to it?",
            ),
            Say(
                lambda given, wanted: before(given, wanted, 1, 0) or before(given, wanted, 3, 1),
                "What you find while no sign is up, nobody waits for.",
            ),
            Say(
                lambda given, wanted: before(given, wanted, 4, 3),
                "That is sound as well. But who sits and waits, as long as you are in the section?",
            ),
            Say("if it fits", "The counter is in the container. What keeps that alive while you write to it?"),
        ),
    ),
    "06.9": Raced(
        "tryget",
        look="What keeps the memory until you have looked, what if the count is zero, and when do you leave the section?",
        says=(
            Say("css_tryget", "The count that it reads is in freed memory. What keeps the memory until it has looked?"),
            Say(
                "nobody has paid", "The object is in somebody's hands already, so somebody has to pay. Where is task 2 by now?"
            ),
            Say("has paid nothing", "With nobody beside it, it must charge blue."),
            Say("raised", "That is a slip in the Python, not in the order of the steps."),
            Say("usage =", "Somebody was charged, and no owner was written down."),
            Say("never left", "It says for ever that it reads."),
            Say("for ever", "It says for ever that it reads, and somebody waits for it."),
            Say("has not ended", "It asks the same container again and again, and that one's count stays at zero. Look anew."),
            Say("without a stop", "It asks the same container again and again, and that one's count stays at zero. Look anew."),
            Say("task_css", "It looks, and asks for no reference."),
            Say("references", "The references do not add up: it takes one too many, or none."),
            Say("an owner exists", "K had seen that nobody refers to blue. Who took a reference after that, and on what?"),
            Say("res_counter_charge", "Blue was charged and nothing held it: was the reference taken before K looked?"),
        ),
        praise="None of {runs} schedules goes wrong, and in each of them somebody pays.",
    ),
}
