"""The book as it is built: a folder of files that a Chromium without a network opens, by day and by night."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tools import book, course

pytestmark = [pytest.mark.browser, pytest.mark.long]
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "embed": "src", "object": "data", "link": "href"}


class Walker(HTMLParser):
    """What a page loads, where it leads, what it draws, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.pictures = 0
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in LOADS and (where := given.get(LOADS[tag])):
            self.loads.append(where)
        if tag == "a" and (leads := given.get("href")):
            self.links.append(leads)
        self.pictures += tag == "figure" and given.get("class") == "still"

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("myst_nb", reason="the book's packages are not installed: make book")
    into = tmp_path_factory.mktemp("book") / "site"
    book.build(into)
    return into


def test_no_page_loads_anything_from_another_place(site: Path) -> None:
    pages = list(site.glob("*.html"))
    assert len(pages) > len(course.lessons())
    for path in pages:
        walked = Walker(path.read_text(encoding="utf-8"))
        assert walked.loads
        for each in walked.loads:
            assert not re.match(r"\w+:|//", each), f"{path.name} loads {each}"
            assert (site / each.partition("?")[0].partition("#")[0]).exists(), f"{path.name} loads {each}"
        for each in walked.links:
            here = each.partition("#")[0]
            assert re.match(r"https?:", each) or not here or (site / here).exists(), f"{path.name} leads to {each}"
    for path in site.rglob("*.css"):
        for where in re.findall(r"url\(([^)]+)\)|@import ([^;]+)", path.read_text(encoding="utf-8")):
            assert not re.match(r"""["']?(https?:|//)""", "".join(where)), path.name


def test_every_lesson_is_there_with_its_pictures_and_without_a_traceback(site: Path) -> None:
    shown = 0
    for lesson in course.lessons():
        walked = Walker((site / f"{lesson.path.stem}.html").read_text(encoding="utf-8"))
        text = " ".join(walked.words)
        drawn = sum(bool(course.picture(cell)) and not course.is_prediction(cell) for cell in lesson.notebook.cells)
        assert walked.pictures == drawn
        shown += drawn
        assert lesson.title in text
        assert "Traceback" not in text
        assert "not answered yet" not in text
        assert "{{" not in text
    assert shown > len(course.lessons())


@pytest.fixture(params=["light", "dark"])
def night(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[str, Page]]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=request.param, offline=True)
    page = context.new_page()
    yield request.param, page
    context.close()


def test_it_opens_from_a_file_without_a_network_by_day_and_by_night(site: Path, night: tuple[str, Page]) -> None:
    scheme, page = night
    wrong: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "index.html").as_uri())
    page.click("text=02 · SLUB >> nth=0")
    page.wait_for_selector("figure.still", state="attached")
    folded = page.locator("details:has(figure.still)").first
    assert not folded.locator("figure.still").first.is_visible(), "the answer waits for its prediction"
    folded.locator("summary").first.click()
    assert folded.locator("figure.still svg").first.is_visible()
    ground = folded.locator("svg rect").first.evaluate("each => getComputedStyle(each).fill")
    assert ground == {"light": "rgb(252, 252, 251)", "dark": "rgb(19, 20, 22)"}[scheme]
    assert page.evaluate("document.fonts.check('16px \"Kmemlab Inter\"')")
    assert wrong == []
    assert all(url.startswith(("file:", "data:")) for url in asked), asked


def test_on_a_telephone_what_is_wide_scrolls_by_itself_and_not_the_page(site: Path, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 900}, offline=True)
    page = context.new_page()
    for lesson in course.lessons():
        page.goto((site / f"{lesson.path.stem}.html").as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        over = page.evaluate("(() => { const e = document.querySelector('.content'); return e.scrollWidth - e.clientWidth })()")
        assert over <= 1, f"{lesson.path.stem} is {over} pixels too wide"
    context.close()


def test_the_books_search_finds_a_lesson_without_a_network(site: Path, night: tuple[str, Page]) -> None:
    _, page = night
    page.goto(f"{(site / 'search.html').as_uri()}?q=deactivate_slab")
    page.wait_for_selector("#search-results li a")
    assert "02 · SLUB" in page.locator("#search-results").inner_text()
