// @ts-check
// Every picture but the slab pages is a Plotly figure. plotly.js is loaded once per page, by the first of
// these that works: it is there already; the plotly wheel's JupyterLab extension has it; the Jupyter kernel
// sends it.
import { h, setAttrs, changeDetector } from "./dom.js";
import { choiceOf, chooseContainer } from "./figureclick.js";
import { themedFigure } from "./figuretheme.js";

const OLDEST_PLOTLY = 3;
const FIGURE_HEIGHT = { L: 470, M: 350, S: 321 };
const CAPTION_HEIGHT = 26;
// Python lays a figure out for the stage's width in steps of this many px; what is left over stretches.
const WIDTH_STEP = 20;
// While a window is being resized nobody needs a new figure for each width that it passes.
const RESIZED_AFTER_MS = 150;
// Figures that do not say what they are laid out for need this width: on a narrower page they are scrolled, for their words
// must stay legible. One that was laid out for another width is made smaller as a whole, until Python has laid it out anew.
const FIGURE_WIDTH = 848;
const SMALLEST_SCALE = 0.62;

const usablePlotly = (P) => (P?.react && parseInt(P.version, 10) >= OLDEST_PLOTLY ? P : null);

const PLOTLY_LOADERS = {
  page: async () => usablePlotly(globalThis.Plotly),
  labext: plotlyFromExtension,
  kernel: plotlyFromKernel,
};

/** JupyterLab, Voila and JupyterLite fetch plotly's chunk at start; drawing one empty figure evaluates it. */
async function plotlyFromExtension() {
  const box = globalThis._JUPYTERLAB?.["jupyterlab-plotly"];
  if (!box) return null;
  const module = (await box.get("./mimeExtension"))();
  const plugin = [module.default].flat()[0];
  const mimeType = plugin.rendererFactory.mimeTypes[0];
  const renderer = plugin.rendererFactory.createRenderer({ mimeType });
  await renderer.renderModel({
    data: { [mimeType]: { data: [], layout: {} } },
    metadata: {},
    setData() {},
  });
  renderer.dispose();
  return usablePlotly(globalThis.Plotly);
}

/** Asks the Python side for plotly.min.js; it answers {op: "plotly", gz} with the file as a buffer. */
function plotlyFromKernel(model) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(new Error("the Jupyter kernel did not send plotly.js")), 30000);
    const onMessage = (message, buffers) => {
      if (message?.op !== "plotly") return;
      evaluateScript(buffers?.[0], message.gz).then((P) => finish(null, P), finish);
    };
    function finish(error, P = null) {
      clearTimeout(timer);
      model.off("msg:custom", onMessage);
      if (error) reject(error);
      else resolve(P);
    }
    model.on("msg:custom", onMessage);
    model.send({ op: "need-plotly" });
  });
}

async function evaluateScript(buffer, zipped) {
  if (!buffer) throw new Error("the Jupyter kernel has no plotly.js");
  let body = new Blob([buffer]);
  if (zipped) body = await new Response(body.stream().pipeThrough(new DecompressionStream("gzip"))).blob();
  const src = URL.createObjectURL(new Blob([body], { type: "text/javascript" }));
  try {
    await new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src, onload: resolve });
      script.onerror = () => reject(new Error("the page may not run plotly.js"));
      document.head.append(script);
    });
  } finally {
    URL.revokeObjectURL(src);
  }
  return usablePlotly(globalThis.Plotly);
}

/** The one plotly.js of this page. `__kmemlab_plotly__` tells which loader brought it, and in how many ms. */
function loadPlotly(model) {
  const shared = (globalThis.__kmemlab_plotly__ ??= { loader: null, ms: 0, ready: null });
  shared.ready ??= (async () => {
    let reason = "plotly.js was not found";
    for (const [loader, load] of Object.entries(PLOTLY_LOADERS)) {
      const start = performance.now();
      try {
        const P = await load(model);
        if (P) return Object.assign(shared, { loader, ms: Math.round(performance.now() - start) }) && P;
      } catch (error) {
        reason = error?.message ?? String(error);
        console.warn(`kmemlab: plotly.js not loaded by ${loader}:`, error);
      }
    }
    shared.ready = null;
    throw new Error(reason);
  })();
  return shared.ready;
}

