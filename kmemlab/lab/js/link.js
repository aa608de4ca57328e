// @ts-check
// The line to Python: the newest frame of a model, kept by merging patches, and the actions that are on
// their way. Two views of one model share one link.
import { mergePatch } from "./dom.js";

const LINKS = new WeakMap();
// An answer that has not come by then is given up, so that a lost message cannot stop the play for ever.
const ANSWER_LOST_MS = 10000;

/** The link of an anywidget model; made when it is first asked for. */
export function linkTo(model) {
  let link = LINKS.get(model);
  if (!link) LINKS.set(model, (link = makeLink(model)));
  return link;
}

function makeLink(model) {
  const listeners = new Set();
  const waiting = [];
  const link = { frame: model.get("frame") ?? {}, seq: 0, working: false, ask, busy, onChange };
  let stale = false;

  const tell = () => {
    for (const listener of listeners) listener();
  };

  model.on("msg:custom", (message) => {
    if (message?.op === "working") {
      link.working = true;
      tell();
    }
    if (message?.op !== "patch") return;
    // A gap means that a patch was lost (or that another page was faster): begin again from the synced frame.
    stale = link.seq !== 0 && message.seq !== link.seq + 1;
    link.frame = mergePatch(stale ? model.get("frame") : link.frame, message.patch ?? {});
    link.seq = message.seq;
    link.working = false;
    const done = waiting.shift();
    done?.answered?.();
    tell();
  });
  model.on("change:frame", () => {
    if (!stale && link.seq !== 0) return;
    stale = false;
    link.frame = model.get("frame") ?? {};
    tell();
  });

  /** Sends an action; `whenAnswered` is called when its patch is here, before anything is drawn. */
  function ask(action, args = {}, whenAnswered = undefined) {
    waiting.push({ at: performance.now(), answered: whenAnswered });
    model.send({ op: "do", action, ...args });
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
  return link;
}
