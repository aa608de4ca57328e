// @ts-check
// The event log, in the timeline's place: the events around this one, filtered by words. A click goes there.
import { h, fmt, setAttrs, changeDetector } from "./dom.js";
import { hueVar } from "./palette.js";

const FILTER_DELAY = 150;

/** @param {import("./dom.js").Lab} lab */
export function makeEventLog(lab) {
  const filter = /** @type {HTMLInputElement} */ (
    h("input", {
      class: "kl-logfilter",
      type: "search",
      spellcheck: "false",
      autocomplete: "off",
      maxlength: "200",
      placeholder: "refused filp bomb",
      "aria-label": "Filter events: kind, cache, container, task, pid or errno",
      on: { input: () => ask() },
    })
  );
  const close = h(
    "button",
    {
      class: "kl-ghostbutton",
      type: "button",
      title: "Back to the timeline (E)",
      "aria-label": "Close the event log",
      on: { click: () => lab.does.log(false) },
    },
    "✕",
  );
  const rows = h("div", { class: "kl-logrows", role: "list", "aria-label": "Events", tabindex: "0" });
  const note = h("p", { class: "kl-empty", hidden: true });
  const head = h("div", { class: "kl-ph kl-loghead" }, h("h2", {}, "Event log"), filter, close);
  const el = h("section", { class: "kl-log", "aria-label": "Event log", hidden: true }, head, rows, note);
  const drawn = new Map();
  const changed = changeDetector();
  let timer = 0;

  function ask() {
    clearTimeout(timer);
    timer = window.setTimeout(() => lab.ask("events", { filter: filter.value }), FILTER_DELAY);
  }
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    lab.does.leave();
  });
  rows.addEventListener("click", (event) => {
    const row = /** @type {HTMLElement} */ (event.target).closest("[data-n]");
    if (row) lab.does.seek(Number(/** @type {HTMLElement} */ (row).dataset.n));
  });
  rows.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    // The arrows walk from one listed event to the next, whatever stands between them.
    const numbers = [...drawn.keys()].sort((a, b) => a - b);
    const here = lab.frame().position ?? 0;
    const to = by > 0 ? numbers.find((n) => n > here) : numbers.reverse().find((n) => n < here);
    if (to !== undefined) lab.does.seek(to);
    event.preventDefault();
    event.stopPropagation();
  });

  function makeRow(n, event) {
    const owner = event.owner;
    const mark = h("span", { class: "kl-logowner" }, owner ? owner.letter : "");
    if (owner) {
      mark.style.background = hueVar(owner, "t");
      mark.style.color = hueVar(owner, "x");
    }
    return h(
      "div",
      { class: "kl-logrow", role: "listitem", "data-n": n, "data-kind": event.kind },
      h("span", { class: "kl-logn" }, fmt(n)),
      h("span", { class: "kl-logkind" }, event.kind),
      mark,
      h("span", { class: "kl-logwhat", title: event.what }, event.what),
      h("span", { class: "kl-logwho kl-s3" }, event.who),
    );
  }

  return {
    el,
    filter,
    draw(frame) {
      el.hidden = !frame.log;
      if (!frame.log) return drawn.clear();
      if (!changed(frame.log, frame.position)) return undefined;
      if (document.activeElement !== filter) filter.value = frame.log.filter;
      drawn.clear();
      for (const [n, event] of Object.entries(frame.log.rows)) drawn.set(Number(n), makeRow(Number(n), event));
      const numbers = [...drawn.keys()].sort((a, b) => a - b);
      rows.replaceChildren(...numbers.map((n) => drawn.get(n)));
      for (const n of numbers) {
        setAttrs(drawn.get(n), {
          "aria-current": n === frame.position ? "true" : false,
          "data-future": String(n > frame.position),
        });
      }
      note.hidden = !frame.log.note;
      note.textContent = frame.log.note;
      rows.hidden = !numbers.length;
      const past = numbers.filter((n) => n <= frame.position).pop();
      if (past !== undefined) {
        // Not scrollIntoView: it would scroll the notebook too.
        const row = drawn.get(past);
        rows.scrollTop = row.offsetTop - (rows.clientHeight - row.offsetHeight) / 2;
      }
      return undefined;
    },
  };
}
