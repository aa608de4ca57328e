// @ts-check
// What the page says of itself in attributes: which frame it has drawn, where that stands, and how many answers it waits for.
import { setAttrs } from "./dom.js";

/**
 * Keeps the attributes of a widget's root true: those of the frame when it is drawn, what is owed at once.
 * @param {HTMLElement} root
 * @param {any} link
 */
export function makeStanding(root, link) {
  const owed = (count) => setAttrs(root, { "data-owed": count });
  const dispose = link.onOwed(owed);

  function draw() {
    const { frame, seq } = link;
    setAttrs(root, {
      "data-seq": seq,
      "data-position": frame.position ?? 0,
      "data-length": frame.length ?? 0,
      "data-step": frame.step ?? 0,
    });
    owed(link.busy());
  }
  return { draw, dispose };
}
