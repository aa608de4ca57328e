// @ts-check
// Slab pages: whose are the objects on each page, and which slot is next? Lists are drawn as lines; nothing
// points at a full slab. The picture is a canvas, sharp on any screen; slabgrid.js tells the same to a
// screen reader.
import { h, setAttrs, localPoint, changeDetector } from "./dom.js";
import { containersById } from "./palette.js";
import { layoutSlabs, cellRect, cellAt } from "./slablayout.js";
import { slotState, paintCell, paintStrip } from "./cells.js";
import { paintWords } from "./slabwords.js";
import { makeSlabGrid } from "./slabgrid.js";
import { makeSlabMotion } from "./slabmotion.js";
import { makeSlabTip } from "./slabtip.js";
import { makeSlabNav } from "./slabnav.js";
import { fieldBlock, placeInField } from "./slabzoom.js";
import { paintField } from "./slabfield.js";

/** @param {import("./dom.js").Lab} lab */
export function makeSlabs(lab) {
  const canvas = /** @type {any} */ (h("canvas", { class: "kl-slabs", "aria-hidden": "true" }));
  const tip = makeSlabTip(lab);
  const grid = makeSlabGrid(lab, walkTo, (by) => nav.zoom(by));
  const empty = h("p", { class: "kl-empty" });
  const nobody = h("p", { class: "kl-nobody" });
  const box = h("div", { class: "kl-canvasbox" }, canvas, tip.el);
  const el = h("div", { class: "kl-slabbox" }, nobody, empty, box, grid.el);
  const nav = makeSlabNav(box, zoomTo, () => paint());
  const motion = makeSlabMotion(() => paint());
  const changed = changeDetector();
  let layout = null;
  let frame = null;
  let containers = new Map();
  let hovered = null;
  let walked = null;
  let unfolded = false;
  let zoom = null;
  let memory = {};
  let shown = null;
  let stateOfPicture = "";

  /** Where a cell is, in CSS px from the corner of the canvas (tests ask too); null if it is not in sight. */
  canvas.klCell = (slab, slot) => {
    const block = layout?.blocks.find((b) => b.slab === Number(slab)) ?? inField(Number(slab));
    return block ? cellRect(block, block.perLine > 1 ? Math.max(0, Number(slot)) : 0) : null;
  };

  /** The block of a slab in a field, null if it is scrolled out of sight or in none. */
  function inField(slab) {
    for (const field of layout?.fields ?? []) {
      const place = placeInField(field, slab);
      if (place < 0) continue;
      const block = fieldBlock(field, place);
      return block.y + block.height > field.y && block.y < field.y + field.height ? block : null;
    }
    return null;
  }

  /** The keyboard stands on a cell, or on none. */
  function walkTo(cell) {
    walked = cell;
    if (cell && layout) nav.show(layout.fields, cell.slab);
    paint();
  }

  /** Shows another level, and there what one was looking at. */
  function zoomTo(level, at = hovered ?? walked ?? frame?.object ?? frame?.mark) {
    zoom = level;
    lab.redraw();
    if (at && layout) nav.show(layout.fields, at.slab, true);
    paint();
  }

  const inFold = ({ x, y }) => {
    const fold = layout?.fold;
    return (
      fold && x >= fold.x - 4 && x <= fold.x + fold.width && y >= fold.y - 2 && y <= fold.y + fold.height
    );
  };
  const under = (event) =>
    layout && cellAt(layout, frame.cache?.objects ?? 0, ...xy(localPoint(event, canvas)));
  box.addEventListener("pointermove", (event) => {
    const cell = under(event);
    box.style.cursor = cell || inFold(localPoint(event, canvas)) ? "pointer" : "";
    if (cell?.slab === hovered?.slab && cell?.slot === hovered?.slot) return;
    hovered = cell;
    const place = () => ({ rect: cell && canvas.klCell(cell.slab, cell.slot), width: layout?.width ?? 0 });
    tip.over(cell, () => containers, place);
    paint();
  });
  box.addEventListener("pointerleave", () => {
    hovered = null;
    tip.hide();
    paint();
  });
  box.addEventListener("click", (event) => {
    if (/** @type {HTMLElement} */ (event.target).closest(".kl-zoom")) return;
    const cell = under(event);
    const chosen = frame.object;
    if (cell && cell.slot < 0) zoomTo("cells", cell);
    else if (inFold(localPoint(event, canvas))) {
      unfolded = true;
      lab.redraw();
    } else if (cell && chosen && chosen.slab === cell.slab && chosen.slot === cell.slot) lab.does.object();
    else if (cell) lab.does.object(cell);
  });

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
    for (const block of layout.blocks) {
      const { x, y, alpha } = motion.of(block.slab);
      ctx.globalAlpha = alpha;
      paintSlab(ctx, x || y ? { ...block, x: block.x + x, y: block.y + y } : block, frame, containers, palette, motion);
      ctx.globalAlpha = 1;
    }
    canvas.toggleAttribute("data-moving", motion.moving);
    for (const field of layout.fields) {
      paintField(ctx, field, frame, containers, palette, (memory[field.name] ??= {}));
    }
    paintFar(ctx, palette);
    paintRing(ctx, frame.object, 4.5, 3, palette);
    paintRing(ctx, hovered, 0, 2, palette);
    if (document.activeElement && grid.el.contains(document.activeElement))
      paintRing(ctx, walked, 1, 2, palette);
    canvas.klPainted ??= performance.now(); // the bench clears it, and reads when the next picture was there
  }

  /** What this event touches, where its cell is too small to show it: a square of its own over the page or cell. */
  function paintFar(ctx, palette) {
    const block = frame.mark && inField(frame.mark.slab);
    if (!block || (block.cell >= 9 && block.level !== "pages")) return;
    const rect = canvas.klCell(frame.mark.slab, frame.mark.slot);
    const size = 9;
    const at = { x: rect.x + rect.w / 2 - size / 2, y: rect.y + rect.h / 2 - size / 2, w: size, h: size };
    ctx.fillStyle = palette.canvas;
    ctx.fillRect(at.x - 2, at.y - 2, size + 4, size + 4);
    paintCell(ctx, at, slotState(frame, frame.mark.slab, frame.mark.slot), containers, frame.selected, palette);
    ctx.strokeStyle = palette.ink;
    ctx.lineWidth = 1;
    ctx.strokeRect(at.x - 1.5, at.y - 1.5, size + 3, size + 3);
  }

  function paintRing(ctx, cell, outside, width, palette) {
    const rect = cell && canvas.klCell(cell.slab, cell.slot);
    if (!rect) return;
    ctx.strokeStyle = palette.ink;
    ctx.lineWidth = rect.w < 8 ? 2 : width;
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
    /** One level nearer (1) or farther (-1), where there are levels. */
    zoom: (by) => nav.zoom(by),
    /** Puts the keyboard into the cells. */
    focus: () => grid.el.focus(),
    draw(newFrame, view, width) {
      const cacheChanged = frame?.cache?.name !== newFrame.cache?.name;
      frame = newFrame;
      if (cacheChanged) {
        unfolded = false;
        zoom = null;
        memory = {};
        hovered = null;
        walked = null;
        tip.hide();
      }
      const slabs = frame.slabs;
      const any = slabs && [slabs.partial, slabs.full, slabs.free, Object.keys(slabs.cpus ?? {})].some((list) => list?.length);
      drawEmpty(lab, empty, nobody, frame, any);
      box.hidden = !any;
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
          zoom,
        )
      )
        return;
      containers = containersById(frame);
      const before = layout;
      layout = layoutSlabs(
        slabs,
        frame.cache?.objects ?? 1,
        Math.floor(width),
        view.size,
        view.stack,
        unfolded,
        zoom,
      );
      nav.draw(layout);
      // A picture that was resized, zoomed or unfolded is another one: only what an event changed moves.
      const kept = before && !cacheChanged && before.width === layout.width && before.base === layout.base;
      if (kept && view.motion && shown && stateOfPicture === `${unfolded} ${zoom}`)
        motion.begin(before.blocks, layout.blocks, changedCell(shown, frame));
      else motion.stop();
      shown = frame;
      stateOfPicture = `${unfolded} ${zoom}`;
      if (hovered && !slabs.rows[hovered.slab]) {
        hovered = null;
        tip.hide();
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
  const command = `echo ${frame.cache?.on ?? "1"} > /sys/slab/${name}/cache_account`;
  nobody.hidden = !unpaid;
  if (!unpaid || nobody.dataset.command === command) return;
  setAttrs(nobody, { "data-command": command });
  nobody.replaceChildren(
    `Nobody is charged for ${name}. `,
    h("button", { class: "kl-try", type: "button", on: { click: () => lab.does.type(command) } }, command),
  );
}

