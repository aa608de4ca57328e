// @ts-check
// How did we get here: three small multiples over one window of events. The past in full colour, the future
// pale.
import { h, svg, svgText, fmt, localPoint, changeDetector, textWidth, uniqueId } from "./dom.js";
import { chooseContainer } from "./figureclick.js";
import { paintUsage, paintFailcnt, paintBytes } from "./timecurves.js";

const TIMELINE_SIZE = {
  L: { height: 176, font: 15 },
  M: { height: 112, font: 12.5 },
  S: { height: 112, font: 12.5 },
};

/** @param {import("./dom.js").Lab} lab */
export function makeTimeline(lab) {
  const words = h("p", { class: "kl-hidden", id: uniqueId("time") });
  const box = h("div", { class: "kl-timebox" });
  const el = h("section", { class: "kl-time", "aria-label": "Timeline" }, box, words);
  const changed = changeDetector();
  let panels = [];

  // A click on a curve goes to that event, one on a name chooses the container.
  box.addEventListener("click", (event) => {
    const name = /** @type {Element} */ (event.target).closest("[data-id]")?.getAttribute("data-id");
    const container = (lab.frame().containers ?? []).find((each) => String(each.id) === name);
    if (container) return void chooseContainer(lab, container);
    const { x } = localPoint(event, box);
    const y = localPoint(event, box).y;
    const panel = panels.find((p) => x >= p.x0 - 4 && x <= p.x1 + 4 && y >= p.y0 && y <= p.y1);
    if (!panel) return;
    const share = Math.min(1, Math.max(0, (x - panel.x0) / (panel.x1 - panel.x0)));
    lab.does.seek(Math.round(panel.first + share * (panel.last - panel.first)));
  });

  return {
    el,
    draw(frame, view, width) {
      if (
        !width ||
        !changed(
          frame.timeline,
          frame.position,
          frame.selected,
          frame.containers,
          frame.scale,
          view.size,
          view.stack,
          width,
        )
      )
        return;
      const picture = view.stack ? stackedTimeline(frame, width) : rowTimeline(frame, view, width);
      panels = picture.panels;
      picture.el.setAttribute("aria-describedby", words.id);
      box.replaceChildren(picture.el);
      words.textContent = (frame.containers ?? []).map((c) => `${c.name} ${fmt(c.usage)} bytes`).join(", ");
    },
  };
}

const TIMELINE_QUESTION = "When did it get close, and does the limit count what memory counts?";
const PANEL_PAINTERS = [
  ["Usage and limit", paintUsage],
  ["Refused charges (failcnt)", paintFailcnt],
  ["Slab bytes and charged bytes", paintBytes],
];

function rowTimeline(frame, view, width) {
  const { height, font } = TIMELINE_SIZE[view.size];
  const gap = font * 5.2;
  const wide = (width - gap * 2 - font * 5) / 3;
  const el = svg("svg", { role: "img", "aria-label": TIMELINE_QUESTION, width, height });
  const panels = PANEL_PAINTERS.map(([title, paint], k) => {
    const x0 = k * (wide + gap + font * 0.4);
    return timelinePanel(el, frame, title, paint, { x0, x1: x0 + wide, y0: 0, y1: height, font });
  });
  return { el, panels };
}

function stackedTimeline(frame, width) {
  const { height, font } = TIMELINE_SIZE.S;
  const el = svg("svg", { role: "img", "aria-label": TIMELINE_QUESTION, width, height: height * 3 + 24 });
  const panels = PANEL_PAINTERS.map(([title, paint], k) => {
    const y0 = k * (height + 12);
    return timelinePanel(el, frame, title, paint, {
      x0: 0,
      x1: width - font * 5,
      y0,
      y1: y0 + height,
      font,
    });
  });
  return { el, panels };
}

/** Axis, title and line of "now" of one panel; what it shows is painted by `paint`. */
function timelinePanel(el, frame, title, paint, box) {
  const { x0, x1, y0, font } = box;
  const series = frame.timeline ?? {};
  const [first, last] = series.window ?? [0, Math.max(1, frame.length ?? 1)];
  const top = y0 + font * 1.9;
  const bottom = box.y1 - font * 1.5;
  const X = (n) => x0 + ((x1 - x0) * (n - first)) / Math.max(1, last - first);
  const scale = (max) => (value) => bottom - ((bottom - top) * Math.min(value, max)) / Math.max(max, 1);
  el.append(
    svgText(x0, y0 + font, title, { size: font, weight: 600 }),
    svg("path", { d: `M${x0} ${bottom}H${x1}`, class: "kl-axis" }),
  );
  const now = frame.position ?? 0;
  // Below the words of the curves: they are read over it.
  if (frame.length && now >= first && now <= last) el.append(svg("path", { d: `M${X(now)} ${top - 4}V${bottom}`, class: "kl-now" }));
  if (!frame.length)
    el.append(svgText(x0, (top + bottom) / 2, "Step to begin.", { size: font - 0.5, tone: "kl-s3" }));
  else paint({ el, frame, series, first, last, now: frame.position, X, scale, x0, x1, top, bottom, font });
  timelineAxis(el, frame, { X, x0, x1, first, last, bottom, font });
  return { ...box, first, last };
}

function timelineAxis(el, frame, { X, x0, x1, first, last, bottom, font }) {
  const small = { size: font - 1.5, tone: "kl-s3" };
  const y = bottom + font * 1.15;
  const now = frame.position ?? 0;
  const inside = now >= first && now <= last && frame.length;
  const half = textWidth(fmt(now), font - 1.5, 600) / 2;
  const x = Math.min(x1 - half, Math.max(x0 + half, X(now)));
  const room = textWidth(fmt(first), font - 1.5) + 8;
  if (!inside || x - half > x0 + room) el.append(svgText(x0, y, fmt(first), small));
  if (!inside || x + half < x1 - textWidth(fmt(last), font - 1.5) - 8) {
    el.append(svgText(x1, y, fmt(last), { ...small, anchor: "end" }));
  }
  if (!inside) return;
  el.append(svgText(x, y, fmt(now), { size: font - 1.5, weight: 600, anchor: "middle" }));
}
