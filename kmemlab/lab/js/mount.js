// @ts-check
// What every small widget has around its picture: the root element, the page's theme, its own width, the play,
// and the keys that make sense without the rest of the lab.
import { h, setAttrs } from "./dom.js";
import { followTheme } from "./pagetheme.js";
import { makeWalks } from "./walks.js";
import { linkTo } from "./link.js";
import { makeStanding } from "./standing.js";
import { makePlayer } from "./play.js";
import { listenToKeys } from "./keys.js";
import { holdBar } from "./predict.js";
import { makeCurtain } from "./curtain.js";

const STACK_SMALL_BELOW = 760;
// Narrower than this there is no room for one slab's cells: it waits until it is wider.
const NARROWEST = 200;
const SMALL_NOT_CONNECTED =
  "Not connected: the Jupyter kernel does not answer. If it was restarted, run this cell again; the picture stays.";

/** A line below the picture for what Python has to say. */
function makeWords() {
  const el = h("p", { class: "kl-smallnotice", role: "status", hidden: true });
  return {
    el,
    draw(notice) {
      el.hidden = !notice;
      if (!notice) return;
      setAttrs(el, { "data-kind": notice.kind });
      el.textContent = notice.text;
    },
  };
}

/** What a key or a button can do in a small widget. */
function smallActions(link, player, state, redraw) {
  const frame = () => link.frame;
  const { walks } = makeWalks(link, player, state, redraw);
  return {
    ...walks,
    play() {
      if (player.playing || frame().position < (frame().length ?? 0)) player.toggle();
      redraw();
    },
    choose: (path) => link.ask("choose", path === frame().chosen ? {} : { path }),
    /** There is no life story here: a cell stands for its owner. */
    object(cell) {
      const owner = cell && frame().slabs?.rows?.[cell.slab]?.owners?.[cell.slot];
      if (owner >= 0 && owner !== frame().selected) link.ask("select", { id: owner });
      else if (frame().selected !== undefined) link.ask("select");
    },
    twin() {
      state.twin = !state.twin;
      redraw();
    },
    escape() {
      if (frame().selected !== undefined) link.ask("select");
    },
  };
}

/**
 * Puts a small widget on the page.
 * @param {{model: any, el: HTMLElement}} place
 * @param {string} name what a screen reader calls it
 * @param {(lab: any) => {el: HTMLElement[], draw: (frame: any, view: any, seq: number, state: any) => void, dispose?: () => void}} build
 * @param {(width: number) => string} sizeOf the size of its type by its width
 */
export function mountSmall({ model, el }, name, build, sizeOf = () => "S") {
  const link = linkTo(model);
  const root = h("div", {
    class: "kmemlab-lab kmemlab-view",
    tabindex: "-1",
    role: "region",
    "aria-label": name,
    "data-size": "S",
    "data-lm-suppress-shortcuts": "true",
  });
  /** @type {any} */
  const view = { size: "S", width: 0, stack: false, playing: false, motion: true, scale: 1, twin: false, root, palette: null };
  const state = { notice: null, twin: false };
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  const player = makePlayer(link, () => draw());
  const standing = makeStanding(root, link);
  /** @type {any} */
  const lab = { model, view, frame: () => link.frame, ask: link.ask, redraw: () => draw(), does: {} };
  const actions = smallActions(link, player, state, () => draw());
  // What a small widget cannot do (type a command, share) does nothing in it.
  lab.does = new Proxy(actions, { get: (all, key) => all[key] ?? (() => undefined) });
  const words = makeWords();
  const parts = build(lab);
  const body = h("div", { class: "kl-body" }, ...parts.el, words.el);
  root.append(body);
  const curtained = makeCurtain(root, body);
  listenToKeys(root, lab.does);
  // A click leaves the keys with the widget, not with the button that was clicked.
  root.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.detail && target.closest("button, [role=treeitem], canvas, svg") && !target.closest("input, select"))
      root.focus({ preventScroll: true });
  });

  function measure() {
    view.width = root.clientWidth;
    view.stack = view.width < STACK_SMALL_BELOW;
    view.size = sizeOf(view.width);
    setAttrs(root, { "data-stack": String(view.stack), "data-size": view.size });
    draw();
  }

  function draw() {
    const { frame, seq } = link;
    if (view.width < NARROWEST || !view.palette) return;
    Object.assign(view, {
      playing: player.playing,
      motion: !stillness.matches && !player.calm(),
      twin: state.twin,
    });
    setAttrs(root, { "data-motion": String(view.motion), "data-playing": String(view.playing) });
    if (!curtained(frame)) parts.draw(frame, view, seq, { working: link.working });
    // A question that is open in any view of the session holds them all.
    holdBar(root, Boolean(frame.predict) && frame.predict.chosen === undefined);
    words.draw(link.silent ? { kind: "error", text: SMALL_NOT_CONNECTED } : frame.notice);
    standing.draw();
  }

  el.append(root);
  const unfollow = followTheme(root, view, link, draw);
  const widths = new ResizeObserver(() => measure());
  widths.observe(root);
  const off = link.onChange(draw);
  return () => {
    unfollow();
    off();
    standing.dispose();
    player.dispose();
    link.leave();
    parts.dispose?.();
    widths.disconnect();
    root.remove();
  };
}