function paintSlab(ctx, block, frame, containers, palette, motion) {
  const row = frame.slabs.rows[block.slab];
  if (!row) return;
  row.owners.forEach((_, slot) => {
    const state = slotState(frame, block.slab, slot);
    const rect = cellRect(block, slot);
    if (block.strip && row.array)
      paintStrip(ctx, rect, block.strip, state, containers, frame.selected, palette);
    const fading = motion.fading(block.slab, slot);
    if (fading) {
      paintCell(ctx, rect, fading.state, containers, frame.selected, palette);
      ctx.globalAlpha = fading.share;
    }
    paintCell(ctx, rect, state, containers, frame.selected, palette);
    if (fading) ctx.globalAlpha = 1;
  });
}

/** The cell that this event touches and that looked otherwise before, with how it looked; null if there is none. */
function changedCell(before, frame) {
  const mark = frame.mark ?? before.mark;
  if (!mark || before.mark === frame.mark || !before.slabs?.rows?.[mark.slab] || !frame.slabs.rows[mark.slab]) return null;
  const [was, is] = [slotState(before, mark.slab, mark.slot), slotState(frame, mark.slab, mark.slot)];
  return was.kind === is.kind && was.owner === is.owner ? null : { slab: mark.slab, slot: mark.slot, state: was };
}
