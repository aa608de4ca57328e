// @ts-check
// More than 2,000 cells: the slabs of a list stand in a field that is scrolled, at one of three levels: a page as a
// pixel, as a tile of cells, as a line of cells. Pure arithmetic: a field knows where each slab is without a list of places,
// so that a million objects cost what is on the screen.
import { shapeOf } from "./slabshape.js";

export const ZOOM_LEVELS = ["pages", "tiles", "cells"];
const LARGEST_PIXEL = 12;
const TILE_CELLS = [8, 7, 6, 5, 4, 3];
const LETTERED = 16;

/**
 * A list of slabs in a box.
 * @typedef {Object} SlabField
 * @property {string} name "partial", "full" or "free"
 * @property {number[]} slabs
 * @property {string} level
 * @property {any} shape of one slab, see slabshape.js
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height of the box
 * @property {number} tall height of all rows
 * @property {number} label room for the slab's number before it
 * @property {number} columns
 * @property {number} pitchX
 * @property {number} pitchY
 * @property {number} scroll how far it is scrolled
 */

/** Puts slabs into a box at a level; without one at the finest that shows them all. */
export function layoutField(name, slabs, objects, base, box, level) {
  const fits = (each) => each.tall <= box.height;
  const all = () => ZOOM_LEVELS.map((each) => fieldAt(name, slabs, objects, base, box, each));
  if (level) return fieldAt(name, slabs, objects, base, box, level);
  const [pages, tiles, cells] = all();
  return fits(cells) ? cells : fits(tiles) ? tiles : pages;
}

function fieldAt(name, slabs, objects, base, box, level) {
  const count = slabs.length;
  const made = { name, slabs, level, x: box.x, y: box.y, width: box.width, height: box.height, scroll: 0 };
  const rowed = (shape, label, gapX, gapY) => {
    const columns = Math.max(1, Math.floor((box.width + gapX) / (label + shape.width + gapX)));
    const pitchY = shape.height + gapY;
    const tall = Math.ceil(count / columns) * pitchY;
    return { ...made, shape, label, columns, pitchX: label + shape.width + gapX, pitchY, tall };
  };
  if (level === "pages") {
    const across = (edge) => Math.max(1, Math.floor(box.width / edge));
    let edge = LARGEST_PIXEL;
    while (edge > 1 && Math.ceil(count / across(edge)) * edge > box.height) edge -= 1;
    const gap = edge >= 4 ? 1 : 0;
    const shape = { cell: edge - gap, gap: 0, perLine: 1, lines: 1, pitch: edge, strip: 0 };
    return rowed({ ...shape, width: edge - gap, height: edge - gap }, 0, gap, gap);
  }
  if (level === "tiles") {
    const side = Math.ceil(Math.sqrt(objects));
    const sized = TILE_CELLS.map((cell) => {
      const apart = cell > 4 ? 5 : 4;
      return rowed(shapeOf(objects, side, cell, base, 0), 0, apart, apart);
    });
    return sized.find((each) => each.tall <= box.height) ?? sized[sized.length - 1];
  }
  const cell = Math.min(LETTERED, base.cell);
  const label = base.fullLabel + 12;
  const perLine = Math.max(1, Math.min(objects, Math.floor((box.width - label + base.gap) / (cell + base.gap))));
  return rowed(shapeOf(objects, perLine, cell, base, 0), label, 14, base.rowGap);
}

/** The slab at a place of a field, as a block: where it is drawn now. */
export function fieldBlock(field, place) {
  const column = place % field.columns;
  return {
    ...field.shape,
    slab: field.slabs[place],
    level: field.level,
    where: field.name === "full" ? "full" : `partial ${place + 1}`,
    x: field.x + field.label + column * field.pitchX,
    y: field.y + Math.floor(place / field.columns) * field.pitchY - field.scroll,
  };
}

/** The place of a slab in a field, -1 if it is not in it. Full slabs stand in order of birth. */
export function placeInField(field, slab) {
  if (field.name !== "full") return field.slabs.indexOf(slab);
  let [low, high] = [0, field.slabs.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (field.slabs[middle] === slab) return middle;
    if (field.slabs[middle] < slab) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** The first place in sight, and the one after the last. */
export function fieldInSight(field) {
  const first = Math.floor(field.scroll / field.pitchY);
  const last = Math.ceil((field.scroll + field.height) / field.pitchY);
  return [first * field.columns, Math.min(field.slabs.length, last * field.columns)];
}

/** The place under a point, -1 for none. */
export function placeAtPoint(field, x, y) {
  if (x < field.x || x > field.x + field.width || y < field.y || y > field.y + field.height) return -1;
  const column = Math.floor((x - field.x) / field.pitchX);
  if (column >= field.columns) return -1;
  const place = Math.floor((y - field.y + field.scroll) / field.pitchY) * field.columns + column;
  return place < field.slabs.length ? place : -1;
}

/** How far a field must be scrolled so that a place is in sight: not at all if it is. */
export function scrollToPlace(field, place, middle = false) {
  const top = Math.floor(place / field.columns) * field.pitchY;
  const end = Math.max(0, field.tall - field.height);
  if (!middle && top >= field.scroll && top + field.pitchY <= field.scroll + field.height) return field.scroll;
  return Math.min(end, Math.max(0, top - (field.height - field.pitchY) / 2));
}
