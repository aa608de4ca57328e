// @ts-check
// How did we get here: three small multiples over one window of events. The past in full colour, the future pale.
import { h, svg, svgText, fmt, localPoint, changeDetector, textWidth, uniqueId } from "./dom.js";
import { containersById, hueVar } from "./palette.js";

const TIMELINE_SIZE = { L: { height: 176, font: 15 }, M: { height: 112, font: 12.5 }, S: { height: 112, font: 12.5 } };

/** @param {import("./dom.js").Lab} lab */
export function makeTimeline(lab) {
  const words = h("p", { class: "kl-hidden", id: uniqueId("time") });
  const box = h("div", { class: "kl-timebox" });
  const el = h("section", { class: "kl-time", "aria-label": "Timeline" }, box, words);
  const changed = changeDetector();
  let panels = [];

  // A click on a curve goes to that event.
  box.addEventListener("click", (event) => {
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
      if (!width || !changed(frame.timeline, frame.position, frame.selected, frame.containers, frame.scale, view.size,
        view.stack, width)) return;
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
  ["Usage and limit", paintUsage], ["Refused charges (failcnt)", paintFailcnt],
  ["Slab bytes and charged bytes", paintBytes],
];

function rowTimeline(frame, view, width) {
  const { height, font } = TIMELINE_SIZE[view.size];
  const gap = font * 5.2;
  const wide = (width - gap * 2 - font * 5) / 3;
  const el = svg("svg", { role: "img", "aria-label": TIMELINE_QUESTION, width, height });
  const panels = PANEL_PAINTERS.map(([title, paint], k) => {
    const x0 = k * (wide + gap) + (k ? font * 0.4 : 0);
    return timelinePanel(el, frame, title, paint, { x0, x1: x0 + wide, y0: 0, y1: height, font });
  });
  return { el, panels };
}

function stackedTimeline(frame, width) {
  const { height, font } = TIMELINE_SIZE.S;
  const el = svg("svg", { role: "img", "aria-label": TIMELINE_QUESTION, width, height: height * 3 + 24 });
  const panels = PANEL_PAINTERS.map(([title, paint], k) => {
    const y0 = k * (height + 12);
    return timelinePanel(el, frame, title, paint, { x0: 0, x1: width - font * 5, y0, y1: y0 + height, font });
  });
  return { el, panels };
}

/** Axis, title and "now" of one panel; what it shows is painted by `paint`. */
function timelinePanel(el, frame, title, paint, box) {
  const { x0, x1, y0, font } = box;
  const series = frame.timeline ?? {};
  const [first, last] = series.window ?? [0, Math.max(1, frame.length ?? 1)];
  const top = y0 + font * 1.9;
  const bottom = box.y1 - font * 1.5;
  const X = (n) => x0 + ((x1 - x0) * (n - first)) / Math.max(1, last - first);
  const scale = (max) => (value) => bottom - ((bottom - top) * Math.min(value, max)) / Math.max(max, 1);
  el.append(svgText(x0, y0 + font, title, { size: font, weight: 600 }),
    svg("path", { d: `M${x0} ${bottom}H${x1}`, class: "kl-axis" }));
  if (!frame.length) el.append(svgText(x0, (top + bottom) / 2, "Step to begin.", { size: font - 0.5, tone: "kl-s3" }));
  else paint({ el, frame, series, first, last, now: frame.position, X, scale, x0, x1, top, bottom, font });
  timelineAxis(el, frame, { X, x0, x1, first, last, top, bottom, font });
  return { ...box, first, last };
}

function timelineAxis(el, frame, { X, x0, x1, first, last, top, bottom, font }) {
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
  el.append(svg("path", { d: `M${X(now)} ${top - 4}V${bottom}`, class: "kl-now" }),
    svgText(x, y, fmt(now), { size: font - 1.5, weight: 600, anchor: "middle" }));
}

/** Value of a step series at event n. */
function valueAt(steps, n) {
  let value = 0;
  for (const [at, v] of steps ?? []) {
    if (at > n) break;
    value = v;
  }
  return value;
}

/** Path of a step series from event a to b. Several changes within half a pixel are drawn as the last of them. */
function stepPath(steps, a, b, X, Y) {
  let d = `M${X(a).toFixed(1)} ${Y(valueAt(steps, a)).toFixed(1)}`;
  let drawn = X(a);
  let waiting = null;
  for (const [n, value] of steps ?? []) {
    if (n <= a) continue;
    if (n > b) break;
    waiting = [n, value];
    if (X(n) - drawn < 0.5) continue;
    d += `H${X(n).toFixed(1)}V${Y(value).toFixed(1)}`;
    drawn = X(n);
    waiting = null;
  }
  if (waiting) d += `H${X(waiting[0]).toFixed(1)}V${Y(waiting[1]).toFixed(1)}`;
  return `${d}H${X(b).toFixed(1)}`;
}

/** One series: what has happened in full, the rest of the recorded run pale. */
function timeLine(p, steps, Y, { stroke, width, opacity = 1, pale = 0.4 }) {
  const now = Math.min(p.last, Math.max(p.first, p.now));
  const line = (a, b, style) => svg("path", { d: stepPath(steps, a, b, p.X, Y), class: "kl-curve", style });
  if (now < p.last) p.el.append(line(now, p.last, `stroke:${stroke};stroke-width:1.5;opacity:${pale}`));
  if (now > p.first) p.el.append(line(p.first, now, `stroke:${stroke};stroke-width:${width};opacity:${opacity}`));
}

/** Names at the right end of the curves, pushed apart; what has no room is left out, the selected one never. */
function endLabels(p, labels) {
  const step = p.font * 1.0;
  const room = Math.max(1, Math.floor((p.bottom - p.top) / step) + 1);
  const kept = [...labels].sort((a, b) => Number(b.selected) - Number(a.selected) || b.value - a.value).slice(0, room);
  kept.sort((a, b) => a.y - b.y);
  kept.forEach((label, i) => { if (i) label.y = Math.max(label.y, kept[i - 1].y + step); });
  for (let i = kept.length - 1, low = p.bottom + 2; i >= 0; i -= 1, low -= step) kept[i].y = Math.min(kept[i].y, low);
  for (const label of kept) {
    p.el.append(svgText(p.x1 + 6, label.y + 4, label.text, { size: p.font - 0.5,
      weight: label.selected ? 700 : 500, fill: label.fill, tone: label.tone }));
  }
}

function paintUsage(p) {
  const containers = containersById(p.frame);
  const usage = Object.entries(p.series.usage ?? {}).filter(([id, steps]) => containers.has(Number(id)) && steps.length);
  const top = Math.max(...usage.map(([, steps]) => Math.max(...steps.map(([, v]) => v))), p.frame.scale ?? 1);
  const Y = p.scale(top * 1.007);
  const selected = containers.get(p.frame.selected);
  // The limit of the selected container is drawn; with none selected, of the first one that was refused something.
  const limited = selected?.limit !== undefined ? selected
    : [...containers.values()].find((c) => c.limit !== undefined && c.failcnt > 0 && !selected);
  const labels = [];
  const order = usage.sort((a, b) => Number(Number(a[0]) === p.frame.selected) - Number(Number(b[0]) === p.frame.selected));
  for (const [key, steps] of order) {
    const container = containers.get(Number(key));
    const on = container === selected;
    const end = valueAt(steps, p.last);
    if (!end && !on && steps.every(([, v]) => v === 0)) continue;
    timeLine(p, steps, Y, { stroke: hueVar(container), width: on ? 3 : 2, opacity: on ? 1 : 0.8 });
    labels.push({ y: Y(end), value: end, text: container.name, fill: hueVar(container, "x"), selected: on });
  }
  if (limited) {
    const y = Y(limited.limit);
    p.el.append(svg("path", { d: `M${p.x0 + 2} ${y}H${p.x1}`, class: "kl-limit" }),
      svgText(p.x0 + 12, y - 5, `limit of ${limited.name} ${fmt(limited.limit)}`, { size: p.font - 1, tone: "kl-s2" }));
    refusalDot(p, Y(valueAt(p.series.usage?.[limited.id], p.series.first ?? 0)), limited.failcnt > 0);
  }
  endLabels(p, labels);
}

/** A dot at the first refusal, if it is in the window. */
function refusalDot(p, y, wanted = true) {
  const { first } = p.series;
  if (first === undefined || !wanted || first < p.first || first > p.last) return false;
  p.el.append(svg("circle", { cx: p.X(first), cy: y, r: 4.5, class: first > p.now ? "kl-first kl-pale" : "kl-first" }));
  return true;
}

function paintFailcnt(p) {
  const steps = p.series.failcnt ?? [];
  const end = valueAt(steps, p.last);
  const Y = p.scale(Math.max(4, end * 1.03));
  const now = Math.min(p.last, Math.max(p.first, p.now));
  const curve = (a, b, style) => svg("path", { d: stepPath(steps, a, b, p.X, Y), class: "kl-curve", style });
  const past = valueAt(steps, now) > 0 ? "var(--kl-no)" : "var(--kl-hush)";
  p.el.append(curve(now, p.last, "stroke:var(--kl-no);stroke-width:1.5;opacity:.4"),
    curve(p.first, now, `stroke:${past};stroke-width:2`));
  if (refusalDot(p, Y(1))) {
    const x = p.X(p.series.first);
    const left = x - p.x0 > p.font * 6;
    p.el.append(svgText(left ? x - 8 : x + 8, Y(1) - 8, "the first one", { size: p.font - 0.5, weight: 600,
      anchor: left ? "end" : "start", tone: p.series.first > p.now ? "kl-s3" : "kl-no" }));
  }
  endLabels(p, [{ y: Y(end), value: end, text: fmt(end), tone: "kl-s3", selected: false }]);
}

function paintBytes(p) {
  const { slab = [], charged = [] } = p.series;
  const Y = p.scale(Math.max(1, ...slab.map(([, v]) => v), ...charged.map(([, v]) => v)) * 1.06);
  const now = Math.min(p.last, Math.max(p.first, p.now));
  if (now > p.first) {
    // The area between the curves is memory that is in slabs but on no container's bill.
    const over = stepPath(slab, p.first, now, p.X, Y);
    const gap = svg("path", { d: `${over}V${p.bottom}H${p.X(p.first)}Z`, class: "kl-gaparea" });
    const paid = svg("path", { d: `${stepPath(charged, p.first, now, p.X, Y)}V${p.bottom}H${p.X(p.first)}Z`,
      class: "kl-paidarea" });
    p.el.append(gap, paid);
  }
  timeLine(p, slab, Y, { stroke: "var(--kl-ink2)", width: 2, pale: 0.5 });
  timeLine(p, charged, Y, { stroke: "var(--kl-ink)", width: 2.5, pale: 0.35 });
  const ends = [valueAt(slab, p.last), valueAt(charged, p.last)];
  endLabels(p, [{ y: Y(ends[0]), value: ends[0], text: "in slabs", tone: "kl-s2", selected: false },
    { y: Y(ends[1]), value: ends[1], text: "charged", selected: true }]);
  const free = valueAt(slab, p.now) - valueAt(charged, p.now);
  const words = `${fmt(free)} bytes nobody pays`;
  const room = textWidth(words, p.font - 0.5) + 10;
  const x = p.X(now);
  const right = x + 10 + room < p.x1 + p.font * 5;
  p.el.append(svgText(right ? x + 10 : x - 8, p.bottom - p.font * (right ? 1 : 0.6), words, { size: p.font - 0.5,
    anchor: right ? "start" : "end", tone: "kl-s2 kl-halo" }));
}
