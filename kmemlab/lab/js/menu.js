// @ts-check
// The menu behind the three dots: undo, share, save and open, pictures, check, present, keys.
import { h, setAttrs } from "./dom.js";

/** @param {import("./dom.js").Lab} lab */
export function makeMenu(lab) {
  const entry = (words, key, run) =>
    h(
      "button",
      {
        class: "kl-menuitem",
        role: "menuitem",
        type: "button",
        tabindex: "-1",
        on: {
          click: () => {
            open(false);
            run();
          },
        },
      },
      words,
      h("kbd", {}, key),
    );
  const list = h(
    "div",
    { class: "kl-menu", role: "menu", "aria-label": "More", hidden: true },
    entry("Predict the next event", "", () => lab.does.predict()),
    entry("Undo the last command", "Ctrl Z", () => lab.does.undo()),
    entry("Copy a link", "S", () => lab.does.share()),
    entry("Copy a Binder link", "", () => lab.does.binder()),
    entry("Open the copied link", "", () => lab.does.paste()),
    entry("Save as a file", "", () => lab.does.save()),
    entry("Open a file", "", () => lab.does.choose()),
    entry("Save the lab as a picture", "", () => lab.does.savePicture()),
    entry("Save this tab as a picture", "", () => lab.does.saveStage()),
    entry("Check the machine", "", () => lab.does.check()),
    entry("Present", "P", () => lab.does.present()),
    entry("Keys", "?", () => lab.does.keys()),
  );
  const button = h(
    "button",
    {
      class: "kl-ghostbutton kl-more",
      type: "button",
      title: "Undo, share, save, open, check, present, keys",
      "aria-label": "More",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      on: { click: () => open(list.hidden === true) },
    },
    "⋯",
  );
  const items = () => [...list.querySelectorAll("button")];
  function open(show) {
    list.hidden = !show;
    setAttrs(button, { "aria-expanded": String(show) });
    if (show) items()[0].focus();
  }
  list.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      open(false);
      button.focus();
    }
    if (by) {
      const all = items();
      all[
        (all.indexOf(/** @type {any} */ (document.activeElement)) + by + all.length) % all.length
      ].focus();
    }
    if (by || event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  const el = h("div", { class: "kl-menubox" }, button, list);
  el.addEventListener("focusout", (event) => {
    if (!el.contains(/** @type {any} */ (event.relatedTarget))) open(false);
  });
  return {
    el,
    close() {
      const was = !list.hidden;
      open(false);
      return was;
    },
  };
}
