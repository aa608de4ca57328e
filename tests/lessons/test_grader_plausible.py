"""Controllers that a student might hand in: what is wrong gets a true sentence and no points, what is odd but right passes."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from kmemlab.lessons import grader_words as words
from kmemlab.lessons.grader import grade
from kmemlab.lessons.grader_run import Part, Played, grade_part
from kmemlab.lessons.grader_stories import BLUE, ON, Story, c, o

WORKED_AT = Path(__file__).parent / "controllers" / "worked.py"
WORKED = WORKED_AT.read_text()
KERNEL = "        kernel = self.kernel\n"
STORE = "        slab.owners[number] = group\n"
CHARGE = "        if not kernel.res_counter_charge(group, slab.cache.size):\n"
UNWOUND = "            kernel.css_put(group)\n            return False\n"
UNLOCK = "        kernel.rcu_read_unlock()\n"
MADE = "        self.kernel = kernel\n"
PUT = "        self.kernel.css_put(group)\n"

WRONG = {
    "charges twice": (
        (STORE, f"        kernel.res_counter_charge(group, slab.cache.size)\n{STORE}"),
        "open 1: blue's usage 512, should be 256",
        words.CHARGED_TWICE,
    ),
    "a size that a cache does not show": (
        (CHARGE, CHARGE.replace("slab.cache.size", "slab.cache.object_size")),
        "open 1: alloc() raised AttributeError: a cache shows a controller its name, objects, size, and no object_size",
        "Line 30 of what you wrote, in alloc().",
    ),
    "the object's size, not the cell's": (
        (CHARGE, CHARGE.replace("slab.cache.size", "200")),
        "open 1: blue's usage 200, should be 256",
        words.WRONG_SIZE,
    ),
    "forgets css_put": ((PUT, ""), "open 1; close 1: blue's references 1, should be 0", words.PUT_MISSING),
    "swallows its own exception": (
        (STORE, "        try:\n            slab.owners[nummer] = group\n        except Exception:\n            pass\n"),
        "open 1: the owner stands in no owner array",
        words.NOT_IN_ARRAY,
    ),
    "special-cases filp": (
        (KERNEL, f"        if slab.cache.name != 'filp':\n            return True\n{KERNEL}"),
        "switch vm_area_struct on; mmap 1: blue's usage 0, should be 176",
        words.NOT_CHARGED,
    ),
    "a dict keyed by address beside the arrays": (
        (STORE, "        vars(self).setdefault('who', {})[hex(id(slab)), number] = group\n"),
        "open 1: the owner stands in no owner array",
        words.NOT_IN_ARRAY,
    ),
    "the machine behind the kernel": (
        (KERNEL, f"{KERNEL}        kernel.machine.run('mkdir /containers/mine')\n"),
        "open 1: alloc() raised AttributeError: the kernel has no machine for a controller; there is current_container,",
        "Line 26 of what you wrote, in alloc().",
    ),
    "a counter behind the container": (
        (STORE, f"{STORE}        group.css.res.usage = 0\n"),
        "open 1: alloc() changed a counter of /blue without a call",
        words.PAST_THE_CALLS,
    ),
    "a limit behind the container": (
        (STORE, f"{STORE}        group.css.res.limit = 1 << 40\n"),
        "open 1: alloc() changed a counter of /blue without a call",
        words.PAST_THE_CALLS,
    ),
    "patches the kernel it was given": (
        (MADE, f"{MADE}        kernel.res_counter_charge = lambda group, size: True\n"),
        "__init__() raised AttributeError: the kernel is called, not changed: res_counter_charge cannot be set",
        "Line 12 of what you wrote, in __init__().",
    ),
    "self forgotten": (
        ("def free(self, slab, number)", "def free(slab, number)"),
        "open 1; close 1: free() raised TypeError: Controller.free() takes 2 positional arguments but 3 were given",
        "The first line of it has to be: def free(self, slab, number).",
    ),
    "recursion": (
        (KERNEL, "        return self.alloc(slab, number)\n"),
        "open 1: alloc() raised RecursionError: maximum recursion depth exceeded",
        "Line 2",  # wherever the stack ends
    ),
    "sys.exit": ((KERNEL, "        raise SystemExit(0)\n"), "open 1: alloc() called sys.exit()", words.EXIT),
}
ODD = {
    "the section is left last": (
        ("        kernel.rcu_read_unlock()\n", ""),
        (UNWOUND, UNWOUND.replace("            return", "            kernel.rcu_read_unlock()\n            return")),
        (STORE, f"{STORE}        kernel.rcu_read_unlock()\n"),
    ),
    "two references, one of them put": (
        ("        kernel.rcu_read_unlock()\n", f"        kernel.css_get(group)\n{UNLOCK}        kernel.css_put(group)\n"),
    ),
    "stored first, and taken out when refused": (
        (STORE, ""),
        (CHARGE, f"{STORE}{CHARGE}"),
        (UNWOUND, f"            slab.owners[number] = None\n{UNWOUND}"),
    ),
    "the size is kept with the owner": (
        (STORE, "        slab.owners[number] = (group, slab.cache.size)\n"),
        ("        group = slab.owners[number]\n", "        group, size = slab.owners[number]\n"),
        ("uncharge(group, slab.cache.size)", "uncharge(group, size)"),
    ),
    "counts to itself": ((STORE, f"{STORE}        self.count = getattr(self, 'count', 0) + 1\n"),),
}  # fmt: skip


def changed(*pairs: tuple[str, str]) -> str:
    """The worked solution with lines of it replaced."""
    text = WORKED
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def part_of(text: str, name: str) -> Part:
    space: dict[str, Any] = {"__name__": "mine"}
    exec(compile(text, "<student mine>", "exec"), space)
    return grade_part(name, space["Controller"], 1)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_gets_a_true_sentence_and_no_points(name: str) -> None:
    pair, story, hint = WRONG[name]
    part = part_of(changed(pair), "charge")
    assert part.failure is not None
    assert part.failure.story.startswith(story)
    assert part.failure.hint.startswith(hint)
    assert part.got == 0


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("part", ["charge", "limit"])
def test_what_is_odd_but_right_passes(name: str, part: str) -> None:
    assert part_of(changed(*ODD[name]), part).failure is None


@pytest.mark.parametrize("name", ["the section is left last", "stored first, and taken out when refused"])
def test_what_is_odd_but_right_passes_in_every_schedule_too(name: str) -> None:
    assert part_of(changed(*ODD[name]), "all schedules").failure is None


def test_one_that_waits_for_a_charge_is_told_that_it_does_not_end_and_keeps_the_points_it_has(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(changed((CHARGE + UNWOUND, f"{CHARGE.replace('if', 'while')}            pass\n")))
    result = grade(path)
    assert [(part.name, bool(part.got)) for part in result.parts] == [
        ("charge", True), ("limit", False), ("arrays, on and off", False), ("every nth fault", True), ("all schedules", False),
    ]  # fmt: skip
    assert result.hint == words.ENDLESS
    last = result.parts[-1].failure
    assert last is not None
    assert last.hint == words.ENDLESS


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from kmemlab.lessons import grader_run\ngrader_run.POINTS['charge'] = 1000\n", "grader_run.POINTS"),
        ("from kmemlab.lessons import grader_stories\ngrader_stories.CHARGE = ()\n", "grader_stories.CHARGE"),
        (
            "from kmemlab.engine import res_counter\nres_counter.ResCounter.charge = lambda self, size: True\n",
            "res_counter.ResCounter.charge",
        ),
    ],
)
def test_one_who_changes_the_marks_the_stories_or_the_engine_is_told_what_was_changed(
    line: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(WORKED + line)
    result = grade(path, 1)
    assert result.trouble.startswith("It changed kmemlab.")
    assert f"{name}: what is graded" in result.trouble
    assert result.points == 0
    assert sum(part.points for part in result.parts) <= 90


# -- short is shortest

ACTS = (o(1), o(2), c(1), ("move", BLUE, "red"), ("limit", "blue", 256), ("refuse", 1), ("refuse", 2), ("off", "filp"))
SHORT = {
    "no_uncharge": "charge", "uncharge_current": "charge", "recharge_on_move": "charge", "owner_first": "limit",
    "double_uncharge": "limit", "off_without_test": "arrays, on and off",
}  # fmt: skip


@pytest.mark.parametrize("name", SHORT)
def test_no_shorter_story_of_all_that_can_be_told_goes_wrong_in_the_same_way(name: str) -> None:
    space: dict[str, Any] = {"__name__": name}
    exec(compile((WORKED_AT.parent / f"{name}.py").read_text(), f"<student {name}>", "exec"), space)
    make = space["Controller"]
    told = grade_part(SHORT[name], make, 1).failure
    assert told is not None
    acts = len(told.story.rpartition(": ")[0].split("; "))  # accounting is on in all of them, and not counted
    assert acts >= 2
    for length in range(1, acts):
        for story in product(ACTS, repeat=length):
            failure = Played(Story((ON, *story)), make).failure
            assert failure is None or failure.key != told.key, failure
    again = (Played(Story((ON, *story)), make).failure for story in product(ACTS, repeat=acts))
    assert any(failure is not None and failure.key == told.key for failure in again), "one of that length is there to be found"
