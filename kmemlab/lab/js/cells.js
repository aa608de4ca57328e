// @ts-check
// What a cell is (owned, free, taken ...), how it is called, and how it is painted.
import { ordinal } from "./dom.js";
import { ownerLook } from "./palette.js";

const TURNS = new WeakMap();
/** Stands for the turn of a cell in the array that cpus share. */
const SHARED_TURN = 32000;

/** The slot that a cpu hands out next, -1 if it has none of this slab; not one that another cpu freed. */
export function nextOf(row) {
  if (row.resting) return row.resting.find(([, whose, turn]) => turn === 1 && whose !== "shared")?.[0] ?? -1;
  return row.free && row.free.length > (row.remote ?? 0) ? row.free[0] : -1;
}

/** When each free cell's turn comes: 0 not free, k the k-th, -k freed by another cpu and not on this cpu's list yet. */
export function turnsOf(row) {
  let turns = TURNS.get(row);
  if (!turns) {
    turns = new Int16Array(row.owners.length);
    const free = row.free ?? [];
    const own = free.length - (row.remote ?? 0);
    const { resting } = row;
    free.forEach((slot, i) => (turns[slot] = i < own ? i + 1 : -i - 1 + (resting ? own : 0)));
    // In SLAB a turn is one in the cpu's array; the array that cpus share has none.
    for (const [slot, whose, turn] of resting ?? []) turns[slot] = whose === "shared" ? SHARED_TURN : turn;
    TURNS.set(row, turns);
  }
  return turns;
}

/** State of one slot: what the slab says, or what this event has just done to it. */
export function slotState(frame, slab, slot) {
  const row = frame.slabs.rows[slab];
  const mark = frame.mark;
  const owner = row.owners[slot];
  const turn = row.free ? turnsOf(row)[slot] : 0;
  if (mark && mark.slab === slab && mark.slot === slot) {
    return { kind: mark.kind, owner: mark.kind === "taken" ? -1 : (mark.owner ?? owner), turn };
  }
  if (owner === -2) return { kind: "free", owner, turn, rest: frame.slabs.arrays ? restOf(row, slot) : undefined };
  return { kind: owner === -1 ? "none" : "owned", owner, turn };
}

/** In SLAB: the array in which a free cell rests, "" for none. */
function restOf(row, slot) {
  return row.resting?.find(([cell]) => cell === slot)?.[1] ?? "";
}

/** The spoken name of a cell: "slab 17, slot 14, taken, no owner". */
export function cellName(slab, slot, state, containers) {
  const name = containers.get(state.owner)?.name ?? "nobody";
  if (state.kind === "free" && state.rest !== undefined) return `slab ${slab}, slot ${slot}, ${freeInSlab(state)}`;
  const turn =
    state.turn === 1
      ? "next"
      : state.turn > 1
        ? `${ordinal(state.turn)} in turn`
        : state.turn < 0
          ? "freed by another cpu"
          : "";
  const words = {
    taken: "taken, no owner",
    new: state.owner < 0 ? "new, in use, no owner" : `new, owned by ${name}`,
    freed: `freed${state.owner < 0 ? "" : `, was owned by ${name}`}`,
    free: turn ? `free, ${turn}` : "free",
    none: "in use, no owner",
    owned: `owned by ${name}`,
  };
  return `slab ${slab}, slot ${slot}, ${words[state.kind]}`;
}

/** "free, rests in the array of cpu 0, next", or "free in its slab". */
function freeInSlab({ rest, turn }) {
  if (rest === "shared") return "free, rests in the shared array";
  if (!rest) return "free in its slab";
  return `free, rests in the array of ${rest}, ${turn === 1 ? "next" : `${ordinal(turn)} in turn`}`;
}

