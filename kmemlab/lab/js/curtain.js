// @ts-check
// A picture that would show what an open question asks waits for the answer: its words stand in its place.
import { h, setAttrs } from "./dom.js";

/**
 * Returns what draws the curtain before the body of a widget, and says whether it is down.
 * @param {HTMLElement} root
 * @param {HTMLElement} body
 * @returns {(frame: any) => boolean}
 */
export function makeCurtain(root, body) {
  const el = h("p", { class: "kl-curtain", role: "status", hidden: true });
  root.append(el);
  return (frame) => {
    const down = Boolean(frame.curtain);
    setAttrs(root, { "data-curtain": down ? frame.curtain.number : false });
    body.hidden = down;
    el.hidden = !down;
    if (down) el.textContent = frame.curtain.words;
    return down;
  };
}
