"""`make bench-lab`: how quick the lab is in a real JupyterLab, next to a bare widget's round trip in the same page.

Each round clicks everything once, one after the other; the medians of the rounds count. A click ends with the animation
frame after the one in which the answer was drawn. Machines are noisy: read the ratios. Speed is reported here, tested nowhere.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import CDPSession, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from browser.conftest import FLAGS, WHOLE_NOTEBOOK, chromium, free_port
from browser.lab_page import LabPage

from kmemlab.lab.server import LabServer

ROUNDS = int(os.environ.get("ROUNDS", "20"))
SIZES = [int(size) for size in os.environ.get("OBJECTS", "1000,100000,1000000").split(",") if size]
BARE = """
import anywidget, traitlets
class Bare(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
      const button = document.createElement("button"); button.id = "bare"; el.append(button); let n = 0;
      button.addEventListener("click", () => model.send({ n: (n += 1) }));
      model.on("msg:custom", (message) => { button.textContent = String(message.n); button.dataset.seq = String(message.n); });
    } }'''
    def __init__(self):
        super().__init__(); self.on_msg(lambda _, message, __: self.send(message))
Bare()
"""
MACHINE = """
from kmemlab import Lab, Session
session = Session(memory="{memory}M", cpus=2)
session.run("mount -t container -o kmem none /containers", "mkdir /containers/red", "mkdir /containers/blue",
    "echo 1 > /sys/slab/filp/cache_account", "fork 3", "echo 2 > /containers/red/tasks", "echo 3 > /containers/blue/tasks",
    "echo 999999999 > /proc/sys/fs/file-max", "as 2@0 open {first}", "as 3@1 open {second}",
    *[f"as 2@1 close {{{first} // 2 + 17 * n}}" for n in range(12)], "as 3@1 open 1")
len(session.records("slabs"))
"""
# Clicks `what`, waits until `where` has another data-seq, and says after how many ms: drawn, slab pages drawn, on screen.
CLICK = """async ([what, where]) => { const target = document.querySelector(what), shown = document.querySelector(where);
  const canvas = document.querySelector('.kmemlab-lab .kl-slabs'); const before = shown.dataset.seq;
  if (canvas) canvas.klPainted = undefined;
  const start = performance.now();
  const change = new Promise((done) => { const watch = new MutationObserver(() => {
    if (shown.dataset.seq !== before) { watch.disconnect(); done(performance.now()); } });
    watch.observe(shown, { attributes: true, attributeFilter: ['data-seq'] }); });
  target.click(); const drawn = await change;
  const frame = await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))));
  return { drawn: drawn - start, frame: frame - start, painted: canvas?.klPainted ? canvas.klPainted - start : null } }"""
# A click that presses Enter in the terminal.
ENTER = """() => { const input = document.querySelector('.kmemlab-lab .kl-input'), press = document.createElement('i');
  press.id = 'enter'; document.body.append(press); press.onclick = () => input.dispatchEvent(
    new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })) }"""
LAB = ".kmemlab-lab"


def heap(cdp: CDPSession) -> float:
    """Return the tab's JavaScript heap in MB, after a collection."""
    for _ in range(3):
        cdp.send("HeapProfiler.collectGarbage")
        time.sleep(0.3)
    metrics = {each["name"]: each["value"] for each in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"]) / 1e6


def write(driver: LabPage, *cells: str) -> None:
    """Write a notebook of these cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, driver.server.log.parent / "root" / f"{driver.name}.ipynb")


def run_cell(page: Page, place: int) -> None:
    page.evaluate(
        """async (place) => { const app = window.jupyterapp, nb = app.shell.currentWidget;
        await nb.context.ready; await nb.sessionContext.ready; nb.content.activeCellIndex = place;
        await app.commands.execute('notebook:run-cell') }""",
        place,
    )


def measure(driver: LabPage, cdp: CDPSession, objects: int) -> dict[str, Any]:
    """Measure one size in a notebook of its own."""
    page = driver.page
    first = objects // 3
    machine = MACHINE.format(memory=objects // 2048 + 64, first=first, second=objects - first)
    driver.name = f"bench-{objects}"
    write(driver, "pass", BARE, machine, "lab = Lab(session)\nlab")
    driver.visit(f"{driver.name}.ipynb")
    for cell in (0, 1):
        run_cell(page, cell)
    page.wait_for_selector("#bare")
    begin = time.perf_counter()
    run_cell(page, 2)
    made = time.perf_counter() - begin
    before = heap(cdp)
    begin = time.perf_counter()
    run_cell(page, 3)
    page.wait_for_selector(f"{LAB}[data-position]")
    first_picture = time.perf_counter() - begin
    page.wait_for_timeout(1500)
    whole = heap(cdp)
    found: dict[str, list[float]] = {}

    def click(name: str, what: str, where: str, counts: bool) -> None:
        told = page.evaluate(CLICK, [what, where])
        if counts:
            found.setdefault(name, []).append(told["frame"])
            if told["painted"] is not None:
                found.setdefault(f"{name}: slab pages", []).append(told["painted"])

    # Inside one event: a function on or back, and another container in full colour.
    driver.python("lab.session.seek(lab.session.length - 1); lab.refresh()")
    page.wait_for_timeout(500)
    for turn in range(ROUNDS + 1):
        page.evaluate("() => document.querySelector('.kmemlab-lab').scrollIntoView()")
        click("bare", "#bare", "#bare", turn > 0)
        click("function", f"{LAB} .kl-{'step' if turn % 2 else 'back'}", LAB, turn > 0)
        click("select", f"{LAB} [role=treeitem]:not([aria-selected=true])", LAB, turn > 0)
    # At the end: one object more by a command. Then an event back, and on again: the machine is made anew each time.
    driver.python("lab.session.seek(lab.session.length); lab.refresh()")
    page.wait_for_timeout(500)
    for turn in range(ROUNDS + 1):
        click("bare", "#bare", "#bare", turn > 0)
        page.locator(f"{LAB} .kl-input").first.fill("as 3@1 open 1")
        page.evaluate(ENTER)
        click("open 1", "#enter", LAB, turn > 0)
        page.evaluate("() => document.getElementById('enter').remove()")
    for turn in range(1 + ROUNDS // 4):
        click("event back", f"{LAB} .kl-back", LAB, turn > 0)
        click("event on", f"{LAB} .kl-step", LAB, turn > 0)
    driver.python("lab.session.seek(lab.session.length); lab.refresh()")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs') }")
    driver.python("lab.close(); del lab")
    page.wait_for_timeout(1000)
    closed = heap(cdp)
    medians = {name: statistics.median(times) for name, times in found.items()}
    driver.close()
    return {
        "objects": objects, "machine": made, "first": first_picture, "ms": medians, "heap": [before, whole, closed],
    }  # fmt: skip


PLAY = """async (ms) => { const lab = document.querySelector('.kmemlab-lab'); const first = Number(lab.dataset.position);
  let frames = 0; const watch = new MutationObserver(() => (frames += 1));
  watch.observe(lab, { attributes: true, attributeFilter: ['data-seq'] });
  const start = performance.now(); lab.querySelector('.kl-play').click();
  await new Promise((done) => setTimeout(done, ms)); const seconds = (performance.now() - start) / 1000;
  const shown = frames, events = Number(lab.dataset.position) - first;
  lab.querySelector('.kl-play').click(); watch.disconnect();
  return { frames: shown / seconds, events: events / seconds } }"""


def play(driver: LabPage) -> None:
    """Print how many frames and events a second are shown while a scenario is played at each speed."""
    page = driver.page
    driver.name = "bench-play"
    write(driver, "pass", 'from kmemlab import Lab\nlab = Lab(scenario="fd-6.1")\nlab')
    driver.visit(f"{driver.name}.ipynb")
    run_cell(page, 0)
    run_cell(page, 1)
    page.wait_for_selector(f"{LAB}[data-position]")
    page.wait_for_timeout(1500)
    for speed in page.evaluate(
        "() => { const b = document.querySelector('.kl-speed'); const all = [];"
        " for (let i = 0; i < 6; i += 1) { b.click(); all.push(b.textContent); } return all }"
    ):
        page.locator(f"{LAB} .kl-speed").click()
        driver.python("lab.session.seek(2000); lab.refresh()")
        page.wait_for_timeout(500)
        shown = page.evaluate(PLAY, 4000)
        print(f"     play {speed:>5}: {shown['frames']:5.1f} frames and {shown['events']:6.1f} events a second")
    driver.close()


def main() -> None:
    executable = chromium()
    if executable is None:
        raise SystemExit("no Chromium: set CHROMIUM")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder) / "home" / "root"
        root.mkdir(parents=True)
        server = LabServer(root, root.parent, free_port(), secrets.token_hex(16), WHOLE_NOTEBOOK)
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        try:
            server.wait_until_ready()
            for objects in [*SIZES, 0]:
                context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
                context.set_default_timeout(180_000)
                page = context.new_page()
                cdp = context.new_cdp_session(page)
                cdp.send("Performance.enable")
                driver = LabPage(server, page, "bench")
                if objects:
                    report(measure(driver, cdp, objects))
                else:
                    play(driver)
                context.close()
        finally:
            browser.close()
            server.stop()


def report(found: dict[str, Any]) -> None:
    """Print one size; ratios to the bare round trip."""
    unit = found["ms"]["bare"]
    print(f"{found['objects']:>9,} objects: first picture {found['first']:.1f} s (machine {found['machine']:.1f} s before)")
    print(
        f"          heap {found['heap'][0]:.0f} MB before, {found['heap'][1]:.0f} with the lab, {found['heap'][2]:.0f} closed"
    )
    for name, ms in found["ms"].items():
        print(f"          {name:<24}{ms:7.0f} ms  {ms / unit:5.1f}x")
    out = Path(os.environ.get("OUT", "build/bench"))
    out.mkdir(parents=True, exist_ok=True)
    (out / f"lab-{found['objects']}.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
