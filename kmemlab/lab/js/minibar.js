// @ts-check
// The transport row of a small widget: four buttons, the seek slider, and where one stands.
import { h, fmt, setAttrs } from "./dom.js";
import { icon, barButton } from "./bar.js";
import { makeSeek } from "./seek.js";

/** @param {import("./dom.js").Lab} lab */
export function makeMiniBar(lab) {
  const { does } = lab;
  const play = barButton("play", "Play", ["Space", "Space"], () => does.play(), icon("play"));
  const back = barButton("back", "Back", ["←", "ArrowLeft"], () => does.back(), icon("back"));
  const step = barButton("step", "Step", ["→", "ArrowRight"], () => does.step(), icon("step"));
  const reset = barButton("reset", "Reset", ["Home", "Home"], () => does.first(), icon("reset"));
  const number = h("b");
  const total = h("span", { class: "kl-s3" });
  const seek = makeSeek(lab);
  const el = h(
    "div",
    { class: "kl-mini", role: "toolbar", "aria-label": "Transport" },
    h("div", { class: "kl-keys" }, reset, back, play, step),
    seek.el,
    h("div", { class: "kl-count" }, number, total),
  );
  return {
    el,
    draw(frame, view, state) {
      play.replaceChildren(icon(view.playing ? "pause" : "play"));
      setAttrs(play, { "aria-label": view.playing ? "Pause" : "Play", "aria-pressed": String(view.playing) });
      number.textContent = state.working ? "working…" : fmt(frame.position ?? 0);
      total.textContent = state.working ? "" : ` of ${fmt(frame.length ?? 0)}`;
      seek.draw(frame, view);
    },
  };
}
