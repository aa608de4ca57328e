// @ts-check
// The transport bar: scenario, buttons, seek slider with its marks, counter, break points, Share, menu.
import { h, svg, fmt, setAttrs, changeDetector } from "./dom.js";
import { SPEEDS } from "./play.js";
import { makeSeek } from "./seek.js";
import { makeMenu } from "./menu.js";
import { makeBreaks } from "./breaks.js";

const ICONS = {
  reset: "M9 3.2a5.8 5.8 0 1 1-5.6 4.3l1.6.4A4.2 4.2 0 1 0 9 4.8V7.4L4.9 4 9 .8z",
  back: "M4 4h2v10H4zM14 4v10L7 9z",
  play: "M4 3v12l11-6z",
  pause: "M4 3h3.6v12H4zM10.4 3H14v12h-3.6z",
  step: "M12 4h2v10h-2zM4 4v10l7-5z",
};

/** A picture on a button. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 18 18", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

/** A button of the transport; `keys` are the key as it is shown and as aria names it. */
export function barButton(name, label, keys, run, ...children) {
  return h(
    "button",
    {
      class: `kl-button kl-${name}`,
      type: "button",
      title: `${label} (${keys[0]})`,
      "aria-label": label,
      "aria-keyshortcuts": keys[1],
      on: { click: run },
    },
    ...children,
  );
}

/** A button that goes nowhere from here is quiet, and its tip says why. */
function setEnd(button, title, off, why) {
  setAttrs(button, { "aria-disabled": off ? "true" : null, title: off ? why : title });
}

/** @param {import("./dom.js").Lab} lab */
export function makeBar(lab) {
  const { does } = lab;
  const scenario = h("select", {
    class: "kl-scenario",
    "aria-label": "Scenario",
    on: { change: () => does.scenario(scenario.value) },
  });
  const play = barButton("play", "Play", ["Space", "Space"], () => does.play(), icon("play"));
  const reset = barButton("reset", "Reset", ["Home", "Home"], () => does.first(), icon("reset"));
  const back = barButton("back", "Back", ["←", "ArrowLeft"], () => does.back(), icon("back"));
  const step = barButton("step", "Step", ["→", "ArrowRight"], () => does.step(), icon("step"));
  const speed = barButton("speed", "Speed", ["[ slower, ] faster", "]"], () => does.nextSpeed());
  const keys = h(
    "div",
    { class: "kl-keys" },
    reset,
    back,
    play,
    step,
    speed,
  );
  const number = h("button", {
    class: "kl-number",
    type: "button",
    title: "Go to event … (G)",
    "aria-keyshortcuts": "G",
    on: { click: () => does.goTo() },
  });
  const goTo = h("input", {
    class: "kl-goto",
    inputmode: "numeric",
    "aria-label": "Go to event",
    hidden: true,
  });
  const total = h("span", { class: "kl-s3" });
  const count = h(
    "div",
    { class: "kl-count" },
    h("span", { class: "kl-s2" }, "event "),
    number,
    goTo,
    total,
  );
  const working = h("div", { class: "kl-working kl-s2", role: "status" });
  const seek = makeSeek(lab);
  const menu = makeMenu(lab);
  const breaks = makeBreaks(lab);
  const share = h(
    "button",
    {
      class: "kl-ghostbutton kl-share",
      type: "button",
      title: "Copy a link to this moment (S)",
      "aria-keyshortcuts": "S",
      on: { click: () => does.share() },
    },
    "Share",
  );
  const el = h(
    "div",
    { class: "kl-bar", role: "toolbar", "aria-label": "Transport" },
    scenario,
    keys,
    h("div", { class: "kl-filler" }),
    seek.el,
    count,
    working,
    breaks.el,
    share,
    menu.el,
  );

  const endGoTo = () => {
    goTo.hidden = true;
    number.hidden = false;
  };
  goTo.addEventListener("blur", endGoTo);
  goTo.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") does.leave();
    if (event.key !== "Enter") return;
    const n = parseInt(goTo.value.replace(/[^0-9]/g, ""), 10);
    if (!Number.isNaN(n)) does.seek(Math.min(n, lab.frame().length ?? n));
    does.leave();
  });

  const scenariosChanged = changeDetector();
  return {
    el,
    openGoTo() {
      goTo.hidden = false;
      number.hidden = true;
      goTo.value = String(lab.frame().position ?? 0);
      goTo.focus();
      goTo.select();
    },
    close: () => menu.close() || breaks.close(),
    pick: () => breaks.pick(),
    draw(frame, view, state) {
      const position = frame.position ?? 0;
      const length = frame.length ?? 0;
      if (scenariosChanged(frame.scenarios, frame.scenario)) {
        const known = [...(frame.scenarios ?? [])];
        const own = frame.scenario;
        if (own && !known.some((s) => s.name === own.name)) known.unshift(own);
        scenario.replaceChildren(...known.map((s) => h("option", { value: s.name }, s.title ?? s.name)));
        scenario.value = frame.scenario?.name ?? "";
      }
      play.replaceChildren(icon(view.playing ? "pause" : "play"));
      setAttrs(play, {
        "aria-label": view.playing ? "Pause" : "Play",
        "aria-pressed": String(view.playing),
      });
      speed.textContent = SPEEDS[state.speed].label;
      setAttrs(speed, { "aria-label": `Speed ${SPEEDS[state.speed].label}` });
      const first = position === 0;
      const last = position >= length && (frame.step ?? 0) >= (frame.steps ?? 0);
      setEnd(reset, "Reset (Home)", first, "This is the beginning.");
      setEnd(back, "Back (←)", first, "This is the beginning: nothing has happened before.");
      setEnd(play, view.playing ? "Pause (Space)" : "Play (Space)", last, "This is the last event: a command makes more.");
      setEnd(step, "Step (→)", last, "This is the end of the last event: a command makes more.");
      number.textContent = fmt(position);
      setAttrs(number, { "aria-label": `event ${fmt(position)} of ${fmt(length)}: go to another` });
      total.textContent = ` of ${fmt(length)}`;
      count.hidden = state.working || state.silent;
      working.hidden = !count.hidden;
      working.textContent = state.silent ? "not connected" : state.working ? "working…" : "";
      breaks.draw(frame);
      seek.draw(frame, view);
    },
  };
}
