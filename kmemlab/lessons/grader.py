"""Write your own controller: `grade(MyController, stage=2)` runs it on the real engine and tells the shortest failing story.

    from kmemlab.lessons.grader import SlabListener, grade

    class MyController(SlabListener):
        def __init__(self, kernel):            # kernel: what you may call, below
            super().__init__()
            self.kernel = kernel
        def newpage(self, slab, cpu): ...      # True, or False: the slab goes back
        def freepage(self, slab, cpu): ...
        def alloc(self, slab, number): ...     # True, or False: the object goes back, by free()
        def free(self, slab, number): ...
        def may_switch(self, cache, on, live): ...  # raises OSError(errno.EBUSY, "...") to refuse
        def switched(self, cache, on): ...

* kernel: `current_container()`, `css_get(group)`, `css_put(group)`, `res_counter_charge(group, size)` (False: refused),
  `res_counter_uncharge(group, size)`, `kzalloc(count)` (an array of None, or None: no memory), `kfree(array)`,
  `rcu_read_lock()`, `rcu_read_unlock()`, `slabs(cache)` (those that a cache can find).
* slab: `cache`, `number`, `owners` (None until you store something there). cache: `name`, `size`, `objects`. group: `path`.
* `attached(before, after)` is heard too, if you write one: a task was moved.

What fails is in the lab, one step before: a story by `Lab(result.session)`, a schedule, with your own code in it, by
`RaceView(result.race, steps=result.steps)`. The line that is printed needs no `result`: paste it anywhere.

Stages: 1 charge without limit; 2 limit and unwind; 3 array failures, on and off, every nth fault; 4 all schedules.
The class runs in a child process: what it does there (loops, exits, patches, prints, fills) is told, and harms nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import invalid
from ..engine.notify import SlabListener
from .grader_process import ask_a_child
from .grader_run import POINTS, STAGES, Failure, Part, summary
from .handed_in import blanks, job_of, read

if TYPE_CHECKING:
    from ..races.scene import Scene
    from ..session import Session

SECONDS = 60.0
NEIGHBOUR = 10


@dataclass
class Graded:
    """What came of it; printed it is the text twin.

    Attributes:
        parts: the marks, in the order of the stages.
        trouble: why nothing could be graded, "" if it could.
        printed: characters that the code printed; begins: the first of them.
        name: of the class or function, "" for the last one of a file of Python.
        job: what the child was given; None of a file, which may be anybody's.
        file: the path of that file, "" where there is none.
    """

    parts: list[Part] = field(default_factory=list)
    trouble: str = ""
    printed: int = 0
    begins: str = ""
    stage: int = 4
    seed: int = 1
    name: str = ""
    exercise: str = ""
    file: str = ""
    job: dict[str, Any] | None = field(default=None, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """Whether everything that was graded is right."""
        return not self.trouble and bool(self.parts) and all(part.failure is None for part in self.parts)

    @property
    def points(self) -> int:
        """Points so far; the last 10 of a controller's 100 are a neighbour's to give."""
        return sum(part.got for part in self.parts)

    @property
    def failure(self) -> Failure | None:
        """The first part's failure, None if there is none."""
        return next((part.failure for part in self.parts if part.failure is not None), None)

    @property
    def story(self) -> str:
        """The shortest failing story, "" if none fails."""
        return self.failure.story if self.failure is not None else ""

    @property
    def hint(self) -> str:
        """Where to look, "" if nothing is wrong."""
        return self.failure.hint if self.failure is not None else ""

    @property
    def commands(self) -> list[str]:
        """The story as commands of the shell; [] for one of schedules."""
        return self.failure.commands if self.failure is not None else []

    @property
    def session(self) -> Session | None:
        """The story on the machine's own controller, paused one step before the failure: `Lab(result.session)`.

        What comes next there is what should have come of yours. None where nothing failed, or no command can tell it.
        """
        from ..session import Session

        failure = self.failure
        if failure is None or not failure.commands:
            return None
        session = Session(**failure.machine)
        session.run(*failure.commands)
        session.seek(session.ends[failure.before - 1])
        return session

    @property
    def link(self) -> str:
        """The same moment as a link, "" where there is no session."""
        session = self.session
        return session.to_link() if session is not None else ""

    @property
    def race(self) -> Scene | None:
        """The scene in which a schedule fails, with your own code in it: `RaceView(result.race, steps=result.steps)`.

        None where nothing failed, where a story tells it (`session`), and of a file: it may be somebody else's, and is run
        in the child only. Grade the class or function itself, in a cell.
        """
        from .grader_child import load
        from .grader_replay import scenes_of

        failure = self.failure
        if failure is None or failure.race < 0 or self.job is None:
            return None
        return scenes_of(load(self.job), self.job["exercise"])[failure.race]

    @property
    def steps(self) -> tuple[int, ...]:
        """Who steps until one step before the failure, in order; () where no schedule fails."""
        return tuple(self.failure.path[:-1]) if self.failure is not None else ()

    @property
    def line(self) -> str:
        """The line of Python that opens the failure in the lab, one step before, "" where none can; it needs no `result`.

        It runs a file in your own process: paste it for a file of yours.
        """
        failure = self.failure
        if failure is not None and failure.race >= 0 and (self.file or self.job is not None):
            what = [repr(self.file) if self.file else self.name, str(failure.race)]
            what += [f"exercise={self.exercise!r}"] if self.exercise else []
            what += [f"name={self.name!r}"] if self.file and self.name else []
            return f"RaceView(replay({', '.join(what)}), steps={self.steps})"
        link = self.link
        return f'Lab(link="{link}")' if link else ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a teacher's table and `kmemlab grade --json`."""
        told = {"stage": self.stage, "seed": self.seed, "passed": self.passed, "points": self.points}
        opens = {"link": self.link, "line": self.line}
        rest = {"story": self.story, "hint": self.hint, **opens, "trouble": self.trouble, "printed": self.printed}
        return {**told, **rest, "parts": [asdict(part) for part in self.parts]}

    def __repr__(self) -> str:
        """Tell all of it."""
        if self.trouble:
            return "\n".join([f"not graded: {self.trouble}", *self.said()])
        of = sum(part.points for part in self.parts)
        lines = [summary(part) for part in self.parts]
        lines.append(f"{'together':<20} {self.points:>2} of {of:>2}")
        failure = self.failure
        if failure is not None:
            lines += ["", failure.story, failure.hint]
            width = max((len(each[0]) for each in failure.schedule), default=0)
            lines += [f"  {at:>2}  {who:<{width}}  {name}: {told}" for at, (who, name, told) in enumerate(failure.schedule, 1)]
            lines += self.opens()
        elif len(self.parts) == len(POINTS):
            lines.append(f"The last {NEIGHBOUR} points: a neighbour reads your code and asks one question, which you answer.")
        return "\n".join([*lines, *self.said()])

    def opens(self) -> list[str]:
        """Tell how the failure is opened in the lab: a story with the kernel's own controller, a schedule with this one."""
        line = self.line
        if not line:
            return []
        if line.startswith("Lab"):
            told = "In a notebook, one step before, on the kernel's own controller: what it does next, yours should have done."
            short = ["Or, of a result = grade(...): Lab(result.session)"] if not self.file else []
            return [told, "  from kmemlab.lab import Lab", f"  {line}", *short]
        own = ". It runs the file there: a file of your own." if self.file else "."
        imports = ["  from kmemlab.lab import RaceView", "  from kmemlab.lessons.grader_replay import replay"]
        return [f"In a notebook, one step before, with this code in it{own}", *imports, f"  {line}"]

    def said(self) -> list[str]:
        """Tell what the code printed."""
        if not self.printed:
            return []
        first = next(iter(self.begins.strip().splitlines()), "")
        return [f"It printed {self.printed:,} characters, beginning: {first[:80]}"]


