// @ts-check
// Where everything on the slab pages is. Pure geometry: no drawing, no state.
//
// Lists on the left (cpu slabs, partial list), full slabs on the right. If there are too many full slabs
// they fold to one line of words; above 2,000 cells they stand in a field instead, which can be zoomed and is
// scrolled, and so does a long partial list (slabzoom.js).
import { plural } from "./dom.js";
import { slabShape, wantedGrid } from "./slabshape.js";
import { layoutField, placeAtPoint, fieldBlock } from "./slabzoom.js";

const SLAB_SIZES = {
  L: {
    cell: 28,
    gap: 2,
    font: 15.5,
    label: 124,
    between: 32,
    fullLabel: 30,
    rowGap: 5,
    air: 0.62,
    height: 490,
  },
  M: {
    cell: 22,
    gap: 2,
    font: 13,
    label: 102,
    between: 34,
    fullLabel: 26,
    rowGap: 4,
    air: 0.5,
    height: 352,
  },
  S: {
    cell: 16,
    gap: 1.4,
    font: 12.5,
    label: 84,
    between: 16,
    fullLabel: 22,
    rowGap: 4,
    air: 0.75,
    height: 332,
  },
  // In a widget of its own.
  V: {
    cell: 19,
    gap: 1.5,
    font: 13,
    label: 106,
    between: 24,
    fullLabel: 24,
    rowGap: 4,
    air: 0.6,
    height: 332,
  },
  // Beside another machine's.
  C: {
    cell: 20,
    gap: 2,
    font: 13,
    label: 96,
    between: 24,
    fullLabel: 26,
    rowGap: 2,
    air: 0.35,
    height: 640,
  },
};
const MANY_CELLS = 2000;
// Width of the longest words over the lists, in font sizes.
const HEADING_ROOM = 26.5;
// Height of the headings and the caption of the lists, in font sizes.
const LIST_WORDS = 8.4;
// Height of what stands below a partial list that is scrolled, in font sizes.
const WORDS_BELOW = 5.4;

/** Lays out all slabs of the drawn cache; `zoom` is a level of slabzoom.js, or null for the best. */
export function layoutSlabs(slabs, objects, width, size, stack, unfolded, zoom = null) {
  const base = SLAB_SIZES[size];
  // Both columns have room for slabs of the same width; their labels differ.
  const room = stack ? width - base.label : (width - base.between - base.label - base.fullLabel) / 2;
  const column = base.label + room;
  const { free = [] } = slabs;
  const listed = Object.keys(slabs.cpus ?? {}).length + (slabs.partial ?? []).length + free.length;
  const many = (listed + (slabs.full ?? []).length) * objects > MANY_CELLS;
  const out = {
    width,
    height: 0,
    base,
    blocks: [],
    fields: [],
    zoom,
    heads: [],
    rows: [],
    trunks: [],
    fold: null,
    many,
    captionX: 0,
    captionY: 0,
    captionRoom: 0,
    fullNote: null,
  };
  const shape = slabShape(objects, room, base);
  const lists = { ...shape, x: base.label, step: rowPitch(shape, base, listed) };
  let y = slabs.arrays ? layoutArrays(out, slabs, base) : layoutCpus(out, slabs, lists, base);
  y = layoutList(out, "partial", slabs.partial ?? [], "refilled from the head", lists, base, column, objects, y);
  if (slabs.arrays) y = layoutList(out, "free", free, "no object in use", lists, base, column, objects, y + base.font * 0.3);
  out.captionX = base.label;
  out.captionY = y + base.font * 1.1;
  const listsEnd = out.captionY + base.font * 3.3;
  // Beside lists that are narrower than half the stage there is more room for the full slabs.
  const listWidth = Math.max(base.label + shape.width, base.font * HEADING_ROOM);
  const fullX = stack ? 0 : Math.min(column, listWidth) + base.between;
  out.captionRoom = (stack ? width : fullX - base.between / 2) - base.label;
  const top = stack ? listsEnd + 4 : 0;
  const tall = Math.max(base.height, stack ? 0 : listsEnd);
  const end = layoutFull(out, slabs.full ?? [], slabs.arrays || slabs.listed ? "a" : "no", objects, base, {
    x: fullX,
    y: top,
    width: width - fullX,
    height: unfolded ? Infinity : tall,
  });
  out.height = Math.ceil(Math.max(listsEnd, end));
  return out;
}

