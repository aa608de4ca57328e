"""Drives a notebook with a lab in it, and reads the page as a person would."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page

from kmemlab.lab.server import LabServer

HARMLESS = ("favicon", "ResizeObserver loop")


class LabPage:
    """One notebook in one page.

    Attributes:
        errors: what the browser's console called an error, and uncaught ones.
        outside: requests that went anywhere but to the server.
    """

    def __init__(self, server: LabServer, page: Page, name: str) -> None:
        self.server = server
        self.page = page
        self.name = "".join(char if char.isalnum() else "-" for char in name)
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, kind: str, text: str) -> None:
        if (kind == "error" or text.startswith("kmemlab: ")) and not any(each in text for each in HARMLESS):
            self.errors.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.server.url, self.server.url.replace("http", "ws"), "blob:", "data:")):
            self.outside.append(url)

    # -- notebooks

    def open(self, *cells: str) -> None:
        """Write a notebook of code cells, open and run it."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self._root() / f"{self.name}.ipynb")
        self.visit(f"{self.name}.ipynb")
        self.run_all()

    def open_file(self, source: Path) -> None:
        """Open a copy of a notebook file, and run it."""
        shutil.copy(source, self._root() / f"{self.name}.ipynb")
        self.visit(f"{self.name}.ipynb")
        self.run_all()

    def _root(self) -> Path:
        return self.server.log.parent / "root"

    def visit(self, file: str) -> None:
        self.page.goto(f"{self.server.url}/lab/tree/{file}?reset&token={self.server.token}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", state="visible")

    def run_all(self) -> None:
        """Run every cell. A click on the menu can be lost under load; the command's promise cannot."""
        self.page.evaluate(
            """async () => { const app = window.jupyterapp; await app.restored; const nb = app.shell.currentWidget;
            await nb.context.ready; await nb.sessionContext.ready; await app.commands.execute('notebook:run-all-cells') }"""
        )

    def full_screen(self) -> None:
        """Give the lab the whole window, as if nothing of JupyterLab were there."""
        self.page.evaluate(
            """() => { const lab = document.querySelector('.kmemlab-lab'), stage = document.createElement('div');
            stage.id = 'stage'; stage.style.cssText = 'position:fixed;inset:0;z-index:99999;overflow:auto;';
            document.body.append(stage); stage.append(lab); }"""
        )
        self.page.wait_for_timeout(300)

    def dark(self, on: bool) -> None:
        theme = "JupyterLab Dark" if on else "JupyterLab Light"
        self.page.evaluate(
            "async (theme) => { await window.jupyterapp.commands.execute('apputils:change-theme', { theme }) }", theme
        )
        self.page.wait_for_selector(f".kmemlab-lab[data-theme={'dark' if on else 'light'}]")

    def shot(self, name: str) -> None:
        """Keep a picture of the page, if $KMEMLAB_SHOTS names a folder."""
        folder = os.environ.get("KMEMLAB_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    def shot_of(self, what: Locator, name: str) -> None:
        """Keep a picture of one widget, if $KMEMLAB_SHOTS names a folder."""
        folder = os.environ.get("KMEMLAB_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            what.screenshot(path=str(Path(folder) / f"{name}.png"))

    def close(self) -> None:
        """End the notebook's Jupyter kernel, so that no test meets another's; those of pages that are still open live on."""
        sessions = json.loads(self._api("api/sessions"))
        for session in sessions:
            if not session["path"].endswith(f"{self.name}.ipynb"):
                continue
            self._api(f"api/sessions/{session['id']}", "DELETE")

    def _api(self, path: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(
            f"{self.server.url}/{path}", method=method, headers={"Authorization": f"token {self.server.token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            body: bytes = answer.read()
            return body

    # -- the lab

    @property
    def root(self) -> Locator:
        return self.page.locator(".kmemlab-lab").first

    def ready(self) -> None:
        """Wait until the first lab is drawn."""
        self.page.wait_for_selector(".kmemlab-lab[data-position]")

    def data(self, name: str) -> str:
        return self.root.get_attribute(f"data-{name}") or ""

    def position(self) -> int:
        return int(self.data("position"))

    def settle(self, before: str) -> None:
        """Wait until a later frame than `before` (a data-seq) is drawn, and nothing that was asked is without its answer."""
        self.page.wait_for_function(
            """(before) => { const { seq, owed } = document.querySelector('.kmemlab-lab').dataset;
            return Number(seq) > Number(before) && !Number(owed ?? 0) }""",
            arg=before,
        )

    def rest(self) -> None:
        """Wait until nothing that was asked, in any lab or view of the page, is without its answer."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.kmemlab-lab')].every((lab) => !Number(lab.dataset.owed ?? 0))"
        )

    def click(self, selector: str) -> None:
        """Click on something that Python answers, and wait for the answer to be drawn."""
        before = self.data("seq")
        self.root.locator(selector).first.click()
        self.settle(before)

    def press(self, key: str) -> None:
        before = self.data("seq")
        self.page.keyboard.press(key)
        self.settle(before)

    def type(self, line: str) -> None:
        """Type a command into the terminal and wait for its answer."""
        field = self.root.locator(".kl-input").first
        field.click()
        field.fill(line)
        before = self.data("seq")
        commands = self.root.locator(".kl-input").first
        commands.press("Enter")
        self.settle(before)
        self.page.wait_for_function("() => document.querySelector('.kmemlab-lab .kl-input').value === ''")

    def sentence(self) -> str:
        return self.root.locator(".kl-sentence").inner_text()

    def containers(self) -> dict[str, dict[str, str]]:
        """Return what the tree of containers shows, by path."""
        found: list[dict[str, str]] = self.page.evaluate(
            """() => [...document.querySelectorAll('.kmemlab-lab [role=treeitem]')].map((e) => ({...e.dataset}))"""
        )
        return {each["path"]: each for each in found}

    def slabs(self) -> dict[int, dict[str, str]]:
        """Return what the slab grid shows, by birth number."""
        found: list[dict[str, str]] = self.page.evaluate(
            """() => [...document.querySelectorAll('.kmemlab-lab [role=grid]:not([hidden]) [role=row][data-slab]')]
            .map((e) => ({...e.dataset}))"""
        )
        return {int(each["slab"]): each for each in found}

    def figure(self) -> dict[str, Any]:
        """Return the data that Plotly has drawn."""
        self.page.wait_for_selector(".kmemlab-lab .kl-figure .main-svg")
        drawn: dict[str, Any] = self.page.evaluate(
            """() => { const plot = document.querySelector('.kmemlab-lab .kl-figure .js-plotly-plot')
                 ?? document.querySelector('.kmemlab-lab .kl-figure');
               return { data: JSON.parse(JSON.stringify(plot._fullData.map((t) => t._input))), title: '' } }"""
        )
        return drawn

    def python(self, code: str) -> str:
        """Run code in the notebook's Jupyter kernel and return what it printed."""
        printed: str = self.page.evaluate(
            """async (code) => { const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
               const future = kernel.requestExecute({ code, store_history: false }); let text = '';
               future.onIOPub = (m) => { if (m.content.text) text += m.content.text;
                 if (m.content.evalue) text += 'ERROR ' + m.content.evalue; };
               await future.done; return text; }""",
            code,
        )
        assert not printed.startswith("ERROR"), printed
        return printed

    def machine(self) -> dict[str, Any]:
        """Return Machine.state() of the notebook's `lab`."""
        state: dict[str, Any] = json.loads(self.python("import json; print(json.dumps(lab.session.machine.state()))"))
        return state
