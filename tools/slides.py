"""Makes slides of the lessons: `make slides`, or `python -m tools.slides [--into build/slides] [NN ...]`. One file each.

What a class looks at together: each question before its answer, what was typed, what the machine said, the exercises, the
self-check. What a lesson explains is the teacher's to say: it stands in the notes below (N). A file holds its own style,
script and pictures, so it needs no network and no other file.

Headings decide where a slide is (it says so above), and cells what it is:

* the first cell: title, minutes, objectives;
* a `predict(...)` with the prose before it from the bold word on: a question, with its choices;
* a cell of code that said or drew something: what was typed, and that; the prose after it goes into its notes;
* an exercise, with its dots; what checks it is left out;
* the self-check: its questions, without the answers that fold; and the line about what is next.

A cell's metadata has the last word: `"slide": "skip"` leaves it out, and prose with `"slide": "show"` has a slide of its own.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from . import course, notebooks, stills

INTO = notebooks.ROOT / "build" / "slides"
MOST_LINES = 14  # of what a machine said, on one slide
TALL = 230  # a picture that is higher than this has a slide of its own,
MANY_LINES = 12  # and so has one below more typed and said than this,
FEW_LINES = 3  # but one that comes of a line or two shares a slide with them
ROOMY = 420  # if it is no higher than this
LETTERS, MOST_TOLD = 75, 10  # of a line of prose; lines of an exercise, prose and code, on one slide
MOST_TWIN = 25  # lines of a picture that is words: more would be letters of less than 14 pixels
KEPT = 22  # of its first lines, then it is said how many are left out, and the last two follow
LAB = "A still picture of a lab."
TWIN_LINE = re.compile(r'<text x="[\d.]+" y="([\d.]+)"[^>]*xml:space="preserve"[^>]*>[^<]*</text>')
MARKDOWN = MarkdownIt("commonmark").enable("table")
HERE = Path(__file__).parent


@dataclass
class Slide:
    """One slide.

    Attributes:
        kind: title, ask, ran, do, check or end.
        kicker: the section that it is of.
        body: HTML.
        notes: Markdown, for whoever speaks.
    """

    kind: str
    kicker: str
    body: str
    notes: list[str] = field(default_factory=list)


def marked(text: str) -> str:
    """Return Markdown as HTML."""
    made: str = MARKDOWN.render(text)
    return made


def code(text: str, of: str = "typed") -> str:
    """Return lines as they were typed or said; of many the first and the last."""
    lines = text.rstrip("\n").splitlines()
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 3], f"… {len(lines) - MOST_LINES + 1} lines more", *lines[-2:]]
    return f'<pre class="{of}">{html.escape(chr(10).join(lines))}</pre>'


def slides(lesson: course.Lesson) -> list[Slide]:
    """Return a lesson's slides in their order."""
    objectives = "".join(f"<li>{MARKDOWN.renderInline(each)}</li>" for each in lesson.objectives)
    title = f"<h1>{html.escape(lesson.title)}</h1><p>{lesson.minutes} minutes. After it you can</p><ul>{objectives}</ul>"
    first = re.sub(r"^(#.*|\* .*|\*\*\d+ minutes.*)$", "", lesson.notebook.cells[0].source, flags=re.MULTILINE)
    made = [Slide("title", f"Lesson {lesson.number}", title, [first])]
    kicker, before, exercise = lesson.title, "", ""
    for cell in lesson.notebook.cells[1:]:
        wish = cell.metadata.get("slide", "")
        if wish == "skip":
            continue
        if cell.cell_type == "markdown":
            heading = re.match(r"## (.+)", cell.source)
            kicker = re.sub(r" *\*\(.*\)\* *$", "", heading[1]) if heading else kicker
            text = re.sub(r"^## .*\n*", "", cell.source)
            if "<summary>" in text and "Self-check" in kicker:
                asked = re.findall(r"<summary>(?:\d+\. *)?(.*?)</summary>", text, re.DOTALL)
                made.append(Slide("check", kicker, "<ol>" + "".join(f"<li>{each}</li>" for each in asked) + "</ol>", [text]))
            elif wish == "show":
                made.append(Slide("ran", kicker, marked(text)))
            elif text.strip():
                made[-1].notes.append(text)
            if "real kernel" in kicker and (following := re.search(r"^\*\*Next.*", text, re.MULTILINE)):
                made.append(Slide("end", "", marked(following[0])))
            before, exercise = text, text if re.match(r"\*\*Exercise", text.strip()) else exercise if not heading else ""
        elif course.is_prediction(cell):
            made.append(Slide("ask", kicker, marked(question(before)) + choices(course.words(cell)), [beginning(before)]))
            forget(made, before)
        elif "exercise" in cell.metadata:
            told = exercise or before
            parts = [marked(told), code(cell.source)]
            if len(told) / LETTERS + cell.source.count("\n") <= MOST_TOLD:
                parts = ["".join(parts)]
            made.append(Slide("do", kicker, parts[0]))
            forget(made, told)
            made += [Slide("do", kicker, part) for part in parts[1:]]
        elif "graded" not in cell.metadata and (said := answer(cell)):
            words, svg = said.partition("<figure>")[0], course.picture(cell)
            lines = cell.source.count("\n") + words.count("\n") + 2
            typed = code(cell.source) + words
            if height(svg) <= (0 if lines > MANY_LINES else TALL):
                made.append(Slide("ran", kicker, code(cell.source) + said))
                continue
            pictures = figures(svg)
            if not words and lines <= FEW_LINES and (LAB in svg or height(svg) <= ROOMY):
                typed += pictures.pop(0)
            made += [Slide("ran", kicker, body) for body in (typed, *pictures)]
    return made


