// @ts-check
// What a click in a Plotly picture is about. Python says it in customdata, as ("container", path), ("cache", name) or
// ("page", pfn); the strip of memory has its own way, for a page is not a point there but a few cells.

/**
 * @typedef {Object} Choice one of the three
 * @property {string} [path] of a container
 * @property {string} [cache]
 * @property {number} [pfn]
 */

/**
 * @param {any} event plotly's
 * @param {any} plot the element that plotly draws in
 * @returns {Choice | null}
 */
export function choiceOf(event, plot) {
  const point = event?.points?.[0];
  const trace = point && (plot._fullData?.[point.curveNumber] ?? point.fullData);
  if (!trace) return null;
  if (trace.type === "heatmap") return choiceOfPage(point, trace.meta);
  if (trace.type === "sankey") return choiceInFlow(point, trace);
  return choiceIn(point.customdata);
}

/** A click on a stream chooses who pays, on a node what it is. */
function choiceInFlow(point, trace) {
  const stream = point.source !== undefined && point.target !== undefined;
  const about = (stream ? trace.link : trace.node).customdata?.[point.pointNumber ?? point.index];
  if (stream) return about?.[0] ? { path: about[0] } : null;
  return choiceIn(about);
}

function choiceIn(about) {
  if (!Array.isArray(about)) return null;
  const [kind, name] = about;
  if ((kind === "container" || kind === "wall" || kind === "task") && name) return { path: String(name) };
  if (kind === "cache" && name !== "other caches") return { cache: String(name) };
  if (kind === "page" && name >= 0) return { pfn: Number(name) };
  return null;
}

function choiceOfPage(point, meta) {
  const start = meta?.starts?.[Math.floor(point.y)];
  return start === undefined ? null : { pfn: (start + Math.floor(point.x)) * (meta.each ?? 1) };
}

/** Chooses a container of the frame: the lab by its id, a small widget by its path. */
export function chooseContainer(lab, container) {
  if (!container) return;
  if (lab.does.select) lab.does.select(container.id);
  else lab.does.choose?.(container.path);
}
