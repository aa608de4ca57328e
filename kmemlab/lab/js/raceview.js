// @ts-check
// A race: a column for each task, a row for each step that was taken, and below each column who may go on.
import { h, setAttrs, fmt, plural, changeDetector } from "./dom.js";
import { linkTo } from "./link.js";
import { mountSmall } from "./mount.js";

/** The steps so far, in the column of whoever took them. */
function makeRows() {
  const el = h("ol", { class: "kl-racerows", "aria-label": "Steps so far" });
  const changed = changeDetector();
  return {
    el,
    draw(frame) {
      if (!changed(frame.story, frame.wrong)) return;
      const story = frame.story ?? [];
      el.replaceChildren(
        ...story.map(([who, fn, told], i) =>
          h(
            "li",
            {
              class: "kl-racestep",
              "data-who": who,
              "data-trap": Boolean(frame.wrong) && i === story.length - 1,
              style: `--kl-col:${Math.max(0, who) + 2}`,
            },
            h("span", { class: "kl-racen" }, String(i + 1)),
            h("span", { class: "kl-racebox" }, h("b", {}, fn), h("span", {}, told)),
          ),
        ),
      );
    },
  };
}

/** A button for each task, and below it what the task would do then. */
function makeTurns(lab) {
  const el = h("div", { class: "kl-raceturns" });
  const changed = changeDetector();
  return {
    el,
    draw(frame) {
      if (!changed(frame.actors, frame.softirq, frame.ended, frame.plans)) return;
      const actors = (frame.actors ?? []).map((actor, who) => [who, actor]);
      if (frame.softirq) actors.push([-1, { name: "softirq", due: "rcu_do_batch", can: true, why: "" }]);
      const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.who;
      el.replaceChildren(
        ...actors.map(([who, { name, due, can, why }]) =>
          h(
            "div",
            { class: "kl-raceturn", style: `--kl-col:${who < 0 ? actors.length + 1 : who + 2}` },
            h(
              "button",
              {
                class: "kl-racego",
                type: "button",
                "data-who": who,
                "aria-disabled": String(!can),
                title: can ? `Let ${name} go on (${who + 1})` : why,
                on: { click: () => can && lab.ask("let", { who }) },
              },
              h("span", {}, can || due ? `${name}: ` : name),
              due && h("b", {}, due),
            ),
            h("span", { class: "kl-s3" }, can ? "" : why),
            makePlan(name, frame.plans?.[who] ?? []),
          ),
        ),
      );
      if (focused !== undefined) /** @type {any} */ (el.querySelector(`[data-who="${focused}"]`))?.focus({ preventScroll: true });
    },
  };
}

/** The steps behind the next one, if nobody comes between. */
function makePlan(name, plan) {
  if (plan.length === 0) return "";
  return h(
    "div",
    { class: "kl-raceplan" },
    h("span", {}, "then, left alone:"),
    h("ol", { "aria-label": `${name}, left alone, then does` }, ...plan.map((fn) => h("li", {}, fn))),
  );
}

/** The containers: what is on the bill, who refers to it, and in whose hand it is. */
function makeStates() {
  const el = h("ul", { class: "kl-racestates", "aria-label": "Containers" });
  const changed = changeDetector();
  return {
    el,
    draw(frame) {
      if (!changed(frame.containers)) return;
      el.replaceChildren(
        ...(frame.containers ?? []).map((row) =>
          h(
            "li",
            { class: "kl-racestate", "data-gone": row.gone, "data-path": row.path },
            h("b", {}, row.path),
            row.gone
              ? h("span", {}, "freed")
              : h("span", {}, `${fmt(row.usage)} bytes, ${plural(row.refs, "reference")}, ${plural(row.tasks, "task")}`),
            row.hands.length > 0 && h("span", { class: "kl-racehand" }, `in the hand of ${row.hands.join(", ")}`),
          ),
        ),
      );
    },
  };
}

