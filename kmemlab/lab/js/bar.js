// @ts-check
// The transport bar: scenario, buttons, seek slider with its marks, counter, next refusal, speed, menu.
import { h, svg, svgText, fmt, setAttrs, localPoint, changeDetector } from "./dom.js";

const ICONS = {
  reset: "M9 3.2a5.8 5.8 0 1 1-5.6 4.3l1.6.4A4.2 4.2 0 1 0 9 4.8V7.4L4.9 4 9 .8z",
  back: "M4 4h2v10H4zM14 4v10L7 9z",
  play: "M4 3v12l11-6z",
  pause: "M4 3h3.6v12H4zM10.4 3H14v12h-3.6z",
  step: "M12 4h2v10h-2zM4 4v10l7-5z",
};

/** Events per second at each speed; the label is what the button shows. */
export const SPEEDS = [
  { label: "¼×", rate: 0.5 },
  { label: "1×", rate: 2 },
  { label: "2×", rate: 4 },
  { label: "10×", rate: 20 },
  { label: "50×", rate: 100 },
  { label: "200×", rate: 400 },
];

function icon(name) {
  return svg("svg", { viewBox: "0 0 18 18", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

function barButton(name, label, keys, run, ...children) {
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

/** @param {import("./dom.js").Lab} lab */
export function makeBar(lab) {
  const { does } = lab;
  const scenario = h("select", {
    class: "kl-scenario",
    "aria-label": "Scenario",
    on: { change: () => lab.ask("scenario", { name: scenario.value }) },
  });
  const play = barButton("play", "Play", ["Space", "Space"], () => does.play(), icon("play"));
  const speed = barButton("speed", "Speed", ["[ slower, ] faster", "]"], () => does.nextSpeed());
  const keys = h(
    "div",
    { class: "kl-keys" },
    barButton("reset", "Reset", ["Home", "Home"], () => does.first(), icon("reset")),
    barButton("back", "Back", ["←", "ArrowLeft"], () => does.back(), icon("back")),
    play,
    barButton("step", "Step", ["→", "ArrowRight"], () => does.step(), icon("step")),
    speed,
  );
  const next = h(
    "button",
    {
      class: "kl-ghostbutton kl-next",
      type: "button",
      "aria-keyshortcuts": "N",
      on: { click: (event) => does.mark(event.shiftKey ? -1 : 1) },
    },
    "next refusal",
    h("kbd", {}, "N"),
  );
  const number = h("b", { title: "Go to event … (G)", on: { click: () => does.goTo() } });
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
  const el = h(
    "div",
    { class: "kl-bar", role: "toolbar", "aria-label": "Transport" },
    scenario,
    keys,
    h("div", { class: "kl-filler" }),
    seek.el,
    count,
    working,
    next,
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
    close: () => menu.close(),
    draw(frame, view, state) {
      const position = frame.position ?? 0;
      const length = frame.length ?? 0;
      if (scenariosChanged(frame.scenarios, frame.scenario)) {
        const known = frame.scenarios ?? (frame.scenario ? [frame.scenario] : []);
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
      number.textContent = fmt(position);
      total.textContent = ` of ${fmt(length)}`;
      count.hidden = state.working;
      working.hidden = !state.working;
      working.textContent = state.working ? "working…" : "";
      const ahead = (frame.timeline?.refusals ?? []).some(([, last]) => last > position);
      setAttrs(next, {
        "aria-disabled": String(!ahead),
        title: ahead
          ? "Next refusal (N), previous with Shift"
          : `No further refusal in these ${fmt(length)} events.`,
      });
      seek.draw(frame, view);
    },
  };
}

/** The seek slider: refusals above the line, new slabs below it. */
function makeSeek(lab) {
  const el = h("div", {
    class: "kl-seek",
    role: "slider",
    tabindex: "0",
    "aria-label": "Event",
    "aria-valuemin": "0",
  });
  const changed = changeDetector();
  let legend = 0;
  const edge = 10;
  const span = () => Math.max(1, el.offsetWidth - 2 * edge - legend);
  const seekTo = (event) => {
    const length = lab.frame().length ?? 0;
    const share = (localPoint(event, el).x - edge) / span();
    lab.does.seek(Math.round(Math.min(1, Math.max(0, share)) * length));
  };
  el.addEventListener("pointerdown", (event) => {
    el.setPointerCapture(event.pointerId);
    seekTo(event);
  });
  el.addEventListener("pointermove", (event) => {
    if (el.hasPointerCapture(event.pointerId)) seekTo(event);
  });
  el.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 100, PageDown: -100 }[
      event.key
    ];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    lab.does.event(by);
  });
  return {
    el,
    draw(frame, view) {
      const { position = 0, length = 0, timeline = {} } = frame;
      setAttrs(el, {
        "aria-valuemax": length,
        "aria-valuenow": position,
        "aria-valuetext": `event ${fmt(position)} of ${fmt(length)}${frame.refused ? ", refusal" : ""}`,
      });
      const width = el.offsetWidth;
      if (!width || !changed(position, length, timeline.refusals, timeline.births, width, view.size))
        return;
      const height = view.size === "S" ? 38 : 44;
      legend = width > 300 ? 76 : 0;
      const y = height / 2;
      const x = (n) => edge + span() * (length ? n / length : 0);
      const picture = svg(
        "svg",
        { width, height, "aria-hidden": "true" },
        svg("path", { d: `M${edge} ${y}H${width - edge - legend}`, class: "kl-track" }),
        svg("path", { d: `M${edge} ${y}H${x(position)}`, class: "kl-track kl-trackdone" }),
      );
      for (const [first, last] of mergeRuns(timeline.refusals ?? [], length / span())) {
        picture.append(
          svg("rect", {
            x: x(first) - 1,
            y: y - 13,
            width: Math.max(2, x(last) - x(first)),
            height: 8,
            rx: 1,
            class: "kl-refusalmark",
          }),
        );
      }
      const births = (timeline.births ?? []).map((n) => `M${x(n).toFixed(1)} ${y + 6}v5`).join("");
      picture.append(
        svg("path", { d: births || "M0 0", class: "kl-birthmark" }),
        svg("circle", { cx: x(position), cy: y, r: 8, class: "kl-thumb" }),
      );
      if (legend) {
        picture.append(
          svgText(width - legend, y - 4, "refusals", { size: 12, tone: "kl-no" }),
          svgText(width - legend, y + 13, "new slabs", { size: 12, tone: "kl-s3" }),
        );
      }
      el.replaceChildren(picture);
    },
  };
}

/** Runs that are less than two pixels apart are drawn as one. */
function mergeRuns(runs, eventsPerPixel) {
  const merged = [];
  for (const [first, last] of runs) {
    const before = merged[merged.length - 1];
    if (before && first - before[1] <= 2 * eventsPerPixel) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** The menu behind the three dots. */
function makeMenu(lab) {
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
    entry("Undo the last command", "Ctrl Z", () => lab.does.undo()),
    entry("Check the machine", "", () => lab.does.check()),
    entry("Present", "P", () => lab.does.present()),
    entry("Keys", "?", () => lab.does.keys()),
  );
  const button = h(
    "button",
    {
      class: "kl-ghostbutton kl-more",
      type: "button",
      title: "Undo, check, present, keys",
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
