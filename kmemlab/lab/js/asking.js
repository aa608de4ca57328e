// @ts-check
// A prediction of a lesson: a number, a choice, an order of lines or a cell of a picture. What can be clicked can be
// typed. The answer is locked, and then stands beside what the machine says. No score: ink is the machine, dashes are you.
import { h, setAttrs, changeDetector, uniqueId } from "./dom.js";
import { linkTo } from "./link.js";
import { mountSmall } from "./mount.js";

const LINE_LETTERS = "ABCDEFGHIJKL";
/** A line as it is shown: the minus of -ENOMEM or -1 is one, and no line ends behind it. */
const shown = (line) => line.replace(/(^|\s)-(?=\d|E[A-Z])/g, "$1−");
const HOW = {
  number: "Type a number, then commit.",
  choice: "Choose one: click it, or press its letter.",
  order: "Click the lines in your order, or type their letters. Leave out what does not belong.",
  point: "Click the cell, or type it as slab:cell, 2:a for cell a of slab 2.",
};

/** The places of the longest run of lines that stand in the same order in both, others in between or not. */
function inBoth(mine, right) {
  const best = mine.map(() => /** @type {number[]} */ ([]));
  let longest = /** @type {number[]} */ ([]);
  mine.forEach((place, n) => {
    if (!right.includes(place)) return;
    const before = mine.slice(0, n).map((_, k) => best[k]);
    const fits = before.filter((run) => run.length && right.indexOf(run[run.length - 1]) < right.indexOf(place));
    best[n] = [...fits.reduce((a, b) => (b.length > a.length ? b : a), []), place];
    if (best[n].length > longest.length) longest = best[n];
  });
  return new Set(longest);
}

