"""Slides in a Chromium without a network, as a projector shows them: nothing is cut off, letters are large, keys work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tools import course, slides

pytestmark = pytest.mark.browser
SMALLEST = 24  # pixels of a letter, on 1280 by 720,
SMALLEST_CODE = 18  # of one in code that would be broken otherwise,
SMALLEST_DRAWN = 14  # and of one in a picture

MEASURE = """(place) => {
  show(place);
  const slide = slides[now];
  return {over: slide.scrollHeight - slide.clientHeight, wide: slide.scrollWidth - slide.clientWidth,
          letters: parseFloat(getComputedStyle(slide).fontSize), kind: slide.classList[0],
          code: Math.min(...[...slide.querySelectorAll("pre, td")].map((each) => parseFloat(getComputedStyle(each).fontSize))),
          broken: [...slide.querySelectorAll("pre, .told")].filter((each) => each.scrollWidth > each.clientWidth).length,
          drawn: Math.min(...[...slide.querySelectorAll("svg text")].filter((each) => each.textContent.trim()).map((each) => {
            const { a, b, c, d } = each.getScreenCTM();
            return parseFloat(getComputedStyle(each).fontSize) * Math.sqrt(Math.abs(a * d - b * c));
          }))};
}"""


@pytest.fixture
def projector(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return slides.build(tmp_path_factory.mktemp("slides"))


def test_every_slide_of_every_lesson_can_be_read_from_the_last_row(files: list[Path], projector: Page) -> None:
    wrong: list[str] = []
    asked: list[str] = []
    projector.on("pageerror", lambda error: wrong.append(str(error)))
    projector.on("request", lambda request: asked.append(request.url))
    for path, lesson in zip(files, course.lessons(), strict=True):
        projector.goto(path.as_uri())
        made = slides.slides(lesson)
        assert projector.evaluate("slides.length") == len(made)
        for place, slide in enumerate(made):
            found = projector.evaluate(MEASURE, place)
            assert found["kind"] == slide.kind
            assert found["over"] <= 1, f"{path.stem} slide {place + 1} is cut off"
            assert found["wide"] <= 1, f"{path.stem} slide {place + 1} is too wide"
            assert found["letters"] >= SMALLEST, f"{path.stem} slide {place + 1} has letters of {found['letters']} pixels"
            assert (found["code"] or SMALLEST) >= SMALLEST_CODE, (
                f"{path.stem} slide {place + 1} has code of {found['code']} pixels"
            )
            assert (found["drawn"] or SMALLEST) >= SMALLEST_DRAWN, (
                f"{path.stem} slide {place + 1}: {found['drawn']} pixels, drawn"
            )
            assert found["broken"] == 0, f"{path.stem} slide {place + 1} has something wider than itself"
    assert wrong == []
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}


def test_the_keys(files: list[Path], projector: Page) -> None:
    path = next(each for each in files if each.stem.startswith("02"))
    projector.goto(f"{path.as_uri()}#7")
    assert projector.locator("#place").inner_text().startswith("7 /")
    projector.keyboard.press("ArrowLeft")
    assert projector.locator("section.now").get_attribute("class") == "ask now"
    assert projector.locator("section.now figure").count() == 0
    projector.keyboard.press("Space")
    assert projector.locator("section.now figure svg").is_visible()
    assert not projector.locator("section.now aside").is_visible()
    projector.keyboard.press("n")
    assert "cpu slab" in projector.locator("section.now aside").inner_text()
    projector.keyboard.press("d")
    ground = projector.locator("section.now svg rect").first.evaluate("each => getComputedStyle(each).fill")
    assert ground == "rgb(19, 20, 22)"
    projector.keyboard.press("Home")
    assert projector.locator("section.now h1").inner_text().startswith("SLUB")


def test_a_labs_picture_is_its_head_and_then_its_stage(files: list[Path], projector: Page) -> None:
    projector.goto(files[0].as_uri())
    place = projector.evaluate("slides.findIndex((each) => each.querySelector('figure[data-part=head]'))")
    projector.evaluate("(place) => show(place)", place)
    head = projector.locator("section.now svg").text_content() or ""
    projector.keyboard.press("ArrowRight")
    stage = projector.locator("section.now svg").text_content() or ""
    assert "Containers" in head and "blue" in head and "Slab pages" not in head
    assert "Slab pages" in stage and "cpu slabs" in stage and "Containers" not in stage
    assert "A still picture" not in head + stage


def test_without_a_script_all_slides_stand_one_below_the_other(files: list[Path], browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(files[0].as_uri())
    assert all(each.is_visible() for each in page.locator("section").all())
    context.close()
