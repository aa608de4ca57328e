// @ts-check
// The life story of one object: a column at L, a card over the stage below that.
import { h, fmt, changeDetector } from "./dom.js";
import { containersById, hueVar, ownerBackground } from "./palette.js";

const LIFE_SHOWN = 8;

/** @param {import("./dom.js").Lab} lab */
export function makeObject(lab) {
  const body = h("div", { class: "kl-life-of" });
  const close = h(
    "button",
    {
      class: "kl-ghostbutton kl-close",
      type: "button",
      "aria-label": "Close",
      title: "Close (Esc)",
      on: { click: () => lab.does.object() },
    },
    "✕",
  );
  const el = h(
    "aside",
    { class: "kl-object", "aria-label": "Object" },
    h("div", { class: "kl-ph" }, h("h2", {}, "Object"), h("span", {}, "its life story")),
    close,
    body,
  );
  const changed = changeDetector();
  return {
    el,
    draw(frame, view) {
      const object = frame.object;
      el.hidden = view.size !== "L" && !object;
      el.classList.toggle("kl-floating", view.size !== "L");
      close.hidden = !object;
      if (!changed(object, frame.containers, frame.position)) return;
      body.replaceChildren(
        ...(object
          ? objectStory(object, frame)
          : [h("p", { class: "kl-empty" }, "Choose a cell to read its life.")]),
      );
    },
  };
}

function objectStory(object, frame) {
  const containers = containersById(frame);
  const owner = containers.get(object.owner);
  const chip = h("span", { class: "kl-chip kl-bigchip" }, owner ? owner.letter : "–");
  chip.style.background = owner ? ownerBackground(owner) : "var(--kl-none)";
  chip.style.color = owner ? hueVar(owner, "on") : "var(--kl-nonex)";
  const life = object.life ?? [];
  const hidden = life.length > LIFE_SHOWN ? life.length - LIFE_SHOWN + 1 : 0;
  const shown = hidden ? [life[0], null, ...life.slice(hidden + 1)] : life;
  const items = shown.map((moment) => {
    if (moment === null)
      return h("li", {}, h("em", {}, `${fmt(hidden)} earlier event${hidden === 1 ? "" : "s"}`));
    const now = moment.now ?? moment.n === frame.position;
    const li = h(
      "li",
      {},
      h("em", {}, `${now ? "now, " : ""}event ${fmt(moment.n)}`),
      boldEnd(moment.text),
    );
    const by = now ? undefined : containers.get(moment.owner);
    li.style.setProperty("--kl-dot", by ? hueVar(by) : now ? "var(--kl-ink)" : "var(--kl-hush)");
    return li;
  });
  return [
    h(
      "div",
      { class: "kl-objecthead" },
      chip,
      h(
        "div",
        {},
        h("div", { class: "kl-objecttitle" }, object.title),
        h("div", { class: "kl-s2" }, object.what),
      ),
    ),
    h("div", { class: "kl-address kl-mono" }, object.address ?? ""),
    h("ol", { class: "kl-life" }, items),
  ];
}

/** "fdbomb opened it. bomb pays 256": who pays is what the eye looks for, so the end is bold. */
function boldEnd(text) {
  const found = /^(.*\. )([^.]+ pays [\d,]+(?: bytes)?\.?)$/.exec(text ?? "");
  return found ? [found[1], h("b", {}, found[2])] : text;
}
