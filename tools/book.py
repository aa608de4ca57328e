"""Makes the book of the lessons: `make book`, or `python -m tools.book [--into build/book]`. A static site, for no network.

The pages are the made notebooks with the outputs that they are kept with; nothing is run. Sphinx reads them by MyST-NB, and
the theme brings its own scripts and styles: no page loads anything from another place, so the book opens from a file, too.

What a reader of the lab has to do is said in the book, not done: a prediction is its question, the machine's answer to it is
folded until it is opened, and an exercise says that the lab checks it.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from . import course, notebooks, stills

INTO = notebooks.ROOT / "build" / "book"
TEACHING = notebooks.ROOT / "docs" / "teaching"
FONTS = notebooks.ROOT / "kmemlab" / "lab" / "fonts"
WHERE = "Open the lesson in the lab to answer: <code>make lab</code>."
PROMPT = "Predict first, then look at what the machine said"
LETTERED = re.compile(r"^  ([A-Z])  (.+)$")


def readable(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a made notebook as the book has it: questions as text, answers folded, pictures in the page itself."""
    made: nbformat.NotebookNode = nbformat.from_dict(notebook)
    asked = False
    for cell in made.cells:
        if cell.cell_type == "markdown":
            asked = False
            continue
        cell.metadata.pop("jupyter", None)
        tags = set(cell.metadata.get("tags", ()))
        if course.is_prediction(cell):
            asked = True
            if cell.source.lstrip().startswith("predict("):
                tags.add("remove-input")
            cell.outputs = [shown(question(course.words(cell)))]
        elif "graded" in cell.metadata:
            cell.outputs = [shown(checked(cell.metadata["graded"]))]
        else:
            kept = cell.outputs if "exercise" not in cell.metadata else [each for each in cell.outputs if has_picture(each)]
            cell.outputs = [inlined(output) for output in kept]  # an exercise that nobody has done says that it is not done
            if asked and cell.outputs:
                tags.add("hide-output")
                cell.metadata["mystnb"] = {"code_prompt_show": PROMPT, "code_prompt_hide": "Fold it away"}
        if tags:
            cell.metadata["tags"] = sorted(tags)
    return made


def question(text: str) -> str:
    """Return a prediction, as its text twin has it, as HTML."""
    first, *rest = text.splitlines() or [""]
    choices = [found[2] for line in rest if (found := LETTERED.match(line))]
    other = [line for line in rest if not LETTERED.match(line)]
    parts = [f"<p><strong>{html.escape(first)}</strong></p>"]
    if choices:
        parts.append("<ol>" + "".join(f"<li>{html.escape(choice)}</li>" for choice in choices) + "</ol>")
    if other:
        parts.append(f"<pre>{html.escape(chr(10).join(other))}</pre>")
    return f'<div class="ask">{"".join(parts)}<p class="where">{WHERE}</p></div>'


def checked(number: str) -> str:
    """Return what stands in the book where the lab checks an exercise."""
    return f'<div class="in-the-lab"><p><strong>Exercise {html.escape(number)}</strong> is checked in the lab.</p></div>'


def shown(markup: str) -> nbformat.NotebookNode:
    """Return an output of HTML."""
    output: nbformat.NotebookNode = nbformat.v4.new_output("display_data", {"text/html": markup})
    return output


def has_picture(output: nbformat.NotebookNode) -> bool:
    """Say whether an output is a picture."""
    return any(kind == "image/svg+xml" for kind in output.get("data", {}))


