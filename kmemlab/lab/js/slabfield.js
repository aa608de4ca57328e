// @ts-check
// Paints a field of slabs (slabzoom.js): only what is in sight, and at the coarsest level only what changed.
import { ownerLook } from "./palette.js";
import { cellRect } from "./slablayout.js";
import { fieldBlock, fieldInSight } from "./slabzoom.js";
import { nextOf, slotState, paintCell } from "./cells.js";

// Cells smaller than this have no letter, edge or stripe of their own: all of one colour are painted at once.
const PLAIN_BELOW = 9;

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("./slabzoom.js").SlabField} field
 * @param {any} memory what was painted of this field before; begins as {}
 */
export function paintField(ctx, field, frame, containers, palette, memory) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(field.x - 5, field.y - 3, field.width + 10, field.height + 6);
  ctx.clip();
  if (field.level === "pages") paintPixels(ctx, field, frame, containers, palette, memory);
  else if (field.shape.cell < PLAIN_BELOW) paintPlain(ctx, field, frame, containers, palette);
  else paintLettered(ctx, field, frame, containers, palette);
  ctx.restore();
}

/** Every slab is one pixel of a picture that is drawn enlarged. */
function paintPixels(ctx, field, frame, containers, palette, memory) {
  const rows = Math.ceil(field.slabs.length / field.columns);
  const fresh = memory.columns !== field.columns || memory.lines !== rows;
  if (fresh) {
    const picture = document.createElement("canvas");
    picture.width = field.columns;
    picture.height = Math.max(1, rows);
    const inside = picture.getContext("2d");
    const pixels = inside.createImageData(picture.width, picture.height);
    Object.assign(memory, { columns: field.columns, lines: rows, picture, inside, pixels });
    memory.colours = new Uint32Array(pixels.data.buffer);
    memory.rows = [];
  }
  // Only hue, name and selection matter to the colour of a page.
  const looks = JSON.stringify([frame.selected, (frame.containers ?? []).map((c) => [c.id, c.hue])]);
  if (fresh || memory.looks !== looks || memory.palette !== palette) {
    Object.assign(memory, { looks, palette, rows: [], colourOf: pageColours(frame.selected, containers, palette) });
    memory.colours.fill(0);
  }
  let changed = fresh;
  const { slabs } = field;
  const drawn = frame.slabs.rows;
  for (let i = 0; i < slabs.length; i += 1) {
    const row = drawn[slabs[i]];
    if (memory.rows[i] === row) continue;
    memory.rows[i] = row;
    memory.colours[i] = row ? memory.colourOf(row) : 0;
    changed = true;
  }
  if (memory.rows.length > slabs.length) {
    memory.colours.fill(0, slabs.length);
    memory.rows.length = slabs.length;
    changed = true;
  }
  if (changed) memory.inside.putImageData(memory.pixels, 0, 0);
  const [wide, high] = [field.columns * field.pitchX, rows * field.pitchY];
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(memory.picture, field.x, field.y - field.scroll, wide, high);
  if (field.pitchX > field.shape.cell) {
    ctx.fillStyle = palette.canvas;
    for (let x = field.pitchX; x <= wide; x += field.pitchX) ctx.fillRect(field.x + x - 1, field.y, 1, field.height);
    const first = field.pitchY - (field.scroll % field.pitchY);
    for (let y = first; y <= field.height + 1; y += field.pitchY) ctx.fillRect(field.x, field.y + y - 1, wide, 1);
  }
}

/** Returns a function that tells a page's colour: that of who has most of it; solid by half if the selected has some. */
function pageColours(selected, containers, palette) {
  const known = new Map();
  const colour = (owner, solid) => {
    const key = `${owner} ${solid}`;
    if (!known.has(key)) {
      known.set(key, bytesOf(owner === -2 ? palette.line2 : flatFill(containers, owner, solid ? owner : null, palette)));
    }
    return known.get(key);
  };
  return (row) => {
    const { owners } = row;
    let [most, best, mine] = [owners[0], 0, 0];
    const counts = new Map();
    for (const owner of owners) {
      if (owner === selected) mine += 1;
      if (owner === -2) continue;
      const count = (counts.get(owner) ?? 0) + 1;
      counts.set(owner, count);
      if (count > best) [most, best] = [owner, count];
    }
    if (!mine || selected === undefined) return colour(best ? most : -2, false);
    return most === selected ? colour(selected, true) : mixed(colour(most, false), colour(selected, true));
  };
}

/** The fill of what has no edge: where tints are gone it must differ from the ground. */
function flatFill(containers, owner, selected, palette) {
  const { fill } = ownerLook(containers, owner, selected, palette);
  return palette.forced && fill === palette.canvas ? palette.hush : fill;
}

/** A colour as a pixel; a canvas knows how to read any. */
function bytesOf(text) {
  const ctx = document.createElement("canvas").getContext("2d");
  ctx.fillStyle = text;
  ctx.fillRect(0, 0, 1, 1);
  const [red, green, blue] = ctx.getImageData(0, 0, 1, 1).data;
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

function mixed(a, b) {
  const half = (shift) => ((((a >> shift) & 0xff) + ((b >> shift) & 0xff)) >> 1) << shift;
  return (0xff000000 | half(16) | half(8) | half(0)) >>> 0;
}

/** Tiles: one path for each colour. */
function paintPlain(ctx, field, frame, containers, palette) {
  const [first, last] = fieldInSight(field);
  const { cell, gap, perLine, pitch } = field.shape;
  const paths = new Map();
  const pathOf = (owner) => {
    if (!paths.has(owner)) paths.set(owner, new Path2D());
    return paths.get(owner);
  };
  const next = new Path2D();
  for (let place = first; place < last; place += 1) {
    const block = fieldBlock(field, place);
    const row = frame.slabs.rows[block.slab];
    if (!row) continue;
    row.owners.forEach((owner, slot) => {
      const x = block.x + (slot % perLine) * (cell + gap);
      const y = block.y + Math.floor(slot / perLine) * pitch;
      pathOf(owner).rect(x, y, cell, cell);
    });
    if (nextOf(row) >= 0) {
      const rect = cellRect(block, nextOf(row));
      next.rect(rect.x + 0.5, rect.y + 0.5, rect.w - 1, rect.h - 1);
    }
  }
  for (const [owner, path] of paths) {
    if (owner === -2 && palette.forced) continue;
    ctx.fillStyle = owner === -2 ? palette.line : flatFill(containers, owner, frame.selected, palette);
    ctx.fill(path);
  }
  ctx.strokeStyle = palette.ink;
  ctx.lineWidth = 1;
  ctx.stroke(next);
}

function paintLettered(ctx, field, frame, containers, palette) {
  const [first, last] = fieldInSight(field);
  for (let place = first; place < last; place += 1) {
    const block = fieldBlock(field, place);
    const row = frame.slabs.rows[block.slab];
    if (!row) continue;
    if (field.label) {
      ctx.font = `400 11px ${palette.font}`;
      ctx.fillStyle = palette.ink3;
      ctx.textAlign = "right";
      ctx.textBaseline = "alphabetic";
      ctx.fillText(String(block.slab), block.x - 6, block.y + block.cell / 2 + 4);
    }
    row.owners.forEach((_, slot) => {
      paintCell(ctx, cellRect(block, slot), slotState(frame, block.slab, slot), containers, frame.selected, palette);
    });
  }
}
