// @ts-check
// A menu that a button opens: the arrows walk it, Escape closes it and gives the focus back, leaving it closes it.
import { h, setAttrs } from "./dom.js";

/** One line of a menu. `key` is the key that does the same. */
export function menuItem(words, run, key = "") {
  return h(
    "button",
    { class: "kl-menuitem", role: "menuitem", type: "button", tabindex: "-1", on: { click: run } },
    words,
    key && h("kbd", {}, key),
  );
}

// A menu that is shorter than this is none: the page scrolls instead.
const SHORTEST = 200;
const MARGIN = 4;

/** How tall a menu can be and be seen to its end: down to the window's edge, or to that of whatever cuts it off before. */
function roomOf(list) {
  let bottom = window.innerHeight;
  for (let around = list.parentElement; around && around !== document.body; around = around.parentElement)
    if (getComputedStyle(around).overflowY !== "visible") bottom = Math.min(bottom, around.getBoundingClientRect().bottom);
  return Math.max(SHORTEST, Math.floor(bottom - list.getBoundingClientRect().top - MARGIN));
}

/**
 * @param {HTMLElement} list the menu; hidden at first
 * @param {(show: boolean) => void} [told] called after it has opened or closed
 */
export function makePopup(list, told = () => {}) {
  let opener = /** @type {HTMLElement | null} */ (null);
  // Where the focus was before, as a rule the button; a menu that a key opened gives it back to the lab.
  let before = /** @type {any} */ (null);
  const items = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("button")]);

  function show(on, button = opener) {
    if (on === !list.hidden && button === opener) return;
    if (opener) setAttrs(opener, { "aria-expanded": "false" });
    opener = button;
    if (on) before = document.activeElement;
    list.hidden = !on;
    if (on) list.style.setProperty("--kl-room", `${roomOf(list)}px`);
    if (opener) setAttrs(opener, { "aria-expanded": String(on) });
    if (on) document.addEventListener("pointerdown", clicked);
    else document.removeEventListener("pointerdown", clicked);
    told(on);
  }
  list.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (!by) {
      const back = before?.isConnected && before !== document.body ? before : opener;
      show(false);
      back?.focus({ preventScroll: true });
      return;
    }
    const all = items();
    const place = all.indexOf(/** @type {any} */ (document.activeElement));
    all[(place + by + all.length) % all.length]?.focus();
  });
  list.addEventListener("focusout", (event) => {
    const to = /** @type {any} */ (event.relatedTarget);
    // A list that is drawn anew loses the focus to nobody: that is not leaving it.
    if (to && to !== opener && !list.contains(to)) show(false);
  });
  /** A click on what takes no focus leaves the menu as well. */
  function clicked(event) {
    const to = /** @type {any} */ (event.target);
    if (!list.isConnected) document.removeEventListener("pointerdown", clicked);
    else if (!list.contains(to) && !opener?.contains(to)) show(false);
  }
  return {
    items,
    show,
    toggle: (button) => show(list.hidden === true || button !== opener, button),
    focusFirst: () => items()[0]?.focus({ preventScroll: true }),
    /** Closes it; says whether it was open. */
    close() {
      const was = !list.hidden;
      show(false);
      return was;
    },
  };
}