/** "slab 17, page 318: 15 of 16 in use, 12 of bomb, 3 of web". */
export function pageName(slab, row, containers) {
  const counts = new Map();
  for (const owner of row.owners) if (owner !== -2) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const owned = [...counts].sort((a, b) => b[1] - a[1]);
  const told = owned.slice(0, 3).map(([owner, count]) => `${count} of ${containers.get(owner)?.name ?? "nobody"}`);
  const rest = owned.length > 3 ? [`${owned.length - 3} owners more`] : [];
  const words = [`${row.inuse} of ${row.owners.length} in use`, ...told, ...rest];
  return `slab ${slab}, page ${row.pfn}: ${words.join(", ")}`;
}

function roundRect(ctx, x, y, w, h, radius) {
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, Math.min(radius, w / 2, h / 2));
}

/** A letter or a number in the middle of a cell, 11 px high at least: what is too long for its cell is narrower instead. */
function cellLetter(ctx, rect, text, colour, weight, palette, smaller = 0) {
  let size = Math.max(11, Math.round(rect.w * 0.56)) - smaller;
  if (text.length > 1) size = Math.max(11 - smaller, Math.min(size, (rect.w / text.length) * 1.45));
  ctx.font = `${weight} ${size}px ${palette.font}`;
  ctx.fillStyle = colour;
  ctx.textAlign = "center";
  ctx.textBaseline = "alphabetic";
  ctx.fillText(text, rect.x + rect.w / 2, rect.y + rect.h / 2 + size * 0.36, rect.w - 2);
}

/** Stripes of the seventh owner and later, over the fill that is already there. */
function cellStripes(ctx, rect, colour) {
  ctx.save();
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.35;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  for (let x = rect.x - rect.h; x < rect.x + rect.w; x += 6) {
    ctx.moveTo(x, rect.y + rect.h);
    ctx.lineTo(x + rect.h, rect.y);
  }
  ctx.stroke();
  ctx.restore();
}

function strokeCell(ctx, rect, inset, width, colour, dash = []) {
  ctx.save();
  ctx.setLineDash(dash);
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  roundRect(
    ctx,
    rect.x + inset,
    rect.y + inset,
    rect.w - 2 * inset,
    rect.h - 2 * inset,
    rect.w < 8 ? 0 : 3,
  );
  ctx.stroke();
  ctx.restore();
}

/** Paints one cell. Below 12 px there is no letter, only the colour. */
export function paintCell(ctx, rect, state, containers, selected, palette) {
  const lettered = rect.w >= 12;
  const radius = rect.w < 8 ? 0 : 3;
  if (state.kind === "free") return paintFreeCell(ctx, rect, state, palette, lettered, radius);
  if (state.kind === "taken") return paintTakenCell(ctx, rect, palette);
  if (state.kind === "freed") return paintFreedCell(ctx, rect, state, containers, palette, lettered);
  const look = ownerLook(containers, state.owner, state.kind === "new" ? state.owner : selected, palette);
  ctx.fillStyle = look.fill;
  roundRect(ctx, rect.x, rect.y, rect.w, rect.h, radius);
  ctx.fill();
  // Without tints a cell has an edge of its own.
  if (palette.forced && rect.w >= 5) strokeCell(ctx, rect, 0.5, 1, palette.ink);
  if (look.stripe && rect.w > 5) cellStripes(ctx, rect, look.solid ? palette.canvas : look.text);
  if (lettered) cellLetter(ctx, rect, look.letter, look.text, look.solid ? 700 : 600, palette);
  if (state.kind === "new") {
    ctx.fillStyle = palette.ink;
    ctx.fillRect(rect.x, rect.y + rect.h + 0.5, rect.w, rect.w < 12 ? 1 : 2.5);
  }
}

