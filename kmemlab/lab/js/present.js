// @ts-check
// Present: the M layout, scaled to fill the screen, for the back row. Terminal and object card are hidden.
import { setAttrs } from "./dom.js";

const PRESENT_WIDTH = 1280;
const PRESENT_HEIGHT = 780;

/**
 * @param {HTMLElement} root goes full screen
 * @param {HTMLElement} body is scaled inside it
 * @param {() => void} resized
 */
export function makePresenter(root, body, resized) {
  let scale = 1;
  const active = () => document.fullscreenElement === root;

  function fit() {
    const on = active();
    const was = root.hasAttribute("data-present");
    if (!on && !was) return;
    setAttrs(root, { "data-present": on });
    scale = on ? Math.min(root.clientWidth / PRESENT_WIDTH, root.clientHeight / PRESENT_HEIGHT) : 1;
    body.style.width = on ? `${root.clientWidth / scale}px` : "";
    body.style.height = on ? `${root.clientHeight / scale}px` : "";
    body.style.transform = on ? `scale(${scale})` : "";
    resized();
  }
  document.addEventListener("fullscreenchange", fit);
  window.addEventListener("resize", fit);

  return {
    active,
    scale: () => scale,
    async toggle() {
      if (active()) await document.exitFullscreen();
      else await root.requestFullscreen();
    },
    dispose() {
      document.removeEventListener("fullscreenchange", fit);
      window.removeEventListener("resize", fit);
    },
  };
}
