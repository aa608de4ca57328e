// @ts-check
// A kernel that has crashed: what its console said, and the way back to the moment before.
import { h } from "./dom.js";

/** @param {import("./dom.js").Lab} lab */
export function makeOops(lab) {
  const words = h("strong");
  const back = h(
    "button",
    { class: "kl-oopsback", type: "button", on: { click: () => lab.ask("seek", { n: lab.frame().oops?.before ?? 0 }) } },
    "Back to before it",
  );
  const trace = h("pre", { class: "kl-oopstrace" });
  const el = h("section", { class: "kl-oops", role: "alert", hidden: true }, h("div", {}, words, back), trace);
  return {
    el,
    draw(frame) {
      el.hidden = !frame.oops;
      if (!frame.oops || el.dataset.before === String(frame.oops.before)) return;
      el.dataset.before = String(frame.oops.before);
      words.textContent = frame.oops.text;
      trace.textContent = frame.oops.trace.join("\n");
    },
  };
}
