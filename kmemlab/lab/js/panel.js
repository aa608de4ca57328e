// @ts-check
// One Plotly figure in a cell, with the lab's own loader and theme: plotly.js once per page, not once per figure.
import { h, uniqueId } from "./dom.js";
import { makeSaveButtons } from "./export.js";
import { makeFigure } from "./figure.js";
import { readPalette } from "./palette.js";

const PANEL_THEME_ATTRIBUTES = ["data-jp-theme-light", "data-jp-theme-name"];

function panelTheme() {
  const light = document.body.dataset.jpThemeLight;
  if (light !== undefined) return light === "false" ? "dark" : "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** @param {{model: any, el: HTMLElement}} args */
function renderPanel({ model, el }) {
  const ask = (action, args) => model.send({ op: action, ...args });
  const figure = makeFigure(/** @type {any} */ ({ model, ask, frame: () => ({}), does: {} }));
  const twin = h("pre", { class: "kl-twin kl-hidden", id: uniqueId("twin") });
  const root = h(
    "div",
    { class: "kmemlab-lab kmemlab-panel" },
    figure.el,
    twin,
  );
  const saves = makeSaveButtons(root);
  root.append(saves);
  const curtain = h("p", { class: "kl-curtain", role: "status", hidden: true });
  root.append(curtain);
  figure.el.setAttribute("aria-describedby", twin.id);
  el.append(root);
  const view = /** @type {any} */ ({ size: "L", scale: 1, root });
  let seq = 0;

  function draw() {
    const theme = panelTheme();
    if (root.dataset.theme !== theme || !view.palette) {
      root.dataset.theme = theme;
      view.palette = readPalette(root);
    }
    const words = model.get("curtain");
    curtain.hidden = !words;
    curtain.textContent = words;
    figure.el.hidden = saves.hidden = Boolean(words);
    if (words) return;
    const shown = model.get("pictures")[theme];
    twin.textContent = model.get("twin");
    figure.draw({ figure: shown, question: model.get("question") }, view, root.clientWidth, (seq += 1));
  }

  const onChange = () => draw();
  model.on("change:pictures", onChange);
  model.on("change:curtain", onChange);
  // JupyterLab hides the page while it changes themes, and may show it again before anybody sees another size.
  let soon = 0;
  const onTheme = () => {
    draw();
    cancelAnimationFrame(soon);
    soon = requestAnimationFrame(draw);
  };
  const sizes = new ResizeObserver(draw);
  sizes.observe(root);
  const themes = new MutationObserver(onTheme);
  themes.observe(document.body, { attributes: true, attributeFilter: PANEL_THEME_ATTRIBUTES });
  return () => {
    model.off("change:pictures", onChange);
    model.off("change:curtain", onChange);
    sizes.disconnect();
    themes.disconnect();
    cancelAnimationFrame(soon);
    figure.dispose();
  };
}

export default { render: renderPanel };
