// @ts-check
// Colour tokens. They are written once, in css/tokens.css; canvas and plotly read them from there.

const TOKEN_NAMES = [
  "canvas",
  "raise",
  "line",
  "line2",
  "ink",
  "ink2",
  "ink3",
  "hush",
  "none",
  "nonex",
  "no",
  "not",
  "nox",
  "on",
  "free",
];
const HUE_COUNT = 6;

/**
 * Calls `done` once the style sheet counts for the root, and again when the font is there: a canvas does not wait for either
 * by itself, and without the sheet every colour is black. Returns what ends the waiting.
 */
export function onceStyled(root, done) {
  let ended = false;
  const look = () => {
    if (ended) return;
    if (!getComputedStyle(root).getPropertyValue("--kl-ink")) {
      requestAnimationFrame(look);
      return;
    }
    done();
    document.fonts?.load("600 16px KmemlabInter").then(
      () => ended || done(),
      () => {},
    );
  };
  look();
  return () => (ended = true);
}

/** Reads the colours of the theme that is set on the root. */
export function readPalette(root) {
  const style = getComputedStyle(root);
  const token = (name) => style.getPropertyValue("--kl-" + name).trim();
  /** @type {Object<string, any>} */
  const palette = Object.fromEntries(TOKEN_NAMES.map((name) => [name, token(name)]));
  palette.hues = Array.from({ length: HUE_COUNT }, (_, i) => ({
    solid: token(`h${i}`),
    tint: token(`h${i}t`),
    text: token(`h${i}x`),
    on: token(`h${i}on`),
  }));
  palette.font = style.fontFamily;
  if (matchMedia("(forced-colors: active)").matches) forceColours(palette, root);
  return palette;
}

/**
 * Where the reader's own few colours count, a canvas is not recoloured by the browser: tints go, letters, outlines and ✕
 * stay, what is selected is highlighted.
 */
function forceColours(palette, root) {
  const probe = document.createElement("i");
  root.append(probe);
  const system = (name) => {
    probe.style.color = name;
    return getComputedStyle(probe).color;
  };
  const [ground, text, quiet] = [system("Canvas"), system("CanvasText"), system("GrayText")];
  const [chosen, onChosen] = [system("Highlight"), system("HighlightText")];
  probe.remove();
  for (const name of ["canvas", "raise", "none", "not", "free"]) palette[name] = ground;
  for (const name of ["ink", "ink2", "ink3", "nonex", "no", "nox", "line2"]) palette[name] = text;
  for (const name of ["line", "hush"]) palette[name] = quiet;
  palette.on = onChosen;
  palette.hues.forEach((hue) => Object.assign(hue, { solid: chosen, tint: ground, text, on: onChosen }));
  palette.forced = true;
}

/**
 * The CSS variable of a container's hue; part "" is solid, "t" tint, "x" text, "on" the letter on the
 * solid.
 */
export function hueVar(container, part = "") {
  return `var(--kl-h${(container.hue ?? 0) % HUE_COUNT}${part})`;
}

/**
 * How an owner looks in a cell: solid if its container is selected, tinted if not, grey with a dash without
 * an owner. `containers` maps id to container.
 */
export function ownerLook(containers, owner, selected, palette) {
  const container = containers.get(owner);
  if (owner === -1 || !container) {
    return {
      fill: palette.none,
      text: palette.nonex,
      letter: owner === -1 ? "–" : "?",
      solid: false,
      stripe: false,
    };
  }
  const hue = palette.hues[(container.hue ?? 0) % HUE_COUNT];
  const solid = owner === selected;
  return {
    fill: solid ? hue.solid : hue.tint,
    text: solid ? hue.on : hue.text,
    letter: container.letter,
    strip: hue.solid,
    solid,
    stripe: Boolean(container.stripe),
  };
}

/** Background of a chip or gauge: the hue, with diagonal stripes from the seventh owner on. */
export function ownerBackground(container, part = "") {
  const colour = hueVar(container, part);
  if (!container.stripe) return colour;
  return `repeating-linear-gradient(135deg, ${colour} 0 4px, var(--kl-stripe) 4px 6px)`;
}

/** Containers of a frame by id. */
export function containersById(frame) {
  return new Map((frame.containers ?? []).map((container) => [container.id, container]));
}
