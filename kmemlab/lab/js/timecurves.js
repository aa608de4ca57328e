// @ts-check
// The curves of the timeline's three panels. Each painter gets a panel: its scales, its window of events,
// and "now".
import { svg, svgText, fmt, textWidth, fitText } from "./dom.js";
import { containersById, hueVar } from "./palette.js";

/** Value of a step series at event n. */
function valueAt(steps, n) {
  let value = 0;
  for (const [at, v] of steps ?? []) {
    if (at > n) break;
    value = v;
  }
  return value;
}

/**
 * Path of a step series from event a to b. Several changes within half a pixel are drawn as the last of
 * them.
 */
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
  if (now > p.first)
    p.el.append(line(p.first, now, `stroke:${stroke};stroke-width:${width};opacity:${opacity}`));
}

/**
 * Names at the right end of the curves, pushed apart; what has no room is left out, the selected one
 * never.
 */
function endLabels(p, labels) {
  const step = p.font * 1.0;
  const room = Math.max(1, Math.floor((p.bottom - p.top) / step) + 1);
  const kept = [...labels]
    .sort((a, b) => Number(b.selected) - Number(a.selected) || b.value - a.value)
    .slice(0, room);
  kept.sort((a, b) => a.y - b.y);
  kept.forEach((label, i) => {
    if (i) label.y = Math.max(label.y, kept[i - 1].y + step);
  });
  for (let i = kept.length - 1, low = p.bottom + 2; i >= 0; i -= 1, low -= step)
    kept[i].y = Math.min(kept[i].y, low);
  for (const label of kept) {
    const text = fitText(label.text, p.font * 4.9, p.font - 0.5, 700);
    const words = svgText(p.x1 + 6, label.y + 4, text, {
      size: p.font - 0.5,
      weight: label.selected ? 700 : 500,
      fill: label.fill,
      tone: label.tone,
    });
    // A name can be clicked: timeline.js chooses the container.
    if (label.id !== undefined) words.classList.add("kl-choose");
    if (label.id !== undefined) words.setAttribute("data-id", label.id);
    p.el.append(words);
  }
}

/** Usage of each container, and the limit that matters here. */
export function paintUsage(p) {
  const containers = containersById(p.frame);
  const all = Object.entries(p.series.usage ?? {});
  const usage = all.filter(([id, steps]) => containers.has(Number(id)) && steps.length);
  const top = Math.max(
    ...usage.map(([, steps]) => Math.max(...steps.map(([, v]) => v))),
    p.frame.scale ?? 1,
  );
  const Y = p.scale(top * 1.007);
  const selected = containers.get(p.frame.selected);
  // The limit of the selected container is drawn; with none selected, of the first one that was refused
  // something.
  const limited =
    selected?.limit !== undefined
      ? selected
      : [...containers.values()].find((c) => c.limit !== undefined && c.failcnt > 0 && !selected);
  const labels = [];
  // The selected curve is drawn last, over the others.
  const chosen = (entry) => Number(Number(entry[0]) === p.frame.selected);
  for (const [key, steps] of usage.sort((a, b) => chosen(a) - chosen(b))) {
    const container = containers.get(Number(key));
    const on = container === selected;
    const end = valueAt(steps, p.last);
    if (!end && !on && steps.every(([, v]) => v === 0)) continue;
    timeLine(p, steps, Y, { stroke: hueVar(container), width: on ? 3 : 2, opacity: on ? 1 : 0.8 });
    labels.push({
      y: Y(end),
      value: end,
      id: container.id,
      text: container.name,
      fill: hueVar(container, "x"),
      selected: on,
    });
  }
  if (limited) {
    const y = Y(limited.limit);
    const name = fitText(limited.name, (p.x1 - p.x0) / 3, p.font - 1);
    const words = `limit of ${name} ${fmt(limited.limit)}`;
    // It gives way to the line of "now", if there is room behind it.
    const wide = textWidth(words, p.font - 1);
    const now = p.X(Math.min(p.last, Math.max(p.first, p.now)));
    const crossed = now > p.x0 + 8 && now < p.x0 + wide + 16 && now + wide + 10 < p.x1;
    p.el.append(
      svg("path", { d: `M${p.x0 + 2} ${y}H${p.x1}`, class: "kl-limit" }),
      // Near the top of the plot it would stand in the heading: then it goes below its line.
      svgText(crossed ? now + 10 : p.x0 + 12, y - 5 < p.top + p.font * 0.4 ? y + p.font : y - 5, words, {
        size: p.font - 1,
        tone: "kl-s2 kl-halo",
      }),
    );
    refusalDot(p, Y(valueAt(p.series.usage?.[limited.id], p.series.first ?? 0)), limited.failcnt > 0);
  }
  endLabels(p, labels);
}

/** A dot at the first refusal, if it is in the window. */
function refusalDot(p, y, wanted = true) {
  const { first } = p.series;
  if (first === undefined || !wanted || first < p.first || first > p.last) return false;
  p.el.append(
    svg("circle", {
      cx: p.X(first),
      cy: y,
      r: 4.5,
      class: first > p.now ? "kl-first kl-pale" : "kl-first",
    }),
  );
  return true;
}

