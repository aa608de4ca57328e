// @ts-check
// What can be done with one container: stop at its next charge, copy the commands that made it.
import { h, setAttrs } from "./dom.js";

/**
 * The menu of the container whose button was pressed; one for all of them, outside their list, which scrolls.
 * @param {import("./dom.js").Lab} lab
 */
export function makeContainerMenu(lab) {
  let id = 0;
  let opener = null;
  const entry = (words, run) =>
    h(
      "button",
      { class: "kl-menuitem", role: "menuitem", type: "button", tabindex: "-1", on: { click: () => done(run) } },
      words,
    );
  const el = h(
    "div",
    { class: "kl-menu kl-contmenu", role: "menu", "aria-label": "Container", hidden: true },
    entry("Stop at its next charge", () => lab.does.breakAt("charge", String(id))),
    entry("Copy its commands", () => lab.does.commands(id)),
  );
  const items = () => [...el.querySelectorAll("button")];
  function done(run) {
    close();
    run();
    lab.does.leave();
  }
  function close() {
    const was = !el.hidden;
    el.hidden = true;
    if (opener) setAttrs(opener, { "aria-expanded": "false" });
    return was;
  }
  el.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      close();
      opener?.focus();
    }
    if (by) {
      const all = items();
      all[(all.indexOf(/** @type {any} */ (document.activeElement)) + by + all.length) % all.length].focus();
    }
    if (by || event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  el.addEventListener("focusout", (event) => {
    if (!el.contains(/** @type {any} */ (event.relatedTarget))) close();
  });

  return {
    el,
    close,
    open(container, button) {
      if (!el.hidden && container === id) return close();
      id = container;
      opener = button;
      el.hidden = false;
      setAttrs(button, { "aria-expanded": "true" });
      // Measured, so that it stands under its button however far the list is scrolled.
      const from = el.parentElement.getBoundingClientRect();
      const box = button.getBoundingClientRect();
      const scale = from.width / (el.parentElement.offsetWidth || 1) || 1;
      el.style.top = `${(box.bottom - from.top) / scale + 2}px`;
      const right = (from.right - box.right) / scale;
      el.style.right = `${Math.max(0, Math.min(right, el.parentElement.offsetWidth - el.offsetWidth))}px`;
      items()[0].focus({ preventScroll: true });
      return undefined;
    },
  };
}
