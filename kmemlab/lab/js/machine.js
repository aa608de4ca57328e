// @ts-check
// The machine's switches: choose what is to be different, then tell the story on that machine, or set it beside.
import { h, setAttrs, changeDetector } from "./dom.js";

/** @param {import("./dom.js").Lab} lab */
export function makeMachine(lab) {
  const table = h("div", { class: "kl-switches" });
  const wanted = /** @type {Record<string, any>} */ ({});
  const leave = () => lab.does.leave();
  const run = h(
    "button",
    { class: "kl-ghostbutton kl-become", type: "button", on: { click: () => go("become", {}) } },
    "Tell the story on it",
  );
  const beside = h(
    "button",
    { class: "kl-ghostbutton kl-beside", type: "button", on: { click: () => go("compare", { on: true }) } },
    "Set it beside this one",
  );
  const el = h(
    "div",
    { class: "kl-machine", role: "dialog", "aria-label": "Another machine", tabindex: "-1", hidden: true },
    h("div", { class: "kl-ph" }, h("h2", {}, "Another machine"), h("span", {}, "the same commands, on it")),
    h(
      "button",
      {
        class: "kl-ghostbutton kl-close",
        type: "button",
        "aria-label": "Close",
        on: { click: () => lab.does.machine(false) },
      },
      "✕",
    ),
    table,
    h("div", { class: "kl-machinego" }, run, beside),
  );
  el.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    lab.does.machine(false);
  });
  const changed = changeDetector();

  function go(action, more) {
    leave();
    lab.ask(action, { ...more, changes: { ...wanted } });
  }
  /** Nothing is different yet: there is no other machine to go to. */
  function settle() {
    const none = Object.keys(wanted).length === 0;
    for (const button of [run, beside]) {
      setAttrs(button, { disabled: none ? "" : null, title: none ? "Change a switch first" : null });
    }
  }
  function makeRow({ name, label, value, choices }) {
    const words = h("div", { class: "kl-s2 kl-switchwords" });
    const select = h("select", { class: "kl-switch", "data-name": name, "aria-label": label, on: { change: choose } });
    select.append(...choices.map(([each], i) => h("option", { value: String(i) }, nameOf(each))));
    function choose() {
      const [each, sentence] = choices[Number(select.value)];
      words.textContent = sentence;
      if (each === value) delete wanted[name];
      else wanted[name] = each;
      setAttrs(select, { "data-changed": String(each !== value) });
      settle();
    }
    select.value = String(choices.findIndex(([each]) => each === value));
    choose();
    return h("div", { class: "kl-switchrow" }, h("label", {}, h("span", {}, label), select), words);
  }
  return {
    el,
    focus: () => /** @type {any} */ (el.querySelector("select"))?.focus({ preventScroll: true }),
    draw(frame) {
      el.hidden = !frame.machine;
      if (!frame.machine) {
        changed(null);
        return;
      }
      if (!changed(frame.machine)) return;
      for (const name of Object.keys(wanted)) delete wanted[name];
      table.replaceChildren(...frame.machine.map(makeRow));
      settle();
    },
  };
}

/** How a value is named in the list. */
function nameOf(value) {
  if (value === "") return "default";
  if (value === true) return "yes";
  return value === false ? "no" : String(value);
}
