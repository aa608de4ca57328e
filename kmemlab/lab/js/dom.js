// @ts-check
// Small builders for elements and SVG, numbers as the lab writes them, and the merge patch.

/**
 * A frame as described in docs/frame.md. It is only read, never written.
 * @typedef {Object<string, any>} Frame
 */

/**
 * What the page itself owns: nothing in here belongs to the machine.
 * @typedef {Object} View
 * @property {"L"|"M"|"S"} size layout by the width of the lab
 * @property {number} width width of the lab in CSS px
 * @property {boolean} stack true below 760 px: columns become rows
 * @property {boolean} playing
 * @property {boolean} motion false at high speed and where the reader asked for no motion
 * @property {number} scale 1, or the enlargement while presenting
 * @property {boolean} twin true if the text twin takes the place of the picture
 * @property {HTMLElement} root the element that carries the colour tokens
 * @property {any} palette colours for the canvas and for plotly, see palette.js
 */

/**
 * How a part reaches the rest of the lab.
 * @typedef {Object} Lab
 * @property {(action: string, args?: object, answered?: () => void) => void} ask sends one action to Python
 * @property {() => Frame} frame the newest frame
 * @property {View} view
 * @property {() => void} redraw draws everything again
 * @property {any} model the anywidget model
 * @property {Object<string, (...args: any[]) => void>} does what a key or a button can do
 */

const SVG_SPACE = "http://www.w3.org/2000/svg";
const MEASURING_FONT = "KmemlabInter, Inter, system-ui, sans-serif";

/** Sets attributes; `false`, `null` and `undefined` take the attribute away. */
export function setAttrs(el, attrs) {
  for (const [name, value] of Object.entries(attrs)) {
    if (value === false || value === null || value === undefined) el.removeAttribute(name);
    else if (el.getAttribute(name) !== String(value))
      el.setAttribute(name, value === true ? "" : String(value));
  }
  return el;
}

/** Builds an HTML element. Strings become text nodes: nothing here is ever parsed as HTML. */
export function h(tag, props = {}, ...children) {
  return fillElement(document.createElement(tag), props, children);
}

/** Builds an SVG element. */
export function svg(tag, props = {}, ...children) {
  return fillElement(document.createElementNS(SVG_SPACE, tag), props, children);
}

function fillElement(el, props, children) {
  const { on = {}, ...attrs } = props;
  setAttrs(el, attrs);
  for (const [event, listener] of Object.entries(on)) el.addEventListener(event, listener);
  el.append(
    ...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return el;
}

/** Text in an SVG picture. `size` in px; `anchor` is start, middle or end. */
export function svgText(
  x,
  y,
  text,
  { size = 13, weight = 400, anchor = "start", fill = "", tone = "" } = {},
) {
  const style = `font-size:${size}px;font-weight:${weight}` + (fill ? `;fill:${fill}` : "");
  return svg("text", { x, y, "text-anchor": anchor, style, class: tone }, String(text));
}

/** 40768 as "40,768". */
export function fmt(n) {
  return Math.round(n).toLocaleString("en-US");
}

/** "1 task", "2 tasks". */
export function plural(n, word) {
  return `${fmt(n)} ${word}${n === 1 ? "" : "s"}`;
}

/** "1st", "2nd", "3rd", "4th", "11th". */
export function ordinal(n) {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return n + (teen ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[n % 10] ?? "th"));
}

/**
 * A JSON merge patch (RFC 7386), with edits for lists (docs/frame.md). What the patch does not touch is shared
 * with the old value, so that a part can see with `===` whether anything of its own has changed.
 */
export function mergePatch(target, patch) {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  if (Array.isArray(target) && Array.isArray(patch["~"])) return editList(target, patch);
  const whole =
    target !== null && typeof target === "object" && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === "__proto__") continue;
    if (value === null) delete whole[key];
    else whole[key] = mergePatch(whole[key], value);
  }
  return whole;
}

/** A copy of a list after edits [at, drop, item ...], one after the other; then patches by place. */
function editList(list, patch) {
  let items = [...list];
  for (const [at, drop, ...put] of patch["~"]) {
    // More items than a call can have arguments are joined instead.
    if (put.length > 10000) items = items.slice(0, at).concat(put, items.slice(at + drop));
    else items.splice(at, drop, ...put);
  }
  for (const [place, inner] of Object.entries(patch)) {
    if (place !== "~") items[Number(place)] = mergePatch(items[Number(place)], inner);
  }
  return items;
}

let drawnSince = 0;

/** Lets everything be drawn anew at the next draw: after a part broke off, what it has seen is not what it shows. */
export function forgetDrawn() {
  drawnSince += 1;
}

/** Returns a function that says whether its arguments differ from those of its last call. */
export function changeDetector() {
  let last = null;
  return (...args) => {
    const now = [drawnSince, ...args];
    const same = last !== null && last.length === now.length && now.every((value, i) => value === last[i]);
    last = now;
    return !same;
  };
}

let measuringContext = null;

/** Width in px of a text in the lab's font. */
export function textWidth(text, size, weight = 400) {
  measuringContext ??= document.createElement("canvas").getContext("2d");
  measuringContext.font = `${weight} ${size}px ${MEASURING_FONT}`;
  // The lab's digits are tabular, but a canvas outside the page does not know it: each is as wide as 0.
  return measuringContext.measureText(String(text).replace(/[0-9]/g, "0")).width;
}

/** Cuts a text with an ellipsis so that it takes at most `room` px. */
export function fitText(text, room, size, weight = 400) {
  if (textWidth(text, size, weight) <= room) return text;
  // Halving: a name may have thousands of letters, and each measure of it costs what it is long.
  let [fits, tooLong] = [1, text.length];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (textWidth(text.slice(0, middle) + "…", size, weight) <= room) fits = middle;
    else tooLong = middle;
  }
  return text.slice(0, fits) + "…";
}

/**
 * Where a pointer is inside an element, in the element's own px even while it is scaled up for
 * presenting.
 */
export function localPoint(event, el) {
  const box = el.getBoundingClientRect();
  const scale = box.width / (el.offsetWidth || box.width || 1);
  return { x: (event.clientX - box.left) / scale, y: (event.clientY - box.top) / scale };
}

/** The inner width of an element, without its padding. */
export function innerWidthOf(el) {
  const style = getComputedStyle(el);
  return Math.max(0, el.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
}

let idCount = 0;

/** An id that no other element of the page has, for aria attributes. */
export function uniqueId(what) {
  idCount += 1;
  return `kl-${what}-${idCount}-${Math.random().toString(36).slice(2, 8)}`;
}
