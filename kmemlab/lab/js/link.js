// @ts-check
// The line to Python: the newest frame of a model, kept by merging patches, and the actions that are on their
// way. Two views of one model share one link.
import { mergePatch } from "./dom.js";

const LINKS = new WeakMap();
// An answer that has not come by then is given up, so that a lost message cannot stop the play for ever.
const ANSWER_LOST_MS = 10000;
// What is quicker than this is not called work.
const WORKING_AFTER_MS = 150;
// A lab whose Jupyter kernel is gone looks alive: after this long without an answer it says so.
const SILENT_AFTER_MS = 4000;

/** The link of an anywidget model; made when it is first asked for. */
export function linkTo(model) {
  let link = LINKS.get(model);
  if (!link) LINKS.set(model, (link = makeLink(model)));
  return link;
}

function makeLink(model) {
  const listeners = new Set();
  const waiting = [];
  // A page that opens late, or again, begins with the whole frame and its number.
  const link = {
    frame: wholeFrame(model),
    seq: Number(model.get("seq")) || 0,
    working: false,
    silent: false,
    ask,
    sayTheme,
    busy,
    onChange,
    leave,
  };
  let stale = link.seq === 0;
  let timer = 0;
  let silence = 0;

  const tell = () => {
    for (const listener of listeners) listener();
  };

  model.on("msg:custom", (message) => {
    if (message?.op === "working") {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        link.working = true;
        tell();
      }, WORKING_AFTER_MS);
    }
    if (message?.op === "patch") takePatch(message);
  });
  // The whole frame replaces what patches have made only where a patch is known to be missing.
  model.on("change:frame", () => {
    if (!stale) return;
    stale = link.seq === 0;
    link.frame = wholeFrame(model);
    tell();
  });

  // The line itself says when it was cut: nobody has to press a key to find out.
  model.on("comm_live_update", () => {
    link.silent = true;
    tell();
  });

  function takePatch(message) {
    if (!message.unasked) {
      clearTimeout(timer);
      clearTimeout(silence);
      link.working = false;
    }
    link.silent = false;
    // A patch with an old number is part of the whole frame already.
    if (message.seq > link.seq) {
      stale = link.seq !== 0 && message.seq !== link.seq + 1;
      if (stale) console.warn(`kmemlab: patches ${link.seq + 1} to ${message.seq - 1} are missing`);
      link.frame = mergePatch(link.frame, message.patch ?? {});
      link.seq = message.seq;
    }
    // What another view of the session did comes unasked, and answers nothing.
    if (!message.unasked) waiting.shift()?.answered?.();
    tell();
  }

  /** Sends an action; `answered` is called when its patch is here, before anything is drawn. */
  function ask(action, args = {}, answered = undefined) {
    waiting.push({ at: performance.now(), answered });
    send({ op: "do", action, ...args });
  }

  /** Says whether the page is light or dark; answered like an action. */
  function sayTheme(theme) {
    waiting.push({ at: performance.now() });
    send({ op: "theme", theme });
  }

  /** Sends a message; without an answer the lab will say that it has none. */
  function send(message) {
    clearTimeout(silence);
    silence = window.setTimeout(() => {
      link.silent = !link.working;
      tell();
    }, SILENT_AFTER_MS);
    try {
      model.send(message);
    } catch {
      link.silent = true; // the connection is closed: the Jupyter kernel was restarted or is gone
      tell();
    }
  }

  /** How many actions have no answer yet. */
  function busy() {
    while (waiting.length && performance.now() - waiting[0].at > ANSWER_LOST_MS) waiting.shift();
    return waiting.length;
  }

  function onChange(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Says that no page shows the model any more, if that is so: Python then draws nothing for it. */
  function leave() {
    if (listeners.size) return;
    try {
      model.send({ op: "gone" });
      stale = true; // no patches come from now on: the whole frame does
    } catch {
      // the model is closed, which says the same
    }
  }
  return link;
}

function wholeFrame(model) {
  const frame = model.get("frame");
  return frame !== null && typeof frame === "object" ? frame : {};
}
