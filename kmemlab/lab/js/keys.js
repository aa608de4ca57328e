// @ts-check
// The keyboard. Keys work only while the lab has the focus, and JupyterLab's command mode does not see them.
import { h } from "./dom.js";

/** The table behind "?"; what is not in here has no key. */
export const KEY_TABLE = [
  ["Space", "play, pause"],
  ["→ ←", "one step (function) on, back"],
  ["Shift → ←", "one event on, back"],
  ["Home End", "first, last event"],
  ["G", "go to event …"],
  ["N", "next break point; Shift N the previous one"],
  ["B", "break points: choose what N stops at"],
  ["[ ]", "slower, faster"],
  ["Ctrl Z", "undo the last command"],
  ["1 2 3 …", "stage tab"],
  ["C", "next container; Shift C back; Esc none"],
  ["arrows in the stage", "walk the cells; Enter opens the life story; + and - zoom many slabs"],
  ["T", "text twin of the picture"],
  ["M", "another machine: the same commands with one switch changed"],
  ["E", "event log in the timeline's place"],
  ["/", "terminal; Esc leaves"],
  ["Tab in the terminal", "accepts the completion; leave with Esc first"],
  ["↑ ↓ in the terminal", "history"],
  ["S", "copy a link to this moment"],
  ["P", "present"],
  ["?", "this table"],
];

/** The floating table of keys. */
export function makeKeyTable(close) {
  const rows = KEY_TABLE.map(([key, words]) =>
    h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, words)),
  );
  return h(
    "div",
    { class: "kl-keytable", role: "dialog", "aria-label": "Keys", tabindex: "-1", hidden: true },
    h("div", { class: "kl-ph" }, h("h2", {}, "Keys"), h("span", {}, "while the lab has the focus")),
    h(
      "button",
      { class: "kl-ghostbutton kl-close", type: "button", "aria-label": "Close", on: { click: close } },
      "✕",
    ),
    h("table", {}, h("tbody", {}, rows)),
  );
}

/** Key to what it does, given the lab's actions. Letters are lower case here. */
function keyActions(does) {
  return {
    " ": () => does.play(),
    arrowright: () => does.step(),
    arrowleft: () => does.back(),
    "shift+arrowright": () => does.event(1),
    "shift+arrowleft": () => does.event(-1),
    home: () => does.first(),
    end: () => does.last(),
    g: () => does.goTo(),
    n: () => does.mark(1),
    "shift+n": () => does.mark(-1),
    b: () => does.pick(),
    e: () => does.log(),
    m: () => does.machine(),
    "[": () => does.faster(false),
    "]": () => does.faster(true),
    "ctrl+z": () => does.undo(),
    c: () => does.nextContainer(1),
    "shift+c": () => does.nextContainer(-1),
    t: () => does.twin(),
    "/": () => does.type(),
    s: () => does.share(),
    p: () => does.present(),
    "?": () => does.keys(),
    escape: () => does.escape(),
    arrowdown: () => does.walk(),
    arrowup: () => does.walk(),
  };
}

/** Listens on the root. @param {HTMLElement} root */
export function listenToKeys(root, does) {
  const actions = keyActions(does);
  root.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const command = event.ctrlKey || event.metaKey;
    // Whatever is typed plainly belongs to the lab; Ctrl S and its like stay with the notebook.
    if (!command && !event.altKey) event.stopPropagation();
    if (event.isComposing || event.altKey) return;
    const native =
      target.matches("input, select") ||
      (target.matches("button") && (event.key === "Enter" || event.key === " "));
    if (native) return;
    const key = event.key.toLowerCase();
    const letter = key.length === 1 && !/[a-z]/.test(key);
    const name = `${command ? "ctrl+" : ""}${event.shiftKey && !letter ? "shift+" : ""}${key}`;
    const digit = !command && /^[1-9]$/.test(key) ? Number(key) : 0;
    const action = digit ? () => does.tab(digit - 1) : actions[name];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    // A key that is held down waits for the picture; a key that is struck is never dropped.
    if (event.repeat && (key === " " || does.busy())) return;
    action();
  });
}
