// @ts-check
// The headline: one sentence, "step k of n", and where the knowledge comes from.
import { h, setAttrs } from "./dom.js";

/** @param {import("./dom.js").Lab} lab */
export function makeHeadline(lab) {
  const sentence = h("h1", { class: "kl-sentence", "aria-live": "polite" });
  const step = h("span", { class: "kl-stepcount" });
  const link = h("button", { class: "kl-source", type: "button", "aria-expanded": "false" });
  const model = h("span", { class: "kl-model", title: "This name is kmemlab's own choice" }, "model");
  const detail = h("div", { class: "kl-detail", hidden: true });
  const source = h("span", {}, "source: ", link, model);
  const el = h("div", { class: "kl-top" }, sentence, h("div", { class: "kl-src" }, source, step, detail));

  const showDetail = (open) => {
    detail.hidden = !open;
    setAttrs(link, { "aria-expanded": String(open) });
  };
  link.addEventListener("click", () => showDetail(detail.hidden === true));
  link.addEventListener("blur", () => showDetail(false));

  return {
    el,
    close() {
      const was = !detail.hidden;
      showDetail(false);
      return was;
    },
    draw(frame, view) {
      // During play only a refusal is spoken: a screen reader could not keep up with every event.
      setAttrs(sentence, { "aria-live": view.playing && !frame.refused ? "off" : "polite" });
      setAttrs(sentence, { "data-refusal": Boolean(frame.refusal) });
      const words = frame.sentence || (frame.length ? "" : "Nothing has happened yet.");
      if (sentence.textContent !== words) sentence.textContent = words;
      const walking = frame.steps > 1;
      // With as many figures as at the last step, the words before it stay where they are.
      const room = "\u2007".repeat(String(frame.steps).length - String(frame.step).length);
      step.textContent = walking ? `${room}step ${frame.step} of ${frame.steps}` : "";
      setAttrs(step, { "data-dot": walking && Boolean(frame.source) });
      source.hidden = !frame.source;
      if (!frame.source) return;
      link.textContent = frame.source.text;
      setAttrs(link, { title: frame.source.detail });
      detail.textContent = frame.source.detail ?? frame.source.text;
      model.hidden = !frame.source.model;
    },
  };
}