/** Refused charges. */
export function paintFailcnt(p) {
  const steps = p.series.failcnt ?? [];
  const end = valueAt(steps, p.last);
  const Y = p.scale(Math.max(4, end * 1.03));
  const now = Math.min(p.last, Math.max(p.first, p.now));
  const curve = (a, b, style) =>
    svg("path", { d: stepPath(steps, a, b, p.X, Y), class: "kl-curve", style });
  // Grey as long as nothing was refused, vermilion from the first refusal on.
  const turn = Math.min(now, Math.max(p.first, p.series.first ?? now));
  p.el.append(curve(now, p.last, "stroke:var(--kl-no);stroke-width:1.5;opacity:.4"));
  if (turn > p.first) p.el.append(curve(p.first, turn, "stroke:var(--kl-hush);stroke-width:2"));
  if (now > turn) p.el.append(curve(turn, now, "stroke:var(--kl-no);stroke-width:2"));
  if (refusalDot(p, Y(1))) {
    const x = p.X(p.series.first);
    const told = "the first one";
    const room = textWidth(told, p.font - 0.5, 600);
    // Left of the dot the curve is flat: right of it, it may rise through the words. Nearly enough room is made from a little above.
    const left = x - p.x0 > room * 0.8;
    const whole = x - 8 - room > p.x0;
    const at = left ? (whole ? x - 8 : p.x0 + room) : x + 8;
    p.el.append(
      svgText(at, left && !whole ? Y(1) - 14 : Y(1) - 8, told, {
        size: p.font - 0.5,
        weight: 600,
        anchor: left ? "end" : "start",
        tone: p.series.first > p.now ? "kl-s3 kl-halo" : "kl-no kl-halo",
      }),
    );
  }
  endLabels(p, [{ y: Y(end), value: end, text: fmt(end), tone: "kl-s3", selected: false }]);
}

/** Bytes in slabs and bytes that somebody is charged for; between them what nobody pays. */
export function paintBytes(p) {
  const { slab = [], charged = [] } = p.series;
  const Y = p.scale(Math.max(1, ...slab.map(([, v]) => v), ...charged.map(([, v]) => v)) * 1.06);
  const now = Math.min(p.last, Math.max(p.first, p.now));
  if (now > p.first) {
    // The area between the curves is memory that is in slabs but on no container's bill.
    const over = stepPath(slab, p.first, now, p.X, Y);
    const gap = svg("path", { d: `${over}V${p.bottom}H${p.X(p.first)}Z`, class: "kl-gaparea" });
    const paid = svg("path", {
      d: `${stepPath(charged, p.first, now, p.X, Y)}V${p.bottom}H${p.X(p.first)}Z`,
      class: "kl-paidarea",
    });
    p.el.append(gap, paid);
  }
  timeLine(p, slab, Y, { stroke: "var(--kl-ink2)", width: 2, pale: 0.5 });
  timeLine(p, charged, Y, { stroke: "var(--kl-ink)", width: 2.5, pale: 0.35 });
  const ends = [valueAt(slab, p.last), valueAt(charged, p.last)];
  const labels = [
    { y: Y(ends[0]), value: ends[0], text: "in slabs", tone: "kl-s2", selected: false },
    { y: Y(ends[1]), value: ends[1], text: "charged", selected: true },
  ];
  endLabels(p, labels);
  const free = valueAt(slab, p.now) - valueAt(charged, p.now);
  if (free <= 0) return;
  const wordings = [`${fmt(free)} bytes nobody pays`, `${fmt(free)} unpaid`];
  const x = p.X(now);
  const eventAt = (at) => p.first + ((p.last - p.first) * (at - p.x0)) / Math.max(1, p.x1 - p.x0);
  // The words stand where neither curve nor the name at its end runs through them: right of now, else left of it.
  const clear = ({ from, y, room }) => {
    if (from < p.x0 || from + room > p.x1 + p.font * 5 || y - p.font < p.top - 4) return false;
    const hit = (line) => line < y + 3 && line > y - p.font;
    if (from + room > p.x1 && labels.some((label) => Math.abs(label.y + 4 - y) < p.font * 1.2)) return false;
    for (let k = 0; k <= 12; k += 1) {
      const n = Math.min(p.last, eventAt(from + (room * k) / 12));
      if (hit(Y(valueAt(slab, n))) || hit(Y(valueAt(charged, n)))) return false;
    }
    return true;
  };
  const places = wordings.flatMap((words) => {
    const room = textWidth(words, p.font - 0.5) + 2;
    const heights = [p.bottom - p.font, p.bottom - p.font * 0.6, p.top + p.font];
    return heights.flatMap((y) => [x + 10, x - 8 - room, p.x0].map((from) => ({ words, from, y, room })));
  });
  const place = places.find(clear);
  // Where every place is crossed the area itself says it, and the words for a screen reader do.
  if (place) p.el.append(svgText(place.from, place.y, place.words, { size: p.font - 0.5, tone: "kl-s2 kl-halo" }));
}
