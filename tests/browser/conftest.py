"""A real JupyterLab and a real Chromium. Without a Chromium the group is skipped, and the run says so."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from kmemlab.lab.server import LabServer

from .lab_page import LabPage
from .slow import slowed

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
# Windowed notebooks take cells that are off screen, and their widgets, out of the page.
WHOLE_NOTEBOOK = {"@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"}}


def chromium() -> str | None:
    """Return the browser to drive: $CHROMIUM, or the first that is installed."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    if chromium() is None:
        pytest.skip("no Chromium")
    home = tmp_path_factory.mktemp("jupyter")
    root = home / "root"
    root.mkdir()
    started = LabServer(root, home, free_port(), secrets.token_hex(16), WHOLE_NOTEBOOK)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    opened = slowed(context.new_page())
    yield opened
    context.close()


@pytest.fixture
def lab(server: LabServer, page: Page, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LabPage]:
    """A page with nothing open yet; `lab.open(code)` makes a notebook of the cells and runs it."""
    driver = LabPage(server, page, request.node.name)
    yield driver
    driver.close()
    assert not driver.errors, (driver.errors, driver.outside)
    assert not driver.outside, driver.outside
