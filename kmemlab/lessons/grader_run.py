"""Grading: plays the stories of each stage, every nth fault and stories by chance; what fails is made as short as it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..engine.errors import invalid
from ..engine.notify import SlabListener
from . import grader_stories as stories
from . import grader_words as words
from .grader_bench import Bench
from .grader_gate import HOOKS, WrongError
from .grader_kernel import Kernel
from .grader_stories import Act, Story
from .grader_words import plural

Make = Callable[[Kernel], Any]

NEVER = 10_000
MOST_SHRINKS = 300
BY_CHANCE = 25
HOPELESS = (words.ENDLESS, words.MEMORY)  # each try takes a while, and the story is no shorter for it
RACES = "all schedules"
POINTS = {"charge": 20, "limit": 20, "arrays, on and off": 20, "every nth fault": 15, RACES: 15}
STAGES = {1: ("charge",), 2: ("charge", "limit"), 3: ("charge", "limit", "arrays, on and off", "every nth fault")}
STAGES[4] = (*STAGES[3], RACES)


@dataclass
class Failure:
    """The shortest story that fails.

    Attributes:
        story: told with what comes of it: "refuse the 2nd charge; open 4; close 1: blue: usage -256, should be 512".
        hint: where to look.
        commands: what was typed, the last of them the one that fails; [] for a schedule.
        before: how many of the commands come before the failing act.
        machine: keywords of the machine.
        schedule: for a race, (task, function, what it did) of each step.
        race: which of its scenes, -1 where it is no race; path: who stepped, in order.
    """

    story: str
    hint: str
    commands: list[str] = field(default_factory=list)
    before: int = 0
    machine: dict[str, Any] = field(default_factory=dict)
    schedule: list[tuple[str, str, str]] = field(default_factory=list)
    key: str = ""
    race: int = -1
    path: list[int] = field(default_factory=list)


@dataclass
class Part:
    """One line of the marks.

    Attributes:
        name, points: of POINTS; got: the points or 0; tried: stories or schedules that were tried.
        failure: None where all is well.
    """

    name: str
    points: int
    got: int = 0
    tried: int = 0
    failure: Failure | None = None


class Played:
    """One story, played on a machine of its own."""

    def __init__(self, story: Story, make: Make, bench_type: type[Bench] = Bench) -> None:
        self.story = story
        self.failure: Failure | None = None
        self.commands = list(stories.PRELUDE)
        self.counted = 0
        self.done: list[Act] = []
        before = len(self.commands)
        self.options = {"memory": story.memory, "cpus": story.cpus}
        try:
            bench: Bench | None = None
            bench = bench_type(make, **self.options, log=False)
            for line in self.commands:
                bench.run(line)
            for act in story.acts:
                before = len(self.commands)
                self.done.append(act)
                self.play(bench, act)
        except WrongError as wrong:
            made = bench is not None
            told = Story(tuple(self.done)).words(bench.student.missed if bench is not None else 0)
            self.failure = Failure(f"{told}: {wrong.what}" if made else wrong.what, wrong.hint, key=wrong.key)
            if made:
                self.failure.commands, self.failure.before, self.failure.machine = self.commands, before, dict(self.options)
                if bench_type.drains:
                    self.failure.machine["off"] = "drain"
            return
        self.counted = max(attr.count for attr in bench.slub.faults.attrs)

    def play(self, bench: Bench, act: Act) -> None:
        """Do one act."""
        tasks = bench.tasks.by_pid
        task = tasks.get(act[1]) if act[0] in ("close", "munmap", "move") else None
        lowest = (task.open_files() if act[0] == "close" else list(range(len(task.maps)))) if task is not None else []
        home = task.css[bench.kmem_subsystem.index] if task is not None else None
        for line in stories.lines_of(act, lowest):
            self.commands.append(line)
            bench.run(line)
        now = task.css[bench.kmem_subsystem.index] if task is not None and act[1] in tasks else home
        if home is not None and now is not None and now is not home:
            number = bench.kmem_subsystem.number
            bench.gate.attached(number(home), number(now))


def shortest(failure: Failure, story: Story, make: Make, bench: type[Bench]) -> Failure:
    """Leave out and make smaller what can be, as long as the same thing goes wrong."""
    best, left, again = failure, MOST_SHRINKS, failure.key not in HOPELESS
    while again:
        again = False
        for acts in stories.smaller(story.acts):
            if left == 0:
                return best
            left -= 1
            played = Played(Story(acts, story.memory, story.cpus), make, bench)
            if played.failure is not None and played.failure.key == best.key:
                story, best, again = Story(tuple(played.done), story.memory, story.cpus), played.failure, True
                break
    return best


def every_nth(
    bases: Iterable[tuple[Act, ...]], kinds: tuple[str, ...], make: Make, bench: type[Bench] = Bench
) -> Iterator[Story]:
    """Yield each base with its nth charge, object or page refused, for every n that there is: a first run counts them."""
    for base in bases:
        for kind in kinds:
            counting = Played(Story(stories.faulty(base, kind, NEVER)), make, bench)
            if counting.failure is not None:
                yield Story(base)
                break
            for number in range(1, counting.counted + 1):
                yield Story(stories.faulty(base, kind, number))


def stories_of(part: str, make: Make, seed: int) -> Iterator[Story]:
    """Yield the stories of a part."""
    if part == "charge":
        yield from map(Story, stories.CHARGE)
        yield from stories.drawn(seed, 1, BY_CHANCE)
    elif part == "limit":
        yield from map(Story, stories.LIMIT)
        yield from every_nth(stories.REFUSED, ("refuse",), make)
        yield from stories.drawn(seed, 2, BY_CHANCE)
    elif part == "arrays, on and off":
        yield from map(Story, stories.SWITCH)
        yield from stories.drawn(seed, 3, 2 * BY_CHANCE)
    else:
        yield from every_nth(stories.REFUSED, ("refuse",), make)
        yield from every_nth(stories.FAULTED, ("refuse", "no-object", "no-page"), make)


def listens(thing: Any) -> bool:
    """Say whether something is a listener's class."""
    return isinstance(thing, type) and issubclass(thing, SlabListener)


