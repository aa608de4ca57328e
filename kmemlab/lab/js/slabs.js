// @ts-check
// Slab pages: whose are the objects on each page, and which slot is next? Lists are drawn as lines; nothing points at
// a full slab. The picture is a canvas, sharp on any screen; slabgrid.js tells the same to a screen reader.
import { h, fmt, plural, ordinal, setAttrs, localPoint, changeDetector, textWidth } from "./dom.js";
import { containersById } from "./palette.js";
import { layoutSlabs, cellRect, cellAt } from "./slablayout.js";
import { slotState, cellName, paintCell, paintStrip } from "./cells.js";
import { makeSlabGrid } from "./slabgrid.js";

const TIP_DELAY = 250;

/** @param {import("./dom.js").Lab} lab */
export function makeSlabs(lab) {
  const canvas = /** @type {any} */ (h("canvas", { class: "kl-slabs", "aria-hidden": "true" }));
  const tip = h("div", { class: "kl-tip", hidden: true });
  const grid = makeSlabGrid(lab, (cell) => { walked = cell; paint(); });
  const empty = h("p", { class: "kl-empty" });
  const nobody = h("p", { class: "kl-nobody" });
  const el = h("div", { class: "kl-slabbox" }, nobody, empty, h("div", { class: "kl-canvasbox" }, canvas, tip), grid.el);
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

  const inFold = (point) => layout?.fold && point.x >= layout.fold.x - 4 && point.x <= layout.fold.x + layout.fold.width &&
    point.y >= layout.fold.y - 2 && point.y <= layout.fold.y + layout.fold.height;
  const under = (event) => layout && cellAt(layout, frame.cache?.objects ?? 0, ...xy(localPoint(event, canvas)));
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
  canvas.addEventListener("pointerleave", () => { hovered = null; tip.hidden = true; clearTimeout(timer); paint(); });
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
    const paid = state.kind === "owned" || state.kind === "new" ? `, ${fmt(frame.cache.size)} bytes charged` : "";
    tip.replaceChildren(h("b", {}, cellName(slab, slot, state, containers)), h("br"),
      `page ${row.pfn}${paid}`);
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
    if (document.activeElement && grid.el.contains(document.activeElement)) paintRing(ctx, walked, 1, 2, palette);
  }

  function paintRing(ctx, cell, outside, width, palette) {
    const rect = cell && canvas.klCell(cell.slab, cell.slot);
    if (!rect) return;
    ctx.strokeStyle = palette.ink;
    ctx.lineWidth = rect.w < 8 ? 1.5 : width;
    ctx.beginPath();
    ctx.roundRect(rect.x - outside, rect.y - outside, rect.w + 2 * outside, rect.h + 2 * outside, 3 + outside);
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
      if (cacheChanged) { unfolded = false; hovered = null; walked = null; tip.hidden = true; }
      const slabs = frame.slabs;
      const any = slabs && Object.keys(slabs.rows ?? {}).length > 0;
      drawEmpty(lab, empty, nobody, frame, any);
      canvas.hidden = !any;
      grid.el.hidden = !any;
      if (!any || !width) { layout = null; return; }
      if (!changed(slabs, frame.cache, frame.mark, frame.object, frame.selected, frame.containers, width, view.size,
        view.stack, view.palette, view.scale, unfolded)) return;
      containers = containersById(frame);
      layout = layoutSlabs(slabs, frame.cache?.objects ?? 1, Math.floor(width), view.size, view.stack, unfolded);
      if (hovered && !slabs.rows[hovered.slab]) { hovered = null; tip.hidden = true; }
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
  empty.textContent = name ? `${name} has no slabs. The first ${name === "filp" ? "open" : "allocation"} makes one.`
    : "No cache has slabs yet.";
  const unpaid = Boolean(name) && frame.cache.accounted === false;
  const command = `echo 1 > /sys/slab/${name}/cache_account`;
  nobody.hidden = !unpaid;
  if (!unpaid || nobody.dataset.cache === name) return;
  setAttrs(nobody, { "data-cache": name });
  nobody.replaceChildren(`Nobody is charged for ${name}. `,
    h("button", { class: "kl-try", type: "button", on: { click: () => lab.does.type(command) } }, command));
}

function paintSlab(ctx, block, frame, containers, palette) {
  const row = frame.slabs.rows[block.slab];
  if (!row) return;
  row.owners.forEach((_, slot) => {
    const state = slotState(frame, block.slab, slot);
    const rect = cellRect(block, slot);
    if (block.strip && row.array) paintStrip(ctx, rect, block.strip, state, containers, frame.selected, palette);
    paintCell(ctx, rect, state, containers, frame.selected, palette);
  });
}