def grade(thing: Any, stage: int = 4, *, seed: int = 1, exercise: str = "", seconds: float = SECONDS, name: str = "") -> Graded:
    """Grade a controller up to a stage, or an exercise.

    Args:
        thing: the class, the function of an exercise, or the path of a file with one of them: Python, or a notebook.
        stage: 1 to 4; each has what those before it have.
        seed: of the stories by chance: another seed, other stories, caches and machines.
        exercise: "" for a controller; "charge" for lesson 05's function, "steps", "remover" or "tryget" for lesson 06's,
            "drain" for 07's class.
        seconds: after which the child is stopped whatever it does.
        name: of the class or function in a file, "" for the last one.

    Raises:
        KernelError: EINVAL for a stage or an exercise that there is not.
    """
    from .grader_exercises import EXERCISES

    if type(stage) is not int or stage not in STAGES:
        raise invalid(f"There is no stage {stage!r}: 1 charge, 2 limit and unwind, 3 arrays, on and off, 4 all schedules.")
    if exercise and exercise not in EXERCISES:
        raise invalid(f"There is no exercise {exercise!r:.40}; there is {', '.join(EXERCISES)}.")
    graded = Graded(stage=stage, seed=seed)
    if thing is ... or thing is None:
        graded.trouble = "not answered yet: put your class in place of the dots"
        return graded
    try:
        program = read(thing, exercise, name)
        graded.name = program.name
        graded.trouble = blanks(program)
    except OSError as error:  # a sentence of ours, or a file that cannot be read
        graded.trouble = error.strerror or str(error)
    if not graded.trouble:
        job = job_of(program, exercise, stage, seed)
        if isinstance(thing, str | Path):
            graded.file = str(thing)
        else:
            graded.job = job
        graded.exercise = exercise
        take(graded, ask_a_child(job, seconds))
    return graded


def take(graded: Graded, told: dict[str, Any]) -> None:
    """Read what a child told."""
    graded.trouble = told.get("trouble", "")
    graded.printed = told.get("printed", 0)
    graded.begins = told.get("begins", "")
    for row in told.get("parts", []):
        failure = Failure(**row.pop("failure")) if row["failure"] else row.pop("failure")
        if not graded.exercise and row["name"] in POINTS:  # what a part is worth is not the child's to say
            row["points"] = POINTS[row["name"]]
            row["got"] = 0 if failure is not None else row["points"]
        if failure is not None:
            failure.schedule = [(who, name, what) for who, name, what in failure.schedule]
        graded.parts.append(Part(**row, failure=failure))


__all__ = ["Graded", "SlabListener", "grade"]
