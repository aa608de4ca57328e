// @ts-check
// The slab pages for a screen reader and for the keyboard: one row per slab, one cell per slot, not visible.
// One tab stop: the grid itself; arrows walk inside, Enter opens the life story. Of thousands of slabs only
// the rows around the one that is walked are in the page, and those that this event or a choice is about.
import { h, setAttrs, uniqueId } from "./dom.js";
import { nextOf, slotState, cellName } from "./cells.js";

// Above this many cells the rows are not all in the page.
const GRID_CELLS = 2000;
const ROWS_AROUND = 8;

/**
 * @param {import("./dom.js").Lab} lab
 * @param {(cell: {slab: number, slot: number} | null) => void} walkedTo
 * @param {(by: number) => void} zoom
 */
export function makeSlabGrid(lab, walkedTo, zoom) {
  const el = h("div", {
    class: "kl-grid kl-hidden",
    role: "grid",
    tabindex: "0",
    "aria-label": "Slab pages",
  });
  const rows = new Map();
  const prefix = uniqueId("cell");
  let order = orderOf({});
  let frame = null;
  let containers = new Map();
  let names = "";
  let at = null;

  const idOf = (cell) => `${prefix}-${cell.slab}-${cell.slot}`;

  function fillRow(entry, slab) {
    const row = frame.slabs.rows[slab];
    const cells = row.owners.map((_, slot) =>
      h(
        "span",
        {
          role: "gridcell",
          id: idOf({ slab, slot }),
          "aria-colindex": slot + 1,
          "aria-selected": String(frame.object?.slab === slab && frame.object?.slot === slot),
        },
        cellName(slab, slot, slotState(frame, slab, slot), containers),
      ),
    );
    entry.el.replaceChildren(...cells);
  }

  function drawRow(place) {
    const [slab, where] = order.at(place);
    const row = frame.slabs.rows[slab];
    let entry = rows.get(slab);
    if (!entry) rows.set(slab, (entry = { el: h("div", { role: "row" }) }));
    setAttrs(entry.el, { "aria-rowindex": place + 1 });
    const marked = frame.mark?.slab === slab ? JSON.stringify(frame.mark) : "";
    const chosen = frame.object?.slab === slab ? frame.object.slot : -1;
    const same =
      entry.row === row &&
      entry.where === where &&
      entry.marked === marked &&
      entry.chosen === chosen &&
      entry.containers === containers;
    if (same) return entry.el;
    // The first free cell, unless another cpu freed it: then it is not on this cpu's list yet.
    const next = nextOf(row);
    setAttrs(entry.el, {
      "data-slab": slab,
      "data-pfn": row.pfn,
      "data-where": where,
      "data-inuse": row.inuse,
      "data-owners": row.owners.join(" "),
      "data-next": next < 0 ? "" : next,
      "aria-label": `slab ${slab}, ${where}, ${row.inuse} of ${row.owners.length} in use`,
    });
    Object.assign(entry, { row, where, marked, chosen, containers });
    fillRow(entry, slab);
    return entry.el;
  }

  /** Places of the rows that are in the page, in order. */
  function placesInPage() {
    const all = order.length * (frame.cache?.objects ?? 1) <= GRID_CELLS;
    if (all) return Array.from({ length: order.length }, (_, place) => place);
    const places = new Set([order.length - 1]);
    for (let i = 0; i < Math.min(order.length, 2 * ROWS_AROUND); i += 1) places.add(i);
    for (const slab of [at?.slab, frame.mark?.slab, frame.object?.slab]) {
      const place = slab === undefined ? -1 : order.placeOf(slab);
      const around = slab === at?.slab ? ROWS_AROUND : 0;
      if (place < 0) continue;
      for (let i = Math.max(0, place - around); i <= Math.min(order.length - 1, place + around); i += 1) {
        places.add(i);
      }
    }
    return [...places].sort((a, b) => a - b);
  }

  function walk(cell) {
    at = cell;
    draw(frame, containers);
    setAttrs(el, { "aria-activedescendant": idOf(cell) });
    walkedTo(cell);
  }

  function draw(newFrame, newContainers) {
    frame = newFrame;
    // Only names matter here: a container whose usage changed has not changed its name.
    const named = [...newContainers.values()].map((c) => `${c.id} ${c.name}`).join("\n");
    if (named !== names) {
      names = named;
      containers = newContainers;
    }
    order = orderOf(frame.slabs);
    const places = placesInPage().filter((place) => frame.slabs.rows[order.at(place)[0]]);
    const wanted = places.map(drawRow);
    const present = new Set(places.map((place) => order.at(place)[0]));
    for (const [slab, entry] of rows) {
      if (!present.has(slab)) {
        entry.el.remove();
        rows.delete(slab);
      }
    }
    wanted.forEach((row, i) => {
      if (el.children[i] !== row) el.insertBefore(row, el.children[i] ?? null);
    });
    setAttrs(el, { "aria-rowcount": order.length, "aria-colcount": frame.cache?.objects });
    if (at && !frame.slabs.rows[at.slab]) {
      at = null;
      setAttrs(el, { "aria-activedescendant": null });
      walkedTo(null);
    }
  }

  el.addEventListener("focus", () => {
    if (!at && order.length) walk({ slab: order.at(0)[0], slot: 0 });
    else walkedTo(at);
  });
  el.addEventListener("blur", () => walkedTo(at));
  el.addEventListener("keydown", (event) => {
    const move = {
      ArrowRight: [0, 1],
      ArrowLeft: [0, -1],
      ArrowDown: [1, 0],
      ArrowUp: [-1, 0],
      PageDown: [ROWS_AROUND, 0],
      PageUp: [-ROWS_AROUND, 0],
    }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !at) return;
    const level = { "+": 1, "-": -1 }[event.key];
    if (event.shiftKey && !level) return;
    if (!move && !level && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (level) {
      zoom(level);
      return;
    }
    if (!move) {
      lab.does.object(at);
      return;
    }
    const row = Math.min(order.length - 1, Math.max(0, order.placeOf(at.slab) + move[0]));
    const [slab] = order.at(row);
    const slots = frame.slabs.rows[slab].owners.length;
    walk({ slab, slot: Math.min(slots - 1, Math.max(0, at.slot + move[1])) });
  });

  return { el, draw };
}

/** The slabs in the order of the picture, without a list of them all: `at` is [slab, where], `placeOf` its inverse. */
function orderOf({ cpus = {}, partial = [], full = [], free = [], arrays }) {
  const held = Object.entries(cpus);
  if (arrays) return orderOfLists({ partial, free, full });
  return {
    length: held.length + partial.length + full.length,
    at(place) {
      if (place < held.length) return [held[place][1], `cpu ${held[place][0]}`];
      if (place < held.length + partial.length) {
        return [partial[place - held.length], `partial ${place - held.length + 1}`];
      }
      return [full[place - held.length - partial.length], "full"];
    },
    placeOf(slab) {
      const cpu = held.findIndex(([, number]) => number === slab);
      if (cpu >= 0) return cpu;
      const listed = partial.indexOf(slab);
      if (listed >= 0) return held.length + listed;
      const last = full.indexOf(slab);
      return last < 0 ? -1 : held.length + partial.length + last;
    },
  };
}

/** The same where every slab is on a list. */
function orderOfLists(lists) {
  const all = Object.entries(lists).flatMap(([name, slabs]) => slabs.map((slab, i) => [slab, `${name} ${i + 1}`]));
  return { length: all.length, at: (place) => all[place], placeOf: (slab) => all.findIndex(([each]) => each === slab) };
}
