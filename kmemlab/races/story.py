"""What was found, in words: the counts, and the shortest schedule of a fault as a story, one kernel function a line."""

from __future__ import annotations

from .explorer import Explored, Fault


def in_words(what: str) -> str:
    """Return a fault as words go on: a rule of the machine's that is broken at the end is called one."""
    before, broken, rule = what.partition("broken at the end: ")
    return f'{before}at the end the rule "{rule}" is broken' if broken else what


def plural(count: int, one: str) -> str:
    """Count something: "1 state", "4,812 states"."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def story(fault: Fault) -> str:
    """Tell a fault's shortest schedule, numbered, with the task and the kernel's function of each step."""
    who = max((len(each[0]) for each in fault.story), default=0)
    function = max((len(each[1]) for each in fault.story), default=0)
    lines = [
        f"{number:>4}  {task:<{who}}  {name:<{function}}  {told}" for number, (task, name, told) in enumerate(fault.story, 1)
    ]
    ends = fault.story and fault.story[-1][2] == fault.what
    return "\n".join([*lines, *([] if ends else [f"      and then: {fault.what}"])])


def counts(found: Explored) -> str:
    """Return the last line: tasks, steps, schedules, states, violations."""
    return (
        f"races: {plural(len(found.tasks), 'task')}, {plural(found.steps, 'step')}, {plural(found.schedules, 'schedule')}, "
        f"{plural(found.states, 'state')}, {plural(found.violations, 'violation')}"
    )


def report(found: Explored, title: str) -> str:
    """Tell all of it but the last line."""
    lines = [f"{title}: {', '.join(found.tasks)}"]
    lines += [f"{plural(fault.schedules, 'schedule')} of {found.schedules:,}: {fault.what}" for fault in found.faults]
    worst = found.shortest()
    if worst is not None:
        lines.append(f"The shortest, {plural(len(worst.path), 'step')}:")
        lines.append(story(worst))
    lines.append(f"{plural(found.transitions, 'step')} tried in {found.seconds:.2f} s")
    return "\n".join(lines)