def maker(thing: Any) -> Make:
    """Return how to make a controller.

    Raises:
        KernelError: EINVAL for a class that is none.
    """
    if not listens(thing):
        raise invalid("A controller derives from SlabListener: class MyController(SlabListener).")
    if not any(hook in vars(each) for each in thing.__mro__ for hook in HOOKS if each is not SlabListener):
        raise invalid(f"not answered yet: {thing.__name__} hears nothing; it has none of {', '.join(HOOKS)}")

    def make(kernel: Kernel) -> Any:
        return thing(kernel)

    return make


def play_all(part: Part, told: Iterable[Story], make: Make, bench: type[Bench] = Bench) -> Part:
    """Play stories until one fails."""
    for story in told:
        part.tried += 1
        failure = Played(story, make, bench).failure
        if failure is not None:
            part.failure = shortest(failure, story, make, bench)
            return part
    part.got = part.points
    return part


def race_all(part: Part, make: Make, bench: type[Bench] = Bench) -> Part:
    """Run all schedules."""
    from .grader_races import grade_races

    part.tried, part.failure = grade_races(make, bench)
    part.got = 0 if part.failure is not None else part.points
    return part


def grade_part(name: str, make: Make, seed: int) -> Part:
    """Grade a part of the marks."""
    part = Part(name, POINTS[name])
    return race_all(part, make) if name == RACES else play_all(part, stories_of(name, make, seed), make)


def grade_all(make: Make, stage: int, seed: int) -> list[Part]:
    """Grade every part up to a stage."""
    return [grade_part(name, make, seed) for name in STAGES[stage]]


def summary(part: Part) -> str:
    """Tell a part in a line."""
    what = "schedule" if part.name == RACES else "story"
    tried = plural(part.tried, what) if what != "story" else f"{part.tried} {'story' if part.tried == 1 else 'stories'}"
    return f"{part.name:<20} {part.got:>2} of {part.points:>2}   {tried}"
