// @ts-check
// Two machines side by side: containers and slab pages of each, all gauges on one byte scale, and below them the
// numbers that differ.
import { h, fmt, setAttrs, innerWidthOf, changeDetector } from "./dom.js";
import { makeContainers } from "./containers.js";
import { makeSlabs } from "./slabs.js";

// Containers stand beside the slab pages where both have room; else above them.
const BESIDE_FROM = 800;

/** One machine. @param {any} lab @param {string} key "a" or "b" */
function makeSide(lab, key) {
  const title = h("h2");
  const how = h("span", { class: "kl-mono" });
  const ended = h("span");
  let drawn = {};
  // The parts reach Python through the comparison: a container is chosen by its path, on both sides.
  const choose = (id) => {
    const path = (drawn.containers ?? []).find((c) => c.id === id)?.path;
    if (path !== undefined) lab.does.choose(path);
  };
  const own = {
    ...lab,
    frame: () => drawn,
    ask: () => undefined,
    does: {
      select: choose,
      object(cell) {
        const owner = cell && drawn.slabs?.rows?.[cell.slab]?.owners?.[cell.slot];
        if (owner >= 0) choose(owner);
      },
      type: () => undefined,
    },
  };
  const containers = makeContainers(own);
  const slabs = makeSlabs(own);
  const cache = h("div", { class: "kl-ph" }, h("h2"), h("span"));
  const right = h("div", { class: "kl-sideslabs" }, cache, slabs.el);
  const parts = h("div", { class: "kl-sideparts" }, containers.el, right);
  const el = h("section", { class: "kl-side" }, h("div", { class: "kl-sidehead" }, title, how, ended), parts);
  const changed = changeDetector();
  return {
    el,
    draw(frame, view) {
      const side = frame.sides?.[key];
      el.hidden = !side;
      if (!side) return;
      if (changed(side, frame.scale)) drawn = { ...side, scale: frame.scale };
      setAttrs(el, { "aria-label": side.name, "data-position": side.position });
      title.textContent = side.name;
      how.textContent = side.how;
      ended.textContent = side.length < frame.position ? `ended at event ${fmt(side.length)}` : "";
      setAttrs(parts, { "data-beside": String(el.clientWidth >= BESIDE_FROM) });
      cache.children[0].textContent = side.cache?.name ?? "";
      cache.children[1].textContent = side.slabs ? `${fmt(Object.keys(side.slabs.rows).length)} slabs` : "";
      containers.draw(drawn, { ...view, size: "L" });
      slabs.draw(drawn, { ...view, size: "C", stack: true }, innerWidthOf(right));
    },
  };
}

/** One number on both sides, and a bar for each. */
function pairOf({ what, a, b, refused }) {
  const most = Math.max(a, b, 1);
  const bar = (value, kind) => {
    const el = h("i", { class: `kl-pairbar kl-${kind}` });
    el.style.width = `${(100 * Math.max(0, value)) / most}%`;
    return el;
  };
  return h(
    "div",
    { class: "kl-pair", role: "listitem", "data-what": what, "data-a": a, "data-b": b },
    h("div", { class: "kl-s2" }, what),
    h("div", { class: "kl-pairnumbers" }, fmt(a), h("span", { class: "kl-s3" }, " → "), fmt(b)),
    bar(a, refused ? "pairrefused" : "pairfirst"),
    bar(b, "pairsecond"),
  );
}

/** The comparison's parts, for a widget of its own. @param {any} lab */
export function makeCompare(lab) {
  const sides = ["a", "b"].map((key) => makeSide(lab, key));
  const legend = h("span");
  const list = h("div", { class: "kl-pairs", role: "list" });
  const differs = h(
    "section",
    { class: "kl-differs", "aria-label": "What differs" },
    h("div", { class: "kl-ph" }, h("h2", {}, "What differs"), legend),
    list,
  );
  const el = h("div", { class: "kl-comparison" }, h("div", { class: "kl-sides" }, ...sides.map((s) => s.el)), differs);
  const changed = changeDetector();
  return {
    el,
    draw(frame, view) {
      for (const side of sides) side.draw(frame, view);
      if (!changed(frame.differs, frame.sides?.a?.name, frame.sides?.b?.name)) return;
      const { a, b } = frame.sides ?? {};
      legend.textContent = a && b ? `dark: ${a.name}, pale: ${b.name}` : "";
      const all = frame.differs ?? [];
      list.replaceChildren(...(all.length ? all.map(pairOf) : [h("p", { class: "kl-s3" }, "No number differs.")]));
    },
  };
}

/** The comparison in the lab: it takes the place of containers, stage and timeline. @param {any} lab */
export function makeLabCompare(lab) {
  const comparison = makeCompare({
    ...lab,
    does: {
      choose(path) {
        const id = (lab.frame().containers ?? []).find((c) => c.path === path)?.id;
        if (id !== undefined) lab.does.select(id);
      },
    },
  });
  const sentence = h("h2", { class: "kl-question" });
  const close = h(
    "button",
    {
      class: "kl-ghostbutton kl-close",
      type: "button",
      "aria-label": "End the comparison",
      on: { click: () => lab.ask("compare", { on: false }) },
    },
    "✕",
  );
  const el = h("section", { class: "kl-labcompare", "aria-label": "Comparison", hidden: true }, sentence, close, comparison.el);
  return {
    el,
    draw(frame, view) {
      const compare = frame.compare;
      el.hidden = !compare;
      setAttrs(view.root, { "data-comparing": Boolean(compare) });
      // Out of the page while it is not shown: nothing in there is another lab's to find.
      if (!compare) return comparison.el.remove();
      if (!comparison.el.isConnected) el.append(comparison.el);
      if (sentence.textContent !== compare.sentence) sentence.textContent = compare.sentence ?? "";
      return comparison.draw({ ...compare, position: frame.position }, view);
    },
  };
}