def question(text: str) -> str:
    """Return what is asked in prose: from the first bold word on that begins a paragraph, or the last paragraph."""
    found = re.search(r"^\*\*(?!\d)", text, re.MULTILINE)
    return text[found.start() :] if found else text.strip().rpartition("\n\n")[2]


def beginning(text: str) -> str:
    """Return what stands before the question."""
    return text.removesuffix(question(text))


def forget(made: list[Slide], text: str) -> None:
    """Take prose out of the notes of the slide before: it is on a slide of its own now."""
    if len(made) > 1 and text in made[-2].notes:
        made[-2].notes.remove(text)


def choices(text: str) -> str:
    """Return the lines of a prediction's twin: choices as a list, a picture as it stands, of a number nothing more."""
    lines = text.splitlines()[1:]
    found = [each[5:] for each in lines if re.match(r"  [A-Z]  ", each)]
    if found:
        return '<ol class="choices">' + "".join(f"<li>{html.escape(each)}</li>" for each in found) + "</ol>"
    return code("\n".join(lines), "said") if lines else ""


def height(svg: str) -> int:
    """Return how high a picture is, in its own units; 0 of none."""
    found = re.match(r'<svg[^>]* height="(\d+)[.\d]*"', svg)
    return int(found[1]) if found else 0


def figures(svg: str) -> list[str]:
    """Return a picture for slides of its own: a lab's is two, head and stage, for its letters to be large enough."""
    if LAB in svg:
        return [f'<figure data-part="{part}">{svg}</figure>' for part in ("head", "stage")]
    return [f"<figure>{shortened(svg)}</figure>"]


def shortened(svg: str) -> str:
    """Return a picture that is words without the lines in its middle, if it has more than a slide can show."""
    lines = list(TWIN_LINE.finditer(svg))
    left = len(lines) - KEPT - 2
    if len(lines) <= MOST_TWIN:
        return svg
    first, second = float(lines[0][1]), float(lines[1][1])
    kept = [line[0] for line in (*lines[:KEPT], lines[KEPT], *lines[-2:])]
    kept[KEPT] = re.sub(r">[^<]*<", f">… {left} lines more<", kept[KEPT])
    moved = [
        re.sub(r' y="[^"]*"', f' y="{first + (second - first) * place:g}"', line, count=1) for place, line in enumerate(kept)
    ]
    return svg[: lines[0].start()] + "".join(moved) + svg[lines[-1].end() :]


def said_by(output: Any) -> str:
    """Return what one output says: a table as HTML, all else as text."""
    data = output.get("data", {})
    page = "".join(data.get("text/html", ""))
    if page.startswith("<table"):
        return f'<div class="told">{page}</div>'
    text = "".join(output.get("text", "")) or "".join(data.get("text/plain", ""))
    return text if "image/svg+xml" not in data else ""


def answer(cell: Any) -> str:
    """Return what a cell said and drew, "" for nothing."""
    told = [said_by(output) for output in cell.outputs]
    said = "".join(each for each in told if not each.startswith("<div"))
    tables = "".join(each for each in told if each.startswith("<div"))
    svg = course.picture(cell)
    if svg:
        said = "\n".join(said.rstrip().splitlines()[-3:])  # room for the picture
    return (code(said, "said") if said.strip() else "") + tables + (f"<figure>{svg}</figure>" if svg else "")


def page(lesson: course.Lesson) -> str:
    """Return a lesson's slides as one file."""
    style = (HERE / "slides.css").read_text(encoding="utf-8") + stills.sheet('[data-theme="dark"]')
    parts = [
        f'<section class="{each.kind}"><p class="kicker">{MARKDOWN.renderInline(each.kicker)}</p>{each.body}'
        f"<aside>{marked(chr(10).join(f'{note}{chr(10)}' for note in each.notes))}</aside></section>"
        for each in slides(lesson)
    ]
    return "\n".join([
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">',
        f"<title>{lesson.number} · {html.escape(lesson.title)}</title><style>{style}</style></head><body>",
        *parts,
        f"<footer><span>{lesson.number} · {html.escape(lesson.title)}</span>"
        '<span>← → &nbsp; N notes &nbsp; D dark</span><span id="place"></span></footer>',
        f"<script>{(HERE / 'slides.js').read_text(encoding='utf-8')}</script></body></html>", "",
    ])  # fmt: skip


def build(into: Path = INTO, folder: Path = notebooks.MADE, chosen: list[str] | None = None) -> list[Path]:
    """Write a file for each lesson, all or those whose numbers are named; returns them."""
    into.mkdir(parents=True, exist_ok=True)
    made = []
    for lesson in course.lessons(folder):
        if not chosen or lesson.number in chosen:
            made.append(into / f"{lesson.path.stem}.html")
            made[-1].write_text(page(lesson), encoding="utf-8")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Make the slides and say where they are; 1 if no lesson is named so."""
    parser = argparse.ArgumentParser(prog="python -m tools.slides", description="Make slides of the lessons.")
    parser.add_argument("lesson", nargs="*", help="only lessons with these numbers: 02 03")
    parser.add_argument("--into", type=Path, default=INTO, help="folder of the files (default: build/slides)")
    chosen = parser.parse_args(arguments)
    made = build(chosen.into, chosen=chosen.lesson)
    for path in made:
        print(path.resolve().as_uri())
    if not made:
        print("no lesson has this number", file=sys.stderr)
    return int(not made)


if __name__ == "__main__":
    sys.exit(main())