function layoutCpus(out, slabs, shape, base) {
  let y = base.font;
  const sub = slabs.note ?? "one per cpu, allocation happens here";
  out.heads.push({ x: 0, y, text: "cpu slabs", sub, note: slabs.note });
  y += base.font * 0.95;
  for (const [cpu, slab] of Object.entries(slabs.cpus ?? {})) {
    addBlock(out, slab, `cpu ${cpu}`, shape, shape.x, y);
    out.rows.push({ y, shape, slab, name: `cpu ${cpu}`, from: 0 });
    y += shape.step;
  }
  if (!Object.keys(slabs.cpus ?? {}).length) y += base.font * 1.2;
  return y;
}

/** SLAB: no cpu has a slab in hand, but an array of free objects from any. */
function layoutArrays(out, slabs, base) {
  const sub = slabs.note ?? slabs.arrays.map(([name, avail, limit]) => `${name}: ${avail} of ${limit}`).join(", ");
  out.heads.push({ x: 0, y: base.font, text: "arrays", sub, note: slabs.note });
  return base.font * 1.95;
}

/** From one row of a list to the next: as airy as the design, but closer where many rows are to fit. */
function rowPitch(shape, base, rows) {
  const airy = shape.height + Math.round(Math.min(shape.cell, base.cell) * base.air);
  const fitting = (base.height - base.font * LIST_WORDS) / Math.max(rows, 1);
  // Name and number of a row need two lines of text, whatever the cells need.
  return Math.max(Math.min(airy, fitting), shape.height + 4, base.font * 2.55);
}

/**
 * Where the pointer meets a slab: in the middle of its first line, but never so high that its name has no
 * room.
 */
export function rowMiddle(shape, base) {
  return Math.max(shape.cell / 2, base.font * 0.8);
}

function addBlock(out, slab, where, shape, x, y) {
  out.blocks.push({ ...shape, slab, where, x, y });
}

function layoutList(out, list, slabs, told, shape, base, column, objects, start) {
  let y = start + base.font * 1.05;
  out.heads.push({
    x: 0,
    y,
    text: `${list} list`,
    sub: slabs.length ? told : "empty",
  });
  y += base.font * 0.95;
  // Where all is scrolled anyway the lists may stand in a field, too; else they may make the stage taller.
  const rowsFit = out.many
    ? Math.floor((base.height - base.font * WORDS_BELOW - y) / shape.step)
    : Math.max(8, Math.floor((base.height * 1.5) / shape.step));
  if (slabs.length > rowsFit) return layoutLongList(out, list, slabs, objects, base, column, y);
  const top = y;
  let last = y;
  slabs.forEach((slab, i) => {
    addBlock(out, slab, `${list} ${i + 1}`, shape, shape.x, y);
    out.rows.push({ y, shape, slab, name: i ? "place" : "head", place: i + 1, from: base.font * 1.3 });
    last = y + rowMiddle(shape, base) - base.font * 0.25;
    y += shape.step;
  });
  if (slabs.length) out.trunks.push({ d: `M5 ${top - 3}V${last}` });
  return y;
}

/** A long list still is a line: its slabs hang on a trunk, row after row, in a field that is scrolled. */
function layoutLongList(out, list, slabs, objects, base, column, start) {
  const left = base.font * 1.3;
  const height = Math.max(base.height - base.font * WORDS_BELOW - start, base.height * 0.3);
  const box = { x: left, y: start, width: column - left, height };
  const field = layoutField(list, slabs, objects, base, box, out.zoom);
  field.height = Math.min(height, field.tall);
  out.fields.push(field);
  const end = start + field.height;
  out.trunks.push({ d: `M5 ${start - 3}V${end}` });
  if (field.pitchY >= 4) {
    let d = "";
    for (let y = start + field.shape.cell / 2; y < end; y += field.pitchY) d += `M5 ${y}H${left - 2}`;
    out.trunks.push({ d });
  }
  return end + base.font * 0.9;
}

