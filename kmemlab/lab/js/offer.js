// @ts-check
// The session that was here before the Jupyter kernel was restarted, offered again: Enter or a click opens it.
import { h } from "./dom.js";

/** @param {import("./dom.js").Lab} lab */
export function makeOffer(lab) {
  const words = h("span");
  const again = h(
    "button",
    { class: "kl-offeragain", type: "button", on: { click: () => lab.ask("reopen") } },
    "Open it again",
  );
  const no = h(
    "button",
    { class: "kl-ghostbutton", type: "button", "aria-label": "Forget it", on: { click: () => lab.ask("forget") } },
    "✕",
  );
  const el = h("div", { class: "kl-offer", role: "status", hidden: true }, words, again, no);
  return {
    el,
    draw(frame) {
      el.hidden = !frame.offer;
      if (frame.offer && words.textContent !== frame.offer.text) words.textContent = frame.offer.text;
    },
  };
}
