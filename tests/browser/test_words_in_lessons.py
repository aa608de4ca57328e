"""Words of small widgets in a lesson's cell, beside the file browser of 1280 pixels: on a canvas too, none leaves its sheet."""

from __future__ import annotations

import pytest

from .lab_page import LabPage
from .looks import Looks

pytestmark = pytest.mark.browser

# What is written on a canvas has no box in the page: it is measured when it is written.
WATCH = """(() => {
  window.klWritten = []; window.klCut = [];
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...more) {
    const { actualBoundingBoxLeft, actualBoundingBoxRight } = this.measureText(text), { a, e } = this.getTransform();
    const [left, right] = [(x - actualBoundingBoxLeft) * a + e, (x + actualBoundingBoxRight) * a + e];
    window.klWritten.push(text);
    if (left < -1 || right > this.canvas.width + 1) window.klCut.push(`${text}: ${left} to ${right} of ${this.canvas.width}`);
    return write.call(this, text, x, y, ...more);
  };
})()"""

CELLS = (
    "from kmemlab import Lab, Session\nfrom kmemlab.lab import Compare, SlabView\nfrom kmemlab.variants import variant\n"
    'u = Session(cpus=1)\nu.run("mount -t container -o kmem none /dev/container", "mkdir /dev/container/blue",\n'
    '"echo 0 > /dev/container/blue/tasks", "echo 1 > /sys/slab/filp/cache_account", "open 40", "close 0-9")\n'
    'Compare(u, variant(u, allocator="slab"))',
    's = Session(off="full-list")\ns.run("open 40")\nSlabView(s, cache="filp")',
    'r = Session(cpus=1)\nr.run("mount -t container -o kmem none /dev/container", "mkdir /dev/container/blue",\n'
    '"echo 0 > /dev/container/blue/tasks", "echo 1 > /sys/slab/filp/cache_account",\n'
    '"echo -n 256 > /dev/container/blue/kmem.limit", "open 2")\nr.seek(r.length - 4)\nLab(r, autosave=False)',
)


def test_words_stay_on_their_sheet_and_lists_that_are_there_are_said_to_be(lab: LabPage) -> None:
    lab.page.add_init_script(WATCH)
    lab.open(*CELLS)
    lab.page.locator(".kmemlab-lab .kl-time text", has_text="the first one").wait_for()
    lab.page.wait_for_function("() => window.klWritten.some((each) => each.startsWith('A list leads to every full slab, so'))")
    lab.page.wait_for_function("() => window.klWritten.some((each) => each.startsWith('is next in its cpu'))")
    lab.page.wait_for_timeout(300)
    assert lab.page.evaluate("() => window.klCut") == []
    assert Looks(lab).wrong("widgets in cells") == []
    words = lab.page.locator(".kl-time text", has_text="the first one")
    assert words.evaluate("(e) => !!(e.parentNode.querySelector('.kl-now').compareDocumentPosition(e) & 4)"), "above the line"
    assert words.evaluate("(e) => e.classList.contains('kl-halo')")
    names = lab.page.locator(".kl-seek text", has_text="refusals").first
    gap = names.evaluate(
        "(e) => e.getBoundingClientRect().left - e.ownerSVGElement.querySelector('.kl-thumb').getBoundingClientRect().right"
    )
    assert gap > 4, "the thumb at the end stands clear of the names of its marks"
    lab.shot("words-in-lessons")