function paintFreeCell(ctx, rect, state, palette, lettered, radius) {
  const next = state.turn === 1;
  ctx.fillStyle = palette.free;
  roundRect(ctx, rect.x, rect.y, rect.w, rect.h, radius);
  ctx.fill();
  if (rect.w < 5 && next) {
    ctx.fillStyle = palette.ink;
    ctx.fillRect(rect.x, rect.y, rect.w, rect.h);
  } else if (rect.w >= 5) {
    const thick = next && rect.w >= 8;
    strokeCell(ctx, rect, thick ? 1 : 0.5, thick ? 2 : 1, next ? palette.ink : palette.line2);
  }
  if (!lettered || !state.turn) return;
  const words = state.turn === SHARED_TURN ? "s" : state.turn < 0 ? `(${-state.turn})` : String(state.turn);
  cellLetter(ctx, rect, words, next ? palette.ink : palette.ink3, next ? 700 : 400, palette, 1);
}

/** Out of the freelist, owner not set, then refused: vermilion dashes and a cross until it is given back. */
function paintTakenCell(ctx, rect, palette) {
  ctx.fillStyle = palette.not;
  roundRect(ctx, rect.x + 1, rect.y + 1, rect.w - 2, rect.h - 2, 3);
  ctx.fill();
  const fine = rect.w < 12;
  strokeCell(ctx, rect, fine ? 0.5 : 1, fine ? 1 : 2, palette.no, fine ? [] : [3.5, 2.5]);
  const arm = rect.w * 0.15;
  const [x, y] = [rect.x + rect.w / 2, rect.y + rect.h / 2];
  ctx.strokeStyle = palette.nox;
  ctx.lineWidth = fine ? 1 : Math.max(1.6, rect.w * 0.07);
  ctx.lineCap = "round";
  ctx.beginPath();
  ctx.moveTo(x - arm, y - arm);
  ctx.lineTo(x + arm, y + arm);
  ctx.moveTo(x + arm, y - arm);
  ctx.lineTo(x - arm, y + arm);
  ctx.stroke();
  ctx.lineCap = "butt";
}

/** Given back in this event: hollow, dashed in the old owner's colour, its letter struck through. */
function paintFreedCell(ctx, rect, state, containers, palette, lettered) {
  const look = ownerLook(containers, state.owner, state.owner, palette);
  ctx.fillStyle = palette.free;
  roundRect(ctx, rect.x, rect.y, rect.w, rect.h, 3);
  ctx.fill();
  const fine = rect.w < 12;
  strokeCell(
    ctx,
    rect,
    fine ? 0.5 : 1,
    fine ? 1 : 2,
    state.owner < 0 ? palette.ink3 : look.fill,
    fine ? [] : [4, 3],
  );
  if (!lettered) return;
  cellLetter(ctx, rect, look.letter, palette.ink3, 500, palette);
  const inset = rect.w * 0.18;
  ctx.strokeStyle = palette.ink3;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.moveTo(rect.x + inset, rect.y + rect.h - inset);
  ctx.lineTo(rect.x + rect.w - inset, rect.y + inset);
  ctx.stroke();
}

/**
 * The owner array's pointer under a cell: solid where set, hollow where NULL, absent while the object is
 * taken.
 */
export function paintStrip(ctx, rect, height, state, containers, selected, palette) {
  if (state.kind === "taken") return;
  const y = rect.y + rect.h + (rect.w < 12 ? 1 : 3);
  const owned = state.owner >= 0 && state.kind !== "freed" && state.kind !== "free";
  if (owned) {
    const look = ownerLook(containers, state.owner, selected, palette);
    const alpha = ctx.globalAlpha;
    ctx.globalAlpha = alpha * (look.solid ? 1 : 0.55);
    ctx.fillStyle = look.strip ?? palette.hush;
    roundRect(ctx, rect.x, y, rect.w, height, 1.5);
    ctx.fill();
    ctx.globalAlpha = alpha;
    return;
  }
  if (rect.w < 6) return;
  ctx.strokeStyle = palette.line2;
  ctx.lineWidth = 1;
  roundRect(ctx, rect.x + 0.5, y + 0.5, rect.w - 1, height - 1, 1.5);
  ctx.stroke();
}
