// @ts-check
// Light or dark, and the colours for it: of the page, while it is open.
import { onceStyled, readPalette } from "./palette.js";

/** JupyterLab says it on the body; elsewhere the reader's own preference counts. */
function themeOfPage() {
  const light = document.body.dataset.jpThemeLight;
  if (light !== undefined) return light === "false" ? "dark" : "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * Keeps the root's theme and the view's palette as the page has them; Python draws the figures, so it is told.
 * Returns what ends it.
 * @param {HTMLElement} root
 * @param {{palette: any}} view
 */
export function followTheme(root, view, link, draw) {
  const colour = () => {
    view.palette = readPalette(root);
    draw();
  };
  const look = () => {
    const theme = themeOfPage();
    if (root.dataset.theme === theme) return;
    root.dataset.theme = theme;
    link.sayTheme(theme);
    if (view.palette) colour();
  };
  look();
  const themes = new MutationObserver(look);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", look);
  const unstyle = onceStyled(root, colour);
  return () => {
    unstyle();
    themes.disconnect();
    scheme.removeEventListener("change", look);
  };
}
