// @ts-check
// The stage: one picture at a time. The slab pages are our own canvas, every other tab is a Plotly figure;
// the text twin can take the place of either.
import { h, fmt, plural, setAttrs, changeDetector, uniqueId, innerWidthOf } from "./dom.js";
import { makeSlabs } from "./slabs.js";
import { makeFigure } from "./figure.js";

/** @param {import("./dom.js").Lab} lab */
export function makeStage(lab) {
  const tabs = h("div", { class: "kl-tabs", role: "tablist", "aria-label": "Pictures" });
  const cache = h("select", {
    class: "kl-cache",
    "aria-label": "Cache",
    on: { change: () => lab.ask("cache", { name: cache.value }) },
  });
  const facts = h("span");
  const cacheBox = h("span", { class: "kl-cachebox" }, "cache ", cache, facts);
  const slabs = makeSlabs(lab);
  const figure = makeFigure(lab);
  const twin = h("pre", { class: "kl-twin", id: uniqueId("twin"), tabindex: "-1" });
  const picture = h("div", { class: "kl-picture", role: "tabpanel", id: uniqueId("stage") }, slabs.el, figure.el, twin);
  const el = h(
    "section",
    { class: "kl-stage", "aria-label": "Stage" },
    h("div", { class: "kl-ph kl-stagehead" }, tabs, cacheBox),
    picture,
  );
  const tabsChanged = changeDetector();
  const tabChanged = changeDetector();
  const cachesChanged = changeDetector();
  setAttrs(slabs.el, { "aria-describedby": twin.id });
  setAttrs(figure.el, { "aria-describedby": twin.id });

  tabs.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const all = /** @type {HTMLElement[]} */ ([...tabs.children]);
    const next = all[(all.indexOf(/** @type {any} */ (event.target)) + by + all.length) % all.length];
    next.focus();
    lab.ask("tab", { name: next.dataset.tab, ...figure.room() });
  });

  return {
    el,
    slabs,
    room: () => figure.room(),
    dispose: () => figure.dispose(),
    draw(frame, view, seq) {
      const tab = frame.tab ?? "slabs";
      if (tabsChanged(frame.tabs, tab)) drawTabs(lab, tabs, frame.tabs ?? [["slabs", "Slab pages"]], tab, figure.room, picture);
      if (tabChanged(tab)) fadeIn(picture, view.motion);
      if (cachesChanged(frame.caches, frame.cache)) drawCaches(cache, facts, frame);
      cacheBox.hidden = tab !== "slabs" || !frame.cache;
      // Hidden for the eye while the picture is shown, but always there as its description.
      twin.textContent = frame.twin ?? "";
      twin.classList.toggle("kl-hidden", !view.twin);
      slabs.el.hidden = tab !== "slabs" || view.twin;
      figure.el.hidden = tab === "slabs" || view.twin;
      const width = innerWidthOf(picture);
      figure.measure(view, width);
      if (!slabs.el.hidden) slabs.draw(frame, view, width);
      if (!figure.el.hidden) figure.draw(frame, view, width, seq);
    },
  };
}

function drawTabs(lab, box, tabs, current, room, panel) {
  const focused = box.contains(document.activeElement);
  box.replaceChildren(
    ...tabs.map(([name, title], i) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          "data-tab": name,
          "aria-selected": String(name === current),
          "aria-controls": panel.id,
          tabindex: name === current ? "0" : "-1",
          title: `${title} (${i + 1})`,
          on: { click: () => lab.ask("tab", { name, ...room() }) },
        },
        title,
      ),
    ),
  );
  setAttrs(panel, { "aria-label": tabs.find(([name]) => name === current)?.[1] });
  if (focused) /** @type {any} */ (box.querySelector("[aria-selected=true]"))?.focus();
}

function drawCaches(select, facts, frame) {
  const known = [...(frame.caches ?? [])];
  if (frame.cache && !known.some((c) => c.name === frame.cache.name)) known.push(frame.cache);
  select.replaceChildren(...known.map((c) => h("option", { value: c.name }, c.name)));
  select.value = frame.cache?.name ?? "";
  if (!frame.cache) return;
  const pages = 1 << (frame.cache.order ?? 0);
  const per = pages === 1 ? "page" : plural(pages, "page");
  facts.textContent = `${fmt(frame.cache.size)} bytes, ${fmt(frame.cache.objects)} per ${per}`;
}

/** A new tab fades in, and does not slide. */
function fadeIn(picture, motion) {
  picture.classList.remove("kl-fade");
  if (!motion) return;
  void picture.offsetWidth; // without this the browser would not start the animation again
  picture.classList.add("kl-fade");
}
