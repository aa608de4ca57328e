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
  const creditors = new Set();
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
    onOwed,
    onChange,
    leave,
  };
  let fetching = false;
  let gone = false;
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
    if (message?.op === "whole") {
      fetching = false;
      link.frame = message.frame ?? {};
      link.seq = message.seq;
      tell();
    }
  });
  // A cell has changed what is shown while no page was known to show it.
  model.on("change:frame", () => {
    if (listeners.size) fetch();
    else gone = true;
  });

  /** Asks for the whole frame, where the patches that led to it are not all here. */
  function fetch() {
    if (fetching) return;
    fetching = true;
    try {
      model.send({ op: "whole" });
    } catch {
      fetching = false; // the connection is closed, and the bar says so
    }
  }

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
    // A patch with an old number is part of the whole frame already. One that does not follow is for a frame that
    // is not here: merged into another it would make one that never was.
    if (message.seq === link.seq + 1) {
      link.frame = mergePatch(link.frame, message.patch ?? {});
      link.seq = message.seq;
    } else if (message.seq > link.seq) fetch();
    // What another view of the session did comes unasked, and answers nothing.
    if (!message.unasked) waiting.shift()?.answered?.();
    tell();
  }

  /** Sends an action; `answered` is called when its patch is here, before anything is drawn. */
  function ask(action, args = {}, answered = undefined) {
    owe({ at: performance.now(), answered });
    send({ op: "do", action, ...args });
  }

  /** Says whether the page is light or dark; answered like an action. */
  function sayTheme(theme) {
    owe({ at: performance.now() });
    send({ op: "theme", theme });
  }

  function owe(answer) {
    waiting.push(answer);
    for (const creditor of creditors) creditor(busy());
  }

  /** Tells at once, before anything is drawn, how many answers are owed when something is asked. */
  function onOwed(creditor) {
    creditors.add(creditor);
    return () => creditors.delete(creditor);
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
    if (gone) fetch(); // nothing was drawn for nobody in the meantime
    gone = false;
    return () => listeners.delete(listener);
  }

  /** Says that no page shows the model any more, if that is so: Python then draws nothing for it. */
  function leave() {
    if (listeners.size) return;
    try {
      gone = true;
      model.send({ op: "gone" });
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
