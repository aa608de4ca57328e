// @ts-check
// The small widgets for lessons: one transport row, one sentence, one picture of the lab's.
import { h, setAttrs, uniqueId, innerWidthOf } from "./dom.js";
import { linkTo } from "./link.js";
import { mountSmall } from "./mount.js";
import { makeMiniBar } from "./minibar.js";
import { makeSlabs } from "./slabs.js";
import { makeContainers } from "./containers.js";
import { makePath } from "./path.js";
import { makeFigure } from "./figure.js";
import { makeTimeline } from "./timeline.js";
import { makePredict } from "./predict.js";

/** For each part: what a screen reader calls it, and how its picture is made. */
const VIEW_PARTS = {
  slabs: { name: "Slab pages", make: makeSlabs, size: "V" },
  containers: { name: "Containers", make: makeContainers, size: "L" },
  path: { name: "Path of one charge", make: makePath },
  flow: { name: "Charge flow", make: makeFigure },
  memory: { name: "Memory", make: makeFigure },
  timeline: { name: "Timeline", make: makeTimeline },
  predict: { name: "Predict the next event", make: makePredict },
};
// A charge of seven functions has room on one line from here on.
const FLAT_PATH_FROM = 900;

function renderView({ model, el }) {
  const { name, make, size } = VIEW_PARTS[model.get("part")];
  const unmount = mountSmall({ model, el }, name, (lab) => {
    const bar = makeMiniBar(lab);
    const sentence = h("h1", { class: "kl-sentence", "aria-live": "polite" });
    const picture = make(lab);
    const task = h("p", { class: "kl-task", hidden: true });
    const twin = h("pre", { class: "kl-twin kl-hidden", id: uniqueId("twin"), tabindex: "-1" });
    const box = h("div", { class: "kl-viewbox" }, sentence, task, picture.el, twin);
    lab.view.root.dataset.part = model.get("part");
    setAttrs(picture.el, { "aria-describedby": twin.id });
    return {
      el: [bar.el, box],
      dispose: () => picture.dispose?.(),
      draw(frame, view, seq, state) {
        bar.draw(frame, view, state);
        if (sentence.textContent !== frame.sentence) sentence.textContent = frame.sentence ?? "";
        sentence.hidden = !frame.sentence;
        if (task.textContent !== (frame.task ?? "")) task.textContent = frame.task ?? "";
        task.hidden = !frame.task;
        setAttrs(sentence, {
          "data-refusal": Boolean(frame.refusal),
          "aria-live": view.playing && !frame.refused ? "off" : "polite",
        });
        twin.textContent = frame.twin ?? "";
        const asText = view.twin && Boolean(frame.twin);
        twin.classList.toggle("kl-hidden", !asText);
        picture.el.hidden = asText;
        if (asText) return;
        const vertical = view.width < FLAT_PATH_FROM;
        picture.draw(frame, { ...view, size: size ?? view.size, vertical }, innerWidthOf(box), seq);
      },
    };
  });
  return unmount;
}

function initializeView({ model }) {
  linkTo(model);
}

export default { initialize: initializeView, render: renderView };
