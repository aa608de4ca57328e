// @ts-check
// How large the cells of a slab are, and how many slabs fit into a box. Pure arithmetic.

/**
 * One slab on the picture.
 * @typedef {Object} SlabBlock
 * @property {number} slab number of the slab
 * @property {number} x
 * @property {number} y
 * @property {number} cell edge of a cell
 * @property {number} gap between two cells
 * @property {number} perLine cells in a line
 * @property {number} pitch from one line to the next
 * @property {number} lines
 * @property {number} strip height of the owner-array strip, 0 if it is not drawn here
 * @property {number} width
 * @property {number} height
 * @property {string} where "cpu 0", "partial 1", "full"
 */

const CELLS_PER_LINE = 64;
const SMALLEST_LETTERED = 14;

/** Size of one slab drawn as one line of cells, or as several if they would become too small for a letter. */
export function slabShape(objects, room, base) {
  const fits = (perLine) => Math.min(base.cell, (room + base.gap) / perLine - base.gap);
  if (objects > CELLS_PER_LINE) {
    return shapeOf(objects, CELLS_PER_LINE, Math.max(2, Math.floor(fits(CELLS_PER_LINE))), base);
  }
  let lines = 1;
  while (fits(Math.ceil(objects / lines)) < SMALLEST_LETTERED && lines < objects) lines += 1;
  const perLine = Math.ceil(objects / lines);
  return shapeOf(objects, perLine, lines > 1 ? Math.floor(fits(perLine)) : fits(perLine), base);
}

/** A block of cells, with room for the owner array under each line unless `strip` is 0. */
export function shapeOf(
  objects,
  perLine,
  cell,
  base,
  strip = Math.max(cell < 12 ? 2 : 5, Math.round(cell * 0.24)),
) {
  const gap = cell < 5 ? 0 : cell < 12 ? 1 : base.gap;
  const under = strip ? (cell < 12 ? 1 : 3) + strip : 0;
  const lines = Math.ceil(objects / perLine);
  const pitch = cell + under + (under ? Math.max(2, gap) : gap);
  return {
    cell,
    gap,
    perLine,
    lines,
    pitch,
    strip,
    width: Math.min(objects, perLine) * (cell + gap) - gap,
    height: pitch * (lines - 1) + cell + under,
  };
}

/** Full slabs at the size of the design; slabs that are narrow stand side by side. */
export function wantedGrid(objects, base, room) {
  const wide = slabShape(objects, room.width - base.fullLabel, base);
  const shape = shapeOf(objects, wide.perLine, wide.cell, base, 0);
  const gapX = 14;
  const columns = Math.max(1, Math.floor((room.width + gapX) / (base.fullLabel + shape.width + gapX)));
  const rows = Math.max(2, Math.floor((room.height + base.rowGap) / (shape.height + base.rowGap)));
  return { shape, label: base.fullLabel, gapX, gapY: base.rowGap, columns, rows };
}
