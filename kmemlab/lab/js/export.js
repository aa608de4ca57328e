// @ts-check
// Pictures as files: the whole lab as an SVG that Python draws, the picture on the stage as SVG or PNG.
import { h } from "./dom.js";

const SHARPNESS = 2; // pixels of a PNG for one of the page

/** Hands a file to the reader. */
export function download(content, name) {
  const address = URL.createObjectURL(content);
  const anchor = /** @type {HTMLAnchorElement} */ (h("a", { href: address, download: name }));
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** Downloads what Plotly has drawn. @param {HTMLElement} plot @param {"svg" | "png"} format */
async function savePlot(plot, format, name) {
  const P = globalThis.Plotly;
  const drawn = /** @type {any} */ (plot)._fullLayout;
  if (!P || !drawn) throw new Error("it is not drawn yet");
  const scale = format === "png" ? SHARPNESS : 1;
  const address = await P.toImage(plot, { format, width: drawn.width, height: drawn.height, scale });
  download(await (await fetch(address)).blob(), `${name}.${format}`);
}

/** Downloads a canvas as a PNG on the page's own ground. @param {HTMLCanvasElement} canvas */
async function saveCanvas(canvas, ground, name) {
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  const ctx = /** @type {CanvasRenderingContext2D} */ (copy.getContext("2d"));
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, copy.width, copy.height);
  ctx.drawImage(canvas, 0, 0);
  const blob = await new Promise((done) => copy.toBlob(done, "image/png"));
  if (!blob) throw new Error("it is empty");
  download(blob, `${name}.png`);
}

/**
 * What the menu's entries do.
 * @param {any} link the line to Python
 * @param {() => HTMLElement} root
 * @param {(words: string) => void} say
 */
export function makeExport(link, root, say) {
  const name = (part) => `kmemlab-${part}-event-${link.frame.position ?? 0}`;
  const told = (saving) => saving.catch((error) => say(`This picture could not be saved: ${error?.message ?? error}.`));
  return {
    /** The whole lab, drawn by Python as a saved notebook has it. */
    savePicture: () =>
      link.ask("picture", {}, () => {
        const found = link.frame.given;
        if (found?.kind === "picture") download(new Blob([found.text], { type: "image/svg+xml" }), `${name("lab")}.svg`);
      }),
    /** The picture on the stage; the slab pages are a canvas, and that is a PNG. */
    saveStage() {
      const tab = link.frame.tab ?? "slabs";
      const canvas = /** @type {HTMLCanvasElement} */ (root().querySelector("canvas.kl-slabs"));
      const plot = /** @type {HTMLElement} */ (root().querySelector(".kl-stage .kl-figure"));
      const ground = getComputedStyle(root()).getPropertyValue("--kl-canvas").trim();
      if (tab === "slabs") return told(saveCanvas(canvas, ground, name("slabs")));
      return told(savePlot(plot, "svg", name(tab)));
    },
  };
}

/** Two small buttons under a picture of its own. @param {HTMLElement} root of the panel */
export function makeSaveButtons(root) {
  const words = h("span", { role: "status" });
  const save = (format) =>
    h(
      "button",
      {
        class: "kl-ghostbutton",
        type: "button",
        title: `Save this picture as ${format.toUpperCase()}`,
        on: {
          click: () => {
            const plot = /** @type {HTMLElement} */ (root.querySelector(".kl-figure"));
            savePlot(plot, format, "kmemlab-picture").catch((error) => {
              words.textContent = `Not saved: ${error?.message ?? error}.`;
            });
          },
        },
      },
      format.toUpperCase(),
    );
  return h("p", { class: "kl-saves" }, words, save("svg"), save("png"));
}
