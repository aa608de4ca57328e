// @ts-check
// How one moves in fields of slabs: two buttons, Ctrl and the wheel, + and -; and a scroll bar for each field that is
// longer than its box.
import { h, setAttrs } from "./dom.js";
import { ZOOM_LEVELS, placeInField, scrollToPlace } from "./slabzoom.js";

/**
 * @param {HTMLElement} box around the canvas
 * @param {(level: string) => void} zoomed
 * @param {() => void} scrolled
 */
export function makeSlabNav(box, zoomed, scrolled) {
  const word = h("span", { class: "kl-s3", "aria-live": "polite" });
  const button = (by, sign, label) =>
    h(
      "button",
      { class: "kl-ghostbutton", type: "button", title: label, "aria-label": label, on: { click: () => zoom(by) } },
      sign,
    );
  const out = button(-1, "−", "Zoom out (-)");
  const into = button(1, "+", "Zoom in (+)");
  const el = h("div", { class: "kl-zoom", role: "group", "aria-label": "Zoom", hidden: true }, word, out, into);
  box.append(el);
  const bars = new Map();
  let level = "pages";

  function zoom(by) {
    const next = ZOOM_LEVELS[ZOOM_LEVELS.indexOf(level) + by];
    if (next && !el.hidden) zoomed(next);
  }

  box.addEventListener(
    "wheel",
    (event) => {
      if (!(event.ctrlKey || event.metaKey) || el.hidden) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1 : -1);
    },
    { passive: false },
  );

  function barOf(name) {
    if (!bars.has(name)) {
      const bar = h("div", { class: "kl-scroll", tabindex: "-1", "aria-hidden": "true" }, h("div"));
      bar.addEventListener("scroll", () => {
        if (bar.klField && bar.klField.scroll !== bar.scrollTop) {
          bar.klField.scroll = bar.scrollTop;
          scrolled();
        }
      });
      box.append(bar);
      bars.set(name, bar);
    }
    return bars.get(name);
  }

  return {
    zoom,
    /** Fits the bars to the fields of a layout, the buttons to its last heading; a field stays where it was scrolled to. */
    draw({ fields, heads }) {
      el.hidden = !fields.length;
      for (const [name, bar] of bars) bar.hidden = !fields.some((field) => field.name === name);
      if (!fields.length) return;
      // Two fields may have room for different levels: the coarser one is named.
      level = ZOOM_LEVELS.find((each) => fields.some((field) => field.level === each)) ?? "cells";
      setAttrs(el, { "data-level": level });
      el.style.top = `${heads[heads.length - 1].y - 19}px`;
      word.textContent = level;
      setAttrs(out, { disabled: level === ZOOM_LEVELS[0] });
      setAttrs(into, { disabled: level === ZOOM_LEVELS[2] });
      for (const field of fields) {
        const bar = barOf(field.name);
        const { style } = bar;
        bar.hidden = field.tall <= field.height;
        bar.klField = field;
        const place = { left: field.x, top: field.y, width: field.width + 12, height: field.height };
        for (const [name, value] of Object.entries(place)) style[name] = `${value}px`;
        bar.firstChild.style.height = `${field.tall}px`;
        field.scroll = bar.hidden ? 0 : Math.min(bar.scrollTop, field.tall - field.height);
      }
    },
    /** Brings a slab into sight, in whichever field it is; `middle`: into the middle of it. */
    show(fields, slab, middle = false) {
      for (const field of fields) {
        const place = placeInField(field, slab);
        if (place < 0) continue;
        field.scroll = scrollToPlace(field, place, middle);
        barOf(field.name).scrollTop = field.scroll;
      }
    },
  };
}