/** Headings, row labels, arrows, the fold and the captions. */
function paintWords(ctx, layout, frame, palette, containers) {
  const { base } = layout;
  const write = (text, x, y, size, weight, colour, align = "left") => {
    ctx.font = `${weight} ${size}px ${palette.font}`;
    ctx.fillStyle = colour;
    ctx.textAlign = align;
    ctx.textBaseline = "alphabetic";
    ctx.fillText(text, x, y);
  };
  const refused = frame.mark?.kind === "taken";
  for (const head of layout.heads) {
    write(head.text, head.x, head.y, base.font, 650, palette.ink);
    const x = head.x + textWidth(head.text, base.font, 650) + 16;
    const loud = head.note && refused;
    write(head.sub, x, head.y, base.font - 1, loud ? 500 : 400, loud ? palette.nox : palette.ink3);
  }
  ctx.strokeStyle = palette.ink;
  ctx.lineWidth = 1.6;
  for (const trunk of layout.trunks) ctx.stroke(new Path2D(trunk.d));
  for (const row of layout.rows) {
    const half = Math.min(row.shape.cell, base.cell) / 2;
    if (row.number) write(String(row.slab), row.x, row.y + half + base.font * 0.34, base.font - 1.5, 400, palette.ink3, "right");
    else paintRowLabel(ctx, write, row, half, layout, frame, palette);
  }
  if (layout.fold) write(foldWords(layout.fold, frame, containers), layout.fold.x, layout.fold.y + base.font, base.font - 0.5,
    600, palette.ink2);
  paintCaptions(write, layout, frame, palette);
}

/** "cpu 0" or "head", how full the slab is, and the pointer to it. */
function paintRowLabel(ctx, write, row, half, layout, frame, palette) {
  const { base } = layout;
  const slab = frame.slabs.rows[row.slab];
  if (!slab) return;
  const name = row.name === "place" ? ordinal(row.place) : row.name;
  const y = row.y + half;
  write(name, row.from, y + base.font * 0.1, base.font, 600, palette.ink);
  const small = Math.max(11.5, base.font - 2);
  const taken = `${slab.inuse}/${frame.cache.objects}`;
  const long = `slab ${row.slab} · ${taken}`;
  const room = base.label - row.from - 6;
  const fits = base.label > 90 && textWidth(long, small) <= room;
  write(fits ? long : taken, row.from, y + base.font * 1.28, small, 400, palette.ink3);
  const line = y - base.font * 0.25;
  const end = base.label - 10;
  const start = Math.max(row.from + textWidth(name, base.font, 600) + 4,
    row.place ? base.font * 3.85 : base.font * 3.1);
  ctx.strokeStyle = palette.ink;
  ctx.lineWidth = 1.6;
  const branch = row.place ? `M5 ${line}h${base.font * 0.8}` : "";
  ctx.stroke(new Path2D(`${branch}M${start} ${line}H${end}m-5 -4l5 4l-5 4`));
}

/** "8 more, all bomb". */
function foldWords(fold, frame, containers) {
  const counts = new Map();
  for (const slab of fold.slabs) {
    for (const owner of frame.slabs.rows[slab]?.owners ?? []) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  const name = (owner) => containers.get(owner)?.name ?? "nobody";
  const more = `${fmt(fold.slabs.length)} more`;
  if (counts.size === 1) return `${more}, all ${name([...counts.keys()][0])}`;
  const [owner, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [-1, 0];
  return `${more}, ${fmt(count)} of ${fmt(fold.slabs.length * (frame.cache?.objects ?? 0))} objects ${name(owner)}`;
}

function paintCaptions(write, layout, frame, palette) {
  const { base } = layout;
  const size = base.font - 0.5;
  const line = base.font * 1.4;
  const lists = layout.rows.some((row) => !row.number);
  const array = Object.values(frame.slabs.rows).some((row) => row.array);
  const objects = frame.cache?.objects ?? 0;
  const { captionX: x, captionY: y } = layout;
  if (lists) {
    write("1", x, y, size, 650, palette.ink);
    const after = textWidth("1", size, 650);
    write(" is the next free slot, then 2, 3, …", x + after, y, size, 400, palette.ink2);
  }
  if (lists && array) {
    // One pointer of 8 bytes for each object: struct kmem_container *owner[objects].
    write(`Thin strip: the owner array, ${plural(objects, "pointer")}.`, x, y + line, size, 400, palette.ink2);
    write(`Its ${fmt(objects * 8)} bytes are charged to nobody.`, x, y + 2 * line, size, 400, palette.ink2);
  }
  if (layout.fullNote) {
    const { x: nx, y: ny } = layout.fullNote;
    write("Nothing points at a full slab, so turning", nx, ny, size, 400, palette.ink2);
    write("accounting off could not find these objects.", nx, ny + line, size, 400, palette.ink2);
  }
}
