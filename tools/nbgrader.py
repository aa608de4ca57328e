"""Makes a course for nbgrader: `make nbgrader`, or `python -m tools.nbgrader [--into build/nbgrader] [NN ...]`.

A folder as nbgrader 0.9 wants it: its configuration, and in source/ an assignment for each lesson, the notebook as it stands.
The configuration is what makes it work: by default nbgrader replaces each cell that a learner writes in by a line of its own
(ClearSolutions), and ours hold half of the answer; and kmemlab's checks raise only where they are told that they grade.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from . import course, notebooks

INTO = notebooks.ROOT / "build" / "nbgrader"
CONFIG = "nbgrader_config.py"
WRITTEN = '''"""kmemlab's lessons for nbgrader 0.9. Made by `make nbgrader`; what is yours goes below the last line."""

import os
import sys

c = get_config()  # noqa: F821 - nbgrader's own

c.CourseDirectory.course_id = "kmemlab"

# There is nothing to strip from the notebooks: the dots are the blanks. This would replace each exercise by one line.
c.ClearSolutions.enabled = False

# A check that is not right raises, so it gets no point. Nothing of the learners' is kept where the grading runs.
os.environ["KMEMLAB_GRADING"] = "nbgrader"
for name in ("KMEMLAB_PROGRESS", "KMEMLAB_AUTOSAVE", "KMEMLAB_CURTAIN"):
    os.environ[name] = "off"

# nbgrader starts a program of its environment by name, and says nothing useful where that is not activated.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])

# Lessons 05, 07 and 13 play many stories. Pictures need no widget state: with it a notebook is some megabytes.
c.Execute.timeout = 300
c.Execute.store_widget_state = False
'''


def build(into: Path = INTO, folder: Path = notebooks.MADE, chosen: list[str] | None = None) -> list[Path]:
    """Write the configuration, if there is none, and an assignment for each lesson; returns the notebooks' places.

    What nbgrader has made there (a gradebook, what was submitted) stays.
    """
    into.mkdir(parents=True, exist_ok=True)
    if not (into / CONFIG).exists():
        (into / CONFIG).write_text(WRITTEN, encoding="utf-8")
    made = []
    for lesson in course.lessons(folder):
        if not chosen or lesson.number in chosen:
            made.append(into / "source" / lesson.path.stem / lesson.path.name)
            made[-1].parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(lesson.path, made[-1])
    return made


def main(arguments: list[str] | None = None) -> int:
    """Make the course and say where it is; 1 if no lesson is named so."""
    parser = argparse.ArgumentParser(prog="python -m tools.nbgrader", description="Make a course for nbgrader of the lessons.")
    parser.add_argument("lesson", nargs="*", help="only lessons with these numbers: 02 03")
    parser.add_argument("--into", type=Path, default=INTO, help="folder of the course (default: build/nbgrader)")
    chosen = parser.parse_args(arguments)
    made = build(chosen.into, chosen=chosen.lesson)
    for path in made:
        print(f"{chosen.into}: assignment {path.stem}")
    if not made:
        print("no lesson has this number", file=sys.stderr)
    return int(not made)


if __name__ == "__main__":
    sys.exit(main())
