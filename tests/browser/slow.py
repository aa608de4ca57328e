"""A slow line to Python, for finding tests that read the page before its answer is there.

`KMEMLAB_SLOW=700 pytest tests/browser` holds back every message of every websocket for 700 ms; the order stays.
`KMEMLAB_SLOW=0:6` makes the page's processor six times slower instead, `700:6` does both.
What passes so does not depend on a quick machine.
"""

from __future__ import annotations

import os

from playwright.sync_api import Page

HELD_BACK = """
(() => {
  const Real = window.WebSocket, late = (listener) => (event) => setTimeout(() => listener(event), MILLISECONDS);
  window.WebSocket = class extends Real {
    set onmessage(listener) { super.onmessage = listener && late((event) => listener.call(this, event)); }
    get onmessage() { return super.onmessage; }
    addEventListener(kind, listener, options) {
      const wrapped = kind === "message" && typeof listener === "function" ? late(listener) : listener;
      super.addEventListener(kind, wrapped, options);
    }
  };
})();
"""


def slowed(page: Page) -> Page:
    """Do to a new page what $KMEMLAB_SLOW asks for."""
    milliseconds, _, times = os.environ.get("KMEMLAB_SLOW", "").partition(":")
    if int(milliseconds or 0):
        page.add_init_script(HELD_BACK.replace("MILLISECONDS", milliseconds))
    if int(times or 0) > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": int(times)})
    return page
