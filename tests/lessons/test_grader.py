"""The grader: what is right passes whole, each planted mistake gets the message meant for it, and nothing does harm."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.lessons import grader_words as words
from kmemlab.lessons.grader import Graded, grade
from kmemlab.lessons.grader_exercises import EXERCISES
from kmemlab.lessons.grader_process import end
from kmemlab.lessons.grader_run import POINTS, Make, Part, grade_part
from kmemlab.session import Session

CONTROLLERS = Path(__file__).parent / "controllers"
ALL = "all schedules"


def controller(name: str) -> Make:
    """A student's file, loaded here: it is one of ours, and does no harm."""
    space: dict[str, Any] = {"__name__": name}
    exec(compile((CONTROLLERS / f"{name}.py").read_text(), f"<student {name}>", "exec"), space)
    found: Make = space["Controller"]
    return found


def graded(name: str, part: str, seed: int = 1) -> Part:
    return grade_part(part, controller(name), seed)


@pytest.fixture(scope="module")
def worked() -> Graded:
    return grade(CONTROLLERS / "worked.py")


def test_the_worked_solution_passes_all_stages_with_ninety_points_and_ten_are_a_neighbours(worked: Graded) -> None:
    assert worked.passed, worked
    assert [(part.name, part.got) for part in worked.parts] == list(POINTS.items())
    assert worked.points == 90
    assert (worked.story, worked.session, worked.link) == ("", None, "")
    assert "The last 10 points: a neighbour" in repr(worked)
    assert all(part.tried > 30 for part in worked.parts), "so much was tried"


def test_the_worked_solution_is_as_short_as_a_student_may_hope() -> None:
    lines = (CONTROLLERS / "worked.py").read_text().splitlines()
    assert 30 <= len([line for line in lines if line.strip()]) <= 60


@pytest.mark.parametrize("part", [name for name in POINTS if name not in (ALL, "every nth fault")])
@pytest.mark.parametrize("seed", [2, 77])
def test_the_worked_solution_passes_whatever_the_seed(part: str, seed: int) -> None:
    assert graded("worked", part, seed).failure is None


# what is planted, the part that must find it, the story that is told, and the message that is meant for it
PLANTED = {
    "no_uncharge": ("charge", "open 1; close 1: blue's usage 256, should be 0", words.NO_UNCHARGE),
    "uncharge_current": ("charge", "open 1; move blue's task to red; close 1: blue's usage 256, should be 0", words.CURRENT),
    "owner_first": ("limit", "limit blue to 256; open 2: blue's usage 0, should be 256", words.OWNER_FIRST),
    "lookup_outside_rcu": (ALL, "use of a freed container: css_get on /a", words.OUTSIDE),
    "off_without_test": (
        "arrays, on and off",
        "open 1; switch filp off: filp is switched off with 1 object in use, should be refused with EBUSY",
        words.OFF,
    ),
    "array_leak": (
        "every nth fault",
        "the 1st owner array cannot be had; open 1: blue's usage 256, should be 0",
        words.ARRAY_LEAK,
    ),
    "double_uncharge": (
        "every nth fault",
        "refuse the 2nd charge; open 1; close 1; open 1: blue's usage -256, should be 0",
        words.STALE,
    ),
    "recharge_on_move": (
        "charge",
        "open 1; move blue's task to red: blue's usage 0, should be 256",
        words.of_other("attached"),
    ),
    "refusal_keeps_reference": ("limit", "references 2, should be 1", words.UNWIND),
    "no_array_no_bill": (
        "every nth fault",
        "the 1st owner array cannot be had; open 1: blue's usage 0, should be 256",
        words.NO_ARRAY,
    ),
    "arrays_never_freed": (
        "charge",
        "open 17; close 16: the slab has gone and its owner array is kept",
        words.ARRAY_KEPT,
    ),
    "arrays_kept_at_off": (
        "arrays, on and off",
        "open 1; close 1; switch filp off: filp is off and 1 owner array kept",
        words.ARRAY_KEPT,
    ),
    "reference_after_section": (ALL, "use of a freed container: css_get on /a", words.TOO_EARLY),
    "limit_ignored": ("limit", "limit blue to 256; open 2: blue's usage 256, should be 512", words.REFUSED_KEPT),
    "owners_in_a_dict": ("charge", "open 1: the owner stands in no owner array", words.NOT_IN_ARRAY),
    "filp_only": ("charge", "switch vm_area_struct on; mmap 1: blue's usage 256, should be 176", words.WRONG_SIZE),
}