/** What all schedules come to, and where they are few, each as a row of letters. */
function makeFound(lab) {
  const words = h("p", { class: "kl-racewords", role: "status" });
  const worst = h(
    "button",
    { class: "kl-ghostbutton kl-raceworst", type: "button", hidden: true, on: { click: () => goTo(lab.frame().found.shortest) } },
    "Go to the shortest that fails",
  );
  const list = h("div", { class: "kl-racelist", role: "list", "aria-label": "All schedules" });
  const el = h("div", { class: "kl-racefound" }, words, worst, list);
  const changed = changeDetector();
  // One stands before the last step: what it does is to be seen.
  const goTo = (path) => lab.ask("go", { path: path.slice(0, -1) });
  return {
    el,
    draw(frame) {
      if (!changed(frame.found, frame.rows)) return;
      const { found } = frame;
      words.textContent = found
        ? `${found.words}. ${found.violations ? `${fmt(found.violations)} of them ${found.violations === 1 ? "goes" : "go"} wrong, the shortest so: ${found.what}.` : "None goes wrong."}`
        : "";
      worst.hidden = !found?.violations;
      list.replaceChildren(
        ...(frame.rows ?? []).map(([letters, wrong, path]) =>
          h(
            "button",
            {
              class: "kl-racerow",
              type: "button",
              "data-wrong": Boolean(wrong),
              title: wrong || "sound",
              "aria-label": `${letters}, ${wrong || "sound"}`,
              on: { click: () => goTo(path) },
            },
            letters,
            wrong ? " ✕" : "",
          ),
        ),
      );
    },
  };
}

function renderRace({ model, el }) {
  return mountSmall({ model, el }, "A race", (lab) => {
    const act = (name) => () => lab.ask(name);
    // Of the lab's keys these make sense here: a digit lets that task go, ← takes a step back, Home begins again.
    const own = {
      tab: (who) => lab.ask("let", { who }),
      back: act("back"),
      first: act("reset"),
      busy: () => false,
      twin: () => lab.does.showTwin(),
    };
    const inherited = lab.does;
    const twin = h("pre", { class: "kl-twin kl-hidden", tabindex: "-1" });
    lab.does = new Proxy(own, {
      get: (all, key) => (key === "showTwin" ? inherited.twin : (all[key] ?? (() => undefined))),
    });
    const button = (name, words, keys, run) =>
      h("button", { class: `kl-ghostbutton ${name}`, type: "button", "aria-keyshortcuts": keys, on: { click: run } }, words);
    const back = button("kl-raceback", "Back", "ArrowLeft", act("back"));
    const reset = button("kl-racereset", "Begin again", "Home", act("reset"));
    const explore = button("kl-raceall", "Run every schedule", "", act("explore"));
    const sentence = h("h1", { class: "kl-sentence", "aria-live": "polite" });
    const parts = [makeRows(), makeTurns(lab), makeStates(), makeFound(lab)];
    const [rows, turns, states, found] = parts;
    const lanes = h("div", { class: "kl-racelanes" }, rows.el, turns.el);
    const picture = h("div", { class: "kl-race" }, lanes, h("div", { class: "kl-raceside" }, states.el, found.el));
    lab.view.root.dataset.part = "race";
    return {
      el: [
        h("div", { class: "kl-mini kl-racebar", role: "toolbar", "aria-label": "Race" }, reset, back, h("span", { class: "kl-racefill" }), explore),
        h("div", { class: "kl-viewbox" }, sentence, picture, twin),
      ],
      draw(frame, view) {
        if (sentence.textContent !== frame.sentence) sentence.textContent = frame.sentence ?? "";
        setAttrs(sentence, { "data-refusal": Boolean(frame.wrong) });
        setAttrs(back, { "aria-disabled": String(!frame.position) });
        setAttrs(reset, { "aria-disabled": String(!frame.position) });
        lanes.style.setProperty("--kl-tasks", String((frame.actors ?? []).length));
        twin.textContent = frame.twin ?? "";
        twin.classList.toggle("kl-hidden", !view.twin);
        picture.hidden = view.twin;
        for (const part of parts) part.draw(frame);
      },
    };
  });
}

function initializeRace({ model }) {
  linkTo(model);
}

export default { initialize: initializeRace, render: renderRace };
