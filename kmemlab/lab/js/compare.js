// @ts-check
// The comparison of two sessions as a widget of its own: one transport, one sentence, both sides.
import { h, setAttrs } from "./dom.js";
import { linkTo } from "./link.js";
import { mountSmall } from "./mount.js";
import { makeMiniBar } from "./minibar.js";
import { makeCompare } from "./sides.js";

const COMPARE_L_FROM = 1600;
const COMPARE_M_FROM = 1180;

function renderCompare({ model, el }) {
  const sizeOf = (width) => (width >= COMPARE_L_FROM ? "L" : width >= COMPARE_M_FROM ? "M" : "S");
  return mountSmall(
    { model, el },
    "Comparison of two machines",
    (lab) => {
      const bar = makeMiniBar(lab);
      const sentence = h("h1", { class: "kl-sentence", "aria-live": "polite" });
      const comparison = makeCompare(lab);
      lab.view.root.dataset.part = "compare";
      return {
        el: [bar.el, h("div", { class: "kl-hero" }, sentence), comparison.el],
        draw(frame, view, seq, state) {
          bar.draw(frame, view, state);
          if (sentence.textContent !== frame.sentence) sentence.textContent = frame.sentence ?? "";
          setAttrs(sentence, { "aria-live": view.playing ? "off" : "polite" });
          comparison.draw(frame, view);
        },
      };
    },
    sizeOf,
  );
}

function initializeCompare({ model }) {
  linkTo(model);
}

export default { initialize: initializeCompare, render: renderCompare };
