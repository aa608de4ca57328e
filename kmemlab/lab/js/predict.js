// @ts-check
// The card over the stage: a question about the next event, one number, up to four answers, and after somebody has
// answered what happened, why, and what changed. No score: ink is what happened, a dashed line what was answered.
import { h, fmt, setAttrs, changeDetector, uniqueId } from "./dom.js";
import { ownerBackground } from "./palette.js";

const ANSWER_LETTERS = "ABCD";
const ANSWER_FIRST = "The future is hidden: commit to an answer, or put the question away.";

/** @param {import("./dom.js").Lab} lab */
export function makePredict(lab) {
  const el = h("section", { class: "kl-predict", role: "dialog", "aria-label": "Predict the next event", hidden: true });
  const changed = changeDetector();
  let chosen = -1;
  let hinted = false;
  let asked = "";

  // Keys typed in here belong to the card; only Escape and the arrows mean something to it.
  el.addEventListener("keydown", (event) => {
    const options = /** @type {HTMLElement[]} */ ([...el.querySelectorAll("[role=radio]")]);
    const place = options.indexOf(/** @type {any} */ (document.activeElement));
    const by = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const letter = ANSWER_LETTERS.indexOf(event.key.toUpperCase());
    event.stopPropagation();
    if (event.key === "Escape") lab.ask("predict", { on: false });
    else if (by && place >= 0) options[(place + by + options.length) % options.length].focus();
    else if (letter >= 0 && event.key.length === 1 && letter < options.length) choose(letter);
    else return;
    event.preventDefault();
  });

  function choose(place) {
    chosen = place;
    render(lab.frame().predict);
    /** @type {any} */ (el.querySelectorAll("[role=radio]")[place])?.focus();
  }

  function render(card) {
    const done = card.chosen !== undefined;
    const before = h("p", { class: "kl-s3" }, `Predict, before event ${fmt(card.before)}`);
    const question = h("h2", { class: "kl-question", id: uniqueId("question") }, card.question);
    const options = card.answers.map((text, place) => optionOf(card, text, place, done));
    const group = h(
      "div",
      { class: "kl-options", role: done ? "list" : "radiogroup", "aria-labelledby": question.id },
      ...options,
    );
    const below = done ? afterwards(card) : [beforehand(card)];
    el.replaceChildren(before, question, ...numberOf(card), group, ...below, closeButton(lab));
    setAttrs(el, { "data-done": String(done) });
  }

  function optionOf(card, text, place, done) {
    const letter = h("span", { class: "kl-optionletter" }, ANSWER_LETTERS[place]);
    if (!done) {
      return h(
        "button",
        {
          class: "kl-option",
          type: "button",
          role: "radio",
          "aria-checked": String(place === chosen),
          tabindex: place === Math.max(0, chosen) ? "0" : "-1",
          on: { click: () => choose(place) },
        },
        letter,
        h("span", {}, text),
      );
    }
    const happened = place === card.right;
    const mine = place === card.chosen;
    const said = happened ? (mine ? "what happened, and your answer" : "what happened") : mine ? "your answer" : "";
    return h(
      "div",
      { class: "kl-option", role: "listitem", "data-happened": happened, "data-mine": mine },
      letter,
      h("span", {}, text),
      said ? h("span", { class: "kl-said" }, said) : null,
    );
  }

  function beforehand(card) {
    const commit = h(
      "button",
      {
        class: "kl-commit",
        type: "button",
        "aria-disabled": String(chosen < 0),
        title: chosen < 0 ? "Choose an answer first" : "",
        on: { click: () => chosen >= 0 && lab.ask("commit", { answer: chosen }) },
      },
      chosen < 0 ? "Commit" : `Commit to ${ANSWER_LETTERS[chosen]}`,
    );
    const hint = card.hint
      ? h(
          "button",
          {
            class: "kl-ghostbutton",
            type: "button",
            on: {
              click: () => {
                hinted = true;
                render(card);
              },
            },
          },
          "Hint",
        )
      : null;
    return h(
      "div",
      { class: "kl-predictfoot" },
      commit,
      hinted ? h("span", { class: "kl-s2" }, card.hint) : hint,
      h("span", { class: "kl-s3 kl-hidden-future" }, "The future is hidden until you commit"),
    );
  }

  function afterwards(card) {
    const changes = (card.changes ?? []).map(({ what, before, after }) =>
      h(
        "div",
        { "data-what": what, "data-before": before, "data-after": after },
        h("div", { class: "kl-s3" }, what),
        before === after
          ? h("div", { class: "kl-quantity" }, fmt(after), h("span", { class: "kl-s3" }, " unchanged"))
          : h(
              "div",
              { class: `kl-quantity kl-bold${what === "failcnt" ? " kl-no" : ""}` },
              `${fmt(before)} → ${fmt(after)}`,
            ),
      ),
    );
    return [
      h("p", { class: "kl-why" }, card.why),
      changes.length ? h("div", { class: "kl-changes" }, ...changes) : null,
      h(
        "div",
        { class: "kl-predictfoot" },
        h("button", { class: "kl-watch", type: "button", on: { click: () => lab.ask("watch") } }, "Watch it happen"),
        h(
          "button",
          {
            class: "kl-ghostbutton",
            type: "button",
            on: { click: () => lab.ask("watch", {}, () => lab.ask("predict")) },
          },
          "Next question",
        ),
        card.source ? h("span", { class: "kl-s3 kl-hidden-future" }, `source: ${card.source}`) : null,
      ),
    ].filter(Boolean);
  }

  return {
    el,
    draw(frame) {
      const card = frame.predict;
      holdBar(lab.view.root, Boolean(card) && card.chosen === undefined);
      const opened = el.hidden && card;
      el.hidden = !card;
      if (!changed(card)) return;
      if (!card) {
        asked = "";
        return;
      }
      if (asked !== `${card.before} ${card.question}`) {
        asked = `${card.before} ${card.question}`;
        chosen = -1;
        hinted = false;
      }
      render(card);
      if (opened) /** @type {any} */ (el.querySelector("[role=radio]"))?.focus({ preventScroll: true });
    },
  };
}

