// @ts-check
// The menu behind the three dots: undo, begin anew, share, save and open, pictures, check, present, keys.
import { h } from "./dom.js";
import { makePopup, menuItem } from "./popup.js";

/** @param {import("./dom.js").Lab} lab */
export function makeMenu(lab) {
  const entry = (words, key, run) =>
    menuItem(
      words,
      () => {
        popup.close();
        run();
      },
      key,
    );
  const list = h(
    "div",
    { class: "kl-menu", role: "menu", "aria-label": "More", hidden: true },
    entry("Compare: without the limits", "", () => lab.does.compare()),
    entry("Another machine", "M", () => lab.does.machine()),
    entry("Predict the next event", "", () => lab.does.predict()),
    entry("Undo the last command", "Ctrl Z", () => lab.does.undo()),
    entry("Begin anew", "", () => lab.does.anew()),
    entry("Copy a link", "S", () => lab.does.share()),
    entry("Copy a Binder link", "", () => lab.does.binder()),
    entry("Open the copied link", "", () => lab.does.paste()),
    entry("Save as a file", "", () => lab.does.save()),
    entry("Open a file", "", () => lab.does.choose()),
    entry("Save the lab as a picture", "", () => lab.does.savePicture()),
    entry("Save this tab as a picture", "", () => lab.does.saveStage()),
    entry("Event log", "E", () => lab.does.log()),
    entry("Check the machine", "", () => lab.does.check()),
    entry("Present", "P", () => lab.does.present()),
    entry("Keys", "?", () => lab.does.keys()),
  );
  const button = h(
    "button",
    {
      class: "kl-ghostbutton kl-more",
      type: "button",
      title: "Another machine, undo, begin anew, share, save, open, check, present, keys",
      "aria-label": "More",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      on: { click: () => popup.toggle(button) },
    },
    "⋯",
  );
  const popup = makePopup(list, (show) => show && popup.focusFirst());
  return { el: h("div", { class: "kl-menubox" }, button, list), close: popup.close };
}
