// @ts-check
// Every picture but the slab pages is a Plotly figure. plotly.js is loaded once per page, by the first of
// these that works: it is there already; the plotly wheel's JupyterLab extension has it; the Jupyter kernel
// sends it.
import { h, setAttrs, changeDetector } from "./dom.js";

const OLDEST_PLOTLY = 3;
const FIGURE_HEIGHT = { L: 470, M: 350, S: 330 };
const CAPTION_HEIGHT = 26;

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

/** @param {import("./dom.js").Lab} lab */
export function makeFigure(lab) {
  const plot = h("div", { class: "kl-figure" });
  const words = h("p", { class: "kl-failed", role: "alert", hidden: true });
  const caption = h("p", { class: "kl-caption" });
  const el = h("div", { class: "kl-figurebox" }, words, plot, caption);
  const changed = changeDetector();
  let wanted = 0;
  let loaded = null;

  const fail = (error) => {
    words.hidden = false;
    plot.hidden = true;
    const reason = error?.message ?? error;
    words.textContent = `This picture could not be drawn: ${reason}. The machine is unharmed.`;
  };

  return {
    el,
    /** Frees what plotly holds; called when the view is closed. */
    dispose() {
      wanted += 1;
      if (loaded && /** @type {any} */ (plot)._fullLayout) loaded.purge(plot);
    },
    draw(frame, view, width, seq) {
      const figure = frame.figure;
      caption.textContent = figure?.caption ?? frame.caption ?? "";
      caption.hidden = !caption.textContent;
      if (!figure || !width) return;
      if (!changed(figure, width, view.size, view.palette)) {
        if (plot.dataset.drawn) setAttrs(plot, { "data-drawn": seq });
        return;
      }
      const turn = (wanted += 1);
      const title = (frame.tabs ?? []).find(([name]) => name === frame.tab)?.[1] ?? "Picture";
      setAttrs(plot, { role: "img", "aria-label": title });
      loadPlotly(lab.model)
        .then(async (P) => {
          loaded = P;
          if (turn !== wanted) return;
          words.hidden = true;
          plot.hidden = false;
          const height =
            figure.layout?.height ?? FIGURE_HEIGHT[view.size] - (caption.hidden ? 0 : CAPTION_HEIGHT);
          plot.style.height = `${height}px`;
          const { data, layout } = themedFigure(figure, view, width, height);
          await P.react(plot, data, layout, {
            displayModeBar: false,
            responsive: false,
            displaylogo: false,
            ...figure.config,
          });
          if (turn === wanted) setAttrs(plot, { "data-drawn": seq });
        })
        .catch((error) => {
          if (turn === wanted) fail(error);
        });
    },
  };
}

/** The figure with the page's theme under it: what Python set stays, `var(--kl-...)` becomes a colour. */
function themedFigure(figure, view, width, height) {
  const { palette } = view;
  const small = view.size === "L" ? 15 : 12.5;
  const axis = {
    linecolor: palette.line2,
    tickcolor: palette.line2,
    zeroline: false,
    showgrid: false,
    automargin: true,
  };
  // Not a transparent paper: plotly takes rgba(0,0,0,0) for dark and draws Sankey links white on white.
  const theme = {
    paper_bgcolor: palette.canvas,
    plot_bgcolor: palette.canvas,
    font: { family: palette.font, size: small, color: palette.ink },
    colorway: palette.hues.map((hue) => hue.solid),
    xaxis: axis,
    yaxis: axis,
    hovermode: "closest",
    hoverlabel: {
      bgcolor: palette.canvas,
      bordercolor: palette.line2,
      font: { family: palette.font, color: palette.ink },
    },
    margin: { l: 8, r: 8, t: 28, b: 8 },
  };
  const style = getComputedStyle(view.root);
  const resolve = (value) => {
    if (typeof value === "string") {
      const token = /^var\((--kl-[\w-]+)\)$/.exec(value);
      return token ? style.getPropertyValue(token[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map(resolve);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
  };
  // Plotly writes into what it is given, so it never gets the frame itself.
  const layout = resolve(figure.layout ?? {});
  return {
    data: resolve(figure.data ?? []),
    layout: {
      uirevision: "keep",
      showlegend: false,
      ...layout,
      width,
      height,
      autosize: false,
      template: { layout: theme, data: layout.template?.data ?? {} },
    },
  };
}
