// @ts-check
// The path of one charge. It runs to the right, meets the limit, and comes back on a second lane: each undo
// stands exactly under the step that it undoes.
import { h, svg, svgText, textWidth, fitText, changeDetector } from "./dom.js";

const PATH_FONT = { L: 16.5, M: 13.5, S: 12.5 };
// The seven functions of a charge are of unequal length; these shares keep them where the design has them.
const CHARGE_SHARES = [1.08, 1.14, 1.02, 1, 0.86, 1.34, 0.76];
const VERTICAL_BELOW = 780;
const VERTICAL_ROW = 42;
const SMALLEST = 11; // px: nothing in the lab is written smaller
const valueSize = (font) => Math.max(SMALLEST, font - 1.2);

/** @param {import("./dom.js").Lab} lab */
export function makePath(lab) {
  const el = h("div", { class: "kl-path" });
  const changed = changeDetector();
  let lastStep = 0;
  return {
    el,
    draw(frame, view, width) {
      if (!changed(frame.path, view.size, width, frame.step, view.motion, view.vertical)) return;
      const font = PATH_FONT[view.size];
      const moved = view.motion && frame.step === lastStep + 1;
      lastStep = frame.step;
      const path = { columns: 0, ...frame.path };
      path.nodes = (path.nodes ?? []).map((node) => ({ ...node, now: node.k === frame.step }));
      const picture =
        (view.vertical ?? width < VERTICAL_BELOW) ? verticalPath(path, width, font) : flatPath(path, width, font, fitted(path, width, font));
      if (moved) picture.classList.add("kl-moved");
      const refusing = path.nodes.some((node) => node.now && node.state === "refused");
      if (moved && refusing) picture.classList.add("kl-refusing");
      const words = path.nodes.map((node) => `${node.fn}: ${node.state}, ${node.value}`).join("; ");
      picture.setAttribute("aria-label", "Where did the charge stop, and what is undone in what order?");
      picture.append(svg("desc", {}, words || "No charge at this event."));
      if (!path.nodes.length) {
        const hint = "→ walks on, function by function. N goes to the next refusal. / types a command.";
        picture.append(svgText(0, font * 1.6, hint, { size: font, tone: "kl-s3" }));
      }
      el.replaceChildren(picture);
    },
  };
}

/** The type size at which every column has the room its texts need; not below the smallest that can be read. */
function fitted(path, width, font) {
  const sum = columnNeeds(path, width, font).reduce((a, b) => a + b, 0);
  return sum > width - 8 ? Math.max(SMALLEST, (font * (width - 8)) / sum) : font;
}

const reached = (node) => ["done", "now", "refused"].includes(node.state);

/** Forward lane by column, return lane in the order in which it is walked. */
function pathLanes(path) {
  const forward = path.nodes.filter((node) => node.lane !== "unwind").sort((a, b) => a.col - b.col);
  const unwind = path.nodes
    .filter((node) => node.lane === "unwind")
    .sort((a, b) => a.k - b.k || b.col - a.col);
  return { forward, unwind };
}

/** Whether the words of a function stand beside its dot: the way back leaves there, or the cross is as large as they are. */
const standsBeside = (node, path) =>
  node.lane !== "unwind" && (node.col === path.turn || node.state === "refused");

/** What the longest text of each column needs. A very long name is cut rather than starve the other columns. */
function columnNeeds(path, width, font) {
  const need = Array(Math.max(path.columns, 1)).fill(40);
  for (const node of path.nodes) {
    const text = Math.max(textWidth(node.fn, font, 700), textWidth(node.value ?? "", valueSize(font), 500));
    const beside = standsBeside(node, path);
    need[node.col] = Math.min(width * 0.26, Math.max(need[node.col], text + (beside ? 38 : 14)));
  }
  return need;
}

/** Left edge of each column: the design's shares, but never less than the longest text needs. */
function columnEdges(path, width, font) {
  const columns = Math.max(path.columns, 1);
  const need = columnNeeds(path, width, font);
  const shares = columns === CHARGE_SHARES.length ? CHARGE_SHARES : Array(columns).fill(1);
  const total = shares.reduce((a, b) => a + b, 0);
  let wide = shares.map((share) => (share / total) * (width - 8));
  const lack = wide.reduce((sum, w, i) => sum + Math.max(0, need[i] - w), 0);
  const spare = wide.reduce((sum, w, i) => sum + Math.max(0, w - need[i]), 0);
  if (lack > spare) {
    const sum = need.reduce((a, b) => a + b, 0);
    wide = need.map((n) => (n / sum) * (width - 8));
  } else if (lack > 0) {
    wide = wide.map((w, i) => (w < need[i] ? need[i] : w - (lack * (w - need[i])) / spare));
  }
  const edges = [8];
  for (const w of wide) edges.push(edges[edges.length - 1] + w);
  return edges;
}

/** A line on the path: ink where it has been walked, dotted where it has not. */
function pathLine(d, state, lane, now) {
  const walked = state === "walked";
  const classes = ["kl-seg", `kl-${lane}`, walked ? "kl-walked" : "kl-ahead", now ? "kl-draw" : ""];
  return svg("path", { d, class: classes.join(" ").trim(), pathLength: now ? 1 : null });
}