/** @param {any} lab */
function makeAsking(lab) {
  const el = h("section", { class: "kl-asking" });
  const changed = changeDetector();
  let typed = "";

  // Keys typed in here belong to the card.
  el.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const target = /** @type {HTMLElement} */ (event.target);
    const move = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const cell = target.closest("[data-cell]");
    const option = target.closest("[role=radio]");
    if (cell && move) walkCells(/** @type {HTMLElement} */ (cell), event.key);
    else if (option && move) {
      const options = /** @type {HTMLElement[]} */ ([...el.querySelectorAll("[role=radio]")]);
      options[(options.indexOf(/** @type {any} */ (option)) + move + options.length) % options.length].focus();
    } else if (event.key === "Enter" && target.matches("input")) commit();
    else if (lab.frame().asked.kind === "choice" && event.key.length === 1 && chooseLetter(event.key)) {
      // chosen
    } else return;
    event.preventDefault();
  });

  function walkCells(cell, key) {
    const rows = [...el.querySelectorAll("tr[data-slab]")].map((row) => [...row.querySelectorAll("[data-cell]")]);
    const row = rows.findIndex((each) => each.includes(cell));
    const at = rows[row].indexOf(cell);
    const line = rows[row + (key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0)] ?? rows[row];
    const to = at + (key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0);
    /** @type {HTMLElement} */ (line[Math.min(Math.max(0, to), line.length - 1)]).focus();
  }

  function chooseLetter(key) {
    const place = LINE_LETTERS.indexOf(key.toUpperCase());
    if (place < 0 || place >= lab.frame().asked.lines.length || lab.frame().asked.given !== undefined) return false;
    take(LINE_LETTERS[place]);
    return true;
  }

  /** Takes an answer as if it had been typed, and keeps the focus where it was. */
  function take(text) {
    typed = text;
    const name = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.name;
    render(lab.frame().asked);
    const back = name && el.querySelector(`[data-name="${CSS.escape(name)}"]`);
    if (back) /** @type {HTMLElement} */ (back).focus();
  }

  function commit() {
    if (typed.trim()) lab.ask("commit", { answer: typed });
  }

  function render(asked) {
    const done = asked.given !== undefined;
    setAttrs(el, { "data-kind": asked.kind, "data-done": String(done) });
    const head = h("h2", { class: "kl-asked" }, `Predict ${asked.number}`);
    if (asked.behind) {
      el.replaceChildren(head, h("p", { class: "kl-s2" }, `Its picture opens when prediction ${asked.behind} is answered.`));
      return;
    }
    const body = { number: numberBody, choice: choiceBody, order: orderBody, point: pointBody }[asked.kind](asked, done);
    const foot = done ? afterwards(asked) : [h("p", { class: "kl-s3 kl-how" }, HOW[asked.kind]), beforehand(asked)];
    el.replaceChildren(head, ...body, ...foot);
  }

  function beforehand(asked) {
    const field =
      asked.kind === "choice"
        ? null
        : h("input", {
            class: "kl-answer",
            type: "text",
            "data-name": "answer",
            autocomplete: "off",
            spellcheck: "false",
            maxlength: "60",
            "aria-label": { number: asked.unit || "Your number", order: "Your order", point: "Your cell" }[asked.kind],
            on: { input: (event) => take(event.target.value) },
          });
    if (field) /** @type {HTMLInputElement} */ (field).value = typed;
    return h(
      "div",
      { class: "kl-predictfoot" },
      field,
      asked.kind === "number" && asked.unit ? h("span", {}, asked.unit) : null,
      h(
        "button",
        {
          class: "kl-commit",
          type: "button",
          "data-name": "commit",
          "aria-disabled": String(!typed.trim()),
          title: typed.trim() ? "" : "Give an answer first",
          on: { click: commit },
        },
        asked.kind === "choice" && typed ? `Commit to ${typed}` : "Commit",
      ),
    );
  }

  function afterwards(asked) {
    const pair = h(
      "div",
      { class: "kl-answers" },
      h("div", { class: "kl-mine" }, h("div", { class: "kl-s3" }, "You"), h("div", { class: "kl-quantity" }, asked.given)),
      h(
        "div",
        { class: "kl-machine" },
        h("div", { class: "kl-s3" }, "The machine"),
        h("div", { class: "kl-quantity" }, asked.machine),
      ),
    );
    return [
      ["number", "point"].includes(asked.kind) ? pair : null,
      h("p", { class: "kl-why", role: "status" }, asked.same ? "The machine says the same." : asked.told || "The machine says otherwise. Run the next cell and look."),
      asked.trouble ? h("p", { class: "kl-s3" }, asked.trouble) : null,
      h(
        "div",
        { class: "kl-predictfoot" },
        h("button", { class: "kl-ghostbutton kl-again", type: "button", on: { click: again } }, "Ask me again"),
      ),
    ].filter(Boolean);
  }

  function again() {
    typed = "";
    lab.ask("again");
  }

  // -- the four kinds

  const numberBody = () => [];

  function choiceBody(asked, done) {
    const name = uniqueId("asked");
    const options = asked.lines.map((text, place) => {
      const letter = h("span", { class: "kl-optionletter" }, LINE_LETTERS[place]);
      if (done) return settled(shown(text), letter, asked.right.includes(place), asked.mine.includes(place));
      const taken = typed === LINE_LETTERS[place];
      return h(
        "button",
        {
          class: "kl-option",
          type: "button",
          role: "radio",
          "data-name": `option${place}`,
          "aria-checked": String(taken),
          tabindex: taken || (!typed && place === 0) ? "0" : "-1",
          on: { click: () => take(LINE_LETTERS[place]) },
        },
        letter,
        h("span", {}, shown(text)),
      );
    });
    return [h("div", { class: "kl-options", id: name, role: done ? "list" : "radiogroup", "aria-label": "Answers" }, ...options)];
  }

  function settled(text, letter, happened, mine) {
    const said = happened ? (mine ? "the machine, and you" : "the machine") : mine ? "you" : "";
    return h(
      "div",
      { class: "kl-option", role: "listitem", "data-happened": happened, "data-mine": mine },
      letter,
      h("span", {}, text),
      said ? h("span", { class: "kl-said" }, said) : null,
    );
  }

  function orderBody(asked, done) {
    if (done) return [h("div", { class: "kl-twoorders" }, orderList("You", asked.mine, asked), orderList("The machine", asked.right, asked))];
    const taken = [...typed.toUpperCase()].filter((letter) => LINE_LETTERS.includes(letter));
    const lines = asked.lines.map((text, place) => {
      const letter = LINE_LETTERS[place];
      const turn = taken.indexOf(letter);
      return h(
        "button",
        {
          class: "kl-option",
          type: "button",
          "data-name": `line${place}`,
          "aria-pressed": String(turn >= 0),
          on: { click: () => take((turn >= 0 ? taken.filter((each) => each !== letter) : [...taken, letter]).join(" ")) },
        },
        h("span", { class: "kl-optionletter" }, letter),
        h("span", {}, shown(text)),
        turn >= 0 ? h("span", { class: "kl-said" }, `${turn + 1}.`) : null,
      );
    });
    return [h("div", { class: "kl-options", role: "group", "aria-label": "Lines" }, ...lines)];
  }

  function orderList(title, places, asked) {
    const agreed = inBoth(asked.mine, asked.right);
    const rows = places.map((place) =>
      h("li", { "data-same": agreed.has(place) }, h("b", {}, LINE_LETTERS[place]), ` ${shown(asked.lines[place])}`),
    );
    return h("div", {}, h("h3", {}, title), h("ol", {}, ...rows));
  }

  function pointBody(asked, done) {
    const { rows } = asked.picture;
    const wide = Math.max(0, ...rows.map((row) => row.cells.length));
    const numbers = Array.from({ length: wide }, (_, n) => h("th", { scope: "col" }, n.toString(16)));
    const head = h("tr", {}, h("th", { scope: "col" }, "slab"), ...numbers, h("th", { scope: "col" }, "live"), h("th", { scope: "col" }, "found through"));
    const chosen = done ? asked.given : typed.trim().toLowerCase();
    let first = true;
    const lines = rows.map((row) => {
      const cells = [...row.cells].map((sign, n) => {
        const cell = `${row.slab}:${n.toString(16)}`;
        const attrs = {
          class: "kl-cell",
          "data-cell": cell,
          "data-name": cell,
          "data-free": sign === ".",
          "data-mine": cell === chosen,
          "data-happened": done && cell === asked.machine,
          "aria-label": `slab ${row.slab} cell ${n.toString(16)}, ${sign === "." ? "free" : "live"}`,
        };
        if (done) return h("td", {}, h("span", attrs, sign));
        const tabindex = cell === chosen || (first && !chosen) ? "0" : "-1";
        first = false;
        return h(
          "td",
          {},
          h("button", { ...attrs, type: "button", "aria-pressed": String(cell === chosen), tabindex, on: { click: () => take(cell) } }, sign),
        );
      });
      const gap = wide - row.cells.length;
      return h(
        "tr",
        { "data-slab": row.slab },
        h("th", { scope: "row" }, row.slab),
        ...cells,
        gap ? h("td", { colspan: gap }) : null,
        h("td", { class: "kl-live" }, row.live),
        h("td", { class: "kl-foundby" }, row.found),
      );
    });
    const table = h("table", { class: "kl-pointing" }, h("caption", {}, `${asked.picture.cache}: # live, . free`), h("tbody", {}, head, ...lines));
    return [h("div", { class: "kl-pointbox" }, table)];
  }

  return {
    el,
    draw(frame) {
      if (!frame.asked || !changed(frame.asked)) return;
      if (frame.asked.given !== undefined) typed = "";
      render(frame.asked);
    },
  };
}

function renderAsking({ model, el }) {
  return mountSmall({ model, el }, "Prediction", (lab) => {
    const card = makeAsking(lab);
    lab.view.root.dataset.part = "ask";
    return { el: [h("div", { class: "kl-viewbox" }, card.el)], draw: (frame) => card.draw(frame) };
  });
}

function initializeAsking({ model }) {
  linkTo(model);
}

export default { initialize: initializeAsking, render: renderAsking };