def inlined(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return an output; of a picture the SVG itself, which a dark page repaints and a reader of screens is told."""
    svg = "".join(output.get("data", {}).get("image/svg+xml", ""))
    return shown(f'<figure class="still">{svg}</figure>') if svg else output


def teaching() -> list[Path]:
    """Return the pages for teachers, in the order in which the book has them."""
    return sorted(TEACHING.glob("*.md"), key=lambda path: (path.name != "guide.md", path.name != "syllabus.md", path.name))


def index(lessons: list[course.Lesson]) -> str:
    """Return the first page: what this is, and every lesson with its minutes and what it needs."""
    rows = [
        f"| [{each.number} · {each.title}]({each.path.stem}.ipynb) | {each.minutes} | {each.before or 'nothing'} |"
        for each in lessons
    ]
    pages = [each.path.stem for each in lessons]
    return "\n".join([
        "# Who pays for this kernel memory?", "",
        "A course on how a kernel accounts its own memory, told through one patchset of 2007. Every page here is a notebook,",
        "with the pictures that its machine drew. Read it as a book; to predict, to run and to be checked, open the lesson",
        "in the lab: `make lab`.", "",
        "| lesson | minutes | what to know before |", "|---|---|---|", *rows, "",
        "In order, or any one alone: each makes its own machine. An answer that follows a prediction is folded: predict first.",
        "", "```{toctree}", ":hidden:", ":caption: Lessons", "", *pages, "```", "",
        "```{toctree}", ":hidden:", ":caption: For teachers", "", *(f"teaching-{path.stem}" for path in teaching()), "```", "",
    ])  # fmt: skip


def teacher_page(path: Path) -> str:
    """Return a page for teachers as the book has it: marks of sources left out, links to its neighbours within the book."""
    text = re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\]\((\w+)\.md\)", r"](teaching-\1.md)", text)
    return re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", text)


def lay_out(source: Path, folder: Path) -> list[course.Lesson]:
    """Write what Sphinx reads into a folder; returns the lessons."""
    lessons = course.lessons(folder)
    static = source / "_static"
    static.mkdir(parents=True)
    for each in lessons:
        nbformat.write(readable(each.notebook), source / each.path.name)
    for path in teaching():
        (source / f"teaching-{path.name}").write_text(teacher_page(path), encoding="utf-8")
    for picture in TEACHING.glob("*.svg"):  # a sheet to print: a page links it
        shutil.copy(picture, source / picture.name)
    (source / "index.md").write_text(index(lessons), encoding="utf-8")
    for font in ("inter-latin.woff2", "jetbrains-mono-latin.woff2"):
        shutil.copy(FONTS / font, static / font)
    style = Path(__file__).with_name("book.css").read_text(encoding="utf-8")
    dark = stills.sheet('body[data-theme="dark"] .still')
    by_system = stills.sheet('body:not([data-theme="light"]) .still')
    (static / "book.css").write_text(
        f"{style}\n{dark}@media (prefers-color-scheme: dark) {{\n{by_system}}}\n", encoding="utf-8"
    )
    return lessons


def settings() -> dict[str, Any]:
    """Return what Sphinx is told."""
    plain = {"font-stack": "Kmemlab Inter, system-ui, sans-serif", "font-stack--monospace": "Kmemlab Mono, Menlo, monospace"}
    fold = "color-admonition-title", "color-admonition-title-background"  # by itself it is violet
    light, dark = (plain | dict(zip(fold, (blue, f"{blue}1a"), strict=True)) for blue in ("#0072b2", "#3c97d3"))
    return {
        "project": "kmemlab", "html_title": "kmemlab", "html_theme": "furo", "extensions": ["myst_nb"],
        "nb_execution_mode": "off", "nb_merge_streams": True, "language": "en",
        "html_static_path": ["_static"], "html_css_files": ["book.css"], "html_copy_source": False,
        "html_show_sourcelink": False, "html_show_copyright": False, "myst_heading_anchors": 3, "smartquotes": False,
        "html_theme_options": {"light_css_variables": light, "dark_css_variables": dark},
    }  # fmt: skip


def build(into: Path = INTO, folder: Path = notebooks.MADE) -> list[course.Lesson]:
    """Make the book; what stood there is replaced when the new one is whole.

    Args:
        into: the folder of the site.
        folder: of the made notebooks.

    Raises:
        RuntimeError: if Sphinx warns of anything: a book with a hole in it is none.
    """
    from sphinx.application import Sphinx

    with tempfile.TemporaryDirectory() as home:
        source, site = Path(home) / "source", Path(home) / "site"
        lessons = lay_out(source, folder)
        warnings = Path(home) / "warnings"
        with Path(os.devnull).open("w") as status, warnings.open("w+", encoding="utf-8") as warned:
            app = Sphinx(
                source, None, site, Path(home) / "doctrees", "html", confoverrides=settings(), status=status, warning=warned
            )
            app.build()
        told = warnings.read_text(encoding="utf-8").replace(str(source), "").strip()
        if told or app.statuscode:
            raise RuntimeError(told or "Sphinx failed")
        shutil.rmtree(site / ".doctrees", ignore_errors=True)
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(site, into)
    return lessons


def main(arguments: list[str] | None = None) -> int:
    """Make the book and say where it is; 1 with the reason if it cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m tools.book", description="Make the book of the lessons.")
    parser.add_argument("--into", type=Path, default=INTO, help="folder of the site (default: build/book)")
    chosen = parser.parse_args(arguments)
    try:
        lessons = build(chosen.into)
    except (RuntimeError, ValueError) as error:
        print(f"the book was not made: {error}", file=sys.stderr)
        return 1
    print(f"book: {len(lessons)} lessons in {chosen.into}: open {(chosen.into / 'index.html').resolve().as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