def test_every_planted_mistake_is_in_the_table_and_those_of_the_course_are_there() -> None:
    assert {path.stem for path in CONTROLLERS.glob("*.py")} == {"worked", *PLANTED}
    assert len(PLANTED) >= 10


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_gets_the_shortest_story_and_the_message_meant_for_it(name: str) -> None:
    part, story, hint = PLANTED[name]
    found = graded(name, part)
    assert found.failure is not None
    assert found.failure.story.endswith(story) if part in (ALL, "limit") else found.failure.story == story
    assert found.failure.hint == hint
    assert found.got == 0
    for secret in ("kernel.css_put(group)", "res_counter_uncharge(group", "return False", "raise OSError"):
        assert secret not in found.failure.hint, "the solution is never shown"


@pytest.mark.parametrize("name", ["owner_first", "uncharge_current", "off_without_test", "array_leak"])
def test_a_failing_story_opens_in_the_lab_one_step_before_the_failure(name: str) -> None:
    part = graded(name, PLANTED[name][0])
    result = Graded([part])
    session = result.session
    assert session is not None
    assert result.failure is not None
    assert session.position < session.length
    here = session.commands[session.ends.index(session.position) + 1 :]
    assert here == result.commands[result.failure.before :], "what comes next is the act that fails"
    again = Session.from_link(result.link)
    assert (again.position, again.commands, again.machine.state_hash()) == (
        session.position,
        session.commands,
        session.machine.state_hash(),
    )
    session.seek(session.length)
    session.machine.check()
    assert "Lab(result.session)" in repr(result)


def test_a_schedule_is_no_story_of_commands_and_is_told_step_by_step() -> None:
    result = Graded([graded("lookup_outside_rcu", ALL)])
    assert (result.session, result.link) == (None, "")
    told = repr(result)
    assert "schedules of" in result.story
    steps = [line.split(": ", 1)[0].split()[1:] for line in told.splitlines() if line.startswith("   ")]
    names = [step[-1] for step in steps]
    assert names.index("current_container") < names.index("kmem_destroy") < names.index("css_get")


def test_with_another_seed_what_was_written_for_the_first_stories_fails() -> None:
    stories = {str(graded("filp_only", "limit", seed).failure) for seed in (1, 2, 3)}
    assert "None" not in stories


# -- what a class may do to the process that it runs in

