// @ts-check
// Slab pages: whose are the objects on each page, and which slot is next? Lists are drawn as lines; nothing
// points at a full slab. The picture is a canvas, sharp on any screen; slabgrid.js tells the same to a
// screen reader.
import { h, fmt, setAttrs, localPoint, changeDetector } from "./dom.js";
import { containersById } from "./palette.js";
import { layoutSlabs, cellRect, cellAt } from "./slablayout.js";
import { slotState, cellName, paintCell, paintStrip } from "./cells.js";
import { paintWords } from "./slabwords.js";
import { makeSlabGrid } from "./slabgrid.js";

const TIP_DELAY = 250;

/** @param {import("./dom.js").Lab} lab */
export function makeSlabs(lab) {
  const canvas = /** @type {any} */ (h("canvas", { class: "kl-slabs", "aria-hidden": "true" }));
  const tip = h("div", { class: "kl-tip", hidden: true });
  const grid = makeSlabGrid(lab, (cell) => {
    walked = cell;
    paint();
  });
  const empty = h("p", { class: "kl-empty" });
  const nobody = h("p", { class: "kl-nobody" });
  const el = h(
    "div",
    { class: "kl-slabbox" },
    nobody,
    empty,
    h("div", { class: "kl-canvasbox" }, canvas, tip),
    grid.el,
  );
  const changed = changeDetector();
  let layout = null;
  let frame = null;
  let containers = new Map();
  let hovered = null;
  let walked = null;
  let unfolded = false;
  let timer = 0;

  /** For tests: where a cell is, in CSS px from the corner of the canvas; null if it is folded away. */
  canvas.klCell = (slab, slot) => {
    const block = layout?.blocks.find((b) => b.slab === Number(slab));
    return block ? cellRect(block, Number(slot)) : null;
  };

  const inFold = ({ x, y }) => {
    const fold = layout?.fold;
    return (
      fold && x >= fold.x - 4 && x <= fold.x + fold.width && y >= fold.y - 2 && y <= fold.y + fold.height
    );
  };
  const under = (event) =>
    layout && cellAt(layout, frame.cache?.objects ?? 0, ...xy(localPoint(event, canvas)));
  canvas.addEventListener("pointermove", (event) => {
    const cell = under(event);
    canvas.style.cursor = cell || inFold(localPoint(event, canvas)) ? "pointer" : "";
    if (cell?.slab === hovered?.slab && cell?.slot === hovered?.slot) return;
    hovered = cell;
    tip.hidden = true;
    clearTimeout(timer);
    if (cell) timer = setTimeout(showTip, TIP_DELAY);
    paint();
  });
  canvas.addEventListener("pointerleave", () => {
    hovered = null;
    tip.hidden = true;
    clearTimeout(timer);
    paint();
  });
  canvas.addEventListener("click", (event) => {
    const cell = under(event);
    const chosen = frame.object;
    if (inFold(localPoint(event, canvas))) {
      unfolded = true;
      lab.redraw();
    } else if (cell && chosen && chosen.slab === cell.slab && chosen.slot === cell.slot) lab.does.object();
    else if (cell) lab.does.object(cell);
  });

  function showTip() {
    if (!hovered || !layout || !frame.slabs.rows[hovered.slab]) return;
    const { slab, slot } = hovered;
    const state = slotState(frame, slab, slot);
    const row = frame.slabs.rows[slab];
    const paid =
      state.kind === "owned" || state.kind === "new" ? `, ${fmt(frame.cache.size)} bytes charged` : "";
    tip.replaceChildren(
      h("b", {}, cellName(slab, slot, state, containers)),
      h("br"),
      `page ${row.pfn}${paid}`,
    );
    tip.hidden = false;
    const rect = canvas.klCell(slab, slot);
    const left = Math.min(rect.x, layout.width - tip.offsetWidth);
    const above = rect.y - tip.offsetHeight - 8;
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${above < 0 ? rect.y + rect.h + 10 : above}px`;
  }

  function paint() {
    if (!layout || el.hidden) return;
    const { palette, scale } = lab.view;
    const sharp = (window.devicePixelRatio || 1) * scale;
    const [wide, high] = [Math.round(layout.width * sharp), Math.round(layout.height * sharp)];
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
    }
    canvas.style.width = `${layout.width}px`;
    canvas.style.height = `${layout.height}px`;
    const ctx = canvas.getContext("2d");
    ctx.setTransform(sharp, 0, 0, sharp, 0, 0);
    ctx.clearRect(0, 0, layout.width, layout.height);
    paintWords(ctx, layout, frame, palette, containers);
    for (const block of layout.blocks) paintSlab(ctx, block, frame, containers, palette);
    paintRing(ctx, frame.object, 2.5, 3, palette);
    paintRing(ctx, hovered, 0, 2, palette);
    if (document.activeElement && grid.el.contains(document.activeElement))
      paintRing(ctx, walked, 1, 2, palette);
    canvas.klPainted = performance.now(); // for the bench
  }

  function paintRing(ctx, cell, outside, width, palette) {
    const rect = cell && canvas.klCell(cell.slab, cell.slot);
    if (!rect) return;
    ctx.strokeStyle = palette.ink;
    ctx.lineWidth = rect.w < 8 ? 1.5 : width;
    ctx.beginPath();
    ctx.roundRect(
      rect.x - outside,
      rect.y - outside,
      rect.w + 2 * outside,
      rect.h + 2 * outside,
      3 + outside,
    );
    ctx.stroke();
  }

  return {
    el,
    paint,
    /** Puts the keyboard into the cells. */
    focus: () => grid.el.focus(),
    draw(newFrame, view, width) {
      const cacheChanged = frame?.cache?.name !== newFrame.cache?.name;
      frame = newFrame;
      if (cacheChanged) {
        unfolded = false;
        hovered = null;
        walked = null;
        tip.hidden = true;
      }
      const slabs = frame.slabs;
      const any = slabs && Object.keys(slabs.rows ?? {}).length > 0;
      drawEmpty(lab, empty, nobody, frame, any);
      canvas.hidden = !any;
      grid.el.hidden = !any;
      if (!any || !width) {
        layout = null;
        return;
      }
      if (
        !changed(
          slabs,
          frame.cache,
          frame.mark,
          frame.object,
          frame.selected,
          frame.containers,
          width,
          view.size,
          view.stack,
          view.palette,
          view.scale,
          unfolded,
        )
      )
        return;
      containers = containersById(frame);
      layout = layoutSlabs(
        slabs,
        frame.cache?.objects ?? 1,
        Math.floor(width),
        view.size,
        view.stack,
        unfolded,
      );
      if (hovered && !slabs.rows[hovered.slab]) {
        hovered = null;
        tip.hidden = true;
      }
      paint();
      grid.draw(frame, containers);
    },
  };
}

const xy = (point) => [point.x, point.y];

/** Empty states: a cache without slabs, and a cache that nobody is charged for. */
function drawEmpty(lab, empty, nobody, frame, any) {
  const name = frame.cache?.name;
  empty.hidden = Boolean(any);
  empty.textContent = name
    ? `${name} has no slabs. The first ${name === "filp" ? "open" : "allocation"} makes one.`
    : "No cache has slabs yet.";
  const unpaid = Boolean(name) && frame.cache.accounted === false;
  const command = `echo 1 > /sys/slab/${name}/cache_account`;
  nobody.hidden = !unpaid;
  if (!unpaid || nobody.dataset.cache === name) return;
  setAttrs(nobody, { "data-cache": name });
  nobody.replaceChildren(
    `Nobody is charged for ${name}. `,
    h("button", { class: "kl-try", type: "button", on: { click: () => lab.does.type(command) } }, command),
  );
}

function paintSlab(ctx, block, frame, containers, palette) {
  const row = frame.slabs.rows[block.slab];
  if (!row) return;
  row.owners.forEach((_, slot) => {
    const state = slotState(frame, block.slab, slot);
    const rect = cellRect(block, slot);
    if (block.strip && row.array)
      paintStrip(ctx, rect, block.strip, state, containers, frame.selected, palette);
    paintCell(ctx, rect, state, containers, frame.selected, palette);
  });
}