/** While a question is open nothing on the bar goes on, and the buttons say why. Drawn after the bar, which knows no question. */
export function holdBar(root, held) {
  if (!held && root.dataset.held !== "true") return;
  root.dataset.held = String(held);
  for (const button of root.querySelectorAll(".kl-bar .kl-keys button:not(.kl-speed), .kl-bar .kl-next, .kl-mini button")) {
    setAttrs(button, { "aria-disabled": held ? "true" : null, "aria-description": held ? ANSWER_FIRST : null });
  }
}

function closeButton(lab) {
  return h(
    "button",
    {
      class: "kl-ghostbutton kl-close",
      type: "button",
      "aria-label": "Put the question away",
      on: { click: () => lab.ask("predict", { on: false }) },
    },
    "✕",
  );
}

/** The one number needed: a gauge with what is left, or words. */
function numberOf(card) {
  const { gauge, number } = card;
  if (!gauge) return number ? [h("p", { class: "kl-onenumber" }, number)] : [];
  const limited = gauge.limit !== undefined;
  const most = Math.max(limited ? gauge.limit : gauge.usage, 1);
  const fill = h("i", { class: "kl-gfill" });
  fill.style.width = `${Math.min(100, (100 * gauge.usage) / most)}%`;
  fill.style.background = ownerBackground(gauge);
  const words = limited ? `${fmt(gauge.usage)} of ${fmt(gauge.limit)}` : `${fmt(gauge.usage)}, no limit`;
  const bar = h("div", { class: "kl-onegauge" }, h("i", { class: "kl-gtrack" }), fill, limited ? h("i", { class: "kl-gtick" }) : null);
  return [
    h("p", { class: "kl-onenumber" }, h("b", {}, gauge.name), ` ${words}`),
    bar,
    h("p", { class: "kl-left kl-s2" }, limited ? `${fmt(Math.max(0, gauge.limit - gauge.usage))} left` : ""),
  ];
}