HEAD = """
from kmemlab.engine.notify import SlabListener
class Mine(SlabListener):
    def __init__(self, kernel):
        self.kernel = kernel
    def alloc(self, slab, number):
"""
HARM = {
    "loop": ("while True: pass", "alloc() ran 200,000 steps and did not end"),
    "loop that swallows": (
        "while True:\n            try:\n                while True: pass\n            except Exception: pass",
        "alloc() ran 200,000 steps and did not end",
    ),
    "exit": ("import sys; sys.exit(3)", "alloc() called sys.exit()"),
    "hard exit": ("import os; os._exit(0)", "It ended the process that it ran in"),
    "signal": ("import os; os.kill(os.getpid(), 9)", "It ended the process that it ran in"),
    "memory": ("all_of_it = [bytearray(1 << 28) for _ in range(40)]", "alloc() used up all memory"),
    "forgery": (
        "import os\n        for fd in range(3, 20):\n            try: os.write(fd, b'{}')\n            except OSError: pass",
        "It wrote over what the grader had to say",
    ),
    "loop in C": ("return sum(iter(int, 1)) > 0", "It was stopped after 2 seconds"),
    "children": (
        "import os, time\n        if not os.fork(): time.sleep(60)\n        return True",
        "alloc() started another process",
    ),
    "program": ("import subprocess\n        subprocess.run(['ls'])\n        return True", "alloc() started a program"),
    "shell": ("import os\n        os.system('ls')\n        return True", "alloc() started a program"),
    "file": ("open('note.txt', 'w').write('x')\n        return True", "alloc() opened a file"),
    "file, swallowed": (
        "try: open(__import__('os').devnull)\n        except BaseException: pass\n        return True",
        "alloc() opened a file",
    ),
    "connection": ("import socket\n        socket.socket()\n        return True", "alloc() opened a connection"),
    "sleep": ("import time\n        time.sleep(1000)\n        return True", "It was stopped after 2 seconds"),
}
WRONG = {
    "exception": ("return slab.owners[number]", "alloc() raised TypeError: 'NoneType' object is not subscriptable\nLine 7 of"),
    "recursion": ("return self.alloc(slab, number)", "alloc() raised RecursionError"),
    "no answer": ("pass", "alloc() answered None\nalloc() answers True (go on) or False"),
    "trap swallowed": (
        "try: self.kernel.rcu_read_unlock()\n        except BaseException: return True",
        "open 1: rcu_read_unlock() without rcu_read_lock()",
    ),
    "junk": (
        "return self.kernel.css_get(None)",
        "css_get takes a container (from current_container, or an owner array); it got None",
    ),
    "section": ("self.kernel.rcu_read_lock(); return True", "alloc() left an RCU read section open"),
    "needless no": ("return False", "alloc() refuses an object although nothing was refused it"),
}


@pytest.mark.parametrize("name", HARM)
def test_a_class_that_does_harm_gets_a_sentence_and_the_notebook_goes_on(name: str, tmp_path: Path) -> None:
    body, sentence = HARM[name]
    path = tmp_path / "mine.py"
    path.write_text(f"{HEAD}        {body}\n")
    result = grade(path, 1, seconds=2 if "stopped" in sentence else 30)
    assert sentence in repr(result)
    assert (result.passed, result.points) == (False, 0)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_merely_wrong_is_a_sentence_too(name: str) -> None:
    body, sentence = WRONG[name]
    space: dict[str, Any] = {"__name__": name}
    exec(compile(f"{HEAD}        {body}\n", f"<student {name}>", "exec"), space)
    result = Graded([grade_part("charge", space["Mine"], 1)])
    assert sentence in repr(result)
    assert not result.passed


def test_children_that_a_class_started_are_ended_with_it(tmp_path: Path) -> None:
    note = tmp_path / "note"
    late = f"import time; time.sleep(2); open({str(note)!r}, 'w')"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {late!r}]); print('on', flush=True); input()"
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, "-c", parent], stdin=pipe, stdout=pipe, start_new_session=True)
    assert child.stdout is not None
    assert child.stdout.readline() == b"on\n"
    end(child)
    time.sleep(2.5)
    assert not note.exists()


def test_a_patched_grader_is_named_and_nobody_elses_is_patched(tmp_path: Path) -> None:
    before = words.of_charge
    path = tmp_path / "mine.py"
    text = (CONTROLLERS / "worked.py").read_text()
    path.write_text(text + "\nfrom kmemlab.lessons import grader_words\ngrader_words.of_charge = lambda *a: ''\n")
    result = grade(path, 1)
    assert result.trouble.startswith("It changed kmemlab.lessons.grader_words.of_charge")
    assert (result.passed, result.points) == (False, 0)
    assert words.of_charge is before


def test_what_is_printed_is_counted_and_its_beginning_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    line = "        kernel = self.kernel\n"
    text = (CONTROLLERS / "worked.py").read_text().replace(line, f"{line}        print('charge ' * 1000)\n")
    path.write_text(text)
    result = grade(path, 1)
    assert result.passed
    assert result.printed > 100_000
    assert "characters, beginning: charge charge" in repr(result)


