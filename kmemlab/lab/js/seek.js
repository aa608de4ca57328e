// @ts-check
// The seek slider of the transport bar, with its marks: refusals above the line, new slabs below it.
import { h, svg, svgText, fmt, setAttrs, localPoint, changeDetector } from "./dom.js";

// Between the end of the line, where the thumb may stand, and the names of its marks.
const LEGEND_AIR = 8;

/** @param {import("./dom.js").Lab} lab */
export function makeSeek(lab) {
  const el = h("div", {
    class: "kl-seek",
    role: "slider",
    tabindex: "0",
    "aria-label": "Event",
    "aria-valuemin": "0",
  });
  const changed = changeDetector();
  let legend = 0;
  const edge = 10;
  const span = () => Math.max(1, el.offsetWidth - 2 * edge - legend);
  const seekTo = (event) => {
    const length = lab.frame().length ?? 0;
    const share = (localPoint(event, el).x - edge) / span();
    lab.does.seek(Math.round(Math.min(1, Math.max(0, share)) * length));
  };
  el.addEventListener("pointerdown", (event) => {
    el.setPointerCapture(event.pointerId);
    seekTo(event);
  });
  el.addEventListener("pointermove", (event) => {
    if (el.hasPointerCapture(event.pointerId)) seekTo(event);
  });
  el.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 100, PageDown: -100 }[
      event.key
    ];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    lab.does.event(by);
  });
  return {
    el,
    draw(frame, view) {
      const { position = 0, length = 0, timeline = {} } = frame;
      setAttrs(el, {
        "aria-valuemax": length,
        "aria-valuenow": position,
        "aria-valuetext": `event ${fmt(position)} of ${fmt(length)}${frame.refused ? ", refusal" : ""}`,
      });
      const width = el.offsetWidth;
      if (!width || !changed(position, length, timeline.refusals, timeline.births, width, view.size))
        return;
      const height = view.size === "S" ? 38 : 44;
      legend = width > 300 ? 70 + LEGEND_AIR : 0;
      const y = height / 2;
      const x = (n) => edge + span() * (length ? n / length : 0);
      const picture = svg(
        "svg",
        { width, height, "aria-hidden": "true" },
        svg("path", { d: `M${edge} ${y}H${width - edge - legend}`, class: "kl-track" }),
        svg("path", { d: `M${edge} ${y}H${x(position)}`, class: "kl-track kl-trackdone" }),
      );
      for (const [first, last] of mergeRuns(timeline.refusals ?? [], length / span())) {
        picture.append(
          svg("rect", {
            x: x(first) - 1,
            y: y - 13,
            width: Math.max(2, x(last) - x(first)),
            height: 8,
            rx: 1,
            class: "kl-refusalmark",
          }),
        );
      }
      const births = (timeline.births ?? []).map((n) => `M${x(n).toFixed(1)} ${y + 6}v5`).join("");
      picture.append(
        svg("path", { d: births || "M0 0", class: "kl-birthmark" }),
        svg("circle", { cx: x(position), cy: y, r: 8, class: "kl-thumb" }),
      );
      if (legend) {
        picture.append(
          svgText(width - legend + LEGEND_AIR, y - 4, "refusals", { size: 12, tone: "kl-no" }),
          svgText(width - legend + LEGEND_AIR, y + 13, "new slabs", { size: 12, tone: "kl-s3" }),
        );
      }
      el.replaceChildren(picture);
    },
  };
}

/** Runs that are less than two pixels apart are drawn as one. */
function mergeRuns(runs, eventsPerPixel) {
  const merged = [];
  for (const [first, last] of runs) {
    const before = merged[merged.length - 1];
    if (before && first - before[1] <= 2 * eventsPerPixel) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}
