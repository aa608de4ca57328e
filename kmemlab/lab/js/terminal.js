// @ts-check
// The terminal: the shell's words, then one quiet line of ours. At L with its history; below that one line,
// and the history is a drawer over the timeline. Everything is set as text, never as HTML.
import { h, setAttrs, changeDetector } from "./dom.js";

const CANDIDATES_SHOWN = 6;
const COMPLETE_DELAY = 70;
const HISTORY_SHOWN = 200;
const ABOVE_NEWEST = 4;

/** @param {import("./dom.js").Lab} lab */
export function makeTerminal(lab) {
  const history = h("div", {
    class: "kl-history",
    role: "log",
    "aria-label": "Terminal history",
    tabindex: "-1",
  });
  const candidates = h("div", { class: "kl-cands", hidden: true });
  const ghost = h("span", { class: "kl-ghost", "aria-hidden": "true" });
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      class: "kl-input",
      type: "text",
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      "aria-label": "Command",
      "aria-keyshortcuts": "/",
    })
  );
  const completes = h("span", { class: "kl-completes", hidden: true }, h("kbd", {}, "Tab"), " completes");
  const last = h("button", { class: "kl-last kl-mono", type: "button", tabindex: "-1", title: "History" });
  const prompt = h(
    "div",
    { class: "kl-prompt kl-mono" },
    h("kbd", { class: "kl-slash" }, "/"),
    h("span", { class: "kl-hash" }, "# "),
    h("span", { class: "kl-field" }, ghost, input),
    completes,
    last,
  );
  const el = h("section", { class: "kl-term", "aria-label": "Terminal" }, history, candidates, prompt);
  const changed = changeDetector();

  let lines = [];
  let place = 0;
  let asked = null;
  let rest = "";
  let timer = 0;

  const showGhost = () => {
    const fresh = asked === input.value && rest !== "";
    ghost.replaceChildren(h("span", {}, input.value), fresh ? rest : "");
    completes.hidden = !fresh;
  };
  const complete = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const line = input.value;
      asked = null;
      if (line)
        lab.ask("complete", { line }, () => {
          asked = line;
        });
    }, COMPLETE_DELAY);
  };
  const put = (line) => {
    input.value = line;
    input.setSelectionRange(line.length, line.length);
    candidates.hidden = true;
    showGhost();
    complete();
  };
  const openDrawer = (open) => {
    el.classList.toggle("kl-open", open);
    if (open) showNewest(history);
  };
  const recall = (by) => {
    const commands = lines.map((entry) => entry.cmd).filter(Boolean);
    place = Math.min(commands.length, Math.max(0, place + by));
    put(commands[place] ?? "");
  };
  const acceptGhost = () => {
    if (asked === input.value && rest) put(input.value + rest);
  };
  const run = () => {
    const line = input.value;
    if (!line.trim()) return;
    clearTimeout(timer);
    lab.does.run(line);
    input.value = "";
    asked = null;
    candidates.hidden = true;
    openDrawer(true);
    showGhost();
  };

  input.addEventListener("input", () => {
    candidates.hidden = true;
    showGhost();
    complete();
  });
  input.addEventListener("focus", () => openDrawer(true));
  prompt.addEventListener("pointerdown", (event) => {
    if (event.target === input || last.contains(/** @type {any} */ (event.target))) return;
    event.preventDefault();
    input.focus();
  });
  // The button is hidden while the history is open: the focus goes where it can stay.
  last.addEventListener("click", () => input.focus());
  el.addEventListener("focusout", (event) => {
    if (!el.contains(/** @type {any} */ (event.relatedTarget))) openDrawer(false);
  });
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = {
      Enter: run,
      ArrowUp: () => recall(-1),
      ArrowDown: () => recall(1),
      Escape: () => lab.does.leave(),
      Tab: event.shiftKey ? null : acceptGhost,
    }[event.key];
    if (!action) return;
    // Tab stays here: whoever wants to leave presses Esc first, as in the table of keys.
    event.preventDefault();
    action();
  });

  // How much of the last answer there is room for changes with the window, without a frame.
  new ResizeObserver(() => fitLast(last)).observe(prompt);

  return {
    el,
    /** Puts the cursor at the prompt, with a line that waits for Enter if one is given. */
    type(line) {
      input.focus();
      if (line !== undefined) put(line);
    },
    close() {
      const was = el.classList.contains("kl-open");
      openDrawer(false);
      return was;
    },
    draw(frame) {
      const terminal = frame.terminal ?? {};
      rest = terminal.ghost ?? "";
      const names = terminal.completions ?? [];
      const several = asked === input.value && names.length > 1 && input.value !== "";
      candidates.hidden = !several;
      if (several) {
        const more = names.length - CANDIDATES_SHOWN;
        candidates.replaceChildren(
          ...names.slice(0, CANDIDATES_SHOWN).map((name) => h("span", {}, name)),
          more > 0 ? h("span", { class: "kl-s3" }, `and ${more} more`) : "",
        );
      }
      showGhost();
      if (!changed(terminal.history)) return;
      lines = terminal.history ?? [];
      place = lines.filter((entry) => entry.cmd).length;
      history.replaceChildren(...lines.slice(-HISTORY_SHOWN).flatMap(historyLines));
      showNewest(history);
      drawLast(last, lines[lines.length - 1]);
    },
  };
}

/** One command and what came back. */
function historyLines(entry) {
  const line = (kind, text) => (text ? h("div", { class: kind }, text) : null);
  return [
    entry.cmd === undefined ? null : h("div", { class: "kl-cmd" }, `# ${entry.cmd}`),
    line("kl-out", entry.out),
    line("kl-err", entry.err),
    line("kl-hint", entry.hint),
  ].filter(Boolean);
}

/** Scrolls to the end; an answer that is longer than its place is read from its beginning. */
function showNewest(history) {
  history.scrollTop = history.scrollHeight;
  const commands = history.querySelectorAll(".kl-cmd");
  const newest = commands[commands.length - 1];
  const above = newest ? history.getBoundingClientRect().top - newest.getBoundingClientRect().top : 0;
  if (above > 0) history.scrollTop -= above + ABOVE_NEWEST;
}

/** Below L: the last command and its answer at the end of the prompt line. */
function drawLast(last, entry) {
  const [answer] = (entry?.err || entry?.out || "").split("\n");
  setAttrs(last, { hidden: !entry });
  last.replaceChildren(
    ...(entry ? [`# ${entry.cmd ?? ""}`, h("span", { class: entry.err ? "kl-no" : "", "data-whole": answer }, answer)] : []),
  );
  fitLast(last);
}

/** Leaves out what there is no room for, in whole words. */
function fitLast(last) {
  const span = last.querySelector("span");
  if (!span) return;
  const whole = span.dataset.whole;
  span.textContent = whole;
  const over = last.scrollWidth - last.clientWidth;
  if (over <= 0) return;
  const ends = [...whole.matchAll(/\S+/g)].map((word) => word.index + word[0].length);
  // The letters are all of one width, so this is near; what is still too long loses one word after the other.
  const room = whole.length - Math.floor((over * last.textContent.length) / last.scrollWidth);
  let words = ends.filter((end) => end <= room).length;
  do span.textContent = `${whole.slice(0, ends[words - 1] ?? 0)} …`;
  while (last.scrollWidth > last.clientWidth && words-- > 0);
}