/** Dot, name and value of one function. */
function pathNode(node, x, y, tx, lineHeight, font, room) {
  const at = node.now && reached(node);
  const refusal = node.state === "refused";
  const never = node.state === "never";
  const dot = refusal
    ? [
        svg("circle", { cx: x, cy: y, r: at ? 13 : 9, class: "kl-dot" }),
        svg("path", { d: `M${x - 4.5} ${y - 4.5}l9 9m0-9l-9 9`, class: "kl-cross" }),
      ]
    : [svg("circle", { cx: x, cy: y, r: at ? 9 : 5.5, class: "kl-dot" })];
  const quiet = node.lane === "unwind";
  const nameTone = never ? "kl-s3" : refusal ? "kl-no" : quiet && !reached(node) ? "kl-s2" : "";
  const valueTone = refusal ? "kl-no" : quiet || never ? "kl-s3" : "kl-s2";
  const top = quiet ? lineHeight.quiet : lineHeight.loud;
  return svg(
    "g",
    {
      class: "kl-node",
      "data-fn": node.fn,
      "data-value": node.value,
      "data-lane": node.lane,
      "data-state": node.state,
      "data-now": at,
    },
    dot,
    svgText(tx, y + top, fitText(node.fn, room, font, 700), {
      size: font,
      weight: at ? 700 : 600,
      tone: nameTone,
    }),
    svgText(
      tx,
      y + top + lineHeight.value,
      fitText(String(node.value ?? ""), room, valueSize(font), refusal ? 500 : 400),
      { size: valueSize(font), weight: refusal ? 500 : 400, tone: valueTone },
    ),
  );
}

/** `room` is the type size that the height is made for, so that a smaller one moves nothing below. */
function flatPath(path, width, room, font) {
  const height = room * 1.15 + 9 + room * 4.1 + room * 3.05;
  const y1 = font * 1.15 + 9;
  const y2 = y1 + font * 4.1;
  const picture = svg("svg", { role: "img", width, height, viewBox: `0 0 ${width} ${height}` });
  if (!path.nodes.length) return picture;
  const { forward, unwind } = pathLanes(path);
  const edges = columnEdges(path, width, font);
  const rise = { loud: font * 1.62, quiet: font * 1.66, value: font * 1.22 };
  if (path.rcu) picture.append(rcuBracket(path.rcu, edges, y1, font));
  forward.slice(1).forEach((node, i) => {
    const d = `M${edges[forward[i].col] + 7} ${y1}H${edges[node.col] - 7}`;
    const state = reached(node) ? "walked" : "ahead";
    picture.append(pathLine(d, state, node.state === "never" ? "never" : "forward", node.now));
  });
  if (path.turn !== undefined && unwind.length) {
    const x = edges[path.turn];
    let from = `M${x} ${y1 + 9}V${y2 - 16}Q${x} ${y2} ${x - 16} ${y2}`;
    unwind.forEach((node) => {
      const state = reached(node) ? "walked" : "ahead";
      picture.append(pathLine(`${from}H${edges[node.col] + 7}`, state, "unwind", node.now));
      from = `M${edges[node.col] - 7} ${y2}`;
    });
  }
  for (const node of [...forward, ...unwind]) {
    const x = edges[node.col];
    const beside = standsBeside(node, path);
    const tx = beside ? x + 18 : x - 6;
    const room = edges[node.col + 1] - tx - 4;
    picture.append(pathNode(node, x, node.lane === "unwind" ? y2 : y1, tx, rise, font, room));
  }
  return picture;
}

/** The bracket over the functions that run under the RCU read lock. */
function rcuBracket([first, last], edges, y, font) {
  const left = edges[first] - 7;
  const right = Math.min(edges[last] + font * 6.4, (edges[last + 1] ?? Infinity) - 14);
  const middle = (left + 7 + right) / 2;
  const text = svgText(middle, y - 10, "rcu_read_lock", {
    size: Math.max(SMALLEST, font - 1.7),
    anchor: "middle",
    tone: "kl-s3 kl-mono",
  });
  return svg(
    "g",
    {},
    svg("path", {
      d: `M${left} ${y - 7}v-7H${middle - font * 4.4}M${middle + font * 4.4} ${y - 14}H${right}v7`,
      class: "kl-bracket",
    }),
    text,
  );
}

/** Below 780 px the path is drawn downwards: forward lane on the left, return lane on the right. */
function verticalPath(path, width, font) {
  const rows = Math.max(path.columns, 7);
  const height = rows * VERTICAL_ROW;
  const picture = svg("svg", { role: "img", width, height, viewBox: `0 0 ${width} ${height}` });
  const { forward, unwind } = pathLanes(path);
  const x1 = 14;
  const x2 = Math.round(width * 0.52);
  const rise = { loud: 4, quiet: 4, value: font * 1.22 };
  const y = (node) => 14 + node.col * VERTICAL_ROW;
  forward.slice(1).forEach((node, i) => {
    const state = reached(node) ? "walked" : "ahead";
    picture.append(
      pathLine(
        `M${x1} ${y(forward[i]) + 7}V${y(node) - 7}`,
        state,
        node.state === "never" ? "never" : "forward",
        node.now,
      ),
    );
  });
  const turn = forward.find((node) => node.col === path.turn);
  if (turn) {
    // The return line leaves between two labels: below the text of the refusal, and up at the right.
    const low = y(turn) + 24;
    const out = `M${x1} ${y(turn) + 9}V${low - 6}Q${x1} ${low} ${x1 + 6} ${low}`;
    let from = `${out}H${x2 - 12}Q${x2} ${low} ${x2} ${low - 12}`;
    unwind.forEach((node) => {
      picture.append(
        pathLine(`${from}V${y(node) + 7}`, reached(node) ? "walked" : "ahead", "unwind", node.now),
      );
      from = `M${x2} ${y(node) - 7}`;
    });
  }
  for (const node of [...forward, ...unwind]) {
    const x = node.lane === "unwind" ? x2 : x1;
    const room = node.lane === "unwind" ? width - x2 - 18 : x2 - x1 - 36;
    picture.append(pathNode(node, x, y(node), x + 18, rise, font, room));
  }
  return picture;
}
