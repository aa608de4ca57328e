// @ts-check
// What can be done with one container: stop at its next charge, copy the commands that made it.
import { h } from "./dom.js";
import { makePopup, menuItem } from "./popup.js";

/**
 * The menu of the container whose button was pressed; one for all of them, outside their list, which scrolls.
 * @param {import("./dom.js").Lab} lab
 */
export function makeContainerMenu(lab) {
  let id = 0;
  const entry = (words, run) =>
    menuItem(words, () => {
      popup.close();
      run();
      lab.does.leave();
    });
  const el = h(
    "div",
    { class: "kl-menu kl-contmenu", role: "menu", "aria-label": "Container", hidden: true },
    entry("Stop at its next charge", () => lab.does.breakAt("charge", String(id))),
    entry("Copy its commands", () => lab.does.commands(id)),
  );
  const popup = makePopup(el);

  return {
    el,
    close: popup.close,
    open(container, button) {
      id = container;
      popup.toggle(button);
      if (el.hidden) return;
      // Measured, so that it stands under its button however far the list is scrolled.
      const around = el.parentElement;
      const from = around.getBoundingClientRect();
      const box = button.getBoundingClientRect();
      const scale = from.width / (around.offsetWidth || 1) || 1;
      const left = (box.left - from.left) / scale;
      el.style.top = `${(box.bottom - from.top) / scale + 2}px`;
      el.style.left = `${Math.max(0, Math.min(left, around.offsetWidth - el.offsetWidth))}px`;
      popup.focusFirst();
    },
  };
}
