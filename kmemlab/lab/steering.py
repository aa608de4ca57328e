"""A race in one's own hands: who steps next is chosen, one kernel function at a time. No widget here: actions in, frames out.

The scene, its steps and its traps are those of `kmemlab.races`; a step back runs the schedule again without its last step.
"""

from __future__ import annotations

import errno
from typing import Any, Final

from ..engine.errors import KernelError, invalid
from ..races import Scene, explore
from ..races.explorer import enumerated
from ..races.run import SOFTIRQ, Run
from ..races.schedules import Schedule, every
from ..races.steps import mutex_free
from ..races.story import counts, in_words, plural
from ..races.versions import CHARGES, scene
from ..survey import container_rows

MOST_ROWS: Final = 64
MOST_PLANNED: Final = 16  # steps of one task that are listed before it does them
PAIR: Final = ("charge", "attach+rmdir")


class Steering:
    """A scene and the schedule so far.

    Attributes:
        scene: what races.
        path: who has stepped, in order.
        found: what all schedules came to, None before somebody asked.
        rows: all of them, where they are few enough to be listed.
        notice: what could not be done, "" for nothing.
        plans: (name, kernel function) of the steps that each task would do from the beginning if nobody came between.
    """

    def __init__(self, what: Scene | str) -> None:
        if isinstance(what, str):
            if what not in CHARGES:
                raise invalid(f"there is no version {what!r}: give {' or '.join(CHARGES)}, or a scene of your own")
            what = scene(what, PAIR)
        self.scene = what
        self.stage = what.stage()
        self.path: tuple[int, ...] = ()
        self.found: dict[str, Any] | None = None
        self.rows: list[Schedule] = []
        self.shortest: tuple[int, ...] = ()
        self.notice = ""
        self.paths = {row.path: row for row in container_rows(self.stage.machine)}
        self.plans = [self.alone(who) for who in range(len(what.tasks))]

    def alone(self, who: int) -> list[tuple[str, str]]:
        """Run one task from the beginning with nobody beside it. Returns its steps; one that does not end has the first few."""
        plan: list[tuple[str, str]] = []
        try:
            run = self.stage.run()
            while len(plan) < MOST_PLANNED:
                due, ready = run.actors[who].due, run.enabled()
                if due is not None and who in ready:
                    plan.append((due.name, due.function))
                elif SOFTIRQ not in ready:
                    break
                run.step(who if who in ready else SOFTIRQ)
        except KernelError:  # a step function that does not end says so when it is stepped
            pass
        return plan

    # -- actions

    def do(self, action: str, **given: Any) -> None:
        """Do what the page asks for. What cannot be done is a notice; nothing is raised."""
        self.notice = ""
        try:
            if action == "let":
                self.let(int(given["who"]))
            elif action == "back":
                self.path = self.path[:-1]
            elif action == "reset":
                self.path = ()
            elif action == "explore":
                self.explore()
            elif action == "go":
                self.go(given["path"])
            elif action != "draw":
                raise invalid(f"a race does not know {action!r}")
        except (KernelError, KeyError, TypeError, ValueError) as error:
            self.notice = (error.strerror if isinstance(error, KernelError) else None) or f"{type(error).__name__}: {error}"

    def let(self, who: int) -> None:
        """Let one of them do its step.

        Raises:
            KernelError: EAGAIN for one who has to wait, or has ended.
        """
        run = self.stage.run(self.path)
        if who not in run.enabled():
            raise KernelError(errno.EAGAIN, self.why_not(run, who) or "Nothing runs after a trap: go back.")
        self.path = (*self.path, who)

    def go(self, path: list[int] | tuple[int, ...]) -> None:
        """Follow a schedule, as far as it can be followed."""
        run, followed = self.stage.run(), []
        for who in path:
            if who not in run.enabled():
                break
            run.step(int(who))
            followed.append(int(who))
        self.path = tuple(followed)

    def explore(self) -> None:
        """Run every schedule there is."""
        compared = self.stage.compared
        found = explore(self.scene) if compared else enumerated(self.scene.stage(), self.stage.most_changes)
        worst = found.shortest()
        self.shortest = worst.path if worst is not None else ()
        self.found = {
            "words": counts(found).removeprefix("races: "), "schedules": found.schedules, "violations": found.violations,
            "what": in_words(worst.what) if worst is not None else "", "shortest": list(self.shortest),
        }  # fmt: skip
        self.rows = every(self.scene) if compared and found.schedules <= MOST_ROWS else []

    # -- the frame

    def frame(self) -> dict[str, Any]:
        """Return what there is to see: who can step, what was done, the containers, and what all schedules come to."""
        run = self.stage.run(self.path)
        ready = run.enabled()
        ended = not ready
        wrong = run.end() if ended else ""
        frame: dict[str, Any] = {
            "position": len(self.path),
            "length": len(self.path),
            "actors": [
                {
                    "name": actor.at.name, "due": actor.due.function if actor.due is not None else "",
                    "can": number in ready, "why": "" if number in ready else self.why_not(run, number),
                }
                for number, actor in enumerate(run.actors)
            ],
            "softirq": SOFTIRQ in ready,
            "story": [[who, function, told] for who, (_, function, told) in zip(self.path, run.story, strict=True)],
            "wrong": wrong,
            "ended": ended,
            "sentence": self.sentence(run, ended, wrong),
            "containers": self.containers(run),
            "plans": [[] if ended else self.to_come(run, number) for number in range(len(run.actors))],
        }  # fmt: skip
        if self.found is not None:
            frame["found"] = self.found
            frame["rows"] = [[row.letters, in_words(row.wrong), list(row.path)] for row in self.rows]
        frame["twin"] = twin(frame)
        if self.notice:
            frame["notice"] = {"kind": "info", "text": self.notice}
        return frame

    def why_not(self, run: Run, who: int) -> str:
        """Say why somebody cannot step, "" where nothing runs any more."""
        actor = run.actors[who] if 0 <= who < len(run.actors) else None
        if actor is None:
            return "There is nobody of that number."
        if run.wrong:
            return ""
        if actor.due is None:
            return f"{actor.at.name} is done."
        waits = sorted(run.grace.waits.get(who, ()))
        if waits and actor.due.ready is not mutex_free:
            return f"It waits until {' and '.join(run.actors[n].at.name for n in waits)} has left the read section."
        return "It waits for the containers' mutex."

    def to_come(self, run: Run, who: int) -> list[str]:
        """Name the kernel functions behind the step that is due, left alone; none once a task has gone another way."""
        actor, plan = run.actors[who], self.plans[who]
        done = len(actor.done)
        if actor.due is None or done >= len(plan) or plan[done][0] != actor.due.name:
            return []
        return [function for _, function in plan[done + 1 :]]

    def sentence(self, run: Run, ended: bool, wrong: str) -> str:
        """Say what the last step did, or how it ended."""
        if wrong:
            words = in_words(wrong)
            return words[:1].upper() + words[1:]
        if ended:
            return "All are done, and every invariant holds."
        if not run.story:
            numbers = [str(number) for number in range(1, len(run.actors) + 1)]
            keys = " or ".join([", ".join(numbers[:-1]), numbers[-1]] if len(numbers) > 1 else numbers)
            return f"Nobody has stepped yet. Press a task's button, or {keys}."
        name, _, told = run.story[-1]
        return f"{name} {told}" if told[:1].islower() else f"{name}: {told}"

    def containers(self, run: Run) -> list[dict[str, Any]]:
        """Return the containers that were there at the beginning, and who has one in hand."""
        now = {row.path: row for row in container_rows(run.machine)}
        hands: dict[str, list[str]] = {}
        for actor in run.actors:
            if actor.at.group is not None and actor.due is not None:
                hands.setdefault(actor.at.path_of(actor.at.group), []).append(actor.at.name)
        return [
            {
                "path": path, "gone": path not in now, "refs": now[path].css_refs if path in now else 0,
                "usage": now[path].usage if path in now else 0, "tasks": len(now[path].tasks) if path in now else 0,
                "hands": hands.get(path, []),
            }
            for path in self.paths
        ]  # fmt: skip


def twin(frame: dict[str, Any]) -> str:
    """Tell a frame in text."""
    names = [actor["name"] for actor in frame["actors"]]
    lines = [
        f"{n:>3}  {names[who] if who >= 0 else 'softirq':<16}  {function:<22}  {told}"
        for n, (who, function, told) in enumerate(frame["story"], 1)
    ]
    for actor, plan in zip(frame["actors"], frame["plans"], strict=True):
        told = f"next {actor['name']}: {actor['due']}" if actor["can"] else f"     {actor['name']}: {actor['why'] or 'stopped'}"
        lines += [told, f"     then {', '.join(plan)}"] if plan else [told]
    for row in frame["containers"]:
        state = (
            "freed"
            if row["gone"]
            else f"{row['usage']} bytes, {plural(row['refs'], 'reference')}, {plural(row['tasks'], 'task')}"
        )
        held = f", in the hands of {', '.join(row['hands'])}" if row["hands"] else ""
        lines.append(f"{row['path']:<4} {state}{held}")
    if "found" in frame:
        lines.append(frame["found"]["words"])
        lines += [f"{letters}  {wrong or 'sound'}" for letters, wrong, _ in frame["rows"]]
    return "\n".join([frame["sentence"], *lines])