UNGRADED = [
    (f"{HEAD}        ...\n", "not answered yet: alloc still has its dots (line 7)"),
    (f"{HEAD}        group = ...\n        return True\n", "not answered yet: alloc still has its dots (line 7)"),
    (
        "from kmemlab.engine.notify import SlabListener\nclass Mine(SlabListener):\n    pass\n",
        "not answered yet: Mine hears nothing",
    ),
    ("class Mine:\n    pass\n", "There is no class here that derives from SlabListener."),
    ("class Mine(\n", "mine.py line 1: "),
    ("open('note.txt', 'w')\n", "It opened a file where it defines things. A controller talks to its kernel"),
    ("1 / 0\n", "The definition raised ZeroDivisionError"),
    ("while True: pass\n", "The definition itself does not end."),
    (
        HEAD.replace("(self, kernel)", "(self)").replace("= kernel", "= 1") + "        return True\n",
        "it could not be made\nA controller is made as MyController(kernel)",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), UNGRADED, ids=range(len(UNGRADED)))
def test_what_cannot_be_graded_says_why(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    result = grade(path, 1)
    assert sentence in repr(result)
    assert not result.passed


def test_an_answer_that_is_still_dots_is_not_answered_yet() -> None:
    assert grade(...).trouble == "not answered yet: put your class in place of the dots"


def test_a_stage_an_exercise_or_a_thing_that_there_is_not_is_refused_with_a_sentence() -> None:
    with pytest.raises(KernelError, match="There is no stage 5"):
        grade(CONTROLLERS / "worked.py", 5)
    with pytest.raises(KernelError, match="There is no exercise 'paint'; there is charge"):
        grade(CONTROLLERS / "worked.py", exercise="paint")
    assert "grade() takes the class itself" in grade(3).trouble
    assert "No such file" in grade("nowhere.py").trouble


def test_a_stage_grades_what_comes_before_it_too() -> None:
    result = grade(CONTROLLERS / "refusal_keeps_reference.py", 2)
    assert [(part.name, part.got) for part in result.parts] == [("charge", 20), ("limit", 0)]


# -- exercises of other lessons

CHARGE = """
def charge(obj):
    kernel = obj.kernel
    kernel.rcu_read_lock()
    group = kernel.current_container()
    kernel.css_get(group)
    kernel.rcu_read_unlock()
    if not kernel.res_counter_charge(group, obj.size):
        kernel.css_put(group)
        return False
    obj.owner = group
    return True
"""
STEPS = """
def charge(at):
    yield "take"
    at.take()
    yield "lock"
    at.read_lock()
    yield "find"
    at.find()
    yield "get"
    at.get()
    at.read_unlock()
    yield "charge"
    at.charge()
    at.store()
"""
PUT = "        kernel.css_put(group)\n"
EXERCISED = [
    ("charge", CHARGE, ""),
    ("charge", CHARGE.replace(PUT, ""), "limit blue to 256; open 2: blue's references 2, should be 1"),
    ("charge", CHARGE.replace("obj.size", "256"), "switch vm_area_struct on; mmap 1: blue's usage 256, should be 176"),
    ("steps", STEPS, ""),
    (
        "steps",
        STEPS.replace("    at.read_lock()\n", "").replace("    at.read_unlock()\n", ""),
        "use of a freed container: css_get on /a",
    ),
    ("steps", 'def charge(at):\n    yield "nothing"\n', "charge, alone: /a has paid nothing for its object"),
    ("steps", STEPS.replace("    at.store()\n", ""), "broken at the end"),
]


@pytest.mark.parametrize(("exercise", "text", "story"), EXERCISED, ids=range(len(EXERCISED)))
def test_the_exercises_of_lessons_5_and_6(exercise: str, text: str, story: str) -> None:
    space: dict[str, Any] = {}
    exec(text, space)
    result = Graded(EXERCISES[exercise].grade(space["charge"], 1))
    assert story in result.story
    assert result.passed == (not story)


def test_an_exercise_runs_in_a_child_as_well(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(STEPS)
    result = grade(path, exercise="steps")
    assert result.passed, result
