// @ts-check
// Break points: the button that goes to the next one, and the choice of what to stop at.
import { h, fmt, setAttrs, changeDetector } from "./dom.js";
import { makePopup } from "./popup.js";

/** @param {import("./dom.js").Lab} lab */
export function makeBreaks(lab) {
  const words = h("span", { class: "kl-nextwords" });
  const next = h(
    "button",
    {
      class: "kl-ghostbutton kl-next",
      type: "button",
      "aria-keyshortcuts": "N",
      on: { click: (event) => lab.does.mark(event.shiftKey ? -1 : 1) },
    },
    words,
    h("kbd", {}, "N"),
  );
  const opener = h(
    "button",
    {
      class: "kl-ghostbutton kl-pick",
      type: "button",
      title: "Break points (B)",
      "aria-label": "Break points",
      "aria-keyshortcuts": "B",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      on: { click: () => popup.toggle(opener) },
    },
    "▾",
  );
  const list = h("div", { class: "kl-menu kl-breakmenu", role: "menu", "aria-label": "Stop at", hidden: true });
  const el = h("div", { class: "kl-menubox kl-breaks" }, next, opener, list);
  // What can be chosen is counted in the whole history, so Python is asked only when somebody looks.
  const popup = makePopup(list, (show) => {
    if (show) lab.ask("breaks", { open: true }, () => window.setTimeout(popup.focusFirst, 0));
    else if (!chosen) lab.ask("breaks", { open: false });
    chosen = false;
  });
  const { items } = popup;
  let chosen = false;
  const changed = changeDetector();

  function choose(choice) {
    chosen = true; // Python stops offering by itself
    popup.close();
    lab.ask("break", { kind: choice.kind, arg: choice.arg });
    lab.does.leave();
  }
  function makeChoice(choice, checked) {
    return h(
      "button",
      {
        class: "kl-menuitem kl-choice",
        role: "menuitemradio",
        type: "button",
        tabindex: "-1",
        "data-kind": choice.kind,
        "data-arg": choice.arg,
        "aria-checked": String(checked),
        on: { click: () => choose(choice) },
      },
      choice.words,
      h("span", { class: "kl-s3" }, choice.count ? fmt(choice.count) : ""),
    );
  }
  return {
    el,
    close: popup.close,
    pick: () => popup.show(true, opener),
    draw(frame) {
      const point = frame.break ?? {};
      words.textContent = point.label ?? "next refusal";
      setAttrs(next, {
        "aria-disabled": String(!point.ahead),
        title: point.ahead
          ? `${capital(words.textContent)} (N), previous with Shift`
          : `No further ${point.noun ?? "refusal"} in these ${fmt(frame.length ?? 0)} events.`,
      });
      if (!changed(point.choices, point.kind, point.arg, point.stop) || !point.choices) return;
      const stops = h(
        "button",
        {
          class: "kl-menuitem kl-choice kl-stops",
          role: "menuitemcheckbox",
          type: "button",
          tabindex: "-1",
          "aria-checked": String(Boolean(point.stop)),
          on: { click: () => lab.ask("stop", { on: !point.stop }) },
        },
        "Play stops there",
      );
      const focus = items().indexOf(/** @type {any} */ (document.activeElement));
      list.replaceChildren(
        ...point.choices.map((choice) =>
          makeChoice(choice, choice.kind === point.kind && choice.arg === point.arg),
        ),
        stops,
      );
      if (focus >= 0) items()[focus]?.focus();
    },
  };
}

function capital(words) {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
