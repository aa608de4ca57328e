"""`kmemlab app`: the lab alone, on a page that a real Voila serves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from kmemlab import Session

from .conftest import free_port
from .lab_page import HARMLESS
from .test_controls import FOCUSABLE, rows

pytestmark = pytest.mark.browser


def descendants(pid: int) -> list[int]:
    """Processes under one, its own sessions too: Linux tells."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


class App:
    """A running `kmemlab app`."""

    def __init__(self, kept: Path) -> None:
        self.port = free_port()
        heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731 (in a background shell it is ignored)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kmemlab", "app", "--port", str(self.port), "--token", "secret"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed,
            env={**os.environ, "KMEMLAB_AUTOSAVE": str(kept)},
        )  # fmt: skip
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    started = App(tmp_path / "kept")
    yield started
    if started.process.poll() is None:
        started.process.terminate()
        started.process.wait(30)


def visit(page: Page, app: App, query: str = "token=secret") -> tuple[list[str], list[str]]:
    errors: list[str] = []
    outside: list[str] = []
    mine = (app.url, app.url.replace("http", "ws"), "blob:", "data:")

    def told(kind: str, text: str) -> None:
        if kind == "error" and not any(word in text for word in HARMLESS):
            errors.append(text)

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: told(said.type, said.text))
    page.on("request", lambda asked: None if asked.url.startswith(mine) else outside.append(asked.url))
    page.goto(f"{app.url}/?{query}")
    page.wait_for_selector(".kmemlab-lab[data-position]")
    return errors, outside


def shot(page: Page, name: str) -> None:
    folder = os.environ.get("KMEMLAB_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_the_lab_is_alone_on_the_page_and_takes_commands_until_a_signal_ends_all_of_it(app: App, page: Page) -> None:
    assert app.ready == f"kmemlab: ready {app.url}/?token=secret\n"
    errors, outside = visit(page, app)
    place = page.locator(".kmemlab-lab").bounding_box()
    assert place is not None
    assert (place["x"], place["y"], place["width"]) == (0, 0, 1280)
    assert place["height"] <= 800, "at 1280 x 800 nothing scrolls"
    assert page.locator(".jp-InputArea:visible, .jp-OutputPrompt:visible").count() == 0, "no code is shown"
    assert "opened" not in page.locator("body").inner_text()
    shot(page, "app")
    field = page.locator(".kl-input").first
    for line in ("mount -t container -o kmem none /containers", "mkdir /containers/web", "cat /containers/web/kmem.usage"):
        field.click()
        field.fill(line)
        field.press("Enter")
        page.wait_for_function("(line) => document.querySelector('.kl-term').innerText.includes(line)", arg=line)
        page.wait_for_function("() => document.querySelector('.kl-input').value === ''")
    page.wait_for_selector(".kmemlab-lab [role=treeitem][data-path='/web']")
    page.locator("[role=tab][data-tab=flow]").click()
    page.wait_for_selector(".kl-figure .main-svg")
    shot(page, "app-flow")
    assert errors == []
    assert outside == []
    below = descendants(app.process.pid)
    assert len(below) >= 2, "Voila, and a Jupyter kernel"
    app.process.send_signal(signal.SIGINT)
    assert app.process.wait(30) == 0
    assert [pid for pid in below if Path(f"/proc/{pid}").exists()] == []


def test_an_address_with_a_link_opens_that_machine_at_that_event(app: App, page: Page) -> None:
    session = Session(memory="2M")
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/web", "fork 1")
    session.run("echo 2 > /containers/web/tasks", "echo 1 > /sys/slab/filp/cache_account", "as 2 open 9")
    session.seek(session.length - 4)
    errors, outside = visit(page, app, f"kmemlab={session.to_link()}&token=secret")
    assert page.locator(".kmemlab-lab").get_attribute("data-position") == str(session.position)
    row = next(row.to_dict() for row in session.records("containers") if row.to_dict()["path"] == "/web")
    assert page.locator("[role=treeitem][data-path='/web']").get_attribute("data-usage") == str(row["usage"])
    assert errors == outside == []


def test_a_page_that_is_loaded_again_offers_what_was_in_it(app: App, page: Page) -> None:
    errors, outside = visit(page, app)
    field = page.locator(".kl-input").first
    field.click()
    field.fill("mkdir /tmp")
    field.press("Enter")
    page.wait_for_selector(".kmemlab-lab:not([data-position='0'])[data-owed='0']")
    at = page.locator(".kmemlab-lab").get_attribute("data-position")
    page.reload()
    page.wait_for_selector(".kmemlab-lab[data-position]")
    offer = page.locator(".kl-offer:visible")
    offer.wait_for()
    assert f"event {at}." in offer.inner_text()
    end = time.monotonic() + 20
    while len(descendants(app.process.pid)) > 2 and time.monotonic() < end:
        time.sleep(0.1)
    assert len(descendants(app.process.pid)) == 2, "Voila, and one Jupyter kernel: that of the page before is gone"
    shot(page, "app-offer")
    offer.get_by_role("button", name="Open it again").click()
    page.wait_for_selector(f".kmemlab-lab[data-position='{at}']")
    page.wait_for_function("() => document.querySelector('.kl-term').innerText.includes('mkdir')")
    assert errors == outside == []


def test_without_the_token_nobody_gets_a_machine(app: App) -> None:
    with urllib.request.urlopen(f"{app.url}/", timeout=20) as answer:
        body = answer.read().decode()
    assert "kmemlab.lab" not in body
    assert "jupyter-config-data" not in body, "no Jupyter kernel is started"
    assert len(descendants(app.process.pid)) == 1, "Voila alone"


def test_a_port_that_is_taken_is_said_in_one_line(app: App) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "kmemlab", "app", "--port", str(app.port)], capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"kmemlab: port {app.port} is taken: choose another, kmemlab app --port 8899\n"


def test_under_voila_the_keys_work_at_once_and_every_control_is_a_listed_one(app: App, page: Page) -> None:
    errors, outside = visit(page, app)
    page.wait_for_function("() => document.activeElement?.classList.contains('kmemlab-lab')")
    page.keyboard.press("n")  # nobody has clicked anything yet
    page.wait_for_function("() => document.querySelector('.kl-sentence').innerText.startsWith('Refused.')")
    listed = rows()
    found: set[str] = set()
    seen = [False] * len(listed)
    for key, close in (("", ""), ("b", "Escape"), ("e", "e"), ("?", "Escape"), ("/", "Escape"), ("t", "t")):
        if key:
            page.keyboard.press(key)
            page.wait_for_timeout(400)
        told = page.evaluate(FOCUSABLE, listed)
        found |= set(told["unlisted"])
        seen = [before or now for before, now in zip(seen, told["seen"], strict=True)]
        if close:
            page.locator(".kmemlab-lab").focus()
            page.keyboard.press(close)
            page.wait_for_timeout(300)
    page.locator(".kl-more").click()
    told = page.evaluate(FOCUSABLE, listed)
    found |= set(told["unlisted"])
    seen = [before or now for before, now in zip(seen, told["seen"], strict=True)]
    assert not found
    there = {row["selector"] for row, is_there in zip(listed, seen, strict=True) if is_there}
    assert {".kl-bar .kl-next", ".kl-bar .kl-share", ".kl-menuitem", ".kl-logfilter", ".kl-input", "[role=tab]"} <= there
    assert errors == outside == []