/** Size at which a figure is drawn, and the scale at which it is shown. */
function figurePlace(figure, view, width, captioned) {
  const tall = figure.layout?.meta?.tall && figure.layout.height; // a row for each of many things, in a cell of its own
  const room = tall || FIGURE_HEIGHT[view.size] - (captioned ? CAPTION_HEIGHT : 0);
  const asked = figure.layout?.height ?? room;
  // Most figures take the room there is: the words keep their size, the bars give. One made of lines of text keeps
  // its height and is scrolled.
  const height = figure.layout?.meta?.lines ? asked : Math.min(asked, room);
  const high = view.scale > 1 ? Math.min(1, room / height) : 1;
  const laid = figure.layout?.meta?.laid;
  const scale = Math.max(SMALLEST_SCALE, Math.min(1, laid ? width / laid : 1, high));
  const needed = laid ? width / scale : Math.max(width / scale, FIGURE_WIDTH);
  return { width: Math.round(needed), height, scale, room };
}

/** @param {import("./dom.js").Lab} lab */
export function makeFigure(lab) {
  const plot = h("div", { class: "kl-figure" });
  const box = h("div", { class: "kl-plotbox" }, plot);
  const words = h("p", { class: "kl-failed", role: "alert", hidden: true });
  const caption = h("p", { class: "kl-caption" });
  const el = h("div", { class: "kl-figurebox" }, words, box, caption);
  const changed = changeDetector();
  let wanted = 0;
  let pending = false;
  let newest = 0;
  let loaded = null;
  let measured = null;
  let said = "";
  let resized = 0;
  let listening = false;

  /** What is clicked in a picture is chosen in the lab: a container, a cache or a page. */
  function onClick(event) {
    const choice = choiceOf(event, plot);
    if (!choice || !lab.ask) return;
    const container = lab.frame().containers?.find((each) => each.path === choice.path);
    if (choice.path !== undefined) chooseContainer(lab, container);
    else if (choice.cache !== undefined) lab.ask("cache", { name: choice.cache });
    else lab.ask("page", { pfn: choice.pfn });
  }

  /** What Python lays figures out for: the lab's size and the stage's width. */
  const room = () => {
    if (!measured) return {};
    said = JSON.stringify(measured);
    return measured;
  };

  const fail = (error) => {
    words.hidden = false;
    box.hidden = true;
    const reason = error?.message ?? error;
    words.textContent = `This picture could not be drawn: ${reason}. The machine is unharmed.`;
  };

  async function paint(P, figure, view, place, turn) {
    loaded = P;
    if (turn !== wanted) return;
    words.hidden = true;
    box.hidden = false;
    // The box has the stage's height whatever is in it, so that nothing below it moves.
    box.style.height = `${place.room}px`;
    setAttrs(box, {
      "data-scrolls": place.height * place.scale > place.room,
      "data-wide": place.width * place.scale > box.clientWidth + 1,
    });
    plot.style.width = `${place.width}px`;
    plot.style.height = `${place.height}px`;
    plot.style.transform = place.scale < 1 ? `scale(${place.scale})` : "";
    const { data, layout } = themedFigure(figure, view, place.width, place.height);
    const config = { displayModeBar: false, responsive: false, displaylogo: false, ...figure.config };
    await P.react(plot, data, layout, config);
    if (!listening) /** @type {any} */ (plot).on("plotly_click", onClick);
    listening = true;
    if (turn !== wanted) return;
    pending = false;
    setAttrs(plot, { "data-drawn": newest });
  }

  return {
    el,
    room,
    measure(view, width) {
      if (width) measured = { size: view.size, width: Math.floor(width / WIDTH_STEP) * WIDTH_STEP };
    },
    /** Frees what plotly holds; called when the view is closed. */
    dispose() {
      wanted += 1;
      clearTimeout(resized);
      if (loaded && /** @type {any} */ (plot)._fullLayout) loaded.purge(plot);
    },
    draw(frame, view, width, seq) {
      const figure = frame.figure;
      caption.textContent = figure?.caption ?? frame.caption ?? "";
      caption.hidden = !caption.textContent;
      if (!figure || !width) return;
      newest = seq;
      this.measure(view, width);
      clearTimeout(resized);
      if (measured && lab.ask && JSON.stringify(measured) !== said)
        resized = window.setTimeout(() => lab.ask("room", room()), RESIZED_AFTER_MS);
      if (!changed(figure, width, view.size, view.palette, view.scale)) {
        if (!pending && plot.dataset.drawn) setAttrs(plot, { "data-drawn": seq });
        return;
      }
      const turn = (wanted += 1);
      pending = true;
      // The picture is named by its question; the twin, which whoever made this one keeps, describes it.
      const question = frame.question ?? "Picture";
      setAttrs(plot, { role: "img", "aria-label": question, "aria-describedby": el.getAttribute("aria-describedby") });
      const place = figurePlace(figure, view, width, !caption.hidden);
      loadPlotly(lab.model)
        .then((P) => paint(P, figure, view, place, turn))
        .catch((error) => {
          if (turn === wanted) fail(error);
        });
    },
  };
}