function layoutFull(out, full, which, objects, base, box) {
  let y = box.y + base.font;
  out.heads.push({
    x: box.x,
    y,
    text: "full",
    sub: `${plural(full.length, "slab")}, on ${which} list`,
  });
  y += base.font * 0.95;
  const foot = base.font * 2.9;
  const room = { width: box.width, height: box.height - base.font * 1.95 - foot };
  if (out.many) {
    const inside = { x: box.x, y, width: box.width, height: Math.max(60, Math.min(room.height - base.rowGap, base.height)) };
    const field = layoutField("full", full, objects, base, inside, out.zoom);
    field.height = Math.min(inside.height, field.tall);
    if (full.length) out.fields.push(field);
    y += field.height + base.rowGap;
    if (full.length) out.fullNote = { x: box.x, y: y + base.font * 1.1 };
    return y + foot;
  }
  const grid = wantedGrid(objects, base, room);
  const fits = grid.columns * grid.rows;
  // The words of a fold take the place of the last row.
  const shown = full.length > fits ? Math.max(0, grid.columns * (grid.rows - 1)) : full.length;
  full.forEach((slab, i) => {
    if (i >= shown) return;
    const x = box.x + grid.label + (i % grid.columns) * (grid.label + grid.shape.width + grid.gapX);
    const at = y + Math.floor(i / grid.columns) * (grid.shape.height + grid.gapY);
    addBlock(out, slab, "full", grid.shape, x, at);
    if (grid.label) out.rows.push({ y: at, x: x - 10, shape: grid.shape, slab, number: true });
  });
  y += Math.ceil(shown / grid.columns) * (grid.shape.height + grid.gapY);
  if (shown < full.length) {
    out.fold = {
      x: box.x + grid.label,
      y,
      width: box.width - grid.label,
      height: base.font * 1.6,
      slabs: full.slice(shown),
    };
    y += base.font * 1.6;
  }
  if (full.length) out.fullNote = { x: box.x + grid.label, y: y + base.font * 1.1 };
  return y + foot;
}

/** The rectangle of one cell. */
export function cellRect(block, slot) {
  return {
    x: block.x + (slot % block.perLine) * (block.cell + block.gap),
    y: block.y + Math.floor(slot / block.perLine) * block.pitch,
    w: block.cell,
    h: block.cell,
  };
}

/**
 * The slab and slot under a point; slot -1 where a page is one pixel. The whole row takes the pointer, and the
 * nearest cell answers.
 */
export function cellAt(layout, objects, x, y) {
  for (const field of layout.fields) {
    const place = placeAtPoint(field, x, y);
    if (place < 0) continue;
    const block = fieldBlock(field, place);
    return field.level === "pages" ? { slab: block.slab, slot: -1 } : cellOfBlock(block, objects, x, y);
  }
  for (const block of layout.blocks) {
    const cell = cellOfBlock(block, objects, x, y);
    if (cell !== undefined) return cell;
  }
  return null;
}

/** The cell of a block that is nearest to a point; null behind its last one, undefined outside. */
function cellOfBlock(block, objects, x, y) {
  const edge = Math.min(3, block.gap + 1);
  if (x < block.x - edge || x > block.x + block.width + edge) return undefined;
  if (y < block.y - edge || y > block.y + block.height + edge) return undefined;
  const column = Math.min(
    block.perLine - 1,
    Math.max(0, Math.floor((x - block.x) / (block.cell + block.gap))),
  );
  const line = Math.min(block.lines - 1, Math.max(0, Math.floor((y - block.y) / block.pitch)));
  const slot = line * block.perLine + column;
  return slot < objects ? { slab: block.slab, slot } : null;
}
